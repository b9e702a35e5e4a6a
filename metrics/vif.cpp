// Pixel-domain VIF.
#include <algorithm>

#include "metrics/planes.h"
#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

constexpr float kNoise = 2;
constexpr float kEps = 1e-10F;

/// Sums of log10(1 + ...) with and without the distortion channel.
struct Information {
    double distorted = 0, reference = 0;
};

/// log10 of a product costs one logarithm per block: terms are below 2^15 + 1, so 32 of them stay far inside double.
class LogSum {
public:
    void add(float term) {
        product_ *= static_cast<double>(term);
        if (++count_ == 32) flush();
    }
    [[nodiscard]] double finish() {
        flush();
        return sum_;
    }

private:
    void flush() {
        sum_ += std::log10(product_);
        product_ = 1;
        count_ = 0;
    }
    double sum_ = 0, product_ = 1;
    int count_ = 0;
};

template <std::size_t Taps>
Information information(const Plane& reference, const Plane& distorted) {
    const std::size_t cols = reference.cols() - Taps + 1;
    std::vector<float> with(cols), without(cols);
    LogSum distorted_sum, reference_sum;
    for_each_moment_row<Taps>(reference, distorted, gaussian<Taps>(static_cast<double>(Taps) / 5),
                              [&](std::size_t, const MomentRow& m) {
                                  for (std::size_t x = 0; x < cols; ++x) {
                                      const float var1 = std::max(m.aa[x] - m.a[x] * m.a[x], 0.0F);
                                      const float var2 = std::max(m.bb[x] - m.b[x] * m.b[x], 0.0F);
                                      const float covariance = m.ab[x] - m.a[x] * m.b[x];
                                      // y = g x + v: gain g and variance v of what x does not explain.
                                      const bool flat = var2 < kEps;
                                      float g = covariance / (var1 + kEps);
                                      float v = var2 - g * covariance;
                                      g = flat ? 0.0F : g;
                                      v = flat ? 0.0F : g < 0 ? var2 : v;
                                      g = std::max(g, 0.0F);
                                      v = std::max(v, kEps);
                                      const float signal = std::max(var1 - kEps, 0.0F);
                                      with[x] = g * g * signal / (v + kNoise) + 1;
                                      without[x] = signal / kNoise + 1;
                                  }
                                  for (std::size_t x = 0; x < cols; ++x) {
                                      distorted_sum.add(with[x]);
                                      reference_sum.add(without[x]);
                                  }
                              });
    return {distorted_sum.finish(), reference_sum.finish()};
}

/// Every second sample in both directions of the plane filtered with the window.
template <std::size_t Taps>
Plane decimate(const Plane& in) {
    const auto window = gaussian<Taps>(static_cast<double>(Taps) / 5);
    const std::size_t rows = (in.rows() - Taps + 2) / 2, full = in.cols() - Taps + 1, cols = (full + 1) / 2;
    Plane out = Plane::uninitialized(1, rows, cols);
    std::vector<float> column_sums(in.cols()), filtered(full);
    for (std::size_t y = 0; y < rows; ++y) {
        std::array<const float*, Taps> taps{};
        for (std::size_t k = 0; k < Taps; ++k) taps[k] = in.row(0, 2 * y + k);
        filter_rows<Taps>(taps, window, in.cols(), column_sums.data());
        filter_row<Taps>(column_sums.data(), window, full, filtered.data());
        for (std::size_t x = 0; x < cols; ++x) out(0, y, x) = filtered[2 * x];
    }
    return out;
}

template <std::size_t Taps>
void add_scale(Plane& reference, Plane& distorted, Information& total) {
    if constexpr (Taps != 17) {
        reference = decimate<Taps>(reference);
        distorted = decimate<Taps>(distorted);
    }
    const Information scale = information<Taps>(reference, distorted);
    total.distorted += scale.distorted;
    total.reference += scale.reference;
}

/// Scale 0..255 around its middle: the variances do not change and float keeps more of their digits.
Plane to_bytes(const Plane& in) {
    Plane out = Plane::uninitialized(1, in.rows(), in.cols());
    for (std::size_t i = 0; i < in.size(); ++i) out.data()[i] = in.data()[i] * 255 - 127.5F;
    return out;
}

}  // namespace

double vif(const Plane& reference, const Plane& distorted) {
    Plane first = to_bytes(reference), second = to_bytes(distorted);
    Information total;
    add_scale<17>(first, second, total);
    add_scale<9>(first, second, total);
    add_scale<5>(first, second, total);
    add_scale<3>(first, second, total);
    return total.reference > 0 ? total.distorted / (total.reference + 1e-12) : 1;
}

}  // namespace jpegai::metrics
