#include <png.h>

#include <csetjmp>
#include <cstdlib>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "picture_io/formats.h"
#include "picture_io/run_deflate.h"

namespace jpegai::picture_formats {
namespace {

/// libpng with its errors turned into exceptions (see png_reader.cpp).
class PngWriter {
public:
    explicit PngWriter(const ByteSink& sink) : sink_(sink) {
        png_ = png_create_write_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
        info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
        if (info_ == nullptr) {
            png_destroy_write_struct(&png_, nullptr);
            throw Error(JPEGAI_ERROR_MEMORY, "cannot start the PNG writer");
        }
        png_set_write_fn(png_, this, on_write, on_flush);
    }
    PngWriter(const PngWriter&) = delete;
    PngWriter& operator=(const PngWriter&) = delete;
    ~PngWriter() { png_destroy_write_struct(&png_, &info_); }

    template <class Calls>
    void guarded(Calls calls) {
        if (setjmp(png_jmpbuf(png_)) != 0) {
            throw Error(out_of_memory_ ? JPEGAI_ERROR_MEMORY : JPEGAI_ERROR_ARGUMENT, fmt::format("PNG: {}", message_));
        }
        calls(png_, info_);
        if (bytes_.size() >= kPartBytes) flush();
    }
    /// Hands over what has been made.
    void flush() {
        sink_(bytes_);
        bytes_.clear();
    }

private:
    [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
        auto* self = static_cast<PngWriter*>(png_get_error_ptr(png));
        std::strncpy(self->message_, text, sizeof(self->message_) - 1);
        png_longjmp(png, 1);
    }
    static void on_warning(png_structp, png_const_charp) {}
    static void on_flush(png_structp) {}
    static void on_write(png_structp png, png_bytep data, std::size_t count) {
        auto* self = static_cast<PngWriter*>(png_get_io_ptr(png));
        if (!self->append(data, count)) png_error(png, "out of memory");
    }
    /// No exception may pass through libpng.
    bool append(const std::uint8_t* data, std::size_t count) noexcept {
        try {
            bytes_.insert(bytes_.end(), data, data + count);
        } catch (...) {
            out_of_memory_ = true;
        }
        return !out_of_memory_;
    }

