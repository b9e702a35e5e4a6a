#include "tests/backend/naive_ops.h"

#include <array>
#include <cmath>
#include <functional>

#include "backend/contract/elementary.h"

namespace jpegai::test::naive {

namespace {

std::size_t conv_rows(const Array3<float>& x, const Node& n) {
    return (x.rows() + n.pad_top + n.pad_bottom - n.kernel_rows) / n.stride + 1;
}
std::size_t conv_cols(const Array3<float>& x, const Node& n) {
    return (x.cols() + n.pad_left + n.pad_right - n.kernel_cols) / n.stride + 1;
}

float start(std::span<const float> bias, std::size_t o) {
    return bias.empty() ? 0.0F : bias[o];
}

float conv_sample(const Array3<float>& x, const Node& n, std::span<const float> w, float acc, std::size_t o,
                  std::size_t y, std::size_t col) {
    const std::size_t inputs = x.channels() / n.groups, first = o / (n.out_channels / n.groups) * inputs;
    for (std::size_t i = 0; i < inputs; ++i) {
        for (std::size_t ky = 0; ky < n.kernel_rows; ++ky) {
            for (std::size_t kx = 0; kx < n.kernel_cols; ++kx) {
                const std::size_t row = y * n.stride + ky, c = col * n.stride + kx;  // in the padded picture
                if (row < n.pad_top || row >= n.pad_top + x.rows() || c < n.pad_left || c >= n.pad_left + x.cols())
                    continue;
                const float weight = w[((o * inputs + i) * n.kernel_rows + ky) * n.kernel_cols + kx];
                acc = std::fma(weight, x(first + i, row - n.pad_top, c - n.pad_left), acc);
            }
        }
    }
    return acc;
}

/// Sum of n parts by halves: the left half is the largest power of two below n.
float sum_halves(std::span<const float> parts) {
    if (parts.size() == 1) return parts[0];
    std::size_t left = 1;
    while (2 * left < parts.size()) left *= 2;
    return sum_halves(parts.first(left)) + sum_halves(parts.subspan(left));
}

/// Sum of a * b over a plane in the order of the contract.
float plane_dot(const Array3<float>& x, std::size_t a, std::size_t b) {
    std::vector<float> parts;
    for (std::size_t y = 0; y < x.rows(); ++y) {
        for (std::size_t c = 0; c < x.cols(); ++c) {
            if (c % 256 == 0) parts.push_back(0.0F);
            parts.back() = std::fma(x(a, y, c), x(b, y, c), parts.back());
        }
    }
    return sum_halves(parts);
}

float norm(const Array3<float>& x, std::size_t channel) {
    const float root = std::sqrt(plane_dot(x, channel, channel));
    return root > 1e-12F ? root : 1e-12F;
}

std::vector<float> softmax(std::vector<float> row) {
    float largest = row[0], sum = 0.0F;
    for (const float v : row) largest = v > largest ? v : largest;
    for (float& v : row) {
        v = contract::exp(v - largest);
        sum += v;
    }
    for (float& v : row) v /= sum;
    return row;
}

float tree16(std::array<float, 16> lanes) {
    const auto pair = [&](std::size_t a, std::size_t b) { return lanes[a] + lanes[b]; };
    std::array<float, 8> e{};
    for (std::size_t l = 0; l < 8; ++l) e[l] = pair(l, l + 8);
    return ((e[0] + e[4]) + (e[2] + e[6])) + ((e[1] + e[5]) + (e[3] + e[7]));
}

}  // namespace

Array3<float> convolve(const Array3<float>& x, const Node& n, std::span<const float> w, std::span<const float> bias) {
    Array3<float> out(n.out_channels, conv_rows(x, n), conv_cols(x, n));
    for (std::size_t o = 0; o < out.channels(); ++o) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            for (std::size_t c = 0; c < out.cols(); ++c) out(o, y, c) = conv_sample(x, n, w, start(bias, o), o, y, c);
        }
    }
    return out;
}

