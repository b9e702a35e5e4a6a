#include "encoder/filters/choose.h"

#include <algorithm>

#include "base/error.h"
#include "encoder/filters/choose_efe_linear.h"
#include "encoder/filters/choose_lef.h"
#include "encoder/filters/plane_error.h"

namespace jpegai {
namespace {

/// The state of a choice: the header so far and the planes that it gives.
class Chooser {
public:
    Chooser(Planes reconstruction, const ToolHeader& tools, const FilterChoiceInputs& inputs, RunContext& context)
        : in_(inputs), picture_(*inputs.picture), unfiltered_(std::move(reconstruction)), context_(context) {
        tools_.lsbs_enable_flag = tools.lsbs_enable_flag;
        planes_ = unfiltered_;
        errors_ = squared_errors(planes_, *in_.original, in_.rows);
        first_errors_ = errors_;
        first_bits_ = bits_ = tool_header_bits(tools_, picture_);
    }

    void linear() {
        if (!in_.allowed.efe_linear) return skip(PostFilter::kEfeLinear);
        const std::array<std::uint16_t, 2> means = efe_means(unfiltered_);
        const EfeStatistics statistics(unfiltered_, *in_.original, coded(), means, in_.rows);
        ToolHeader trial = tools_;
        trial.efe_linear = choose_efe_linear(statistics, means, in_.lagrangian);
        consider(PostFilter::kEfeLinear, trial);
    }

    void lef() {
        if (!in_.allowed.lef || in_.scale_log == nullptr) return skip(PostFilter::kLef);
        ToolHeader trial = tools_;
        trial.lef_ch_idx =
            choose_lef(planes_.plane[0], in_.original->plane[0], *in_.scale_log, picture_.model_id, in_.rows).channel;
        consider(PostFilter::kLef, trial);
    }

    FilterChoice finish(ToolHeader& tools) {
        FilterChoice choice;
        choice.planes = std::move(planes_);
        choice.steps = steps_;
        choice.psnr_before = psnrs(first_errors_);
        choice.psnr_after = psnrs(errors_);
        choice.bits = bits_ - first_bits_;
        tools = std::move(tools_);
        return choice;
    }

    void skip(PostFilter filter) {
        FilterStep& step = steps_[static_cast<std::size_t>(filter)];
        step = {filter, false, 0, psnrs(errors_), psnrs(errors_)};
    }

private:
    [[nodiscard]] ChromaFormat coded() const { return {picture_.c_ver, picture_.c_hor}; }

    [[nodiscard]] double price(const std::array<double, 3>& errors, std::size_t bits) const {
        double sum = in_.lagrangian.sse_per_bit * static_cast<double>(bits);
        for (std::size_t p = 0; p < 3; ++p) sum += in_.lagrangian.plane_weight[p] * errors[p];
        return sum;
    }

    [[nodiscard]] std::array<double, 3> psnrs(const std::array<double, 3>& errors) const {
        std::array<double, 3> values{};
        for (std::size_t p = 0; p < 3; ++p) values[p] = psnr(errors[p], in_.original->plane[p].size());
        return values;
    }

    /// The planes that the decoder makes with a header.
    [[nodiscard]] Planes apply(const ToolHeader& tools) {
        PostFilterInputs filters;
        filters.picture = &picture_;
        filters.tools = &tools;
        filters.synthesis = in_.synthesis;
        filters.scale_log = in_.scale_log;
        filters.eicci = in_.eicci;
        filters.rows = in_.rows;
        Planes planes = unfiltered_;
        apply_post_filters(planes, filters, context_);
        return planes;
    }

    /// Takes over a header with one more filter if it pays.
    void consider(PostFilter filter, const ToolHeader& trial) {
        skip(filter);
        Planes planes = apply(trial);
        const std::array<double, 3> errors = squared_errors(planes, *in_.original, in_.rows);
        const std::size_t bits = tool_header_bits(trial, picture_);
        if (!(price(errors, bits) < price(errors_, bits_))) return;
        FilterStep& step = steps_[static_cast<std::size_t>(filter)];
        step = {filter, true, bits - bits_, psnrs(errors_), psnrs(errors)};
        tools_ = trial;
        planes_ = std::move(planes);
        errors_ = errors;
        bits_ = bits;
    }

    const FilterChoiceInputs& in_;
    const PictureHeader& picture_;
    const Planes unfiltered_;
    RunContext& context_;
    ToolHeader tools_;
    Planes planes_;
    std::array<double, 3> errors_{}, first_errors_{};
    std::size_t bits_ = 0, first_bits_ = 0;
    std::array<FilterStep, 4> steps_;
};

void check_inputs(const Planes& reconstruction, const FilterChoiceInputs& inputs) {
    const auto fail = [](const char* what) {
        throw Error(JPEGAI_ERROR_ARGUMENT, std::string("filter choice: ") + what);
    };
    if (inputs.picture == nullptr || inputs.original == nullptr) fail("an input is missing");
    check_planes(reconstruction);
    check_planes(*inputs.original);
    const PictureHeader& picture = *inputs.picture;
    for (const Planes* planes : {&reconstruction, inputs.original}) {
        if (planes->rgb || planes->chroma != ChromaFormat{picture.s_ver, picture.s_hor} ||
            planes->rows() != picture.display_height() || planes->cols() != picture.display_width()) {
            fail("planes do not fit the picture header");
        }
    }
    check_post_filters(picture, {}, inputs.synthesis);
}

}  // namespace

FilterLagrangian lagrangian_for_rate(double squared_error, double bits) {
    FilterLagrangian lagrangian;
    if (bits > 0) lagrangian.sse_per_bit = squared_error / bits;
    return lagrangian;
}

FilterChoice choose_post_filters(Planes reconstruction, ToolHeader& tools, const FilterChoiceInputs& inputs,
                                 RunContext& context) {
    check_inputs(reconstruction, inputs);
    Chooser chooser(std::move(reconstruction), tools, inputs, context);
    chooser.linear();
    chooser.lef();
    return chooser.finish(tools);
}

}  // namespace jpegai
