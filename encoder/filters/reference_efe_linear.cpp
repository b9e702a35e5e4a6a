#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "decoder/filters/efe_regions.h"
#include "encoder/filters/choose_efe_linear.h"
#include "encoder/filters/plane_error.h"
#include "encoder/filters/reference_efe.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr double kLinearRidge = 1e-7;      ///< per sample; stands for the minimum norm solution of singular systems
constexpr double kSamplesPerSubset = 2e6;  ///< larger regions are fitted in several subsets
constexpr std::size_t kSubsetStep = 4;     ///< every fourth sample is used even with one subset

/// One plane in its four phases, borders replicated, with the same size for all (04 section 3.2).
class Phases {
public:
    Phases(const Array3<float>& plane, Size phase, std::size_t ver, std::size_t hor, double subtract) : phase_(phase) {
        for (std::size_t k = 0; k < kEfePhases; ++k) {
            samples_[k].resize(phase.rows * phase.cols);
            for (std::size_t y = 0; y < phase.rows; ++y) {
                const std::size_t row = std::min(ver * y + (ver == 2 ? k / 2 : 0), plane.rows() - 1);
                for (std::size_t x = 0; x < phase.cols; ++x) {
                    const std::size_t col = std::min(hor * x + (hor == 2 ? k % 2 : 0), plane.cols() - 1);
                    samples_[k][y * phase.cols + x] = double{plane(0, row, col)} - subtract;
                }
            }
        }
    }
    /// Sample of tap `place` (0..15) of the window at (y, x).
    [[nodiscard]] double tap(std::size_t k, std::size_t y, std::size_t x, std::size_t place) const {
        const std::size_t row = y + place / 4, col = x + place % 4;
        return samples_[k][std::min(row > 0 ? row - 1 : 0, phase_.rows - 1) * phase_.cols +
                           std::min(col > 0 ? col - 1 : 0, phase_.cols - 1)];
    }
    [[nodiscard]] double at(std::size_t k, std::size_t y, std::size_t x) const {
        return samples_[k][y * phase_.cols + x];
    }

private:
    Size phase_;
    std::array<std::vector<double>, kEfePhases> samples_;
};

/// One chroma plane with luma and target, ready to be fitted.
class PlaneFit {
public:
    PlaneFit(const Planes& planes, const Planes& original, std::size_t plane, std::uint16_t b1, bool same_format)
        : layout_(planes),
          same_format_(same_format),
          chroma_(planes.plane[plane + 1], layout_.phase, layout_.ver, layout_.hor, b1 / 100.0),
          luma_(planes.plane[0], layout_.phase, 2, 2, 0),
          original_(original.plane[plane + 1], layout_.phase, layout_.ver, layout_.hor, b1 / 100.0),
          b1_(b1) {}

    [[nodiscard]] EfeCandidate fit(std::size_t split, std::size_t length) const {
        EfeCandidate filter{split, length, {}, b1_, 0};
        for (const Area& area : efe_regions(split, layout_.phase)) {
            const std::vector<double> weights = same_format_ ? fit_phase(area, length, 0) : fit_phases(area, length);
            std::vector<int> codes;
            for (const double weight : weights) codes.push_back(efe_code(weight));
            filter.squared_error += error(area, length, efe_weights(codes));
            filter.codes.push_back(std::move(codes));
        }
        return filter;
    }

    [[nodiscard]] Size phase() const { return layout_.phase; }

private:
    [[nodiscard]] double target(std::size_t k, std::size_t y, std::size_t x) const {
        double value = original_.at(k, y, x) - chroma_.at(k, y, x);
        if (same_format_) return value;
        const std::array<double, kEfeTaps> kernel = efe_dct_if(k);
        for (std::size_t t = 0; t < kEfeTaps; ++t) {
            if (kernel[t] != 0) value -= kernel[t] * chroma_.tap(k, y, x, t);
        }
        return value;
    }

    /// Calls use(y, x) for the samples of a subset: every step-th of the region in raster order.
    template <class Use>
    static void subset(const Area& area, std::size_t offset, std::size_t step, Use use) {
        for (std::size_t i = offset; i < area.rows * area.cols; i += step)
            use(area.row + i / area.cols, area.col + i % area.cols);
    }