Array3<float> convolve_transposed(const Array3<float>& x, const Node& n, std::span<const float> w,
                                  std::span<const float> bias) {
    const std::size_t k = n.kernel_rows;
    Array3<float> out(n.out_channels, 2 * x.rows(), 2 * x.cols());
    const auto source = [&](std::size_t position, std::size_t tap, std::size_t size) -> std::size_t {
        const bool hit = position + 1 >= tap && (position + 1 - tap) % 2 == 0 && (position + 1 - tap) / 2 < size;
        return hit ? (position + 1 - tap) / 2 : size;
    };
    for (std::size_t o = 0; o < out.channels(); ++o) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            for (std::size_t c = 0; c < out.cols(); ++c) {
                float acc = start(bias, o);
                for (std::size_t i = 0; i < x.channels(); ++i) {
                    for (std::size_t ky = 0; ky < k; ++ky) {
                        for (std::size_t kx = 0; kx < k; ++kx) {
                            const std::size_t row = source(y, ky, x.rows()), col = source(c, kx, x.cols());
                            if (row == x.rows() || col == x.cols()) continue;
                            acc = std::fma(w[((i * n.out_channels + o) * k + ky) * k + kx], x(i, row, col), acc);
                        }
                    }
                }
                out(o, y, c) = acc;
            }
        }
    }
    return out;
}

Array3<float> layer_norm(const Array3<float>& x, std::span<const float> weight, std::span<const float> bias) {
    Array3<float> out(x.channels(), x.rows(), x.cols());
    const auto count = static_cast<float>(x.channels());
    for (std::size_t y = 0; y < x.rows(); ++y) {
        for (std::size_t c = 0; c < x.cols(); ++c) {
            std::array<float, 16> sum{}, squares{};
            for (std::size_t k = 0; k < x.channels(); ++k) sum[k % 16] += x(k, y, c);
            const float mean = tree16(sum) / count;
            for (std::size_t k = 0; k < x.channels(); ++k) {
                squares[k % 16] = std::fma(x(k, y, c) - mean, x(k, y, c) - mean, squares[k % 16]);
            }
            const float inverse = 1.0F / std::sqrt(tree16(squares) / count + 1e-5F);
            for (std::size_t k = 0; k < x.channels(); ++k) {
                out(k, y, c) = std::fma((x(k, y, c) - mean) * inverse, weight[k], bias[k]);
            }
        }
    }
    return out;
}

Array3<float> channel_attention(const Array3<float>& x, std::size_t heads, std::span<const float> temperature) {
    const std::size_t channels = x.channels() / 3, d = channels / heads;
    Array3<float> out(channels, x.rows(), x.cols());
    for (std::size_t i = 0; i < channels; ++i) {
        const std::size_t head = i / d;
        std::vector<float> row(d);
        for (std::size_t j = 0; j < d; ++j) {
            const std::size_t k = channels + head * d + j;
            row[j] = plane_dot(x, i, k) / (norm(x, i) * norm(x, k)) * temperature[head];
        }
        row = softmax(row);
        for (std::size_t p = 0; p < x.plane_size(); ++p) {
            float acc = 0.0F;
            for (std::size_t j = 0; j < d; ++j) acc = std::fma(row[j], x.plane(2 * channels + head * d + j)[p], acc);
            out.plane(i)[p] = acc;
        }
    }
    return out;
}

std::vector<double> exact_convolve(const Array3<float>& x, const Node& n, std::span<const float> w,
                                   std::span<const float> bias) {
    const std::size_t rows = conv_rows(x, n), cols = conv_cols(x, n), inputs = x.channels() / n.groups;
    std::vector<double> out(n.out_channels * rows * cols);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(start(bias, i / (rows * cols)));
    for (std::size_t o = 0; o < n.out_channels; ++o) {
        const std::size_t first = o / (n.out_channels / n.groups) * inputs;
        for (std::size_t i = 0; i < inputs; ++i) {
            for (std::size_t row = 0; row < x.rows(); ++row) {
                for (std::size_t col = 0; col < x.cols(); ++col) {
                    for (std::size_t ky = 0; ky < n.kernel_rows; ++ky) {
                        for (std::size_t kx = 0; kx < n.kernel_cols; ++kx) {
                            if (row + n.pad_top < ky || col + n.pad_left < kx) continue;
                            const std::size_t y = row + n.pad_top - ky, c = col + n.pad_left - kx;
                            if (y % n.stride != 0 || c % n.stride != 0) continue;
                            if (y / n.stride >= rows || c / n.stride >= cols) continue;
                            const float weight = w[((o * inputs + i) * n.kernel_rows + ky) * n.kernel_cols + kx];
                            out[(o * rows + y / n.stride) * cols + c / n.stride] +=
                                static_cast<double>(weight) * static_cast<double>(x(first + i, row, col));
                        }
                    }
                }
            }
        }
    }
    return out;
}

