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
                if (m[p][q] == 0) continue;
                const double theta = (m[q][q] - m[p][p]) / (2 * m[p][q]);
                const double t = (theta >= 0 ? 1 : -1) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
                const double c = 1 / std::sqrt(t * t + 1), s = t * c;
                for (std::size_t k = 0; k < order; ++k) {
                    const double kp = m[k][p], kq = m[k][q];
                    m[k][p] = c * kp - s * kq;
                    m[k][q] = s * kp + c * kq;
                }
                for (std::size_t k = 0; k < order; ++k) {
                    const double pk = m[p][k], qk = m[q][k];
                    m[p][k] = c * pk - s * qk;
                    m[q][k] = s * pk + c * qk;
                }
                for (std::size_t k = 0; k < order; ++k) {
                    const double vp = eigen.vector[k][p], vq = eigen.vector[k][q];
                    eigen.vector[k][p] = c * vp - s * vq;
                    eigen.vector[k][q] = s * vp + c * vq;
                }
            }
        }
    }
    for (std::size_t i = 0; i < order; ++i) eigen.value[i] = m[i][i];
    return eigen;
}

}  // namespace jpegai::metrics
