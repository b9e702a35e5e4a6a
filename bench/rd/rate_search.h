// Finds the setting of an encoder that comes closest to a rate.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>

namespace jpegai::rd {

/// The one number that an encoder's quality is set by.
struct Setting {
    double low = 0, high = 100;  ///< ends of its range
    bool whole = false;          ///< only whole numbers
    bool logarithmic = false;    ///< interpolate its logarithm
    bool rising = true;          ///< higher settings make larger files
};

/// Bytes by setting, of every trial made so far.
using Trials = std::map<double, std::uint64_t>;

/// The setting tried whose size comes closest to `bytes`. `encode` gives the size at a setting; what `trials` knows is
/// not encoded again, and new trials are added to it. Stops at 1 % of the rate, at neighbouring settings or after
/// `most` new trials; a rate beyond the range gives the end of the range.
inline double search_rate(const Setting& setting, double bytes, Trials& trials,
                          const std::function<std::uint64_t(double)>& encode, int most = 16) {
    const auto size_at = [&](double value) {
        const auto known = trials.find(value);
        return static_cast<double>(known != trials.end() ? known->second : (trials[value] = encode(value)));
    };
    const auto axis = [&](double value) { return setting.logarithmic ? std::log(value) : value; };
    const auto back = [&](double at) {
        const double value = setting.logarithmic ? std::exp(at) : at;
        // Three decimals are what a command line is given.
        return setting.whole ? std::round(value) : std::round(value * 1000) / 1000;
    };
    double small = setting.rising ? setting.low : setting.high, large = setting.rising ? setting.high : setting.low;
    for (const auto& [value, size] : trials) {
        // The closest known settings on both sides.
        const bool below = static_cast<double>(size) < bytes;
        double& end = below ? small : large;
        if ((value > end) == (below == setting.rising)) end = value;
    }
    const auto distance = [&](double value) { return std::fabs(std::log(size_at(value) / bytes)); };
    for (int i = 0; i < most; ++i) {
        const double size_small = size_at(small), size_large = size_at(large);
        if (size_small >= bytes) return small;
        if (size_large <= bytes) return large;
        if (std::min(distance(small), distance(large)) < 0.01) break;
        const double part = std::log(bytes / size_small) / std::log(size_large / size_small);
        double next = back(axis(small) + (axis(large) - axis(small)) * std::clamp(part, 0.1, 0.9));
        if (next == small || next == large) next = back((axis(small) + axis(large)) / 2);
        if (next == small || next == large) next = setting.whole ? std::floor((small + large) / 2) : next;
        if (next == small || next == large) break;
        (size_at(next) < bytes ? small : large) = next;
    }
    return distance(small) < distance(large) ? small : large;
}

}  // namespace jpegai::rd
