// Netpbm formats: PGM, PPM and PAM, binary.
#include <bit>

#include <fmt/format.h>

#include "base/math.h"
#include "picture_io/formats.h"
#include "picture_io/text_reader.h"

namespace jpegai::picture_formats {
namespace {

struct NetpbmHeader {
    std::uint64_t rows = 0, cols = 0, max = 0, channels = 0;
};

bool is_space(int c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\v' || c == '\f';
}

/// The next number of a PNM header; a comment runs from # to the end of its line.
std::uint64_t pnm_number(TextReader& reader) {
    while (is_space(reader.peek()) || reader.peek() == '#') {
        if (reader.take() == '#') static_cast<void>(reader.until("\n\r"));
    }
    return reader.number(reader.until(" \t\n\r\v\f#"));
}

NetpbmHeader pnm_header(TextReader& reader) {
    reader.expect("P");
    const int kind = reader.take();
    if (kind >= '1' && kind <= '4') reader.fail(JPEGAI_ERROR_UNSUPPORTED, "only the binary formats P5 and P6 are read");
    if (kind != '5' && kind != '6') reader.fail(JPEGAI_ERROR_STRUCTURE, "not P5 or P6");
    NetpbmHeader header;
    header.channels = kind == '5' ? 1 : 3;
    header.cols = pnm_number(reader);
    header.rows = pnm_number(reader);
    header.max = pnm_number(reader);
    if (!is_space(reader.take())) reader.fail(JPEGAI_ERROR_STRUCTURE, "no white space before the samples");
    return header;
}

std::uint64_t channels_of_tuple(const TextReader& reader, const std::string& type, std::uint64_t depth) {
    constexpr struct {
        const char* name;
        std::uint64_t depth;
    } kTypes[] = {{"GRAYSCALE", 1}, {"GRAYSCALE_ALPHA", 2}, {"RGB", 3}, {"RGB_ALPHA", 4}};
    for (const auto& known : kTypes) {
        if (type != known.name) continue;
        if (depth != known.depth)
            reader.fail(JPEGAI_ERROR_STRUCTURE, fmt::format("tuple type {} with depth {}", type, depth));
        return depth;
    }
    if (!type.empty() || depth < 1 || depth > 4)
        reader.fail(JPEGAI_ERROR_UNSUPPORTED, fmt::format("tuple type \"{}\" of depth {}", type, depth));
    return depth;
}

NetpbmHeader pam_header(TextReader& reader) {
    reader.expect("P7\n");
    NetpbmHeader header;
    std::uint64_t depth = 0;
    std::string tuple;
    for (;;) {
        const std::string line = reader.until("\n");
        static_cast<void>(reader.take());
        if (line == "ENDHDR") break;
        if (line.empty() || line[0] == '#') continue;
        const std::size_t gap = line.find(' ');
        const std::string key = line.substr(0, gap), value = gap == std::string::npos ? "" : line.substr(gap + 1);
        if (key == "WIDTH")
            header.cols = reader.number(value);
        else if (key == "HEIGHT")
            header.rows = reader.number(value);
        else if (key == "MAXVAL")
            header.max = reader.number(value);
        else if (key == "DEPTH")
            depth = reader.number(value);
        else if (key == "TUPLTYPE")
            tuple = value;
        else
            reader.fail(JPEGAI_ERROR_STRUCTURE, "unknown header line " + key);
    }
    header.channels = channels_of_tuple(reader, tuple, depth);
    return header;
}

Picture read_samples(const TextReader& reader, const NetpbmHeader& header, const ReadOptions& options) {
    check_size(header.rows, header.cols, options);
    const auto depth = static_cast<unsigned>(std::bit_width(header.max));
    if (header.max > 65535 || header.max == 0)
        reader.fail(JPEGAI_ERROR_STRUCTURE, fmt::format("largest value {}", header.max));
    if (depth < 8 || header.max != (std::uint64_t{1} << depth) - 1) {
        reader.fail(JPEGAI_ERROR_UNSUPPORTED, fmt::format("largest value {} is not that of 8 to 16 bit", header.max));
    }
    const std::size_t needed =
        checked_mul(checked_mul(header.rows, header.cols), header.channels * sample_bytes(depth));
    if (reader.rest().size() < needed) {
        throw Error(JPEGAI_ERROR_TRUNCATED, reader.offset() + reader.rest().size(),
                    fmt::format("{} bytes of samples, {} are needed", reader.rest().size(), needed));
    }
    Picture picture = make_picture(header.channels < 3 ? ColourModel::kGrey : ColourModel::kRgb, {1, 1}, depth,
                                   header.rows, header.cols);
    picture.range = SampleRange::kFull;
    const unsigned alpha = read_interleaved(reader.rest().first(needed), header.channels, picture);
    check_samples(picture, reader.offset());
    check_alpha(alpha, picture.max_value(), options);
    return picture;
}

}  // namespace

Picture decode_pnm(std::span<const std::uint8_t> file, const ReadOptions& options) {
    TextReader reader(file, "PNM");
    const NetpbmHeader header = pnm_header(reader);
    return read_samples(reader, header, options);
}

Picture decode_pam(std::span<const std::uint8_t> file, const ReadOptions& options) {
    TextReader reader(file, "PAM");
    const NetpbmHeader header = pam_header(reader);
    return read_samples(reader, header, options);
}

void encode_pnm(const Picture& picture, const ByteSink& sink) {
    require_rgb(picture, "PNM");
    put_text(fmt::format("P{}\n{} {}\n{}\n", picture.model == ColourModel::kGrey ? 5 : 6, picture.cols(),
                         picture.rows(), picture.max_value()),
             sink);
    put_interleaved(picture, sink);
}

void encode_pam(const Picture& picture, const ByteSink& sink) {
    require_rgb(picture, "PAM");
    const bool grey = picture.model == ColourModel::kGrey;
    put_text(fmt::format("P7\nWIDTH {}\nHEIGHT {}\nDEPTH {}\nMAXVAL {}\nTUPLTYPE {}\nENDHDR\n", picture.cols(),
                         picture.rows(), grey ? 1 : 3, picture.max_value(), grey ? "GRAYSCALE" : "RGB"),
             sink);
    put_interleaved(picture, sink);
}

}  // namespace jpegai::picture_formats
