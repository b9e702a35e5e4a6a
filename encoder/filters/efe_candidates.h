// Filters of EFE-linear that the encoder considers, and the coded sets made of them.
#pragma once

#include <vector>

#include "encoder/filters/efe_statistics.h"

namespace jpegai {

/// Code of weight 0, and codes per unit (04 section 3.1).
inline constexpr int kEfeZero = 32767, kEfeUnit = 2048;

/// round-half-even(w * 2048) + 32767, limited to 16 bits (04 section 3.6).
[[nodiscard]] int efe_code(double weight);

/// A filter of one plane with quantised weights.
struct EfeCandidate {
    std::size_t split = 0;                ///< 0..7
    std::size_t length = 0;               ///< 1..4; 0: no coded filter (best_cand_idx 0)
    std::vector<std::vector<int>> codes;  ///< per region: weights, then weights2, each 0..65535
    std::uint16_t b1 = 0;                 ///< mean times 100
    double squared_error = 0;             ///< predicted, over the plane

    [[nodiscard]] std::size_t weight_count() const;
    /// Smallest and largest code; {65535, 0} without a filter.
    [[nodiscard]] std::array<int, 2> range() const;
};

/// Weights of a region's codes.
[[nodiscard]] std::vector<double> efe_weights(const std::vector<int>& codes);

/// The filter that changes least: weight 0 where chroma is coded at the source's resolution (which then needs a
/// filter), no coded filter otherwise, which leaves DCT-IF (04 sections 3.3 and 3.5).
[[nodiscard]] EfeCandidate efe_plain_candidate(const EfeStatistics& statistics, std::size_t plane, std::uint16_t b1);

/// Least squares filters of a plane (0 U, 1 V) for every split without empty region, every length and several strengths
/// of regularisation, which trade accuracy for a smaller range of the codes. The plain one comes first. The mean, of
/// which the filter needs nothing but that the decoder uses the same, serves as a free constant term: several values
/// are tried for each candidate. `b1` is the mean that the statistics were made with.
[[nodiscard]] std::vector<EfeCandidate> efe_candidates(const EfeStatistics& statistics, std::size_t plane,
                                                       std::uint16_t b1);

/// The coded set of two filters (U, V) with the true minimum and span.
[[nodiscard]] EfeLinearSet efe_set(const std::array<const EfeCandidate*, 2>& filters, bool same_format);

/// Bits of the set's syntax (04 section 2).
[[nodiscard]] std::size_t efe_set_bits(const std::array<const EfeCandidate*, 2>& filters);

/// Index of the pair of candidates with the least weight[0] * error(U) + weight[1] * error(V) + sse_per_bit * bits of
/// the set.
[[nodiscard]] std::array<std::size_t, 2> best_efe_pair(const std::vector<EfeCandidate>& u,
                                                       const std::vector<EfeCandidate>& v,
                                                       const std::array<double, 2>& weight, double sse_per_bit);

}  // namespace jpegai
