#include "base/error.h"
#include "bitstream/me_tans.h"
#include "bitstream/me_tans_reference.h"

namespace jpegai {

void decode_residual(std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table, std::size_t elements,
                     std::span<std::int16_t> residual) {
    decode_residual_reference(lanes, table, elements, residual);
}

HyperDecoder::HyperDecoder(std::span<const LaneBytes> lanes)
    : sources_(lanes.begin(), lanes.end()), lanes_(open_lanes(lanes)) {}

void HyperDecoder::decode_channel(const HyperTable& table, std::span<std::int8_t> z_hat) {
    decode_hyper_channel_reference(sources_, lanes_, table, z_hat);
}

void HyperDecoder::finish() const {
    for (std::size_t t = 0; t < lanes_.size(); ++t) {
        check_status(me_tans::close_lane(lanes_[t].stack, lanes_.size() == 1 ? 2 : 1, lanes_[t].state), sources_[t]);
    }
}

}  // namespace jpegai
