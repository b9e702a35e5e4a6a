// The 32 residual distributions of me-tANS as literal data (02 section 4). They are normative as they stand: most rows
// were tuned by hand and cannot be derived from a formula, and ten of them are not symmetric in sign.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "spec/constants.h"

namespace jpegai {

/// `length` consecutive columns of probability `mass` / 256.
/// Columns 2k and 2k + 1 stand for the values +k and -(k + 1).
struct AnsRun {
    std::uint16_t mass;
    std::uint16_t length;
};

/// One distribution: masses sum to 256 over 2 * bound columns, the last of which (value -bound) is the escape.
struct AnsRow {
    std::uint8_t bound;
    std::array<AnsRun, 15> runs;  ///< unused runs have length 0
};

/// Indexed by sigma_idx (02 section 4).
// clang-format off
inline constexpr std::array<AnsRow, kSigmaTables> kAnsRows = {{
    {1, {{{255, 1}, {1, 1}}}},
    {1, {{{255, 1}, {1, 1}}}},
    {1, {{{255, 1}, {1, 1}}}},
    {2, {{{251, 1}, {2, 2}, {1, 1}}}},
    {2, {{{245, 1}, {5, 2}, {1, 1}}}},
    {2, {{{231, 1}, {12, 2}, {1, 1}}}},
    {2, {{{211, 1}, {22, 2}, {1, 1}}}},
    {2, {{{188, 1}, {33, 1}, {34, 1}, {1, 1}}}},
    {3, {{{157, 1}, {48, 2}, {1, 3}}}},
    {3, {{{134, 1}, {57, 1}, {56, 1}, {4, 2}, {1, 1}}}},
    {4, {{{111, 1}, {61, 2}, {10, 2}, {1, 3}}}},
    {4, {{{94, 1}, {62, 1}, {61, 1}, {17, 2}, {2, 2}, {1, 1}}}},
    {5, {{{77, 1}, {58, 2}, {24, 2}, {6, 2}, {1, 3}}}},
    {6, {{{63, 1}, {52, 2}, {29, 2}, {11, 2}, {3, 2}, {1, 3}}}},
    {7, {{{52, 1}, {46, 2}, {31, 1}, {30, 1}, {16, 2}, {6, 2}, {2, 2}, {1, 3}}}},
    {8, {{{43, 1}, {39, 2}, {30, 2}, {19, 2}, {10, 2}, {5, 2}, {2, 2}, {1, 3}}}},
    {9, {{{35, 1}, {33, 2}, {28, 2}, {21, 2}, {13, 2}, {8, 2}, {4, 2}, {2, 2}, {1, 3}}}},
    {11, {{{29, 1}, {28, 2}, {25, 2}, {20, 2}, {15, 2}, {10, 2}, {7, 2}, {4, 2}, {2, 2}, {1, 5}}}},
    {13, {{{24, 1}, {23, 2}, {21, 2}, {19, 1}, {18, 1}, {15, 2}, {12, 2}, {9, 2}, {6, 2}, {4, 2}, {3, 2},
          {2, 2}, {1, 5}}}},
    {16, {{{19, 3}, {18, 2}, {17, 2}, {15, 2}, {12, 2}, {10, 2}, {8, 2}, {6, 2}, {4, 2}, {3, 2}, {2, 2},
          {1, 9}}}},
    {18, {{{17, 1}, {16, 4}, {15, 2}, {13, 2}, {12, 2}, {10, 2}, {9, 2}, {7, 2}, {6, 2}, {4, 2}, {3, 2},
          {2, 4}, {1, 9}}}},
    {22, {{{14, 1}, {13, 4}, {12, 4}, {11, 2}, {10, 2}, {9, 2}, {8, 2}, {6, 2}, {5, 2}, {4, 1}, {5, 1}, {4, 2},
          {3, 2}, {2, 4}, {1, 13}}}},
    {26, {{{11, 5}, {10, 6}, {9, 2}, {8, 2}, {7, 4}, {6, 2}, {5, 4}, {4, 2}, {3, 4}, {2, 6}, {1, 15}}}},
    {32, {{{9, 7}, {8, 6}, {7, 4}, {6, 4}, {5, 4}, {4, 6}, {3, 4}, {2, 8}, {1, 21}}}},
    {38, {{{7, 13}, {6, 6}, {5, 8}, {4, 6}, {3, 6}, {2, 10}, {1, 27}}}},
    {46, {{{6, 9}, {5, 1}, {6, 1}, {5, 12}, {4, 10}, {3, 10}, {2, 12}, {1, 37}}}},
    {55, {{{5, 9}, {4, 22}, {3, 14}, {2, 16}, {1, 49}}}},
    {65, {{{4, 16}, {3, 27}, {2, 24}, {1, 63}}}},
    {77, {{{3, 33}, {2, 36}, {1, 85}}}},
    {92, {{{2, 72}, {1, 112}}}},
    {106, {{{2, 44}, {1, 168}}}},
    {128, {{{1, 256}}}},
}};
// clang-format on

/// Probability masses of one row, column by column; columns beyond 2 * bound are 0.
[[nodiscard]] constexpr std::array<std::uint8_t, 256> ans_masses(const AnsRow& row) noexcept {
    std::array<std::uint8_t, 256> masses{};
    std::size_t column = 0;
    for (const AnsRun& run : row.runs) {
        for (std::size_t i = 0; i < run.length; ++i) masses[column++] = static_cast<std::uint8_t>(run.mass);
    }
    return masses;
}

}  // namespace jpegai
