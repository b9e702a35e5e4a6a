// Inner loops of the scale pipeline over one row of latents, written so that compilers vectorise them.
// Rows are padded: `count` may be rounded up to the next multiple of 16 as long as the arrays are that long.
#pragma once

#include <cstddef>
#include <cstdint>

namespace jpegai {

/// skip[x] = s0[x] + gain.
void add_gain(const std::int16_t* s0, std::int16_t gain, std::size_t count, std::int16_t* skip);

/// skip[x] = s0[x] + gain + quality[x].
void add_gain_and_quality(const std::int16_t* s0, std::int16_t gain, const std::int16_t* quality, std::size_t count,
                          std::int16_t* skip);

/// sums[x] = sum of 8 rows, `stride` values apart.
void sum_rows(const std::int16_t* rows, std::size_t stride, std::size_t count, std::int32_t* sums);

/// Distribution index of each latent, or kNotCoded (all ones) where skip[x] is at most the threshold and masked[x] is
/// all ones; `masked` is 0 at forced positions (cube flags) and may be null when there are none.
/// index = clip((skip + add + 64) >> 7, 0, 31).
void table_row(const std::int16_t* skip, const std::int16_t* add, const std::int16_t* masked, std::size_t count,
               std::uint8_t* table);

}  // namespace jpegai
