#include "metrics/fft.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace jpegai::metrics {
namespace {

constexpr std::size_t kLanes = kFftLanes;
constexpr std::size_t kMaxRadix = 13;

std::complex<float> turn(std::size_t numerator, std::size_t denominator) {
    const double angle =
        -2 * std::numbers::pi * static_cast<double>(numerator % denominator) / static_cast<double>(denominator);
    return {static_cast<float>(std::cos(angle)), static_cast<float>(std::sin(angle))};
}

/// Radices of a length, largest power of four first; empty when a prime factor exceeds kMaxRadix.
std::vector<std::size_t> radices_of(std::size_t length) {
    std::vector<std::size_t> radices;
    for (; length % 4 == 0; length /= 4) radices.push_back(4);
    for (std::size_t prime = 2; prime <= kMaxRadix; ++prime) {
        for (; length % prime == 0; length /= prime) radices.push_back(prime);
    }
    if (length != 1) radices.clear();
    return radices;
}

/// Sixteen complex numbers.
struct Vector {
    std::array<float, kLanes> re, im;
};

void load(const float* re, const float* im, Vector& v) {
    for (std::size_t l = 0; l < kLanes; ++l) {
        v.re[l] = re[l];
        v.im[l] = im[l];
    }
}

void load_turned(const float* re, const float* im, std::complex<float> by, Vector& v) {
    const float c = by.real(), s = by.imag();
    for (std::size_t l = 0; l < kLanes; ++l) {
        v.re[l] = re[l] * c - im[l] * s;
        v.im[l] = re[l] * s + im[l] * c;
    }
}

void butterfly2(const std::array<Vector, kMaxRadix>& in, const std::array<float*, kMaxRadix>& re,
                const std::array<float*, kMaxRadix>& im) {
    for (std::size_t l = 0; l < kLanes; ++l) {
        re[0][l] = in[0].re[l] + in[1].re[l];
        im[0][l] = in[0].im[l] + in[1].im[l];
        re[1][l] = in[0].re[l] - in[1].re[l];
        im[1][l] = in[0].im[l] - in[1].im[l];
    }
}

void butterfly4(const std::array<Vector, kMaxRadix>& in, const std::array<float*, kMaxRadix>& re,
                const std::array<float*, kMaxRadix>& im) {
    float* __restrict r0 = re[0], * __restrict r1 = re[1], * __restrict r2 = re[2], * __restrict r3 = re[3];
    float* __restrict i0 = im[0], * __restrict i1 = im[1], * __restrict i2 = im[2], * __restrict i3 = im[3];
    for (std::size_t l = 0; l < kLanes; ++l) {
        const float ar = in[0].re[l] + in[2].re[l], ai = in[0].im[l] + in[2].im[l];
        const float br = in[0].re[l] - in[2].re[l], bi = in[0].im[l] - in[2].im[l];
        const float cr = in[1].re[l] + in[3].re[l], ci = in[1].im[l] + in[3].im[l];
        const float dr = in[1].re[l] - in[3].re[l], di = in[1].im[l] - in[3].im[l];
        r0[l] = ar + cr;
        i0[l] = ai + ci;
        r1[l] = br + di;  // b - i d
        i1[l] = bi - dr;
        r2[l] = ar - cr;
        i2[l] = ai - ci;
        r3[l] = br - di;
        i3[l] = bi + dr;
    }
}

void butterfly(const std::array<Vector, kMaxRadix>& in, const std::vector<std::complex<float>>& roots,
               const std::array<float*, kMaxRadix>& re, const std::array<float*, kMaxRadix>& im) {
    const std::size_t radix = roots.size();
    for (std::size_t k = 0; k < radix; ++k) {
        Vector sum = in[0];
        for (std::size_t n = 1; n < radix; ++n) {
            const std::complex<float> root = roots[n * k % radix];
            const float c = root.real(), s = root.imag();
            for (std::size_t l = 0; l < kLanes; ++l) {
                sum.re[l] += in[n].re[l] * c - in[n].im[l] * s;
                sum.im[l] += in[n].re[l] * s + in[n].im[l] * c;
            }
        }
        std::copy(sum.re.begin(), sum.re.end(), re[k]);
        std::copy(sum.im.begin(), sum.im.end(), im[k]);
    }
}

}  // namespace

Fft::Fft(std::size_t length) : length_(length) {
    const std::vector<std::size_t> radices = radices_of(length);
    if (radices.empty() && length > 1) {
        bluestein_ = std::make_unique<Bluestein>(length);
        return;
    }
    std::size_t span = 1;
    for (const std::size_t radix : radices) {
        Stage stage{radix, span, length / (radix * span), {}, {}};
        for (std::size_t j = 0; j < span; ++j) {
            for (std::size_t n = 0; n < radix; ++n) stage.turns.push_back(turn(j * n, span * radix));
        }
        for (std::size_t n = 0; n < radix; ++n) stage.roots.push_back(turn(n, radix));
        stages_.push_back(std::move(stage));
        span *= radix;
    }
    scratch_.resize(2 * length * kLanes);
}

