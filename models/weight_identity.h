// Which weights a stream was coded with: a short record at the start of its user data (UDI). The codestream itself has
// no field for that, and with other weights a stream gives noise or an entropy error. docs/PACK_FORMAT.md has the
// bytes. Streams of the official set carry no record.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/weight_set.h"
#include "spec/constants.h"

namespace jpegai {

/// Name of packs that were made of the verified official checkpoints; reserved for them.
inline constexpr const char* kOfficialSetName = "official";

/// Weights of one model that a decoder uses together. A part has a fingerprint of its own, so that a set may grow by
/// further transforms, and may lack some, and still match.
enum class WeightPart : std::uint8_t {
    kCommon = 0,  ///< hyper decoders, context model, entropy tables, gains
    kSynthesisSop = 1,
    kSynthesisBop = 2,
    kSynthesisHop = 3,  ///< synthesis transforms of both components
};
[[nodiscard]] const char* weight_part_name(WeightPart part);  ///< "common", "SOP", "BOP", "HOP"
/// The part with the synthesis transform of an operating point.
[[nodiscard]] WeightPart synthesis_part(OperatingPoint point);

/// What the record says.
struct WeightIdentity {
    struct Part {
        std::uint8_t part = 0;  ///< a WeightPart, or a value that a later version defines
        std::uint64_t fingerprint = 0;
        bool operator==(const Part&) const = default;
    };
    std::string name;         ///< of the set, 0..63 printable ASCII characters; for people
    std::vector<Part> parts;  ///< 1..16, ascending, none twice
    bool operator==(const WeightIdentity&) const = default;
};

/// The record as bytes. Throws Error{argument} for a name or parts out of range.
[[nodiscard]] std::vector<std::uint8_t> format_weight_identity(const WeightIdentity& identity);

/// The record at the start of the user data; nothing when there is none (whatever else the bytes are, they belong to
/// somebody else). What follows the record is not looked at. Never throws.
[[nodiscard]] std::optional<WeightIdentity> parse_weight_identity(std::span<const std::uint8_t> user_data);

/// Fingerprint of one part: a function of the values alone, whatever container they come from. Encoder networks do not
/// count. Loads the part's files. Throws Error{model} when one is missing, Error{argument} unless model_id < kModels.
[[nodiscard]] std::uint64_t part_fingerprint(const WeightSet& set, std::size_t model_id, WeightPart part);

/// For an encoder: the bytes to put at the start of the user data of a stream that is coded with `set`, for the
/// synthesis transforms that its picture header lists; those that the set lacks are left out. Empty for the official
/// set. Throws as part_fingerprint() does for the common part.
[[nodiscard]] std::vector<std::uint8_t> weight_user_data(const WeightSet& set, std::size_t model_id,
                                                         std::span<const OperatingPoint> transforms);

/// For a decoder: compares what a stream says with the set at hand, as far as the stream says anything about `parts`.
/// `fingerprint_of` gives the set's fingerprints. Throws Error{model-mismatch} naming both sets.
void require_same_weights(const WeightIdentity& stream, const WeightSet& set, std::span<const WeightPart> parts,
                          const std::function<std::uint64_t(WeightPart)>& fingerprint_of);

}  // namespace jpegai
