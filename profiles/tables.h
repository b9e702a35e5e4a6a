// Profiles and levels as data; the checks that use them are in profiles.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "bitstream/headers.h"
#include "spec/constants.h"

namespace jpegai {

/// A set of small ids, bit k set when id k belongs to it.
struct IdSet {
    std::uint16_t bits = 0;

    template <class... Ids>
    [[nodiscard]] static constexpr IdSet of(Ids... ids) {
        return {static_cast<std::uint16_t>(((1U << ids) | ... | 0U))};
    }
    [[nodiscard]] constexpr bool contains(unsigned id) const { return id < 16 && ((bits >> id) & 1U) != 0; }
    [[nodiscard]] constexpr IdSet joined(IdSet other) const { return {static_cast<std::uint16_t>(bits | other.bits)}; }
    bool operator==(const IdSet&) const = default;
};

/// A decoder profile (01 section 12).
struct Profile {
    std::uint8_t id;                                 ///< decoder_profile_id
    std::string_view name;                           ///< name of the published syntax
    std::string_view alias;                          ///< older name, or empty
    IdSet synthesis_transforms;                      ///< ids a decoder of the profile supports
    std::array<std::uint8_t, 3> written_transforms;  ///< list an encoder writes, best first
    std::size_t written_count;
};

/// Limit on coded luma samples, by the tens digit of level_idc (01 section 12).
struct SampleLimit {
    std::uint8_t digit;
    std::uint64_t max_samples;  ///< img_width * img_height
};

/// Permitted model_id values, by the units digit of level_idc (01 section 12). The two dialects disagree on digit 0.
struct ModelLimit {
    std::uint8_t digit;
    IdSet is, dis;
    [[nodiscard]] constexpr IdSet of(Dialect dialect) const { return dialect == Dialect::kIs ? is : dis; }
};

inline constexpr std::array<Profile, 3> kProfiles = {{
    {0, "simple", "", IdSet::of(0), {0}, 1},
    {1, "base", "main", IdSet::of(0, 1), {1, 0}, 2},
    {2, "high", "", IdSet::of(0, 1, 2), {2, 1, 0}, 3},
}};

inline constexpr std::array<SampleLimit, 5> kSampleLimits = {{
    {1, 6'220'800},
    {2, 24'883'200},
    {3, 99'532'800},
    {4, 149'817'600},
    {5, 398'131'200},
}};

inline constexpr std::array<ModelLimit, 3> kModelLimits = {{
    {0, IdSet::of(2), IdSet::of(3)},
    {1, IdSet::of(2, 3), IdSet::of(2, 3)},
    {2, IdSet::of(0, 1, 2, 3), IdSet::of(0, 1, 2, 3)},
}};

/// Every level_idc that exists (01 section 12).
inline constexpr std::array<std::uint8_t, 15> kLevels = {10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 52};

/// stream_profile_idc values that exist (01 section 1).
inline constexpr std::uint8_t kStreamProfile = 0;

/// Names of the synthesis transforms by id.
inline constexpr std::array<std::string_view, 3> kSynthesisNames = {"SOP", "BOP", "HOP"};

/// Sample depths by bit_depth_idc (01 section 6, field 9); decoders exist for the first kDecodableDepths.
inline constexpr std::array<std::uint8_t, 5> kBitDepths = {8, 10, 12, 14, 16};
inline constexpr std::size_t kDecodableDepths = 2;

/// Samples of height per row and width per column of regions that the IS dialect permits at least (01 section 1).
inline constexpr std::uint32_t kRegionRowStep = 256, kRegionColStep = 512;
/// Regions are cut along multiples of this many luma samples (01 section 4.5).
inline constexpr std::uint32_t kRegionUnit = 128;
inline constexpr std::uint32_t kMaxRegionsPerSide = 128;

inline constexpr std::uint32_t kMaxPictureSide = 65'599;  ///< 16 bits plus 64

/// A chroma format by its vertical and horizontal factors (01 section 11); (2,1) is not one.
struct ChromaFormatRow {
    std::uint8_t ver, hor;
    std::string_view name;
};
inline constexpr std::array<ChromaFormatRow, 3> kChromaFormats = {{{1, 1, "4:4:4"}, {1, 2, "4:2:2"}, {2, 2, "4:2:0"}}};

/// nullptr when there is no such entry.
[[nodiscard]] constexpr const Profile* find_profile(std::uint8_t id) {
    for (const Profile& profile : kProfiles) {
        if (profile.id == id) return &profile;
    }
    return nullptr;
}
[[nodiscard]] constexpr const ChromaFormatRow* find_chroma_format(std::uint8_t ver, std::uint8_t hor) {
    for (const ChromaFormatRow& format : kChromaFormats) {
        if (format.ver == ver && format.hor == hor) return &format;
    }
    return nullptr;
}

[[nodiscard]] constexpr bool is_level(std::uint8_t level_idc) {
    for (const std::uint8_t level : kLevels) {
        if (level == level_idc) return true;
    }
    return false;
}

/// The entries of a level_idc's two digits; nullptr when the digit does not exist.
[[nodiscard]] constexpr const SampleLimit* find_sample_limit(std::uint8_t level_idc) {
    for (const SampleLimit& limit : kSampleLimits) {
        if (limit.digit == level_idc / 10) return &limit;
    }
    return nullptr;
}
[[nodiscard]] constexpr const ModelLimit* find_model_limit(std::uint8_t level_idc) {
    for (const ModelLimit& limit : kModelLimits) {
        if (limit.digit == level_idc % 10) return &limit;
    }
    return nullptr;
}

/// Largest img_width * img_height of a level; nullopt when level_idc does not exist.
[[nodiscard]] constexpr std::optional<std::uint64_t> max_samples(std::uint8_t level_idc) {
    if (!is_level(level_idc)) return std::nullopt;
    return find_sample_limit(level_idc)->max_samples;
}

/// Models that a level permits in a dialect; nullopt when level_idc does not exist.
[[nodiscard]] constexpr std::optional<IdSet> permitted_models(std::uint8_t level_idc, Dialect dialect) {
    if (!is_level(level_idc)) return std::nullopt;
    return find_model_limit(level_idc)->of(dialect);
}

}  // namespace jpegai
