#include "encoder/filters/choose_lef.h"

#include <algorithm>
#include <array>
#include <vector>

#include "base/error.h"
#include "decoder/filters/lef.h"
#include "encoder/filters/plane_error.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::size_t kLevels = 4;  ///< gain 1 and three above it

/// A scale that gets gain level 0..3 of the model, found by the filter's thresholds (04 section 6).
constexpr std::array<std::array<std::int16_t, kLevels>, kModels> kScaleOfLevel = {
    {{0, 600, 1200, 2000}, {0, 800, 1400, 2400}, {0, 1000, 1600, 2800}, {0, 1200, 2000, 3200}}};

std::size_t level_of(std::size_t model_id, std::int16_t scale) {
    std::size_t level = 0;
    while (level + 1 < kLevels && scale >= kScaleOfLevel[model_id][level + 1]) ++level;
    return level;
}

/// Latent position of every sample along one side, as LEF maps them.
std::vector<std::size_t> latent_positions(std::size_t latent, std::size_t samples) {
    const float ratio = static_cast<float>(latent) / static_cast<float>(samples);
    std::vector<std::size_t> positions(samples);
    for (std::size_t i = 0; i < samples; ++i)
        positions[i] = std::min(static_cast<std::size_t>(static_cast<float>(i) * ratio), latent - 1);
    return positions;
}

/// Squared error of the samples of every latent position when all of them get the same level.
std::vector<double> errors_at_level(const Array3<float>& luma, const Array3<float>& original, std::size_t latent_rows,
                                    std::size_t latent_cols, std::size_t model_id, std::size_t level,
                                    const RowRunner& rows) {
    Array3<std::int16_t> flat(1, 1, 1);
    flat(0, 0, 0) = kScaleOfLevel[model_id][level];
    Array3<float> filtered = luma;
    apply_lef(filtered, flat, 0, model_id, rows);
    const std::vector<std::size_t> row_of = latent_positions(latent_rows, luma.rows()),
                                   col_of = latent_positions(latent_cols, luma.cols());
    std::vector<double> errors(latent_rows * latent_cols);
    for (std::size_t y = 0; y < luma.rows(); ++y) {
        const float *have = filtered.row(0, y), *want = original.row(0, y);
        double* out = errors.data() + row_of[y] * latent_cols;
        for (std::size_t x = 0; x < luma.cols(); ++x) {
            const double difference = double{have[x]} - double{want[x]};
            out[col_of[x]] += difference * difference;
        }
    }
    return errors;
}

}  // namespace

LefChoice choose_lef(const Array3<float>& luma, const Array3<float>& original, const Array3<std::int16_t>& scale_log,
                     std::size_t model_id, const RowRunner& rows) {
    if (luma.empty() || scale_log.empty() || luma.rows() != original.rows() || luma.cols() != original.cols() ||
        model_id >= kModels) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "LEF decision: planes do not fit");
    }
    std::array<std::vector<double>, kLevels> errors;
    for (std::size_t level = 0; level < kLevels; ++level) {
        errors[level] = errors_at_level(luma, original, scale_log.rows(), scale_log.cols(), model_id, level, rows);
    }
    LefChoice best;
    for (std::size_t c = 0; c < std::min(scale_log.channels(), kLatentChannels[kPrimary]); ++c) {
        double error = 0;
        for (std::size_t i = 0; i < scale_log.plane_size(); ++i)
            error += errors[level_of(model_id, scale_log.plane(c)[i])][i];
        if (c == 0 || error < best.squared_error) best = {static_cast<std::uint8_t>(c), error};
    }
    return best;
}

std::uint8_t reference_lef_channel(const Array3<std::int16_t>& scale_log) {
    std::size_t best = 0;
    std::int64_t largest = 0;
    for (std::size_t c = 0; c < std::min(scale_log.channels(), kLatentChannels[kPrimary]); ++c) {
        std::int64_t sum = 0;
        for (std::size_t i = 0; i < scale_log.plane_size(); ++i) sum += scale_log.plane(c)[i];
        if (c == 0 || sum > largest) {
            largest = sum;
            best = c;
        }
    }
    return static_cast<std::uint8_t>(best);
}

}  // namespace jpegai
