// Choice of the smallest profile and level (01 section 12).
#include <algorithm>

#include <fmt/format.h>

#include "profiles/profiles.h"

namespace jpegai {
namespace {

void require_expressible(const PictureNeeds& needs) {
    for (const std::uint32_t side : {needs.img_width, needs.img_height}) {
        if (side < kMinPictureSide || side > kMaxPictureSide) {
            throw Error(JPEGAI_ERROR_ARGUMENT,
                        fmt::format("a picture of {}x{} cannot be coded: sides are {} to {}", needs.img_width,
                                    needs.img_height, kMinPictureSide, kMaxPictureSide));
        }
    }
    if (needs.model_id >= kModels) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("model {} does not exist: 0 to {}", needs.model_id, kModels - 1));
    }
    if (needs.synthesis_transforms.empty()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "a stream names at least one synthesis transform");
    }
    for (const std::uint8_t id : needs.synthesis_transforms) {
        if (id >= kSynthesisNames.size()) {
            throw Error(JPEGAI_ERROR_ARGUMENT,
                        fmt::format("synthesis transform {} does not exist: 0 to {}", id, kSynthesisNames.size() - 1));
        }
    }
}

std::uint8_t smallest_profile(std::span<const std::uint8_t> transforms) {
    for (const Profile& profile : kProfiles) {
        if (std::all_of(transforms.begin(), transforms.end(),
                        [&](std::uint8_t id) { return profile.synthesis_transforms.contains(id); })) {
            return profile.id;
        }
    }
    throw Error(JPEGAI_ERROR_CONFORMANCE, "no profile has all of the listed synthesis transforms");
}

std::uint8_t sample_digit(std::uint64_t samples) {
    for (const SampleLimit& limit : kSampleLimits) {
        if (samples <= limit.max_samples) return limit.digit;
    }
    throw Error(JPEGAI_ERROR_CONFORMANCE, fmt::format("no level permits {} samples: the largest permits {}", samples,
                                                      kSampleLimits.back().max_samples));
}

std::uint8_t model_digit(const PictureNeeds& needs) {
    for (const ModelLimit& limit : kModelLimits) {
        // A level digit on whose models the dialects disagree makes streams that some decoder refuses.
        if (!needs.disputed_levels && limit.is != limit.dis) continue;
        if (limit.of(needs.dialect).contains(needs.model_id)) return limit.digit;
    }
    throw Error(JPEGAI_ERROR_CONFORMANCE, fmt::format("no level permits model {}", needs.model_id));
}

}  // namespace

ProfileLevel smallest_profile_level(const PictureNeeds& needs) {
    require_expressible(needs);
    const std::uint64_t samples = std::uint64_t{needs.img_width} * needs.img_height;
    return {smallest_profile(needs.synthesis_transforms),
            static_cast<std::uint8_t>(sample_digit(samples) * 10 + model_digit(needs))};
}

}  // namespace jpegai
