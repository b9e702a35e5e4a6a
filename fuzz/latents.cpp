// The entropy stage on tiny pictures with generated weights. An input chooses the header; the payloads are those of
// random symbols, with the rest of the input laid over some of their bytes, so that decoding gets deep before it fails.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "fuzz/require.h"
#include "tests/encoder/mini_stream.h"

namespace {

using namespace jpegai;
using fuzz::require;

/// Reads an input from its front; zeros follow its end.
class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : bytes_(data, size) {}
    std::uint32_t byte() {
        if (bytes_.empty()) return 0;
        const std::uint8_t value = bytes_[0];
        bytes_ = bytes_.subspan(1);
        return value;
    }
    std::uint32_t word() {
        const std::uint32_t high = byte();
        return high << 8 | byte();
    }
    std::uint32_t below(std::uint32_t limit) { return byte() % limit; }
    bool flag() { return (byte() & 1) != 0; }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    [[nodiscard]] std::span<const std::uint8_t> rest() const { return bytes_; }

private:
    std::span<const std::uint8_t> bytes_;
};

std::uint8_t lanes(Input& input) {
    return static_cast<std::uint8_t>(1U << input.below(5));
}

void read_component(Input& input, const PictureHeader& picture, ComponentHeader& header) {
    header.num_threads_r = lanes(input);
    header.num_chs = static_cast<std::uint8_t>(input.below(test::kMiniChannels + 1));
    header.rvs_enable_flag = input.flag();
    header.grfs_enable_flag = input.flag();
    for (std::size_t i = 0; header.grfs_enable_flag && i < header.num_chs; ++i) {
        header.grfs_channel_flag.push_back(input.flag() ? 1 : 0);
    }
    header.use_cube_flags = input.flag();
    for (std::size_t i = 0; header.use_cube_flags && i < kCubePhases * picture.cube_rows() * picture.cube_cols(); ++i) {
        header.cube_flag.push_back(input.flag() ? 1 : 0);
    }
}

/// Pictures of up to 128 x 128 samples, or the smallest ones with regions.
PictureHeader read_header(Input& input) {
    const bool regions = input.below(4) == 0;
    PictureHeader picture = regions ? test::mini_header(257, 513 + input.below(16))
                                    : test::mini_header(64 + input.below(65), 64 + input.below(65));
    if (regions) {
        picture.regions = RegionHeader{};
        picture.regions->num_ver = static_cast<std::uint8_t>(1 + input.below(2));
        picture.regions->num_hor = static_cast<std::uint8_t>(1 + input.below(2));
        picture.regions->residual_in_its_own_substream = input.flag();
    }
    picture.model_id = static_cast<std::uint8_t>(input.below(kModels));
    picture.num_threads_z = lanes(input);
    picture.gain_3d_enable_flag = input.flag();
    if (picture.gain_3d_enable_flag) {
        picture.num_threads_q = lanes(input);
        picture.quality_map_entropy_index = static_cast<std::uint8_t>(input.below(8));
    }
    picture.independent_beta_uv = true;
    for (const Component c : {kPrimary, kSecondary}) {
        picture.beta_displacement_log[c] = static_cast<std::int16_t>(static_cast<int>(input.word() % 4096) - 2048);
        read_component(input, picture, picture.component[c]);
    }
    return picture;
}

bool same(const Latents& a, const Latents& b) {
    for (const Component c : {kPrimary, kSecondary}) {
        const LatentComponent &x = a.component[c], &y = b.component[c];
        if (!std::ranges::equal(x.z_hat.span(), y.z_hat.span()) ||
            !std::ranges::equal(x.residual.span(), y.residual.span())) {
            return false;
        }
    }
    return true;
}

/// What decodes can be coded again, and every way of decoding agrees.
void check_decoded(const Codestream& stream, std::span<const std::uint8_t> file, const Latents& latents) {
    EntropyOptions lean;
    lean.keep_intermediates = false;
    require(same(latents, decode_latents(stream, file, test::mini_models(), lean)), "lean decoding gives the same");
    CodestreamParts parts = take_parts(stream, file);
    set_lanes(parts, encode_latents(stream.picture, test::mini_models(), symbols_of(latents)));
    const auto again = write_codestream(parts);
    require(same(latents, decode_latents(parse_codestream(again), again, test::mini_models())),
            "coding the symbols again gives the same picture");

    EntropyOptions prefix;
    prefix.max_channels = {file.size() % (test::kMiniChannels + 1), file.size() % 3};
    const auto reduced = reduce_channels(stream, file, test::mini_models(), prefix.max_channels);
    require(same(decode_latents(stream, file, test::mini_models(), prefix),
                 decode_latents(parse_codestream(reduced), reduced, test::mini_models())),
            "fewer channels decode as a prefix");
}

/// Overwrites bytes of the lanes as the input says: (position, value) pairs, or one run from a position on.
void disturb(Input& input, const Codestream& stream, std::vector<std::uint8_t>& file) {
    const std::uint64_t first = stream.substreams.empty() ? 0 : stream.substreams.front().payload.size;
    const bool run = input.flag();
    if (run) {
        const std::size_t start = first + input.word();
        for (std::size_t i = 0; i < input.rest().size() && start + i < file.size(); ++i)
            file[start + i] = input.rest()[i];
        return;
    }
    while (!input.empty()) {
        const std::size_t position = (first + input.word()) % file.size();
        file[position] = static_cast<std::uint8_t>(file[position] ^ input.byte());
    }
}

void decode_disturbed(const std::vector<std::uint8_t>& file) {
    ParseOptions options;
    options.max_pixels = 1 << 18;
    try {
        const Codestream stream = parse_codestream(file, options);
        const Latents latents = decode_latents(stream, file, test::mini_models());
        check_decoded(stream, file, latents);
    } catch (const Error&) {
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input(data, size);
    const PictureHeader picture = read_header(input);
    const std::uint32_t seed = input.byte();
    const int magnitude = input.flag() ? 32767 : 1 + static_cast<int>(input.below(200));
    test::MiniStream mini = test::mini_stream(picture, seed, magnitude);
    if (input.empty()) {
        const Latents latents = mini.decode();
        for (const Component c : {kPrimary, kSecondary}) {
            require(std::ranges::equal(latents.component[c].residual_quant.span(), mini.symbols.residual[c].span()),
                    "symbols come back");
        }
        check_decoded(mini.stream, mini.file, latents);
    } else {
        disturb(input, mini.stream, mini.file);
        decode_disturbed(mini.file);
    }
    return 0;
}
