#include "encoder/rate_control.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "encoder/refine.h"

namespace jpegai {
namespace {

using Kind = RateTarget::Kind;

/// A displacement and what came of it, on the scale of the search.
struct Point {
    int beta = 0;
    double value = 0;
};

/// The nearest points of one model on both sides of a goal.
struct Bracket {
    std::optional<Point> low, high;
    [[nodiscard]] bool closed() const { return low && high && high->beta - low->beta <= 1; }
};

Bracket bracket_around(double goal, const std::vector<Point>& points) {
    Bracket bracket;
    for (const Point& point : points) {
        if (point.value <= goal) {
            if (!bracket.low || point.beta > bracket.low->beta) bracket.low = point;
        } else if (!bracket.high || point.beta < bracket.high->beta) {
            bracket.high = point;
        }
    }
    return bracket;
}

/// Acceptable values around the goal.
struct Window {
    double low = 0, goal = 0, high = 0;
    [[nodiscard]] bool contains(double value) const { return value >= low && value <= high; }
    [[nodiscard]] Window moved(double by) const { return {low + by, goal + by, high + by}; }
};

std::optional<std::size_t> permitted_from(const ModelMask& permitted, std::size_t model_id) {
    for (; model_id < kModels; ++model_id) {
        if (permitted[model_id]) return model_id;
    }
    return std::nullopt;
}

std::optional<std::size_t> permitted_after(const ModelMask& permitted, std::size_t model_id) {
    return permitted_from(permitted, model_id + 1);
}

std::optional<std::size_t> permitted_before(const ModelMask& permitted, std::size_t model_id) {
    while (model_id-- > 0) {
        if (permitted[model_id]) return model_id;
    }
    return std::nullopt;
}

/// What a model, or several, can reach.
struct Range {
    double low = 0, high = 0;
};

/// "1 to 2, 3 to 4 and 6 to 9".
template <typename Format>
std::string range_list(const std::vector<Range>& ranges, const Format& format) {
    std::string text;
    for (std::size_t i = 0; i < ranges.size(); ++i) {
        if (i > 0) text += i + 1 == ranges.size() ? " and " : ", ";
        text += fmt::format("{} to {}", format(ranges[i].low), format(ranges[i].high));
    }
    return text;
}

/// The end of messages about what is out of reach: what the user can do.
std::string way_out(const RateTarget& target, const ModelMask& permitted) {
    const char* nearest = "take the nearest (--best-effort)";
    if (permitted == kAllModels) return nearest;
    if (target.model_id) return fmt::format("permit other models (no --model), or {}", nearest);
    return fmt::format(
        "the weights lack networks of the other models: add them (jpegai models add), name another set (--models), or "
        "{}",
        nearest);
}

constexpr std::size_t kMaxTrials = 16;      // per search; three are usual
constexpr std::size_t kMaxCorrections = 8;  // for what filters add and refinement saves
// Refined latents fit the quantiser steps they were found with: elsewhere they lose, and their rate hardly follows the
// displacement. So corrections refine anew, then with few attempts, whose effect on the rate is easier to foresee, and
// in the end not at all.
constexpr std::size_t kFullRefinements = 3, kLastRefinement = 5, kFewAttempts = 3;
constexpr double kModelHysteresis = 60;  // displacement beyond best_until() at which another analysis is worth it

class RateSearch {
public:
    RateSearch(EncodeSession& session, const RateTarget& target, const ModelMask& permitted)
        : session_(session),
          target_(target),
          permitted_(permitted),
          scale_(target.kind == Kind::kMeasure ? target.scale : RateScale::kLogRate),
          complexity_(picture_complexity(session.source().luma)) {
        set_windows();
    }

    TargetedResult run();

private:
    struct Trial {
        RatePoint rate;
        double value = 0;
        QuantisedPicture quantised;
    };

