// One picture through the encoder, and what there is to say about it.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "encoder/encoder.h"
#include "tools/common.h"
#include "tools/encode_arguments.h"

namespace jpegai::tools {

/// Encodes `in` to `out` (all or nothing) and returns what --json reports about it. Throws FileError, UsageError.
[[nodiscard]] nlohmann::ordered_json encode_file(const Encoder& encoder, const std::string& in, const std::string& out,
                                                 const EncodeArguments& arguments, const CommonOptions& common);

/// The same for people.
[[nodiscard]] std::string encode_text(const nlohmann::ordered_json& report, bool stats);

}  // namespace jpegai::tools
