#include <algorithm>
#include <vector>

#include "backend/contract/accumulate.h"
#include "backend/contract/ops.h"

namespace jpegai::contract {

namespace {

/// Output positions o (0 <= o < outputs) with 0 <= o * stride + offset < inputs, as [first, end).
struct Range {
    std::size_t first, end;
};
Range reached(std::ptrdiff_t offset, std::size_t stride, std::size_t inputs, std::size_t outputs) {
    const auto s = static_cast<std::ptrdiff_t>(stride), n = static_cast<std::ptrdiff_t>(inputs);
    const std::ptrdiff_t first = offset < 0 ? (-offset + s - 1) / s : 0;
    const std::ptrdiff_t end = offset < n ? (n - 1 - offset) / s + 1 : 0;
    const auto limit = static_cast<std::ptrdiff_t>(outputs);
    return {static_cast<std::size_t>(std::min(first, limit)),
            static_cast<std::size_t>(std::clamp(end, std::ptrdiff_t{0}, limit))};
}

/// Appends the taps of one kernel row: input row `row`, weights from `weight` on.
void append_row_taps(std::vector<Tap>& taps, const float* row, std::size_t cols, const Node& n, std::size_t out_cols,
                     std::size_t weight) {
    for (std::size_t kx = 0; kx < n.kernel_cols; ++kx) {
        const auto offset = static_cast<std::ptrdiff_t>(kx) - static_cast<std::ptrdiff_t>(n.pad_left);
        const Range range = reached(offset, n.stride, cols, out_cols);
        if (range.first >= range.end) continue;
        const auto start = static_cast<std::ptrdiff_t>(range.first * n.stride) + offset;
        taps.push_back({row + start, range.first, range.end - range.first, weight + kx});
    }
}

/// All taps of output row y for the input channels [first, first + channels), in the order of the contract.
std::vector<Tap> row_taps(const Plane3& x, const Node& n, std::size_t first, std::size_t channels, std::size_t y,
                          std::size_t out_cols) {
    std::vector<Tap> taps;
    taps.reserve(channels * n.kernel_rows * n.kernel_cols);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t ky = 0; ky < n.kernel_rows; ++ky) {
            const std::size_t padded_row = y * n.stride + ky;
            if (padded_row < n.pad_top || padded_row - n.pad_top >= x.rows()) continue;
            append_row_taps(taps, x.row(first + c, padded_row - n.pad_top), x.cols(), n, out_cols,
                            (c * n.kernel_rows + ky) * n.kernel_cols);
        }
    }
    return taps;
}

void start_rows(Plane3& out, std::size_t first, std::size_t channels, std::size_t y, std::span<const float> bias) {
    for (std::size_t c = first; c < first + channels; ++c) {
        std::fill_n(out.row(c, y), out.cols(), bias.empty() ? 0.0F : bias[c]);
    }
}

/// Taps of output row y and output columns of one parity (0 even, 1 odd) of a transposed convolution with padding 1.
/// Column 2 m + parity takes kernel column kx from input column m + (parity + 1 - kx) / 2.
std::vector<Tap> transposed_taps(const Plane3& x, const Node& n, std::size_t y, std::size_t parity) {
    std::vector<Tap> taps;
    const std::size_t k = n.kernel_rows;
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t ky = 0; ky < k; ++ky) {
            if (y + 1 < ky || (y + 1 - ky) % 2 != 0 || (y + 1 - ky) / 2 >= x.rows()) continue;
            const float* const row = x.row(c, (y + 1 - ky) / 2);
            for (std::size_t kx = (parity + 1) % 2; kx < k; kx += 2) {
                const std::ptrdiff_t offset =
                    (static_cast<std::ptrdiff_t>(parity + 1) - static_cast<std::ptrdiff_t>(kx)) / 2;
                const Range range = reached(offset, 1, x.cols(), x.cols());
                if (range.first >= range.end) continue;
                taps.push_back({row + static_cast<std::ptrdiff_t>(range.first) + offset, range.first,
                                range.end - range.first, (c * n.out_channels * k + ky) * k + kx});
            }
        }
    }
    return taps;
}

}  // namespace

Plane3 convolve(const Plane3& x, const Node& n, std::span<const float> weight, std::span<const float> bias) {
    const std::size_t rows = (x.rows() + n.pad_top + n.pad_bottom - n.kernel_rows) / n.stride + 1;
    const std::size_t cols = (x.cols() + n.pad_left + n.pad_right - n.kernel_cols) / n.stride + 1;
    Plane3 out = Plane3::uninitialized(n.out_channels, rows, cols);
    const std::size_t in_per_group = x.channels() / n.groups, out_per_group = n.out_channels / n.groups;
    const std::size_t weights_per_output = in_per_group * n.kernel_rows * n.kernel_cols;
    for (std::size_t y = 0; y < rows; ++y) {
        for (std::size_t g = 0; g < n.groups; ++g) {
            const std::size_t first = g * out_per_group;
            start_rows(out, first, out_per_group, y, bias);
            const std::vector<Tap> taps = row_taps(x, n, g * in_per_group, in_per_group, y, cols);
            const float* const weights = weight.data() + first * weights_per_output;
            const auto accumulate = n.stride == 1 ? accumulate_rows<1> : accumulate_rows<2>;
            accumulate(out.row(first, y), out_per_group, out.plane_size(), taps, weights, weights_per_output);
        }
    }
    return out;
}

Plane3 convolve_transposed(const Plane3& x, const Node& n, std::span<const float> weight, std::span<const float> bias) {
    Plane3 out = Plane3::uninitialized(n.out_channels, 2 * x.rows(), 2 * x.cols());
    Plane3 phase = Plane3::uninitialized(n.out_channels, 1, x.cols());
    for (std::size_t y = 0; y < out.rows(); ++y) {
        for (std::size_t parity = 0; parity < 2; ++parity) {
            start_rows(phase, 0, n.out_channels, 0, bias);
            const std::vector<Tap> taps = transposed_taps(x, n, y, parity);
            accumulate_rows<1>(phase.data(), n.out_channels, phase.plane_size(), taps, weight.data(),
                               n.kernel_rows * n.kernel_cols);
            for (std::size_t c = 0; c < n.out_channels; ++c) {
                float* const row = out.row(c, y) + parity;
                for (std::size_t m = 0; m < x.cols(); ++m) row[2 * m] = phase.row(c, 0)[m];
            }
        }
    }
    return out;
}

}  // namespace jpegai::contract