    void set_windows();
    void find(const Window& wanted, const Window& accepted);
    [[nodiscard]] std::size_t choose_model(const Window& wanted) const;
    [[nodiscard]] std::optional<int> next_beta(const Window& wanted) const;
    [[nodiscard]] double expected_slope(double beta) const {
        return predicted_slope(scale_, model_, beta, complexity_);
    }
    void try_point(int beta, const Window& wanted);
    void consider(Trial trial, const Window& wanted);
    bool change_model(const Window& wanted);
    [[nodiscard]] double measured(QuantisedPicture& quantised, Planes planes) const;
    [[nodiscard]] double bytes_to_value(std::size_t bytes) const;
    [[nodiscard]] double shown(double value) const { return scale_ == RateScale::kLogRate ? std::exp(value) : value; }
    [[noreturn]] void fail(double nearest) const;
    [[nodiscard]] double range_end(std::size_t model_id, int beta) const;
    [[nodiscard]] std::vector<Range> reachable(double nearest) const;

    EncodeSession& session_;
    const RateTarget& target_;
    ModelMask permitted_;
    RateScale scale_;
    double complexity_;
    Window stop_, accept_;  ///< where a search ends at once, and what it may return

    std::size_t model_ = 0;
    std::array<std::vector<Point>, kModels> points_;  ///< all trials
    double shift_ = 0;                                ///< measured minus predicted, from the last trial
    std::optional<Trial> best_;
    RateReport report_;
    std::vector<std::uint8_t> bytes_;  ///< of the last coded picture
};

void RateSearch::set_windows() {
    if (target_.kind == Kind::kMeasure) {
        const double t = target_.tolerance;
        accept_ = {target_.value - t, target_.value, target_.value + t};
        stop_ = accept_;
        return;
    }
    const double samples = static_cast<double>(session_.displayed_samples());
    const double rate = target_.kind == Kind::kBytes ? 8 * target_.value / samples : target_.value;
    if (!(rate > 0)) throw Error(JPEGAI_ERROR_ARGUMENT, "a rate or size has to be positive");
    const double goal = std::log(rate), t = target_.tolerance;
    if (target_.kind == Kind::kBytes) {
        accept_ = {goal + std::log(1 - t), goal - t / 4, goal};
        stop_ = {goal - t / 2, goal - t / 4, goal};
    } else {
        accept_ = {goal + std::log(1 - t), goal, goal + std::log(1 + t)};
        stop_ = {goal - t / 3, goal, goal + t / 3};
    }
}

double RateSearch::bytes_to_value(std::size_t bytes) const {
    return std::log(8 * static_cast<double>(bytes) / static_cast<double>(session_.displayed_samples()));
}

/// Quality of the picture a decoder makes of `planes` (before the colour transform).
double RateSearch::measured(QuantisedPicture& quantised, Planes planes) const {
    const unsigned depth = quantised.picture.bit_depth_idc == 0 ? 8U : 10U;
    return target_.measure(jpegai::quantise(session_.finish(quantised, std::move(planes)), depth));
}

/// The model to begin with, or to go on with after a trial.
std::size_t RateSearch::choose_model(const Window& wanted) const {
    return best_model(scale_, wanted.goal - shift_, complexity_, permitted_);
}

/// Whether what was learnt speaks clearly for a model that has not been tried.
bool RateSearch::change_model(const Window& wanted) {
    const auto up = permitted_after(permitted_, model_), down = permitted_before(permitted_, model_);
    const Bracket bracket = bracket_around(wanted.goal, points_[model_]);
    std::size_t next = model_;
    if (bracket.low && !bracket.high && bracket.low->beta >= kBetaMax && up) {
        next = *up;  // out of range whatever the table says
    } else if (bracket.high && !bracket.low && bracket.high->beta <= kBetaMin && down) {
        next = *down;
    } else {
        // Only between neighbours: across a gap each model is used as far as it reaches.
        const double here = predict_beta(scale_, model_, wanted.goal - shift_, complexity_);
        if (here > best_until(model_) + kModelHysteresis && up == model_ + 1) {
            next = *up;
        } else if (down && *down + 1 == model_) {
            const double below = predict_beta(scale_, *down, wanted.goal - shift_, complexity_);
            if (below < best_until(*down) - kModelHysteresis) next = *down;
        }
    }
    if (next == model_ || !points_[next].empty()) return false;
    session_.forget(model_);
    model_ = next;
    return true;
}

/// Where to try next; nothing when no displacement is left that could be nearer.
std::optional<int> RateSearch::next_beta(const Window& wanted) const {
    const Bracket bracket = bracket_around(wanted.goal, points_[model_]);
    double beta = 0;
    int from = kBetaMin, to = kBetaMax;
    if (bracket.low && bracket.high) {
        if (bracket.closed()) return std::nullopt;
        const double rise = bracket.high->value - bracket.low->value;
        const double part = rise > 0 ? (wanted.goal - bracket.low->value) / rise : 0.5;
        beta = bracket.low->beta + part * (bracket.high->beta - bracket.low->beta);
        from = bracket.low->beta + 1;
        to = bracket.high->beta - 1;
    } else if (bracket.low || bracket.high) {
        const Point& point = bracket.low ? *bracket.low : *bracket.high;
        // A little further than the slope says, so that the goal lies between two points.
        constexpr double kReach = 1.02;
        const double average = expected_slope(point.beta);
        beta = point.beta + kReach * (wanted.goal - point.value) / average;
        if (bracket.low) from = point.beta + 1;
        if (bracket.high) to = point.beta - 1;
        if (from > to) return std::nullopt;
    } else {
        beta = predict_beta(scale_, model_, wanted.goal - shift_, complexity_);
    }
    return std::clamp(static_cast<int>(std::lround(beta)), from, to);
}

void RateSearch::consider(Trial trial, const Window& wanted) {
    const auto cost = [&](const Trial& t) {
        // What exceeds a hard limit is the last resort.
        constexpr double kForbidden = 1e3;
        const bool over = target_.kind == Kind::kBytes && t.value > wanted.high;
        return std::abs(t.value - wanted.goal) + (over ? kForbidden : 0);
    };
    if (!best_ || cost(trial) < cost(*best_)) best_ = std::move(trial);
}

void RateSearch::try_point(int beta, const Window& wanted) {
    const int offset = target_.chroma_offset.value_or(0);
    Trial trial;
    trial.rate = {model_, {beta, std::clamp(beta + offset, -2048, 2047)}};
    if (points_[model_].empty()) ++report_.analyses;
    trial.quantised = session_.quantise(trial.rate);
    ++report_.trials;
    trial.value = target_.kind == Kind::kMeasure ? measured(trial.quantised, session_.reconstruct(trial.quantised))
                                                 : bytes_to_value(session_.code(trial.quantised).size());
    shift_ = trial.value - predict(scale_, model_, beta, complexity_);
    points_[model_].push_back({beta, trial.value});
    consider(std::move(trial), wanted);
}

/// Trials until the window `wanted` is met, or `accepted` after a few.
void RateSearch::find(const Window& wanted, const Window& accepted) {
    constexpr std::size_t kPatience = 6;
    for (std::size_t i = 0; i < kMaxTrials; ++i) {
        const std::optional<int> beta = next_beta(wanted);
        if (beta) {
            try_point(*beta, wanted);
            if (wanted.contains(best_->value) || (i >= kPatience && accepted.contains(best_->value))) return;
            change_model(wanted);
        } else if ((best_ && accepted.contains(best_->value)) || !change_model(wanted)) {
            break;
        }
    }
    if (best_) return;
    // All there is has been tried for another goal: the nearer of two neighbours, the lower one of a hard limit.
    const Bracket bracket = bracket_around(wanted.goal, points_[model_]);
    const bool lower = bracket.low && (!bracket.high || target_.kind == Kind::kBytes ||
                                       wanted.goal - bracket.low->value < bracket.high->value - wanted.goal);
    try_point(lower ? bracket.low->beta : bracket.high->beta, wanted);
}

/// An end of what a model reaches, from a trial where there was one.
double RateSearch::range_end(std::size_t model_id, int beta) const {
    for (const Point& point : points_[model_id]) {
        if (point.beta == beta) return point.value;
    }
    return predict(scale_, model_id, beta, complexity_);
}

/// What the permitted models reach, `nearest` included: between models that are not neighbours there may be gaps.
std::vector<Range> RateSearch::reachable(double nearest) const {
    std::size_t last = *permitted_from(permitted_, 0);
    std::vector<Range> ranges = {{std::min(range_end(last, kBetaMin), nearest), 0}};
    for (auto next = permitted_after(permitted_, last); next; next = permitted_after(permitted_, last)) {
        const double upper = range_end(last, kBetaMax), lower = range_end(*next, kBetaMin);
        if (upper < lower) {
            ranges.back().high = upper;
            ranges.push_back({lower, 0});
        }
        last = *next;
    }
    ranges.back().high = std::max(range_end(last, kBetaMax), nearest);
    return ranges;
}

void RateSearch::fail(double nearest) const {
    const auto message = [&](const std::string& goal, const auto& format) {
        return fmt::format("{} cannot be reached with this picture{}, only about {}; the nearest is {}; {}", goal,
                           permitted_ == kAllModels ? "" : " with " + model_list(permitted_),
                           range_list(reachable(nearest), format), format(nearest), way_out(target_, permitted_));
    };
    std::string text;
    if (target_.kind == Kind::kMeasure) {
        text = message(fmt::format("{:.3f} dB", target_.value), [](double v) { return fmt::format("{:.3f}", v); });
    } else if (target_.kind == Kind::kBytes) {
        const double bytes = static_cast<double>(session_.displayed_samples()) / 8;
        text = message(fmt::format("{:.0f} bytes", target_.value),
                       [bytes](double v) { return fmt::format("{:.0f}", std::exp(v) * bytes); });
    } else {
        text = message(fmt::format("{} bits per pixel", target_.value),
                       [](double v) { return fmt::format("{:.4f}", std::exp(v)); });
    }
    throw Error(JPEGAI_ERROR_ARGUMENT, text);
}

TargetedResult RateSearch::run() {
    model_ = choose_model(stop_);
    // Refinement lowers squared errors, and MS-SSIM with them.
    const bool for_ms_ssim = target_.kind == Kind::kMeasure && scale_ == RateScale::kMsSsim;
    const std::size_t refinements = for_ms_ssim ? 0 : session_.options().refinements;
    const bool filters = session_.filters_wanted(), moves = filters || refinements > 0;
    bool refines = refinements > 0;
    const bool want_planes = session_.options().want_reconstruction, measures = target_.kind == Kind::kMeasure;
    std::optional<RefinedLatents> refined;
    double shift = 0;  // by filters and refinement
    TargetedResult result;
    for (std::size_t i = 0; i < kMaxCorrections; ++i) {
        if (i == kLastRefinement && refines) {
            refines = false;
            refined.reset();
            shift = 0;
        }
        find(stop_.moved(-shift), accept_.moved(-shift));
        QuantisedPicture quantised = best_->quantised;
        report_.value = best_->value;
        if (refines) {
            refined =
                refine(session_, quantised, i < kFullRefinements ? refinements : std::min(refinements, kFewAttempts));
            refines = refined.has_value();
        }
        if (refined) quantised = quantise_refined(session_, *refined, best_->rate);
        if (filters || want_planes || (measures && moves)) {
            Planes planes = session_.choose_filters(quantised, session_.reconstruct(quantised));
            if (measures && moves) report_.value = measured(quantised, planes);
            if (want_planes) result.encoded.reconstruction = session_.finish(quantised, std::move(planes));
        }
        result.encoded.bytes = session_.code(quantised);
        if (!measures) report_.value = bytes_to_value(result.encoded.bytes.size());
        result.encoded.picture = quantised.picture;
        result.encoded.tools = quantised.tools;
        if (!moves || accept_.contains(report_.value)) break;
        // The filters' own bits or gain, or what refinement saved, moved the result: search again for where that is
        // made up for.
        shift = report_.value - best_->value;
        best_.reset();
    }
    report_.rate = {result.encoded.picture.model_id,
                    {result.encoded.picture.beta_displacement_log[kPrimary],
                     result.encoded.picture.beta_displacement_log[kSecondary]}};
    const Bracket bracket = bracket_around(stop_.goal - shift, points_[report_.rate.model_id]);
    // Between neighbouring displacements there is nothing nearer: very small pictures move by more than a per cent.
    const bool nearest_possible = bracket.closed() && (target_.kind != Kind::kBytes || report_.value <= accept_.high);
    report_.reached = accept_.contains(report_.value) || nearest_possible;
    if (!report_.reached && !target_.best_effort) fail(report_.value);
    report_.value = shown(report_.value);
    result.report = report_;
    return result;
}

/// Looks up the model and displacement of a quality, with the models that are there.
void find_quality(const Encoder& encoder, const EncodeOptions& options, const RateTarget& target, RateReport& report) {
    const ModelMask permitted = encoder.usable_models(options);
    report.rate = rate_point_of_quality(target.value, permitted);
    report.reached = quality_in_reach(target.value, permitted);
    if (report.reached || target.best_effort) return;
    std::vector<Range> ranges;
    for (int quality = 0; quality <= 100; ++quality) {
        if (!quality_in_reach(quality, permitted)) continue;
        if (ranges.empty() || ranges.back().high < quality - 1) ranges.push_back({static_cast<double>(quality), 0});
        ranges.back().high = quality;
    }
    throw Error(
        JPEGAI_ERROR_ARGUMENT,
        fmt::format("quality {} cannot be reached with {}, only {}; {}", target.value, model_list(permitted),
                    range_list(ranges, [](double v) { return fmt::format("{:.0f}", v); }), way_out(target, permitted)));
}

/// One encode, nothing to search.
TargetedResult encode_once(const Encoder& encoder, const Picture& picture, EncodeOptions options,
                           const RateTarget& target) {
    TargetedResult result;
    if (target.kind == Kind::kQuality) {
        find_quality(encoder, options, target, result.report);
        options.rate = result.report.rate;
        if (target.chroma_offset) options.rate.beta[kSecondary] = options.rate.beta[kPrimary] + *target.chroma_offset;
    }
    result.encoded = encoder.encode(picture, options);
    result.report.rate = options.rate;
    result.report.value = 8 * static_cast<double>(result.encoded.bytes.size()) /
                          (static_cast<double>(picture.rows()) * static_cast<double>(picture.cols()));
    result.report.trials = result.report.analyses = 1;
    return result;
}

}  // namespace

TargetedResult encode_to(const Encoder& encoder, const Picture& picture, const EncodeOptions& options,
                         const RateTarget& target) {
    if (target.kind == Kind::kFixed || target.kind == Kind::kQuality) {
        return encode_once(encoder, picture, options, target);
    }
    if (target.kind == Kind::kMeasure && !target.measure) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "a quality target needs a measure");
    }
    if (target.model_id && *target.model_id >= kModels) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("there is no model {}", *target.model_id));
    }
    ModelMask permitted = encoder.usable_models(options);
    if (target.model_id) {
        permitted = {};
        permitted[*target.model_id] = true;
    }
    EncodeSession session = encoder.session(picture, options);
    return RateSearch(session, target, permitted).run();
}

}  // namespace jpegai
