#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "decoder/latents.h"
#include "spec/scale_tables.h"

namespace jpegai {
namespace {

std::size_t lsbs_bucket(int likely) {
    return static_cast<std::size_t>((likely > kLsbsThresholds[0]) + (likely > kLsbsThresholds[1]));
}

/// The operations and their order are normative: each one rounds to float.
void correct(float* __restrict y, const float* __restrict residual, float mean_factor, float residual_factor,
             std::size_t count) {
    for (std::size_t x = 0; x < count; ++x) {
        const float mean_part = mean_factor * (y[x] - residual[x]);
        y[x] = y[x] + (mean_part + residual_factor * residual[x]) / kLsbsDivisor;
    }
}

}  // namespace

LsbsFactors lsbs_factors(std::size_t model_id) {
    LsbsFactors factors{};
    std::copy_n(std::begin(kLsbsThresholds), factors.threshold.size(), factors.threshold.begin());
    std::copy_n(std::begin(kLsbsMeanFactor[model_id]), factors.mean.size(), factors.mean.begin());
    std::copy_n(std::begin(kLsbsResidualFactor[model_id]), factors.residual.size(), factors.residual.begin());
    factors.divisor = kLsbsDivisor;
    return factors;
}

void apply_lsbs(Array3<float>& y, const Array3<float>& residual, const Array3<std::int16_t>& rvs_likely,
                std::size_t model_id) {
    constexpr std::size_t kBlock = kAnalysisBlock;
    const bool same_size =
        y.channels() == residual.channels() && y.rows() == residual.rows() && y.cols() == residual.cols();
    if (!same_size || model_id >= kModels || rvs_likely.channels() != y.channels() ||
        rvs_likely.rows() != ceil_div(y.rows(), kBlock) || rvs_likely.cols() != ceil_div(y.cols(), kBlock)) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "LSBS: arrays do not fit together");
    }
    for (std::size_t c = 0; c < y.channels(); ++c) {
        for (std::size_t row = 0; row < y.rows(); ++row) {
            const std::int16_t* likely = rvs_likely.row(c, row / kBlock);
            for (std::size_t col = 0; col < y.cols(); col += kBlock) {
                const std::size_t bucket = lsbs_bucket(likely[col / kBlock]);
                correct(y.row(c, row) + col, residual.row(c, row) + col, kLsbsMeanFactor[model_id][bucket],
                        kLsbsResidualFactor[model_id][bucket], std::min(kBlock, y.cols() - col));
            }
        }
    }
}

}  // namespace jpegai
