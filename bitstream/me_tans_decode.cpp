// Fast decoding: the kernels run over blocks of elements; whatever they leave (escapes, the last bytes of a lane) goes
// through the plain steps in exactly the order of the plain decoder, so that results and errors are the same.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/math.h"
#include "bitstream/me_tans_fast.h"
#include "bitstream/me_tans_reference.h"

namespace jpegai {
namespace me_tans {
namespace {

/// Decodes plainly from element i to the end of its group of four (of every lane), or, beyond the groups, of its pair
/// with one lane and just itself otherwise. `decode` takes one unit. Returns the first element not decoded.
template <class Decode>
std::size_t decode_plainly(std::size_t i, std::size_t end, std::size_t grouped, std::size_t lanes, Decode decode) {
    if (i >= grouped) {
        const std::size_t stop = std::min(end, lanes == 1 ? i / 2 * 2 + 2 : i + 1);
        for (; i < stop; ++i) decode(Unit{i % lanes, i, lanes, 1});
        return stop;
    }
    const std::size_t stop = (i / (4 * lanes) + 1) * (4 * lanes);
    for (std::size_t lane = 0; lane < lanes; ++lane) {
        const std::size_t first = i + (lane + lanes - i % lanes) % lanes;
        if (first < stop) decode(Unit{lane, first, lanes, ceil_div(stop - first, lanes)});
    }
    return stop;
}

/// Copies of lanes that kernels may run over the end of: in front of each lie zeros, which count as bits left.
class PaddedLanes {
public:
    explicit PaddedLanes(std::span<const LaneBytes> lanes)
        : states_(open_lanes(lanes)), padding_((overrun_bits(lanes.size()) + 7) / 8) {
        std::size_t total = 0;
        for (const LaneBytes& lane : lanes) total = checked_add(total, kMargin + padding_ + lane.bytes.size());
        bytes_.reset(new std::uint8_t[total]);  // make_unique would clear all of it
        std::uint8_t* next = bytes_.get();
        for (std::size_t t = 0; t < lanes.size(); ++t) {
            std::memset(next, 0, kMargin + padding_);
            next += kMargin;
            states_[t].stack.bytes = next;
            states_[t].stack.bits += 8 * padding_;
            std::memcpy(next + padding_, lanes[t].bytes.data(), lanes[t].bytes.size());
            next += padding_ + lanes[t].bytes.size();
        }
    }

    [[nodiscard]] std::span<LaneState> states() { return states_; }

    /// Whether a lane delivered more bits than it has.
    [[nodiscard]] bool overrun() const {
        return std::any_of(states_.begin(), states_.end(),
                           [this](const LaneState& lane) { return lane.stack.bits < 8 * padding_; });
    }

    /// Whether every lane ended as those of a valid stream do.
    [[nodiscard]] bool clean_end() const {
        return std::all_of(states_.begin(), states_.end(), [this](const LaneState& lane) {
            return lane.stack.bits == 8 * padding_ && lane.state[0] == 0 && lane.state[1] == 0;
        });
    }

private:
    std::vector<LaneState> states_;
    std::size_t padding_;
    std::unique_ptr<std::uint8_t[]> bytes_;
};

class ResidualDecoder {
public:
    ResidualDecoder(const Kernels& kernels, std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table,
                    std::span<std::int16_t> residual)
        : kernels_(kernels),
          padded_(lanes),
          lanes_(padded_.states()),
          sources_(lanes),
          table_(table),
          residual_(residual),
          grouped_(static_cast<std::size_t>(grouped_elements(table.size(), lanes.size()))) {}

    /// False or an Error when something is wrong; which of several errors it is follows no particular order.
    [[nodiscard]] bool decode(std::size_t elements) {
        // A group that straddles the end of a prefix is decoded whole: its escapes follow its table symbols.
        const std::size_t group = 4 * lanes_.size();
        const std::size_t in_groups = std::min(grouped_, ceil_div(elements, group) * group);
        for (std::size_t begin = 0; begin < in_groups; begin += kBlock) {
            if (!decode_block(begin, std::min(in_groups, begin + kBlock))) return false;
        }
        check_tables(table_.subspan(in_groups));
        for (std::size_t i = in_groups; i < elements; ++i) decode_single(i);
        std::fill(residual_.begin() + static_cast<std::ptrdiff_t>(elements), residual_.end(), std::int16_t{0});
        return elements == table_.size() ? padded_.clean_end() : !padded_.overrun();
    }

private:
    [[nodiscard]] bool decode_block(std::size_t begin, std::size_t end) {
        std::array<std::uint16_t, kListRoom> list;
        const std::uint8_t* table = table_.data() + begin;
        std::int16_t* residual = residual_.data() + begin;
        std::fill(residual, residual + (end - begin), std::int16_t{0});
        bool decoded;
        if (lanes_.size() == 1) {
            const std::size_t pairs = kernels_.list_coded_pairs(table, (end - begin) / 2, list.data());
            decoded =
                pairs != kBadTable && kernels_.decode_pairs(tables_, table, residual, list.data(), pairs, lanes_[0]);
        } else {
            const std::size_t coded = kernels_.list_coded(table, end - begin, list.data());
            decoded = coded != kBadTable &&
                      kernels_.decode_lanes(tables_, table, residual, list.data(), coded, lanes_.data(), lanes_.size());
        }
        return decoded && !padded_.overrun();
    }

