// Whole streams against the dumps of the reference decoder (README of the vectors names the tolerances).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/npy.h"
#include "decoder/decoder.h"
#include "picture_io/picture_io.h"
#include "tests/support/backends.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

using Dumps = std::map<std::string, Npy>;

/// The decoder's tensors by name.
TensorSink collect(Dumps& dumps) {
    return [&](const std::string& name, const std::string& descr, std::span<const std::size_t> shape,
               std::span<const std::uint8_t> bytes) {
        dumps[name] = Npy{descr, {shape.begin(), shape.end()}, {bytes.begin(), bytes.end()}};
    };
}

/// Largest allowed difference of a dumped tensor; 0 for what has to be exact.
double tolerance(const std::string& name) {
    for (const char* exact :
         {"z_hat", "scale_log", "mask", "residual_quant", "rvs_likely", "qp_map", "gain_vector_log"}) {
        if (name.find(exact) != std::string::npos) return 0;
    }
    for (const char* latent : {"psi", "y_hat", "residual"}) {
        if (name.find(latent) != std::string::npos) return 5e-4;
    }
    return 3e-3;
}

double largest_difference(const std::vector<float>& a, const std::vector<float>& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        largest = std::max(largest, std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i])));
    return largest;
}

/// Samples before rounding at every 8th row and column, times 128.
void compare_subsampled(const Dumps& dumps, const Npy& expected) {
    const std::vector<float> want = expected.as<float>();
    std::size_t at = 0;
    for (const char* plane : {"out.a", "out.b", "out.c"}) {
        const Npy& npy = dumps.at(plane);
        const std::vector<float> have = npy.as<float>();
        for (std::size_t y = 0; y < npy.shape[1]; y += 8) {
            for (std::size_t x = 0; x < npy.shape[2]; x += 8, ++at) {
                ASSERT_NEAR(have[y * npy.shape[2] + x], want[at] / 128, 3e-3 + 0.5 / 128)
                    << plane << ' ' << y << ' ' << x;
            }
        }
    }
    EXPECT_EQ(at, want.size());
}

/// Compares with every dump of the case whose file name starts with `prefix` (the plain ones only where no `fixed_`
/// twin exists, because those came from a defective decoder).
std::size_t compare(const std::filesystem::path& folder, const std::string& prefix, const Dumps& dumps) {
    std::size_t compared = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string file = entry.path().filename().string();
        if (!file.starts_with(prefix) || !file.ends_with(".npy")) continue;
        const std::string name = file.substr(prefix.size(), file.size() - prefix.size() - 4);
        if (prefix.empty() && std::filesystem::exists(folder / ("fixed_" + file))) continue;
        SCOPED_TRACE(file);
        const Npy expected = read_npy(entry.path().string());
        if (name == "out_sub8_q7") {
            compare_subsampled(dumps, expected);
            ++compared;
            continue;
        }
        const auto found = dumps.find(name);
        if (found == dumps.end()) continue;
        EXPECT_EQ(found->second.shape, expected.shape);
        if (found->second.shape != expected.shape) continue;
        EXPECT_LE(largest_difference(found->second.as<float>(), expected.as<float>()), tolerance(name));
        ++compared;
    }
    return compared;
}

/// Final samples against the picture that the reference wrote: at most one step off, in fewer than 1 of 5,000 samples.
/// (A picture of a few samples may have one.)
void compare_picture(const std::filesystem::path& file, const DecodedPicture& decoded) {
    SCOPED_TRACE(file.filename().string());
    ReadOptions options;
    const Picture have = decoded.to_picture();
    if (file.extension() == ".yuv")
        options.raw = RawLayout{have.rows(), have.cols(), have.chroma, false, have.bit_depth};
    const Picture want = read_picture(file.string(), options);
    ASSERT_EQ(have.planes.size(), want.planes.size());
    std::size_t samples = 0, different = 0;
    for (std::size_t i = 0; i < have.planes.size(); ++i) {
        ASSERT_EQ(have.planes[i].rows(), want.planes[i].rows());
        ASSERT_EQ(have.planes[i].cols(), want.planes[i].cols());
        for (std::size_t k = 0; k < have.planes[i].size(); ++k) {
            const int a = have.planes[i].data()[k], b = want.planes[i].data()[k];
            ASSERT_LE(std::abs(a - b), 1) << "plane " << i << " sample " << k;
            different += a != b;
        }
        samples += have.planes[i].size();
    }
    EXPECT_LE(different, std::max<std::size_t>(1, samples / 5000));
}

