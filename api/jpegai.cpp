// The C interface: thin, catches every exception at the border.
#include "jpegai/jpegai.h"

#include <array>
#include <memory>
#include <new>
#include <string>
#include <thread>

#include "api/decoding.h"
#include "api/guarded.h"
#include "backend/select.h"
#include "base/error.h"
#include "base/version.h"
#include "decoder/decoder.h"
#include "models/places.h"

struct jpegai_picture {
    jpegai::DecodedPicture decoded;
    jpegai::Picture picture;
    std::array<std::unique_ptr<std::uint8_t[]>, 3> bytes;  ///< 8-bit copies of the planes
};

using namespace jpegai::api;

extern "C" {

const char* jpegai_version(void) {
    return jpegai::version();
}

const char* jpegai_last_message(void) {
    return last_failure().message.c_str();
}

uint64_t jpegai_last_offset(void) {
    return last_failure().offset;
}

jpegai_error jpegai_models_open(const char* path, jpegai_models** models) {
    return guarded([&] {
        need(models != nullptr, "models is NULL");
        *models = new jpegai_models{jpegai::open_models(path != nullptr ? path : "")};
    });
}

void jpegai_models_free(jpegai_models* models) {
    delete models;
}

jpegai_error jpegai_read_info(const uint8_t* data, size_t size, jpegai_info* info) {
    return guarded([&] {
        need(data != nullptr || size == 0, "data is NULL");
        need(info != nullptr, "info is NULL");
        const jpegai::Codestream stream = jpegai::parse_codestream({data, size});
        const jpegai::PictureHeader& p = stream.picture;
        *info = {};
        info->width = p.display_width();
        info->height = p.display_height();
        info->coded_width = p.img_width;
        info->coded_height = p.img_height;
        info->bit_depth = p.bit_depth_idc == 0 ? 8 : 10;
        info->chroma_ver = p.s_ver;
        info->chroma_hor = p.s_hor;
        info->is_rgb = p.colour_transform_idx == 1;
        info->profile = p.decoder_profile_id;
        info->level = p.level_idc;
        info->model = p.model_id;
        info->operating_point = p.synthesis_transform_id.front();
        info->channels[0] = static_cast<std::uint32_t>(p.component[0].coded_channels(jpegai::kPrimary));
        info->channels[1] = static_cast<std::uint32_t>(p.component[1].coded_channels(jpegai::kSecondary));
        info->regions = static_cast<std::uint32_t>(p.region_count());
        info->stream_size = stream.size;
    });
}

jpegai_error jpegai_decoder_create(const jpegai_models* models, jpegai_cpu cpu, uint32_t threads,
                                   jpegai_decoder** decoder) {
    return guarded([&] {
        need(models != nullptr && decoder != nullptr, "models or decoder is NULL");
        *decoder = new jpegai_decoder{
            std::make_unique<jpegai::Decoder>(models->weights, jpegai::make_backend({cpu_name(cpu), threads}))};
    });
}

jpegai_error jpegai_decoder_create_on(const jpegai_models* models, const char* device, uint32_t threads,
                                      jpegai_decoder** decoder) {
    return guarded([&] {
        need(models != nullptr && decoder != nullptr, "models or decoder is NULL");
        need(device != nullptr, "device is NULL");
        *decoder = new jpegai_decoder{
            std::make_unique<jpegai::Decoder>(models->weights, jpegai::make_backend({"auto", threads, device}))};
    });
}

void jpegai_decoder_free(jpegai_decoder* decoder) {
    delete decoder;
}

void jpegai_decode_options_init(jpegai_decode_options* options) {
    if (options == nullptr) return;
    *options = {};
    options->operating_point = -1;
}

jpegai_error jpegai_decode(const jpegai_decoder* decoder, const uint8_t* data, size_t size,
                           const jpegai_decode_options* options, jpegai_picture** picture) {
    return guarded([&] {
        need(decoder != nullptr && picture != nullptr, "decoder or picture is NULL");
        need(data != nullptr || size == 0, "data is NULL");
        auto result = std::make_unique<jpegai_picture>();
        result->decoded = decoder->decoder->decode(
            {data, size}, options != nullptr ? decode_options(*options) : jpegai::DecodeOptions{});
        result->picture = result->decoded.to_picture(std::nullopt, decoder->decoder->rows());
        if (result->picture.bit_depth == 8) {
            for (std::size_t i = 0; i < 3; ++i) {
                const auto& plane = result->picture.planes[i];
                result->bytes[i] = std::make_unique<std::uint8_t[]>(plane.size());
                for (std::size_t k = 0; k < plane.size(); ++k)
                    result->bytes[i][k] = static_cast<std::uint8_t>(plane.data()[k]);
            }
        }
        *picture = result.release();
    });
}

void jpegai_picture_free(jpegai_picture* picture) {
    delete picture;
}

uint32_t jpegai_picture_is_rgb(const jpegai_picture* picture) {
    return picture->decoded.planes.rgb ? 1 : 0;
}

uint32_t jpegai_picture_bit_depth(const jpegai_picture* picture) {
    return picture->picture.bit_depth;
}

jpegai_error jpegai_picture_plane(const jpegai_picture* picture, uint32_t index, jpegai_plane* plane) {
    return guarded([&] {
        need(picture != nullptr && plane != nullptr, "picture or plane is NULL");
        need(index < 3, "a picture has the planes 0, 1 and 2");
        const auto& samples = picture->picture.planes[index];
        const bool bytes = picture->picture.bit_depth == 8;
        plane->samples = bytes ? static_cast<const void*>(picture->bytes[index].get()) : samples.data();
        plane->stride = samples.cols() * (bytes ? 1 : 2);
        plane->width = static_cast<std::uint32_t>(samples.cols());
        plane->height = static_cast<std::uint32_t>(samples.rows());
    });
}

jpegai_error jpegai_picture_float_plane(const jpegai_picture* picture, uint32_t index, jpegai_plane* plane) {
    return guarded([&] {
        need(picture != nullptr && plane != nullptr, "picture or plane is NULL");
        need(index < 3, "a picture has the planes 0, 1 and 2");
        const auto& samples = picture->decoded.planes.plane[index];
        *plane = {samples.data(), samples.cols() * sizeof(float), static_cast<std::uint32_t>(samples.cols()),
                  static_cast<std::uint32_t>(samples.rows())};
    });
}

}  // extern "C"
