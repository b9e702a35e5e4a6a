#include "bitstream/me_tans_reference.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
#include "base/math.h"
#include "bitstream/me_tans_tables.h"

namespace jpegai {
namespace {

using me_tans::BitSink;
using me_tans::LaneState;
using me_tans::Status;
using me_tans::Unit;

/// Calls `visit` for every unit of a sequence in decoding order.
template <class Visit>
void for_each_unit(std::size_t elements, std::size_t lanes, Visit visit) {
    const auto grouped = static_cast<std::size_t>(me_tans::grouped_elements(elements, lanes));
    for (std::size_t first = 0; first < grouped; first += 4 * lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) visit(Unit{lane, first + lane, lanes, 4});
    }
    for (std::size_t i = grouped; i < elements; ++i) visit(Unit{i % lanes, i, lanes, 1});
}

/// Calls `visit` for every unit of a sequence in encoding order, the reverse.
template <class Visit>
void for_each_unit_reversed(std::size_t elements, std::size_t lanes, Visit visit) {
    const auto grouped = static_cast<std::size_t>(me_tans::grouped_elements(elements, lanes));
    for (std::size_t i = elements; i-- > grouped;) visit(Unit{i % lanes, i, lanes, 1});
    for (std::size_t end = grouped; end > 0; end -= 4 * lanes) {
        for (std::size_t lane = lanes; lane-- > 0;) visit(Unit{lane, end - 4 * lanes + lane, lanes, 4});
    }
}

/// A lane in the course of encoding, with room for `symbols` symbols.
struct LaneWriter {
    std::vector<std::uint8_t> bytes;
    BitSink sink{};
    std::uint8_t state[2] = {0, 0};

    void reserve(std::size_t symbols) {
        bytes.resize(checked_mul(symbols, me_tans::kMaxSymbolBits) / 8 + 4);
        sink.next = bytes.data();
    }
};

std::vector<LaneWriter> make_writers(std::size_t lanes, std::size_t elements) {
    std::vector<LaneWriter> writers(lanes);
    for (LaneWriter& writer : writers) writer.reserve(ceil_div(elements, lanes));
    return writers;
}

std::vector<std::vector<std::uint8_t>> finish_lanes(std::vector<LaneWriter>& writers) {
    std::vector<std::vector<std::uint8_t>> lanes;
    for (LaneWriter& writer : writers) {
        me_tans::finish_lane(writer.sink, writers.size() == 1 ? 2 : 1, writer.state);
        writer.bytes.resize(static_cast<std::size_t>(writer.sink.next - writer.bytes.data()));
        lanes.push_back(std::move(writer.bytes));
    }
    return lanes;
}

void encode_residual_unit(const Unit& unit, std::size_t lanes, std::span<const std::uint8_t> table,
                          std::span<const std::int16_t> residual, LaneWriter& writer) {
    const auto bounds = residual_bounds();
    const auto is_escape = [&](std::size_t i) {
        return residual[i] >= std::int32_t{bounds[table[i]]} || residual[i] <= -std::int32_t{bounds[table[i]]};
    };
    for (std::size_t k = unit.count; k-- > 0;) {
        const std::size_t i = unit.first + k * unit.step;
        if (table[i] != kNotCoded && is_escape(i)) {
            me_tans::push_residual_escape(writer.sink, bounds[table[i]], residual[i]);
        }
    }
    for (std::size_t k = unit.count; k-- > 0;) {
        const std::size_t i = unit.first + k * unit.step;
        if (table[i] == kNotCoded) continue;
        const std::int32_t symbol = is_escape(i) ? -std::int32_t{bounds[table[i]]} : residual[i];
        me_tans::encode_step(residual_encode_tables()[table[i]][static_cast<std::size_t>(symbol + 128)],
                             residual_state_maps()[table[i]].data(), writer.sink,
                             writer.state[me_tans::slot_of(i, lanes)]);
    }
}

void encode_hyper_unit(const Unit& unit, std::size_t lanes, const std::array<std::uint32_t, 64>& words,
                       std::span<const std::int8_t> z_hat, LaneWriter& writer) {
    const auto symbol_of = [&](std::size_t k) {
        return static_cast<std::size_t>(z_hat[unit.first + k * unit.step] + kHyperOffset);
    };
    for (std::size_t k = unit.count; k-- > 0;) {
        if (words[symbol_of(k)] == kUnusedEncodeWord) {
            me_tans::push(writer.sink, static_cast<std::uint32_t>(symbol_of(k)), me_tans::kHyperEscapeBits);
        }
    }
    for (std::size_t k = unit.count; k-- > 0;) {
        const bool escape = words[symbol_of(k)] == kUnusedEncodeWord;
        me_tans::encode_step(words[escape ? std::size_t{me_tans::kHyperEscape} : symbol_of(k)],
                             hyper_state_map().data(), writer.sink,
                             writer.state[me_tans::slot_of(unit.first + k * unit.step, lanes)]);
    }
}

void check_hyper_plane(const HyperPlane& plane) {
    if (plane.z_hat.size() != checked_mul(plane.tables.size(), plane.samples_per_channel)) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latents do not fit their tables");
    }
    const auto outside = [](std::int8_t z) { return z < -kHyperOffset || z > kHyperSymbols - 1 - kHyperOffset; };
    if (std::any_of(plane.z_hat.begin(), plane.z_hat.end(), outside)) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latent outside -31..31");
    }
}

