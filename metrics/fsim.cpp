// Feature similarity: phase congruency and gradient.
#include <algorithm>
#include <numbers>

#include "metrics/fft.h"
#include "metrics/planes.h"
#include "metrics/window.h"

namespace jpegai::metrics {
namespace {

constexpr std::size_t kScales = 4, kOrientations = 4;
constexpr float kTiny = 1e-12F;

/// Log-Gabor filters in the frequency domain, corner origin, and what the noise estimate needs to know of them.
class FilterBank {
public:
    FilterBank(std::size_t rows, std::size_t cols) : rows_(rows), cols_(cols) {
        for (Plane& plane : radial_) plane = Plane::uninitialized(1, rows, cols);
        for (Plane& plane : angular_) plane = Plane::uninitialized(1, rows, cols);
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) set(y, x);
        }
        for (std::size_t o = 0; o < kOrientations; ++o) measure(o);
    }
    [[nodiscard]] const float* radial(std::size_t scale, std::size_t y) const { return radial_[scale].row(0, y); }
    [[nodiscard]] const float* angular(std::size_t orientation, std::size_t y) const {
        return angular_[orientation].row(0, y);
    }
    /// Expected squared response to noise at all scales together, over the squared response at the finest one.
    [[nodiscard]] double noise_gain(std::size_t orientation) const { return noise_gain_[orientation]; }

private:
    static double signed_index(std::size_t k, std::size_t count) {
        return static_cast<double>(k) - (k < (count + 1) / 2 ? 0.0 : static_cast<double>(count));
    }
    /// Frequency in cycles per sample; odd lengths are stretched so that they reach 0.5, as in the original.
    static double frequency(std::size_t k, std::size_t count) {
        return signed_index(k, count) / static_cast<double>(count % 2 == 0 || count == 1 ? count : count - 1);
    }
    void set(std::size_t y, std::size_t x) {
        const double v = frequency(y, rows_), u = frequency(x, cols_);
        const double radius = std::sqrt(u * u + v * v);
        const double low_pass = 1 / (1 + std::pow(radius / 0.45, 30));
        constexpr double kSigmaOnF = 0.55;
        const double denominator = 2 * std::log(kSigmaOnF) * std::log(kSigmaOnF);
        for (std::size_t s = 0; s < kScales; ++s) {
            const double wavelength = 6 * static_cast<double>(1U << s);
            const double distance = radius > 0 ? std::log(radius * wavelength) : 0;
            radial_[s](0, y, x) =
                radius > 0 ? static_cast<float>(std::exp(-distance * distance / denominator) * low_pass) : 0.0F;
        }
        const double theta = std::atan2(-signed_index(y, rows_) / static_cast<double>(rows_),
                                        signed_index(x, cols_) / static_cast<double>(cols_));
        constexpr double kSigma = std::numbers::pi / kOrientations / 1.2;
        for (std::size_t o = 0; o < kOrientations; ++o) {
            double apart = std::fabs(theta - static_cast<double>(o) * std::numbers::pi / kOrientations);
            if (apart > std::numbers::pi) apart = 2 * std::numbers::pi - apart;
            angular_[o](0, y, x) = static_cast<float>(std::exp(-apart * apart / (2 * kSigma * kSigma)));
        }
    }
    /// The original sums products of the filters' real impulse responses; these have the even part of a filter as
    /// spectrum, so that by Parseval's theorem the sums can be had here.
    void measure(std::size_t o) {
        double finest = 0, squares = 0, cross = 0;
        for (std::size_t y = 0; y < rows_; ++y) {
            const std::size_t my = (rows_ - y) % rows_;
            for (std::size_t x = 0; x < cols_; ++x) {
                const std::size_t mx = (cols_ - x) % cols_;
                const double here = static_cast<double>(angular_[o](0, y, x));
                const double there = static_cast<double>(angular_[o](0, my, mx));
                double sum = 0;
                for (std::size_t s = 0; s < kScales; ++s) {
                    const double value = static_cast<double>(radial_[s](0, y, x)) * here;
                    const double even = (value + static_cast<double>(radial_[s](0, my, mx)) * there) / 2;
                    if (s == 0) finest += value * value;
                    squares += even * even;
                    cross += sum * even;
                    sum += even;
                }
            }
        }
        noise_gain_[o] = (2 * squares + 4 * cross) / finest;
    }

