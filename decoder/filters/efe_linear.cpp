#include "decoder/filters/efe_linear.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"
#include "decoder/filters/efe_regions.h"

namespace jpegai {
namespace {

constexpr std::size_t kTaps = 4;    ///< kernels are 4x4, tap (1,1) is the current sample
constexpr std::size_t kBefore = 1;  ///< rows and columns before the current one
constexpr std::size_t kReach = kTaps - 1;
constexpr std::size_t kColumnPad = 2;  ///< replicated columns on each side of a phase plane
constexpr std::size_t kBandRows = 16;  ///< phase rows that are unshuffled at a time
constexpr std::size_t kPhases = 4;

using Kernel = std::array<std::array<float, kTaps>, kTaps>;

float weight(const EfeLinearSet& set, std::uint16_t coded) {
    return static_cast<float>(int{set.min_symbol} + int{coded} - 32767) / 2048.0F;
}

/// Half-sample interpolation of phase k minus the identity (04 section 3.1).
Kernel dct_if(std::size_t phase) {
    constexpr std::array<float, kTaps> kHalf = {-1.0F / 16, 9.0F / 16, 9.0F / 16, -1.0F / 16};
    Kernel kernel{};
    if (phase == 0) return kernel;
    for (std::size_t i = 0; i < kTaps; ++i) {
        for (std::size_t j = 0; j < kTaps; ++j) {
            const float row = phase & 2 ? kHalf[i] : (i == 1 ? 1.0F : 0.0F);
            const float col = phase & 1 ? kHalf[j] : (j == 1 ? 1.0F : 0.0F);
            kernel[i][j] = row * col;
        }
    }
    kernel[1][1] -= 1.0F;
    return kernel;
}

/// Adds length x length coded weights to a kernel; they start at (1,1) for lengths 1 and 2, at (0,0) for 3 and 4.
void add_weights(Kernel& kernel, const EfeLinearSet& set, const std::uint16_t* coded, std::size_t length) {
    const std::size_t start = 1 - ((length - 1) >> 1);
    for (std::size_t i = 0; i < length; ++i) {
        for (std::size_t j = 0; j < length; ++j) kernel[start + i][start + j] += weight(set, coded[i * length + j]);
    }
}

struct Tap {
    std::size_t row = 0, col = 0;  ///< position in the 4x4 kernel
    float weight = 0;
};

/// Taps that are not zero, in raster order.
struct TapList {
    std::array<Tap, kTaps * kTaps> taps;
    std::size_t count = 0;