void encode_hyper_plane(const HyperPlane& plane, std::vector<LaneWriter>& writers) {
    for (std::size_t channel = plane.tables.size(); channel-- > 0;) {
        const auto words = hyper_encode_words(plane.tables[channel].cdf());
        const auto z_hat = plane.z_hat.subspan(channel * plane.samples_per_channel, plane.samples_per_channel);
        for_each_unit_reversed(plane.samples_per_channel, writers.size(), [&](const Unit& unit) {
            encode_hyper_unit(unit, writers.size(), words, z_hat, writers[unit.lane]);
        });
    }
}

}  // namespace

void check_status(Status status, const LaneBytes& lane) {
    const char* what = nullptr;
    switch (status) {
        case Status::kOk:
            return;
        case Status::kEmpty:
            what = "entropy coded lane is empty";
            break;
        case Status::kSentinel:
            what = "last byte of an entropy coded lane is zero";
            break;
        case Status::kUnderflow:
            what = "entropy coded lane has too few bits";
            break;
        case Status::kRange:
            what = "escaped symbol is out of range";
            break;
        case Status::kLeftover:
            what = "entropy coded lane does not end where its symbols do";
            break;
    }
    throw Error(JPEGAI_ERROR_ENTROPY, lane.offset, what);
}

void check_lane_count(std::size_t lanes) {
    if (lanes == 0 || lanes > kMaxLanes || (lanes & (lanes - 1)) != 0) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "number of entropy coded lanes is not 1, 2, 4, 8 or 16");
    }
}

void check_tables(std::span<const std::uint8_t> table) {
    // Without an early exit the compiler checks many at a time.
    unsigned bad = 0;
    for (const std::uint8_t index : table) {
        bad |= static_cast<unsigned>(index >= kSigmaTables) & static_cast<unsigned>(index != kNotCoded);
    }
    if (bad != 0) throw Error(JPEGAI_ERROR_ARGUMENT, "no such residual distribution");
}

void decode_residual_unit(const Unit& unit, std::size_t lanes, std::span<const std::uint8_t> table,
                          const LaneBytes& source, LaneState& lane, std::span<std::int16_t> residual) {
    const auto tables = residual_decode_tables();
    const auto bounds = residual_bounds();
    std::array<bool, 4> escaped{};
    for (std::size_t k = 0, i = unit.first; k < unit.count; ++k, i += unit.step) {
        residual[i] = 0;
        if (table[i] == kNotCoded) continue;
        std::int32_t symbol = 0;
        check_status(
            me_tans::decode_step(tables[table[i]].data(), lane.stack, lane.state[me_tans::slot_of(i, lanes)], symbol),
            source);
        residual[i] = static_cast<std::int16_t>(symbol);
        escaped[k] = symbol == -std::int32_t{bounds[table[i]]};
    }
    for (std::size_t k = 0, i = unit.first; k < unit.count; ++k, i += unit.step) {
        if (escaped[k]) check_status(me_tans::pop_residual_escape(lane.stack, bounds[table[i]], residual[i]), source);
    }
}

