// The part of the C interface for pictures that stay on a device.
#include <cstring>
#include <memory>
#include <vector>

#include "api/decoding.h"

using namespace jpegai::api;

struct jpegai_device_picture {
    jpegai::DevicePicture picture;
};

extern "C" {

jpegai_error jpegai_decode_on_device(const jpegai_decoder* decoder, const uint8_t* data, size_t size,
                                     const jpegai_decode_options* options, jpegai_device_picture** picture) {
    return guarded([&] {
        need(decoder != nullptr && picture != nullptr, "decoder or picture is NULL");
        need(data != nullptr || size == 0, "data is NULL");
        const jpegai::Decoder& on = *decoder->decoder;
        if (!on.backend().has_own_memory())
            throw jpegai::Error(JPEGAI_ERROR_UNSUPPORTED, "the decoder has no device: " + on.backend().describe());
        auto result = std::make_unique<jpegai_device_picture>();
        result->picture =
            on.decode_on_device({data, size}, options != nullptr ? decode_options(*options) : jpegai::DecodeOptions{});
        result->picture.device->wait();
        *picture = result.release();
    });
}

void jpegai_device_picture_free(jpegai_device_picture* picture) {
    delete picture;
}

uint32_t jpegai_device_picture_is_rgb(const jpegai_device_picture* picture) {
    return picture->picture.model == jpegai::ColourModel::kRgb ? 1 : 0;
}

uint32_t jpegai_device_picture_bit_depth(const jpegai_device_picture* picture) {
    return picture->picture.bit_depth;
}

jpegai_error jpegai_device_picture_plane(const jpegai_device_picture* picture, uint32_t index, jpegai_plane* plane) {
    return guarded([&] {
        need(picture != nullptr && plane != nullptr, "picture or plane is NULL");
        need(index < 3, "a picture has the planes 0, 1 and 2");
        const jpegai::DeviceSamples& samples = picture->picture.samples[index];
        *plane = {samples.data, samples.stride(), static_cast<std::uint32_t>(samples.cols),
                  static_cast<std::uint32_t>(samples.rows)};
    });
}

jpegai_error jpegai_device_picture_copy(const jpegai_device_picture* picture, uint32_t index, void* to, size_t stride) {
    return guarded([&] {
        need(picture != nullptr && to != nullptr, "picture or destination is NULL");
        need(index < 3, "a picture has the planes 0, 1 and 2");
        const jpegai::DeviceSamples& samples = picture->picture.samples[index];
        need(stride >= samples.stride(), "the stride is shorter than a row");
        std::vector<std::uint8_t> bytes(samples.bytes());
        std::uint8_t* const start = bytes.data();
        picture->picture.device->download({&samples, 1}, {&start, 1});
        for (std::size_t y = 0; y < samples.rows; ++y)
            std::memcpy(static_cast<std::uint8_t*>(to) + y * stride, start + y * samples.stride(), samples.stride());
    });
}

}  // extern "C"
