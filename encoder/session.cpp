#include "encoder/session.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"
#include "decoder/filters/post_filters.h"
#include "decoder/latents.h"
#include "decoder/reconstruct.h"
#include "encoder/header.h"
#include "encoder/latent_coder.h"
#include "encoder/latent_tools.h"
#include "encoder/saliency.h"

namespace jpegai {
namespace {

const char* suffix(Component component) {
    return component == kPrimary ? "y" : "uv";
}

void check_options(const EncodeOptions& options, const PictureHeader& picture) {
    if (!(options.cube_threshold >= 0)) throw Error(JPEGAI_ERROR_ARGUMENT, "the cube threshold must not be negative");
    if (options.quality_map &&
        (options.quality_map->channels() != 1 || options.quality_map->rows() != picture.latent_rows() ||
         options.quality_map->cols() != picture.latent_cols())) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("the quality map needs {}x{} values, one per 16x16 samples",
                                                       picture.latent_cols(), picture.latent_rows()));
    }
}

/// The eICCI bank of one synthesis transform, from the cache.
class CachedBank : public EicciBank {
public:
    CachedBank(const NetworkCache& networks, OperatingPoint point) : networks_(networks), point_(point) {}
    [[nodiscard]] const NetworkRunner& luma(std::size_t index) override {
        return networks_.eicci(point_, index, false);
    }
    [[nodiscard]] const NetworkRunner& chroma(std::size_t index) override {
        return networks_.eicci(point_, index, true);
    }

private:
    const NetworkCache& networks_;
    OperatingPoint point_;
};

bool allows_any(const AllowedFilters& allowed) {
    return allowed.efe_linear || allowed.eicci || allowed.efe_nonlinear || allowed.lef;
}

/// Error of all planes together, on the scale 0..255.
double squared_error(const Planes& a, const Planes& b) {
    double sum = 0;
    for (std::size_t i = 0; i < 3; ++i) {
        const auto x = a.plane[i].span(), y = b.plane[i].span();
        for (std::size_t k = 0; k < x.size(); ++k) {
            const double difference = static_cast<double>(x[k]) - static_cast<double>(y[k]);
            sum += difference * difference;
        }
    }
    return sum;
}

// Shares of the stages in the time of an encode with reconstruction, in per cent; for the progress only.
constexpr std::array<double, kComponents> kAnalysisWork = {55, 12}, kQuantiseWork = {3, 1}, kSynthesisWork = {18, 10};
constexpr double kEntropyWork = 1;

}  // namespace

TransformNeeds analysis_needs(const NetworkCache& networks, const EncodeOptions& options, std::size_t model_id) {
    const bool high = options.analysis.value_or(options.synthesis) == OperatingPoint::kHop;
    if (!high) return {std::nullopt, OperatingPoint::kBop};
    const TransformNeeds hop = {std::nullopt, OperatingPoint::kHop};
    if (options.analysis || networks.complete_models(hop).at(model_id)) return hop;
    return {OperatingPoint::kHop, OperatingPoint::kBop};
}

void require_analysis(const NetworkCache& networks, const EncodeOptions& options, std::size_t model_id) {
    const std::string choice = options.analysis ? "leave the analysis transform to the encoder, " : "";
    networks.require(model_id, analysis_needs(networks, options, model_id), choice + kMissingNetworksAdvice);
}

/// Shared with the networks, which report from inside; it stays where it is when the session moves.
struct EncodeSession::Progress {
    std::function<bool(double)> report;
    double done = 0, planned = 100;
    [[nodiscard]] bool go_on() const { return report(std::min(1.0, done / planned)); }
};

EncodeSession::EncodeSession(const NetworkCache& networks, const Picture& picture, EncodeOptions options)
    : networks_(networks), options_(std::move(options)), stage_start_(Clock::now()) {
    if (options_.stats != nullptr && options_.stats->want_layers) context_.timings = &options_.stats->layers;
    if (options_.progress) {
        progress_ = std::make_shared<Progress>();
        progress_->report = options_.progress;
        constexpr double kSynthesis = kSynthesisWork[kPrimary] + kSynthesisWork[kSecondary];
        if (!filters_wanted() && !options_.want_reconstruction) progress_->planned -= kSynthesis;
        if (options_.refinements > 0) {
            progress_->planned += static_cast<double>(options_.refinements + 1) *
                                  (kSynthesis + kQuantiseWork[kPrimary] + kQuantiseWork[kSecondary] + kEntropyWork);
        }
        context_.keep_going = [progress = progress_] { return progress->go_on(); };
    }
    source_ = prepare_source(picture, {options_.coded_chroma, options_.hidden_cols, options_.hidden_rows});
    header_ = make_picture_header(options_, source_, picture.bit_depth);
    check_options(options_, header_);
    if (!options_.rendering.cicp) options_.rendering.cicp = picture.colour;
    if (!options_.quality_map && options_.saliency != 0) {
        options_.quality_map = quality_map_from_saliency(source_.original, header_.latent_rows(), header_.latent_cols(),
                                                         options_.saliency);
    }
    if (options_.quality_map) {
        header_.gain_3d_enable_flag = true;
        header_.quality_map_entropy_index = quality_map_entropy_index(*options_.quality_map);
    }
    set_rate_point(header_, options_.rate, options_);
    require_codable(header_, options_.dialect);
    regions_ = region_windows(header_);
    done("prepare");
}

