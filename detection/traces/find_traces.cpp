#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "detection/traces.h"
#include "detection/traces/projection.h"
#include "detection/traces/resample.h"
#include "encoder/session.h"
#include "encoder/source_planes.h"

namespace jpegai::detection {
namespace {

constexpr std::size_t kCell = 16;           // of the latent grid
constexpr std::size_t kGridStep = 4;        // find_grid() tells offsets modulo 4
constexpr double kGridGain = 0.15;          // dB; below, no grid is in sight
constexpr std::size_t kScreenWindow = 192;  // hypotheses are screened on a window of this side
constexpr std::size_t kRecodeWindow = 256;  // likewise recompression
constexpr std::size_t kScreenStep = 64;     // the grid of the hyper latents
constexpr std::size_t kScreened = 2;        // hypotheses that are tested on the whole picture
constexpr std::size_t kGridModels = 2;      // models whose grid is followed up
constexpr double kEarlierScore = 8;         // traces of an older coding

/// A part of the middle when the picture is too large, on the grid of the hyper latents.
Area seen_area(const Picture& picture, std::size_t max_samples) {
    if (picture.rows() <= max_samples / picture.cols()) return {0, 0, picture.rows(), picture.cols()};
    const double shrink = std::sqrt(static_cast<double>(max_samples) /
                                    (static_cast<double>(picture.rows()) * static_cast<double>(picture.cols())));
    const auto part = [&](std::size_t side) {
        const auto wanted = static_cast<std::size_t>(static_cast<double>(side) * shrink) / kScreenStep * kScreenStep;
        const std::size_t size = std::min(side, std::max(wanted, kScreenStep));
        return std::pair{(side - size) / 2 / kScreenStep * kScreenStep, size};
    };
    const auto [row, rows] = part(picture.rows());
    const auto [col, cols] = part(picture.cols());
    return {row, col, rows, cols};
}

Picture seen_part(const Picture& picture, std::size_t max_samples) {
    return cut_picture(picture, seen_area(picture, max_samples));
}

Array3<float> luma_of(const Picture& picture) {
    return std::move(to_yuv(picture).plane[0]);
}

Size scaled(const Picture& picture, double scale) {
    const auto side = [&](std::size_t samples) {
        return static_cast<std::size_t>(std::lround(static_cast<double>(samples) / scale));
    };
    return {side(picture.rows()), side(picture.cols())};
}

/// Without any detail all residuals come from the border, and a few values that repeat look like a lattice.
void require_detail(const Array3<float>& luma) {
    constexpr double kLeast = 0.1;
    double sum = 0;
    for (std::size_t y = 0; y < luma.rows(); ++y) {
        const float* row = luma.row(0, y);
        for (std::size_t x = 1; x < luma.cols(); ++x) sum += static_cast<double>(std::abs(row[x] - row[x - 1]));
    }
    if (sum < kLeast * static_cast<double>(luma.size())) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "the picture is flat; there is nothing to find traces in");
    }
}

double compressed(double score) {
    return std::log1p(std::max(0.0, score));
}

/// One examination; members are what its steps share.
class Examination {
public:
    Examination(const Picture& picture, const std::vector<TraceModels>& sets, const TraceOptions& options)
        : picture_(seen_part(to_plain(picture), options.max_samples)),
          luma_(luma_of(picture_)),
          sets_(sets),
          options_(options) {
        require_detail(luma_);
        report_.rows = picture.rows();
        report_.cols = picture.cols();
        const Area seen = seen_area(picture, options.max_samples);
        report_.seen_row = seen.row;
        report_.seen_col = seen.col;
        report_.seen_rows = picture_.rows();
        report_.seen_cols = picture_.cols();
    }

    TraceReport run(const TraceClassifier& classifier) {
        test_as_it_lies();
        if (report_.best.fit.combined() < options_.conclusive) search();
        go_on(0.85);
        examine_best();
        go_on(0.95);
        look_at_samples();
        collect_features();
        report_.probability = classifier.probability(report_.features);
        if (report_.coded()) conclude(classifier);
        return std::move(report_);
    }

private:
    void go_on(double done) const {
        if (options_.progress && !options_.progress(done)) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
    }

    /// Fits the lattice of one model to a picture; nullopt when the set lacks the model.
    std::optional<LatticeFit> fit(const Picture& picture, std::size_t set, std::size_t model_id) {
        try {
            const NetworkCache& networks = sets_[set].encoder->networks();
            EncodeOptions options;
            options.rate.model_id = model_id;
            EncodeSession session(networks, picture, options);
            return fit_lattice(networks, *session.analyse(model_id), context_);
        } catch (const Error& error) {
            if (error.code() != JPEGAI_ERROR_MODEL) throw;
            lacking_ = error.what();
            return std::nullopt;
        }
    }

