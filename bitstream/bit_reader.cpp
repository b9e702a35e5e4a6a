#include "bitstream/bit_reader.h"

#include "base/error.h"

namespace jpegai {

namespace {
constexpr unsigned kMaxLeadingZeros = 31;
}

std::uint32_t BitReader::u(unsigned n) {
    if (n > bits_left()) throw Error(JPEGAI_ERROR_TRUNCATED, end_offset(), "the data end within a field");
    std::uint64_t value = 0;
    unsigned wanted = n;
    while (wanted > 0) {
        const unsigned used = static_cast<unsigned>(position_ % 8);
        const unsigned taken = wanted < 8 - used ? wanted : 8 - used;
        const unsigned byte = bytes_[static_cast<std::size_t>(position_ / 8)];
        const unsigned bits = (byte >> (8 - used - taken)) & ((1U << taken) - 1);
        value = value << taken | bits;
        position_ += taken;
        wanted -= taken;
    }
    return static_cast<std::uint32_t>(value);
}

std::uint32_t BitReader::ue() {
    const std::uint64_t start = file_offset();
    unsigned zeros = 0;
    while (u(1) == 0) {
        if (++zeros > kMaxLeadingZeros) throw Error(JPEGAI_ERROR_STRUCTURE, start, "a ue(v) code exceeds 32 bits");
    }
    return (std::uint32_t{1} << zeros) - 1 + u(zeros);
}

std::int32_t BitReader::se() {
    const std::uint32_t code = ue();
    const auto magnitude = static_cast<std::int32_t>(code / 2 + code % 2);
    return code % 2 != 0 ? magnitude : -magnitude;
}

bool BitReader::byte_align() {
    const unsigned used = static_cast<unsigned>(position_ % 8);
    return used == 0 || u(8 - used) == 0;
}

}  // namespace jpegai