    explicit TapList(const std::array<float, kTaps * kTaps>& kernel) {
        for (std::size_t i = 0; i < kernel.size(); ++i) {
            if (kernel[i] != 0.0F) taps[count++] = {i / kTaps, i % kTaps, kernel[i]};
        }
    }
};

struct RegionFilter {
    Area area;                    ///< in samples of the phase planes
    std::vector<TapList> chroma;  ///< per phase
    TapList luma;
};

std::array<float, kTaps * kTaps> flat(const Kernel& kernel) {
    std::array<float, kTaps * kTaps> values;
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = kernel[i / kTaps][i % kTaps];
    return values;
}

/// The filters of one plane, empty regions left out.
std::vector<EfeLinearKernels> plane_kernels(const EfeLinearSet& set, const EfeLinearSet::Plane& plane, bool same_format,
                                            Size phase) {
    // Without a coded filter all regions are alike, so the whole plane is one (04 section 3.3).
    const std::vector<Area> areas = efe_regions(plane.best_cand_idx > 0 ? plane.best_cand_idx - 1U : 0, phase);
    const std::size_t taps = std::size_t{plane.filter_length} * plane.filter_length;
    std::vector<EfeLinearKernels> filters;
    for (std::size_t r = 0; r < areas.size(); ++r) {
        if (areas[r].rows == 0 || areas[r].cols == 0) continue;
        Kernel luma{};
        if (plane.best_cand_idx > 0) add_weights(luma, set, plane.weights2.data() + r * taps, plane.filter_length);
        EfeLinearKernels filter{areas[r], {}, flat(luma)};
        for (std::size_t k = 0; k < kPhases; ++k) {
            Kernel chroma = same_format ? Kernel{} : dct_if(k);
            chroma[1][1] += 1.0F;
            if (plane.best_cand_idx > 0) {
                const std::size_t index = same_format ? r : r * kPhases + k;
                add_weights(chroma, set, plane.weights.data() + index * taps, plane.filter_length);
            }
            filter.chroma[k] = flat(chroma);
        }
        filters.push_back(filter);
    }
    return filters;
}

std::vector<RegionFilter> tap_lists(const std::vector<EfeLinearKernels>& kernels) {
    std::vector<RegionFilter> filters;
    for (const EfeLinearKernels& region : kernels) {
        RegionFilter filter{region.area, {}, TapList(region.luma)};
        for (const auto& chroma : region.chroma) filter.chroma.emplace_back(chroma);
        filters.push_back(std::move(filter));
    }
    return filters;
}

/// Geometry that all planes share.
struct Layout {
    Size phase;            ///< size of the phase planes
    std::size_t ver, hor;  ///< chroma phases in each direction, 1 or 2
};

/// Some rows of the phase planes of one plane, with replicated borders.
class PhaseBand {
public:
    explicit PhaseBand(const Layout& layout)
        : layout_(layout),
          rows_(Array3<float>::uninitialized(layout.ver * layout.hor, kBandRows + kReach,
                                             layout.phase.cols + 2 * kColumnPad)) {}

    /// Loads what the output rows [first, first + count) read; `ver` and `hor` are the steps of the plane's phases.
    void load(const Array3<float>& plane, std::size_t ver, std::size_t hor, float subtract, std::size_t first,
              std::size_t count) {
        for (std::size_t dy = 0; dy < layout_.ver; ++dy) {
            for (std::size_t i = 0; i < count + kReach; ++i) {
                const std::size_t wanted = first + i;  // one more than the phase row, which may be -1
                const std::size_t phase_row = std::min(wanted > kBefore ? wanted - kBefore : 0, layout_.phase.rows - 1);
                const std::size_t source = std::min(ver * phase_row + (ver == 2 ? dy : 0), plane.rows() - 1);
                for (std::size_t dx = 0; dx < layout_.hor; ++dx) {
                    load_row({plane.row(0, source), plane.cols()}, hor, dx, subtract,
                             rows_.row(dy * layout_.hor + dx, i));
                }
            }
        }
    }

    /// Row `i` below the first loaded output row's row -1, at column -1 of the phase plane.
    [[nodiscard]] const float* row(std::size_t slot, std::size_t i) const {
        return rows_.row(slot, i) + kColumnPad - kBefore;
    }

private:
    void load_row(std::span<const float> in, std::size_t hor, std::size_t dx, float subtract, float* padded) const {
        float* out = padded + kColumnPad;
        const std::size_t cols = layout_.phase.cols;
        if (hor == 1) {
            for (std::size_t x = 0; x < cols; ++x) out[x] = in[x] - subtract;
        } else {
            const std::size_t whole = (in.size() - dx) / 2 + ((in.size() - dx) % 2);
            for (std::size_t x = 0; x < std::min(whole, cols); ++x) out[x] = in[2 * x + dx] - subtract;
            if (whole < cols) out[cols - 1] = in[in.size() - 1] - subtract;
        }
        std::fill_n(padded, kColumnPad, out[0]);
        std::fill_n(out + cols, kColumnPad, out[cols - 1]);
    }