Fft::~Fft() = default;

// Before a stage, sample j * (length / span) + m is frequency j of the transform of the `span` samples m, m + length /
// span, m + 2 length / span ...; the stage joins `radix` of these transforms.
void Fft::run_stage(const Stage& stage, const float* re, const float* im, float* out_re, float* out_im) const {
    std::array<Vector, kMaxRadix> in;
    std::array<float*, kMaxRadix> to_re{}, to_im{};
    for (std::size_t j = 0; j < stage.span; ++j) {
        const std::complex<float>* turns = stage.turns.data() + j * stage.radix;
        for (std::size_t b = 0; b < stage.blocks; ++b) {
            for (std::size_t n = 0; n < stage.radix; ++n) {
                const std::size_t from = ((j * stage.radix + n) * stage.blocks + b) * kLanes;
                if (j == 0 || n == 0)
                    load(re + from, im + from, in[n]);
                else
                    load_turned(re + from, im + from, turns[n], in[n]);
                const std::size_t to = ((j + n * stage.span) * stage.blocks + b) * kLanes;
                to_re[n] = out_re + to;
                to_im[n] = out_im + to;
            }
            if (stage.radix == 4)
                butterfly4(in, to_re, to_im);
            else if (stage.radix == 2)
                butterfly2(in, to_re, to_im);
            else
                butterfly(in, stage.roots, to_re, to_im);
        }
    }
}

void Fft::forward(float* re, float* im) {
    if (bluestein_) {
        through_bluestein(re, im);
        return;
    }
    const std::size_t size = length_ * kLanes;
    float *from_re = re, *from_im = im, *to_re = scratch_.data(), *to_im = to_re + size;
    for (const Stage& stage : stages_) {
        run_stage(stage, from_re, from_im, to_re, to_im);
        std::swap(from_re, to_re);
        std::swap(from_im, to_im);
    }
    if (from_re != re) {
        std::copy_n(from_re, size, re);
        std::copy_n(from_im, size, im);
    }
}

// n k = (n^2 + k^2 - (k - n)^2) / 2 makes the transform a convolution with a chirp.
Fft::Bluestein::Bluestein(std::size_t count) : length(count), padded(1) {
    while (padded < 2 * length - 1) padded *= 2;
    fft = std::make_unique<Fft>(padded);
    re.assign(padded * kLanes, 0);
    im.assign(padded * kLanes, 0);
    for (std::size_t n = 0; n < length; ++n) chirp.push_back(turn(n * n % (2 * length), 2 * length));
    for (std::size_t n = 0; n < length; ++n) {
        for (const std::size_t at : {n, (padded - n) % padded}) {
            re[at * kLanes] = chirp[n].real();
            im[at * kLanes] = -chirp[n].imag();
        }
    }
    fft->forward(re.data(), im.data());
    const float scale = 1 / static_cast<float>(padded);
    for (std::size_t k = 0; k < padded; ++k) kernel.emplace_back(re[k * kLanes] * scale, im[k * kLanes] * scale);
}

void Fft::through_bluestein(float* re, float* im) {
    Bluestein& b = *bluestein_;
    const auto turned = [](const float* in_re, const float* in_im, std::complex<float> by, float* out_re,
                           float* out_im) {
        Vector v;
        load_turned(in_re, in_im, by, v);
        std::copy(v.re.begin(), v.re.end(), out_re);
        std::copy(v.im.begin(), v.im.end(), out_im);
    };
    float *work_re = b.re.data(), *work_im = b.im.data();
    std::fill(b.re.begin(), b.re.end(), 0.0F);
    std::fill(b.im.begin(), b.im.end(), 0.0F);
    for (std::size_t n = 0; n < b.length * kLanes; n += kLanes)
        turned(re + n, im + n, b.chirp[n / kLanes], work_re + n, work_im + n);
    b.fft->forward(work_re, work_im);
    for (std::size_t k = 0; k < b.padded * kLanes; k += kLanes)
        turned(work_re + k, work_im + k, b.kernel[k / kLanes], work_re + k, work_im + k);
    b.fft->inverse(work_re, work_im);
    for (std::size_t k = 0; k < b.length * kLanes; k += kLanes)
        turned(work_re + k, work_im + k, b.chirp[k / kLanes], re + k, im + k);
}

}  // namespace jpegai::metrics
