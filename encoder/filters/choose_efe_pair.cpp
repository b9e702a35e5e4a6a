#include "encoder/filters/choose_efe_pair.h"

#include <algorithm>

#include "base/math.h"
#include "decoder/filters/efe_regions.h"

namespace jpegai {
namespace {

constexpr std::array<std::size_t, 3> kBlockSides = {64, 128, 256};  ///< chroma samples; multiples of every cell
constexpr std::size_t kMaxMaskSide = 1023;                          ///< len_mask_y and len_mask_x are u(10)
constexpr std::size_t kLongestSecond = 2;
constexpr int kRounds = 5;
constexpr double kRidge = 0.03;  ///< penalty on squared weights per sample
/// Fixed bits of an EFE-nonlinear header with masks but no curves (04 section 2).
constexpr std::size_t kMaskHeaderBits = 2 * 16 + 2 + 3 * 10 + 2;

/// The cells of one plane with what does not change during the search.
struct CellSums {
    std::vector<Gram> grams;
    std::vector<std::size_t> region;  ///< of the main filter's split
};

/// Weights at all features from codes of a shorter filter.
std::vector<double> spread(const std::vector<int>& codes, const std::vector<std::size_t>& features, std::size_t count) {
    std::vector<double> weights(count);
    const std::vector<double> coded = efe_weights(codes);
    for (std::size_t i = 0; i < coded.size(); ++i) weights[features[i]] = coded[i];
    return weights;
}

/// Errors of blocks for mask entries 0 (main), 1 (mean of both), 2 (second).
using BlockErrors = std::vector<std::array<double, 3>>;

/// Two filters of one plane and where each is used.
struct PlanePair {
    EfeCandidate main, second;
    std::vector<std::uint8_t> mask;
    double squared_error = 0;
};

/// The alternating fit of one plane for one block grid.
class PairFit {
public:
    PairFit(const EfeStatistics& statistics, const CellSums& cells, const std::vector<std::size_t>& block_of_cell,
            std::size_t blocks, const EfeCandidate& main)
        : statistics_(statistics), cells_(cells), block_of_cell_(block_of_cell), blocks_(blocks), first_(main) {}

    /// The best result over several ways to start: from blocks that are better without filter, and from the blocks
    /// whose mean error, or error in proportion to chroma, is above the median.
    [[nodiscard]] PlanePair run(std::size_t second_length) const {
        PlanePair best;
        for (const Start start : {Start::kPlain, Start::kOffset, Start::kSlope}) {
            PlanePair pair = run_from(second_length, start);
            if (start == Start::kPlain || pair.squared_error < best.squared_error) best = std::move(pair);
        }
        return best;
    }

private:
    enum class Start : std::uint8_t { kPlain, kOffset, kSlope };

    [[nodiscard]] PlanePair run_from(std::size_t second_length, Start start) const {
        PlanePair pair{first_, {}, std::vector<std::uint8_t>(blocks_), 0};
        pair.second.b1 = first_.b1;
        pair.second.length = second_length;
        const std::size_t taps = second_length * second_length;
        pair.second.codes = {std::vector<int>(taps * (statistics_.same_format() ? 2 : kEfePhases + 1), kEfeZero)};
        if (start == Start::kPlain) {
            assign(pair);
        } else {
            halve(start, pair.mask);
        }
        for (int round = 0; round < kRounds; ++round) {
            refit_second(pair);
            refit_main(pair);
            const std::vector<std::uint8_t> before = pair.mask;
            assign(pair);
            if (pair.mask == before) break;
        }
        return pair;
    }

    /// Gives the second picture to the blocks above the median of some measure.
    void halve(Start start, std::vector<std::uint8_t>& mask) const {
        const std::size_t target = feature_count(), one = target - 1, here = statistics_.features(1).front();
        std::vector<double> above(blocks_), below(blocks_), value(blocks_);
        for (std::size_t c = 0; c < cells_.grams.size(); ++c) {
            const Gram& gram = cells_.grams[c];
            above[block_of_cell_[c]] += gram.at(target, start == Start::kOffset ? one : here);
            below[block_of_cell_[c]] += start == Start::kOffset ? gram.at(one, one) : gram.at(here, here);
        }
        for (std::size_t b = 0; b < blocks_; ++b) value[b] = below[b] > 0 ? above[b] / below[b] : 0;
        std::vector<double> sorted = value;
        std::nth_element(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(blocks_ / 2), sorted.end());
        for (std::size_t b = 0; b < blocks_; ++b) mask[b] = value[b] >= sorted[blocks_ / 2] ? 2 : 0;
    }

