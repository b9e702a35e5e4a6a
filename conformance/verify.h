// Whether one stream conforms: every violation with its clause.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "conformance/suite.h"
#include "models/weight_set.h"
#include "profiles/profiles.h"

namespace jpegai::conformance {

/// One rule that a stream breaks.
struct Finding {
    std::string rule;      ///< stable id: "level.samples", "container.order", "encoder.displacement" ...
    std::string clause;    ///< "01 section 12"
    bool error = true;     ///< a decoder has to refuse the stream; otherwise every decoder copes with it
    bool encoder = false;  ///< asks for what encoders do (05); a decoder never looks at it
    std::string field;     ///< header field concerned, or empty
    std::string message;
    std::optional<std::uint64_t> offset;  ///< byte in the file, where there is one
};

struct VerifyOptions {
    std::optional<std::uint8_t> profile;       ///< the stream has to be decodable by a decoder of this profile
    std::optional<std::uint8_t> level;         ///< and of this level; both default to what the stream says of itself
    std::shared_ptr<const WeightSet> weights;  ///< checks the entropy coded payloads, too; null: containers and headers
};

/// Everything that is wrong with a stream, in the order container, headers, profile and level, tools, payloads,
/// encoder. Never throws for any content of `file`. A stream that cannot be parsed has one finding that says why.
[[nodiscard]] std::vector<Finding> verify_stream(std::span<const std::uint8_t> file, const VerifyOptions& options);

/// The figures of a stream that the rules of profile and level are about, as the picture header states them.
struct StreamFigures {
    std::string dialect, profile, level;       ///< "is", "base", "5.2"; numbers where there is no such name
    std::uint64_t samples = 0;                 ///< img_width * img_height
    std::optional<std::uint64_t> max_samples;  ///< of the level, when it exists
    std::uint8_t model_id = 0;
    std::vector<std::uint8_t> permitted_models;  ///< of the level
    std::vector<std::string> transforms;         ///< listed synthesis transforms
    std::vector<std::string> tools;              ///< those that are on: "RVS", "LEF" ...
    std::uint64_t picture_header_bytes = 0, tool_header_bytes = 0, payload_bytes = 0;  ///< payloads: entropy coded data
};
/// nullopt for a stream that cannot be parsed.
[[nodiscard]] std::optional<StreamFigures> stream_figures(std::span<const std::uint8_t> file);

/// No finding at all that is not about encoders only.
[[nodiscard]] bool conforms(std::span<const Finding> findings);

/// Where a rule of profiles/ is stated ("01 section 12" for "level.samples").
[[nodiscard]] std::string clause_of_rule(std::string_view rule);

}  // namespace jpegai::conformance
