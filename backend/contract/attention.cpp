#include <algorithm>
#include <cmath>
#include <vector>

#include "backend/contract/accumulate.h"
#include "backend/contract/ops.h"
#include "backend/contract/sums.h"

namespace jpegai::contract {

namespace {

constexpr float kNormEpsilon = 1e-12F;  // 03 section 2.7

/// channels x count samples of one row segment as [sample][channel].
std::vector<float> transposed(const Plane3& x, std::size_t first_channel, std::size_t channels, const Segment& s) {
    std::vector<float> out(channels * s.count);
    for (std::size_t c = 0; c < channels; ++c) {
        const float* const row = x.row(first_channel + c, s.row) + s.first;
        for (std::size_t i = 0; i < s.count; ++i) out[i * channels + c] = row[i];
    }
    return out;
}

/// Partial sums of one segment: sum[c] = sum of x_c * x_c.
void sum_squares(const std::vector<float>& samples, std::size_t channels, float* sum) {
    run_vectorised([&]() JPEGAI_VECTOR_BODY {
        std::fill_n(sum, channels, 0.0F);
        for (std::size_t i = 0; i < samples.size(); i += channels) {
            for (std::size_t c = 0; c < channels; ++c) sum[c] = fma(samples[i + c], samples[i + c], sum[c]);
        }
    });
}

/// Norms sqrt(sum of squares) of `channels` channels, at least 1e-12.
std::vector<float> norms(const Plane3& x, std::size_t first_channel, std::size_t channels,
                         std::span<const Segment> segments) {
    std::vector<float> partial(segments.size() * channels);
    for (std::size_t s = 0; s < segments.size(); ++s) {
        sum_squares(transposed(x, first_channel, channels, segments[s]), channels, &partial[s * channels]);
    }
    sum_pairwise(partial, segments.size());
    partial.resize(channels);
    for (float& value : partial) value = at_least(std::sqrt(value), kNormEpsilon);
    return partial;
}

/// Products q_i . k_j over all pixels, [i][j], of one head of D channels.
std::vector<float> products(const Plane3& x, std::size_t q, std::size_t k, std::size_t d,
                            std::span<const Segment> segments) {
    std::vector<float> partial(segments.size() * d * d, 0.0F);
    std::vector<Tap> taps;
    for (std::size_t s = 0; s < segments.size(); ++s) {
        const std::vector<float> keys = transposed(x, k, d, segments[s]);
        taps.clear();
        for (std::size_t i = 0; i < segments[s].count; ++i) taps.push_back({&keys[i * d], 0, d, i});
        const float* const queries = x.row(q, segments[s].row) + segments[s].first;
        accumulate_rows<1>(&partial[s * d * d], d, d, taps, queries, x.plane_size());
    }
    sum_pairwise(partial, segments.size());
    partial.resize(d * d);
    return partial;
}

}  // namespace

void softmax(float* row, std::size_t n) {
    float largest = row[0];
    for (std::size_t j = 1; j < n; ++j) largest = at_least(row[j], largest);
    float sum = 0.0F;
    for (std::size_t j = 0; j < n; ++j) {
        row[j] = exp(row[j] - largest);
        sum = sum + row[j];
    }
    for (std::size_t j = 0; j < n; ++j) row[j] = row[j] / sum;
}

Plane3 attention_matrix(const Plane3& x, std::size_t heads, std::span<const float> temperature) {
    const std::size_t channels = x.channels() / 3, d = channels / heads;
    const std::vector<Segment> segments = plane_segments(x.rows(), x.cols());
    const std::vector<float> q_norm = norms(x, 0, channels, segments);
    const std::vector<float> k_norm = norms(x, channels, channels, segments);
    Plane3 matrix = Plane3::uninitialized(heads, d, d);
    for (std::size_t h = 0; h < heads; ++h) {
        const std::vector<float> qk = products(x, h * d, channels + h * d, d, segments);
        for (std::size_t i = 0; i < d; ++i) {
            float* const row = matrix.row(h, i);
            for (std::size_t j = 0; j < d; ++j) {
                row[j] = qk[i * d + j] / (q_norm[h * d + i] * k_norm[h * d + j]) * temperature[h];
            }
            softmax(row, d);
        }
    }
    return matrix;
}

Plane3 channel_attention(const Plane3& x, std::size_t heads, std::span<const float> temperature) {
    const std::size_t channels = x.channels() / 3;
    const Plane3 matrix = attention_matrix(x, heads, temperature);
    Node product;  // A * v is a grouped 1x1 convolution
    product.op = Op::kConv;
    product.out_channels = channels;
    product.groups = heads;
    return convolve(slice(x, 2 * channels, channels), product, matrix.span(), {});
}

}  // namespace jpegai::contract