    /// An element beyond the groups.
    void decode_single(std::size_t i) {
        const std::size_t lane = i % lanes_.size();
        decode_residual_unit({lane, i, lanes_.size(), 1}, lanes_.size(), table_, sources_[lane], lanes_[lane],
                             residual_);
    }

    const Kernels& kernels_;
    const FastTable& tables_ = fast_tables();
    PaddedLanes padded_;
    std::span<LaneState> lanes_;
    std::span<const LaneBytes> sources_;
    std::span<const std::uint8_t> table_;
    std::span<std::int16_t> residual_;
    std::size_t grouped_;
};

/// Symbols that every lane can deliver to a kernel for hyper latents whatever they are.
std::uint64_t safe_hyper_symbols(std::span<const LaneState> lanes) {
    std::uint64_t fewest = ~std::uint64_t{0};
    for (const LaneState& lane : lanes) fewest = std::min(fewest, lane.stack.bits);
    return fewest < hyper_bits_needed(0) ? 0 : (fewest - hyper_bits_needed(0)) / 8;
}

}  // namespace

bool decode_residual(const Kernels& kernels, std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table,
                     std::size_t elements, std::span<std::int16_t> residual) {
    check_lane_count(lanes.size());
    if (table.size() != residual.size() || elements > table.size()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "sizes of the residual and its distributions differ");
    }
    try {
        if (ResidualDecoder(kernels, lanes, table, residual).decode(elements)) return true;
    } catch (const Error&) {
        // Told below.
    }
    // The plain decoder tells the first error in coding order.
    decode_residual_reference(lanes, table, elements, residual);
    return false;
}

void decode_hyper_channel(const Kernels& kernels, std::span<const LaneBytes> lanes, std::span<LaneState> states,
                          const HyperTable& table, std::span<std::int8_t> z_hat) {
    const std::size_t end = z_hat.size();
    const auto grouped = static_cast<std::size_t>(grouped_elements(end, states.size()));
    const std::uint32_t* words = table.decode_table().data();
    for (std::size_t i = 0; i < end;) {
        if (states.size() == 1) {
            i += kernels.decode_hyper_pairs(words, z_hat.data() + i, end - i, states[0]);
        } else {
            const std::uint64_t safe = safe_hyper_symbols(states);
            const std::size_t stop =
                safe >= end ? end : std::min(end, i + static_cast<std::size_t>(safe) * states.size());
            i = kernels.decode_hyper_lanes(words, z_hat.data(), i, stop, states.data(), states.size());
        }
        if (i == end) break;
        i = decode_plainly(i, end, grouped, states.size(), [&](const Unit& unit) {
            decode_hyper_unit(unit, states.size(), table, lanes[unit.lane], states[unit.lane], z_hat);
        });
    }
}

}  // namespace me_tans

void decode_residual(std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table, std::size_t elements,
                     std::span<std::int16_t> residual) {
    me_tans::decode_residual(me_tans::best_kernels(), lanes, table, elements, residual);
}

HyperDecoder::HyperDecoder(std::span<const LaneBytes> lanes)
    : sources_(lanes.begin(), lanes.end()), lanes_(open_lanes(lanes)) {}

void HyperDecoder::decode_channel(const HyperTable& table, std::span<std::int8_t> z_hat) {
    me_tans::decode_hyper_channel(me_tans::best_kernels(), sources_, lanes_, table, z_hat);
}

void HyperDecoder::finish() const {
    for (std::size_t t = 0; t < lanes_.size(); ++t) {
        check_status(me_tans::close_lane(lanes_[t].stack, lanes_.size() == 1 ? 2 : 1, lanes_[t].state), sources_[t]);
    }
}

}  // namespace jpegai
