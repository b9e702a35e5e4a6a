// Discrete Fourier transforms of any length, sixteen at a time.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <vector>

namespace jpegai::metrics {

/// Sixteen transforms side by side: sample i of transform k is at [i * kLanes + k] of re and im.
inline constexpr std::size_t kFftLanes = 16;

/// Unnormalised: X[k] = sum over n of x[n] exp(-+ 2 pi i n k / length). Lengths with prime factors up to 13 are taken
/// apart (Stockham's order), others go through a convolution of a power of two (Bluestein).
class Fft {
public:
    explicit Fft(std::size_t length);
    ~Fft();
    Fft(const Fft&) = delete;
    Fft& operator=(const Fft&) = delete;

    /// In place; re and im have length * kFftLanes values.
    void forward(float* re, float* im);
    void inverse(float* re, float* im) { forward(im, re); }

private:
    struct Stage {
        std::size_t radix, span, blocks;  ///< span: product of the radices before; blocks: length / (radix * span)
        std::vector<std::complex<float>> turns;  ///< twiddle factors [span][radix]
        std::vector<std::complex<float>> roots;  ///< roots of unity of order radix
    };
    struct Bluestein {
        explicit Bluestein(std::size_t length);
        std::size_t length, padded;
        std::vector<std::complex<float>> chirp, kernel;
        std::unique_ptr<Fft> fft;
        std::vector<float> re, im;
    };
    void run_stage(const Stage& stage, const float* re, const float* im, float* out_re, float* out_im) const;
    void through_bluestein(float* re, float* im);

    std::size_t length_;
    std::vector<Stage> stages_;
    std::unique_ptr<Bluestein> bluestein_;
    std::vector<float> scratch_;
};

}  // namespace jpegai::metrics
