// Inner loops of the scale pipeline over a few rows of latents, written so that compilers vectorise them.
// `count` is rounded up to a multiple of 16; all rows have to be that long, with any values in the excess.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jpegai {

/// Rows of one array, `stride` values apart.
template <class T>
struct Rows {
    T* data = nullptr;
    std::size_t stride = 0;
};

/// skip = s0 + gain + quality, for `rows` rows; `quality` may have no data.
void add_gain(Rows<const std::int16_t> s0, std::int16_t gain, Rows<const std::int16_t> quality, std::size_t rows,
              std::size_t count, Rows<std::int16_t> skip);

/// sums[x] = sum of 8 rows.
void sum_rows(Rows<const std::int16_t> skip, std::size_t count, std::int32_t* sums);

/// Distribution index of each latent, clip((skip + add[x] + 64) >> 7, 0, 31), or kNotCoded where skip is at most the
/// threshold and masked is all ones; `masked` is 0 at forced positions (cube flags) and may have no data (none forced).
void table_rows(Rows<const std::int16_t> skip, const std::int16_t* add, Rows<const std::int16_t> masked,
                std::size_t rows, std::size_t count, Rows<std::uint8_t> table);

/// add_gain and table_rows in one pass, where skip is not needed and add is the same everywhere.
void gain_table_rows(Rows<const std::int16_t> s0, std::int16_t gain, std::int16_t add, Rows<const std::int16_t> masked,
                     std::size_t rows, std::size_t count, Rows<std::uint8_t> table);

}  // namespace jpegai