    std::size_t rows_, cols_;
    std::array<Plane, kScales> radial_;
    std::array<Plane, kOrientations> angular_;
    std::array<double, kOrientations> noise_gain_{};
};

struct Complex {
    Plane re, im;
    Complex(std::size_t rows, std::size_t cols)
        : re(Plane::uninitialized(1, rows, cols)), im(Plane::uninitialized(1, rows, cols)) {}
};

/// Transforms of whole planes.
class Fft2 {
public:
    Fft2(std::size_t rows, std::size_t cols)
        : rows_(rows), cols_(cols), down_(rows), across_(cols), block_(2 * std::max(rows, cols) * kFftLanes) {}

    void forward(Complex& plane) {
        columns(plane, false);
        along_rows(plane, false);
    }
    /// Divided by the number of samples.
    void inverse(Complex& plane) {
        columns(plane, true);
        along_rows(plane, true);
        const float scale = 1 / static_cast<float>(rows_ * cols_);
        for (Plane* part : {&plane.re, &plane.im}) {
            for (float& value : part->span()) value *= scale;
        }
    }

private:
    void columns(Complex& plane, bool inverse) {
        float *re = block_.data(), *im = re + rows_ * kFftLanes;
        for (std::size_t x = 0; x < cols_; x += kFftLanes) {
            const std::size_t count = std::min(kFftLanes, cols_ - x);
            for (std::size_t y = 0; y < rows_; ++y) {
                std::copy_n(plane.re.row(0, y) + x, count, re + y * kFftLanes);
                std::copy_n(plane.im.row(0, y) + x, count, im + y * kFftLanes);
            }
            run(down_, re, im, inverse);
            for (std::size_t y = 0; y < rows_; ++y) {
                std::copy_n(re + y * kFftLanes, count, plane.re.row(0, y) + x);
                std::copy_n(im + y * kFftLanes, count, plane.im.row(0, y) + x);
            }
        }
    }
    void along_rows(Complex& plane, bool inverse) {
        float *re = block_.data(), *im = re + cols_ * kFftLanes;
        for (std::size_t y = 0; y < rows_; y += kFftLanes) {
            const std::size_t count = std::min(kFftLanes, rows_ - y);
            for (std::size_t l = 0; l < count; ++l) {
                const float *row_re = plane.re.row(0, y + l), *row_im = plane.im.row(0, y + l);
                for (std::size_t x = 0; x < cols_; ++x) {
                    re[x * kFftLanes + l] = row_re[x];
                    im[x * kFftLanes + l] = row_im[x];
                }
            }
            run(across_, re, im, inverse);
            for (std::size_t l = 0; l < count; ++l) {
                float *row_re = plane.re.row(0, y + l), *row_im = plane.im.row(0, y + l);
                for (std::size_t x = 0; x < cols_; ++x) {
                    row_re[x] = re[x * kFftLanes + l];
                    row_im[x] = im[x * kFftLanes + l];
                }
            }
        }
    }
    static void run(Fft& fft, float* re, float* im, bool inverse) {
        if (inverse)
            fft.inverse(re, im);
        else
            fft.forward(re, im);
    }

    std::size_t rows_, cols_;
    Fft down_, across_;
    std::vector<float> block_;  ///< lanes that are not used hold old values, which stay finite
};

/// Responses at all scales of one orientation, and their sum over the scales.
struct Responses {
    std::vector<Complex> scale;
    Plane even, odd, amplitude;
};

/// The lower one of the two middle values where their number is even.
double lower_median(std::vector<float> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>((values.size() - 1) / 2);
    std::nth_element(values.begin(), middle, values.end());
    return static_cast<double>(*middle);
}

