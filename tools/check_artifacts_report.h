// What `jpegai check artifacts` says about one pair of pictures.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "detection/artifacts.h"
#include "detection/artifacts/causes.h"
#include "detection/classic_codecs.h"
#include "tools/common.h"

namespace jpegai::tools {

/// A limit of --fail-above; without a detector it stands for whatever was found.
struct FailLimit {
    std::optional<detection::Detector> detector;
    double value = 0;
};

struct CheckedPair {
    std::string original, decode;  ///< paths
    detection::ArtifactReport report;
    /// What it was compared with: a coding made for it, or a file; neither when the report is about the decode alone.
    std::optional<detection::ClassicDecode> classic;
    std::string classic_file;
    std::optional<detection::DecodedStream> stream;
    std::vector<detection::ChannelEnergy> latents;
    std::string latents_reason;      ///< why there are none, for a stream
    std::vector<std::string> above;  ///< limits of --fail-above that were exceeded, in words
};

/// "WebP, quality 40, 0.49 bpp", the file's name, or empty.
[[nodiscard]] std::string classic_words(const CheckedPair& pair);
/// "model 1, 0.50 bpp, synthesis tiles, EFE linear", or empty.
[[nodiscard]] std::string stream_words(const CheckedPair& pair);

/// Fills in CheckedPair::above.
void judge(CheckedPair& pair, const std::vector<FailLimit>& limits);

[[nodiscard]] nlohmann::ordered_json pair_json(const CheckedPair& pair);
[[nodiscard]] std::string pair_text(const CheckedPair& pair, bool verbose);

/// One line per pair: paths, verdict, score and place of every detector. The header names the columns.
[[nodiscard]] std::string csv_header();
[[nodiscard]] std::string csv_line(const CheckedPair& pair);
[[nodiscard]] std::string csv_failure(const std::string& original, const std::string& decode, const Error& error);

}  // namespace jpegai::tools
