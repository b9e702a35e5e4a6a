// The command line of `jpegai encode`, and what it means for the encoder.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "encoder/rate_control.h"
#include "picture_io/picture_io.h"

namespace jpegai::tools {

struct EncodeArguments {
    std::vector<std::string> paths;  ///< IN OUT, or IN... with --out-dir
    std::string out_dir;
    // rate
    std::optional<double> bpp, size, quality, tolerance;
    std::string target;  ///< "psnr=VALUE" or "msssim=VALUE"
    std::optional<unsigned> model;
    std::vector<int> beta;
    std::optional<int> chroma_offset;
    bool best_effort = false;
    int effort = 3;
    // what the stream is for
    std::string profile, point, level, dialect = "is";
    bool simple = false;
    // tools and structure
    std::vector<std::string> tools;
    bool latent_tools = false, independent_regions = false;
    std::string regions, channels, coded_chroma;
    unsigned lanes = 1;
    std::string roi;
    std::vector<int> roi_quality;
    int saliency = 0;
    // input
    std::string format;
    unsigned bit_depth = 0;
    bool drop_alpha = false;
    // running
    std::string models, cpu = "auto", device = "cpu";
    unsigned threads = 0, jobs = 1;
    bool stats = false, layers = false, metrics = false, no_metrics = false;
};

/// Declares the options in groups.
void declare_encode_options(CLI::App& command, EncodeArguments& arguments);

/// Everything but the rate, for a picture of this size. Reads the mask of --roi. Throws UsageError for what makes no
/// sense, and Error.
[[nodiscard]] EncodeOptions encode_options(const EncodeArguments& arguments, const Picture& picture);

/// The rate that the options ask for, and what has to be set in `options` for it. A quality target gets its measure
/// from the caller. Throws UsageError unless at most one kind is given.
[[nodiscard]] RateTarget rate_target(const EncodeArguments& arguments, EncodeOptions& options);

[[nodiscard]] ReadOptions read_options(const EncodeArguments& arguments);

}  // namespace jpegai::tools
