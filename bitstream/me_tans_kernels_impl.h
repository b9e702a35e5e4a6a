// Code of the kernels, included by one source file per instruction set. Everything has internal linkage and nothing
// from the standard library is called that could end up as a shared out-of-line function: otherwise the linker might
// keep the copy that was compiled for an instruction set which the running CPU lacks.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bitstream/me_tans_kernels.h"
#include "bitstream/me_tans_kernels_lists.h"

namespace jpegai::me_tans {
namespace {

/// The bits below position `end` of a lane, the topmost first: at least 57 valid ones. Reads the 8 bytes that end with
/// the byte of bit end - 1.
inline std::uint64_t window_below(const std::uint8_t* bytes, std::uint64_t end) {
    const std::uint64_t top = end - 1;
    return load64(bytes + (top >> 3) - 7) << (~top & 7);
}

/// Parts of a FastTable word.
constexpr std::uint32_t kFastEscape = 0x1000;

inline std::uint32_t fast_bits(std::uint32_t word) {
    return ~word & 63;
}
inline std::int16_t fast_symbol(std::uint32_t word) {
    return static_cast<std::int8_t>(static_cast<std::uint8_t>(word >> 16));
}

/// Next state (02 section 3.3); the popped bits are the topmost of `window`.
inline std::uint32_t fast_next(std::uint32_t word, std::uint64_t window) {
    return (word >> 24) | static_cast<std::uint32_t>((window >> 1) >> (word & 63));
}

/// The row of a distribution or of kNotCoded. Its address is kept apart from the state's so that the way from state to
/// word is one load; left alone, compilers add the two first.
inline const std::uint32_t* fast_row(const FastTable& tables, std::uint8_t index) {
    const std::uint32_t* row = tables.words + std::ptrdiff_t{256} * (1 + static_cast<std::int8_t>(index));
    __asm__("" : "+r"(row));
    return row;
}

/// Pops the payload of an escape (02 section 3.4) for an element that holds the escape symbol -bound.
inline bool pop_escape(LaneState& lane, std::int16_t& residual) {
    const std::uint64_t window = window_below(lane.stack.bytes, lane.stack.bits);
    const unsigned count = (window >> 63) != 0 ? kShortEscapeBits : kLongEscapeBits;
    const auto value = static_cast<std::int32_t>((window << 1) >> (64 - count));
    lane.stack.bits -= 1 + count;
    const std::int32_t magnitude = (value >> 1) - residual;
    const std::int32_t signed_value = (value & 1) != 0 ? -magnitude : magnitude;
    residual = static_cast<std::int16_t>(signed_value);
    return residual == signed_value;
}

// --- residual, one lane ------------------------------------------------------------------------------------------

/// The two states and the sum of the words met on the way.
struct PairState {
    std::uint32_t even, odd, sum;
};

/// Decodes a pair from the top of `window` and takes its bits off.
inline void step_pair(const FastTable& tables, const std::uint8_t* indices, std::int16_t* residual, PairState& state,
                      std::uint64_t& window) {
    const std::uint32_t even = fast_row(tables, indices[0])[state.even];
    const std::uint32_t odd = fast_row(tables, indices[1])[state.odd];
    state.even = fast_next(even, window);
    window <<= fast_bits(even);
    state.odd = fast_next(odd, window);
    window <<= fast_bits(odd);
    state.sum += even + odd;
    residual[0] = fast_symbol(even);
    residual[1] = fast_symbol(odd);
}

/// Decodes the rest of the group of pairs[k] with its escapes; returns the place after it, or 0 for a bad escape.
std::size_t decode_group(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                         const std::uint16_t* pairs, std::size_t k, std::size_t count, LaneState& lane) {
    std::int16_t* escapes[4];
    std::size_t escaped = 0;
    const unsigned group = pairs[k] / 2U;
    for (; k < count && pairs[k] / 2U == group; ++k) {
        for (std::size_t odd = 0; odd < 2; ++odd) {
            const std::size_t i = 2 * std::size_t{pairs[k]} + odd;
            const std::uint32_t word = fast_row(tables, table[i])[lane.state[odd]];
            lane.state[odd] =
                static_cast<std::uint8_t>(fast_next(word, window_below(lane.stack.bytes, lane.stack.bits)));
            lane.stack.bits -= fast_bits(word);
            residual[i] = fast_symbol(word);
            if ((word & kFastEscape) != 0) escapes[escaped++] = residual + i;
        }
    }
    for (std::size_t e = 0; e < escaped; ++e) {
        if (!pop_escape(lane, *escapes[e])) return 0;
    }
    return k;
}

/// Pairs decoded from one window of 57 bits.
constexpr std::size_t kBatch = 3;

/// Decodes pairs[k ...] up to the batch that contains an escape or is not complete; returns its place.
std::size_t decode_batches(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                           const std::uint16_t* pairs, std::size_t k, std::size_t count, LaneState& lane) {
    const std::uint8_t* const bytes = lane.stack.bytes;
    std::uint64_t bits = lane.stack.bits;
    PairState state = {lane.state[0], lane.state[1], 0};
    for (; k + kBatch <= count; k += kBatch) {
        std::uint64_t window = window_below(bytes, bits);
        state.sum = 0;
        for (std::size_t j = 0; j < kBatch; ++j) {
            const std::size_t i = 2 * std::size_t{pairs[k + j]};
            step_pair(tables, table + i, residual + i, state, window);
        }
        if ((state.sum & 0xF000) != 0) break;
        bits -= 2 * 63 * kBatch - (state.sum & 0xFFF);
        // Written for the case that the next batch breaks off: cheaper than to keep both in registers.
        lane.state[0] = static_cast<std::uint8_t>(state.even);
        lane.state[1] = static_cast<std::uint8_t>(state.odd);
        lane.stack.bits = bits;
    }
    return k;
}

bool decode_pairs(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                  const std::uint16_t* pairs, std::size_t count, LaneState& lane) {
    for (std::size_t k = 0; k < count;) {
        k = decode_batches(tables, table, residual, pairs, k, count, lane);
        if (k == count) break;
        k = decode_group(tables, table, residual, pairs, k, count, lane);
        if (k == 0) return false;
    }
    return true;
}

// --- residual, several lanes -------------------------------------------------------------------------------------

/// Decodes one table symbol; returns its word.
inline std::uint32_t step_lane(const FastTable& tables, std::uint8_t index, std::int16_t& residual, LaneState& lane) {
    const std::uint32_t word = fast_row(tables, index)[lane.state[0]];
    lane.state[0] = static_cast<std::uint8_t>(fast_next(word, window_below(lane.stack.bytes, lane.stack.bits)));
    lane.stack.bits = lane.stack.bits + (word & 63) - 63;
    residual = fast_symbol(word);
    return word;
}

/// positions[k] was an escape: decodes the rest of its group and then the escapes of the group. Returns the place after
/// it, or 0 for a bad escape.
std::size_t finish_group(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                         const std::uint16_t* positions, std::size_t k, std::size_t count, LaneState* lane,
                         std::size_t lanes) {
    std::uint16_t escapes[4 * 16];
    escapes[0] = positions[k];
    std::size_t escaped = 1;
    const std::size_t end = (positions[k] | (4 * lanes - 1)) + 1;
    for (++k; k < count && positions[k] < end; ++k) {
        const std::size_t i = positions[k];
        const std::uint32_t word = step_lane(tables, table[i], residual[i], lane[i & (lanes - 1)]);
        if ((word & kFastEscape) != 0) escapes[escaped++] = positions[k];
    }
    for (std::size_t e = 0; e < escaped; ++e) {
        if (!pop_escape(lane[escapes[e] & (lanes - 1)], residual[escapes[e]])) return 0;
    }
    return k;
}

bool decode_lanes(const FastTable& tables, const std::uint8_t* table, std::int16_t* residual,
                  const std::uint16_t* positions, std::size_t count, LaneState* lane, std::size_t lanes) {
    // The lanes stay in memory: with several of them in flight the way through it costs no time.
    for (std::size_t k = 0; k < count;) {
        const std::size_t i = positions[k];
        const std::uint32_t word = step_lane(tables, table[i], residual[i], lane[i & (lanes - 1)]);
        if ((word & kFastEscape) == 0) {
            ++k;
            continue;
        }
        k = finish_group(tables, table, residual, positions, k, count, lane, lanes);
        if (k == 0) return false;
    }
    return true;
}

// --- residual, encoding ------------------------------------------------------------------------------------------

/// Parts of a FastEncodeTable word.
constexpr std::uint32_t kEncodeEscape = 0x2000, kEncodeRow = 0x1F00;

/// push(value, count), count <= 17, eight bytes at a time.
inline void push_fast(BitSink& sink, std::uint64_t value, unsigned count) {
    const std::uint64_t window = sink.window | value << sink.pending;
    const unsigned pending = sink.pending + count;
    store64(sink.next, window);
    sink.next += pending >> 3;
    sink.window = window >> (pending & ~7U);
    sink.pending = pending & 7;
}

inline void encode_fast(const FastEncodeTable& tables, std::uint32_t word, LaneWriter& lane, std::size_t slot) {
    const std::uint32_t x = 256U | lane.state[slot];
    const unsigned count = (lane.state[slot] + (word >> 16)) >> 8;
    push_fast(lane.sink, x & ((1U << count) - 1), count);
    lane.state[slot] = tables.maps[(word & kEncodeRow) | (((x >> count) + word) & 0xFF)];
}

/// The escape of `residual` (02 section 3.4).
inline void encode_escape(const FastEncodeTable& tables, std::uint8_t index, std::int32_t residual, LaneWriter& lane) {
    const std::int32_t excess = (residual < 0 ? -residual : residual) - tables.bounds[index];
    const std::uint32_t value = 2 * static_cast<std::uint32_t>(excess) + (residual < 0 ? 1U : 0U);
    const bool is_short = value < kLongEscape;
    push_fast(lane.sink, value, is_short ? kShortEscapeBits : kLongEscapeBits);
    push_fast(lane.sink, is_short ? 1 : 0, 1);
}

/// Words of the listed elements; `escapes` receives the places in the list of those that are escaped.
std::size_t look_up_words(const FastEncodeTable& tables, const std::uint8_t* table, const std::int16_t* residual,
                          const std::uint16_t* positions, std::size_t count, std::uint32_t* words,
                          std::uint16_t* escapes) {
    std::size_t escaped = 0;
    for (std::size_t k = 0; k < count; ++k) {
        const std::size_t i = positions[k];
        std::int32_t value = residual[i];
        value = value < -128 ? -128 : value;
        value = value > 128 ? 128 : value;
        words[k] = tables.words[table[i]][value + 128];
        escapes[escaped] = static_cast<std::uint16_t>(k);
        escaped += (words[k] & kEncodeEscape) != 0;
    }
    return escaped;
}

void encode_block(const FastEncodeTable& tables, const std::uint8_t* table, const std::int16_t* residual,
                  const std::uint16_t* positions, std::size_t count, LaneWriter* lane, std::size_t lanes) {
    std::uint32_t words[kBlock];
    std::uint16_t escapes[kBlock + 1];
    std::size_t escaped = look_up_words(tables, table, residual, positions, count, words, escapes);
    const std::size_t lane_mask = lanes - 1, slot_mask = lanes == 1 ? 1 : 0, group = 4 * lanes;
    const auto encode_down = [&](std::size_t from, std::size_t to) {
        for (std::size_t k = from; k-- > to;) {
            const std::size_t i = positions[k];
            encode_fast(tables, words[k], lane[i & lane_mask], i & slot_mask);
        }
    };
    while (count > 0) {
        // Everything behind the group of the last escape, then that group: escapes before table symbols.
        std::size_t end = 0, begin = 0;
        if (escaped > 0) {
            const std::size_t first = positions[escapes[escaped - 1]] & ~(group - 1);
            for (end = escapes[escaped - 1] + std::size_t{1}; end < count && positions[end] < first + group;) ++end;
            for (begin = escapes[escaped - 1]; begin > 0 && positions[begin - 1] >= first;) --begin;
        }
        encode_down(count, end);
        for (; escaped > 0 && escapes[escaped - 1] >= begin; --escaped) {
            const std::size_t i = positions[escapes[escaped - 1]];
            encode_escape(tables, table[i], residual[i], lane[i & lane_mask]);
        }
        encode_down(end, begin);
        count = begin;
    }
}

// --- hyper latents -----------------------------------------------------------------------------------------------

/// The state of the escape symbol, which owns the last CDF position (02 sections 3.2, 3.4).
constexpr std::uint32_t kHyperEscapeState = 255;
constexpr std::uint64_t kPairNeeds = hyper_bits_needed(2);

inline std::uint32_t packed_next(std::uint32_t word, std::uint64_t window) {
    return ((word >> 16) & 0xFF) | static_cast<std::uint32_t>((window >> 1) >> (63 - (word >> 24)));
}

inline std::int8_t hyper_value(std::uint32_t word) {
    return static_cast<std::int8_t>((word & 0xFF) - 31);
}

std::size_t decode_hyper_pairs(const std::uint32_t* table, std::int8_t* z_hat, std::size_t count, LaneState& lane) {
    std::uint32_t even = lane.state[0], odd = lane.state[1];
    std::uint64_t bits = lane.stack.bits;
    std::size_t i = 0;
    for (; i + 2 <= count && bits >= kPairNeeds; i += 2) {
        if (even == kHyperEscapeState || odd == kHyperEscapeState) break;
        const std::uint64_t window = window_below(lane.stack.bytes, bits);
        const std::uint32_t first = table[even], second = table[odd];
        even = packed_next(first, window);
        odd = packed_next(second, window << (first >> 24));
        bits -= (first >> 24) + (second >> 24);
        z_hat[i] = hyper_value(first);
        z_hat[i + 1] = hyper_value(second);
    }
    lane.state[0] = static_cast<std::uint8_t>(even);
    lane.state[1] = static_cast<std::uint8_t>(odd);
    lane.stack.bits = bits;
    return i;
}

std::size_t decode_hyper_lanes(const std::uint32_t* table, std::int8_t* z_hat, std::size_t begin, std::size_t end,
                               LaneState* lane, std::size_t lanes) {
    for (std::size_t i = begin; i < end; ++i) {
        LaneState& own = lane[i & (lanes - 1)];
        if (own.state[0] == kHyperEscapeState) return i;
        const std::uint32_t word = table[own.state[0]];
        own.state[0] = static_cast<std::uint8_t>(packed_next(word, window_below(own.stack.bytes, own.stack.bits)));
        own.stack.bits -= word >> 24;
        z_hat[i] = hyper_value(word);
    }
    return end;
}

constexpr Kernels make_kernels(const char* name) {
    return {name,         list_coded,   list_coded_pairs,   decode_pairs,
            decode_lanes, encode_block, decode_hyper_pairs, decode_hyper_lanes};
}

}  // namespace
}  // namespace jpegai::me_tans
