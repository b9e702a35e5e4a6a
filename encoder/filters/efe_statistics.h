// What the encoder has to know of the planes to fit EFE-linear filters: sums of products over cells of the picture.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "bitstream/regions.h"
#include "decoder/planes.h"
#include "encoder/filters/gram.h"

namespace jpegai {

inline constexpr std::size_t kEfeTaps = 16;   ///< entries of the 4x4 kernels
inline constexpr std::size_t kEfePhases = 4;  ///< phase planes, index 2 dy + dx

/// Entry of the 4x4 kernel of DCT-IF of a phase, without the identity tap (04 section 3.1).
[[nodiscard]] std::array<double, kEfeTaps> efe_dct_if(std::size_t phase);

/// Indices within the 4x4 kernel of the length x length coded weights, in coding order; length 1..4 (04 section 3.3).
[[nodiscard]] std::vector<std::size_t> efe_tap_places(std::size_t length);

/// The phase planes of a picture (04 section 3.2): size, and which phases exist in the output.
struct PhaseLayout {
    explicit PhaseLayout(const Planes& planes);
    Size phase;            ///< size of the phase planes
    std::size_t ver, hor;  ///< steps of the chroma phases, 1 or 2
    Size chroma;           ///< size of the chroma planes
    /// Output samples of phase (dy, dx); never more than `phase`.
    [[nodiscard]] Size valid(std::size_t dy, std::size_t dx) const;
};

/// Sums of products over the cells of a grid for both chroma planes. Features of an output sample of phase k are its
/// 4x4 chroma window minus the mean and its 4x4 luma window, both with replicated borders; the target is what the
/// filter with zero weights leaves to be corrected, original - reconstruction - DCT-IF (04 section 3.6), over the
/// samples that the output really has. With chroma coded at the source's resolution the features are 16 of chroma and
/// 16 of luma; otherwise 4 x 16 of chroma, one set per phase, and 16 of luma.
class EfeStatistics {
public:
    /// `b1` are the means times 100 that chroma is taken relative to. All borders of the regions of EFE-linear are
    /// borders of cells. Results do not depend on the row runner. The planes are YUV in the source's format, of the
    /// same size.
    EfeStatistics(const Planes& reconstruction, const Planes& original, ChromaFormat coded,
                  const std::array<std::uint16_t, 2>& b1, const RowRunner& rows = serial_rows);

    /// Cell borders in samples of the phase planes; the first is 0, the last the size.
    [[nodiscard]] const std::vector<std::size_t>& row_cuts() const { return row_cuts_; }
    [[nodiscard]] const std::vector<std::size_t>& col_cuts() const { return col_cuts_; }
    [[nodiscard]] bool same_format() const { return same_format_; }
    [[nodiscard]] Size phase_size() const { return {row_cuts_.back(), col_cuts_.back()}; }
    /// Cells are this many phase samples wide and high, but for the last; 0 when the picture is so large that cells
    /// follow the borders of EFE-linear's regions only.
    [[nodiscard]] std::size_t cell_side() const { return cell_side_; }

    /// Sums of plane 0 (U) or 1 (V) over an area of the phase planes whose borders are borders of cells. The features
    /// are those above and the constant 1 as the last one. With `lower` they are as if the mean that chroma is taken
    /// relative to were smaller by so much.
    [[nodiscard]] Gram area(std::size_t plane, const Area& area, double lower = 0) const;
    /// Sums of one cell.
    [[nodiscard]] Gram cell(std::size_t plane, std::size_t row, std::size_t col, double lower = 0) const;

    /// Features that a filter of this length uses, in coding order: weights, then weights2.
    [[nodiscard]] std::vector<std::size_t> features(std::size_t length) const;

private:
    [[nodiscard]] std::size_t index(std::size_t plane, std::size_t row, std::size_t col) const {
        return (plane * (row_cuts_.size() - 1) + row) * (col_cuts_.size() - 1) + col;
    }
    [[nodiscard]] Gram joint(std::vector<Gram> phases, double lower) const;
    void add_cell(std::vector<Gram>& sums, std::size_t plane, std::size_t row, std::size_t col) const;

    bool same_format_;
    std::size_t cell_side_ = 0;
    std::vector<std::size_t> row_cuts_, col_cuts_;
    std::vector<std::vector<Gram>> cells_;  ///< per cell: one sum, or one per phase
};

}  // namespace jpegai
