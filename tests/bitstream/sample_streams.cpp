#include "tests/bitstream/sample_streams.h"

#include <random>

namespace jpegai::test {

namespace {

std::vector<std::uint8_t> bytes(std::mt19937& random, std::size_t most) {
    std::vector<std::uint8_t> result(random() % (most + 1));
    for (std::uint8_t& byte : result) byte = static_cast<std::uint8_t>(random());
    return result;
}

Lanes lanes(std::mt19937& random, std::size_t count) {
    Lanes result;
    for (std::size_t i = 0; i < count; ++i) result.push_back(bytes(random, 12));
    return result;
}

EfeLinearSet::Plane efe_plane(std::uint8_t candidate, std::uint8_t length, std::size_t regions, std::uint16_t first) {
    EfeLinearSet::Plane plane;
    plane.best_cand_idx = candidate;
    plane.filter_length = length;
    const std::size_t taps = regions * length * length;
    for (std::size_t i = 0; i < taps; ++i) {
        plane.weights.push_back(static_cast<std::uint16_t>(first + i));
        plane.weights2.push_back(static_cast<std::uint16_t>(first + 2 * i));
    }
    return plane;
}

}  // namespace

PictureHeader plain_picture(std::uint32_t width, std::uint32_t height) {
    PictureHeader picture;
    picture.img_width = width;
    picture.img_height = height;
    for (std::size_t c = 0; c < kComponents; ++c) {
        picture.component[c].num_chs = static_cast<std::uint8_t>(kLatentChannels[c]);
    }
    return picture;
}

PictureHeader rich_picture() {
    PictureHeader picture = plain_picture(600, 400);
    picture.model_id = 2;
    picture.bit_depth_idc = 1;
    picture.diff_display_img_width = 5;
    picture.num_threads_z = 2;
    picture.beta_displacement_log = {-184, 77};
    picture.independent_beta_uv = true;
    picture.regions = RegionHeader{2, 1, false, 1, 3};
    for (std::size_t c = 0; c < kComponents; ++c) {
        ComponentHeader& component = picture.component[c];
        component.num_threads_r = c == kPrimary ? 4 : 1;
        component.use_cube_flags = c == kPrimary;
        if (component.use_cube_flags)
            component.cube_flag.assign(kCubePhases * picture.cube_rows() * picture.cube_cols(), 1);
        component.rvs_enable_flag = true;
        component.grfs_enable_flag = c == kSecondary;
        if (component.grfs_enable_flag) component.grfs_channel_flag.assign(kLatentChannels[c], 0);
        component.synthesis_tile_enable = true;
        component.synthesis_tile_size_div16 = 16;
        component.synthesis_tile_overlap_div16 = 4;
    }
    picture.component[kPrimary].cube_flag[9] = 0;
    picture.component[kSecondary].grfs_channel_flag[5] = 1;
    picture.gain_3d_enable_flag = true;
    picture.num_threads_q = 8;
    picture.quality_map_entropy_index = 5;
    return picture;
}

ToolHeader rich_tools() {
    ToolHeader tools;
    tools.lsbs_enable_flag = {true, false};
    tools.efe_linear = EfeLinearHeader{{12825, 12750}, {}, {}};
    tools.efe_linear->upsampled.plane[0] = efe_plane(1, 1, 1, 32767);
    tools.efe_linear->upsampled.max_symbol = 65535;
    tools.efe_linear->main.plane[0] = efe_plane(2, 2, 2, 0);
    tools.efe_linear->main.plane[1] = efe_plane(8, 3, 6, 5);
    tools.efe_linear->main.min_symbol = 32700;
    tools.efe_linear->main.max_symbol = 153;
    tools.eicci = EicciHeader{true, 16, 3, std::vector<EicciHeader::Tile>(6)};
    tools.eicci->tiles[0] = {{true, true, false}, true, 1, 0};
    tools.eicci->tiles[3] = {{true, false, true}, false, 9, 4};
    tools.eicci->tiles[5] = {{false, false, true}, false, 0, 7};
    EfeNonlinearHeader& efe = tools.efe_nonlinear.emplace();
    efe.max_symbol = 65535;
    efe.mask_enabled = {true, false};
    efe.block_size = 200;
    efe.mask_rows = 2;
    efe.mask_cols = 3;
    efe.mask[0] = {0, 1, 2, 1, 0, 2};
    efe.enabled = {true, false};
    efe.tile_width = 300;
    efe.tile_height = 400;
    efe.min_luma = {100, 200};
    efe.max_luma = {25000, 24000};
    for (std::uint16_t k = 0; k < 16; ++k) efe.a1[0].push_back(static_cast<std::uint16_t>(32767 + k));
    tools.lef_ch_idx = 42;
    return tools;
}

RenderingInfo rich_rendering() {
    RenderingInfo info;
    info.cicp = RenderingInfo::Cicp{};
    info.mdcv = RenderingInfo::MasteringDisplay{{5, 5, 5, 5, 5, 5}, {5, 5}, 50000, 1};
    info.clli = RenderingInfo::ContentLight{1000, 100};
    info.dm = RenderingInfo::DynamicMetadata{0, {0x12, 0x34}};
    return info;
}

void fill_payloads(CodestreamParts& parts, unsigned seed) {
    std::mt19937 random(seed);
    const PictureHeader& picture = parts.picture;
    parts.hyper = lanes(random, picture.num_threads_z);
    parts.quality_map.reset();
    if (picture.gain_3d_enable_flag) parts.quality_map = lanes(random, picture.num_threads_q);
    for (std::size_t c = 0; c < kComponents; ++c) {
        parts.residual[c].clear();
        for (std::size_t r = 0; r < picture.region_count(); ++r) {
            parts.residual[c].emplace_back(lanes(random, picture.component[c].num_threads_r));
        }
    }
}

std::vector<SampleStream> sample_streams(unsigned seed) {
    std::vector<SampleStream> streams;
    const auto add = [&](const std::string& name, const PictureHeader& picture) -> CodestreamParts& {
        streams.push_back({name, {}});
        streams.back().parts.picture = picture;
        return streams.back().parts;
    };
    add("plain", plain_picture(128, 96));
    add("plain_dis", plain_picture(128, 96)).dialect = Dialect::kDis;
    PictureHeader simple = plain_picture(64, 64);
    simple.decoder_profile_id = 0;
    simple.synthesis_transform_id = {0};
    add("simple", simple);
    add("simple_dis", simple).dialect = Dialect::kDis;
    add("rich", rich_picture()).user_data = {'h', 'e', 'l', 'l', 'o'};
    streams.back().parts.tools = rich_tools();
    streams.back().parts.rendering = rich_rendering();
    add("rich_dis", rich_picture()).dialect = Dialect::kDis;
    streams.back().parts.tools = rich_tools();
    PictureHeader dependent = plain_picture(1100, 900);
    dependent.regions = RegionHeader{3, 2, false, 2, 8};
    add("dependent", dependent);
    PictureHeader independent = dependent;
    independent.regions = RegionHeader{2, 3, true, 2, 8};
    independent.component[kPrimary].num_threads_r = 16;
    add("independent", independent);
    PictureHeader yuv420 = plain_picture(75, 101);
    yuv420.s_ver = yuv420.s_hor = yuv420.c_ver = yuv420.c_hor = 2;
    yuv420.colour_transform_idx = 0;
    yuv420.synthesis_transform_id = {2, 1, 0};
    yuv420.decoder_profile_id = 2;
    add("yuv420", yuv420).tools->lef_ch_idx = 3;
    PictureHeader coded420 = plain_picture(300, 200);
    coded420.c_ver = coded420.c_hor = 2;
    coded420.colour_transform_idx = 2;
    coded420.colour_transform_matrix = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    coded420.colour_transform_offset = {10, 11, 12};
    CodestreamParts& coded = add("coded420", coded420);
    coded.tools->efe_linear = EfeLinearHeader{};
    coded.tools->efe_linear->main.plane[1] = {1, 2, std::vector<std::uint16_t>(16, 1),
                                              std::vector<std::uint16_t>(4, 0)};
    coded.tools->efe_linear->main.max_symbol = 1;
    CodestreamParts& bare = add("bare", plain_picture(64, 64));
    bare.tools.reset();
    bare.rendering.reset();
    for (SampleStream& stream : streams) fill_payloads(stream.parts, seed++);
    return streams;
}

}  // namespace jpegai::test
