#include "decoder/scale_rows.h"

#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::int16_t kHalf = 1 << (kSigmaPrecision - 1);
constexpr std::size_t kStep = 16;

/// Index of one latent with the bits of kNotCoded set where it is not coded.
inline std::uint8_t table_entry(std::int16_t skip, std::int16_t add, std::int16_t masked) {
    auto index = static_cast<std::int16_t>(static_cast<std::int16_t>(skip + add + kHalf) >> kSigmaPrecision);
    index = index < 0 ? std::int16_t{0} : index;
    index = index > kSigmaTables - 1 ? std::int16_t{kSigmaTables - 1} : index;
    const auto below = static_cast<std::int16_t>(skip > kSkipThreshold ? 0 : -1);
    return static_cast<std::uint8_t>(index | (below & masked));
}

/// The next 16 values of a row: a loop of known length, which needs no remainder.
inline void add_step(const std::int16_t* __restrict s0, std::int16_t gain, std::int16_t* __restrict skip) {
    for (std::size_t x = 0; x < kStep; ++x) skip[x] = static_cast<std::int16_t>(s0[x] + gain);
}

inline void add_step(const std::int16_t* __restrict s0, std::int16_t gain, const std::int16_t* __restrict quality,
                     std::int16_t* __restrict skip) {
    for (std::size_t x = 0; x < kStep; ++x) skip[x] = static_cast<std::int16_t>(s0[x] + gain + quality[x]);
}

inline void table_step(const std::int16_t* __restrict skip, const std::int16_t* __restrict add,
                       std::uint8_t* __restrict table) {
    for (std::size_t x = 0; x < kStep; ++x) table[x] = table_entry(skip[x], add[x], -1);
}

inline void table_step(const std::int16_t* __restrict skip, const std::int16_t* __restrict add,
                       const std::int16_t* __restrict masked, std::uint8_t* __restrict table) {
    for (std::size_t x = 0; x < kStep; ++x) table[x] = table_entry(skip[x], add[x], masked[x]);
}

inline void gain_table_step(const std::int16_t* __restrict s0, std::int16_t gain, std::int16_t add,
                            std::uint8_t* __restrict table) {
    for (std::size_t x = 0; x < kStep; ++x) table[x] = table_entry(static_cast<std::int16_t>(s0[x] + gain), add, -1);
}

inline void gain_table_step(const std::int16_t* __restrict s0, std::int16_t gain, std::int16_t add,
                            const std::int16_t* __restrict masked, std::uint8_t* __restrict table) {
    for (std::size_t x = 0; x < kStep; ++x) {
        table[x] = table_entry(static_cast<std::int16_t>(s0[x] + gain), add, masked[x]);
    }
}

template <class Step>
inline void for_steps(std::size_t rows, std::size_t count, const Step& step) {
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t x = 0; x < count; x += kStep) step(y, x);
    }
}

}  // namespace

void add_gain(Rows<const std::int16_t> s0, std::int16_t gain, Rows<const std::int16_t> quality, std::size_t rows,
              std::size_t count, Rows<std::int16_t> skip) {
    if (quality.data == nullptr) {
        for_steps(rows, count, [=](std::size_t y, std::size_t x) {
            add_step(s0.data + y * s0.stride + x, gain, skip.data + y * skip.stride + x);
        });
    } else {
        for_steps(rows, count, [=](std::size_t y, std::size_t x) {
            add_step(s0.data + y * s0.stride + x, gain, quality.data + y * quality.stride + x,
                     skip.data + y * skip.stride + x);
        });
    }
}

void sum_rows(Rows<const std::int16_t> skip, std::size_t count, std::int32_t* __restrict sums) {
    for (std::size_t x = 0; x < count; x += kStep) {
        for (std::size_t i = x; i < x + kStep; ++i) {
            std::int32_t sum = 0;
            for (std::size_t y = 0; y < 8; ++y) sum += skip.data[y * skip.stride + i];
            sums[i] = sum;
        }
    }
}

void table_rows(Rows<const std::int16_t> skip, const std::int16_t* add, Rows<const std::int16_t> masked,
                std::size_t rows, std::size_t count, Rows<std::uint8_t> table) {
    if (masked.data == nullptr) {
        for_steps(rows, count, [=](std::size_t y, std::size_t x) {
            table_step(skip.data + y * skip.stride + x, add + x, table.data + y * table.stride + x);
        });
    } else {
        for_steps(rows, count, [=](std::size_t y, std::size_t x) {
            table_step(skip.data + y * skip.stride + x, add + x, masked.data + y * masked.stride + x,
                       table.data + y * table.stride + x);
        });
    }
}

void gain_table_rows(Rows<const std::int16_t> s0, std::int16_t gain, std::int16_t add, Rows<const std::int16_t> masked,
                     std::size_t rows, std::size_t count, Rows<std::uint8_t> table) {
    if (masked.data == nullptr) {
        for_steps(rows, count, [=](std::size_t y, std::size_t x) {
            gain_table_step(s0.data + y * s0.stride + x, gain, add, table.data + y * table.stride + x);
        });
    } else {
        for_steps(rows, count, [=](std::size_t y, std::size_t x) {
            gain_table_step(s0.data + y * s0.stride + x, gain, add, masked.data + y * masked.stride + x,
                            table.data + y * table.stride + x);
        });
    }
}

}  // namespace jpegai
