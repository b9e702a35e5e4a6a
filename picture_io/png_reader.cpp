#include <png.h>

#include <algorithm>
#include <cmath>
#include <csetjmp>
#include <cstring>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "picture_io/foreign.h"

namespace jpegai::picture_formats {
namespace {

/// Chunks that say nothing about the samples and are not carried; libpng skips them.
constexpr char kIgnoredChunks[] = "iTXt\0tEXt\0zTXt\0sPLT\0hIST\0pCAL\0sCAL\0oFFs\0pHYs\0tIME\0bKGD\0cHRM";
constexpr int kIgnoredCount = 12;
/// Not known to libpng 1.6, so it hands it over as it is.
constexpr char kCodePoints[] = "cICP";
/// Largest ICC profile and EXIF block that is read.
constexpr std::size_t kMaxChunk = 1U << 22;
static_assert(sizeof(kIgnoredChunks) == kIgnoredCount * 5);

/// libpng with its errors turned into exceptions. libpng leaves through longjmp, so every call is made inside
/// `guarded`, and the functions given to it hold nothing that has a destructor.
class PngReader {
public:
    explicit PngReader(std::span<const std::uint8_t> file) : file_(file) {
        png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
        info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
        if (info_ == nullptr) {
            png_destroy_read_struct(&png_, nullptr, nullptr);
            throw Error(JPEGAI_ERROR_MEMORY, "cannot start the PNG reader");
        }
        png_set_read_fn(png_, this, on_read);
    }
    PngReader(const PngReader&) = delete;
    PngReader& operator=(const PngReader&) = delete;
    ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }

    template <class Calls>
    void guarded(Calls calls) {
        if (setjmp(png_jmpbuf(png_)) != 0) {
            throw Error(truncated_ ? JPEGAI_ERROR_TRUNCATED : JPEGAI_ERROR_STRUCTURE, used_,
                        fmt::format("PNG: {}", message_));
        }
        calls(png_, info_);
    }
    [[nodiscard]] png_structp png() const { return png_; }
    [[nodiscard]] png_infop info() const { return info_; }

private:
    [[noreturn]] static void on_error(png_structp png, png_const_charp text) {
        auto* self = static_cast<PngReader*>(png_get_error_ptr(png));
        std::strncpy(self->message_, text, sizeof(self->message_) - 1);
        png_longjmp(png, 1);
    }
    static void on_warning(png_structp, png_const_charp) {}
    static void on_read(png_structp png, png_bytep out, std::size_t count) {
        auto* self = static_cast<PngReader*>(png_get_io_ptr(png));
        if (count > self->file_.size() - self->used_) {
            self->truncated_ = true;
            self->used_ = self->file_.size();
            png_error(png, "the file ends early");
        }
        std::memcpy(out, self->file_.data() + self->used_, count);
        self->used_ += count;
    }

    std::span<const std::uint8_t> file_;
    std::size_t used_ = 0;
    bool truncated_ = false;
    char message_[128] = {};
    png_structp png_ = nullptr;
    png_infop info_ = nullptr;
};

struct PngShape {
    png_uint_32 rows = 0, cols = 0;
    std::size_t channels = 0, row_bytes = 0;
    unsigned depth = 0;  ///< as stored after expansion, 8 or 16
    bool interlaced = false;
    bool palette = false;
};

void read_header(PngReader& reader) {
    reader.guarded([](png_structp png, png_infop info) {
        png_set_user_limits(png, 0x7FFFFFFF, 0x7FFFFFFF);
        png_set_chunk_cache_max(png, 16);
        png_set_chunk_malloc_max(png, kMaxChunk);
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, reinterpret_cast<png_const_bytep>(kIgnoredChunks),
                                    kIgnoredCount);
        png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_ALWAYS, reinterpret_cast<png_const_bytep>(kCodePoints), 1);
        png_read_info(png, info);
    });
}

/// Depth to bring 16 bit samples down to, 16 when they stay as they are.
unsigned significant_bits(const PngReader& reader, const PngShape& shape, const ReadOptions& options) {
    png_color_8p bits = nullptr;
    if (!options.significant_bits || shape.depth != 16 || png_get_sBIT(reader.png(), reader.info(), &bits) == 0)
        return shape.depth;
    const bool grey = shape.channels < 3;
    const unsigned depth = grey ? bits->gray : bits->red;
    const bool alike = grey || (bits->green == depth && bits->blue == depth);
    return alike && depth >= 8 && depth < 16 ? depth : shape.depth;
}

PngShape expand_to_bytes(PngReader& reader) {
    PngShape shape;
    reader.guarded([&shape](png_structp png, png_infop info) {
        shape.palette = png_get_color_type(png, info) == PNG_COLOR_TYPE_PALETTE;
        png_set_palette_to_rgb(png);
        png_set_expand_gray_1_2_4_to_8(png);
        if (png_get_valid(png, info, PNG_INFO_tRNS) != 0) png_set_tRNS_to_alpha(png);
        png_set_swap(png);  // 16 bit samples in host order (little-endian)
        shape.interlaced = png_set_interlace_handling(png) > 1;
        png_read_update_info(png, info);
        shape.rows = png_get_image_height(png, info);
        shape.cols = png_get_image_width(png, info);
        shape.channels = png_get_channels(png, info);
        shape.depth = png_get_bit_depth(png, info);
        shape.row_bytes = png_get_rowbytes(png, info);
    });
    return shape;
}