    Layout layout_;
    Array3<float> rows_;
};

constexpr std::size_t kBlock = 16;  ///< outputs that are accumulated side by side

/// sum += weight * sample over the taps, for `kBlock` neighbouring outputs.
inline void accumulate(float* sum, const TapList& list, const std::array<const float*, kTaps>& rows, std::size_t x) {
    for (std::size_t t = 0; t < list.count; ++t) {
        const Tap& tap = list.taps[t];
        const float* samples = rows[tap.row] + x + tap.col;
        for (std::size_t i = 0; i < kBlock; ++i) sum[i] = sum[i] + tap.weight * samples[i];
    }
}

inline void accumulate_one(float& sum, const TapList& list, const std::array<const float*, kTaps>& rows,
                           std::size_t x) {
    for (std::size_t t = 0; t < list.count; ++t) {
        const Tap& tap = list.taps[t];
        sum = sum + tap.weight * rows[tap.row][x + tap.col];
    }
}

/// Outputs [first, last) of one phase row.
void filter_row(const TapList& chroma, const TapList& luma, const std::array<const float*, kTaps>& chroma_rows,
                const std::array<const float*, kTaps>& luma_rows, float mean, std::size_t first, std::size_t last,
                float* out) {
    std::size_t x = first;
    for (; x + kBlock <= last; x += kBlock) {
        float sum[kBlock], luma_sum[kBlock];
        std::fill_n(sum, kBlock, mean);
        std::fill_n(luma_sum, kBlock, 0.0F);
        accumulate(sum, chroma, chroma_rows, x);
        accumulate(luma_sum, luma, luma_rows, x);
        for (std::size_t i = 0; i < kBlock; ++i) out[x + i] = sum[i] + luma_sum[i];
    }
    for (; x < last; ++x) {
        float sum = mean, luma_sum = 0.0F;
        accumulate_one(sum, chroma, chroma_rows, x);
        accumulate_one(luma_sum, luma, luma_rows, x);
        out[x] = sum + luma_sum;
    }
}

std::array<const float*, kTaps> band_rows(const PhaseBand& band, std::size_t slot, std::size_t y) {
    std::array<const float*, kTaps> rows;
    for (std::size_t i = 0; i < kTaps; ++i) rows[i] = band.row(slot, y + i);
    return rows;
}

/// One chroma plane on its way through the filter.
struct PlaneJob {
    const Array3<float>* in = nullptr;
    Array3<float>* out = nullptr;
    float mean = 0;
    std::vector<RegionFilter> filters;
};

/// Rows that one call works with, kept to avoid allocations.
struct Workspace {
    PhaseBand chroma, luma;
    Array3<float> line;  ///< output row of each horizontal phase

