// Profile and level conformance of a picture header, and the choice of profile and level for an encoder
// (standard/01-codestream.md sections 11 to 13). The figures are in tables.h.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "bitstream/headers.h"
#include "profiles/tables.h"

namespace jpegai {

/// One thing that is checked. The ids are stable: programs may compare them.
struct Rule {
    std::string_view id;      ///< "level.samples"
    std::string_view clause;  ///< what the standard asks for, in words
    jpegai_error code;        ///< error that a decoder reports for it
    bool strict_only;         ///< a note, not an error, unless checked strictly: decoders cope with it
};

/// Every rule that check_picture knows, in the order in which it checks them.
[[nodiscard]] std::span<const Rule> rules();
/// nullptr when there is no rule of that id.
[[nodiscard]] const Rule* find_rule(std::string_view id);

enum class Severity : std::uint8_t {
    kNote,   ///< does not conform, but every decoder can decode it the same way
    kError,  ///< has to be rejected
};

/// One rule that a header breaks, at one field.
struct Violation {
    const Rule* rule = nullptr;
    Severity severity = Severity::kError;
    std::string field;    ///< standard's name of the field, indexed where it repeats
    std::string message;  ///< one line with the values concerned
};

struct CheckOptions {
    /// Notes count as errors: num_chs above the component's channels, alternatives outside the profile, models that
    /// only the other dialect permits for the level, formats that need a conversion the standard does not describe.
    bool strict = false;
    /// Synthesis transform that the decoder is going to use, when it is not the default, synthesis_transform_id[0]. It
    /// is checked in the default's place (01 section 12).
    std::optional<std::uint8_t> synthesis_transform;
};

/// Every rule that the header breaks, in the order of rules(), then by component or index; empty when it conforms.
/// Never throws on any header content, parsed or made by hand. 01 sections 12 and 13.
[[nodiscard]] std::vector<Violation> check_picture(const PictureHeader& header, Dialect dialect,
                                                   const CheckOptions& options = {});

/// True unless one of them is an error.
[[nodiscard]] bool acceptable(std::span<const Violation> violations);

/// Throws the first error of check_picture, mentioning how many more there are. `offset`: where the picture header's
/// payload lies in the file.
void require_conforming(const PictureHeader& header, Dialect dialect, std::uint64_t offset = kNoOffset,
                        const CheckOptions& options = {});

/// "simple", "base" (or "main"), "high". Throws Error{argument}, listing the names.
[[nodiscard]] const Profile& profile_by_name(std::string_view name);
/// "simple", "base", "high", or "unknown (7)".
[[nodiscard]] std::string profile_name(std::uint8_t decoder_profile_id);
/// "5.2" for 52, or "unknown (7)".
[[nodiscard]] std::string level_name(std::uint8_t level_idc);
/// 52 for "5.2" or "52". Throws Error{argument}, listing the levels.
[[nodiscard]] std::uint8_t level_by_name(std::string_view name);
/// "SOP", "BOP", "HOP", or "unknown (7)".
[[nodiscard]] std::string synthesis_name(std::uint8_t synthesis_transform_id);
/// "4:4:4", "4:2:2", "4:2:0", or "unknown (2,1)".
[[nodiscard]] std::string chroma_format_name(std::uint8_t ver, std::uint8_t hor);

/// What an encoder is going to write.
struct PictureNeeds {
    std::uint32_t img_width = 0, img_height = 0;     ///< coded size in luma samples
    std::vector<std::uint8_t> synthesis_transforms;  ///< default first
    std::uint8_t model_id = 0;
    Dialect dialect = Dialect::kIs;
    /// Also consider level digits whose permitted models differ between the dialects (digit 0).
    bool disputed_levels = false;
};

struct ProfileLevel {
    std::uint8_t decoder_profile_id = 0;
    std::uint8_t level_idc = 0;
    bool operator==(const ProfileLevel&) const = default;
};

/// The smallest profile that has every listed transform and the smallest level that permits size and model
/// (01 section 12). Throws Error{argument} for a size, transform or model that the syntax cannot express and
/// Error{conformance} when no level is large enough.
[[nodiscard]] ProfileLevel smallest_profile_level(const PictureNeeds& needs);

}  // namespace jpegai
