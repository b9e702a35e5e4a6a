// Defects planted into decodes at known places, to count what the detectors of artifacts find.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "decoder/picture.h"
#include "detection/artifacts.h"

namespace jpegai::planted {

enum class Defect : std::uint8_t {
    kHue,       ///< 96x96 samples moved by 10 levels in a random direction of the CbCr plane
    kTexture,   ///< 96x96 textured samples blurred with sigma 2.5
    kEdges,     ///< 96x96 samples with edges, displaced by 4 or 5 samples
    kText,      ///< a line of text blurred with sigma 2.5, or replaced by another one
    kSeam,      ///< a step of 4 levels over 160 samples of length, fading out over 48 samples to one side
    kClipping,  ///< 96x96 samples made 50 levels lighter or darker, cut at the end of the range
    kShift,     ///< all samples moved by 2 to 3 levels, red and blue in different directions
};
inline constexpr std::size_t kDefectCount = 7;
[[nodiscard]] const char* defect_name(Defect defect);

struct Planted {
    Picture picture;
    detection::Box where;  ///< the whole picture for kShift
};

/// The 8 bit RGB picture with a line of text of six to ten letters in 5x7 dots, each of 2x2 or 3x3 samples, on a plain
/// ground; and where it is. At least 200x100 samples.
[[nodiscard]] Planted with_text(const Picture& picture, std::uint32_t seed);

/// Plants a defect into an 8 bit RGB decode. `text` is where with_text() has put a line. The place is random, among 40
/// the one that suits the defect best; nullopt where none does (no texture, no edges, nothing to clip) and for pictures
/// below 200x200.
[[nodiscard]] std::optional<Planted> plant(Defect defect, const Picture& decode, const detection::Box& text,
                                           std::uint32_t seed);

}  // namespace jpegai::planted
