#include "tests/support/stream_truth.h"

#include <algorithm>
#include <stdexcept>

#include "base/hash.h"
#include "base/npy.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

template <class To, class From>
std::vector<std::uint8_t> bytes_as(std::span<const From> values) {
    std::vector<To> converted(values.size());
    std::transform(values.begin(), values.end(), converted.begin(), [](From v) { return static_cast<To>(v); });
    std::vector<std::uint8_t> bytes(converted.size() * sizeof(To));
    if (!bytes.empty())
        std::copy_n(reinterpret_cast<const std::uint8_t*>(converted.data()), bytes.size(), bytes.data());
    return bytes;
}

/// The values as NumPy would store them with that dtype.
template <class T>
std::vector<std::uint8_t> bytes_with_dtype(std::span<const T> values, const std::string& dtype) {
    if (dtype == "int8") return bytes_as<std::int8_t>(values);
    if (dtype == "uint8") return bytes_as<std::uint8_t>(values);
    if (dtype == "int16") return bytes_as<std::int16_t>(values);
    if (dtype == "float32") return bytes_as<float>(values);
    throw std::runtime_error("unexpected dtype " + dtype);
}

}  // namespace

StreamCase load_stream_case(const std::filesystem::path& folder) {
    StreamCase result;
    result.folder = folder;
    result.file = load_bytes(folder / "stream.bits");
    result.stream = parse_codestream(result.file);
    result.models = entropy_models(uses_trained_weights(folder), result.stream.picture.model_id);
    return result;
}

std::vector<std::filesystem::path> all_stream_cases() {
    std::vector<std::filesystem::path> cases;
    if (!have_shared()) return cases;
    for (const char* collection : {"vectors", "models/vectors"}) {
        const auto found = stream_cases(collection);
        cases.insert(cases.end(), found.begin(), found.end());
    }
    return cases;
}

std::string stream_test_name(const testing::TestParamInfo<std::filesystem::path>& info) {
    std::string name = (uses_trained_weights(info.param) ? "trained_" : "") + info.param.filename().string();
    for (char& c : name) {
        if (c == '+') c = 'p';
        if (c == '-') c = 'm';
    }
    return name;
}

TensorTruth::TensorTruth(std::filesystem::path folder, std::string run)
    : folder_(std::move(folder)),
      run_(std::move(run)),
      tensors_(load_json(folder_ / (run_ + "tensors.json")).at("tensors")) {}

bool TensorTruth::has(const std::string& name) const {
    return tensors_.contains(name);
}

const std::string& TensorTruth::md5(const std::string& name) const {
    return tensors_.at(name).at("md5").get_ref<const std::string&>();
}

std::optional<std::vector<float>> TensorTruth::dump(const std::string& name) const {
    if (!has(name) || !tensors_.at(name).contains("file")) return std::nullopt;
    return read_npy((folder_ / tensors_.at(name).at("file").get<std::string>()).string()).as<float>();
}

template <class T>
void TensorTruth::expect(const std::string& name, const Array3<T>& values) const {
    SCOPED_TRACE(folder_.filename().string() + " " + run_ + name);
    ASSERT_TRUE(has(name));
    const auto& truth = tensors_.at(name);
    std::vector<std::size_t> shape = {values.channels(), values.rows(), values.cols()};
    if (truth.at("shape").size() == 1) shape.resize(1);
    ASSERT_EQ(truth.at("shape").get<std::vector<std::size_t>>(), shape);
    const auto [low, high] = std::minmax_element(values.data(), values.data() + values.size());
    EXPECT_EQ(truth.at("min").get<double>(), static_cast<double>(*low));
    EXPECT_EQ(truth.at("max").get<double>(), static_cast<double>(*high));
    EXPECT_EQ(md5(name), md5_hex(bytes_with_dtype(values.span(), truth.at("dtype").get<std::string>())));
    if (!truth.contains("file")) return;
    const auto dump = read_npy((folder_ / truth.at("file").get<std::string>()).string()).as<T>();
    const auto differing = std::mismatch(dump.begin(), dump.end(), values.data()).first;
    EXPECT_EQ(dump.end(), differing) << "first difference at element " << differing - dump.begin();
}

template void TensorTruth::expect(const std::string&, const Array3<std::int8_t>&) const;
template void TensorTruth::expect(const std::string&, const Array3<std::uint8_t>&) const;
template void TensorTruth::expect(const std::string&, const Array3<std::int16_t>&) const;
template void TensorTruth::expect(const std::string&, const Array3<float>&) const;

std::string authoritative_run(const std::filesystem::path& folder) {
    return std::filesystem::exists(folder / "fixed_tensors.json") ? "fixed_" : "";
}

}  // namespace jpegai::test
