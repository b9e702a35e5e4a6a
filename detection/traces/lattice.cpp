#include "detection/traces/lattice.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "detection/artifacts/plane_ops.h"

namespace jpegai::detection {
namespace {

/// ln of the factor between the steps of neighbouring displacements: ln(54.82 / 0.11) / 31 / 128 (02 section 7.2).
const double kLogUnit = std::log(54.82 / 0.11) / 31 / 128;

/// Range of the histogram in displacement units at displacement 0: 10^-4 to 4 * 10^4 steps.
constexpr int kLowest = -6000, kHighest = 6800;

/// Residuals that tell: smaller ones are near 0 anyway, larger ones are rare and blurred.
constexpr double kSmallest = 0.5, kLargest = 6;
constexpr double kMinSamples = 30;
constexpr int kBetaStep = 2;

int log_steps(double steps) {
    return static_cast<int>(std::lround(std::log(steps) / kLogUnit));
}

/// cos(2 pi r) by the logarithm of r.
struct Kernel {
    int first = 0;
    std::vector<double> value;
};
Kernel make_kernel() {
    Kernel kernel;
    kernel.first = log_steps(kSmallest);
    for (int u = kernel.first; u <= log_steps(kLargest); ++u) {
        kernel.value.push_back(std::cos(2 * std::numbers::pi * std::exp(u * kLogUnit)));
    }
    return kernel;
}

/// The four polyphase parts of the latent grid in the order of the context model (03 section 2.2).
struct Phase {
    std::size_t row, col;
};
constexpr std::array<Phase, 4> kPhases = {{{0, 0}, {1, 1}, {0, 1}, {1, 0}}};

Array3<float> part_of_psi(const Array3<float>& psi, std::size_t phase, std::size_t channels) {
    auto part = Array3<float>::uninitialized(channels, psi.rows(), psi.cols());
    std::copy_n(psi.plane(phase * channels), part.size(), part.data());
    return part;
}

/// Walks over the latents of one component phase by phase.
class Predictor {
public:
    Predictor(const NetworkCache& networks, const AnalysedPicture& analysed, Component component, RunContext& context)
        : networks_(networks),
          model_(analysed.model_id),
          component_(component),
          latent_(analysed.component[component].y),
          psi_(analysed.component[component].psi),
          context_(context) {}

    /// visit(phase, latent row, latent column, residual, gain_vector_log of the channel) for every latent.
    template <class Visit>
    void run(const Visit& visit) {
        std::array<Array3<float>, kPhases.size()> known;
        for (std::size_t j = 0; j < kPhases.size(); ++j) {
            Array3<float> mean = part_of_psi(psi_, j, latent_.channels());
            if (component_ == kPrimary) mean = predict(mean, known, j);
            walk(j, mean, visit);
            known[j] = std::move(mean);  // holds the latents by now
        }
    }

private:
    Array3<float> predict(const Array3<float>& psi, const std::array<Array3<float>, kPhases.size()>& known,
                          std::size_t j) {
        std::array<const Array3<float>*, kPhases.size()> inputs = {&psi};
        for (std::size_t k = 0; k < j; ++k) inputs[k + 1] = &known[k];
        return std::move(networks_.context_phase(model_, j).run({inputs.data(), j + 1}, {}, context_).front());
    }

    /// Visits the residuals of a phase and puts its latents in the place of their means. Beyond the picture the means
    /// stay, as in the decoder.
    template <class Visit>
    void walk(std::size_t j, Array3<float>& mean, const Visit& visit) {
        const Phase phase = kPhases[j];
        const auto& gains = networks_.entropy(model_, component_).gain_vector_log;
        for (std::size_t c = 0; c < mean.channels(); ++c) {
            for (std::size_t y = 0; y < mean.rows() && 2 * y + phase.row < latent_.rows(); ++y) {
                const float* latent = latent_.row(c, 2 * y + phase.row);
                float* mu = mean.row(c, y);
                for (std::size_t x = 0; x < mean.cols() && 2 * x + phase.col < latent_.cols(); ++x) {
                    const float value = latent[2 * x + phase.col];
                    visit(j, 2 * y + phase.row, 2 * x + phase.col, value - mu[x], gains[c]);
                    mu[x] = value;
                }
            }
        }
    }

