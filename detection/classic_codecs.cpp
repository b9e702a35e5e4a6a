#include "detection/classic_codecs.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#ifdef JPEGAI_WITH_JPEG
#include <jpeglib.h>
#endif
#ifdef JPEGAI_WITH_WEBP
#include <webp/encode.h>
#endif

#include "base/error.h"
#include "base/file.h"
#include "base/scratch_folder.h"
#include "detection/programs.h"
#include "picture_io/picture_io.h"

namespace jpegai::detection {
namespace {

/// Interleaved 8 bit samples.
std::vector<std::uint8_t> interleaved(const Picture& picture, std::size_t channels) {
    const std::size_t count = picture.rows() * picture.cols();
    const unsigned most = picture.max_value();
    std::vector<std::uint8_t> samples(count * channels);
    for (std::size_t c = 0; c < channels; ++c) {
        const std::uint16_t* in = picture.planes[std::min(c, picture.planes.size() - 1)].data();
        for (std::size_t i = 0; i < count; ++i)
            samples[i * channels + c] = static_cast<std::uint8_t>((in[i] * 255U + most / 2) / most);
    }
    return samples;
}

[[maybe_unused]] [[noreturn]] void missing(ClassicCodec codec) {
    throw Error(JPEGAI_ERROR_UNSUPPORTED, std::string("this build has no library for ") + classic_name(codec));
}

#ifdef JPEGAI_WITH_JPEG
struct JpegErrors {
    jpeg_error_mgr manager;
    std::jmp_buf jump;
    char message[JMSG_LENGTH_MAX];
};

[[noreturn]] void leave(j_common_ptr codec) {
    auto* errors = reinterpret_cast<JpegErrors*>(codec->err);
    codec->err->format_message(codec, errors->message);
    std::longjmp(errors->jump, 1);
}

/// What libjpeg leaves through longjmp: nothing in here has a destructor. Gives false on failure; `*bytes` is to be
/// freed in any case.
bool write_jpeg(const std::uint8_t* samples, const Picture& picture, int quality, unsigned char** bytes,
                unsigned long* size, JpegErrors* errors) {
    jpeg_compress_struct codec{};
    codec.err = jpeg_std_error(&errors->manager);
    errors->manager.error_exit = leave;
    errors->manager.output_message = [](j_common_ptr) {};
    if (setjmp(errors->jump) != 0) {
        jpeg_destroy_compress(&codec);
        return false;
    }
    jpeg_create_compress(&codec);
    jpeg_mem_dest(&codec, bytes, size);
    const bool grey = picture.planes.size() == 1;
    codec.image_width = static_cast<JDIMENSION>(picture.cols());
    codec.image_height = static_cast<JDIMENSION>(picture.rows());
    codec.input_components = grey ? 1 : 3;
    codec.in_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&codec);
    jpeg_set_quality(&codec, quality, TRUE);
    codec.optimize_coding = TRUE;
    jpeg_start_compress(&codec, TRUE);
    const std::size_t stride = picture.cols() * static_cast<std::size_t>(codec.input_components);
    while (codec.next_scanline < codec.image_height) {
        auto* row = const_cast<JSAMPLE*>(samples + stride * codec.next_scanline);
        (void)jpeg_write_scanlines(&codec, &row, 1);
    }
    jpeg_finish_compress(&codec);
    jpeg_destroy_compress(&codec);
    return true;
}

std::vector<std::uint8_t> encode_jpeg(const Picture& picture, int quality) {
    const std::vector<std::uint8_t> samples = interleaved(picture, picture.planes.size());
    unsigned char* bytes = nullptr;
    unsigned long size = 0;
    JpegErrors errors{};
    const bool written = write_jpeg(samples.data(), picture, quality, &bytes, &size, &errors);
    const std::unique_ptr<unsigned char, void (*)(void*)> owner(bytes, std::free);
    if (!written) throw Error(JPEGAI_ERROR_INTERNAL, std::string("JPEG: ") + errors.message);
    return {bytes, bytes + size};
}
#else
std::vector<std::uint8_t> encode_jpeg(const Picture&, int) {
    missing(ClassicCodec::kJpeg);
}
#endif

#ifdef JPEGAI_WITH_WEBP
std::vector<std::uint8_t> encode_webp(const Picture& picture, int quality) {
    const std::vector<std::uint8_t> samples = interleaved(picture, 3);
    std::uint8_t* bytes = nullptr;
    const std::size_t size =
        WebPEncodeRGB(samples.data(), static_cast<int>(picture.cols()), static_cast<int>(picture.rows()),
                      static_cast<int>(picture.cols() * 3), static_cast<float>(quality), &bytes);
    const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(bytes, WebPFree);
    if (size == 0) throw Error(JPEGAI_ERROR_INTERNAL, "WebP: the picture could not be coded");
    return {bytes, bytes + size};
}
#else
std::vector<std::uint8_t> encode_webp(const Picture&, int) {
    missing(ClassicCodec::kWebp);
}
#endif

std::size_t longest_side(ClassicCodec codec) {
    return codec == ClassicCodec::kWebp ? 16383 : 65535;
}

/// The quantiser of AVIF that stands for a quality.
int quantiser_of(int quality) {
    return static_cast<int>(std::lround(static_cast<double>(100 - quality) * 63 / 99));
}

/// A grey picture out of one that WebP has made RGB.
Picture first_plane(Picture picture) {
    Picture grey = make_picture(ColourModel::kGrey, {1, 1}, picture.bit_depth, picture.rows(), picture.cols());
    grey.planes[0] = std::move(picture.planes[0]);
    return grey;
}

}  // namespace

