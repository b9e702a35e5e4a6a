// The coding steps of me-tANS (02 section 3) on plain pointers and integers: no allocation, no exceptions, no library
// types, so that the same functions run on a CPU and inside a GPU kernel. Tables are passed in, containers stay
// outside.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"

namespace jpegai::me_tans {

/// Outcome of a step.
enum class Status : std::uint8_t {
    kOk,
    kEmpty,      ///< the lane has no bytes
    kSentinel,   ///< the last byte of the lane is zero
    kUnderflow,  ///< more bits asked for than the lane has left
    kRange,      ///< an escape outside the values the element can take
    kLeftover    ///< bits left, or a state other than 0, after the last symbol
};

/// Bits of an escape's payload in its short and long residual form, and in a hyper latent (02 section 3.4).
constexpr unsigned kShortEscapeBits = 3, kLongEscapeBits = 16, kHyperEscapeBits = 6;
/// First escape value that needs the long form.
constexpr std::uint32_t kLongEscape = 1U << kShortEscapeBits;
/// Hyper latent symbol that announces a raw value (02 section 3.4).
constexpr std::int32_t kHyperEscape = 63;
/// Most bits that one residual symbol can take: its table step and its escape.
constexpr unsigned kMaxSymbolBits = 8 + 1 + kLongEscapeBits;

/// A lane as a stack of bits (02 section 3.1): bit i is bit i & 7 of byte i >> 3, `bits` of them are left to pop.
struct BitStack {
    const std::uint8_t* bytes;
    std::uint64_t bits;
};

/// pop(count), 0 <= count <= 16 and count <= stack.bits. Reads only bytes that hold popped bits.
JPEGAI_HD constexpr std::uint32_t pop_unchecked(BitStack& stack, unsigned count) {
    const std::uint64_t end = stack.bits;
    stack.bits -= count;
    const unsigned shift = static_cast<unsigned>(stack.bits & 7);
    std::uint32_t window = 0;
    unsigned at = 0;
    for (std::uint64_t byte = stack.bits >> 3; byte < (end + 7) >> 3; ++byte, at += 8) {
        window |= static_cast<std::uint32_t>(stack.bytes[byte]) << at;
    }
    return (window >> shift) & ((1U << count) - 1);
}

/// pop(count) into `value`, or kUnderflow with everything unchanged.
JPEGAI_HD constexpr Status pop(BitStack& stack, unsigned count, std::uint32_t& value) {
    if (count > stack.bits) return Status::kUnderflow;
    value = pop_unchecked(stack, count);
    return Status::kOk;
}

/// Opens a lane of `size` bytes: finds the sentinel and pops the `states` (1 or 2) start states (02 section 3.6).
JPEGAI_HD constexpr Status open_lane(const std::uint8_t* bytes, std::uint64_t size, unsigned states, BitStack& stack,
                                     std::uint8_t* state) {
    if (size == 0) return Status::kEmpty;
    std::uint32_t last = bytes[size - 1];
    if (last == 0) return Status::kSentinel;
    stack = {bytes, (size - 1) * 8};
    while (last >>= 1) ++stack.bits;
    for (unsigned i = 0; i < states; ++i) {
        std::uint32_t value = 0;
        if (const Status status = pop(stack, 8, value); status != Status::kOk) return status;
        state[i] = static_cast<std::uint8_t>(value);
    }
    return Status::kOk;
}

/// Whether a lane ended as a valid stream does (02 section 3.6).
JPEGAI_HD constexpr Status close_lane(const BitStack& stack, unsigned states, const std::uint8_t* state) {
    bool clean = stack.bits == 0;
    for (unsigned i = 0; i < states; ++i) clean = clean && state[i] == 0;
    return clean ? Status::kOk : Status::kLeftover;
}

/// A lane in the course of decoding; with several lanes only the first state is in use (02 section 3.5).
/// Its size is a power of two so that a lane's address is a shift away.
struct alignas(32) LaneState {
    BitStack stack{};
    std::uint8_t state[2] = {0, 0};
};

/// Packed decoder word (02 section 3.3).
JPEGAI_HD constexpr unsigned word_bits(std::uint32_t word) {
    return word >> 24;
}
JPEGAI_HD constexpr std::uint32_t word_base(std::uint32_t word) {
    return (word >> 16) & 0xFF;
}
JPEGAI_HD constexpr std::int32_t word_symbol(std::uint32_t word) {
    return static_cast<std::int16_t>(static_cast<std::uint16_t>(word & 0xFFFF));
}

/// Decodes one table symbol (02 section 3.3); `table` has 256 words.
JPEGAI_HD constexpr Status decode_step(const std::uint32_t* table, BitStack& stack, std::uint8_t& state,
                                       std::int32_t& symbol) {
    const std::uint32_t word = table[state];
    std::uint32_t bits = 0;
    if (const Status status = pop(stack, word_bits(word), bits); status != Status::kOk) return status;
    state = static_cast<std::uint8_t>(word_base(word) | bits);
    symbol = word_symbol(word);
    return Status::kOk;
}

/// Pops the payload of a residual escape of a distribution with `bound` (02 section 3.4).
JPEGAI_HD constexpr Status pop_residual_escape(BitStack& stack, std::int32_t bound, std::int16_t& residual) {
    std::uint32_t is_short = 0, value = 0;
    Status status = pop(stack, 1, is_short);
    if (status == Status::kOk) status = pop(stack, is_short != 0 ? kShortEscapeBits : kLongEscapeBits, value);
    if (status != Status::kOk) return status;
    const std::int32_t magnitude = static_cast<std::int32_t>(value >> 1) + bound;
    const std::int32_t signed_value = (value & 1) != 0 ? -magnitude : magnitude;
    if (signed_value < INT16_MIN || signed_value > INT16_MAX) return Status::kRange;
    residual = static_cast<std::int16_t>(signed_value);
    return Status::kOk;
}

/// Pops the raw value of a hyper latent escape: a symbol 0..62 (02 sections 3.4, 5).
JPEGAI_HD constexpr Status pop_hyper_escape(BitStack& stack, std::int32_t& symbol) {
    std::uint32_t value = 0;
    if (const Status status = pop(stack, kHyperEscapeBits, value); status != Status::kOk) return status;
    if (static_cast<std::int32_t>(value) == kHyperEscape) return Status::kRange;
    symbol = static_cast<std::int32_t>(value);
    return Status::kOk;
}

/// The encoder's side of a lane: bits not yet written lie in the low `pending` bits of `window`.
struct BitSink {
    std::uint8_t* next;  ///< where the next whole byte goes; the caller provides room
    std::uint64_t window;
    unsigned pending;  ///< 0..7 between pushes
};

/// push(value, count), count <= 17; higher bits of `value` must be 0.
JPEGAI_HD constexpr void push(BitSink& sink, std::uint32_t value, unsigned count) {
    sink.window |= static_cast<std::uint64_t>(value) << sink.pending;
    sink.pending += count;
    while (sink.pending >= 8) {
        *sink.next++ = static_cast<std::uint8_t>(sink.window & 0xFF);
        sink.window >>= 8;
        sink.pending -= 8;
    }
}

/// Encodes one table symbol given its packed encoder word and the map from CDF position to state (02 section 3.3).
/// `map` has 256 entries.
JPEGAI_HD constexpr void encode_step(std::uint32_t word, const std::uint8_t* map, BitSink& sink, std::uint8_t& state) {
    const std::uint32_t x = 256U | state;
    const unsigned count = (state + (word >> 16)) >> 8;
    push(sink, x & ((1U << count) - 1), count);
    state = map[((x >> count) + word) & 0xFF];
}

/// Payload of the escape that stands for `residual`, |residual| >= bound (02 section 3.4).
JPEGAI_HD constexpr void push_residual_escape(BitSink& sink, std::int32_t bound, std::int32_t residual) {
    const std::int32_t magnitude = residual < 0 ? -residual : residual;
    const std::uint32_t value = 2 * static_cast<std::uint32_t>(magnitude - bound) + (residual < 0 ? 1U : 0U);
    const bool is_short = value < kLongEscape;
    push(sink, value, is_short ? kShortEscapeBits : kLongEscapeBits);
    push(sink, is_short ? 1U : 0U, 1);
}

/// Ends a lane: sentinel above the `states` (1 or 2) end states (02 section 3.6). The last byte is padded with zeros.
JPEGAI_HD constexpr void finish_lane(BitSink& sink, unsigned states, const std::uint8_t* state) {
    if (states == 2) push(sink, state[1], 8);
    push(sink, 256U | state[0], 9);
    if (sink.pending > 0) *sink.next++ = static_cast<std::uint8_t>(sink.window & 0xFF);
    sink.pending = 0;
    sink.window = 0;
}

/// Lane and state slot of element i among `lanes` lanes (02 section 3.5).
JPEGAI_HD constexpr std::uint64_t lane_of(std::uint64_t i, std::uint64_t lanes) {
    return i % lanes;
}
JPEGAI_HD constexpr unsigned slot_of(std::uint64_t i, std::uint64_t lanes) {
    return lanes == 1 ? static_cast<unsigned>(i & 1) : 0U;
}
/// The up to four elements first, first + step, ... of a lane that are coded together (02 section 3.5).
struct Unit {
    std::size_t lane, first, step, count;
};

/// Elements before this one are coded in groups of four per lane, the others singly (02 section 3.5).
JPEGAI_HD constexpr std::uint64_t grouped_elements(std::uint64_t elements, std::uint64_t lanes) {
    return elements / (4 * lanes) * (4 * lanes);
}

}  // namespace jpegai::me_tans
