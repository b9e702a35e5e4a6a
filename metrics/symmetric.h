// Eigenvectors of small symmetric matrices.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace jpegai::metrics {

inline constexpr std::size_t kMaxOrder = 10;
using SquareMatrix = std::array<std::array<double, kMaxOrder>, kMaxOrder>;

struct Eigen {
    std::array<double, kMaxOrder> value{};
    SquareMatrix vector{};  ///< column k belongs to value[k]
};

/// Rotates rows and columns p and q of `m` so that m[p][q] becomes 0, and the columns of `vector` with them.
inline void jacobi_rotate(SquareMatrix& m, SquareMatrix& vector, std::size_t order, std::size_t p, std::size_t q) {
    const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
    const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
    const double c = 1 / std::sqrt(t * t + 1), s = t * c;
    const auto rotate = [c, s](double& a, double& b) {
        const double old = a;
        a = c * old - s * b;
        b = s * old + c * b;
    };
    for (std::size_t k = 0; k < order; ++k) rotate(m[k][p], m[k][q]);
    for (std::size_t k = 0; k < order; ++k) rotate(m[p][k], m[q][k]);
    for (std::size_t k = 0; k < order; ++k) rotate(vector[k][p], vector[k][q]);
}

/// Cyclic Jacobi rotations on the leading `order` rows and columns of a symmetric matrix.
[[nodiscard]] inline Eigen symmetric_eigen(SquareMatrix m, std::size_t order) {
    Eigen eigen;
    for (std::size_t i = 0; i < order; ++i) eigen.vector[i][i] = 1;
    constexpr int kSweeps = 30;  // converges quadratically: about six are needed
    for (int sweep = 0; sweep < kSweeps; ++sweep) {
        double off = 0, diagonal = 0;
        for (std::size_t p = 0; p < order; ++p) {
            diagonal += m[p][p] * m[p][p];
            for (std::size_t q = 0; q < p; ++q) off += m[p][q] * m[p][q];
        }
        if (off <= 1e-30 * diagonal) break;
        for (std::size_t p = 0; p + 1 < order; ++p) {
            for (std::size_t q = p + 1; q < order; ++q) {
                if (m[p][q] != 0) jacobi_rotate(m, eigen.vector, order, p, q);
            }
        }
    }
    for (std::size_t i = 0; i < order; ++i) eigen.value[i] = m[i][i];
    return eigen;
}

}  // namespace jpegai::metrics
