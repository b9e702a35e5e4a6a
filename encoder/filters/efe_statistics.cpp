#include "encoder/filters/efe_statistics.h"

#include <algorithm>

#include "base/math.h"
#include "decoder/filters/efe_regions.h"

namespace jpegai {
namespace {

constexpr std::size_t kSide = 4;             ///< rows and columns of the kernels
constexpr std::size_t kReach = kSide - 1;    ///< samples that a window reaches beyond its first
constexpr std::size_t kFineCell = 32;        ///< borders of EFE-linear's regions are multiples of this (04 section 3.1)
constexpr std::size_t kMaxFineCells = 4096;  ///< more would need too much memory (9 KB each, 36 KB for four phases)
constexpr std::size_t kBandGroup = 16;       ///< bands that are in work at a time
constexpr std::size_t kLanes = 8;            ///< partial sums of a product

/// Sum of products in an order that does not depend on the instruction set.
double dot(const double* a, const double* b, std::size_t count) {
    double lanes[kLanes] = {};
    std::size_t x = 0;
    for (; x + kLanes <= count; x += kLanes) {
        for (std::size_t i = 0; i < kLanes; ++i) lanes[i] += a[x + i] * b[x + i];
    }
    double sum = 0;
    for (; x < count; ++x) sum += a[x] * b[x];
    return sum + (((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7])));
}

/// Rows of one phase plane with what the windows reach beyond them, borders replicated.
struct Signal {
    std::size_t stride = 0;
    std::vector<double> samples;
    [[nodiscard]] const double* row(std::size_t i) const { return samples.data() + i * stride; }

    /// Windows of the phase rows [first, first + count): row i, column j of this is phase sample (first + i - 1, j -
    /// 1).
    void load(const Array3<float>& plane, Size phase, std::size_t ver, std::size_t hor, std::size_t dy, std::size_t dx,
              double subtract, std::size_t first, std::size_t count) {
        stride = phase.cols + kReach;
        samples.resize((count + kReach) * stride);
        for (std::size_t i = 0; i < count + kReach; ++i) {
            const std::size_t wanted = first + i;
            const std::size_t row = std::min(wanted > 0 ? wanted - 1 : 0, phase.rows - 1);
            const float* in = plane.row(0, std::min(ver * row + dy, plane.rows() - 1));
            double* out = samples.data() + i * stride;
            for (std::size_t x = 0; x < phase.cols; ++x) {
                out[x + 1] = double{in[std::min(hor * x + dx, plane.cols() - 1)]} - subtract;
            }
            out[0] = out[1];
            out[stride - 2] = out[stride - 1] = out[stride - kReach];
        }
    }
};

/// Index of a tap or a signal in the Gram of a phase: chroma, luma, target.
enum SignalPlace : std::size_t {
    kChromaPlace = 0,
    kLumaPlace = kEfeTaps,
    kOnePlace = 2 * kEfeTaps,  ///< the constant 1
    kTargetPlace
};

/// The part of one cell that lies in a band of rows.
struct Block {
    std::size_t rows, first_col, last_col;
};

/// Adds to `gram` all products of the taps of two signals' windows whose rows lie `lag` apart, for one row of the
/// first. Windows at neighbouring columns share all products but those at both ends.
void add_row_products(const double* a, const double* b, std::size_t row, std::ptrdiff_t lag, const Block& block,
                      bool same, std::size_t place_a, std::size_t place_b, Gram& gram) {
    const std::size_t width = block.last_col - block.first_col;
    const std::size_t first_i = row >= block.rows ? row - block.rows + 1 : 0, last_i = std::min(kReach, row);
    for (std::ptrdiff_t shift = same && lag == 0 ? 0 : -std::ptrdiff_t{kReach}; shift <= std::ptrdiff_t{kReach};
         ++shift) {
        const auto first_j = static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, -shift));
        const auto last_j = static_cast<std::size_t>(std::min<std::ptrdiff_t>(kReach, std::ptrdiff_t{kReach} - shift));
        const double* left = a + block.first_col + first_j;
        const double* right =
            b + static_cast<std::size_t>(static_cast<std::ptrdiff_t>(block.first_col + first_j) + shift);
        double sum = dot(left, right, width);
        for (std::size_t j = first_j;; ++j) {
            for (std::size_t i = first_i; i <= last_i; ++i) {
                const std::ptrdiff_t other = static_cast<std::ptrdiff_t>(i) + lag;
                if (other < 0 || other > std::ptrdiff_t{kReach}) continue;
                gram.at(place_a + kSide * i + j,
                        place_b + kSide * static_cast<std::size_t>(other) +
                            static_cast<std::size_t>(static_cast<std::ptrdiff_t>(j) + shift)) += sum;
            }
            if (j == last_j) break;
            sum += left[width] * right[width] - *left * *right;
            ++left;
            ++right;
        }
    }
}

