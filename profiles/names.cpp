// Names of profiles, levels, transforms and formats.
#include <algorithm>

#include <fmt/format.h>

#include "profiles/profiles.h"

namespace jpegai {

const Profile& profile_by_name(std::string_view name) {
    for (const Profile& profile : kProfiles) {
        if (name == profile.name || (!profile.alias.empty() && name == profile.alias)) return profile;
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("unknown profile \"{}\": simple, base (main) or high", name));
}

std::string profile_name(std::uint8_t decoder_profile_id) {
    const Profile* profile = find_profile(decoder_profile_id);
    return profile != nullptr ? std::string(profile->name) : fmt::format("unknown ({})", decoder_profile_id);
}

std::string level_name(std::uint8_t level_idc) {
    if (!is_level(level_idc)) return fmt::format("unknown ({})", level_idc);
    return fmt::format("{}.{}", level_idc / 10, level_idc % 10);
}

std::uint8_t level_by_name(std::string_view name) {
    for (const std::uint8_t level : kLevels) {
        if (name == level_name(level) || name == std::to_string(level)) return level;
    }
    std::string known;
    for (const std::uint8_t level : kLevels) known += ' ' + level_name(level);
    throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("unknown level \"{}\": one of{}", name, known));
}

std::string synthesis_name(std::uint8_t synthesis_transform_id) {
    if (synthesis_transform_id < kSynthesisNames.size()) return std::string(kSynthesisNames[synthesis_transform_id]);
    return fmt::format("unknown ({})", synthesis_transform_id);
}

std::string chroma_format_name(std::uint8_t ver, std::uint8_t hor) {
    const ChromaFormatRow* format = find_chroma_format(ver, hor);
    return format != nullptr ? std::string(format->name) : fmt::format("unknown ({},{})", ver, hor);
}

}  // namespace jpegai
