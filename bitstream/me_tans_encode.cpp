#include "bitstream/me_tans.h"
#include "bitstream/me_tans_reference.h"

namespace jpegai {

std::vector<std::vector<std::uint8_t>> encode_residual(std::size_t lanes, std::span<const std::uint8_t> table,
                                                       std::span<const std::int16_t> residual) {
    return encode_residual_reference(lanes, table, residual);
}

std::vector<std::vector<std::uint8_t>> encode_hyper(std::size_t lanes, const HyperPlane& primary,
                                                    const HyperPlane& secondary) {
    return encode_hyper_reference(lanes, primary, secondary);
}

}  // namespace jpegai
