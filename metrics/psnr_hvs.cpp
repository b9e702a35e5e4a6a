// PSNR-HVS and PSNR-HVS-M.
#include <algorithm>
#include <cmath>
#include <numbers>

#include "metrics/planes.h"

namespace jpegai::metrics {
namespace {

constexpr std::size_t kSide = 8, kCoefficients = kSide * kSide;
using Block = std::array<float, kCoefficients>;

/// Contrast sensitivity per coefficient, from the published definition (JPEG's luminance quantiser seen as visibility).
constexpr Block kSensitivity = {
    1.608443F, 2.339554F, 2.573509F, 1.608443F, 1.072295F, 0.643377F, 0.504610F, 0.421887F,  //
    2.144591F, 2.144591F, 1.838221F, 1.354478F, 0.989811F, 0.443708F, 0.428918F, 0.467911F,  //
    1.838221F, 1.979622F, 1.608443F, 1.072295F, 0.643377F, 0.451493F, 0.372972F, 0.459555F,  //
    1.838221F, 1.513829F, 1.169777F, 0.887417F, 0.504610F, 0.295806F, 0.321689F, 0.415082F,  //
    1.429727F, 1.169777F, 0.695543F, 0.459555F, 0.378457F, 0.236102F, 0.249855F, 0.334222F,  //
    1.072295F, 0.735288F, 0.467911F, 0.402111F, 0.317717F, 0.247453F, 0.227744F, 0.279729F,  //
    0.525206F, 0.402111F, 0.329937F, 0.295806F, 0.249855F, 0.212687F, 0.214459F, 0.254803F,  //
    0.357432F, 0.279729F, 0.270896F, 0.262603F, 0.229778F, 0.257351F, 0.249855F, 0.259950F};
/// How strongly a coefficient masks others.
constexpr Block kMasking = {0.390625F, 0.826446F, 1.000000F, 0.390625F, 0.173611F, 0.062500F, 0.038447F, 0.026874F,  //
                            0.694444F, 0.694444F, 0.510204F, 0.277008F, 0.147929F, 0.029727F, 0.027778F, 0.033058F,  //
                            0.510204F, 0.591716F, 0.390625F, 0.173611F, 0.062500F, 0.030779F, 0.021004F, 0.031888F,  //
                            0.510204F, 0.346021F, 0.206612F, 0.118906F, 0.038447F, 0.013212F, 0.015625F, 0.026015F,  //
                            0.308642F, 0.206612F, 0.073046F, 0.031888F, 0.021626F, 0.008417F, 0.009426F, 0.016866F,  //
                            0.173611F, 0.081633F, 0.033058F, 0.024414F, 0.015242F, 0.009246F, 0.007831F, 0.011815F,  //
                            0.041649F, 0.024414F, 0.016437F, 0.013212F, 0.009426F, 0.006830F, 0.006944F, 0.009803F,  //
                            0.019290F, 0.011815F, 0.011080F, 0.010412F, 0.007972F, 0.010000F, 0.009426F, 0.010203F};

/// Row k holds the k-th basis function of the orthonormal DCT-II.
Block dct_matrix() {
    Block matrix{};
    for (std::size_t k = 0; k < kSide; ++k) {
        for (std::size_t x = 0; x < kSide; ++x) {
            const double angle = std::numbers::pi * static_cast<double>(k * (2 * x + 1)) / 16;
            matrix[k * kSide + x] = static_cast<float>(std::cos(angle) * (k == 0 ? std::sqrt(0.125) : 0.5));
        }
    }
    return matrix;
}

Block dct(const Block& in, const Block& matrix) {
    Block half{}, out{};
    for (std::size_t k = 0; k < kSide; ++k) {
        for (std::size_t y = 0; y < kSide; ++y) {
            for (std::size_t x = 0; x < kSide; ++x) half[k * kSide + x] += matrix[k * kSide + y] * in[y * kSide + x];
        }
    }
    Block transposed{};
    for (std::size_t k = 0; k < kSide; ++k) {
        for (std::size_t x = 0; x < kSide; ++x) transposed[x * kSide + k] = matrix[k * kSide + x];
    }
    for (std::size_t y = 0; y < kSide; ++y) {
        for (std::size_t x = 0; x < kSide; ++x) {
            for (std::size_t k = 0; k < kSide; ++k)
                out[y * kSide + k] += half[y * kSide + x] * transposed[x * kSide + k];
        }
    }
    return out;
}

/// Sample variance (divisor n - 1) times n of `side` x `side` samples.
double variation(const float* at, std::size_t side) {
    const auto n = static_cast<double>(side * side);
    double sum = 0, squares = 0;
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) sum += static_cast<double>(at[y * kSide + x]);
    }
    for (std::size_t y = 0; y < side; ++y) {
        for (std::size_t x = 0; x < side; ++x) {
            const double d = static_cast<double>(at[y * kSide + x]) - sum / n;
            squares += d * d;
        }
    }
    return squares / (n - 1) * n;
}

/// Masking effect of a block: the energy of its AC coefficients, less where only a part of the block varies.
double masking(const Block& block, const Block& coefficients) {
    double energy = 0;
    for (std::size_t i = 1; i < kCoefficients; ++i)
        energy += static_cast<double>(coefficients[i] * coefficients[i] * kMasking[i]);
    const double whole = variation(block.data(), kSide);
    if (whole == 0) return 0;
    double parts = 0;
    for (const std::size_t corner : {std::size_t{0}, kSide / 2, kSide * kSide / 2, kSide * kSide / 2 + kSide / 2})
        parts += variation(block.data() + corner, kSide / 2);
    return std::sqrt(energy * parts / whole) / 32;
}

/// The block at (y, x), the last row and column repeated where it sticks out.
Block block_at(const Plane& plane, std::size_t y, std::size_t x) {
    Block block{};
    for (std::size_t i = 0; i < kSide; ++i) {
        const float* row = plane.row(0, std::min(y + i, plane.rows() - 1));
        for (std::size_t j = 0; j < kSide; ++j) block[i * kSide + j] = row[std::min(x + j, plane.cols() - 1)];
    }
    return block;
}

double decibel(double mse) {
    return mse == 0 ? 100 : std::min(-10 * std::log10(mse), 100.0);
}

}  // namespace

HvsResult psnr_hvs(const Plane& a, const Plane& b) {
    const Block matrix = dct_matrix();
    double hvs = 0, hvs_m = 0;
    for (std::size_t y = 0; y < a.rows(); y += kSide) {
        for (std::size_t x = 0; x < a.cols(); x += kSide) {
            const Block first = block_at(a, y, x), second = block_at(b, y, x);
            const Block dct_a = dct(first, matrix), dct_b = dct(second, matrix);
            const double mask = std::max(masking(first, dct_a), masking(second, dct_b));
            for (std::size_t i = 0; i < kCoefficients; ++i) {
                const double seen = static_cast<double>(kSensitivity[i]);
                const double difference = std::fabs(static_cast<double>(dct_a[i] - dct_b[i]));
                // The mean of the block is never masked.
                const double hidden = i == 0 ? 0 : mask / static_cast<double>(kMasking[i]);
                const double visible = std::max(difference - hidden, 0.0);
                hvs += difference * seen * difference * seen;
                hvs_m += visible * seen * visible * seen;
            }
        }
    }
    const auto blocks = static_cast<double>(((a.rows() + 7) / kSide) * ((a.cols() + 7) / kSide) * kCoefficients);
    return {decibel(hvs / blocks), decibel(hvs_m / blocks)};
}

}  // namespace jpegai::metrics
