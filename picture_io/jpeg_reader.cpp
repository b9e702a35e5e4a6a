// JPEG of the 1992 standard through libjpeg(-turbo).
#include <csetjmp>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>
// After jpeglib.h, which needs <cstdio> first.
#include <jerror.h>

#include <fmt/format.h>

#include "base/error.h"
#include "picture_io/foreign.h"

namespace jpegai::picture_formats {
namespace {

/// Scans of a progressive file; more only keep a decoder busy.
constexpr int kMaxScans = 500;

/// libjpeg with its errors turned into exceptions. It leaves through longjmp, so every call is made inside `guarded`,
/// and the functions given to it hold nothing that has a destructor.
class JpegReader {
public:
    explicit JpegReader(std::span<const std::uint8_t> file) : file_(file) {
        codec_.err = jpeg_std_error(&errors_);
        errors_.error_exit = on_error;
        errors_.emit_message = on_message;
        errors_.output_message = [](j_common_ptr) {};
        codec_.client_data = this;
        progress_.progress_monitor = on_progress;
        guarded([](j_decompress_ptr codec) { jpeg_create_decompress(codec); });
    }
    JpegReader(const JpegReader&) = delete;
    JpegReader& operator=(const JpegReader&) = delete;
    ~JpegReader() { jpeg_destroy_decompress(&codec_); }

    /// Reads the headers. Apart from the constructor, so that what fails here is cleaned up by the destructor.
    void start() {
        guarded([this](j_decompress_ptr codec) {
            codec->progress = &progress_;
            jpeg_mem_src(codec, file_.data(), file_.size());
            jpeg_save_markers(codec, JPEG_APP0 + 1, 0xFFFF);
            jpeg_save_markers(codec, JPEG_APP0 + 2, 0xFFFF);
            (void)jpeg_read_header(codec, TRUE);
        });
    }
    template <class Calls>
    void guarded(Calls calls) {
        if (setjmp(jump_) != 0) throw Error(code_, offset(), fmt::format("JPEG: {}", message_));
        calls(&codec_);
    }
    [[nodiscard]] j_decompress_ptr codec() { return &codec_; }

private:
    [[nodiscard]] std::uint64_t offset() const {
        return codec_.src == nullptr || codec_.src->bytes_in_buffer > file_.size()
                   ? file_.size()
                   : file_.size() - codec_.src->bytes_in_buffer;
    }
    static jpegai_error code_of(int message) {
        switch (message) {
            case JWRN_JPEG_EOF:
            case JERR_INPUT_EOF:
            case JERR_INPUT_EMPTY:
            case JWRN_HIT_MARKER:
                return JPEGAI_ERROR_TRUNCATED;
            case JERR_BAD_PRECISION:
            case JERR_SOF_UNSUPPORTED:
            case JERR_CONVERSION_NOTIMPL:
            case JERR_ARITH_NOTIMPL:
            case JERR_NOTIMPL:
                return JPEGAI_ERROR_UNSUPPORTED;
            case JERR_OUT_OF_MEMORY:
                return JPEGAI_ERROR_MEMORY;
            default:
                return JPEGAI_ERROR_STRUCTURE;
        }
    }
    [[noreturn]] static void leave(j_common_ptr codec) {
        auto* self = static_cast<JpegReader*>(codec->client_data);
        (*codec->err->format_message)(codec, self->message_);
        self->code_ = code_of(codec->err->msg_code);
        std::longjmp(self->jump_, 1);
    }
    [[noreturn]] static void on_error(j_common_ptr codec) { leave(codec); }
    /// Warnings (level -1) about missing or undecodable data end the reading: libjpeg would go on with grey.
    static void on_message(j_common_ptr codec, int level) {
        if (level >= 0) return;
        const int message = codec->err->msg_code;
        const bool harmless = message == JWRN_EXTRANEOUS_DATA || message == JWRN_ADOBE_XFORM ||
                              message == JWRN_JFIF_MAJOR || message == JWRN_TOO_MUCH_DATA;
        if (!harmless) leave(codec);
    }
    static void on_progress(j_common_ptr codec) {
        const auto* self = static_cast<JpegReader*>(codec->client_data);
        if (self->codec_.input_scan_number <= kMaxScans) return;
        codec->err->msg_code = JERR_BAD_PROGRESSION;
        leave(codec);
    }

    std::span<const std::uint8_t> file_;
    jpeg_decompress_struct codec_{};
    jpeg_error_mgr errors_{};
    jpeg_progress_mgr progress_{};
    std::jmp_buf jump_{};
    char message_[JMSG_LENGTH_MAX] = {};
    jpegai_error code_ = JPEGAI_ERROR_STRUCTURE;
};

void check_colours(const jpeg_decompress_struct& codec) {
    if (codec.jpeg_color_space == JCS_CMYK || codec.jpeg_color_space == JCS_YCCK || codec.num_components == 4) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED,
                    "JPEG: the picture is CMYK; convert it to RGB first, which needs its colour profile");
    }
    if (codec.num_components != 1 && codec.num_components != 3)
        throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("JPEG: {} components", codec.num_components));
}

PictureMetadata metadata_of(JpegReader& reader) {
    PictureMetadata metadata;
    for (jpeg_saved_marker_ptr marker = reader.codec()->marker_list; marker != nullptr; marker = marker->next) {
        if (marker->marker != JPEG_APP0 + 1 || !metadata.exif.empty()) continue;
        const std::span<const std::uint8_t> bytes(marker->data, marker->data_length);
        if (bytes.size() > 4 && bytes[0] == 'E' && bytes[1] == 'x') metadata.exif = exif_of(bytes);
    }
    JOCTET* profile = nullptr;
    unsigned size = 0;
    reader.guarded([&](j_decompress_ptr codec) {
        if (jpeg_read_icc_profile(codec, &profile, &size) == FALSE) profile = nullptr;
    });
    if (profile != nullptr) metadata.icc.assign(profile, profile + size);
    std::free(profile);
    note_orientation(metadata);
    return metadata;
}

}  // namespace

Picture decode_jpeg(std::span<const std::uint8_t> file, const ReadOptions& options) {
    JpegReader reader(file);
    reader.start();
    const jpeg_decompress_struct& codec = *reader.codec();
    check_size(codec.image_height, codec.image_width, options);
    check_colours(codec);
    const bool grey = codec.num_components == 1;
    Picture picture =
        make_picture(grey ? ColourModel::kGrey : ColourModel::kRgb, {1, 1}, 8, codec.image_height, codec.image_width);
    picture.range = SampleRange::kFull;
    picture.metadata = metadata_of(reader);
    reader.guarded([grey](j_decompress_ptr c) {
        c->out_color_space = grey ? JCS_GRAYSCALE : JCS_RGB;
        c->dct_method = JDCT_ISLOW;
        (void)jpeg_start_decompress(c);
    });
    std::vector<std::uint8_t> row(picture.cols() * picture.planes.size());
    for (std::size_t y = 0; y < picture.rows(); ++y) {
        JSAMPROW rows[] = {row.data()};
        reader.guarded([&rows](j_decompress_ptr c) { (void)jpeg_read_scanlines(c, rows, 1); });
        (void)scatter_row(row.data(), picture.planes.size(), false, picture, y);
    }
    reader.guarded([](j_decompress_ptr c) { (void)jpeg_finish_decompress(c); });
    return picture;
}

}  // namespace jpegai::picture_formats
