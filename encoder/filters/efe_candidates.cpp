#include "encoder/filters/efe_candidates.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "decoder/filters/efe_regions.h"

namespace jpegai {
namespace {

/// Penalties on squared weights, per sample. The first only keeps the equations solvable.
constexpr std::array<double, 4> kRidges = {1e-5, 0.03, 0.3, 3.0};
/// Means that are tried beside the true one, times 100.
constexpr std::array<int, 8> kMeans = {0, 4000, 8000, 10400, 15200, 18000, 24000, 32767};

std::array<int, 2> pair_range(const std::array<const EfeCandidate*, 2>& filters) {
    const std::array<int, 2> u = filters[0]->range(), v = filters[1]->range();
    return {std::min(u[0], v[0]), std::max(u[1], v[1])};
}

/// Moves single codes by steps while that lowers the error; they stay inside the range that they have.
void polish(const Gram& gram, std::vector<int>& codes) {
    const auto [low, high] = std::minmax_element(codes.begin(), codes.end());
    const int least = *low, most = *high;
    std::vector<double> weights = efe_weights(codes);
    const std::size_t n = codes.size();
    for (int round = 0; round < 4; ++round) {
        bool moved = false;
        for (std::size_t i = 0; i < n; ++i) {
            if (gram.at(i, i) <= 0) continue;
            double slope = gram.at(n, i);
            for (std::size_t j = 0; j < n; ++j) slope -= gram.at(i, j) * weights[j];
            const int code = std::clamp(efe_code(weights[i] + slope / gram.at(i, i)), least, most);
            if (code == codes[i]) continue;
            codes[i] = code;
            weights[i] = static_cast<double>(code - kEfeZero) / kEfeUnit;
            moved = true;
        }
        if (!moved) break;
    }
}

bool has_empty(const std::vector<Area>& regions) {
    return std::any_of(regions.begin(), regions.end(), [](const Area& a) { return a.rows == 0 || a.cols == 0; });
}

/// Sums of one region with the features of a filter, and the number of samples.
struct Region {
    Gram gram;
    double samples;
};

EfeCandidate fit(const std::vector<Region>& regions, std::size_t split, std::size_t length, double ridge,
                 std::uint16_t b1) {
    EfeCandidate candidate{split, length, {}, b1, 0};
    for (const auto& [gram, samples] : regions) {
        std::vector<int> codes;
        for (const double weight : gram.solve(ridge * samples)) codes.push_back(efe_code(weight));
        polish(gram, codes);
        candidate.squared_error += gram.squared_error(efe_weights(codes));
        candidate.codes.push_back(std::move(codes));
    }
    return candidate;
}

/// Filters of all lengths and strengths for one split and mean.
void fit_split(const EfeStatistics& statistics, std::size_t plane, std::size_t split, const std::vector<Area>& areas,
               std::uint16_t b1, std::uint16_t mean, std::vector<EfeCandidate>& candidates) {
    std::vector<Gram> whole;
    for (const Area& area : areas) whole.push_back(statistics.area(plane, area, (int{b1} - int{mean}) / 100.0));
    for (std::size_t length = 1; length <= 4; ++length) {
        const std::vector<std::size_t> features = statistics.features(length);
        std::vector<Region> regions;
        for (const Gram& gram : whole) {
            const std::size_t one = gram.features() - 1;
            regions.push_back({gram.select(features), gram.at(one, one)});
        }
        for (const double ridge : kRidges) candidates.push_back(fit(regions, split, length, ridge, mean));
    }
}

}  // namespace

int efe_code(double weight) {
    const double code = std::nearbyint(weight * kEfeUnit) + kEfeZero;
    if (!(code > 0)) return 0;
    return code < 65535 ? static_cast<int>(code) : 65535;
}

std::size_t EfeCandidate::weight_count() const {
    std::size_t count = 0;
    for (const std::vector<int>& region : codes) count += region.size();
    return count;
}

std::array<int, 2> EfeCandidate::range() const {
    std::array<int, 2> range = {65535, 0};
    for (const std::vector<int>& region : codes) {
        for (const int code : region) range = {std::min(range[0], code), std::max(range[1], code)};
    }
    return range;
}

std::vector<double> efe_weights(const std::vector<int>& codes) {
    std::vector<double> weights;
    weights.reserve(codes.size());
    for (const int code : codes) weights.push_back(static_cast<double>(code - kEfeZero) / kEfeUnit);
    return weights;
}

EfeCandidate efe_plain_candidate(const EfeStatistics& statistics, std::size_t plane, std::uint16_t b1) {
    const Size phase = statistics.phase_size();
    EfeCandidate plain;
    plain.b1 = b1;
    plain.squared_error = statistics.area(plane, {0, 0, phase.rows, phase.cols}).target_energy();
    if (statistics.same_format()) {
        plain.length = 1;
        plain.codes = {{kEfeZero, kEfeZero}};
    }
    return plain;
}

std::vector<EfeCandidate> efe_candidates(const EfeStatistics& statistics, std::size_t plane, std::uint16_t b1) {
    std::vector<EfeCandidate> candidates = {efe_plain_candidate(statistics, plane, b1)};
    for (std::size_t split = 0; split < kEfeSplits; ++split) {
        const std::vector<Area> areas = efe_regions(split, statistics.phase_size());
        if (has_empty(areas)) continue;
        const std::size_t first = candidates.size();
        fit_split(statistics, plane, split, areas, b1, b1, candidates);
        for (const int mean : kMeans) {
            std::vector<EfeCandidate> others;
            fit_split(statistics, plane, split, areas, b1, static_cast<std::uint16_t>(mean), others);
            for (std::size_t i = 0; i < others.size(); ++i) {
                EfeCandidate& best = candidates[first + i];
                if (others[i].squared_error < best.squared_error) best = std::move(others[i]);
            }
        }
    }
    return candidates;
}

EfeLinearSet efe_set(const std::array<const EfeCandidate*, 2>& filters, bool same_format) {
    EfeLinearSet set;
    const std::array<int, 2> range = pair_range(filters);
    if (range[0] > range[1]) return set;
    set.min_symbol = static_cast<std::uint16_t>(range[0]);
    set.max_symbol = static_cast<std::uint16_t>(range[1] - range[0]);
    for (std::size_t p = 0; p < 2; ++p) {
        const EfeCandidate& filter = *filters[p];
        EfeLinearSet::Plane& plane = set.plane[p];
        if (filter.length == 0) continue;
        plane.best_cand_idx = static_cast<std::uint8_t>(filter.split + 1);
        plane.filter_length = static_cast<std::uint8_t>(filter.length);
        const std::size_t chroma = (same_format ? 1 : kEfePhases) * filter.length * filter.length;
        for (const std::vector<int>& region : filter.codes) {
            for (std::size_t i = 0; i < region.size(); ++i) {
                auto& weights = i < chroma ? plane.weights : plane.weights2;
                weights.push_back(static_cast<std::uint16_t>(region[i] - range[0]));
            }
        }
    }
    return set;
}

std::size_t efe_set_bits(const std::array<const EfeCandidate*, 2>& filters) {
    std::size_t bits = 2 * 4 + 2 * 16;
    const std::array<int, 2> range = pair_range(filters);
    const auto width = range[0] > range[1] ? 0 : std::bit_width(static_cast<unsigned>(range[1] - range[0]));
    for (const EfeCandidate* filter : filters) {
        if (filter->length > 0) bits += 4 + filter->weight_count() * static_cast<std::size_t>(width);
    }
    return bits;
}

std::array<std::size_t, 2> best_efe_pair(const std::vector<EfeCandidate>& u, const std::vector<EfeCandidate>& v,
                                         const std::array<double, 2>& weight, double sse_per_bit) {
    std::array<std::size_t, 2> best{};
    double best_cost = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < u.size(); ++i) {
        for (std::size_t j = 0; j < v.size(); ++j) {
            const double cost = weight[0] * u[i].squared_error + weight[1] * v[j].squared_error +
                                sse_per_bit * static_cast<double>(efe_set_bits({&u[i], &v[j]}));
            if (cost < best_cost) {
                best_cost = cost;
                best = {i, j};
            }
        }
    }
    return best;
}

}  // namespace jpegai
