#include "encoder/latent_tools.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <numeric>

#include "base/error.h"
#include "base/math.h"
#include "decoder/quality_map.h"
#include "spec/scale_tables.h"

namespace jpegai {
namespace {

/// Channels with flag 1 (05 section 4.4).
constexpr std::array<std::array<std::size_t, kModels>, kComponents> kFlaggedChannels = {
    {{5, 24, 35, 64}, {10, 10, 10, 10}}};

/// Shares of zero differences, in 1/100, at which the next narrower distribution is taken (02 section 7.3).
constexpr std::array<std::size_t, 7> kZeroShares = {25, 50, 70, 80, 90, 95, 99};

bool is_white(const Picture& mask, std::size_t y, std::size_t x) {
    return std::all_of(mask.planes.begin(), mask.planes.end(),
                       [&](const Array3<std::uint16_t>& plane) { return plane(0, y, x) == mask.max_value(); });
}

}  // namespace

std::vector<std::uint8_t> grfs_flags(const Array3<std::int16_t>& s0, const EntropyModel& model, std::size_t model_id,
                                     Component component, std::size_t coded_channels) {
    const std::size_t channels = s0.channels();
    std::vector<std::int64_t> sums(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        sums[c] = std::accumulate(s0.plane(c), s0.plane(c) + s0.plane_size(), std::int64_t{0}) +
                  static_cast<std::int64_t>(s0.plane_size()) * model.gain_vector_log[c];
    }
    std::vector<std::size_t> order(channels);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return sums[a] > sums[b]; });
    std::vector<std::uint8_t> flags(coded_channels);
    for (std::size_t i = 0; i < std::min(kFlaggedChannels[component][model_id], channels); ++i) {
        if (order[i] < coded_channels) flags[order[i]] = 1;
    }
    return flags;
}

std::uint8_t quality_map_entropy_index(const Array3<std::int8_t>& map) {
    const Array3<std::int16_t> deltas = quality_map_deltas(map);
    std::size_t zeros = 1;  // the first position counts as one
    zeros += static_cast<std::size_t>(std::count(deltas.data() + 1, deltas.data() + deltas.size(), 0));
    const auto reached = std::count_if(kZeroShares.begin(), kZeroShares.end(),
                                       [&](std::size_t share) { return zeros * 100 >= share * deltas.size(); });
    return static_cast<std::uint8_t>(7 - reached);
}

Array3<std::int8_t> quality_map_from_mask(const Picture& mask, std::size_t rows, std::size_t cols, int inside,
                                          int outside) {
    check_picture(mask);
    if (!mask.chroma.is_444()) throw Error(JPEGAI_ERROR_ARGUMENT, "a mask picture cannot have sub-sampled chroma");
    if (std::max(std::abs(inside), std::abs(outside)) > kQualityMapMax || rows == 0 || cols == 0) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "quality map values have to be within -8..8");
    }
    const std::size_t row_step = ceil_div(mask.rows(), rows), col_step = ceil_div(mask.cols(), cols);
    Array3<std::int8_t> map(1, rows, cols);
    std::fill_n(map.data(), map.size(), static_cast<std::int8_t>(outside));
    for (std::size_t y = 0; y < rows * row_step; ++y) {
        for (std::size_t x = 0; x < cols * col_step; ++x) {
            if (is_white(mask, y * mask.rows() / (rows * row_step), x * mask.cols() / (cols * col_step))) {
                map(0, y / row_step, x / col_step) = static_cast<std::int8_t>(inside);
            }
        }
    }
    return map;
}

}  // namespace jpegai
