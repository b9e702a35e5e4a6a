// The pictures that encoders are tested with: made here, the same on every machine.
#pragma once

#include <string>
#include <vector>

#include "decoder/picture.h"

namespace jpegai::conformance {

/// One picture, coded once per rate.
struct EncoderPicture {
    std::string name, title;
    std::uint32_t width = 0, height = 0;
    ColourModel model = ColourModel::kRgb;
    ChromaFormat chroma{1, 1};
    unsigned bit_depth = 8;
    std::vector<double> rates;  ///< bits per pixel to ask for
};

/// From 64x64 to a third of a million samples: odd and long sides, RGB and YUV in every chroma format, 8 and 10 bits.
[[nodiscard]] const std::vector<EncoderPicture>& encoder_pictures();

/// Its samples: shading, edges and textures in integer arithmetic, so that no two places look alike and rates between
/// a tenth and two bits per pixel can be met.
[[nodiscard]] Picture draw(const EncoderPicture& picture);

}  // namespace jpegai::conformance
