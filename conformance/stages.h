// The stages of a decoder as suites name them: their order, their clauses and their hashes.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/npy.h"
#include "conformance/suite.h"
#include "decoder/decoder.h"

namespace jpegai::conformance {

/// What a stage is, by the last part of its name: "z_hat" of "y.z_hat", "syn" of "syn.UV".
struct StageInfo {
    std::string_view pattern;  ///< beginning of the name, or the end after "y." and "uv."
    std::string_view clause;   ///< where its computation is specified
    std::string_view title;
    bool exact;      ///< integers that every conforming decoder has alike (03 section 19)
    bool per_plane;  ///< descriptors hold a checksum per channel too
};

/// nullptr for names that are no stage of this decoder, such as weights among the dumps.
[[nodiscard]] const StageInfo* find_stage(std::string_view name);
/// Position in the order of decoding; stages of luma come before those of chroma.
[[nodiscard]] std::size_t stage_rank(std::string_view name);

/// Tensors of one decode by name.
using StageDumps = std::map<std::string, Npy>;

/// A sink that keeps every stage.
[[nodiscard]] TensorSink collect_stages(StageDumps& dumps);

/// What a descriptor says about a tensor.
[[nodiscard]] ExpectedStage describe_stage(const std::string& name, const Npy& tensor);
/// Descriptions of all of them in the order of decoding.
[[nodiscard]] std::vector<ExpectedStage> describe_stages(const StageDumps& dumps);

/// Checksums of each index of the first axis, four hexadecimal digits each.
[[nodiscard]] std::string channel_crcs(const Npy& tensor);

/// Where two tensors of one type and shape differ first, and how much they do.
struct StageDifference {
    std::vector<std::size_t> position;  ///< indices of the first differing value
    double expected = 0, found = 0;     ///< the values there
    std::size_t count = 0;              ///< differing values
    double largest = 0;                 ///< largest absolute difference
};
/// nullopt when all values are the same. Throws Error{argument} for other types or shapes.
[[nodiscard]] std::optional<StageDifference> compare_tensors(const Npy& expected, const Npy& found);

/// "[12][3][4]: 7 instead of 8, 15 of 2560 values differ".
[[nodiscard]] std::string describe(const StageDifference& difference, std::size_t values);

}  // namespace jpegai::conformance
