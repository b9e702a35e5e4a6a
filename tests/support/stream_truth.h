// What the reference software says about one stream: tensors.json and the NPY dumps beside it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/array.h"
#include "bitstream/codestream.h"
#include "tests/support/entropy_models.h"

namespace jpegai::test {

/// One case folder: the stream, parsed, with the models it was made with.
struct StreamCase {
    std::filesystem::path folder;
    std::vector<std::uint8_t> file;
    Codestream stream;
    EntropyModels models{};
};

[[nodiscard]] StreamCase load_stream_case(const std::filesystem::path& folder);

/// All cases of both collections, empty where the vectors are not installed; grouped by weights and model.
[[nodiscard]] std::vector<std::filesystem::path> all_stream_cases();

/// Name of a test instance for a case folder, e.g. "trained_bop_m1_betam250".
[[nodiscard]] std::string stream_test_name(const testing::TestParamInfo<std::filesystem::path>& info);

/// The tensors of one run of the reference software on a case. The MD5 sums of tensors.json are those of the values in
/// C order with the dtype given there, which may be narrower than ours.
class TensorTruth {
public:
    /// `run` is "" (the stock decoder), "fixed_" (with one of its defects repaired), "enc_" (the encoder), "prog16_"
    /// ...
    TensorTruth(std::filesystem::path folder, std::string run);

    [[nodiscard]] bool has(const std::string& name) const;
    [[nodiscard]] const std::string& md5(const std::string& name) const;
    /// The values of a float tensor, where they are dumped.
    [[nodiscard]] std::optional<std::vector<float>> dump(const std::string& name) const;

    /// Compares shape, minimum, maximum, MD5 and, where there is a dump, every value.
    template <class T>
    void expect(const std::string& name, const Array3<T>& values) const;

private:
    std::filesystem::path folder_;
    std::string run_;
    nlohmann::json tensors_;
};

/// The run that tells what the stream means: "fixed_" where it exists (the stock decoder is defective for that stream),
/// otherwise "".
[[nodiscard]] std::string authoritative_run(const std::filesystem::path& folder);

}  // namespace jpegai::test
