#include "bitstream/me_tans_kernels.h"

#include <algorithm>
#include <vector>

#include "bitstream/me_tans.h"
#include "bitstream/me_tans_tables.h"
#define JPEGAI_LIST_PORTABLE
#include "bitstream/me_tans_kernels_impl.h"

namespace jpegai::me_tans {

#if defined(JPEGAI_ME_TANS_X86)
extern const Kernels kKernelsSse2;
extern const Kernels kKernelsBmi2;
extern const Kernels kKernelsAvx512;
#endif

namespace {

constexpr Kernels kKernelsPortable = make_kernels("portable");

std::uint32_t fast_word(std::uint32_t word, std::int32_t escape) {
    const std::int32_t symbol = word_symbol(word);
    return word_base(word) << 24 | (static_cast<std::uint32_t>(symbol) & 0xFF) << 16 |
           (symbol == escape ? kFastEscape : 0) | (63 - word_bits(word));
}

FastTable make_fast_table() {
    FastTable table;
    for (std::uint32_t state = 0; state < 256; ++state) table.words[state] = state << 24 | 63;
    for (std::size_t row = 0; row < kSigmaTables; ++row) {
        for (std::size_t state = 0; state < 256; ++state) {
            table.words[256 * (1 + row) + state] =
                fast_word(residual_decode_tables()[row][state], -std::int32_t{residual_bounds()[row]});
        }
    }
    return table;
}

FastEncodeTable make_fast_encode_tables() {
    FastEncodeTable tables;
    for (std::uint32_t row = 0; row < kSigmaTables; ++row) {
        const std::int32_t bound = residual_bounds()[row];
        tables.bounds[row] = residual_bounds()[row];
        std::copy_n(residual_state_maps()[row].data(), 256, tables.maps + 256 * row);
        for (std::int32_t value = -128; value <= 128; ++value) {
            const bool escape = value >= bound || value <= -bound;
            const auto column = static_cast<std::size_t>((escape ? -bound : value) + 128);
            tables.words[row][value + 128] =
                residual_encode_tables()[row][column] | row << 8 | (escape ? kEncodeEscape : 0);
        }
    }
    return tables;
}

std::vector<const Kernels*> find_kernels() {
    std::vector<const Kernels*> found = {&kKernelsPortable};
#if defined(JPEGAI_ME_TANS_X86)
    const bool bmi2 = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vbmi2");
    found.push_back(&kKernelsSse2);
    if (bmi2) found.push_back(&kKernelsBmi2);
    if (bmi2 && avx512) found.push_back(&kKernelsAvx512);
#endif
    return found;
}

}  // namespace

const FastTable& fast_tables() {
    static const FastTable table = make_fast_table();
    return table;
}

const FastEncodeTable& fast_encode_tables() {
    static const FastEncodeTable tables = make_fast_encode_tables();
    return tables;
}

std::span<const Kernels* const> available_kernels() {
    static const std::vector<const Kernels*> found = find_kernels();
    return found;
}

const Kernels& best_kernels() {
    return *available_kernels().back();
}

}  // namespace jpegai::me_tans
