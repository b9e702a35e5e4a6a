#include "bitstream/bit_writer.h"

#include <bit>
#include <limits>

#include "base/error.h"

namespace jpegai {

void BitWriter::u(std::uint32_t value, unsigned n) {
    if (n > 32 || (n < 32 && value >> n != 0)) throw Error(JPEGAI_ERROR_ARGUMENT, "value does not fit its field");
    while (n > 0) {
        if (used_ == 0) bytes_.push_back(0);
        const unsigned room = 8 - used_;
        const unsigned taken = n < room ? n : room;
        const std::uint32_t bits = (value >> (n - taken)) & ((1U << taken) - 1);
        bytes_.back() = static_cast<std::uint8_t>(bytes_.back() | bits << (room - taken));
        used_ = (used_ + taken) % 8;
        n -= taken;
    }
}

void BitWriter::ue(std::uint32_t value) {
    if (value == std::numeric_limits<std::uint32_t>::max())
        throw Error(JPEGAI_ERROR_ARGUMENT, "value too large for ue(v)");
    const std::uint32_t x = value + 1;
    const auto width = static_cast<unsigned>(std::bit_width(x));
    u(0, width - 1);
    u(x, width);
}

void BitWriter::se(std::int32_t value) {
    if (value == std::numeric_limits<std::int32_t>::min())
        throw Error(JPEGAI_ERROR_ARGUMENT, "value too small for se(v)");
    const auto magnitude = static_cast<std::uint32_t>(value < 0 ? -value : value);
    ue(value > 0 ? 2 * magnitude - 1 : 2 * magnitude);
}

}  // namespace jpegai