std::vector<double> exact_convolve_transposed(const Array3<float>& x, const Node& n, std::span<const float> w,
                                              std::span<const float> bias) {
    const std::size_t k = n.kernel_rows, rows = 2 * x.rows(), cols = 2 * x.cols();
    std::vector<double> out(n.out_channels * rows * cols);
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<double>(start(bias, i / (rows * cols)));
    for (std::size_t i = 0; i < x.channels(); ++i) {
        for (std::size_t o = 0; o < n.out_channels; ++o) {
            for (std::size_t row = 0; row < x.rows(); ++row) {
                for (std::size_t col = 0; col < x.cols(); ++col) {
                    for (std::size_t tap = 0; tap < k * k; ++tap) {
                        const std::size_t y = 2 * row + tap / k, c = 2 * col + tap % k;  // one too large: padding 1
                        if (y < 1 || y > rows || c < 1 || c > cols) continue;
                        out[(o * rows + y - 1) * cols + c - 1] +=
                            static_cast<double>(w[(i * n.out_channels + o) * k * k + tap]) *
                            static_cast<double>(x(i, row, col));
                    }
                }
            }
        }
    }
    return out;
}

std::vector<double> exact_layer_norm(const Array3<float>& x, std::span<const float> weight,
                                     std::span<const float> bias) {
    std::vector<double> out(x.size());
    for (std::size_t p = 0; p < x.plane_size(); ++p) {
        double sum = 0, squares = 0;
        for (std::size_t k = 0; k < x.channels(); ++k) {
            const auto v = static_cast<double>(x.plane(k)[p]);
            sum += v;
            squares += v * v;
        }
        const double count = static_cast<double>(x.channels()), mean = sum / count;
        const double deviation = std::sqrt(squares / count - mean * mean + 1e-5);
        for (std::size_t k = 0; k < x.channels(); ++k) {
            const double normal = (static_cast<double>(x.plane(k)[p]) - mean) / deviation;
            out[k * x.plane_size() + p] = normal * static_cast<double>(weight[k]) + static_cast<double>(bias[k]);
        }
    }
    return out;
}

std::vector<double> exact_attention(const Array3<float>& x, std::size_t heads, std::span<const float> temperature) {
    const std::size_t channels = x.channels() / 3, d = channels / heads, pixels = x.plane_size();
    std::vector<double> unit(2 * channels * pixels);  // q and k, each row divided by its norm
    for (std::size_t c = 0; c < 2 * channels; ++c) {
        double squares = 0;
        for (std::size_t p = 0; p < pixels; ++p) squares += std::pow(static_cast<double>(x.plane(c)[p]), 2);
        for (std::size_t p = 0; p < pixels; ++p) {
            unit[c * pixels + p] = static_cast<double>(x.plane(c)[p]) / std::fmax(std::sqrt(squares), 1e-12);
        }
    }
    std::vector<double> out(channels * pixels, 0.0);
    for (std::size_t i = 0; i < channels; ++i) {
        const std::size_t head = i / d;
        std::vector<double> share(d);
        double total = 0;
        for (std::size_t j = 0; j < d; ++j) {
            double product = 0;
            for (std::size_t p = 0; p < pixels; ++p) {
                product += unit[i * pixels + p] * unit[(channels + head * d + j) * pixels + p];
            }
            share[j] = std::exp(product * static_cast<double>(temperature[head]));
            total += share[j];
        }
        for (std::size_t j = 0; j < d; ++j) {
            const float* const v = x.plane(2 * channels + head * d + j);
            for (std::size_t p = 0; p < pixels; ++p)
                out[i * pixels + p] += share[j] / total * static_cast<double>(v[p]);
        }
    }
    return out;
}

}  // namespace jpegai::test::naive
