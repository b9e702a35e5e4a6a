// What the decoding parts of the C interface share.
#pragma once

#include <algorithm>
#include <memory>

#include "api/guarded.h"
#include "decoder/decoder.h"

struct jpegai_decoder {
    std::unique_ptr<jpegai::Decoder> decoder;
};

namespace jpegai::api {

inline DecodeOptions decode_options(const jpegai_decode_options& in) {
    DecodeOptions options;
    options.strict = (in.flags & JPEGAI_DECODE_STRICT) != 0;
    options.reference_quirks = (in.flags & JPEGAI_DECODE_REFERENCE_QUIRKS) != 0;
    options.force_models = (in.flags & JPEGAI_DECODE_FORCE_MODELS) != 0;
    if (in.operating_point >= 0) {
        need(in.operating_point <= 2, "operating_point has to be -1, 0, 1 or 2");
        options.point = static_cast<OperatingPoint>(in.operating_point);
    }
    for (std::size_t c = 0; c < kComponents; ++c) {
        if (in.channels[c] != 0) options.max_channels[c] = std::min<std::size_t>(in.channels[c], kLatentChannels[c]);
    }
    if (in.window_width != 0)
        options.window = PictureWindow{in.window_x, in.window_y, in.window_width, in.window_height};
    if (in.max_pixels != 0) options.limits.max_pixels = in.max_pixels;
    options.limits.max_memory = in.max_memory;
    options.limits.max_macs = in.max_macs;
    if (in.progress != nullptr) {
        options.progress = [call = in.progress, user = in.user](double fraction) { return call(user, fraction) == 0; };
    }
    return options;
}

}  // namespace jpegai::api