    const NetworkCache& networks_;
    std::size_t model_;
    Component component_;
    const Array3<float>& latent_;
    const Array3<float>& psi_;
    RunContext& context_;
};

}  // namespace

ResidualHistogram::ResidualHistogram() : bins_(static_cast<std::size_t>(kHighest - kLowest + 1)) {}

void ResidualHistogram::add(float residual, int gain_log) {
    const double magnitude = std::abs(static_cast<double>(residual));
    if (!(magnitude > 0) || !std::isfinite(magnitude)) return;
    const double bin = std::round(std::log(magnitude) / kLogUnit) + gain_log;
    if (bin < kLowest || bin > kHighest) return;
    bins_[static_cast<std::size_t>(static_cast<int>(bin) - kLowest)] += 1;
}

double ResidualHistogram::at(int log_steps) const {
    if (log_steps < kLowest || log_steps > kHighest) return 0;
    return static_cast<double>(bins_[static_cast<std::size_t>(log_steps - kLowest)]);
}

LatticeScore find_lattice(const ResidualHistogram& histogram) {
    static const Kernel kernel = make_kernel();
    LatticeScore best;
    bool any = false;
    for (int beta = kBetaMin; beta <= kBetaMax; beta += kBetaStep) {
        double sum = 0, count = 0;
        for (std::size_t i = 0; i < kernel.value.size(); ++i) {
            const double occurrences = histogram.at(kernel.first + static_cast<int>(i) - beta);
            sum += occurrences * kernel.value[i];
            count += occurrences;
        }
        if (count < kMinSamples) continue;
        const double score = sum / std::sqrt(count / 2);
        if (any && score <= best.score) continue;
        any = true;
        best = {score, beta, static_cast<std::size_t>(count)};
    }
    return best;
}

const LatticeScore& LatticeFit::best_luma() const {
    return luma_first.score > luma.score ? luma_first : luma;
}

double LatticeFit::combined() const {
    return std::hypot(std::max(0.0, best_luma().score), std::max(0.0, chroma.score));
}

int LatticeFit::luma_beta() const {
    // The first phase is the more exact one where it is clear: no other latents take part in its prediction.
    constexpr double kClear = 4;
    return luma_first.score >= kClear ? luma_first.beta : best_luma().beta;
}

std::optional<int> LatticeFit::chroma_beta() const {
    constexpr double kClear = 4;
    return chroma.score >= kClear ? std::optional(chroma.beta) : std::nullopt;
}

LatticeFit fit_lattice(const NetworkCache& networks, const AnalysedPicture& analysed, RunContext& context) {
    LatticeFit fit;
    ResidualHistogram first, all, chroma;
    Predictor(networks, analysed, kPrimary, context)
        .run([&](std::size_t j, std::size_t, std::size_t, float residual, int gain_log) {
            all.add(residual, gain_log);
            if (j == 0) first.add(residual, gain_log);
        });
    Predictor(networks, analysed, kSecondary, context)
        .run([&](std::size_t, std::size_t, std::size_t, float residual, int gain_log) {
            chroma.add(residual, gain_log);
        });
    fit.luma_first = find_lattice(first);
    fit.luma = find_lattice(all);
    fit.chroma = find_lattice(chroma);
    return fit;
}

Array3<float> lattice_map(const NetworkCache& networks, const AnalysedPicture& analysed, int beta,
                          RunContext& context) {
    const Array3<float>& y = analysed.component[kPrimary].y;
    Array3<float> sum(1, y.rows(), y.cols()), count(1, y.rows(), y.cols());
    Predictor(networks, analysed, kPrimary, context)
        .run([&](std::size_t, std::size_t row, std::size_t col, float residual, int gain_log) {
            const double steps = std::abs(static_cast<double>(residual)) * std::exp((gain_log + beta) * kLogUnit);
            if (!(steps >= kSmallest && steps <= kLargest)) return;
            sum(0, row, col) += static_cast<float>(std::cos(2 * std::numbers::pi * steps));
            count(0, row, col) += 1;
        });
    sum = box_mean(sum, kMapWindow, serial_rows);
    count = box_mean(count, kMapWindow, serial_rows);
    // Means over the window as the score of a lattice: sums have size^2 times as much.
    constexpr auto kSide = static_cast<float>(kMapWindow);
    for (std::size_t i = 0; i < sum.size(); ++i) {
        const float occurrences = std::max(count.data()[i] * kSide * kSide, 1.0F);
        sum.data()[i] = sum.data()[i] * kSide * kSide / std::sqrt(occurrences / 2);
    }
    return sum;
}

}  // namespace jpegai::detection