    /// Mean of the solutions of all subsets; `add` adds a sample to the sums.
    template <class Add>
    static std::vector<double> solve_subsets(const Area& area, std::size_t features, Add add) {
        const auto samples = static_cast<double>(area.rows * area.cols);
        const auto subsets = static_cast<std::size_t>(std::max(std::nearbyint(samples / kSamplesPerSubset), 1.0));
        std::vector<double> mean(features);
        for (std::size_t s = 0; s < subsets; ++s) {
            Gram gram(features);
            subset(area, kSubsetStep * s, kSubsetStep * subsets,
                   [&](std::size_t y, std::size_t x) { add(gram, y, x); });
            const std::vector<double> solution = gram.solve(kLinearRidge * samples);
            for (std::size_t i = 0; i < features; ++i) mean[i] += solution[i] / static_cast<double>(subsets);
        }
        return mean;
    }

    /// Chroma and luma weights from one phase.
    [[nodiscard]] std::vector<double> fit_phase(const Area& area, std::size_t length, std::size_t k) const {
        const std::vector<std::size_t> places = efe_tap_places(length);
        std::vector<double> features(2 * places.size());
        return solve_subsets(area, features.size(), [&](Gram& gram, std::size_t y, std::size_t x) {
            for (std::size_t i = 0; i < places.size(); ++i) {
                features[i] = chroma_.tap(k, y, x, places[i]);
                features[places.size() + i] = luma_.tap(k, y, x, places[i]);
            }
            gram.add_sample(features, target(k, y, x));
        });
    }

    /// Chroma weights of each phase on its own, then one luma filter for what they leave.
    [[nodiscard]] std::vector<double> fit_phases(const Area& area, std::size_t length) const {
        const std::vector<std::size_t> places = efe_tap_places(length);
        const std::size_t taps = places.size();
        std::vector<double> weights;
        for (std::size_t k = 0; k < kEfePhases; ++k) {
            const std::vector<double> both = fit_phase(area, length, k);
            weights.insert(weights.end(), both.begin(), both.begin() + static_cast<std::ptrdiff_t>(taps));
        }
        std::vector<double> features(taps);
        const std::vector<double> luma = solve_subsets(area, taps, [&](Gram& gram, std::size_t y, std::size_t x) {
            for (std::size_t k = 0; k < kEfePhases; ++k) {
                double left = target(k, y, x);
                for (std::size_t i = 0; i < taps; ++i) {
                    left -= weights[k * taps + i] * chroma_.tap(k, y, x, places[i]);
                    features[i] = luma_.tap(k, y, x, places[i]);
                }
                gram.add_sample(features, left);
            }
        });
        weights.insert(weights.end(), luma.begin(), luma.end());
        return weights;
    }

    /// Squared error over all four phases of a region, replicated samples included.
    [[nodiscard]] double error(const Area& area, std::size_t length, const std::vector<double>& weights) const {
        const std::vector<std::size_t> places = efe_tap_places(length);
        const std::size_t taps = places.size(), luma = weights.size() - taps;
        double sum = 0;
        for (std::size_t k = 0; k < kEfePhases; ++k) {
            const std::size_t chroma = same_format_ ? 0 : k * taps;
            subset(area, 0, 1, [&](std::size_t y, std::size_t x) {
                double left = target(k, y, x);
                for (std::size_t i = 0; i < taps; ++i) {
                    left -= weights[chroma + i] * chroma_.tap(k, y, x, places[i]) +
                            weights[luma + i] * luma_.tap(k, y, x, places[i]);
                }
                sum += left * left;
            });
        }
        return sum;
    }

    PhaseLayout layout_;
    bool same_format_;
    Phases chroma_, luma_, original_;
    std::uint16_t b1_;
};

/// Splits and lengths that the reference tries.
struct SearchSet {
    std::vector<std::size_t> splits, lengths;
};

std::vector<std::size_t> from_to(std::size_t first, std::size_t last) {
    std::vector<std::size_t> values;
    for (std::size_t value = first; value <= last; ++value) values.push_back(value);
    return values;
}