void decode_hyper_unit(const Unit& unit, std::size_t lanes, const HyperTable& table, const LaneBytes& source,
                       LaneState& lane, std::span<std::int8_t> z_hat) {
    std::array<std::int32_t, 4> symbols{};
    for (std::size_t k = 0; k < unit.count; ++k) {
        std::uint8_t& state = lane.state[me_tans::slot_of(unit.first + k * unit.step, lanes)];
        check_status(me_tans::decode_step(table.decode_table().data(), lane.stack, state, symbols[k]), source);
    }
    for (std::size_t k = 0; k < unit.count; ++k) {
        if (symbols[k] == me_tans::kHyperEscape) {
            check_status(me_tans::pop_hyper_escape(lane.stack, symbols[k]), source);
        }
        z_hat[unit.first + k * unit.step] = static_cast<std::int8_t>(symbols[k] - kHyperOffset);
    }
}

std::vector<me_tans::LaneState> open_lanes(std::span<const LaneBytes> lanes) {
    check_lane_count(lanes.size());
    std::vector<me_tans::LaneState> states(lanes.size());
    for (std::size_t t = 0; t < lanes.size(); ++t) {
        const Status status = me_tans::open_lane(lanes[t].bytes.data(), lanes[t].bytes.size(),
                                                 lanes.size() == 1 ? 2 : 1, states[t].stack, states[t].state);
        check_status(status, lanes[t]);
    }
    return states;
}

void decode_residual_reference(std::span<const LaneBytes> lanes, std::span<const std::uint8_t> table,
                               std::size_t elements, std::span<std::int16_t> residual) {
    check_lane_count(lanes.size());
    if (table.size() != residual.size() || elements > table.size()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "sizes of the residual and its distributions differ");
    }
    check_tables(table);
    std::vector<me_tans::LaneState> states = open_lanes(lanes);
    const auto grouped = static_cast<std::size_t>(me_tans::grouped_elements(table.size(), lanes.size()));
    // A group that straddles the end of the prefix is decoded whole: its escapes follow its table symbols.
    const std::size_t end = elements < grouped ? ceil_div(elements, 4 * lanes.size()) * (4 * lanes.size()) : elements;
    for_each_unit(end, lanes.size(), [&](const Unit& unit) {
        decode_residual_unit(unit, lanes.size(), table, lanes[unit.lane], states[unit.lane], residual);
    });
    std::fill(residual.begin() + static_cast<std::ptrdiff_t>(elements), residual.end(), std::int16_t{0});
    if (elements < table.size()) return;
    for (std::size_t t = 0; t < lanes.size(); ++t) {
        check_status(me_tans::close_lane(states[t].stack, lanes.size() == 1 ? 2 : 1, states[t].state), lanes[t]);
    }
}

std::vector<std::vector<std::uint8_t>> encode_residual_reference(std::size_t lanes, std::span<const std::uint8_t> table,
                                                                 std::span<const std::int16_t> residual) {
    check_lane_count(lanes);
    if (table.size() != residual.size()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "sizes of the residual and its distributions differ");
    }
    check_tables(table);
    std::vector<LaneWriter> writers = make_writers(lanes, table.size());
    for_each_unit_reversed(table.size(), lanes, [&](const Unit& unit) {
        encode_residual_unit(unit, lanes, table, residual, writers[unit.lane]);
    });
    return finish_lanes(writers);
}

void decode_hyper_channel_reference(std::span<const LaneBytes> lanes, std::span<me_tans::LaneState> states,
                                    const HyperTable& table, std::span<std::int8_t> z_hat) {
    for_each_unit(z_hat.size(), lanes.size(), [&](const Unit& unit) {
        decode_hyper_unit(unit, lanes.size(), table, lanes[unit.lane], states[unit.lane], z_hat);
    });
}

std::vector<std::vector<std::uint8_t>> encode_hyper_reference(std::size_t lanes, const HyperPlane& primary,
                                                              const HyperPlane& secondary) {
    check_lane_count(lanes);
    check_hyper_plane(primary);
    check_hyper_plane(secondary);
    const std::size_t per_lane =
        checked_add(checked_mul(primary.tables.size(), ceil_div(primary.samples_per_channel, lanes)),
                    checked_mul(secondary.tables.size(), ceil_div(secondary.samples_per_channel, lanes)));
    std::vector<LaneWriter> writers = make_writers(lanes, checked_mul(per_lane, lanes));
    encode_hyper_plane(secondary, writers);
    encode_hyper_plane(primary, writers);
    return finish_lanes(writers);
}

}  // namespace jpegai
