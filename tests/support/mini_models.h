// Small entropy models from a generator: tests and fuzz targets need no files, and few channels keep them quick.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "bitstream/me_tans.h"
#include "decoder/entropy_model.h"
#include "networks/hyper_scale.h"

namespace jpegai::test {

/// The generator that e2e.json documents: x = x * 1664525 + 1013904223 mod 2^32, of which the top byte is used.
class Lcg {
public:
    explicit Lcg(std::uint32_t seed) : state_(seed) {}
    int next_u8() {
        state_ = state_ * 1664525U + 1013904223U;
        return static_cast<int>(state_ >> 24);
    }

private:
    std::uint32_t state_;
};

/// Weights -64..63, biases (-128..127) * bias_factor, in the order of e2e.json.
[[nodiscard]] inline IntegerConv mini_conv(Lcg& random, std::size_t out, std::size_t in, std::size_t kernel,
                                           int bias_factor, std::uint8_t shift) {
    IntegerConv conv;
    conv.out_channels = out;
    conv.in_channels = in;
    conv.kernel = kernel;
    for (std::size_t i = 0; i < out * in * kernel * kernel; ++i) {
        conv.weight.push_back(static_cast<std::int8_t>(static_cast<std::int8_t>(random.next_u8()) >> 1));
    }
    for (std::size_t o = 0; o < out; ++o) conv.bias.push_back((random.next_u8() - 128) * bias_factor);
    conv.shift.assign(out, shift);
    return conv;
}

[[nodiscard]] inline HyperScaleNetwork mini_network(std::uint32_t seed, std::size_t channels) {
    Lcg random(seed);
    HyperScaleNetwork network;
    network.channels = channels;
    network.conv1 = mini_conv(random, channels, channels, 1, 1, 5);
    network.depthwise = mini_conv(random, channels, channels, 3, 1, 6);
    network.pointwise = mini_conv(random, 16 * channels, channels, 1, 16, 2);
    return network;
}

[[nodiscard]] inline std::vector<HyperTable> mini_hyper_tables(std::uint32_t seed, std::size_t channels) {
    Lcg random(seed);
    std::vector<HyperTable> tables;
    for (std::size_t c = 0; c < channels; ++c) {
        const int slope = 1 + random.next_u8() % 4;
        const int centre = 31 + random.next_u8() % 5 - 2;
        std::array<std::int32_t, kHyperSymbols> freqs{};
        for (int k = 0; k < kHyperSymbols; ++k) {
            freqs[static_cast<std::size_t>(k)] = (1 << (20 - std::min(19, slope * std::abs(k - centre)))) + 1;
        }
        tables.emplace_back(freqs);
    }
    return tables;
}

/// A model of few channels with gains in -256..254.
[[nodiscard]] inline EntropyModel mini_model(Component component, std::size_t channels) {
    const std::uint32_t seed = component == kPrimary ? 1 : 2;
    EntropyModel model;
    model.hyper_scale = std::make_shared<const HyperScaleRunner>(mini_network(10 + seed, channels));
    model.hyper_tables = mini_hyper_tables(20 + seed, channels);
    Lcg random(30 + seed);
    for (std::size_t c = 0; c < channels; ++c) {
        model.gain_vector_log.push_back(static_cast<std::int16_t>(2 * random.next_u8() - 256));
    }
    return model;
}

}  // namespace jpegai::test
