// Lists of the coded elements of a block for the kernels: with AVX-512 VBMI2, with SSE2, or portable
// (also on request, JPEGAI_LIST_PORTABLE). Included by me_tans_kernels_impl.h only, whose remarks on linkage hold here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "bitstream/me_tans_kernels.h"

#if defined(JPEGAI_LIST_PORTABLE)
#elif defined(__AVX512VBMI2__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#define JPEGAI_LIST_AVX512
#include <immintrin.h>
#elif defined(__SSE2__)
#define JPEGAI_LIST_SSE2
#include <emmintrin.h>
#endif

namespace jpegai::me_tans {
namespace {

/// Little-endian.
inline std::uint64_t load64(const std::uint8_t* bytes) {
    std::uint64_t value;
    std::memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    return value;
}

inline void store64(std::uint8_t* bytes, std::uint64_t value) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    value = __builtin_bswap64(value);
#endif
    std::memcpy(bytes, &value, sizeof value);
}

#if defined(JPEGAI_LIST_AVX512)

/// Lanes of `valid` that hold neither a distribution nor kNotCoded.
inline std::uint64_t bad_entries(__m512i entries, __mmask64 valid) {
    return _mm512_mask_cmpneq_epu8_mask(valid, entries, _mm512_set1_epi8(-1)) &
           _mm512_cmpge_epu8_mask(entries, _mm512_set1_epi8(32));
}

/// Appends the positions first + lane of the set bits of `coded`.
inline std::size_t append_positions(std::uint16_t* positions, std::size_t first, std::uint32_t coded) {
    const __m512i count = _mm512_set_epi16(31, 30, 29, 28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13,
                                           12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i all = _mm512_add_epi16(count, _mm512_set1_epi16(static_cast<short>(first)));
    _mm512_storeu_si512(positions, _mm512_maskz_compress_epi16(coded, all));
    return static_cast<std::size_t>(__builtin_popcount(coded));
}

inline __mmask64 first_lanes(std::size_t count) {
    return count >= 64 ? ~__mmask64{0} : (__mmask64{1} << count) - 1;
}

std::size_t list_coded(const std::uint8_t* table, std::size_t count, std::uint16_t* positions) {
    std::size_t found = 0;
    std::uint64_t bad = 0;
    for (std::size_t i = 0; i < count; i += 64) {
        const __mmask64 valid = first_lanes(count - i);
        const __m512i entries = _mm512_maskz_loadu_epi8(valid, table + i);
        const std::uint64_t coded = _mm512_mask_cmpneq_epu8_mask(valid, entries, _mm512_set1_epi8(-1));
        bad |= bad_entries(entries, valid);
        found += append_positions(positions + found, i, static_cast<std::uint32_t>(coded));
        found += append_positions(positions + found, i + 32, static_cast<std::uint32_t>(coded >> 32));
    }
    return bad == 0 ? found : kBadTable;
}

std::size_t list_coded_pairs(const std::uint8_t* table, std::size_t pairs, std::uint16_t* positions) {
    std::size_t found = 0;
    std::uint64_t bad = 0;
    for (std::size_t i = 0; i < pairs; i += 32) {
        const __mmask64 valid = first_lanes(2 * (pairs - i));
        const __m512i entries = _mm512_mask_loadu_epi8(_mm512_set1_epi8(-1), valid, table + 2 * i);
        bad |= bad_entries(entries, valid);
        found += append_positions(positions + found, i, _mm512_cmpneq_epu16_mask(entries, _mm512_set1_epi8(-1)));
    }
    return bad == 0 ? found : kBadTable;
}

#else

/// Positions of the set bits of a byte, in four 16-bit fields per word, and their number.
struct BitPositions {
    std::uint64_t fields[256][2];
    std::uint8_t count[256];

    constexpr BitPositions() : fields{}, count{} {
        for (unsigned mask = 0; mask < 256; ++mask) {
            unsigned found = 0;
            for (std::uint64_t bit = 0; bit < 8; ++bit) {
                if ((mask >> bit & 1) == 0) continue;
                fields[mask][found / 4] |= bit << (16 * (found % 4));
                ++found;
            }
            count[mask] = static_cast<std::uint8_t>(found);
        }
    }
};

constexpr BitPositions kBitPositions;

/// Four positions, the first in the lowest bits.
inline void store_positions(std::uint16_t* to, std::uint64_t four) {
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    four = four << 48 | (four & 0xFFFF0000) << 16 | (four >> 16 & 0xFFFF0000) | four >> 48;
#endif
    std::memcpy(to, &four, sizeof four);
}

/// Appends first + the positions of the bits of `mask`.
inline std::size_t append_positions(std::uint16_t* positions, std::size_t first, unsigned mask) {
    const std::uint64_t offset = first * 0x0001000100010001U;
    store_positions(positions, kBitPositions.fields[mask][0] + offset);
    store_positions(positions + 4, kBitPositions.fields[mask][1] + offset);
    return kBitPositions.count[mask];
}

#if defined(JPEGAI_LIST_SSE2)

/// Masks of 16 entries: not coded, and neither that nor a distribution.
struct Entries16 {
    unsigned not_coded, bad;

    explicit Entries16(__m128i entries)
        : not_coded(mask_of(_mm_cmpeq_epi8(entries, _mm_set1_epi8(-1)))),
          bad(~(not_coded | mask_of(_mm_cmpeq_epi8(_mm_min_epu8(entries, _mm_set1_epi8(31)), entries))) & 0xFFFF) {}

    static unsigned mask_of(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }
};

/// Up to 16 entries, the missing ones not coded.
inline __m128i load_entries(const std::uint8_t* table, std::size_t count) {
    if (count >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
    alignas(16) std::uint8_t entries[16];
    for (std::size_t i = 0; i < 16; ++i) entries[i] = i < count ? table[i] : 0xFF;
    return _mm_load_si128(reinterpret_cast<const __m128i*>(entries));
}

/// Appends first + the positions of the bits of `mask`, which has 16.
inline std::size_t append_16(std::uint16_t* positions, std::size_t first, unsigned mask) {
    const std::size_t found = append_positions(positions, first, mask & 0xFF);
    return found + append_positions(positions + found, first + 8, mask >> 8);
}

std::size_t list_coded(const std::uint8_t* table, std::size_t count, std::uint16_t* positions) {
    std::size_t found = 0;
    unsigned bad = 0;
    for (std::size_t i = 0; i < count; i += 16) {
        const Entries16 entries(load_entries(table + i, count - i));
        bad |= entries.bad;
        found += append_16(positions + found, i, ~entries.not_coded & 0xFFFF);
    }
    return bad == 0 ? found : kBadTable;
}

std::size_t list_coded_pairs(const std::uint8_t* table, std::size_t pairs, std::uint16_t* positions) {
    const __m128i none = _mm_set1_epi8(-1);
    std::size_t found = 0;
    unsigned bad = 0;
    for (std::size_t i = 0; i < pairs; i += 16) {
        const std::size_t left = 2 * (pairs - i);
        const __m128i low = load_entries(table + 2 * i, left);
        const __m128i high = left > 16 ? load_entries(table + 2 * i + 16, left - 16) : none;
        bad |= Entries16(low).bad | Entries16(high).bad;
        const __m128i not_coded = _mm_packs_epi16(_mm_cmpeq_epi16(low, none), _mm_cmpeq_epi16(high, none));
        found += append_16(positions + found, i, ~Entries16::mask_of(not_coded) & 0xFFFF);
    }
    return bad == 0 ? found : kBadTable;
}

#else

constexpr std::uint64_t kTopBits = 0x8080808080808080U;

/// Non-zero when one of eight entries is neither a distribution nor kNotCoded.
inline std::uint64_t bad_entries(std::uint64_t eight) {
    const std::uint64_t top = (eight & kTopBits) >> 7;
    const std::uint64_t not_coded = (top << 8) - top;  // 0xFF in the bytes with the top bit
    return (eight & (not_coded | 0x6060606060606060U)) ^ not_coded;
}

/// Bit i is set when byte i of eight entries is coded.
inline unsigned coded_mask(std::uint64_t eight) {
    return static_cast<unsigned>((((~eight & kTopBits) >> 7) * 0x0102040810204080U) >> 56);
}

/// Bit i is set when at least one entry of pair i of eight is coded.
inline unsigned coded_pair_mask(std::uint64_t low, std::uint64_t high) {
    // Per 16-bit field, bit 0 for pair k and bit 8 for pair k + 4; then bits 0..3 and 8..11 of the topmost field.
    const std::uint64_t fields =
        ((~(low & (low >> 8)) & 0x0080008000800080U) >> 7) | ((~(high & (high >> 8)) & 0x0080008000800080U) << 1);
    const auto mask = static_cast<unsigned>((fields * 0x0001000200040008U) >> 48);
    return (mask & 0x0F) | ((mask >> 4) & 0xF0);
}

/// Up to eight entries, the missing ones not coded.
inline std::uint64_t load_entries(const std::uint8_t* table, std::size_t count) {
    if (count >= 8) return load64(table);
    std::uint64_t entries = ~std::uint64_t{0};
    while (count-- > 0) entries = entries << 8 | table[count];
    return entries;
}

std::size_t list_coded(const std::uint8_t* table, std::size_t count, std::uint16_t* positions) {
    std::size_t found = 0;
    std::uint64_t bad = 0;
    for (std::size_t i = 0; i < count; i += 8) {
        const std::uint64_t entries = load_entries(table + i, count - i);
        bad |= bad_entries(entries);
        found += append_positions(positions + found, i, coded_mask(entries));
    }
    return bad == 0 ? found : kBadTable;
}

std::size_t list_coded_pairs(const std::uint8_t* table, std::size_t pairs, std::uint16_t* positions) {
    std::size_t found = 0;
    std::uint64_t bad = 0;
    for (std::size_t i = 0; i < pairs; i += 8) {
        const std::size_t left = 2 * (pairs - i);
        const std::uint64_t low = load_entries(table + 2 * i, left);
        const std::uint64_t high = left > 8 ? load_entries(table + 2 * i + 8, left - 8) : ~std::uint64_t{0};
        bad |= bad_entries(low) | bad_entries(high);
        found += append_positions(positions + found, i, coded_pair_mask(low, high));
    }
    return bad == 0 ? found : kBadTable;
}

#endif
#endif

}  // namespace
}  // namespace jpegai::me_tans
