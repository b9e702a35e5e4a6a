#include "decoder/filters/device_filters.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "decoder/cut.h"
#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "decoder/filters/lef.h"
#include "decoder/geometry.h"

namespace jpegai {
namespace {

using Chroma = std::array<DeviceArray, 2>;

/// U and V filtered with one set.
Chroma efe_linear(PictureDevice& device, const DevicePlanes& planes, const PostFilterInputs& inputs,
                  const EfeLinearSet& set) {
    const PictureHeader& picture = *inputs.picture;
    Chroma out;
    for (std::size_t p = 0; p < 2; ++p) {
        const EfeLinearPlane filter = efe_linear_plane(planes.size(0), planes.chroma, {picture.c_ver, picture.c_hor},
                                                       inputs.tools->efe_linear->b1[p], set, p);
        out[p] = device.efe_linear(planes.plane[0], planes.plane[p + 1], filter);
    }
    return out;
}

void run_efe_nonlinear(PictureDevice& device, DevicePlanes& planes, const std::optional<Chroma>& second,
                       const PostFilterInputs& inputs) {
    const EfeNonlinearHeader& header = *inputs.tools->efe_nonlinear;
    const std::array<bool, 2> used = efe_masks_used(header, inputs.quirks.efe_lone_v_mask_ignored);
    for (std::size_t p = 0; p < 2; ++p) {
        DeviceArray& plane = planes.plane[p + 1];
        if (header.enabled[p]) {
            device.efe_nonlinear(planes.plane[0], plane, efe_nonlinear_plane(header, p, planes.size(1), planes.chroma));
        }
        if (used[p]) device.efe_blend(second.value()[p], plane, {header.block_size, header.mask_cols, header.mask[p]});
    }
}

void run_eicci_tile(PictureDevice& device, DevicePlanes& planes, const Tile& tile, const EicciSelection& selection,
                    EicciBank& bank, RunContext& context) {
    if (!selection.use[0] && !selection.use[1] && !selection.use[2]) return;
    const bool whole = covers(tile.image, planes.rows(), planes.cols());
    std::array<DeviceArray, 3> inputs = planes.plane;
    for (std::size_t p = 0; p < 3 && !whole; ++p) {
        inputs[p] = device.make({1, {tile.image.rows, tile.image.cols}});
        device.copy(planes.plane[p], tile.image.row, tile.image.col, inputs[p],
                    {0, 0, tile.image.rows, tile.image.cols});
    }
    const Size nominal{tile.image.rows, tile.image.cols};
    // Both trunks read the tile as it was before either of them wrote.
    std::vector<DeviceArray> luma, chroma;
    if (selection.use[0]) luma = device.run(bank.luma(selection.luma), inputs, nominal, context);
    if (selection.use[1] || selection.use[2])
        chroma = device.run(bank.chroma(selection.chroma), inputs, nominal, context);
    const auto paste_core = [&](const DeviceArray& result, std::size_t p) {
        device.copy(result, tile.core.row - tile.image.row, tile.core.col - tile.image.col, planes.plane[p], tile.core);
    };
    if (selection.use[0]) paste_core(luma.at(0), 0);
    for (std::size_t p = 1; p < 3; ++p) {
        if (selection.use[p]) paste_core(chroma.at(p - 1), p);
    }
}

void run_eicci(PictureDevice& device, DevicePlanes& planes, const PostFilterInputs& inputs, RunContext& context) {
    const PictureHeader& picture = *inputs.picture;
    const EicciHeader& header = *inputs.tools->eicci;
    const std::vector<EicciSelection> selections =
        eicci_selections(picture, header, inputs.synthesis, inputs.quirks.eicci_first_tile_only);
    const std::vector<Tile> tiles = eicci_tiles(picture, header);
    const ChromaFormat source = planes.chroma;
    convert_chroma(device, planes, {1, 1});
    for (DeviceArray& plane : planes.plane) device.divide(plane, 255.0F);
    for (std::size_t t = 0; t < tiles.size(); ++t) {
        if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
        if (tiles[t].core.rows > 0) run_eicci_tile(device, planes, tiles[t], selections[t], *inputs.eicci, context);
    }
    for (DeviceArray& plane : planes.plane) device.clamp_scale(plane, 1.0F, 255.0F);
    convert_chroma(device, planes, source);
}

void run_lef(PictureDevice& device, DevicePlanes& planes, const PostFilterInputs& inputs) {
    const Array3<std::int16_t>& scales = *inputs.scale_log;
    const std::size_t channel = *inputs.tools->lef_ch_idx;
    if (channel >= scales.channels()) throw Error(JPEGAI_ERROR_HEADER, "LEF: no such latent channel");
    auto steering = Array3<std::int16_t>::uninitialized(1, scales.rows(), scales.cols());
    std::copy_n(scales.plane(channel), scales.plane_size(), steering.data());
    planes.plane[0] = device.lef(planes.plane[0], device.upload(steering), lef_steps(inputs.picture->model_id));
}

}  // namespace

void apply_post_filters(PictureDevice& device, DevicePlanes& planes, const PostFilterInputs& inputs,
                        const std::function<void(PostFilter, const DevicePlanes&)>& done, RunContext& context) {
    const ToolHeader& tools = *inputs.tools;
    const auto finished = [&](PostFilter filter) {
        if (done) done(filter, planes);
        if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
    };
    std::optional<Chroma> second;
    if (tools.efe_linear) {
        // Both are made from the same input.
        if (has_second_picture(tools, inputs.quirks))
            second = efe_linear(device, planes, inputs, tools.efe_linear->upsampled);
        const Chroma chroma = efe_linear(device, planes, inputs, tools.efe_linear->main);
        for (std::size_t p = 0; p < 2; ++p) planes.plane[p + 1] = chroma[p];
        finished(PostFilter::kEfeLinear);
    }
    if (tools.eicci) {
        run_eicci(device, planes, inputs, context);
        finished(PostFilter::kEicci);
    }
    if (tools.efe_nonlinear) {
        run_efe_nonlinear(device, planes, second, inputs);
        finished(PostFilter::kEfeNonlinear);
    }
    if (tools.lef_ch_idx) {
        run_lef(device, planes, inputs);
        finished(PostFilter::kLef);
    }
}

}  // namespace jpegai
