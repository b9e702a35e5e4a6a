#include <algorithm>
#include <array>

#include "backend/contract/ops.h"

namespace jpegai::contract {

namespace {

struct Offset {
    std::size_t row, col;
};
constexpr std::array<Offset, 4> kPhases = {{{0, 0}, {1, 1}, {0, 1}, {1, 0}}};  // 03 section 2.2

/// The four samples of a 2x2 block and their Haar coefficients (04 section 4.2).
struct Block {
    float a, b, c, d;
};
struct Coefficients {
    float ll, hl, lh, hh;
};

Coefficients analyse(const Block& block) {
    const float a = block.a * 0.5F, b = block.b * 0.5F, c = block.c * 0.5F, d = block.d * 0.5F;
    return {((a + b) + c) + d, ((-a - b) + c) + d, ((-a + b) - c) + d, ((a - b) - c) + d};
}

Block synthesise(const Coefficients& t) {
    const float ll = t.ll * 0.5F, hl = t.hl * 0.5F, lh = t.lh * 0.5F, hh = t.hh * 0.5F;
    return {((ll - hl) - lh) + hh, ((ll - hl) + lh) - hh, ((ll + hl) - lh) - hh, ((ll + hl) + lh) + hh};
}

}  // namespace

Plane3 pixel_shuffle(const Plane3& x, std::size_t factor) {
    const std::size_t r = factor;
    Plane3 out = Plane3::uninitialized(x.channels() / (r * r), r * x.rows(), r * x.cols());
    for (std::size_t c = 0; c < x.channels(); ++c) {
        const std::size_t dy = c % (r * r) / r, dx = c % r;
        for (std::size_t y = 0; y < x.rows(); ++y) {
            float* const to = out.row(c / (r * r), r * y + dy) + dx;
            for (std::size_t i = 0; i < x.cols(); ++i) to[r * i] = x.row(c, y)[i];
        }
    }
    return out;
}

Plane3 pixel_unshuffle(const Plane3& x, std::size_t factor) {
    const std::size_t r = factor;
    Plane3 out = Plane3::uninitialized(x.channels() * r * r, x.rows() / r, x.cols() / r);
    for (std::size_t c = 0; c < out.channels(); ++c) {
        const std::size_t dy = c % (r * r) / r, dx = c % r;
        for (std::size_t y = 0; y < out.rows(); ++y) {
            const float* const from = x.row(c / (r * r), r * y + dy) + dx;
            for (std::size_t i = 0; i < out.cols(); ++i) out.row(c, y)[i] = from[r * i];
        }
    }
    return out;
}

Plane3 concat(std::span<const Plane3* const> parts) {
    std::size_t channels = 0;
    for (const Plane3* part : parts) channels += part->channels();
    Plane3 out = Plane3::uninitialized(channels, parts[0]->rows(), parts[0]->cols());
    float* to = out.data();
    for (const Plane3* part : parts) to = std::copy_n(part->data(), part->size(), to);
    return out;
}

Plane3 slice(const Plane3& x, std::size_t first, std::size_t channels) {
    Plane3 out = Plane3::uninitialized(channels, x.rows(), x.cols());
    std::copy_n(x.plane(first), out.size(), out.data());
    return out;
}

Plane3 crop(const Plane3& x, Size size) {
    Plane3 out = Plane3::uninitialized(x.channels(), size.rows, size.cols);
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t y = 0; y < size.rows; ++y) std::copy_n(x.row(c, y), size.cols, out.row(c, y));
    }
    return out;
}

Plane3 pad_replicate(const Plane3& x, Size size) {
    Plane3 out = Plane3::uninitialized(x.channels(), size.rows, size.cols);
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t y = 0; y < size.rows; ++y) {
            const float* const row = x.row(c, std::min(y, x.rows() - 1));
            std::fill(std::copy_n(row, x.cols(), out.row(c, y)), out.row(c, y) + size.cols, row[x.cols() - 1]);
        }
    }
    return out;
}

Plane3 pad_zero(const Plane3& x, Size size) {
    Plane3 out(x.channels(), size.rows, size.cols);
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t y = 0; y < x.rows(); ++y) std::copy_n(x.row(c, y), x.cols(), out.row(c, y));
    }
    return out;
}

Plane3 phase_split(const Plane3& x, std::size_t phase) {
    const Offset offset = kPhases[phase];
    Plane3 out = Plane3::uninitialized(x.channels(), x.rows() / 2, x.cols() / 2);
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            const float* const from = x.row(c, 2 * y + offset.row) + offset.col;
            for (std::size_t i = 0; i < out.cols(); ++i) out.row(c, y)[i] = from[2 * i];
        }
    }
    return out;
}

Plane3 phase_merge(std::span<const Plane3* const> phases) {
    const Plane3& first = *phases[0];
    Plane3 out = Plane3::uninitialized(first.channels(), 2 * first.rows(), 2 * first.cols());
    for (std::size_t phase = 0; phase < kPhases.size(); ++phase) {
        const Offset offset = kPhases[phase];
        for (std::size_t c = 0; c < first.channels(); ++c) {
            for (std::size_t y = 0; y < first.rows(); ++y) {
                float* const to = out.row(c, 2 * y + offset.row) + offset.col;
                for (std::size_t i = 0; i < first.cols(); ++i) to[2 * i] = phases[phase]->row(c, y)[i];
            }
        }
    }
    return out;
}

Plane3 haar_split(const Plane3& x) {
    Plane3 out = Plane3::uninitialized(4 * x.channels(), x.rows() / 2, x.cols() / 2);
    for (std::size_t c = 0; c < x.channels(); ++c) {
        for (std::size_t y = 0; y < out.rows(); ++y) {
            const float* const upper = x.row(c, 2 * y);
            const float* const lower = x.row(c, 2 * y + 1);
            for (std::size_t i = 0; i < out.cols(); ++i) {
                const Coefficients t = analyse({upper[2 * i], lower[2 * i], upper[2 * i + 1], lower[2 * i + 1]});
                out(4 * c, y, i) = t.ll;
                out(4 * c + 1, y, i) = t.hl;
                out(4 * c + 2, y, i) = t.lh;
                out(4 * c + 3, y, i) = t.hh;
            }
        }
    }
    return out;
}

Plane3 haar_merge(const Plane3& x) {
    Plane3 out = Plane3::uninitialized(x.channels() / 4, 2 * x.rows(), 2 * x.cols());
    for (std::size_t c = 0; c < out.channels(); ++c) {
        for (std::size_t y = 0; y < x.rows(); ++y) {
            for (std::size_t i = 0; i < x.cols(); ++i) {
                const Block block =
                    synthesise({x(4 * c, y, i), x(4 * c + 1, y, i), x(4 * c + 2, y, i), x(4 * c + 3, y, i)});
                out(c, 2 * y, 2 * i) = block.a;
                out(c, 2 * y + 1, 2 * i) = block.b;
                out(c, 2 * y, 2 * i + 1) = block.c;
                out(c, 2 * y + 1, 2 * i + 1) = block.d;
            }
        }
    }
    return out;
}

}  // namespace jpegai::contract