/// All products between the windows of two signals (or of one with itself) over a block.
void add_products(const Signal& a, const Signal& b, const Block& block, bool same, std::size_t place_a,
                  std::size_t place_b, Gram& gram) {
    const auto window_rows = static_cast<std::ptrdiff_t>(block.rows + kReach);
    for (std::ptrdiff_t row = 0; row < window_rows; ++row) {
        for (std::ptrdiff_t lag = same ? 0 : -std::ptrdiff_t{kReach}; lag <= std::ptrdiff_t{kReach}; ++lag) {
            if (row + lag < 0 || row + lag >= window_rows) continue;
            add_row_products(a.row(static_cast<std::size_t>(row)), b.row(static_cast<std::size_t>(row + lag)),
                             static_cast<std::size_t>(row), lag, block, same, place_a, place_b, gram);
        }
    }
}

/// Products of a signal without window (target, ones) with the window of another.
void add_single(const Signal& single, std::size_t single_place, const Signal& signal, std::size_t place,
                const Block& block, Gram& gram) {
    const std::size_t width = block.last_col - block.first_col;
    for (std::size_t y = 0; y < block.rows; ++y) {
        const double* t = single.row(y) + block.first_col;
        for (std::size_t i = 0; i < kSide; ++i) {
            for (std::size_t j = 0; j < kSide; ++j) {
                gram.at(single_place, place + kSide * i + j) += dot(t, signal.row(y + i) + block.first_col + j, width);
            }
        }
    }
}

/// Product of two signals without window.
double add_singles(const Signal& a, const Signal& b, const Block& block) {
    double sum = 0;
    for (std::size_t y = 0; y < block.rows; ++y)
        sum += dot(a.row(y) + block.first_col, b.row(y) + block.first_col, block.last_col - block.first_col);
    return sum;
}

/// Loads bands of phase rows and sums them up.
class Accumulator {
public:
    Accumulator(const Planes& reconstruction, const Planes& original, bool same_format,
                const std::array<std::uint16_t, 2>& b1)
        : in_(reconstruction), original_(original), same_format_(same_format), layout_(reconstruction) {
        // The filter subtracts the mean in single precision.
        for (std::size_t p = 0; p < 2; ++p) mean_[p] = double{static_cast<float>(b1[p] / 100.0)};
    }