    /// Features of the statistics without the constant.
    [[nodiscard]] std::size_t feature_count() const { return cells_.grams.front().features(); }

    [[nodiscard]] std::vector<std::vector<double>> region_weights(const EfeCandidate& filter) const {
        std::vector<std::vector<double>> weights;
        if (filter.length == 0) return {std::vector<double>(feature_count())};
        const std::vector<std::size_t> features = statistics_.features(filter.length);
        for (const std::vector<int>& codes : filter.codes) weights.push_back(spread(codes, features, feature_count()));
        return weights;
    }

    void assign(PlanePair& pair) const {
        const auto main = region_weights(pair.main), second = region_weights(pair.second);
        std::vector<std::vector<double>> mean = main;
        for (std::vector<double>& weights : mean) {
            for (std::size_t i = 0; i < weights.size(); ++i) weights[i] = (weights[i] + second[0][i]) / 2;
        }
        BlockErrors errors(blocks_);
        for (std::size_t c = 0; c < cells_.grams.size(); ++c) {
            std::array<double, 3>& block = errors[block_of_cell_[c]];
            const Gram& gram = cells_.grams[c];
            block[0] += gram.squared_error(main[cells_.region[c]]);
            block[1] += gram.squared_error(mean[cells_.region[c]]);
            block[2] += gram.squared_error(second[0]);
        }
        pair.squared_error = 0;
        for (std::size_t b = 0; b < blocks_; ++b) {
            std::size_t best = 0;
            for (const std::size_t entry : {2U, 1U}) {
                if (errors[b][entry] < errors[b][best]) best = entry;
            }
            pair.mask[b] = static_cast<std::uint8_t>(best);
            pair.squared_error += errors[b][best];
        }
    }

    /// New codes for the region from the cells of the blocks with a mask entry; the old ones when there is none.
    void refit(const PlanePair& pair, std::uint8_t entry, std::size_t length, std::optional<std::size_t> region,
               std::vector<int>& codes) const {
        Gram sum(feature_count());
        bool any = false;
        for (std::size_t c = 0; c < cells_.grams.size(); ++c) {
            if (pair.mask[block_of_cell_[c]] != entry || (region && cells_.region[c] != *region)) continue;
            sum.add(cells_.grams[c]);
            any = true;
        }
        if (!any) return;
        const double samples = sum.at(feature_count() - 1, feature_count() - 1);
        const std::vector<double> weights = sum.select(statistics_.features(length)).solve(kRidge * samples);
        for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = efe_code(weights[i]);
    }

    void refit_second(PlanePair& pair) const { refit(pair, 2, pair.second.length, std::nullopt, pair.second.codes[0]); }

    void refit_main(PlanePair& pair) const {
        if (pair.main.length == 0) return;
        for (std::size_t r = 0; r < pair.main.codes.size(); ++r)
            refit(pair, 0, pair.main.length, r, pair.main.codes[r]);
    }

    const EfeStatistics& statistics_;
    const CellSums& cells_;
    const std::vector<std::size_t>& block_of_cell_;
    std::size_t blocks_;
    const EfeCandidate& first_;
};

std::size_t region_of(const std::vector<Area>& regions, std::size_t row, std::size_t col) {
    for (std::size_t r = 0; r < regions.size(); ++r) {
        const Area& area = regions[r];
        if (row >= area.row && row < area.row + area.rows && col >= area.col && col < area.col + area.cols) return r;
    }
    return 0;
}

CellSums load_cells(const EfeStatistics& statistics, std::size_t plane, const EfeCandidate& main, double lower) {
    const std::vector<std::size_t>&rows = statistics.row_cuts(), &cols = statistics.col_cuts();
    const std::vector<Area> regions = efe_regions(main.split, statistics.phase_size());
    CellSums cells;
    for (std::size_t r = 0; r + 1 < rows.size(); ++r) {
        for (std::size_t c = 0; c + 1 < cols.size(); ++c) {
            cells.grams.push_back(statistics.cell(plane, r, c, lower));
            cells.region.push_back(region_of(regions, rows[r], cols[c]));
        }
    }
    return cells;
}

/// A choice of masks and what it costs.
class PairSearch {
public:
    PairSearch(const EfeStatistics& statistics, const std::array<EfeCandidate, 2>& main,
               const std::array<CellSums, 2>& cells, const Planes& planes, const FilterLagrangian& lagrangian)
        : statistics_(statistics), main_(main), cells_(cells), planes_(planes), lagrangian_(lagrangian) {}

