#include "decoder/scale_rows.h"

#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::int16_t kHalf = 1 << (kSigmaPrecision - 1);

/// Index of one latent with the bits of kNotCoded set where it is not coded.
inline std::uint8_t table_entry(std::int16_t skip, std::int16_t add, std::int16_t masked) {
    auto index = static_cast<std::int16_t>(static_cast<std::int16_t>(skip + add + kHalf) >> kSigmaPrecision);
    index = index < 0 ? std::int16_t{0} : index;
    index = index > kSigmaTables - 1 ? std::int16_t{kSigmaTables - 1} : index;
    const auto below = static_cast<std::int16_t>(skip > kSkipThreshold ? 0 : -1);
    return static_cast<std::uint8_t>(index | (below & masked));
}

}  // namespace

void add_gain(const std::int16_t* __restrict s0, std::int16_t gain, std::size_t count, std::int16_t* __restrict skip) {
    for (std::size_t x = 0; x < count; ++x) skip[x] = static_cast<std::int16_t>(s0[x] + gain);
}

void add_gain_and_quality(const std::int16_t* __restrict s0, std::int16_t gain, const std::int16_t* __restrict quality,
                          std::size_t count, std::int16_t* __restrict skip) {
    for (std::size_t x = 0; x < count; ++x) skip[x] = static_cast<std::int16_t>(s0[x] + gain + quality[x]);
}

void sum_rows(const std::int16_t* __restrict rows, std::size_t stride, std::size_t count,
              std::int32_t* __restrict sums) {
    for (std::size_t x = 0; x < count; ++x) {
        std::int32_t sum = 0;
        for (std::size_t y = 0; y < 8; ++y) sum += rows[y * stride + x];
        sums[x] = sum;
    }
}

void table_row(const std::int16_t* __restrict skip, const std::int16_t* __restrict add,
               const std::int16_t* __restrict masked, std::size_t count, std::uint8_t* __restrict table) {
    if (masked == nullptr) {
        for (std::size_t x = 0; x < count; ++x) table[x] = table_entry(skip[x], add[x], -1);
    } else {
        for (std::size_t x = 0; x < count; ++x) table[x] = table_entry(skip[x], add[x], masked[x]);
    }
}

}  // namespace jpegai