    /// Adds the phase rows [first, last) to the sums of the cells of a row of cells: [plane][col][phase].
    void add_band(std::size_t first, std::size_t last, const std::vector<std::size_t>& col_cuts,
                  std::vector<std::vector<Gram>>& cells) {
        for (std::size_t dy = 0; dy < layout_.ver; ++dy) {
            for (std::size_t dx = 0; dx < layout_.hor; ++dx) add_phase(first, last, dy, dx, col_cuts, cells);
        }
    }

private:
    void add_phase(std::size_t first, std::size_t last, std::size_t dy, std::size_t dx,
                   const std::vector<std::size_t>& col_cuts, std::vector<std::vector<Gram>>& cells) {
        const Size valid = layout_.valid(dy, dx);
        if (valid.rows <= first) return;
        const std::size_t count = std::min(last, valid.rows) - first, columns = col_cuts.size() - 1;
        const std::size_t phase = 2 * dy + dx;
        luma_.load(in_.plane[0], layout_.phase, 2, 2, dy, dx, 0, first, count);
        luma_sums_.assign(columns, Gram(kTargetPlace));
        ones_.stride = valid.cols;
        ones_.samples.assign(count * valid.cols, 1.0);
        for (std::size_t c = 0; c < columns; ++c) {
            const Block block = block_of(col_cuts, c, valid, count);
            if (block.first_col < block.last_col)
                add_products(luma_, luma_, block, true, kLumaPlace, kLumaPlace, luma_sums_[c]);
        }
        for (std::size_t p = 0; p < 2; ++p) {
            chroma_.load(in_.plane[p + 1], layout_.phase, layout_.ver, layout_.hor, dy, dx, mean_[p], first, count);
            load_target(p, phase, dy, dx, first, count, valid);
            for (std::size_t c = 0; c < columns; ++c) {
                const Block block = block_of(col_cuts, c, valid, count);
                if (block.first_col >= block.last_col) continue;
                Gram& gram = cells[p * columns + c][same_format_ ? 0 : phase];
                gram.add(luma_sums_[c]);
                add_block(block, gram);
            }
        }
    }

    void add_block(const Block& block, Gram& gram) const {
        add_products(chroma_, chroma_, block, true, kChromaPlace, kChromaPlace, gram);
        add_products(chroma_, luma_, block, false, kChromaPlace, kLumaPlace, gram);
        add_single(target_, kTargetPlace, chroma_, kChromaPlace, block, gram);
        add_single(target_, kTargetPlace, luma_, kLumaPlace, block, gram);
        add_single(ones_, kOnePlace, chroma_, kChromaPlace, block, gram);
        add_single(ones_, kOnePlace, luma_, kLumaPlace, block, gram);
        gram.at(kTargetPlace, kTargetPlace) += add_singles(target_, target_, block);
        gram.at(kTargetPlace, kOnePlace) += add_singles(target_, ones_, block);
        gram.at(kOnePlace, kOnePlace) += static_cast<double>(block.rows * (block.last_col - block.first_col));
    }

    static Block block_of(const std::vector<std::size_t>& col_cuts, std::size_t c, Size valid, std::size_t rows) {
        return {rows, col_cuts[c], std::min(col_cuts[c + 1], valid.cols)};
    }

    /// original - reconstruction, minus the DCT-IF where chroma was resampled.
    void load_target(std::size_t p, std::size_t phase, std::size_t dy, std::size_t dx, std::size_t first,
                     std::size_t count, Size valid) {
        target_.stride = valid.cols;
        target_.samples.resize(count * valid.cols);
        const std::array<double, kEfeTaps> kernel = efe_dct_if(phase);
        for (std::size_t y = 0; y < count; ++y) {
            const std::size_t row = layout_.ver * (first + y) + dy;
            const float *want = original_.plane[p + 1].row(0, row), *have = in_.plane[p + 1].row(0, row);
            double* out = target_.samples.data() + y * valid.cols;
            for (std::size_t x = 0; x < valid.cols; ++x) {
                const std::size_t col = layout_.hor * x + dx;
                out[x] = double{want[col]} - double{have[col]};
            }
            if (same_format_) continue;
            for (std::size_t t = 0; t < kEfeTaps; ++t) {
                if (kernel[t] == 0) continue;
                const double* window = chroma_.row(y + t / kSide) + t % kSide;
                for (std::size_t x = 0; x < valid.cols; ++x) out[x] -= kernel[t] * window[x];
            }
        }
    }

    const Planes &in_, &original_;
    bool same_format_;
    PhaseLayout layout_;
    std::array<double, 2> mean_{};
    Signal luma_, chroma_, target_, ones_;
    std::vector<Gram> luma_sums_;
};

