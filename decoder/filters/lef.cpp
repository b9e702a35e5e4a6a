#include "decoder/filters/lef.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include <fmt/format.h>

#include "backend/picture_math.h"
#include "base/error.h"
#include "decoder/row_ops.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

/// Per model (04 section 6).
constexpr std::array<LefSteps, kModels> kSteps = {{{{600, 1200, 2000}, {1.10F, 1.13F, 1.16F}},
                                                   {{800, 1400, 2400}, {1.07F, 1.09F, 1.11F}},
                                                   {{1000, 1600, 2800}, {1.03F, 1.04F, 1.05F}},
                                                   {{1200, 2000, 3200}, {1.01F, 1.02F, 1.03F}}}};

float gain_of(const LefSteps& steps, std::int16_t scale) {
    float gain = 1.0F;
    for (std::size_t i = 0; i < 3; ++i) {
        if (scale >= steps.threshold[i]) gain = steps.gain[i];
    }
    return gain;
}

/// Source index of every output position.
std::vector<std::size_t> nearest(std::size_t in, std::size_t out) {
    std::vector<std::size_t> source(out);
    for (std::size_t i = 0; i < out; ++i) source[i] = picture_math::nearest(i, in, out);
    return source;
}

constexpr float kSide = picture_math::kLefSide, kCentre = picture_math::kLefCentre;

/// Interior samples of one output row from three rows of unit-scale samples; taps are summed in raster order.
void sharpen_row(const std::array<const float*, 3>& in, const float* gain, float* out, std::size_t count) {
    const float *above = in[0], *here = in[1], *below = in[2];
    for (std::size_t x = 1; x + 1 < count; ++x) {
        float sum = kSide * above[x - 1];
        sum = sum + kSide * above[x];
        sum = sum + kSide * above[x + 1];
        sum = sum + kSide * here[x - 1];
        sum = sum + kCentre * here[x];
        sum = sum + kSide * here[x + 1];
        sum = sum + kSide * below[x - 1];
        sum = sum + kSide * below[x];
        sum = sum + kSide * below[x + 1];
        out[x] = sum;
    }
    clamp_row(out + 1, out + 1, count - 2, 0.0F, 1.0F);
    for (std::size_t x = 1; x + 1 < count; ++x) out[x] = out[x] + (here[x] - out[x]) * gain[x];
}

/// Rows of gains, expanded to luma columns once per latent row.
class GainRows {
public:
    GainRows(const Array3<std::int16_t>& scale_log, std::size_t channel, const LefSteps& steps,
             const std::vector<std::size_t>& cols)
        : scale_log_(scale_log), channel_(channel), steps_(steps), cols_(cols), gains_(cols.size()) {}

    const float* row(std::size_t latent_row) {
        if (latent_row != held_) {
            const std::int16_t* scales = scale_log_.row(channel_, latent_row);
            for (std::size_t x = 0; x < gains_.size(); ++x) gains_[x] = gain_of(steps_, scales[cols_[x]]);
            held_ = latent_row;
        }
        return gains_.data();
    }

private:
    const Array3<std::int16_t>& scale_log_;
    std::size_t channel_;
    const LefSteps& steps_;
    const std::vector<std::size_t>& cols_;
    std::vector<float> gains_;
    std::size_t held_ = ~std::size_t{0};
};

}  // namespace

const LefSteps& lef_steps(std::size_t model_id) {
    return kSteps.at(model_id);
}

void apply_lef(Array3<float>& luma, const Array3<std::int16_t>& scale_log, std::size_t channel, std::size_t model_id,
               const RowRunner& rows) {
    if (luma.channels() != 1 || luma.empty() || scale_log.empty())
        throw Error(JPEGAI_ERROR_ARGUMENT, "LEF: empty plane");
    if (channel >= scale_log.channels())
        throw Error(JPEGAI_ERROR_HEADER, fmt::format("LEF: no latent channel {}", channel));
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_HEADER, fmt::format("LEF: no model {}", model_id));
    const std::size_t height = luma.rows(), width = luma.cols();
    const std::vector<std::size_t> latent_row = nearest(scale_log.rows(), height),
                                   latent_col = nearest(scale_log.cols(), width);
    auto out = Array3<float>::uninitialized(1, height, width);
    rows(height, [&](std::size_t first, std::size_t last) {
        GainRows gains(scale_log, channel, kSteps[model_id], latent_col);
        // Four places for three neighbouring rows on the scale 0..1; row y lies in place y % 4.
        auto unit = Array3<float>::uninitialized(1, 4, width);
        std::size_t ready = first > 0 ? first - 1 : 0;
        for (std::size_t y = first; y < last; ++y) {
            for (; ready < std::min(y + 2, height); ++ready)
                divide_row(luma.row(0, ready), unit.row(0, ready % 4), width, 255.0F);
            const float* here = unit.row(0, y % 4);
            float* row = out.row(0, y);
            // On the border the smoothed value is the sample itself, so the gain has no effect.
            std::copy_n(here, width, row);
            if (y > 0 && y + 1 < height && width > 2) {
                sharpen_row({unit.row(0, (y - 1) % 4), here, unit.row(0, (y + 1) % 4)}, gains.row(latent_row[y]), row,
                            width);
            }
            clamp_row(row, row, width, 0.0F, 1.0F);
            multiply_row(row, row, width, 255.0F);
        }
    });
    luma = std::move(out);
}

}  // namespace jpegai