SearchSet search_set(double area, std::size_t model) {
    if (area <= 1e6) return {model < 2 ? from_to(0, 2) : from_to(4, 7), model == 0 ? from_to(1, 2) : from_to(3, 4)};
    if (area <= 4e6) {
        return {model < 2 ? from_to(0, 7) : from_to(4, 7),
                model == 0 ? from_to(1, 3) : (model == 1 ? from_to(2, 4) : from_to(3, 4))};
    }
    if (area <= 9e6) {
        return {model < 2 ? from_to(3, 7) : from_to(6, 7),
                model == 0 ? from_to(1, 3) : (model == 1 ? from_to(3, 4) : from_to(4, 4))};
    }
    if (area < 16e6) return {model < 2 ? from_to(5, 7) : from_to(6, 7), model == 0 ? from_to(1, 3) : from_to(4, 4)};
    return {from_to(6, 7), model == 0 ? from_to(3, 4) : from_to(4, 4)};
}

/// The best filter of one plane so far.
struct Leader {
    EfeCandidate filter;
    double score = 0;
};

/// Every shorter filter still leads on both planes, so longer ones are not tried any more.
bool hopeless(std::size_t length, const std::array<Leader, 2>& leaders) {
    const auto both = [&](auto test) { return test(leaders[0].filter) && test(leaders[1].filter); };
    if (length == 2) return both([](const EfeCandidate& f) { return f.length == 1 && f.split == 0; });
    if (length == 3) return both([](const EfeCandidate& f) { return f.length < 2; });
    return length == 4 && both([](const EfeCandidate& f) { return f.length < 3; });
}

bool has_empty(std::size_t split, Size phase) {
    const std::vector<Area> regions = efe_regions(split, phase);
    return std::any_of(regions.begin(), regions.end(), [](const Area& a) { return a.rows == 0 || a.cols == 0; });
}

}  // namespace

double reference_beta(std::size_t model_id) {
    constexpr std::array<double, kModels> kBeta = {0.002, 0.012, 0.075, 0.5};
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_ARGUMENT, "filter choice: no such model");
    return kBeta[model_id];
}

EfeLinearHeader reference_efe_linear(const Planes& planes, const Planes& original, const PictureHeader& picture,
                                     bool nonlinear_follows, const RowRunner& rows) {
    const double beta = reference_beta(picture.model_id), area = static_cast<double>(planes.plane[0].size());
    const bool same = planes.chroma == ChromaFormat{picture.c_ver, picture.c_hor};
    EfeLinearHeader header;
    header.b1 = efe_means(planes);
    const std::array<PlaneFit, 2> fits = {PlaneFit(planes, original, 0, header.b1[0], same),
                                          PlaneFit(planes, original, 1, header.b1[1], same)};
    const Size phase = fits[0].phase();
    const auto quality = [&](const EfeCandidate& filter) {
        return beta * psnr(filter.squared_error, kEfePhases * phase.rows * phase.cols);
    };
    std::array<Leader, 2> leaders;
    rows(2, [&](std::size_t first, std::size_t last) {
        for (std::size_t p = first; p < last; ++p) {
            leaders[p].filter = fits[p].fit(0, 1);
            leaders[p].score = quality(leaders[p].filter) - 0.5 * (same ? 2 : 5) / area;
        }
    });
    if (nonlinear_follows && area < 16e6) {
        header.upsampled = efe_set({&leaders[0].filter, &leaders[1].filter}, same);
        // Written with the full range of codes.
        for (EfeLinearSet::Plane& plane : header.upsampled.plane) {
            for (auto* weights : {&plane.weights, &plane.weights2}) {
                for (std::uint16_t& weight : *weights)
                    weight = static_cast<std::uint16_t>(weight + header.upsampled.min_symbol);
            }
        }
    }
    header.upsampled.min_symbol = 0;
    header.upsampled.max_symbol = 65535;

    const SearchSet set = search_set(area, picture.model_id);
    bool stop = false;
    for (const std::size_t length : set.lengths) {
        for (const std::size_t split : set.splits) {
            if (stop || (length == 1 && split == 0) || has_empty(split, phase)) continue;
            const double charge = 0.5 * 5 * static_cast<double>(length * length * efe_region_count(split)) * 16 / area;
            rows(2, [&](std::size_t first, std::size_t last) {
                for (std::size_t p = first; p < last; ++p) {
                    EfeCandidate filter = fits[p].fit(split, length);
                    const double score = quality(filter) - charge;
                    if (score > leaders[p].score) leaders[p] = {std::move(filter), score};
                }
            });
            stop = hopeless(length, leaders);
        }
    }
    header.main = efe_set({&leaders[0].filter, &leaders[1].filter}, same);
    return header;
}

}  // namespace jpegai