    const ByteSink& sink_;
    std::vector<std::uint8_t> bytes_;  ///< not handed over yet
    bool out_of_memory_ = false;
    char message_[128] = {};
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
};

/// Of ICC profile and EXIF; what is larger is left out, as the reader would not take it.
constexpr std::size_t kMaxStoredChunk = 1U << 22;

void write_header(PngWriter& writer, const Picture& picture, const WriteOptions& options) {
    const auto cols = static_cast<png_uint_32>(picture.cols()), rows = static_cast<png_uint_32>(picture.rows());
    const bool grey = picture.model == ColourModel::kGrey;
    const int depth = picture.bit_depth > 8 ? 16 : 8;
    png_color_8 bits{};
    bits.red = bits.green = bits.blue = bits.gray = static_cast<png_byte>(picture.bit_depth);
    png_unknown_chunk cicp{};
    // cICP says what the samples mean; its third byte, the matrix, is 0 for RGB.
    std::uint8_t code_points[4] = {0, 0, 0, 1};
    if (picture.colour) {
        code_points[0] = picture.colour->colour_primaries;
        code_points[1] = picture.colour->transfer_characteristics;
    }
    const bool tagged = picture.colour.has_value();
    std::memcpy(cicp.name, "cICP", 5);
    cicp.data = code_points;
    cicp.size = sizeof(code_points);
    cicp.location = PNG_HAVE_IHDR;
    const std::vector<std::uint8_t>&icc = picture.metadata.icc, &exif = picture.metadata.exif;
    writer.guarded([=, &options, &bits, &cicp, &icc, &exif](png_structp png, png_infop info) {
        png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
        png_set_compression_level(png, options.png_level);
        png_set_IHDR(png, info, cols, rows, depth, grey ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                     PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
        if (depth == 16 && bits.red != 16) png_set_sBIT(png, info, &bits);
        // A profile that libpng finds invalid, or that is for other colours, is left out with a warning nobody sees.
        png_set_benign_errors(png, 1);
        if (!icc.empty() && icc.size() <= kMaxStoredChunk) {
            png_set_iCCP(png, info, "ICC profile", PNG_COMPRESSION_TYPE_BASE, icc.data(),
                         static_cast<png_uint_32>(icc.size()));
        }
        if (!exif.empty() && exif.size() <= kMaxStoredChunk) {
            png_set_eXIf_1(png, info, static_cast<png_uint_32>(exif.size()), const_cast<png_bytep>(exif.data()));
        }
        if (tagged) {
            png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, nullptr, 0);
            png_set_unknown_chunks(png, info, &cicp, 1);
        }
        png_write_info(png, info);
    });
}

void interleave_row(const Picture& picture, std::size_t y, bool fill_low_bits, std::uint8_t* out) {
    const std::size_t colours = picture.planes.size();
    const unsigned shift = picture.bit_depth > 8 ? 16 - picture.bit_depth : 0;
    const unsigned fill = fill_low_bits ? (1U << shift) - 1 : 0;
    for (std::size_t c = 0; c < colours; ++c) {
        const std::uint16_t* in = picture.planes[c].row(0, y);
        for (std::size_t x = 0; x < picture.cols(); ++x) {
            const unsigned sample = static_cast<unsigned>(in[x]) << shift | fill;
            if (picture.bit_depth > 8) {
                out[2 * (x * colours + c)] = static_cast<std::uint8_t>(sample >> 8);
                out[2 * (x * colours + c) + 1] = static_cast<std::uint8_t>(sample & 0xFF);
            } else {
                out[x * colours + c] = static_cast<std::uint8_t>(sample);
            }
        }
    }
}

/// The Paeth filter of a row (PNG section 9.4): what each byte differs from its prediction. `step` bytes make a pixel;
/// row and above have `step` zeros in front of them.
void filter_paeth(const std::uint8_t* row, const std::uint8_t* above, std::size_t step, std::size_t count,
                  std::uint8_t* out) {
    const auto distance = [](int a, int b) { return static_cast<std::int16_t>(std::abs(a - b)); };
    for (std::size_t i = 0; i < count; ++i) {
        const std::int16_t left = row[i - step], up = above[i], corner = above[i - step];
        const std::int16_t by_left = distance(up, corner), by_up = distance(left, corner),
                           by_corner = distance(left + up, 2 * corner);
        const std::int16_t upper = by_up <= by_corner ? up : corner;
        const std::int16_t predicted = by_left <= by_up && by_left <= by_corner ? left : upper;
        out[i] = static_cast<std::uint8_t>(row[i] - predicted);
    }
}

/// The picture data of a photograph and the end of the file.
void write_photo(PngWriter& writer, const Picture& picture, const WriteOptions& options) {
    constexpr std::uint8_t kPaeth = 4;
    const auto write_chunk = [&writer](const char* name, const std::vector<std::uint8_t>& data) {
        const auto* const type = reinterpret_cast<const png_byte*>(name);
        const png_byte* const bytes = data.data();
        const std::size_t count = data.size();
        writer.guarded([=](png_structp png, png_infop) { png_write_chunk(png, type, bytes, count); });
    };
    const std::size_t step = picture.planes.size() * sample_bytes(picture.bit_depth), count = picture.cols() * step;
    std::vector<std::uint8_t> row(step + count), above(step + count), filtered(1 + count, kPaeth);
    RunDeflater deflater;
    for (std::size_t y = 0; y < picture.rows(); ++y) {
        row.swap(above);
        interleave_row(picture, y, options.fill_low_bits, row.data() + step);
        filter_paeth(row.data() + step, above.data() + step, step, count, filtered.data() + 1);
        deflater.add(filtered);
        if (deflater.ready() >= kPartBytes) write_chunk("IDAT", deflater.take());
    }
    deflater.finish();
    write_chunk("IDAT", deflater.take());
    write_chunk("IEND", {});
}

}  // namespace

void encode_png(const Picture& picture, const WriteOptions& options, const ByteSink& sink) {
    require_rgb(picture, "PNG");
    if (picture.rows() > 0x7FFFFFFF || picture.cols() > 0x7FFFFFFF)
        throw Error(JPEGAI_ERROR_ARGUMENT, "picture too large for PNG");
    if (options.png_level < 0 || options.png_level > 9)
        throw Error(JPEGAI_ERROR_ARGUMENT, "PNG compression level is 0 to 9");
    PngWriter writer(sink);
    write_header(writer, picture, options);
    if (options.png_photo) {
        write_photo(writer, picture, options);
        writer.flush();
        return;
    }
    std::vector<std::uint8_t> row(picture.cols() * picture.planes.size() * sample_bytes(picture.bit_depth));
    std::uint8_t* const bytes = row.data();
    for (std::size_t y = 0; y < picture.rows(); ++y) {
        interleave_row(picture, y, options.fill_low_bits, bytes);
        writer.guarded([bytes](png_structp png, png_infop) { png_write_row(png, bytes); });
    }
    writer.guarded([](png_structp png, png_infop info) { png_write_end(png, info); });
    writer.flush();
}

}  // namespace jpegai::picture_formats
