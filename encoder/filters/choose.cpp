#include "encoder/filters/choose.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "decoder/filters/efe_linear.h"
#include "encoder/filters/choose_efe_linear.h"
#include "encoder/filters/choose_efe_nonlinear.h"
#include "encoder/filters/choose_efe_pair.h"
#include "encoder/filters/choose_eicci.h"
#include "encoder/filters/choose_lef.h"
#include "encoder/filters/plane_error.h"
#include "encoder/filters/reference_efe.h"

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
        if (!in_.allowed.efe_linear) return;
        if (reference()) return adopt_reference_linear();
        means_ = efe_means(unfiltered_);
        statistics_.emplace(unfiltered_, *in_.original, coded(), means_, in_.rows);
        for (std::size_t p = 0; p < 2; ++p) candidates_[p] = efe_candidates(*statistics_, p, means_[p]);
        main_ = choose_efe_linear(candidates_, in_.lagrangian);
        ToolHeader trial = tools_;
        trial.efe_linear = efe_linear_header(main_, statistics_->same_format());
        consider(trial);
    }

    void eicci() {
        if (!in_.allowed.eicci) return;
        ToolHeader trial = tools_;
        try {
            trial.eicci = reference() ? reference_eicci(planes_, in_, context_) : choose_eicci(planes_, in_, context_);
        } catch (const Error& error) {
            if (error.code() != JPEGAI_ERROR_MODEL) throw;
            return;  // a weight set without eICCI networks
        }
        if (trial.eicci) take(trial, reference());
    }

    void nonlinear() {
        if (!in_.allowed.efe_nonlinear) return;
        if (reference()) return adopt_reference_nonlinear();
        const ToolHeader before = tools_;
        curves(before);
        if (!in_.thorough) return;
        if (statistics_ && !before.eicci) {
            // What the curves do, the linear filter need not: a cheaper one or none may be enough.
            for (const double factor : {8.0, 2.0}) curves(with_cheaper_linear(before, factor));
            ToolHeader without = before;
            without.efe_linear.reset();
            if (before.efe_linear) curves(without);
        }
        masks(before);
    }

    void lef() {
        if (!in_.allowed.lef || in_.scale_log == nullptr) return;
        ToolHeader trial = tools_;
        if (reference()) {
            trial.lef_ch_idx = reference_lef_channel(*in_.scale_log);
            return adopt(trial);
        }
        trial.lef_ch_idx =
            choose_lef(planes_.plane[0], in_.original->plane[0], *in_.scale_log, picture_.model_id, in_.rows).channel;
        consider(trial);
    }

    FilterChoice finish(ToolHeader& tools) {
        FilterChoice choice;
        choice.planes = std::move(planes_);
        choice.steps = steps();
        choice.psnr_before = psnrs(first_errors_);
        choice.psnr_after = psnrs(errors_);
        choice.bits = bits_ - first_bits_;
        tools = std::move(tools_);
        return choice;
    }