void EncodeSession::done(const std::string& stage, double work) {
    const auto now = Clock::now();
    if (options_.stats != nullptr) {
        options_.stats->stages.push_back({stage, std::chrono::duration<double>(now - stage_start_).count()});
    }
    stage_start_ = now;
    if (!progress_) return;
    progress_->done += work;
    if (!progress_->go_on()) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
}

std::array<const EntropyModel*, kComponents> EncodeSession::entropy_models(std::size_t model_id) const {
    return {&networks_.entropy(model_id, kPrimary), &networks_.entropy(model_id, kSecondary)};
}

std::uint64_t EncodeSession::displayed_samples() const {
    return std::uint64_t{source_.original.rows()} * source_.original.cols();
}

std::shared_ptr<const AnalysedPicture> EncodeSession::analyse(std::size_t model_id) {
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("there is no model {}", model_id));
    if (analysed_[model_id]) return analysed_[model_id];
    require_analysis(networks_, options_, model_id);
    const OperatingPoint point = *analysis_needs(networks_, options_, model_id).analysis;
    PictureHeader picture = header_;
    picture.model_id = static_cast<std::uint8_t>(model_id);
    auto analysed = std::make_shared<AnalysedPicture>();
    analysed->model_id = model_id;
    stage_start_ = Clock::now();
    for (const Component c : {kPrimary, kSecondary}) {
        analysed->component[c] =
            jpegai::analyse(networks_, picture, c, point, source_, analysis_tile_options(options_, picture), context_);
        done(fmt::format("analysis {}", suffix(c)), kAnalysisWork[c]);
    }
    analysed_[model_id] = std::move(analysed);
    return analysed_[model_id];
}

QuantisedPicture EncodeSession::quantise(const RatePoint& rate, const LatentTargets& targets) {
    QuantisedPicture out;
    out.picture = header_;
    set_rate_point(out.picture, rate, options_);
    require_codable(out.picture, options_.dialect);
    out.analysed = analyse(rate.model_id);
    stage_start_ = Clock::now();
    const Array3<std::int8_t>* qp_map = options_.quality_map ? &*options_.quality_map : nullptr;
    for (const Component c : {kPrimary, kSecondary}) {
        ComponentHeader& header = out.picture.component[c];
        const AnalysedComponent& analysed = out.analysed->component[c];
        out.tools.lsbs_enable_flag[c] = options_.tools.lsbs[c];
        if (header.grfs_enable_flag) {
            header.grfs_channel_flag = grfs_flags(analysed.s0, networks_.entropy(rate.model_id, c), rate.model_id, c,
                                                  header.coded_channels(c));
        }
        QuantiserOptions quantiser;
        quantiser.cube_threshold = options_.cube_threshold;
        quantiser.latent = targets.latent[c];
        quantiser.weights = targets.weights[c];
        out.component[c] =
            quantise_component(networks_, out.picture, c, regions_, analysed, qp_map, quantiser, context_);
        done(fmt::format("quantise {}", suffix(c)), kQuantiseWork[c]);
    }
    return out;
}

std::vector<std::uint8_t> EncodeSession::user_data(const PictureHeader& picture) {
    std::vector<std::uint8_t> data;
    if (options_.name_weights) {
        auto& record = weight_records_[picture.model_id];
        if (!record) {
            std::vector<OperatingPoint> points;
            for (const std::uint8_t id : picture.synthesis_transform_id) {
                if (id <= static_cast<std::uint8_t>(OperatingPoint::kHop)) points.push_back(OperatingPoint{id});
            }
            record = networks_.weight_record(picture.model_id, points);
        }
        data = *record;
    }
    data.insert(data.end(), options_.user_data.begin(), options_.user_data.end());
    return data;
}