    TraceHypothesis hypothesis(std::size_t set, std::size_t model_id, const LatticeFit& fit) const {
        TraceHypothesis result;
        result.models = sets_[set].name;
        result.set = set;
        result.model_id = model_id;
        result.fit = fit;
        return result;
    }

    void test_as_it_lies() {
        for (std::size_t set = 0; set < sets_.size(); ++set) {
            for (std::size_t m = 0; m < kModels; ++m) {
                const auto found = fit(picture_, set, m);
                if (found && !repeats(m, *found)) report_.as_it_lies.push_back(hypothesis(set, m, *found));
                go_on(0.3 * static_cast<double>(set * kModels + m + 1) / static_cast<double>(sets_.size() * kModels));
            }
        }
        if (report_.as_it_lies.empty()) {
            throw Error(JPEGAI_ERROR_MODEL, lacking_.empty() ? "no weight set to test" : lacking_);
        }
        report_.best = *std::max_element(report_.as_it_lies.begin(), report_.as_it_lies.end(), weaker);
    }

    /// Networks that another set has, too, give the same fit to the last bit; they would look like an earlier coding.
    [[nodiscard]] bool repeats(std::size_t model_id, const LatticeFit& fit) const {
        return std::any_of(report_.as_it_lies.begin(), report_.as_it_lies.end(),
                           [&](const TraceHypothesis& h) { return h.model_id == model_id && h.fit == fit; });
    }

    static bool weaker(const TraceHypothesis& a, const TraceHypothesis& b) {
        return a.fit.combined() < b.fit.combined();
    }

    /// The picture as it was coded if the hypothesis is right: resized back, cut at the grid.
    Picture undone(const TraceHypothesis& hypothesis, const Picture& picture) const {
        if (hypothesis.scale != 1) return resize_picture(picture, scaled(picture, hypothesis.scale));
        if (hypothesis.row == 0 && hypothesis.col == 0) return picture;
        return cut_picture(picture, {hypothesis.row, hypothesis.col, picture.rows() - hypothesis.row,
                                     picture.cols() - hypothesis.col});
    }

    /// Screens other grids and sizes on a window and tests the best of them on the whole picture.
    void search() {
        std::vector<TraceHypothesis> screened;
        if (options_.search_crops) search_grids(screened);
        go_on(0.5);
        search_scales(screened);
        report_.searched = options_.search_crops || !options_.scales.empty();
        std::sort(screened.begin(), screened.end(), [](const auto& a, const auto& b) { return weaker(b, a); });
        if (screened.size() > kScreened) screened.resize(kScreened);
        for (TraceHypothesis& candidate : screened) {
            const auto whole =
                fit(seen_part(undone(candidate, picture_), options_.max_samples), candidate.set, candidate.model_id);
            if (!whole) continue;
            candidate.fit = *whole;
            if (weaker(report_.best, candidate)) report_.best = candidate;
        }
    }

    void search_grids(std::vector<TraceHypothesis>& screened) {
        struct Found {
            std::size_t set, model_id;
            GridOffset offset;
        };
        std::vector<Found> grids;
        for (const TraceHypothesis& model : report_.as_it_lies) {
            const NetworkCache& networks = sets_[model.set].encoder->networks();
            grids.push_back({model.set, model.model_id, find_grid(networks, model.model_id, luma_, context_)});
        }
        std::sort(grids.begin(), grids.end(),
                  [](const auto& a, const auto& b) { return a.offset.gain > b.offset.gain; });
        std::size_t followed = 0;
        for (const Found& grid : grids) {
            report_.grid_gain = std::max(report_.grid_gain, grid.offset.gain);
            if (grid.offset.gain < kGridGain || followed++ == kGridModels) break;
            for (std::size_t row = grid.offset.row; row < kCell; row += kGridStep) {
                for (std::size_t col = grid.offset.col; col < kCell; col += kGridStep) {
                    screen_grid(grid.set, grid.model_id, row, col, screened);
                }
            }
        }
    }

