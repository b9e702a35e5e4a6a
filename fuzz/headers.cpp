// Header payloads: what a parser accepts is read back the same after writing, and lists as many bits as it writes.
// Input: one byte (bit 0: IS dialect, bit 1: strict), then PIH and TON, each behind its length in two bytes, then RDI.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/error.h"
#include "bitstream/header_syntax.h"
#include "bitstream/regions.h"
#include "fuzz/require.h"

namespace {

using namespace jpegai;
using fuzz::require;
using Payload = std::span<const std::uint8_t>;

/// Result of a parser, or nullopt where it threw an Error that blames the input.
template <class Parse>
auto parsed(Parse parse, Payload payload) -> std::optional<decltype(parse(payload))> {
    try {
        return parse(payload);
    } catch (const Error& error) {
        require(error.code() == JPEGAI_ERROR_HEADER || error.code() == JPEGAI_ERROR_TRUNCATED ||
                    error.code() == JPEGAI_ERROR_UNSUPPORTED,
                "header errors blame the input");
        require(error.offset() <= payload.size(), "errors have an offset in the payload");
        return std::nullopt;
    }
}

std::size_t bytes_listed(const std::vector<HeaderField>& fields) {
    std::size_t bits = 0;
    for (const HeaderField& field : fields) bits += static_cast<std::size_t>(field.bits) * field.values.size();
    return (bits + 7) / 8;
}

template <class Header, class Parse>
void check(const Header& header, const std::vector<std::uint8_t>& written, const std::vector<HeaderField>& fields,
           Parse parse, Payload payload, bool strict) {
    require(parse(written) == header, "a header is read back the same");
    require(written.size() == bytes_listed(fields), "the listed fields are all that is written");
    require(written.size() <= payload.size(), "a header does not grow");
    if (strict)
        require(std::equal(written.begin(), written.end(), payload.begin(), payload.end()),
                "a strict payload stays unchanged");
}

void check_regions(const PictureHeader& picture) {
    for (const unsigned log2_step : {0U, 4U, 5U, 6U}) {
        for (const Area& area : region_areas(picture, log2_step)) {
            require(area.rows > 0 && area.cols > 0, "regions are not empty");
            require((area.row + area.rows - 1) << log2_step < picture.img_height, "regions lie in the picture");
            require((area.col + area.cols - 1) << log2_step < picture.img_width, "regions lie in the picture");
        }
    }
}

void check_tools(const PictureHeader& picture, Payload payload, const HeaderOptions& options) {
    const auto parse = [&](Payload bytes) { return parse_tool_header(bytes, picture, 0, options); };
    const auto tools = parsed(parse, payload);
    if (!tools) return;
    (void)tools_misfit(*tools, picture);
    check(*tools, write_tool_header(*tools, picture), list_fields(*tools, picture), parse, payload, options.strict);
}

/// Takes the bytes behind a two-byte length off the front, as many as there are.
Payload take(Payload& input) {
    if (input.size() < 2) return {};
    const std::size_t size = std::min<std::size_t>(std::size_t{input[0]} << 8 | input[1], input.size() - 2);
    const Payload front = input.subspan(2, size);
    input = input.subspan(2 + size);
    return front;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const Dialect dialect = (data[0] & 1) != 0 ? Dialect::kIs : Dialect::kDis;
    const HeaderOptions options{.strict = (data[0] & 2) != 0};
    Payload rest{data + 1, size - 1};
    const Payload pih = take(rest), ton = take(rest), rdi = rest;

    (void)parsed([](Payload bytes) { return detect_dialect(bytes, 0); }, pih);
    const auto parse_picture = [&](Payload bytes) { return parse_picture_header(bytes, dialect, 0, options); };
    const auto picture = parsed(parse_picture, pih);
    if (picture) {
        check(*picture, write_picture_header(*picture, dialect), list_fields(*picture, dialect), parse_picture, pih,
              options.strict);
        check_regions(*picture);
        PictureHeader canonical = *picture;
        make_canonical(canonical);
        (void)write_picture_header(canonical, dialect);
    }
    check_tools(picture.value_or(PictureHeader{}), ton, options);
    const auto parse_rdi = [&](Payload bytes) { return parse_rendering_info(bytes, 0, options); };
    if (const auto info = parsed(parse_rdi, rdi)) {
        check(*info, write_rendering_info(*info), list_fields(*info), parse_rdi, rdi, options.strict);
    }
    return 0;
}
