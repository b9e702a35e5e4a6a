#include "tests/support/made_up_stream.h"

#include "encoder/latent_coder.h"

namespace jpegai::test {
namespace {

PictureHeader make_header(const MadeUpStream& what) {
    PictureHeader picture;
    picture.img_width = what.width;
    picture.img_height = what.height;
    picture.model_id = static_cast<std::uint8_t>(what.model_id);
    picture.synthesis_transform_id.clear();
    for (const OperatingPoint point : what.transforms)
        picture.synthesis_transform_id.push_back(static_cast<std::uint8_t>(point));
    picture.decoder_profile_id = static_cast<std::uint8_t>(what.transforms.front());
    if (what.yuv420) {
        picture.s_ver = picture.s_hor = picture.c_ver = picture.c_hor = 2;
        picture.colour_transform_idx = 0;
    }
    if (what.region_rows * what.region_cols > 1) {
        picture.regions.emplace();
        picture.regions->num_ver = what.region_rows;
        picture.regions->num_hor = what.region_cols;
    }
    for (const Component c : {kPrimary, kSecondary}) {
        ComponentHeader& header = picture.component[c];
        header.num_chs = static_cast<std::uint8_t>(kLatentChannels[c]);
        header.synthesis_tile_enable = what.tile_size != 0;
        header.synthesis_tile_size_div16 = static_cast<std::uint8_t>(what.tile_size / 16);
        header.synthesis_tile_overlap_div16 = what.tile_size != 0 ? 2 : 0;
    }
    return picture;
}

}  // namespace

std::vector<std::uint8_t> make_stream(const WeightSet& weights, const MadeUpStream& what) {
    CodestreamParts parts;
    parts.picture = make_header(what);
    parts.dialect = Dialect::kDis;  // permits any number of regions
    parts.tools->lsbs_enable_flag = {what.lsbs, what.lsbs};
    if (what.lef) parts.tools->lef_ch_idx = std::uint8_t{3};
    std::array<EntropyModel, kComponents> models;
    std::array<Array3<std::int8_t>, kComponents> z_hat;
    std::array<Array3<std::int16_t>, kComponents> residual;
    LatentSymbols symbols;
    std::uint32_t random = 1;
    for (const Component c : {kPrimary, kSecondary}) {
        models[c] = load_entropy_model(weights, what.model_id, c);
        z_hat[c] = Array3<std::int8_t>(kLatentChannels[c], parts.picture.hyper_rows(), parts.picture.hyper_cols());
        for (std::int8_t& z : z_hat[c].span()) {
            random = random * 1664525U + 1013904223U;
            z = static_cast<std::int8_t>(static_cast<int>(random >> 29) - 4);
        }
        residual[c] =
            Array3<std::int16_t>(kLatentChannels[c], parts.picture.latent_rows(), parts.picture.latent_cols());
        symbols.z_hat[c] = &z_hat[c];
        symbols.residual_quant[c] = &residual[c];
    }
    set_lanes(parts, encode_latents(parts.picture, {&models[kPrimary], &models[kSecondary]}, symbols));
    return write_codestream(parts);
}

}  // namespace jpegai::test