/// Compares with every picture of the case, and returns how many there are.
std::size_t compare_pictures(const std::filesystem::path& folder, const std::string& prefix,
                             const DecodedPicture& decoded) {
    std::size_t compared = 0;
    for (const char* name : {"decoded.png", "decoded.yuv"}) {
        if (prefix.empty() && std::filesystem::exists(folder / (std::string("fixed_") + name))) continue;
        if (!std::filesystem::exists(folder / (prefix + name))) continue;
        compare_picture(folder / (prefix + name), decoded);
        ++compared;
    }
    return compared;
}

/// The stock decoder applies the eICCI selection of the first tile everywhere (04 section 4.3); without a `fixed_` twin
/// the dumps of streams with several tiles show that.
bool made_with_quirks(std::span<const std::uint8_t> file, const std::filesystem::path& folder) {
    const Codestream stream = parse_codestream(file);
    return stream.tools.eicci && stream.tools.eicci->tiles.size() > 1 &&
           !std::filesystem::exists(folder / "fixed_tensors.json");
}

class DecodeStreams : public ::testing::Test {
protected:
    /// All decodes of one case: as it is, and the partial ones whose dumps are there.
    static std::size_t check_case(const Decoder& decoder, const std::filesystem::path& folder) {
        SCOPED_TRACE(folder.filename().string());
        const std::vector<std::uint8_t> file = test::load_bytes(folder / "stream.bits");
        DecodeOptions options;
        Dumps dumps;
        options.dump = collect(dumps);
        options.reference_quirks = made_with_quirks(file, folder);
        const DecodedPicture decoded = decoder.decode(file, options);
        std::size_t compared = compare(folder, "fixed_", dumps) + compare(folder, "", dumps);
        compared += compare_pictures(folder, "fixed_", decoded) + compare_pictures(folder, "", decoded);
        for (const std::size_t channels : {std::size_t{16}, std::size_t{64}, std::size_t{96}}) {
            const std::string prefix = "prog" + std::to_string(channels) + "_";
            if (!std::filesystem::exists(folder / (prefix + "tensors.json"))) continue;
            DecodeOptions partial;
            partial.max_channels = {channels, channels};
            dumps.clear();
            partial.dump = collect(dumps);
            compared += compare_pictures(folder, prefix, decoder.decode(file, partial));
            compared += compare(folder, prefix, dumps);
        }
        for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
            const std::string prefix = "prog_synth" + std::to_string(static_cast<int>(point)) + "_";
            if (!std::filesystem::exists(folder / (prefix + "tensors.json"))) continue;
            DecodeOptions other;
            other.point = point;
            dumps.clear();
            other.dump = collect(dumps);
            compared += compare_pictures(folder, prefix, decoder.decode(file, other));
            compared += compare(folder, prefix, dumps);
        }
        return compared;
    }

    static void check_collection(const std::string& collection, std::shared_ptr<const WeightSet> weights) {
        const Decoder decoder(std::move(weights), test::fast_backend());
        std::size_t compared = 0;
        for (const auto& folder : test::stream_cases(collection)) {
            if (!test::chosen(folder.filename().string())) continue;
            const std::size_t dumps = check_case(decoder, folder);
            EXPECT_GT(dumps, 0U) << folder.filename() << " has nothing to compare with";
            compared += dumps;
        }
        std::printf("%zu tensors and pictures compared\n", compared);
        EXPECT_GT(compared, 0U);
    }
};

TEST_F(DecodeStreams, SyntheticWeights) {
    JPEGAI_NEEDS_SHARED();
    check_collection("vectors", test::synthetic_weights());
}

TEST_F(DecodeStreams, TrainedWeights) {
    JPEGAI_NEEDS_SHARED();
    check_collection("models/vectors", test::trained_weights());
}

}  // namespace
}  // namespace jpegai