unsigned sample_at(const std::uint8_t* row, std::size_t index, unsigned depth) {
    return depth == 8 ? row[index] : static_cast<unsigned>(row[2 * index] | row[2 * index + 1] << 8);
}

/// Spreads one row over the planes; gives the smallest alpha value.
unsigned scatter_row(const std::uint8_t* row, const PngShape& shape, Picture& picture, std::size_t y) {
    const std::size_t colours = picture.planes.size();
    const unsigned shift = shape.depth - picture.bit_depth;
    for (std::size_t c = 0; c < colours; ++c) {
        std::uint16_t* out = picture.planes[c].row(0, y);
        for (std::size_t x = 0; x < shape.cols; ++x) {
            out[x] = static_cast<std::uint16_t>(sample_at(row, x * shape.channels + c, shape.depth) >> shift);
        }
    }
    unsigned smallest = (1U << shape.depth) - 1;
    if (shape.channels > colours) {
        for (std::size_t x = 0; x < shape.cols; ++x)
            smallest = std::min(smallest, sample_at(row, x * shape.channels + colours, shape.depth));
    }
    return smallest;
}

/// All rows into the picture: one at a time, or the whole file first when it is interlaced. Gives the smallest alpha
/// value.
unsigned read_rows(PngReader& reader, const PngShape& shape, Picture& picture) {
    const std::size_t held = shape.interlaced ? shape.rows : 1;
    std::vector<std::uint8_t> bytes(checked_mul(shape.row_bytes, held));
    unsigned smallest = (1U << shape.depth) - 1;
    if (shape.interlaced) {
        std::vector<png_bytep> rows(shape.rows);
        for (std::size_t y = 0; y < held; ++y) rows[y] = bytes.data() + y * shape.row_bytes;
        png_bytepp pointers = rows.data();
        reader.guarded([pointers](png_structp png, png_infop) { png_read_image(png, pointers); });
    }
    for (std::size_t y = 0; y < shape.rows; ++y) {
        std::uint8_t* row = bytes.data() + (shape.interlaced ? y * shape.row_bytes : 0);
        if (!shape.interlaced) {
            reader.guarded([row](png_structp png, png_infop) { png_read_row(png, row, nullptr); });
        }
        smallest = std::min(smallest, scatter_row(row, shape, picture, y));
    }
    return smallest;
}

std::optional<RenderingInfo::Cicp> code_points(png_structp png, png_infop info) {
    png_unknown_chunkp chunks = nullptr;
    const int count = png_get_unknown_chunks(png, info, &chunks);
    for (int i = 0; i < count; ++i) {
        const png_unknown_chunk& chunk = chunks[i];
        if (std::memcmp(chunk.name, kCodePoints, 4) != 0 || chunk.size != 4) continue;
        // The samples are RGB: whatever the chunk says, its matrix has to be 0.
        RenderingInfo::Cicp colour;
        colour.colour_primaries = chunk.data[0];
        colour.transfer_characteristics = chunk.data[1];
        colour.matrix_coefficients = 0;
        colour.image_full_range_flag = chunk.data[3] != 0;
        return colour;
    }
    return std::nullopt;
}

/// After the whole file, as EXIF may follow the samples. The getters only hand out pointers.
void take_metadata(png_structp png, png_infop info, Picture& picture) {
    png_bytep bytes = nullptr;
    png_uint_32 size = 0;
    png_charp name = nullptr;
    int compression = 0;
    PictureMetadata& metadata = picture.metadata;
    picture.colour = code_points(png, info);
    if (png_get_iCCP(png, info, &name, &compression, &bytes, &size) != 0) metadata.icc.assign(bytes, bytes + size);
    if (png_get_eXIf_1(png, info, &size, &bytes) != 0) metadata.exif = exif_of({bytes, size});
    note_orientation(metadata);
    double gamma = 0;
    constexpr double kUsual = 1 / 2.2;
    const bool described = picture.colour || !metadata.icc.empty() || png_get_valid(png, info, PNG_INFO_sRGB) != 0;
    if (!described && png_get_gAMA(png, info, &gamma) != 0 && std::abs(gamma - kUsual) > 0.01)
        metadata.notes.push_back(fmt::format("the PNG chunk gAMA ({:.5f}) is neither applied nor carried", gamma));
}

}  // namespace

Picture decode_png(std::span<const std::uint8_t> file, const ReadOptions& options) {
    PngReader reader(file);
    read_header(reader);
    check_size(png_get_image_height(reader.png(), reader.info()), png_get_image_width(reader.png(), reader.info()),
               options);
    const PngShape shape = expand_to_bytes(reader);
    const unsigned depth = shape.palette ? 8 : significant_bits(reader, shape, options);
    Picture picture = make_picture(shape.channels < 3 ? ColourModel::kGrey : ColourModel::kRgb, {1, 1}, depth,
                                   shape.rows, shape.cols);
    picture.range = SampleRange::kFull;
    const unsigned smallest = read_rows(reader, shape, picture);
    reader.guarded([](png_structp png, png_infop info) { png_read_end(png, info); });
    take_metadata(reader.png(), reader.info(), picture);
    check_alpha(smallest, (1U << shape.depth) - 1, options);
    return picture;
}

}  // namespace jpegai::picture_formats
