// What `jpegai decode` was asked for, and what single files and batches make of it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "decoder/decoder.h"
#include "picture_io/picture_io.h"
#include "tools/common.h"

namespace jpegai::tools {

struct DecodeArguments {
    std::vector<std::string> paths;  ///< IN OUT, or IN... with --out-dir
    std::string out_dir, format, models, point, channels, region, dump, cpu = "auto", device = "cpu";
    unsigned threads = 0, depth = 0, jobs = 0;
    std::uint64_t max_pixels = 200, max_memory = 0, max_macs = 0;
    bool yuv = false, md5 = false, stats = false, layers = false, strict = false, quirks = false, force_models = false,
         entropy_only = false, batch = false;
};

/// Input and output.
using DecodePaths = std::pair<std::string, std::string>;

/// Throws UsageError.
[[nodiscard]] DecodeOptions decode_options(const DecodeArguments& arguments);

/// The format named by --format, else by the output's extension. Throws UsageError.
[[nodiscard]] PictureFormat output_format(const std::string& out, const std::string& name);

/// The colour model that a format is written in.
[[nodiscard]] OutputColour output_colour(const DecodeArguments& arguments, PictureFormat format);

[[nodiscard]] inline std::optional<unsigned> output_depth(const DecodeArguments& arguments) {
    return arguments.depth != 0 ? std::optional<unsigned>(arguments.depth) : std::nullopt;
}

/// Writes a decoded picture, all or nothing.
void write_decoded(const std::string& out, PictureFormat format, const Picture& picture);

/// Size, depth and what else --json says about a written picture.
void report_picture(nlohmann::ordered_json& report, const Picture& picture);

/// Many files at a time; reports come in the order of `jobs`. One decoder per device.
[[nodiscard]] ExitCode decode_files(const std::vector<std::shared_ptr<const Decoder>>& decoders,
                                    const std::vector<DecodePaths>& jobs, const DecodeArguments& arguments,
                                    const CommonOptions& common);

}  // namespace jpegai::tools