    /// Tests a grid whose cells begin at (row, col) in all four ways in which cells can pair up.
    void screen_grid(std::size_t set, std::size_t model_id, std::size_t row, std::size_t col,
                     std::vector<TraceHypothesis>& screened) {
        if (picture_.rows() < row + kScreenStep || picture_.cols() < col + kScreenStep) return;
        TraceHypothesis candidate;
        candidate.row = row;
        candidate.col = col;
        const Picture whole = undone(candidate, picture_);
        const Picture window =
            cut_picture(whole, busiest_window(luma_of(whole), kScreenWindow, kScreenWindow, kScreenStep));
        const NetworkCache& networks = sets_[set].encoder->networks();
        EncodeOptions options;
        options.rate.model_id = model_id;
        EncodeSession session(networks, window, options);
        const auto analysed = session.analyse(model_id);
        for (const std::size_t down : {0U, 1U}) {
            for (const std::size_t right : {0U, 1U}) {
                const std::size_t first_row = row + down * kCell, first_col = col + right * kCell;
                if ((first_row == 0 && first_col == 0) || picture_.rows() < first_row + kTraceMinSide ||
                    picture_.cols() < first_col + kTraceMinSide) {
                    continue;
                }
                const LatticeFit found =
                    down == 0 && right == 0
                        ? fit_lattice(networks, *analysed, context_)
                        : fit_lattice(networks, shift_latents(networks, *analysed, down, right, context_), context_);
                TraceHypothesis result = hypothesis(set, model_id, found);
                result.row = first_row;
                result.col = first_col;
                screened.push_back(std::move(result));
            }
        }
    }

    void search_scales(std::vector<TraceHypothesis>& screened) {
        std::size_t tried = 0;
        for (const double scale : options_.scales) {
            go_on(0.5 + 0.3 * static_cast<double>(tried++) / static_cast<double>(options_.scales.size()));
            const Size size = scaled(picture_, scale);
            if (scale == 1 || std::min(size.rows, size.cols) < kTraceMinSide) continue;
            // Resized with the picture, the busiest part stays the busiest.
            const Area here = busiest_window(luma_, scaled_side(kScreenWindow, scale),
                                             scaled_side(kScreenWindow, scale), kScreenStep);
            const auto place = [&](std::size_t start, std::size_t side) {
                const auto wanted = static_cast<std::size_t>(static_cast<double>(start) / scale);
                const std::size_t window = std::min(kScreenWindow, side);
                return std::pair{std::min(wanted, side - window) / kScreenStep * kScreenStep, window};
            };
            const auto [row, rows] = place(here.row, size.rows);
            const auto [col, cols] = place(here.col, size.cols);
            const Picture window = resize_picture(picture_, size, {row, col, rows, cols});
            for (const TraceHypothesis& model : report_.as_it_lies) {
                const auto found = fit(window, model.set, model.model_id);
                if (!found) continue;
                TraceHypothesis result = hypothesis(model.set, model.model_id, *found);
                result.scale = scale;
                screened.push_back(std::move(result));
            }
        }
    }

    static std::size_t scaled_side(std::size_t side, double scale) {
        return std::max<std::size_t>(16, static_cast<std::size_t>(static_cast<double>(side) * scale));
    }

    /// What costs more than a fit, for the best hypothesis only.
    void examine_best() {
        const TraceHypothesis& best = report_.best;
        const NetworkCache& networks = sets_[best.set].encoder->networks();
        EncodeOptions options;
        options.rate.model_id = best.model_id;
        const Picture whole = undone(best, picture_);
        const Area part = seen_area(whole, options_.max_samples);
        const Picture picture = cut_picture(whole, part);
        {
            EncodeSession session(networks, picture, options);
            const AnalysedPicture sharp = sharpen_latents(networks, session, best.model_id, context_);
            report_.sharpened = fit_lattice(networks, sharp, context_);
            if (options_.want_map) {
                place_map(lattice_map(networks, sharp, report_.sharpened.luma_beta(), context_), part);
            }
        }
        const Area window = busiest_window(luma_of(picture), kRecodeWindow, kRecodeWindow, kScreenStep);
        EncodeSession session(networks, cut_picture(picture, window), options);
        const int luma = report_.sharpened.luma_beta();
        const int chroma = report_.sharpened.chroma_beta().value_or(luma);
        RatePoint rate;
        rate.model_id = best.model_id;
        rate.beta = {std::clamp(luma, kBetaMin, kBetaMax), std::clamp(chroma, kBetaMin, kBetaMax)};
        report_.recompression_peak = recompression_peak(session, rate);
    }

    /// Spreads the map of the latents of `part` of the undone picture over the samples of the picture as it lies.
    /// Samples outside of it have 0.
    void place_map(const Array3<float>& latents, const Area& part) {
        const TraceHypothesis& best = report_.best;
        report_.map = Array3<float>(1, picture_.rows(), picture_.cols());
        const auto cell = [&](std::size_t at, std::size_t cut_off) {
            const double sample = (static_cast<double>(at) + 0.5) / best.scale - static_cast<double>(cut_off);
            return static_cast<std::ptrdiff_t>(std::floor(sample / static_cast<double>(kCell)));
        };
        for (std::size_t y = 0; y < picture_.rows(); ++y) {
            const std::ptrdiff_t row = cell(y, best.row + part.row);
            if (row < 0 || row >= static_cast<std::ptrdiff_t>(latents.rows())) continue;
            for (std::size_t x = 0; x < picture_.cols(); ++x) {
                const std::ptrdiff_t col = cell(x, best.col + part.col);
                if (col < 0 || col >= static_cast<std::ptrdiff_t>(latents.cols())) continue;
                report_.map(0, y, x) = latents(0, static_cast<std::size_t>(row), static_cast<std::size_t>(col));
            }
        }
    }