    void try_block(std::size_t side) {
        const Size chroma = planes_.size(1), grid{ceil_div(chroma.rows, side), ceil_div(chroma.cols, side)};
        if (grid.rows > kMaxMaskSide || grid.cols > kMaxMaskSide) return;
        const std::vector<std::size_t> block = blocks_of_cells(side, grid);
        const std::size_t blocks = grid.rows * grid.cols;
        for (std::size_t length = 1; length <= kLongestSecond; ++length) {
            const PlanePair u = PairFit(statistics_, cells_[0], block, blocks, main_[0]).run(length);
            const PlanePair v = PairFit(statistics_, cells_[1], block, blocks, main_[1]).run(length);
            consider({&u, nullptr}, side, grid);
            consider({&u, &v}, side, grid);
        }
    }

    [[nodiscard]] const std::optional<EfePair>& best() const { return best_; }

private:
    [[nodiscard]] std::vector<std::size_t> blocks_of_cells(std::size_t side, Size grid) const {
        const PhaseLayout layout(planes_);
        std::vector<std::size_t> block;
        for (std::size_t r = 0; r + 1 < statistics_.row_cuts().size(); ++r) {
            for (std::size_t c = 0; c + 1 < statistics_.col_cuts().size(); ++c) {
                const std::size_t row = statistics_.row_cuts()[r] * layout.ver / side,
                                  col = statistics_.col_cuts()[c] * layout.hor / side;
                // A last cell may hold nothing but samples that the plane does not have.
                block.push_back(std::min(row, grid.rows - 1) * grid.cols + std::min(col, grid.cols - 1));
            }
        }
        return block;
    }

    void consider(const std::array<const PlanePair*, 2>& pairs, std::size_t side, Size grid) {
        std::array<EfeCandidate, 2> plain;
        std::array<const EfeCandidate*, 2> main{}, second{};
        EfePair result;
        std::size_t masks = 0;
        for (std::size_t p = 0; p < 2; ++p) {
            const bool masked = pairs[p] != nullptr;
            if (!masked && statistics_.same_format()) {
                plain[p].length = 1;
                plain[p].codes = {{kEfeZero, kEfeZero}};
            }
            main[p] = masked ? &pairs[p]->main : &main_[p];
            second[p] = masked ? &pairs[p]->second : &plain[p];
            result.price +=
                lagrangian_.plane_weight[p + 1] * (masked ? pairs[p]->squared_error : main_[p].squared_error);
            result.linear.b1[p] = main_[p].b1;
            result.masks.mask_enabled[p] = masked;
            if (masked) result.masks.mask[p] = pairs[p]->mask;
            masks += masked;
        }
        const std::size_t bits =
            2 * 15 + efe_set_bits(main) + efe_set_bits(second) + kMaskHeaderBits + 2 * masks * grid.rows * grid.cols;
        result.price += lagrangian_.sse_per_bit * static_cast<double>(bits);
        if (best_ && !(result.price < best_->price)) return;
        result.linear.main = efe_set(main, statistics_.same_format());
        result.linear.upsampled = efe_set(second, statistics_.same_format());
        result.masks.block_size = static_cast<std::uint16_t>(side);
        result.masks.mask_rows = static_cast<std::uint16_t>(grid.rows);
        result.masks.mask_cols = static_cast<std::uint16_t>(grid.cols);
        best_ = std::move(result);
    }

    const EfeStatistics& statistics_;
    const std::array<EfeCandidate, 2>& main_;
    const std::array<CellSums, 2>& cells_;
    const Planes& planes_;
    const FilterLagrangian& lagrangian_;
    std::optional<EfePair> best_;
};

}  // namespace

std::optional<EfePair> choose_efe_pair(const EfeStatistics& statistics, const std::array<std::uint16_t, 2>& means,
                                       const std::array<EfeCandidate, 2>& main, const Planes& planes,
                                       const FilterLagrangian& lagrangian) {
    if (statistics.cell_side() == 0) return std::nullopt;
    std::array<CellSums, 2> cells;
    for (std::size_t p = 0; p < 2; ++p)
        cells[p] = load_cells(statistics, p, main[p], (int{means[p]} - int{main[p].b1}) / 100.0);
    PairSearch search(statistics, main, cells, planes, lagrangian);
    for (const std::size_t side : kBlockSides) search.try_block(side);
    return search.best();
}

}  // namespace jpegai
