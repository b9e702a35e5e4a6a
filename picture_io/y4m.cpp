// YUV4MPEG2: a text header, then frames of planar samples. One frame is written; the first is read.
#include <fmt/format.h>

#include "picture_io/formats.h"
#include "picture_io/text_reader.h"

namespace jpegai::picture_formats {
namespace {

struct ColourTag {
    bool grey = false;
    ChromaFormat chroma{2, 2};
    unsigned bit_depth = 8;
};

/// The tag after C: 420jpeg, 422p10, mono12 ...
ColourTag parse_colour_tag(const TextReader& reader, const std::string& text) {
    ColourTag tag;
    std::string rest;
    const auto starts_with = [&](const char* name) {
        const std::string_view prefix(name);
        if (text.compare(0, prefix.size(), prefix) != 0) return false;
        rest = text.substr(prefix.size());
        return true;
    };
    if (starts_with("mono"))
        tag.grey = true;
    else if (starts_with("444"))
        tag.chroma = {1, 1};
    else if (starts_with("422"))
        tag.chroma = {1, 2};
    else if (!starts_with("420"))
        reader.fail(JPEGAI_ERROR_UNSUPPORTED, "colour space " + text);
    if (tag.grey) tag.chroma = {1, 1};
    const bool sited = tag.chroma.ver == 2 && (rest == "jpeg" || rest == "paldv" || rest == "mpeg2");
    if (rest.empty() || sited) return tag;
    const std::string depth = tag.grey ? rest : rest[0] == 'p' ? rest.substr(1) : "";
    for (unsigned bits = 9; bits <= 16; ++bits) {
        if (depth == std::to_string(bits)) tag.bit_depth = bits;
    }
    if (tag.bit_depth == 8) reader.fail(JPEGAI_ERROR_UNSUPPORTED, "colour space " + text);
    return tag;
}

SampleRange parse_extension(const std::string& text) {
    if (text == "COLORRANGE=FULL") return SampleRange::kFull;
    return text == "COLORRANGE=LIMITED" ? SampleRange::kLimited : SampleRange::kUnspecified;
}

std::string colour_tag(const Picture& picture) {
    const bool grey = picture.model == ColourModel::kGrey;
    const std::string name = grey ? "mono" : picture.chroma.is_444() ? "444" : picture.chroma.ver == 1 ? "422" : "420";
    if (picture.bit_depth == 8) return name;
    return fmt::format("{}{}{}", name, grey ? "" : "p", picture.bit_depth);
}

}  // namespace

Picture decode_y4m(std::span<const std::uint8_t> file, const ReadOptions& options) {
    TextReader reader(file, "Y4M");
    reader.expect("YUV4MPEG2");
    std::uint64_t rows = 0, cols = 0;
    ColourTag tag;
    SampleRange range = SampleRange::kUnspecified;
    while (reader.take() != '\n') {
        const std::string word = reader.until(" \n");
        if (word.empty()) continue;
        const std::string value = word.substr(1);
        if (word[0] == 'W')
            cols = reader.number(value);
        else if (word[0] == 'H')
            rows = reader.number(value);
        else if (word[0] == 'C')
            tag = parse_colour_tag(reader, value);
        else if (word[0] == 'X' && parse_extension(value) != SampleRange::kUnspecified)
            range = parse_extension(value);
        else if (word[0] == 'I' && value != "p" && value != "?")
            reader.fail(JPEGAI_ERROR_UNSUPPORTED, "interlaced video");
    }
    check_size(rows, cols, options);
    reader.expect("FRAME");
    static_cast<void>(reader.until("\n"));
    static_cast<void>(reader.take());
    const RawLayout layout{rows, cols, tag.chroma, tag.grey, tag.bit_depth};
    if (reader.rest().size() < planar_bytes(layout)) {
        throw Error(JPEGAI_ERROR_TRUNCATED, file.size(),
                    fmt::format("Y4M: {} bytes of samples, {} are needed", reader.rest().size(), planar_bytes(layout)));
    }
    Picture picture = read_planar(reader.rest(), layout, reader.offset());
    picture.range = range;
    return picture;
}

void encode_y4m(const Picture& picture, const ByteSink& sink) {
    require_yuv(picture, "Y4M");
    std::string header =
        fmt::format("YUV4MPEG2 W{} H{} F25:1 Ip A1:1 C{}", picture.cols(), picture.rows(), colour_tag(picture));
    if (picture.range == SampleRange::kFull) header += " XCOLORRANGE=FULL";
    if (picture.range == SampleRange::kLimited) header += " XCOLORRANGE=LIMITED";
    header += "\nFRAME\n";
    put_text(header, sink);
    put_planar(picture, sink);
}

}  // namespace jpegai::picture_formats