Responses respond(const Complex& spectrum, const FilterBank& bank, std::size_t orientation, Fft2& fft) {
    const std::size_t rows = spectrum.re.rows(), cols = spectrum.re.cols();
    Responses responses{{}, Plane(1, rows, cols), Plane(1, rows, cols), Plane(1, rows, cols)};
    for (std::size_t s = 0; s < kScales; ++s) {
        Complex response(rows, cols);
        for (std::size_t y = 0; y < rows; ++y) {
            const float *radial = bank.radial(s, y), *angular = bank.angular(orientation, y);
            const float *in_re = spectrum.re.row(0, y), *in_im = spectrum.im.row(0, y);
            float *re = response.re.row(0, y), *im = response.im.row(0, y);
            for (std::size_t x = 0; x < cols; ++x) {
                const float gain = radial[x] * angular[x];
                re[x] = in_re[x] * gain;
                im[x] = in_im[x] * gain;
            }
        }
        fft.inverse(response);
        const float *re = response.re.data(), *im = response.im.data();
        float *even = responses.even.data(), *odd = responses.odd.data(), *amplitude = responses.amplitude.data();
        for (std::size_t i = 0; i < rows * cols; ++i) {
            even[i] += re[i];
            odd[i] += im[i];
            amplitude[i] += std::sqrt(re[i] * re[i] + im[i] * im[i] + kTiny);
        }
        responses.scale.push_back(std::move(response));
    }
    return responses;
}

/// Energy that noise of the estimated power reaches with some probability.
float noise_threshold(const Responses& responses, double noise_gain) {
    const Complex& finest = responses.scale.front();
    std::vector<float> power(finest.re.size());
    for (std::size_t i = 0; i < power.size(); ++i) {
        const float re = finest.re.data()[i], im = finest.im.data()[i];
        power[i] = re * re + im * im + kTiny;
    }
    // The amplitude has a Rayleigh distribution with parameter tau, whose square has its median at 2 tau^2 log 2.
    const double mean = lower_median(std::move(power)) / std::numbers::ln2;
    const double tau = std::sqrt(mean * noise_gain / 2 + 1e-12);
    const double sigma = std::sqrt((2 - std::numbers::pi / 2) * tau * tau + 1e-12);
    return static_cast<float>((tau * std::sqrt(std::numbers::pi / 2) + 2 * sigma) / 1.7);
}

/// Adds the energy of one orientation above the noise.
void add_energy(const Responses& responses, float threshold, Plane& energy) {
    const float *even = responses.even.data(), *odd = responses.odd.data();
    float* out = energy.data();
    for (std::size_t i = 0; i < energy.size(); ++i) {
        const float length = std::sqrt(even[i] * even[i] + odd[i] * odd[i] + kTiny) + 1e-4F;
        const float mean_even = even[i] / length, mean_odd = odd[i] / length;
        float sum = 0;
        for (std::size_t s = 0; s < kScales; ++s) {
            const float re = responses.scale[s].re.data()[i], im = responses.scale[s].im.data()[i];
            sum += re * mean_even + im * mean_odd - std::fabs(re * mean_odd - im * mean_even);
        }
        out[i] += std::max(sum - threshold, 0.0F);
    }
}

/// Kovesi's phase congruency, 0 .. 1.
Plane phase_congruency(const Plane& luma, const FilterBank& bank, Fft2& fft) {
    Complex spectrum(luma.rows(), luma.cols());
    std::copy_n(luma.data(), luma.size(), spectrum.re.data());
    std::fill_n(spectrum.im.data(), luma.size(), 0.0F);
    fft.forward(spectrum);
    Plane energy(1, luma.rows(), luma.cols()), amplitude(1, luma.rows(), luma.cols());
    for (std::size_t o = 0; o < kOrientations; ++o) {
        const Responses responses = respond(spectrum, bank, o, fft);
        add_energy(responses, noise_threshold(responses, bank.noise_gain(o)), energy);
        for (std::size_t i = 0; i < energy.size(); ++i) amplitude.data()[i] += responses.amplitude.data()[i];
    }
    for (std::size_t i = 0; i < energy.size(); ++i) energy.data()[i] /= amplitude.data()[i];
    return energy;
}

/// Length of the gradient by Scharr's operator; zeros around the picture.
Plane gradient(const Plane& in) {
    Plane out = Plane::uninitialized(1, in.rows(), in.cols());
    const std::size_t width = in.cols() + 2;
    std::vector<float> padded(3 * width, 0.0F);
    for (std::size_t y = 0; y < in.rows(); ++y) {
        for (std::size_t k = 0; k < 3; ++k) {
            const bool inside = y + k >= 1 && y + k - 1 < in.rows();
            if (inside)
                std::copy_n(in.row(0, y + k - 1), in.cols(), padded.data() + k * width + 1);
            else
                std::fill_n(padded.data() + k * width, width, 0.0F);
        }
        const float *a = padded.data(), *b = a + width, *c = b + width;
        float* to = out.row(0, y);
        for (std::size_t x = 0; x < in.cols(); ++x) {
            const float dx = (3 * (a[x] - a[x + 2]) + 10 * (b[x] - b[x + 2]) + 3 * (c[x] - c[x + 2])) / 16;
            const float dy = (3 * (a[x] - c[x]) + 10 * (a[x + 1] - c[x + 1]) + 3 * (a[x + 2] - c[x + 2])) / 16;
            to[x] = std::sqrt(dx * dx + dy * dy + kTiny);
        }
    }
    return out;
}