    void look_at_samples() {
        report_.colour = colour_correlation(picture_);
        report_.spectrum = spectrum(luma_);
        report_.jpeg = find_jpeg(jfif_luma(picture_));
    }

    void collect_features() {
        double as_it_lies = 0, other_model = 0;
        for (const TraceHypothesis& h : report_.as_it_lies) {
            as_it_lies = std::max(as_it_lies, h.fit.combined());
            const bool same = h.set == report_.best.set && h.model_id == report_.best.model_id;
            if (!same) other_model = std::max(other_model, h.fit.combined());
        }
        const double best = compressed(report_.best.fit.combined());
        report_.features = {best,
                            compressed(as_it_lies),
                            compressed(report_.sharpened.combined()),
                            best - compressed(other_model),
                            std::clamp(report_.recompression_peak, -10.0, 20.0),
                            report_.colour ? report_.colour->mean() : std::numeric_limits<double>::quiet_NaN(),
                            report_.spectrum.slope,
                            report_.spectrum.tail};
    }

    /// What is only meaningful for a coded picture.
    void conclude(const TraceClassifier& classifier) {
        const std::size_t m = report_.best.model_id;
        report_.beta_luma = static_cast<int>(std::lround(report_.sharpened.luma_beta() - classifier.shift.luma[m]));
        if (const auto chroma = report_.sharpened.chroma_beta()) {
            report_.beta_chroma = static_cast<int>(std::lround(*chroma - classifier.shift.chroma[m]));
        }
        if (!report_.best.as_it_lies()) return;
        for (const TraceHypothesis& h : report_.as_it_lies) {
            const bool same = h.set == report_.best.set && h.model_id == report_.best.model_id;
            if (!same && h.fit.combined() >= kEarlierScore) {
                report_.earlier.push_back({h.models, h.model_id, h.fit.combined()});
            }
        }
    }

    Picture picture_;
    Array3<float> luma_;
    const std::vector<TraceModels>& sets_;
    const TraceOptions& options_;
    RunContext context_;
    TraceReport report_;
    std::string lacking_;
};

}  // namespace

const std::vector<TraceFeature>& trace_features() {
    static const std::vector<TraceFeature> features = {
        {"lattice", "ln(1 + fit of the best lattice)"},
        {"lattice-as-it-lies", "the same without undoing a crop or a resize"},
        {"lattice-sharpened", "the same as the first, after one step towards the coded latents"},
        {"model-margin", "the first minus the best of the other models"},
        {"recompression", "dB by which coding at the found setting changes the picture less than at others"},
        {"colour-correlation", "mean correlation of the high-pass residuals of red, green and blue"},
        {"spectrum-slope", "slope of the azimuthal power spectrum"},
        {"spectrum-tail", "rise of the azimuthal power spectrum at its end"},
    };
    return features;
}

TraceReport find_traces(const Picture& picture, const std::vector<TraceModels>& sets, const TraceClassifier& classifier,
                        const TraceOptions& options) {
    check_picture(picture);
    if (std::min(picture.rows(), picture.cols()) < kTraceMinSide) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    fmt::format("the picture has {}x{} samples; traces can be told from {}x{} on", picture.cols(),
                                picture.rows(), kTraceMinSide, kTraceMinSide));
    }
    const auto start = std::chrono::steady_clock::now();
    TraceReport report = Examination(picture, sets, options).run(classifier);
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return report;
}

std::string TraceReport::verdict() const {
    if (!coded()) {
        return jpeg.found() ? fmt::format("no trace of JPEG AI; JPEG coded (quality about {})", jpeg.quality)
                            : "no trace of JPEG AI";
    }
    std::string text = fmt::format("JPEG AI coded (model {}, {})", best.model_id, best.models);
    if (!earlier.empty()) text += fmt::format(", {} times or more", generations());
    if (best.scale != 1) text += fmt::format(", then resized by {:.3g}", best.scale);
    if (best.row != 0 || best.col != 0) text += ", then cropped";
    if (jpeg.found()) text += fmt::format(", then JPEG coded (quality about {})", jpeg.quality);
    return text;
}

}  // namespace jpegai::detection
