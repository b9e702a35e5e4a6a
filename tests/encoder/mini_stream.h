// Small pictures with random symbols, coded and parsed again: material for tests that need no reference stream.
#pragma once

#include <random>

#include "decoder/scale_maps.h"
#include "encoder/latent_coder.h"
#include "tests/support/mini_models.h"

namespace jpegai::test {

inline constexpr std::size_t kMiniChannels = 12;

[[nodiscard]] inline const std::array<const EntropyModel*, kComponents>& mini_models() {
    static const std::array<EntropyModel, kComponents> models = {mini_model(kPrimary, kMiniChannels),
                                                                 mini_model(kSecondary, kMiniChannels)};
    static const std::array<const EntropyModel*, kComponents> pointers = {&models[0], &models[1]};
    return pointers;
}

/// A header without tools; all mini channels are coded.
[[nodiscard]] inline PictureHeader mini_header(std::uint32_t rows, std::uint32_t cols) {
    PictureHeader picture;
    picture.img_height = rows;
    picture.img_width = cols;
    for (ComponentHeader& header : picture.component) header.num_chs = kMiniChannels;
    return picture;
}

/// Random symbols that fit a header.
struct MiniSymbols {
    std::array<Array3<std::int8_t>, kComponents> z_hat;
    std::array<Array3<std::int16_t>, kComponents> residual;
    Array3<std::int8_t> qp_map;

    [[nodiscard]] LatentSymbols view(const PictureHeader& picture) const {
        LatentSymbols symbols;
        for (const Component c : {kPrimary, kSecondary}) {
            symbols.z_hat[c] = &z_hat[c];
            symbols.residual_quant[c] = &residual[c];
        }
        symbols.qp_map = picture.gain_3d_enable_flag ? &qp_map : nullptr;
        return symbols;
    }
};

/// Symbols of a random picture: residuals up to `magnitude` wherever the header has them coded.
[[nodiscard]] inline MiniSymbols mini_symbols(const PictureHeader& picture, std::uint32_t seed, int magnitude = 40) {
    std::mt19937 random(seed);
    const auto draw = [&](int limit) {
        return static_cast<int>(random() % static_cast<unsigned>(2 * limit + 1)) - limit;
    };
    MiniSymbols symbols;
    symbols.qp_map = Array3<std::int8_t>(1, picture.latent_rows(), picture.latent_cols());
    for (std::int8_t& qp : symbols.qp_map.span()) qp = static_cast<std::int8_t>(draw(8));
    for (const Component c : {kPrimary, kSecondary}) {
        symbols.z_hat[c] = Array3<std::int8_t>(kMiniChannels, picture.hyper_rows(), picture.hyper_cols());
        for (std::int8_t& z : symbols.z_hat[c].span()) z = static_cast<std::int8_t>(draw(31));
        const EntropyModel& model = *mini_models()[c];
        const ScaleSetup setup =
            make_scale_setup(picture, c, model, picture.gain_3d_enable_flag ? &symbols.qp_map : nullptr);
        const ScaleMaps maps = compute_scale_maps(model, setup, symbols.z_hat[c]);
        symbols.residual[c] = Array3<std::int16_t>(kMiniChannels, picture.latent_rows(), picture.latent_cols());
        for (std::size_t i = 0; i < maps.mask.size(); ++i) {
            if (maps.mask.data()[i] != 0) symbols.residual[c].data()[i] = static_cast<std::int16_t>(draw(magnitude));
        }
    }
    return symbols;
}

/// A coded picture with what it was made of.
struct MiniStream {
    PictureHeader picture;
    MiniSymbols symbols;
    std::vector<std::uint8_t> file;
    Codestream stream;

    [[nodiscard]] Latents decode(const EntropyOptions& options = {}) const {
        return decode_latents(stream, file, mini_models(), options);
    }
};

[[nodiscard]] inline MiniStream mini_stream(const PictureHeader& picture, std::uint32_t seed, int magnitude = 40) {
    MiniStream mini;
    mini.picture = picture;
    mini.symbols = mini_symbols(picture, seed, magnitude);
    CodestreamParts parts;
    parts.picture = picture;
    set_lanes(parts, encode_latents(picture, mini_models(), mini.symbols.view(picture)));
    mini.file = write_codestream(parts);
    mini.stream = parse_codestream(mini.file);
    return mini;
}

}  // namespace jpegai::test
