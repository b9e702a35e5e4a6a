// Resampling with aligned corners (03 section 17.2; order of operations in spec/numeric_contract_filters.md section 2).
#include <algorithm>
#include <array>
#include <vector>

#include "backend/picture_math.h"
#include "base/error.h"
#include "decoder/planes.h"

namespace jpegai {
namespace {

using picture_math::Taps;
using picture_math::weighted;

std::vector<Taps<4>> cubic_taps(std::size_t in, std::size_t out) {
    std::vector<Taps<4>> taps(out);
    for (std::size_t i = 0; i < out; ++i) taps[i] = picture_math::cubic_taps(i, in, out);
    return taps;
}

std::vector<Taps<2>> linear_taps(std::size_t in, std::size_t out) {
    std::vector<Taps<2>> taps(out);
    for (std::size_t i = 0; i < out; ++i) taps[i] = picture_math::linear_taps(i, in, out);
    return taps;
}

template <std::size_t N>
void resample_row(const float* in, const std::vector<Taps<N>>& taps, float* out) {
    for (std::size_t x = 0; x < taps.size(); ++x) {
        float value[N];
        for (std::size_t k = 0; k < N; ++k) value[k] = in[taps[x].index[k]];
        out[x] = weighted(value, taps[x].weight);
    }
}

template <std::size_t N>
void blend_rows(const std::array<const float*, N>& in, const float (&weight)[N], float* out, std::size_t count) {
    for (std::size_t x = 0; x < count; ++x) {
        float value[N];
        for (std::size_t k = 0; k < N; ++k) value[k] = in[k][x];
        out[x] = weighted(value, weight);
    }
}

/// The last N input rows that were resampled horizontally; N consecutive rows never share a place.
template <std::size_t N>
class RowCache {
public:
    RowCache(const Array3<float>& in, const std::vector<Taps<N>>& taps)
        : in_(in), taps_(taps), rows_(Array3<float>::uninitialized(1, N, taps.size())) {
        held_.fill(kNone);
    }
    const float* row(std::size_t y) {
        float* row = rows_.row(0, y % N);
        if (held_[y % N] != y) {
            resample_row(in_.row(0, y), taps_, row);
            held_[y % N] = y;
        }
        return row;
    }

private:
    static constexpr std::size_t kNone = ~std::size_t{0};
    const Array3<float>& in_;
    const std::vector<Taps<N>>& taps_;
    Array3<float> rows_;
    std::array<std::size_t, N> held_;
};

template <std::size_t N>
Array3<float> resample(const Array3<float>& in, Size size, const std::vector<Taps<N>>& col_taps,
                       const std::vector<Taps<N>>& row_taps, const RowRunner& rows) {
    auto out = Array3<float>::uninitialized(1, size.rows, size.cols);
    rows(size.rows, [&](std::size_t first, std::size_t last) {
        RowCache<N> cache(in, col_taps);
        for (std::size_t y = first; y < last; ++y) {
            if (in.rows() == size.rows) {
                resample_row(in.row(0, y), col_taps, out.row(0, y));
                continue;
            }
            std::array<const float*, N> source;
            for (std::size_t k = 0; k < N; ++k) source[k] = cache.row(row_taps[y].index[k]);
            blend_rows(source, row_taps[y].weight, out.row(0, y), size.cols);
        }
    });
    return out;
}

void check_sizes(const Array3<float>& in, Size out) {
    if (in.channels() != 1 || in.empty() || out.rows == 0 || out.cols == 0) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "cannot resample an empty plane");
    }
}

}  // namespace

Array3<float> resample_bicubic(const Array3<float>& in, Size out, const RowRunner& rows) {
    check_sizes(in, out);
    return resample(in, out, cubic_taps(in.cols(), out.cols), cubic_taps(in.rows(), out.rows), rows);
}

Array3<float> resample_bilinear(const Array3<float>& in, Size out, const RowRunner& rows) {
    check_sizes(in, out);
    return resample(in, out, linear_taps(in.cols(), out.cols), linear_taps(in.rows(), out.rows), rows);
}

}  // namespace jpegai
