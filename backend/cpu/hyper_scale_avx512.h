// What the two AVX-512 variants of the hyper-scale decoder share.
#pragma once

#include <immintrin.h>

#include "backend/cpu/hyper_scale_tile.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

struct HsAvx512 {
    using Vec = __m512i;
    static constexpr std::size_t kLanes = 16;

    static Vec load(const std::int32_t* values) { return _mm512_loadu_si512(values); }
    static Vec weights(const std::int8_t* values) { return _mm512_loadu_si512(values); }
    static Vec broadcast(const std::uint8_t* word) {
        std::int32_t value;
        __builtin_memcpy(&value, word, 4);
        return _mm512_set1_epi32(value);
    }
    static void store_hidden(Vec acc, Vec shift, std::uint8_t* target, std::size_t plane) {
        acc = _mm512_srav_epi32(acc, shift);
        acc = _mm512_min_epi32(_mm512_max_epi32(acc, _mm512_setzero_si512()), _mm512_set1_epi32(127));
        const __m128i bytes = _mm512_cvtepi32_epi8(acc);
        const int words[4] = {_mm_extract_epi32(bytes, 0), _mm_extract_epi32(bytes, 1), _mm_extract_epi32(bytes, 2),
                              _mm_extract_epi32(bytes, 3)};
        for (std::size_t group = 0; group < 4; ++group) __builtin_memcpy(target + group * plane, &words[group], 4);
    }
    static void store_scale(Vec acc, Vec shift, std::int16_t* target, std::size_t stride) {
        // |INT32_MIN| stays INT32_MIN, whose lower half, all that is stored, is the 0 that the clip asks for.
        acc = _mm512_abs_epi32(_mm512_srav_epi32(acc, shift));
        acc = _mm512_min_epi32(acc, _mm512_set1_epi32(kScaleLogMax));
        const __m256i values = _mm512_cvtepi32_epi16(acc);
        const __m128i upper = _mm256_castsi256_si128(values), lower = _mm256_extracti128_si256(values, 1);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(target), upper);
        _mm_storeh_pd(reinterpret_cast<double*>(target + stride), _mm_castsi128_pd(upper));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(target + 2 * stride), lower);
        _mm_storeh_pd(reinterpret_cast<double*>(target + 3 * stride), _mm_castsi128_pd(lower));
    }
};

}  // namespace
}  // namespace jpegai
