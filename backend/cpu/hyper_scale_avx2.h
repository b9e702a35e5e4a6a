// What the two 256-bit variants of the hyper-scale decoder share.
#pragma once

#include <immintrin.h>

#include "backend/cpu/hyper_scale_tile.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

struct HsAvx2 {
    using Vec = __m256i;
    static constexpr std::size_t kLanes = 8;

    static Vec load(const std::int32_t* values) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values)); }
    static Vec weights(const std::int8_t* values) {
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
    }
    static Vec broadcast(const std::uint8_t* word) {
        std::int32_t value;
        __builtin_memcpy(&value, word, 4);
        return _mm256_set1_epi32(value);
    }
    static void store_hidden(Vec acc, Vec shift, std::uint8_t* target, std::size_t plane) {
        acc = _mm256_srav_epi32(acc, shift);
        acc = _mm256_min_epi32(_mm256_max_epi32(acc, _mm256_setzero_si256()), _mm256_set1_epi32(127));
        const __m256i words = _mm256_packs_epi32(acc, acc);
        const __m256i bytes = _mm256_packus_epi16(words, words);
        const int first = _mm256_extract_epi32(bytes, 0), second = _mm256_extract_epi32(bytes, 4);
        __builtin_memcpy(target, &first, 4);
        __builtin_memcpy(target + plane, &second, 4);
    }
    static void store_scale(Vec acc, Vec shift, std::int16_t* target, std::size_t stride) {
        acc = _mm256_abs_epi32(_mm256_srav_epi32(acc, shift));
        acc = _mm256_min_epi32(_mm256_max_epi32(acc, _mm256_setzero_si256()), _mm256_set1_epi32(kScaleLogMax));
        const __m256i values = _mm256_packs_epi32(acc, acc);
        _mm_storel_epi64(reinterpret_cast<__m128i*>(target), _mm256_castsi256_si128(values));
        _mm_storel_epi64(reinterpret_cast<__m128i*>(target + stride), _mm256_extracti128_si256(values, 1));
    }
};

}  // namespace
}  // namespace jpegai
