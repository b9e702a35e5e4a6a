#include "tests/decoder/reconstruction_case.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/npy.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

ReconstructionCase load_folder(const std::filesystem::path& folder) {
    ReconstructionCase c{folder.filename().string(), folder, load_bytes(folder / "stream.bits"), {}};
    c.stream = parse_codestream(c.file);
    return c;
}

}  // namespace

bool ReconstructionCase::has(const std::string& tensor) const {
    return std::filesystem::exists(folder / (tensor + ".npy"));
}

Array3<float> ReconstructionCase::load(const std::string& tensor) const {
    const Npy npy = read_npy((folder / (tensor + ".npy")).string());
    const std::vector<float> values = npy.as<float>();
    auto array = Array3<float>::uninitialized(npy.shape.at(0), npy.shape.at(1), npy.shape.at(2));
    std::copy(values.begin(), values.end(), array.data());
    return array;
}

Planes ReconstructionCase::load_planes(const std::string& prefix, ChromaFormat chroma, bool rgb,
                                       const Planes* fallback) const {
    Planes planes;
    planes.chroma = chroma;
    planes.rgb = rgb;
    constexpr const char* kSuffix[] = {".a", ".b", ".c"};
    for (std::size_t i = 0; i < 3; ++i) {
        const std::string tensor = prefix + kSuffix[i];
        planes.plane[i] = fallback != nullptr && !has(tensor) ? fallback->plane[i] : load(tensor);
    }
    return planes;
}

std::vector<ReconstructionCase> reconstruction_cases() {
    std::vector<ReconstructionCase> cases;
    for (const char* collection : {"vectors", "models/vectors"}) {
        for (const auto& folder : stream_cases(collection)) cases.push_back(load_folder(folder));
    }
    return cases;
}

ReconstructionCase load_reconstruction_case(const std::string& path) {
    return load_folder(shared_dir() / path);
}

double max_difference(const Array3<float>& a, const Array3<float>& b) {
    if (a.channels() != b.channels() || a.rows() != b.rows() || a.cols() != b.cols()) {
        return std::numeric_limits<double>::infinity();
    }
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double difference = std::abs(double{a.data()[i]} - double{b.data()[i]});
        if (!(difference <= largest)) largest = difference;  // also takes a NaN, which then stays
    }
    return std::isnan(largest) ? std::numeric_limits<double>::infinity() : largest;
}

}  // namespace jpegai::test
