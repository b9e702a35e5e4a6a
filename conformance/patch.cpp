#include "conformance/patch.h"

#include "base/error.h"

namespace jpegai::conformance {
namespace {

std::vector<HeaderField> fields_of(const Codestream& stream, Marker header) {
    if (header == Marker::kPictureHeader) return list_fields(stream.picture, stream.dialect);
    if (header == Marker::kToolHeader) return list_fields(stream.tools, stream.picture);
    return list_fields(stream.rendering);
}

/// Where a field lies in its payload, in bits.
struct BitRange {
    std::uint64_t first = 0;
    unsigned width = 0;
};

BitRange find_field(const std::vector<HeaderField>& fields, const std::string& name, std::size_t index,
                    std::size_t occurrence) {
    std::uint64_t position = 0;
    for (const HeaderField& field : fields) {
        const auto width = static_cast<unsigned>(field.bits);
        if (field.name == name && index < field.values.size() && occurrence-- == 0) {
            return {position + std::uint64_t{index} * width, width};
        }
        position += std::uint64_t{field.values.size()} * width;
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, "the header has no field " + name);
}

void write_bits(std::vector<std::uint8_t>& payload, BitRange range, std::uint32_t value) {
    if (range.width < 32 && value >> range.width != 0) throw Error(JPEGAI_ERROR_ARGUMENT, "value wider than its field");
    for (unsigned k = 0; k < range.width; ++k) {
        const std::uint64_t bit = range.first + k;
        const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
        std::uint8_t& byte = payload.at(static_cast<std::size_t>(bit / 8));
        const bool set = (value >> (range.width - 1 - k) & 1U) != 0;
        byte = static_cast<std::uint8_t>(set ? byte | mask : byte & ~mask);
    }
}

}  // namespace

std::vector<std::uint8_t>& payload_of(std::vector<Segment>& segments, Marker marker) {
    for (Segment& segment : segments) {
        if (segment.marker == static_cast<std::uint16_t>(marker)) return segment.payload;
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, std::string("the stream has no ") + marker_name(marker));
}

void patch_field(std::vector<std::uint8_t>& file, Marker header, const std::string& name, std::uint32_t value,
                 std::size_t index, std::size_t occurrence) {
    ParseOptions options;
    options.max_pixels = ~std::uint64_t{0};
    const Codestream stream = parse_codestream(file, options);
    std::vector<Segment> segments = split_segments(file);
    write_bits(payload_of(segments, header), find_field(fields_of(stream, header), name, index, occurrence), value);
    file = join_segments(segments);
}

}  // namespace jpegai::conformance