private:
    [[nodiscard]] bool reference() const { return in_.search == FilterSearch::kReference; }

    void adopt_reference_linear() {
        ToolHeader trial = tools_;
        trial.efe_linear =
            reference_efe_linear(unfiltered_, *in_.original, picture_, in_.allowed.efe_nonlinear, in_.rows);
        adopt(trial);
    }

    void adopt_reference_nonlinear() {
        std::optional<std::array<Array3<float>, 2>> second;
        if (tools_.efe_linear) {
            const EfeLinearSet& set = tools_.efe_linear->upsampled;
            if (set.plane[0].best_cand_idx > 0 && set.plane[1].best_cand_idx > 0)
                second = apply_efe_linear(unfiltered_, tools_.efe_linear->b1, set, coded(), in_.rows);
        }
        ToolHeader trial = tools_;
        trial.efe_nonlinear =
            reference_efe_nonlinear(planes_, *in_.original, second ? &*second : nullptr, picture_, in_.rows);
        adopt(trial);
    }

    /// Curves on top of the linear filter and the masks of a header.
    void curves(const ToolHeader& base) {
        ToolHeader trial = base;
        trial.efe_nonlinear.reset();
        const EfeNonlinearHeader masks = base.efe_nonlinear.value_or(EfeNonlinearHeader{});
        trial.efe_nonlinear =
            choose_efe_curves(trial == tools_ ? planes_ : apply(trial), *in_.original, masks, in_.lagrangian, in_.rows);
        if (trial.efe_nonlinear) consider(trial);
    }

    /// The header with the linear filter that would be best if bits had `factor` times their price.
    [[nodiscard]] ToolHeader with_cheaper_linear(const ToolHeader& base, double factor) const {
        FilterLagrangian lagrangian = in_.lagrangian;
        lagrangian.sse_per_bit *= factor;
        ToolHeader cheaper = base;
        cheaper.efe_linear = efe_linear_header(choose_efe_linear(candidates_, lagrangian), statistics_->same_format());
        return cheaper;
    }

    /// A second picture of EFE-linear and masks, without curves and with them.
    void masks(const ToolHeader& base) {
        if (!statistics_) return;
        const std::optional<EfePair> pair = choose_efe_pair(*statistics_, means_, main_, unfiltered_, in_.lagrangian);
        if (!pair) return;
        ToolHeader trial = base;
        trial.efe_linear = pair->linear;
        trial.efe_nonlinear = pair->masks;
        consider(trial);
        curves(trial);
    }

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

    /// Errors after every filter that a header has.
    using Trace = std::array<std::optional<std::array<double, 3>>, 4>;

    [[nodiscard]] std::array<FilterStep, 4> steps() const {
        std::array<FilterStep, 4> steps;
        std::array<double, 3> errors = first_errors_;
        for (std::size_t i = 0; i < steps.size(); ++i) {
            FilterStep& step = steps[i];
            step.filter = static_cast<PostFilter>(i);
            step.on = trace_[i].has_value();
            step.psnr_before = psnrs(errors);
            if (step.on) errors = *trace_[i];
            step.psnr_after = psnrs(errors);
            step.bits = bits_ - tool_header_bits(without(tools_, step.filter), picture_);
        }
        return steps;
    }

    [[nodiscard]] static ToolHeader without(ToolHeader tools, PostFilter filter) {
        if (filter == PostFilter::kEfeLinear) tools.efe_linear.reset();
        if (filter == PostFilter::kEicci) tools.eicci.reset();
        if (filter == PostFilter::kEfeNonlinear) tools.efe_nonlinear.reset();
        if (filter == PostFilter::kLef) tools.lef_ch_idx.reset();
        return tools;
    }

    /// The planes that the decoder makes with a header.
    [[nodiscard]] Planes apply(const ToolHeader& tools, Trace* trace = nullptr) {
        PostFilterInputs filters;
        filters.picture = &picture_;
        filters.tools = &tools;
        filters.synthesis = in_.synthesis;
        filters.scale_log = in_.scale_log;
        filters.eicci = in_.eicci;
        filters.rows = in_.rows;
        if (trace != nullptr) {
            filters.done = [&](PostFilter filter, const Planes& filtered) {
                (*trace)[static_cast<std::size_t>(filter)] = squared_errors(filtered, *in_.original, in_.rows);
            };
        }
        Planes planes = unfiltered_;
        apply_post_filters(planes, filters, context_);
        return planes;
    }

    /// Takes over a header if it pays.
    void consider(const ToolHeader& trial) { take(trial, false); }
    /// Takes over a header whatever it costs.
    void adopt(const ToolHeader& trial) { take(trial, true); }

    void take(const ToolHeader& trial, bool always) {
        Trace trace;
        Planes planes = apply(trial, &trace);
        const std::array<double, 3> errors = squared_errors(planes, *in_.original, in_.rows);
        const std::size_t bits = tool_header_bits(trial, picture_);
        if (!always && !(price(errors, bits) < price(errors_, bits_))) return;
        trace_ = trace;
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
    Trace trace_;
    std::array<std::uint16_t, 2> means_{};
    std::optional<EfeStatistics> statistics_;  ///< when EFE-linear is allowed
    std::array<std::vector<EfeCandidate>, 2> candidates_;
    std::array<EfeCandidate, 2> main_;  ///< best main filters, even when they do not pay
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
    chooser.eicci();
    chooser.nonlinear();
    chooser.lef();
    return chooser.finish(tools);
}

}  // namespace jpegai
