#include "encoder/filters/luma_histogram.h"

#include <algorithm>
#include <limits>

#include "base/math.h"

namespace jpegai {
namespace {

constexpr std::size_t kBins = 1024;
constexpr double kBinsPerLevel = 4;
constexpr std::size_t kPieces = 8;

}  // namespace

LumaHistogram::LumaHistogram()
    : bins_{std::vector<Bin>(kBins), std::vector<Bin>(kBins)},
      least_(std::numeric_limits<double>::infinity()),
      most_(-std::numeric_limits<double>::infinity()) {}

void LumaHistogram::add_sample(std::size_t plane, float luma, double correction) {
    const double y = double{luma};
    const double place = std::clamp(y * kBinsPerLevel, 0.0, static_cast<double>(kBins - 1));
    Bin& bin = bins_[plane][static_cast<std::size_t>(place)];
    bin.count += 1;
    bin.luma += y;
    bin.correction += correction;
    samples_[plane] += 1;
    energy_[plane] += correction * correction;
    least_ = std::min(least_, y);
    most_ = std::max(most_, y);
}

void LumaHistogram::add(const LumaHistogram& other) {
    least_ = std::min(least_, other.least_);
    most_ = std::max(most_, other.most_);
    for (std::size_t p = 0; p < 2; ++p) {
        samples_[p] += other.samples_[p];
        energy_[p] += other.energy_[p];
        for (std::size_t i = 0; i < kBins; ++i) {
            bins_[p][i].count += other.bins_[p][i].count;
            bins_[p][i].luma += other.bins_[p][i].luma;
            bins_[p][i].correction += other.bins_[p][i].correction;
        }
    }
}

double LumaHistogram::quantile(double share) const {
    const double all = samples_[0] + samples_[1];
    if (all == 0) return 0;
    if (share <= 0) return least_;
    double below = 0;
    for (std::size_t i = 0; i < kBins && share < 1; ++i) {
        below += bins_[0][i].count + bins_[1][i].count;
        if (below >= share * all) return std::clamp(static_cast<double>(i) / kBinsPerLevel, least_, most_);
    }
    return most_;
}

Gram LumaHistogram::pieces(std::size_t plane, double low, double high) const {
    Gram gram(kPieces);
    const double gap = (high - low) / static_cast<double>(kPieces);
    std::array<double, kPieces> value{};
    for (const Bin& bin : bins_[plane]) {
        if (bin.count == 0) continue;
        const double luma = bin.luma / bin.count;
        value[0] = luma - low;
        for (std::size_t k = 1; k < kPieces; ++k) value[k] = std::max(0.0, luma - (low + static_cast<double>(k) * gap));
        for (std::size_t i = 0; i < kPieces; ++i) {
            for (std::size_t j = 0; j <= i; ++j) gram.at(i, j) += bin.count * value[i] * value[j];
            gram.at(kPieces, i) += bin.correction * value[i];
        }
    }
    gram.at(kPieces, kPieces) = energy_[plane];
    return gram;
}

std::vector<LumaHistogram> luma_histograms(const Planes& planes, const Planes& original,
                                           const EfeNonlinearHeader& masks, Size tile, const RowRunner& rows) {
    const Size chroma = planes.size(1);
    const Size grid{ceil_div(chroma.rows, tile.rows), ceil_div(chroma.cols, tile.cols)};
    std::vector<LumaHistogram> tiles(grid.rows * grid.cols);
    const auto masked = [&](std::size_t p, std::size_t y, std::size_t x) {
        return masks.mask_enabled[p] &&
               masks.mask[p][y / masks.block_size * masks.mask_cols + x / masks.block_size] != 0;
    };
    rows(grid.rows, [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first * tile.rows; y < std::min(last * tile.rows, chroma.rows); ++y) {
            const float* luma = planes.plane[0].row(0, y * planes.chroma.ver);
            for (std::size_t p = 0; p < 2; ++p) {
                const float *have = planes.plane[p + 1].row(0, y), *want = original.plane[p + 1].row(0, y);
                for (std::size_t x = 0; x < chroma.cols; ++x) {
                    if (masked(p, y, x)) continue;
                    tiles[y / tile.rows * grid.cols + x / tile.cols].add_sample(p, luma[x * planes.chroma.hor],
                                                                                double{want[x]} - double{have[x]});
                }
            }
        }
    });
    return tiles;
}

}  // namespace jpegai
