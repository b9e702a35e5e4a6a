// Entropy coded payloads: every set of kernels makes of any bytes what the plain decoder makes of them, and what they
// accept is the same after encoding and decoding again.
// Input: flags (bits 0..2: log2 of the lanes, modulo 5; bit 3: hyper latents; bit 4: decode a prefix only), then three
// 16-bit little-endian numbers: elements, elements of the prefix, bytes of the pattern; the pattern, which is repeated
// for the distributions of all elements (or holds 63 frequencies per channel); 16-bit sizes of all lanes but the last;
// the lanes.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "bitstream/me_tans_fast.h"
#include "bitstream/me_tans_reference.h"
#include "fuzz/require.h"

namespace {

using namespace jpegai;
using fuzz::require;
using Lanes = std::vector<std::vector<std::uint8_t>>;

/// Takes the input apart; numbers beyond its end are 0.
class Input {
public:
    explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

    std::size_t byte() {
        const auto one = take(1);
        return one.empty() ? 0U : one[0];
    }
    std::size_t number() {
        const std::size_t low = byte();
        return low | byte() << 8;
    }
    std::vector<std::uint8_t> take(std::size_t count) {
        const auto part = bytes_.first(std::min(count, bytes_.size()));
        bytes_ = bytes_.subspan(part.size());
        return {part.begin(), part.end()};
    }
    [[nodiscard]] std::size_t left() const { return bytes_.size(); }

private:
    std::span<const std::uint8_t> bytes_;
};

Lanes take_lanes(Input& input, std::size_t count) {
    std::vector<std::size_t> sizes(count);
    for (std::size_t t = 0; t + 1 < count; ++t) sizes[t] = input.number();
    sizes.back() = input.left();
    Lanes lanes;
    for (const std::size_t size : sizes) lanes.push_back(input.take(size));
    return lanes;
}

std::vector<LaneBytes> views(const Lanes& lanes) {
    std::vector<LaneBytes> result;
    for (const auto& lane : lanes) result.push_back({lane, 100 * (result.size() + 1)});
    return result;
}

/// What became of a payload.
template <class Symbol>
struct Outcome {
    std::vector<Symbol> symbols;
    std::uint64_t error_offset = 0;  ///< of the lane at fault; 0 without an error
    std::string error;

    bool operator==(const Outcome&) const = default;
};

template <class Symbol, class Decode>
Outcome<Symbol> outcome_of(std::size_t count, Decode decode) {
    Outcome<Symbol> outcome;
    outcome.symbols.assign(count, 77);
    try {
        decode(std::span(outcome.symbols));
    } catch (const Error& error) {
        require(error.code() == JPEGAI_ERROR_ENTROPY, "errors blame the payload");
        outcome = {{}, error.offset(), error.what()};
    }
    return outcome;
}

void check_residual(const Lanes& lanes, const std::vector<std::uint8_t>& table, std::size_t elements) {
    const auto plain = outcome_of<std::int16_t>(table.size(), [&](std::span<std::int16_t> residual) {
        decode_residual_reference(views(lanes), table, elements, residual);
    });
    for (const me_tans::Kernels* kernels : me_tans::available_kernels()) {
        bool on_its_own = false;
        const auto fast = outcome_of<std::int16_t>(table.size(), [&](std::span<std::int16_t> residual) {
            on_its_own = me_tans::decode_residual(*kernels, views(lanes), table, elements, residual);
        });
        require(fast == plain, "kernels decode what the plain decoder does");
        require(on_its_own == plain.error.empty(), "the kernels know a valid payload");
    }
    if (!plain.error.empty() || elements != table.size()) return;

    const Lanes written = encode_residual(lanes.size(), table, plain.symbols);
    require(written == encode_residual_reference(lanes.size(), table, plain.symbols), "kernels encode the same");
    for (std::size_t t = 0; t < lanes.size(); ++t) {
        require(written[t].size() <= lanes[t].size(),
                "a lane does not grow");  // it may have had needlessly long escapes
    }
    std::vector<std::int16_t> again(table.size());
    decode_residual(views(written), table, table.size(), again);
    require(again == plain.symbols, "symbols survive encoding and decoding");
}

void check_hyper(const Lanes& lanes, const std::vector<HyperTable>& tables, std::size_t samples) {
    const auto sources = views(lanes);
    const auto decode_all = [&](auto decode_channel) {
        return outcome_of<std::int8_t>(tables.size() * samples, [&](std::span<std::int8_t> z_hat) {
            auto states = open_lanes(sources);
            for (std::size_t c = 0; c < tables.size(); ++c) {
                decode_channel(states, tables[c], z_hat.subspan(c * samples, samples));
            }
            for (std::size_t t = 0; t < lanes.size(); ++t) {
                check_status(me_tans::close_lane(states[t].stack, lanes.size() == 1 ? 2 : 1, states[t].state),
                             sources[t]);
            }
        });
    };
    const auto plain = decode_all([&](auto& states, const HyperTable& table, std::span<std::int8_t> z_hat) {
        decode_hyper_channel_reference(sources, states, table, z_hat);
    });
    for (const me_tans::Kernels* kernels : me_tans::available_kernels()) {
        const auto fast = decode_all([&](auto& states, const HyperTable& table, std::span<std::int8_t> z_hat) {
            me_tans::decode_hyper_channel(*kernels, sources, states, table, z_hat);
        });
        require(fast == plain, "kernels decode what the plain decoder does");
    }
    if (!plain.error.empty()) return;

    const Lanes written = encode_hyper(lanes.size(), {tables, plain.symbols, samples}, {});
    HyperDecoder decoder(views(written));
    std::vector<std::int8_t> again(plain.symbols.size());
    for (std::size_t c = 0; c < tables.size(); ++c) {
        decoder.decode_channel(tables[c], std::span(again).subspan(c * samples, samples));
    }
    decoder.finish();
    require(again == plain.symbols, "symbols survive encoding and decoding");
}

std::vector<HyperTable> tables_of(const std::vector<std::uint8_t>& pattern) {
    std::vector<HyperTable> tables;
    for (std::size_t begin = 0; begin + kHyperSymbols <= pattern.size() && tables.size() < 8; begin += kHyperSymbols) {
        std::array<std::int32_t, kHyperSymbols> freqs{};
        std::copy_n(pattern.begin() + static_cast<std::ptrdiff_t>(begin), freqs.size(), freqs.begin());
        if (std::any_of(freqs.begin(), freqs.end(), [](std::int32_t freq) { return freq != 0; })) {
            tables.emplace_back(freqs);
        }
    }
    return tables;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input({data, size});
    const std::size_t flags = input.byte();
    const std::size_t elements = input.number() % 2500, prefix = input.number();
    const std::vector<std::uint8_t> pattern = input.take(input.number());
    const Lanes lanes = take_lanes(input, std::size_t{1} << (flags & 7) % 5);
    if ((flags & 8) != 0) {
        check_hyper(lanes, tables_of(pattern), elements % 200);
        return 0;
    }
    std::vector<std::uint8_t> table(elements, kNotCoded);
    for (std::size_t i = 0; i < elements && !pattern.empty(); ++i) {
        const std::uint8_t entry = pattern[i % pattern.size()];
        if (entry < kSigmaTables) table[i] = entry;
    }
    check_residual(lanes, table, (flags & 16) != 0 ? prefix % (elements + 1) : elements);
    return 0;
}
