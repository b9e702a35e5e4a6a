#include "tests/encoder/stream_options.h"

#include <limits>

#include "base/npy.h"
#include "decoder/cut.h"
#include "picture_io/picture_io.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

Picture crop(const Picture& picture, const Area& area) {
    Picture out = make_picture(picture.model, picture.chroma, picture.bit_depth, area.rows, area.cols);
    for (std::size_t i = 0; i < picture.planes.size(); ++i) out.planes[i] = cut(picture.planes[i], area);
    return out;
}

/// The value of a nested key of op.json, e.g. the cube threshold, or a default.
double setting(const nlohmann::json& node, const std::string& key, double otherwise) {
    if (!node.is_object()) return otherwise;
    for (const auto& [name, value] : node.items()) {
        if (name == key && value.is_number()) return value.get<double>();
        const double found = setting(value, key, std::numeric_limits<double>::quiet_NaN());
        if (found == found) return found;
    }
    return otherwise;
}

std::optional<TileOptions> tiles_of(const ComponentHeader& header) {
    if (!header.synthesis_tile_enable) return TileOptions{0, 0};
    return TileOptions{std::size_t{header.synthesis_tile_size_div16} * 16,
                       std::size_t{header.synthesis_tile_overlap_div16} * 16};
}

std::optional<Array3<std::int8_t>> quality_map_of(const std::filesystem::path& folder, const PictureHeader& picture) {
    if (!picture.gain_3d_enable_flag) return std::nullopt;
    std::filesystem::path path = folder / "fixed_y.qp_map.npy";
    if (!std::filesystem::exists(path)) path = folder / "y.qp_map.npy";
    const auto values = read_npy(path.string()).as<std::int8_t>();
    Array3<std::int8_t> map(1, picture.latent_rows(), picture.latent_cols());
    if (values.size() != map.size()) throw std::runtime_error("quality map has a wrong size");
    std::copy(values.begin(), values.end(), map.data());
    return map;
}

}  // namespace

Picture case_picture(const std::filesystem::path& folder) {
    const nlohmann::json json = load_json(folder / "case.json");
    if (!json.contains("source")) return read_picture((folder.parent_path() / json["image"]).string());
    const auto area = json["source"]["crop_x_y_w_h"].get<std::vector<std::size_t>>();
    const auto picture =
        read_picture((shared_dir() / "testimages" / json["source"]["picture"].get<std::string>()).string());
    return crop(picture, {area[1], area[0], area[3], area[2]});
}

EncodeOptions case_options(const std::filesystem::path& folder, const Codestream& stream) {
    const PictureHeader& picture = stream.picture;
    const nlohmann::json settings = load_json(folder / "op.json");
    EncodeOptions options;
    options.rate = {picture.model_id,
                    {picture.beta_displacement_log[kPrimary], picture.beta_displacement_log[kSecondary]}};
    options.transforms = picture.synthesis_transform_id;
    options.synthesis = static_cast<OperatingPoint>(picture.synthesis_transform_id.front());
    options.decoder_profile_id = picture.decoder_profile_id;
    options.level_idc = picture.level_idc;
    options.dialect = stream.dialect;
    options.regions = picture.regions;
    options.lanes_z = picture.num_threads_z;
    options.lanes_q = picture.num_threads_q;
    for (const Component c : {kPrimary, kSecondary}) {
        const ComponentHeader& header = picture.component[c];
        options.lanes_r[c] = header.num_threads_r;
        options.num_chs[c] = header.coded_channels(c);
        options.tools.rvs[c] = header.rvs_enable_flag;
        options.tools.grfs[c] = header.grfs_enable_flag;
        options.tools.lsbs[c] = stream.tools.lsbs_enable_flag[c];
    }
    options.quality_map = quality_map_of(folder, picture);
    options.cube_threshold = static_cast<float>(setting(settings, "skip_cube_thr", 3));
    options.coded_chroma = ChromaFormat{picture.c_ver, picture.c_hor};
    options.hidden_cols = picture.diff_display_img_width;
    options.hidden_rows = picture.diff_display_img_height;
    options.rendering = stream.rendering;
    options.user_data = stream.user_data;
    options.synthesis_tiles = tiles_of(picture.component[kPrimary]);
    if (picture.independent_regions() || picture.component[kPrimary].synthesis_tile_enable) {
        options.analysis_tiles = options.synthesis_tiles;
    }
    options.filter_parameters = stream.tools;
    options.name_weights = false;  // the reference does not
    return options;
}

}  // namespace jpegai::test