    explicit Workspace(const Layout& layout)
        : chroma(layout), luma(layout), line(Array3<float>::uninitialized(1, layout.hor, layout.phase.cols)) {}
};

/// Filters phase row `y` (row `i` of the band) of vertical phase dy into the output plane.
void filter_phase_row(const PlaneJob& job, const Layout& layout, Workspace& work, std::size_t y, std::size_t i,
                      std::size_t dy) {
    const std::size_t target = layout.ver * y + dy;
    if (target >= job.out->rows()) return;
    for (std::size_t dx = 0; dx < layout.hor; ++dx) {
        const std::size_t slot = dy * layout.hor + dx;
        const auto chroma_rows = band_rows(work.chroma, slot, i), luma_rows = band_rows(work.luma, slot, i);
        for (const RegionFilter& filter : job.filters) {
            if (y < filter.area.row || y >= filter.area.row + filter.area.rows) continue;
            filter_row(filter.chroma[2 * dy + dx], filter.luma, chroma_rows, luma_rows, job.mean, filter.area.col,
                       filter.area.col + filter.area.cols, work.line.row(0, dx));
        }
    }
    float* out = job.out->row(0, target);
    const std::size_t cols = job.out->cols();
    if (layout.hor == 1) {
        std::copy_n(work.line.row(0, 0), cols, out);
        return;
    }
    const float *even = work.line.row(0, 0), *odd = work.line.row(0, 1);
    for (std::size_t x = 0; x < cols / 2; ++x) {
        out[2 * x] = even[x];
        out[2 * x + 1] = odd[x];
    }
    if (cols % 2 != 0) out[cols - 1] = even[cols / 2];
}

void check_plane(const EfeLinearSet& set, const EfeLinearSet::Plane& plane, bool same_format) {
    const auto fail = [](const std::string& what) { throw Error(JPEGAI_ERROR_HEADER, "EFE linear: " + what); };
    if (plane.best_cand_idx > kEfeSplits) fail(fmt::format("candidate {} does not exist", plane.best_cand_idx));
    if (plane.best_cand_idx == 0) {
        if (same_format) fail("a plane without filter although chroma is coded at the source's resolution");
        return;
    }
    if (plane.filter_length < 1 || plane.filter_length > kTaps)
        fail(fmt::format("filter length {}", plane.filter_length));
    const std::size_t taps = std::size_t{plane.filter_length} * plane.filter_length;
    const std::size_t regions = efe_region_count(plane.best_cand_idx - 1U);
    if (plane.weights.size() != regions * taps * (same_format ? 1 : kPhases) ||
        plane.weights2.size() != regions * taps) {
        fail("wrong number of weights");
    }
    for (const auto* weights : {&plane.weights, &plane.weights2}) {
        for (const std::uint16_t coded : *weights) {
            if (std::uint32_t{coded} + set.min_symbol > 0xFFFF) fail("a weight has more than 16 bits");
        }
    }
}

}  // namespace

void check_efe_linear(const EfeLinearSet& set, ChromaFormat source, ChromaFormat coded) {
    for (const EfeLinearSet::Plane& plane : set.plane) check_plane(set, plane, source == coded);
}

EfeLinearPlane efe_linear_plane(Size luma, ChromaFormat source, ChromaFormat coded, std::uint16_t b1,
                                const EfeLinearSet& set, std::size_t plane) {
    EfeLinearPlane filter;
    filter.phase = {ceil_div<std::size_t>(luma.rows, 2), ceil_div<std::size_t>(luma.cols, 2)};
    filter.ver = std::size_t{3} - source.ver;
    filter.hor = std::size_t{3} - source.hor;
    filter.mean = static_cast<float>(b1 / 100.0);
    filter.regions = plane_kernels(set, set.plane[plane], source == coded, filter.phase);
    return filter;
}

std::array<Array3<float>, 2> apply_efe_linear(const Planes& in, const std::array<std::uint16_t, 2>& b1,
                                              const EfeLinearSet& set, ChromaFormat coded, const RowRunner& rows) {
    check_planes(in);
    if (in.rgb) throw Error(JPEGAI_ERROR_ARGUMENT, "EFE linear needs YUV planes");
    check_efe_linear(set, in.chroma, coded);
    Layout layout{};
    std::array<Array3<float>, 2> out;
    std::array<PlaneJob, 2> jobs;
    for (std::size_t p = 0; p < 2; ++p) {
        const Array3<float>& plane = in.plane[p + 1];
        out[p] = Array3<float>::uninitialized(1, plane.rows(), plane.cols());
        const EfeLinearPlane filter = efe_linear_plane(in.size(0), in.chroma, coded, b1[p], set, p);
        layout = {filter.phase, filter.ver, filter.hor};
        jobs[p] = {&plane, &out[p], filter.mean, tap_lists(filter.regions)};
    }
    rows(layout.phase.rows, [&](std::size_t first, std::size_t last) {
        Workspace work(layout);
        for (std::size_t start = first; start < last; start += kBandRows) {
            const std::size_t count = std::min(kBandRows, last - start);
            work.luma.load(in.plane[0], 2, 2, 0.0F, start, count);
            for (const PlaneJob& job : jobs) {
                work.chroma.load(*job.in, layout.ver, layout.hor, job.mean, start, count);
                for (std::size_t i = 0; i < count; ++i) {
                    for (std::size_t dy = 0; dy < layout.ver; ++dy)
                        filter_phase_row(job, layout, work, start + i, i, dy);
                }
            }
        }
    });
    return out;
}

}  // namespace jpegai
