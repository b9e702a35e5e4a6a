// The pictures of reference_metrics.py.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>

#include "decoder/picture.h"

namespace jpegai::test {

[[nodiscard]] inline long hash_noise(std::size_t x, std::size_t y, std::size_t c, std::uint32_t seed) {
    auto h = static_cast<std::uint32_t>(x * 374761393U + y * 668265263U + c * 2246822519U +
                                        seed * std::uint64_t{3266489917U});
    h = (h ^ (h >> 13)) * 1274126177U;
    return (h ^ (h >> 16)) & 0xFF;
}

[[nodiscard]] inline Picture synthetic_original(std::size_t width, std::size_t height, std::size_t channels) {
    Picture picture = make_picture(channels == 3 ? ColourModel::kRgb : ColourModel::kGrey, {1, 1}, 8, height, width);
    for (std::size_t c = 0; c < channels; ++c) {
        for (std::size_t y = 0; y < height; ++y) {
            for (std::size_t x = 0; x < width; ++x) {
                long v = static_cast<long>(40 + (3 * x + 2 * y * (c + 1)) / 8 % 160);
                if ((x / 24 + y / 20) % 2 == 1) v += (hash_noise(x, y, c, 1) & 63) - 32;
                const long dx = static_cast<long>(x) - 60, dy = static_cast<long>(y) - 50;
                if (dx * dx + dy * dy < 900) v = 220 - 40 * static_cast<long>(c);
                picture.planes[c](0, y, x) = static_cast<std::uint16_t>(std::clamp(v, 0L, 255L));
            }
        }
    }
    return picture;
}

/// Quantised at the left, noisy in the middle, blurred at the right.
[[nodiscard]] inline Picture synthetic_distorted(const Picture& picture) {
    Picture out = picture;
    const std::size_t width = picture.cols();
    for (std::size_t c = 0; c < picture.planes.size(); ++c) {
        for (std::size_t y = 0; y < picture.rows(); ++y) {
            const std::uint16_t* row = picture.planes[c].row(0, y);
            for (std::size_t x = 0; x < width; ++x) {
                long v = row[x];
                const std::size_t third = x * 3 / width;
                if (third == 0)
                    v = v / 12 * 12 + 6;
                else if (third == 1)
                    v += hash_noise(x, y, c, 7) % 9 - 4;
                else
                    v = (row[x == 0 ? 0 : x - 1] + v + row[std::min(x + 1, width - 1)]) / 3;
                out.planes[c](0, y, x) = static_cast<std::uint16_t>(std::clamp(v, 0L, 255L));
            }
        }
    }
    return out;
}

/// The upper quarter as a negative.
[[nodiscard]] inline Picture synthetic_negated(const Picture& picture) {
    Picture out = picture;
    for (Array3<std::uint16_t>& plane : out.planes) {
        for (std::size_t i = 0; i < plane.rows() / 4 * plane.cols(); ++i)
            plane.data()[i] = static_cast<std::uint16_t>(255 - plane.data()[i]);
    }
    return out;
}

/// More bits, the new ones noise.
[[nodiscard]] inline Picture deepened(Picture picture, unsigned bits, std::uint32_t seed) {
    if (bits == 8) return picture;
    picture.bit_depth = bits;
    for (std::size_t c = 0; c < picture.planes.size(); ++c) {
        for (std::size_t y = 0; y < picture.rows(); ++y) {
            for (std::size_t x = 0; x < picture.cols(); ++x) {
                std::uint16_t& v = picture.planes[c](0, y, x);
                v = static_cast<std::uint16_t>((v << (bits - 8)) + hash_noise(x, y, c, seed) % (1L << (bits - 8)));
            }
        }
    }
    return picture;
}

}  // namespace jpegai::test