const char* classic_name(ClassicCodec codec) {
    return std::array{"JPEG", "WebP", "AVIF"}.at(static_cast<std::size_t>(codec));
}

bool have_classic(ClassicCodec codec) {
    if (codec == ClassicCodec::kAvif) return have_program("avifenc") && have_program("avifdec");
    return can_read(codec == ClassicCodec::kJpeg ? PictureFormat::kJpeg : PictureFormat::kWebp);
}

std::vector<std::uint8_t> encode_classic(ClassicCodec codec, const Picture& picture, int quality) {
    check_picture(picture);
    if (quality < 1 || quality > 100) throw Error(JPEGAI_ERROR_ARGUMENT, "the quality of a classic codec is 1 to 100");
    if (picture.model == ColourModel::kYuv)
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "classic codings are made of RGB and grey pictures only");
    if (std::max(picture.rows(), picture.cols()) > longest_side(codec))
        throw Error(JPEGAI_ERROR_UNSUPPORTED, std::string("the picture is too large for ") + classic_name(codec));
    switch (codec) {
        case ClassicCodec::kJpeg:
            return encode_jpeg(picture, quality);
        case ClassicCodec::kWebp:
            return encode_webp(picture, quality);
        case ClassicCodec::kAvif:
            break;
    }
    return encode_avif(picture, quantiser_of(quality), true);
}

Picture decode_classic(ClassicCodec codec, const std::vector<std::uint8_t>& bytes) {
    if (codec == ClassicCodec::kAvif) return decode_avif(bytes);
    return decode_picture(codec == ClassicCodec::kWebp ? PictureFormat::kWebp : PictureFormat::kJpeg, bytes);
}

std::vector<std::uint8_t> encode_avif(const Picture& picture, int quantiser, bool half_chroma) {
    if (!have_classic(ClassicCodec::kAvif))
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "AVIF needs the programs avifenc and avifdec (Debian: libavif-bin)");
    const ScratchFolder folder("check");
    const std::string in = folder.path("in.png"), coded = folder.path("coded.avif");
    Picture plain = make_picture(picture.model, {1, 1}, 8, picture.rows(), picture.cols());
    const std::vector<std::uint8_t> samples = interleaved(picture, picture.planes.size());
    for (std::size_t c = 0; c < plain.planes.size(); ++c) {
        for (std::size_t i = 0; i < plain.planes[c].size(); ++i)
            plain.planes[c].data()[i] = samples[i * plain.planes.size() + c];
    }
    write_picture(in, plain);
    run_program({"avifenc", "-s", "6", "-j", "1", "-y", half_chroma ? "420" : "444", "--min", "0", "--max", "63", "-a",
                 "end-usage=q", "-a", "cq-level=" + std::to_string(quantiser), in, coded});
    return read_file(coded);
}

Picture decode_avif(const std::vector<std::uint8_t>& bytes) {
    const ScratchFolder folder("check");
    const std::string coded = folder.path("coded.avif"), out = folder.path("out.png");
    write_file(coded, bytes);
    run_program({"avifdec", coded, out});
    ReadOptions options;
    options.alpha = AlphaPolicy::kDrop;
    return read_picture(out, options);
}

std::optional<ClassicDecode> classic_decode(const Picture& picture, double bpp, std::optional<ClassicCodec> wanted) {
    const auto fits = [&](ClassicCodec codec) {
        return have_classic(codec) && std::max(picture.rows(), picture.cols()) <= longest_side(codec);
    };
    if (!wanted && fits(ClassicCodec::kWebp)) wanted = ClassicCodec::kWebp;
    if (!wanted && fits(ClassicCodec::kJpeg)) wanted = ClassicCodec::kJpeg;
    if (!wanted) return std::nullopt;
    ClassicDecode result;
    result.codec = *wanted;
    const double budget = bpp * static_cast<double>(picture.rows() * picture.cols()) / 8;
    std::vector<std::uint8_t> best;
    // Qualities known to fit and not to fit; between them the logarithm of the size is nearly straight.
    struct End {
        int quality;
        double size;
    };
    End fits_end{0, 0}, large_end{101, 0};
    for (int quality = 50; large_end.quality - fits_end.quality > 1;) {
        std::vector<std::uint8_t> bytes = encode_classic(result.codec, picture, quality);
        const auto size = static_cast<double>(bytes.size());
        const bool within = size <= budget;
        (within ? fits_end : large_end) = {quality, size};
        if (within || quality == 1) {
            best = std::move(bytes);
            result.quality = quality;
        }
        if (within && size > 0.97 * budget) break;
        const int gap = large_end.quality - fits_end.quality;
        double part = 0.5;
        if (fits_end.size > 0 && large_end.size > 0)
            part = std::log(budget / fits_end.size) / std::log(large_end.size / fits_end.size);
        quality = fits_end.quality + std::clamp(static_cast<int>(std::lround(part * gap)), 1, std::max(gap - 1, 1));
    }
    result.bpp = 8 * static_cast<double>(best.size()) / static_cast<double>(picture.rows() * picture.cols());
    result.picture = decode_classic(result.codec, best);
    if (picture.model == ColourModel::kGrey && result.picture.model != ColourModel::kGrey)
        result.picture = first_plane(std::move(result.picture));
    return result;
}

}  // namespace jpegai::detection
