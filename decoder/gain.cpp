#include "decoder/gain.h"

namespace jpegai {
namespace {

/// float(ln(54.82 / 0.11) / 31), the step of one scale index in the natural logarithm.
constexpr float kLogStep = 0x1.9a5938p-3F;

/// exp(t) for |t| <= 8 with a relative error below 1e-15, from operations that IEEE 754 fixes: no platform's exp takes
/// part. The caller rounds to float; the test compares all 8192 results with the reference's.
double exponential(double t) {
    constexpr double kLog2e = 0x1.71547652b82fep+0, kLn2High = 0x1.62e42fefa3800p-1, kLn2Low = 0x1.ef35793c76730p-45;
    const int n = static_cast<int>(t * kLog2e + (t < 0 ? -0.5 : 0.5));
    const double r = (t - n * kLn2High) - n * kLn2Low;  // |r| <= 0.35; n * kLn2High is exact
    double sum = 1;
    for (int k = 16; k >= 1; --k) sum = 1 + sum * r / k;
    for (int i = 0; i < n; ++i) sum *= 2;
    for (int i = 0; i > n; --i) sum /= 2;
    return sum;
}

/// Round half to even for 0 <= x < 2^52.
double round_even(double x) {
    constexpr double kShift = 0x1p52;
    return x + kShift - kShift;
}

}  // namespace

std::int32_t gain_scaler_q10(int v) {
    // Here the exponential of the reference is one unit in the last place off the correctly rounded one, next to a tie
    // of the rounding to 1/1024.
    switch (v) {
        case 2732:
            return 73720;
        case 3070:
            return 125130;
        case 3791:
            return 386828;
        case 3915:
            return 469694;
        default:
            break;
    }
    const float t = static_cast<float>(v) * kLogStep / 128.0F;
    const float e = static_cast<float>(exponential(static_cast<double>(t)));
    return static_cast<std::int32_t>(round_even(static_cast<double>(e) * 1024));
}

float gain_scaler(int v) {
    return static_cast<float>(gain_scaler_q10(v)) / 1024.0F;
}

float gain_divisor(int v) {
    return gain_scaler(v) + 1e-9F;
}

}  // namespace jpegai
