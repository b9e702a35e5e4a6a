// Fast encoding: blocks from the last to the first through the kernels, after the few elements beyond the groups.
#include <algorithm>
#include <array>
#include <memory>

#include "base/error.h"
#include "base/math.h"
#include "bitstream/me_tans_fast.h"
#include "bitstream/me_tans_reference.h"

namespace jpegai {
namespace me_tans {
namespace {

class ResidualEncoder {
public:
    ResidualEncoder(const Kernels& kernels, std::size_t lanes, std::span<const std::uint8_t> table,
                    std::span<const std::int16_t> residual)
        : kernels_(kernels), table_(table), residual_(residual), writers_(lanes) {
        const auto coded = table.size() - static_cast<std::size_t>(std::count(table.begin(), table.end(), kNotCoded));
        const std::size_t symbols = std::min(coded, ceil_div(table.size(), lanes));
        // End states and sentinel, a rounded-up byte, and the 8 bytes that kernels write at a time.
        room_ = checked_mul(symbols, kMaxSymbolBits) / 8 + 4 + 8;
        bytes_.reset(new std::uint8_t[checked_mul(room_, lanes)]);  // make_unique would clear all of it
        for (std::size_t t = 0; t < lanes; ++t) writers_[t].sink.next = bytes_.get() + t * room_;
    }

    void encode() {
        const auto grouped = static_cast<std::size_t>(grouped_elements(table_.size(), writers_.size()));
        for (std::size_t i = table_.size(); i-- > grouped;) encode_single(i);
        for (std::size_t begin = ceil_div(grouped, kBlock) * kBlock; begin > 0;) {
            begin -= kBlock;
            encode_block(begin, std::min(grouped, begin + kBlock));
        }
    }

    [[nodiscard]] std::vector<std::vector<std::uint8_t>> finish() {
        std::vector<std::vector<std::uint8_t>> lanes;
        for (std::size_t t = 0; t < writers_.size(); ++t) {
            finish_lane(writers_[t].sink, writers_.size() == 1 ? 2 : 1, writers_[t].state);
            lanes.emplace_back(bytes_.get() + t * room_, writers_[t].sink.next);
        }
        return lanes;
    }

private:
    void encode_block(std::size_t begin, std::size_t end) {
        std::array<std::uint16_t, kListRoom> list;
        const std::size_t coded = kernels_.list_coded(table_.data() + begin, end - begin, list.data());
        if (coded == kBadTable) throw Error(JPEGAI_ERROR_ARGUMENT, "no such residual distribution");
        kernels_.encode_block(tables_, table_.data() + begin, residual_.data() + begin, list.data(), coded,
                              writers_.data(), writers_.size());
    }

    /// An element beyond the groups: in a block of its own.
    void encode_single(std::size_t i) {
        if (table_[i] == kNotCoded) return;
        check_tables(table_.subspan(i, 1));
        const std::size_t lane = i % writers_.size();
        // The kernel takes lane and state from the position.
        std::array<std::uint8_t, kMaxLanes> table;
        std::array<std::int16_t, kMaxLanes> residual;
        const auto position = static_cast<std::uint16_t>(writers_.size() == 1 ? i % 2 : lane);
        table[position] = table_[i];
        residual[position] = residual_[i];
        kernels_.encode_block(tables_, table.data(), residual.data(), &position, 1, writers_.data(), writers_.size());
    }

    const Kernels& kernels_;
    const FastEncodeTable& tables_ = fast_encode_tables();
    std::span<const std::uint8_t> table_;
    std::span<const std::int16_t> residual_;
    std::vector<LaneWriter> writers_;
    std::size_t room_ = 0;
    std::unique_ptr<std::uint8_t[]> bytes_;
};

}  // namespace

std::vector<std::vector<std::uint8_t>> encode_residual(const Kernels& kernels, std::size_t lanes,
                                                       std::span<const std::uint8_t> table,
                                                       std::span<const std::int16_t> residual) {
    check_lane_count(lanes);
    if (table.size() != residual.size()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "sizes of the residual and its distributions differ");
    }
    ResidualEncoder encoder(kernels, lanes, table, residual);
    encoder.encode();
    return encoder.finish();
}

}  // namespace me_tans

std::vector<std::vector<std::uint8_t>> encode_residual(std::size_t lanes, std::span<const std::uint8_t> table,
                                                       std::span<const std::int16_t> residual) {
    return me_tans::encode_residual(me_tans::best_kernels(), lanes, table, residual);
}

std::vector<std::vector<std::uint8_t>> encode_hyper(std::size_t lanes, const HyperPlane& primary,
                                                    const HyperPlane& secondary) {
    return encode_hyper_reference(lanes, primary, secondary);
}

}  // namespace jpegai