/// Sums of one phase as if the mean were smaller by `lower`: every chroma feature is larger by it.
void move_mean(Gram& gram, double lower) {
    const auto chroma = [](std::size_t i) { return i < kLumaPlace; };
    Gram moved = gram;
    for (std::size_t i = 0; i <= kTargetPlace; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            if (chroma(i)) moved.at(i, j) += lower * gram.at(kOnePlace, j);
            if (chroma(j)) moved.at(i, j) += lower * gram.at(i, kOnePlace);
            if (chroma(i) && chroma(j)) moved.at(i, j) += lower * lower * gram.at(kOnePlace, kOnePlace);
        }
    }
    gram = std::move(moved);
}

/// All multiples of 32 below the length, or only the borders that some split has.
std::vector<std::size_t> cuts(bool fine, std::size_t length, bool rows, Size phase) {
    std::vector<std::size_t> result = {0, length};
    if (fine) {
        for (std::size_t at = kFineCell; at < length; at += kFineCell) result.push_back(at);
    } else {
        for (std::size_t split = 0; split < kEfeSplits; ++split) {
            for (const Area& area : efe_regions(split, phase)) result.push_back(rows ? area.row : area.col);
        }
    }
    std::sort(result.begin(), result.end());
    result.erase(std::unique(result.begin(), result.end()), result.end());
    return result;
}

}  // namespace

std::array<double, kEfeTaps> efe_dct_if(std::size_t phase) {
    constexpr std::array<double, kSide> kHalf = {-1.0 / 16, 9.0 / 16, 9.0 / 16, -1.0 / 16};
    std::array<double, kEfeTaps> kernel{};
    if (phase == 0) return kernel;
    for (std::size_t i = 0; i < kSide; ++i) {
        for (std::size_t j = 0; j < kSide; ++j) {
            const double row = phase & 2 ? kHalf[i] : (i == 1 ? 1.0 : 0.0);
            const double col = phase & 1 ? kHalf[j] : (j == 1 ? 1.0 : 0.0);
            kernel[kSide * i + j] = row * col;
        }
    }
    kernel[kSide + 1] -= 1.0;
    return kernel;
}

std::vector<std::size_t> efe_tap_places(std::size_t length) {
    const std::size_t start = 1 - ((length - 1) >> 1);
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < length; ++i) {
        for (std::size_t j = 0; j < length; ++j) places.push_back(kSide * (start + i) + start + j);
    }
    return places;
}

PhaseLayout::PhaseLayout(const Planes& planes)
    : phase{ceil_div<std::size_t>(planes.rows(), 2), ceil_div<std::size_t>(planes.cols(), 2)},
      ver(std::size_t{3} - planes.chroma.ver),
      hor(std::size_t{3} - planes.chroma.hor),
      chroma(planes.size(1)) {}

Size PhaseLayout::valid(std::size_t dy, std::size_t dx) const {
    return {std::min(phase.rows, (chroma.rows - dy + ver - 1) / ver),
            std::min(phase.cols, (chroma.cols - dx + hor - 1) / hor)};
}