std::vector<std::uint8_t> EncodeSession::code(const QuantisedPicture& quantised) {
    stage_start_ = Clock::now();
    LatentSymbols symbols;
    for (const Component c : {kPrimary, kSecondary}) {
        symbols.z_hat[c] = &quantised.analysed->component[c].z_hat;
        symbols.s0[c] = &quantised.analysed->component[c].s0;
        symbols.residual_quant[c] = &quantised.component[c].residual_quant;
    }
    symbols.qp_map = options_.quality_map ? &*options_.quality_map : nullptr;
    CodestreamParts parts;
    parts.dialect = options_.dialect;
    parts.picture = quantised.picture;
    parts.tools = quantised.tools;
    parts.rendering = options_.rendering;
    parts.user_data = user_data(quantised.picture);
    set_lanes(parts, encode_latents(quantised.picture, entropy_models(quantised.picture.model_id), symbols));
    std::vector<std::uint8_t> bytes = write_codestream(parts);
    done("entropy", kEntropyWork);
    return bytes;
}

std::array<Array3<float>, kComponents> EncodeSession::latents(const QuantisedPicture& quantised) {
    stage_start_ = Clock::now();
    const PictureHeader& picture = quantised.picture;
    std::array<Array3<float>, kComponents> y_hat;
    for (const Component c : {kPrimary, kSecondary}) {
        const QuantisedComponent& component = quantised.component[c];
        y_hat[c] = decode_latent(networks_, picture, c, regions_, quantised.analysed->component[c].psi,
                                 component.residual, context_);
        if (quantised.tools.lsbs_enable_flag[c]) {
            apply_lsbs(y_hat[c], component.residual, component.rvs_likely, picture.model_id);
        }
        done(fmt::format("latent {}", suffix(c)));
    }
    return y_hat;
}

Planes EncodeSession::reconstruct(const QuantisedPicture& quantised,
                                  const std::array<Array3<float>, kComponents>& y_hat) {
    stage_start_ = Clock::now();
    const PictureHeader& picture = quantised.picture;
    networks_.require(picture.model_id, {options_.synthesis, std::nullopt}, kMissingNetworksAdvice);
    const Area all = {0, 0, picture.img_height, picture.img_width};
    Array3<float> luma =
        synthesise(networks_, picture, options_.synthesis, kPrimary, y_hat[kPrimary], nullptr, all, context_);
    done("synthesis y", kSynthesisWork[kPrimary]);
    Array3<float> chroma = synthesise(networks_, picture, options_.synthesis, kSecondary, y_hat[kPrimary],
                                      &y_hat[kSecondary], all, context_);
    done("synthesis uv", kSynthesisWork[kSecondary]);
    Planes planes = make_planes(std::move(luma), std::move(chroma), {picture.display_height(), picture.display_width()},
                                {picture.c_ver, picture.c_hor});
    convert_chroma(planes, {picture.s_ver, picture.s_hor});
    return planes;
}

bool EncodeSession::filters_wanted() const {
    return options_.filter_parameters.has_value() || allows_any(options_.filters);
}

Planes EncodeSession::choose_filters(QuantisedPicture& quantised, Planes unfiltered) {
    if (!filters_wanted()) return unfiltered;
    CachedBank eicci(networks_, options_.synthesis);
    if (options_.filter_parameters) {
        const auto lsbs = quantised.tools.lsbs_enable_flag;
        quantised.tools = *options_.filter_parameters;
        quantised.tools.lsbs_enable_flag = lsbs;
        PostFilterInputs filters;
        filters.picture = &quantised.picture;
        filters.tools = &quantised.tools;
        filters.synthesis = options_.synthesis;
        filters.scale_log = &quantised.component[kPrimary].scale_log;
        filters.eicci = &eicci;
        stage_start_ = Clock::now();
        apply_post_filters(unfiltered, filters, context_);
        done("filters");
        return unfiltered;
    }
    FilterChoiceInputs inputs;
    if (options_.filter_search == FilterSearch::kBest) {
        inputs.lagrangian = lagrangian_for_rate(squared_error(unfiltered, source_.original),
                                                8 * static_cast<double>(code(quantised).size()));
    }
    inputs.picture = &quantised.picture;
    inputs.synthesis = options_.synthesis;
    inputs.original = &source_.original;
    inputs.scale_log = &quantised.component[kPrimary].scale_log;
    if (options_.filters.eicci) inputs.eicci = &eicci;
    inputs.eicci_long_list = options_.eicci_long_list;
    inputs.eicci_per_tile = options_.eicci_per_tile;
    inputs.allowed = options_.filters;
    inputs.search = options_.filter_search;
    stage_start_ = Clock::now();
    FilterChoice choice = choose_post_filters(std::move(unfiltered), quantised.tools, inputs, context_);
    done("filter choice");
    return std::move(choice.planes);
}

Planes EncodeSession::finish(const QuantisedPicture& quantised, Planes filtered) {
    stage_start_ = Clock::now();
    finish_colour(filtered, quantised.picture.colour_transform_idx);
    done("colour");
    return filtered;
}

}  // namespace jpegai
