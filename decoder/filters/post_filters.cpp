#include "decoder/filters/post_filters.h"

#include <optional>

#include "base/error.h"
#include "base/math.h"
#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "decoder/filters/lef.h"

namespace jpegai {
namespace {

ChromaFormat source_format(const PictureHeader& picture) {
    return {picture.s_ver, picture.s_hor};
}
ChromaFormat coded_format(const PictureHeader& picture) {
    return {picture.c_ver, picture.c_hor};
}

void check_formats(const PictureHeader& picture) {
    const ChromaFormat source = source_format(picture), coded = coded_format(picture);
    if (!source.valid() || !coded.valid()) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "chroma format " + (source.valid() ? coded : source).name());
    }
    if (source != coded && !source.is_444()) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "chroma format " + source.name() + " coded as " + coded.name());
    }
}

Size chroma_size(const PictureHeader& picture) {
    return {ceil_div<std::size_t>(picture.display_height(), picture.s_ver),
            ceil_div<std::size_t>(picture.display_width(), picture.s_hor)};
}

void require_input(const void* input, const char* what) {
    if (input == nullptr) throw Error(JPEGAI_ERROR_ARGUMENT, std::string("post-filters need ") + what);
}

/// Runs EFE-linear; gives the second picture if there is one.
std::optional<std::array<Array3<float>, 2>> run_efe_linear(Planes& planes, const PostFilterInputs& inputs) {
    const EfeLinearHeader& header = *inputs.tools->efe_linear;
    const ChromaFormat coded = coded_format(*inputs.picture);
    std::optional<std::array<Array3<float>, 2>> second;
    // Both are made from the same input.
    if (has_second_picture(*inputs.tools, inputs.quirks)) {
        second = apply_efe_linear(planes, header.b1, header.upsampled, coded, inputs.rows);
    }
    std::array<Array3<float>, 2> chroma = apply_efe_linear(planes, header.b1, header.main, coded, inputs.rows);
    planes.plane[1] = std::move(chroma[0]);
    planes.plane[2] = std::move(chroma[1]);
    return second;
}

}  // namespace

bool has_second_picture(const ToolHeader& tools, const ReferenceQuirks& quirks) {
    if (!tools.efe_linear || !tools.efe_nonlinear) return false;
    const std::array<bool, 2> masks = efe_masks_used(*tools.efe_nonlinear, quirks.efe_lone_v_mask_ignored);
    const EfeLinearSet& set = tools.efe_linear->upsampled;
    return (masks[0] || masks[1]) && (set.plane[0].best_cand_idx > 0 || set.plane[1].best_cand_idx > 0);
}

const char* post_filter_name(PostFilter filter) {
    switch (filter) {
        case PostFilter::kEfeLinear:
            return "EFElinear";
        case PostFilter::kEicci:
            return "eICCI";
        case PostFilter::kEfeNonlinear:
            return "EFEnonlinear";
        case PostFilter::kLef:
            return "LEF";
    }
    return "unknown";
}

void check_post_filters(const PictureHeader& picture, const ToolHeader& tools, OperatingPoint synthesis,
                        const ReferenceQuirks& quirks) {
    check_formats(picture);
    const bool second = has_second_picture(tools, quirks);
    if (tools.efe_linear) {
        check_efe_linear(tools.efe_linear->main, source_format(picture), coded_format(picture));
        if (second) check_efe_linear(tools.efe_linear->upsampled, source_format(picture), coded_format(picture));
    }
    if (tools.eicci)
        static_cast<void>(eicci_selections(picture, *tools.eicci, synthesis, quirks.eicci_first_tile_only));
    if (tools.efe_nonlinear) {
        check_efe_nonlinear(*tools.efe_nonlinear, chroma_size(picture), second, quirks.efe_lone_v_mask_ignored);
    }
    if (tools.lef_ch_idx && *tools.lef_ch_idx >= kLatentChannels[kPrimary]) {
        throw Error(JPEGAI_ERROR_HEADER, "LEF_chIdx is not a luma latent channel");
    }
    if (tools.lef_ch_idx && picture.model_id >= kModels) throw Error(JPEGAI_ERROR_HEADER, "LEF: no such model");
}

void apply_post_filters(Planes& planes, const PostFilterInputs& inputs, RunContext& context) {
    require_input(inputs.picture, "the picture header");
    require_input(inputs.tools, "the tool header");
    const PictureHeader& picture = *inputs.picture;
    const ToolHeader& tools = *inputs.tools;
    check_post_filters(picture, tools, inputs.synthesis, inputs.quirks);
    check_planes(planes);
    if (planes.rgb || planes.chroma != source_format(picture) || planes.rows() != picture.display_height() ||
        planes.cols() != picture.display_width()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "planes do not fit the picture header");
    }
    const auto finished = [&](PostFilter filter) {
        if (inputs.done) inputs.done(filter, planes);
        if (context.keep_going && !context.keep_going()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
    };
    std::optional<std::array<Array3<float>, 2>> second;
    if (tools.efe_linear) {
        second = run_efe_linear(planes, inputs);
        finished(PostFilter::kEfeLinear);
    }
    if (tools.eicci) {
        require_input(inputs.eicci, "the eICCI networks");
        apply_eicci(planes, picture, *tools.eicci, inputs.synthesis, *inputs.eicci, inputs.quirks.eicci_first_tile_only,
                    context, inputs.rows);
        finished(PostFilter::kEicci);
    }
    if (tools.efe_nonlinear) {
        apply_efe_nonlinear(planes, second ? &*second : nullptr, *tools.efe_nonlinear,
                            inputs.quirks.efe_lone_v_mask_ignored, inputs.rows);
        finished(PostFilter::kEfeNonlinear);
    }
    if (tools.lef_ch_idx) {
        require_input(inputs.scale_log, "the luma scale map");
        apply_lef(planes.plane[0], *inputs.scale_log, *tools.lef_ch_idx, picture.model_id, inputs.rows);
        finished(PostFilter::kLef);
    }
}

}  // namespace jpegai
