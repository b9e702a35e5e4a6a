// The generator of every choice that a suite leaves open: the same on every machine and compiler.
#pragma once

#include <cstdint>
#include <string_view>

namespace jpegai::conformance {

/// SplitMix64, seeded by a number and a name, so that a case does not depend on those before it.
class Random {
public:
    explicit Random(std::uint64_t seed, std::string_view name = {}) : state_(seed) {
        for (const char c : name) state_ = (state_ ^ static_cast<unsigned char>(c)) * 0x100000001B3U;
        state_ ^= state_ >> 29;
    }

    [[nodiscard]] std::uint64_t next() {
        std::uint64_t z = (state_ += 0x9E3779B97F4A7C15U);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
        return z ^ (z >> 31);
    }
    /// 0 .. limit - 1; limit > 0.
    [[nodiscard]] std::uint32_t below(std::uint32_t limit) {
        return static_cast<std::uint32_t>(((next() >> 32) * limit) >> 32);
    }
    /// first .. last, both included.
    [[nodiscard]] int between(int first, int last) {
        return first + static_cast<int>(below(static_cast<std::uint32_t>(last - first + 1)));
    }
    [[nodiscard]] bool percent(unsigned chance) { return below(100) < chance; }
    /// Uniform in [-1, 1), a multiple of 2^-23.
    [[nodiscard]] float unit() {
        return static_cast<float>(static_cast<std::int32_t>(next() >> 40) - (1 << 23)) * 0x1p-23F;
    }

private:
    std::uint64_t state_;
};

}  // namespace jpegai::conformance