EfeStatistics::EfeStatistics(const Planes& reconstruction, const Planes& original, ChromaFormat coded,
                             const std::array<std::uint16_t, 2>& b1, const RowRunner& rows)
    : same_format_(reconstruction.chroma == coded) {
    const PhaseLayout layout(reconstruction);
    const std::size_t fine_cells =
        ceil_div(layout.phase.rows, kFineCell) * ceil_div(layout.phase.cols, kFineCell) * (same_format_ ? 1 : 4);
    const bool fine = fine_cells <= kMaxFineCells;
    cell_side_ = fine ? kFineCell : 0;
    row_cuts_ = cuts(fine, layout.phase.rows, true, layout.phase);
    col_cuts_ = cuts(fine, layout.phase.cols, false, layout.phase);
    const std::size_t columns = col_cuts_.size() - 1;
    const std::vector<Gram> empty(same_format_ ? 1 : kEfePhases, Gram(kTargetPlace));
    cells_.assign(2 * (row_cuts_.size() - 1) * columns, empty);

    // Bands end at borders of cells; each is summed on its own and then added in order, whoever computed it.
    struct Band {
        std::size_t first, last, cell_row;
        std::vector<std::vector<Gram>> sums;
    };
    std::vector<Band> bands;
    for (std::size_t r = 0; r + 1 < row_cuts_.size(); ++r) {
        for (std::size_t y = row_cuts_[r]; y < row_cuts_[r + 1]; y += kFineCell)
            bands.push_back({y, std::min(y + kFineCell, row_cuts_[r + 1]), r, {}});
    }
    for (std::size_t start = 0; start < bands.size(); start += kBandGroup) {
        const std::size_t count = std::min(kBandGroup, bands.size() - start);
        rows(count, [&](std::size_t first, std::size_t last) {
            Accumulator accumulator(reconstruction, original, same_format_, b1);
            for (std::size_t i = start + first; i < start + last; ++i) {
                bands[i].sums.assign(2 * columns, empty);
                accumulator.add_band(bands[i].first, bands[i].last, col_cuts_, bands[i].sums);
            }
        });
        for (std::size_t i = start; i < start + count; ++i) {
            for (std::size_t p = 0; p < 2; ++p) {
                for (std::size_t c = 0; c < columns; ++c) {
                    std::vector<Gram>& cell = cells_[index(p, bands[i].cell_row, c)];
                    for (std::size_t k = 0; k < cell.size(); ++k) cell[k].add(bands[i].sums[p * columns + c][k]);
                }
            }
            bands[i].sums.clear();
            bands[i].sums.shrink_to_fit();
        }
    }
}

void EfeStatistics::add_cell(std::vector<Gram>& sums, std::size_t plane, std::size_t row, std::size_t col) const {
    const std::vector<Gram>& cell = cells_[index(plane, row, col)];
    for (std::size_t k = 0; k < sums.size(); ++k) sums[k].add(cell[k]);
}

Gram EfeStatistics::joint(std::vector<Gram> phases, double lower) const {
    for (Gram& gram : phases) {
        if (lower != 0) move_mean(gram, lower);
    }
    if (same_format_) return phases[0];
    // The chroma windows of different phases never meet in one sample, everything else is shared.
    Gram all(kTargetPlace + (kEfePhases - 1) * kEfeTaps);
    for (std::size_t k = 0; k < kEfePhases; ++k) {
        const auto place = [&](std::size_t i) { return i + (i < kLumaPlace ? k : kEfePhases - 1) * kEfeTaps; };
        for (std::size_t i = 0; i <= kTargetPlace; ++i) {
            for (std::size_t j = 0; j <= i; ++j) all.at(place(i), place(j)) += phases[k].at(i, j);
        }
    }
    return all;
}

Gram EfeStatistics::area(std::size_t plane, const Area& area, double lower) const {
    std::vector<Gram> sums(same_format_ ? 1 : kEfePhases, Gram(kTargetPlace));
    for (std::size_t r = 0; r + 1 < row_cuts_.size(); ++r) {
        if (row_cuts_[r] < area.row || row_cuts_[r] >= area.row + area.rows) continue;
        for (std::size_t c = 0; c + 1 < col_cuts_.size(); ++c) {
            if (col_cuts_[c] < area.col || col_cuts_[c] >= area.col + area.cols) continue;
            add_cell(sums, plane, r, c);
        }
    }
    return joint(std::move(sums), lower);
}

Gram EfeStatistics::cell(std::size_t plane, std::size_t row, std::size_t col, double lower) const {
    return joint(cells_[index(plane, row, col)], lower);
}

std::vector<std::size_t> EfeStatistics::features(std::size_t length) const {
    const std::vector<std::size_t> places = efe_tap_places(length);
    std::vector<std::size_t> result;
    const std::size_t sets = same_format_ ? 1 : kEfePhases;
    for (std::size_t set = 0; set <= sets; ++set) {
        for (const std::size_t place : places) result.push_back(set * kEfeTaps + place);
    }
    return result;
}

}  // namespace jpegai