float similarity(float a, float b, float constant) {
    return (2 * a * b + constant) / (a * a + b * b + constant);
}

/// Means of squares of so many samples that the shorter side becomes about 256.
Plane reduced(const Plane& in) {
    const double ratio = static_cast<double>(std::min(in.rows(), in.cols())) / 256;
    const auto side = static_cast<std::size_t>(std::max(1.0, std::nearbyint(ratio)));
    if (side == 1) return in;
    Plane out(1, in.rows() / side, in.cols() / side);
    const float weight = 1 / static_cast<float>(side * side);
    for (std::size_t y = 0; y < out.rows(); ++y) {
        float* row = out.row(0, y);
        for (std::size_t k = 0; k < side; ++k) {
            const float* from = in.row(0, y * side + k);
            for (std::size_t x = 0; x < out.cols(); ++x) {
                for (std::size_t i = 0; i < side; ++i) row[x] += from[x * side + i];
            }
        }
        for (std::size_t x = 0; x < out.cols(); ++x) row[x] *= weight;
    }
    return out;
}

/// Weighted sum of three planes on the scale 0..255, reduced.
Plane mixed(const std::array<Plane, 3>& rgb, float r, float g, float b) {
    Plane out = Plane::uninitialized(1, rgb[0].rows(), rgb[0].cols());
    const float *pr = rgb[0].data(), *pg = rgb[1].data(), *pb = rgb[2].data();
    for (std::size_t i = 0; i < out.size(); ++i) out.data()[i] = 255 * (r * pr[i] + g * pg[i] + b * pb[i]);
    return reduced(out);
}

/// Luma and, for colour, the two chroma planes of the NTSC.
struct Features {
    Plane luma, i, q;
};

double compare(const Features& a, const Features& b) {
    const FilterBank bank(a.luma.rows(), a.luma.cols());
    Fft2 fft(a.luma.rows(), a.luma.cols());
    const Plane phase_a = phase_congruency(a.luma, bank, fft), phase_b = phase_congruency(b.luma, bank, fft);
    const Plane edge_a = gradient(a.luma), edge_b = gradient(b.luma);
    double sum = 0, weights = 0, unweighted = 0;
    for (std::size_t n = 0; n < phase_a.size(); ++n) {
        const float pa = phase_a.data()[n], pb = phase_b.data()[n];
        float like = similarity(pa, pb, 0.85F) * similarity(edge_a.data()[n], edge_b.data()[n], 160);
        if (!a.i.empty()) {
            const float colour =
                similarity(a.i.data()[n], b.i.data()[n], 200) * similarity(a.q.data()[n], b.q.data()[n], 200);
            like *= std::pow(std::fabs(colour) + kTiny, 0.03F);
        }
        const float weight = std::max(pa, pb);
        sum += static_cast<double>(like * weight);
        weights += static_cast<double>(weight);
        unweighted += static_cast<double>(like);
    }
    return weights > 0 ? sum / weights : unweighted / static_cast<double>(phase_a.size());
}

Features features(const std::array<Plane, 3>& rgb) {
    return {mixed(rgb, 0.299F, 0.587F, 0.114F), mixed(rgb, 0.596F, -0.274F, -0.322F),
            mixed(rgb, 0.211F, -0.523F, 0.312F)};
}

Features features(const Plane& luma) {
    Features result{reduced(luma), {}, {}};
    for (float& value : result.luma.span()) value *= 255;
    return result;
}

}  // namespace

double fsim(const std::array<Plane, 3>& a, const std::array<Plane, 3>& b) {
    return compare(features(a), features(b));
}

double fsim(const Plane& a, const Plane& b) {
    return compare(features(a), features(b));
}

}  // namespace jpegai::metrics
