// Post-filters and tile layouts under hostile headers: whatever the parsers accept is refused with a typed error or
// runs on a small picture without leaving it. The networks of eICCI are stood in for.
#include <cstddef>
#include <cstdint>

#include "base/error.h"
#include "base/math.h"
#include "bitstream/header_syntax.h"
#include "decoder/filters/post_filters.h"
#include "decoder/geometry.h"
#include "fuzz/require.h"

namespace {

using namespace jpegai;
using fuzz::require;

constexpr std::uint64_t kMaxPixels = 300 * 300;
constexpr std::uint64_t kMaxTiled = 1U << 22;  ///< samples of all tiles together, so that a run stays short

class Identity : public NetworkRunner {
public:
    explicit Identity(bool luma) : luma_(luma) {}
    [[nodiscard]] std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size,
                                                 RunContext&) const override {
        if (luma_) return {*inputs[0]};
        return {*inputs[1], *inputs[2]};
    }
    [[nodiscard]] std::size_t workspace_bytes(std::span<const Size>, Size) const override { return 0; }
    [[nodiscard]] const Graph& graph() const override { return graph_; }

private:
    bool luma_;
    Graph graph_;
};

class IdentityBank : public EicciBank {
public:
    const NetworkRunner& luma(std::size_t index) override {
        require(index < 10, "only networks that exist are asked for");
        return luma_;
    }
    const NetworkRunner& chroma(std::size_t index) override {
        require(index < 10, "only networks that exist are asked for");
        return chroma_;
    }

private:
    Identity luma_{true}, chroma_{false};
};

bool inside(const Area& area, std::size_t rows, std::size_t cols) {
    return area.row + area.rows <= rows && area.col + area.cols <= cols;
}

void check_geometry(const PictureHeader& picture) {
    for (const RegionWindow& window : region_windows(picture)) {
        require(inside(window.image, picture.img_height, picture.img_width), "regions lie in the picture");
        require(inside(window.z, picture.hyper_rows(), picture.hyper_cols()), "z windows lie in the grid");
        require(inside(window.y, picture.latent_rows(), picture.latent_cols()), "y windows lie in the grid");
        require(inside(window.y_write, picture.latent_rows(), picture.latent_cols()), "cores lie in the grid");
    }
    for (const Component component : {kPrimary, kSecondary}) {
        for (const Tile& tile : synthesis_tiles(picture, component)) {
            require(inside(tile.image, picture.img_height, picture.img_width), "tiles lie in the picture");
            require(inside(tile.core, picture.img_height, picture.img_width), "tile cores lie in the picture");
            require(inside(tile.latent, picture.latent_rows(), picture.latent_cols()), "tile latents lie in the grid");
        }
    }
}

Planes grey_planes(const PictureHeader& picture) {
    Planes planes;
    planes.chroma = {picture.s_ver, picture.s_hor};
    planes.plane[0] = Array3<float>(1, picture.display_height(), picture.display_width());
    for (std::size_t i = 0; i < planes.plane[0].size(); ++i) planes.plane[0].data()[i] = static_cast<float>(i % 256);
    for (std::size_t p = 1; p < 3; ++p) {
        planes.plane[p] = Array3<float>(1, planes.size(p).rows, planes.size(p).cols);
        for (float& sample : planes.plane[p].span()) sample = 100.0F;
    }
    return planes;
}

void run_filters(const PictureHeader& picture, const ToolHeader& tools, bool quirks) {
    PostFilterInputs inputs;
    inputs.picture = &picture;
    inputs.tools = &tools;
    inputs.quirks = quirks ? ReferenceQuirks::all() : ReferenceQuirks{};
    inputs.synthesis = static_cast<OperatingPoint>(picture.synthesis_transform_id[0] % 3);
    check_post_filters(picture, tools, inputs.synthesis, inputs.quirks);
    if (tools.eicci && tiled_samples(eicci_tiles(picture, *tools.eicci)) > kMaxTiled) return;
    const Array3<std::int16_t> scales(kLatentChannels[kPrimary], picture.latent_rows(), picture.latent_cols());
    IdentityBank bank;
    inputs.scale_log = &scales;
    inputs.eicci = &bank;
    RunContext context;
    Planes planes = grey_planes(picture);
    apply_post_filters(planes, inputs, context);
    if (tools.lef_ch_idx) {
        for (const float sample : planes.plane[0].span()) require(sample >= 0.0F && sample <= 255.0F, "LEF clamps");
    }
}

template <class Call>
void expect_typed(Call call) {
    try {
        call();
    } catch (const Error& error) {
        require(error.code() == JPEGAI_ERROR_HEADER || error.code() == JPEGAI_ERROR_UNSUPPORTED ||
                    error.code() == JPEGAI_ERROR_TRUNCATED || error.code() == JPEGAI_ERROR_LIMIT,
                "errors blame the headers");
    }
}

}  // namespace

/// Input: a byte whose lowest bit chooses the dialect, the length of PIH (two bytes, high first), PIH, TON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const std::span<const std::uint8_t> rest(data + 3, size - 3);
    const std::size_t split = std::size_t{data[1]} << 8 | data[2];
    if (split > rest.size()) return 0;
    expect_typed([&] {
        const PictureHeader picture =
            parse_picture_header(rest.first(split), data[0] & 1 ? Dialect::kIs : Dialect::kDis, 0);
        if (std::uint64_t{picture.img_height} * picture.img_width > kMaxPixels) return;
        expect_typed([&] { check_geometry(picture); });
        const ToolHeader tools = parse_tool_header(rest.subspan(split), picture, 0);
        for (const bool quirks : {false, true}) expect_typed([&] { run_filters(picture, tools, quirks); });
    });
    return 0;
}
