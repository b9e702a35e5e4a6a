// The detecting part of the C interface.
#include "jpegai/check.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>

#include <nlohmann/json.hpp>

#include "api/guarded.h"
#include "api/source.h"
#include "backend/select.h"
#include "detection/artifacts/causes.h"
#include "detection/artifacts/report.h"
#include "detection/traces/report.h"
#include "models/places.h"

using namespace jpegai::api;
namespace detection = jpegai::detection;

struct jpegai_checker {
    std::shared_ptr<const jpegai::Backend> backend;
    std::shared_ptr<const jpegai::WeightSet> weights;  ///< of codestreams; empty without models
    std::unique_ptr<jpegai::Decoder> decoder;
    std::vector<detection::TraceModels> sets;
};

struct jpegai_artifacts {
    detection::ArtifactReport report;
    std::string json;
};

struct jpegai_traces {
    detection::TraceReport report;
    std::string verdict, json;
};

namespace {

constexpr std::uint64_t kMaxPixels = 60'000'000;

static_assert(JPEGAI_DETECTORS == detection::kDetectorCount);
static_assert(static_cast<int>(detection::Detector::kShift) == JPEGAI_DETECT_SHIFT);
static_assert(static_cast<int>(detection::Detector::kSeam) == JPEGAI_DETECT_SEAM);

using Progress = std::function<bool(double)>;

Progress progress_of(int (*call)(void*, double), void* user) {
    if (call == nullptr) return {};
    return [call, user](double fraction) { return call(user, fraction) == 0; };
}

/// The part [from, to] of the whole.
Progress part_of(const Progress& whole, double from, double to) {
    if (!whole) return {};
    return [whole, from, to](double fraction) { return whole(from + (to - from) * fraction); };
}

void report_progress(const Progress& progress, double fraction) {
    if (progress && !progress(fraction)) throw jpegai::Error(JPEGAI_ERROR_CANCELLED, "cancelled");
}

jpegai_artifact_options chosen_options(const jpegai_artifact_options* options) {
    if (options != nullptr) return *options;
    jpegai_artifact_options defaults;
    jpegai_artifact_options_init(&defaults);
    return defaults;
}

detection::ArtifactOptions options_of(const jpegai_artifact_options& in) {
    need(in.detectors < 1U << JPEGAI_DETECTORS, "detectors names one that does not exist");
    need(in.text != nullptr || in.text_count == 0, "text is NULL");
    detection::ArtifactOptions options;
    std::copy(std::begin(in.thresholds), std::end(in.thresholds), options.thresholds.begin());
    for (const detection::DetectorInfo& info : detection::all_detectors()) {
        if ((in.detectors >> static_cast<unsigned>(info.detector) & 1U) != 0) options.only.push_back(info.detector);
    }
    for (std::size_t i = 0; i < in.text_count; ++i) {
        const jpegai_box& box = in.text[i];
        options.text.push_back(detection::text_region({box.x, box.y, box.width, box.height}));
    }
    options.find_text = in.find_text != 0;
    options.keep_maps = in.keep_maps != 0;
    return options;
}

std::uint64_t most_pixels(const jpegai_artifact_options& options) {
    return options.max_pixels != 0 ? options.max_pixels : kMaxPixels;
}

jpegai::Picture limited_picture(const jpegai_source& source, const jpegai_artifact_options& options) {
    if (std::uint64_t{source.width} * source.height > most_pixels(options))
        throw jpegai::Error(JPEGAI_ERROR_LIMIT, "the picture has more samples than max_pixels");
    return picture_of(source);
}

/// What both kinds of comparison share once the decode is there.
struct Comparison {
    Comparison(const jpegai_checker& checker, const jpegai_source& original_source, const jpegai_source* classic_source,
               const jpegai_artifact_options& in)
        : rows([&checker](std::size_t count, const jpegai::RowBody& body) { checker.backend->run_rows(count, body); }),
          options(options_of(in)),
          progress(progress_of(in.progress, in.user)),
          original(limited_picture(original_source, in)) {
        if (classic_source != nullptr) classic = limited_picture(*classic_source, in);
    }
    [[nodiscard]] const jpegai::Picture* classic_or_null() const { return classic ? &*classic : nullptr; }

    jpegai::RowRunner rows;
    detection::ArtifactOptions options;
    Progress progress;
    jpegai::Picture original;
    std::optional<jpegai::Picture> classic;
};

nlohmann::ordered_json document_of(const detection::ArtifactReport& report, bool compared) {
    nlohmann::ordered_json json = detection::artifact_json(report);
    json["compared"] = compared;
    return json;
}

detection::TraceOptions options_of(const jpegai_trace_options& in) {
    need(in.scales != nullptr || in.scale_count == 0, "scales is NULL");
    detection::TraceOptions options;
    options.search_crops = in.search_crops != 0;
    options.scales.assign(in.scales, in.scales + in.scale_count);
    for (const double scale : options.scales) need(scale >= 0.1 && scale <= 10, "a scale has to be 0.1 to 10");
    options.want_map = in.keep_map != 0;
    if (in.max_samples != 0) options.max_samples = static_cast<std::size_t>(in.max_samples);
    options.progress = progress_of(in.progress, in.user);
    return options;
}

std::vector<double>& default_scales() {
    static std::vector<double> scales = detection::TraceOptions{}.scales;
    return scales;
}

jpegai_plane plane_of(const jpegai::Array3<float>& map) {
    if (map.empty()) return {};
    return {map.data(), map.cols() * sizeof(float), static_cast<std::uint32_t>(map.cols()),
            static_cast<std::uint32_t>(map.rows())};
}

}  // namespace

extern "C" {

jpegai_error jpegai_checker_create(const jpegai_models* models, jpegai_cpu cpu, uint32_t threads,
                                   jpegai_checker** checker) {
    return guarded([&] {
        need(checker != nullptr, "checker is NULL");
        auto result = std::make_unique<jpegai_checker>();
        result->backend = jpegai::make_backend({cpu_name(cpu), threads});
        if (models != nullptr) {
            result->weights = models->weights;
            result->decoder = std::make_unique<jpegai::Decoder>(result->weights, result->backend);
            result->sets.push_back(
                {jpegai::kDefaultSet, std::make_shared<jpegai::Encoder>(result->weights, result->backend)});
        }
        *checker = result.release();
    });
}

jpegai_error jpegai_checker_add_models(jpegai_checker* checker, const jpegai_models* models, const char* name) {
    return guarded([&] {
        need(checker != nullptr && models != nullptr && name != nullptr, "checker, models or name is NULL");
        checker->sets.push_back({name, std::make_shared<jpegai::Encoder>(models->weights, checker->backend)});
    });
}

void jpegai_checker_free(jpegai_checker* checker) {
    delete checker;
}

void jpegai_artifact_options_init(jpegai_artifact_options* options) {
    if (options == nullptr) return;
    *options = {};
    for (double& threshold : options->thresholds) threshold = std::nan("");
    options->find_text = 1;
    options->find_causes = 1;
}

jpegai_error jpegai_find_artifacts(const jpegai_checker* checker, const jpegai_source* original,
                                   const jpegai_source* decode, const jpegai_source* classic,
                                   const jpegai_artifact_options* options, jpegai_artifacts** artifacts) {
    return guarded([&] {
        need(checker != nullptr && artifacts != nullptr, "checker or artifacts is NULL");
        need(original != nullptr && decode != nullptr, "original or decode is NULL");
        const jpegai_artifact_options in = chosen_options(options);
        Comparison comparison(*checker, *original, classic, in);
        comparison.options.progress = comparison.progress;
        auto result = std::make_unique<jpegai_artifacts>();
        result->report = find_artifacts(comparison.original, limited_picture(*decode, in), comparison.classic_or_null(),
                                        comparison.options, comparison.rows);
        result->json = document_of(result->report, classic != nullptr).dump();
        *artifacts = result.release();
    });
}

jpegai_error jpegai_find_stream_artifacts(const jpegai_checker* checker, const jpegai_source* original,
                                          const uint8_t* data, size_t size, const jpegai_source* classic,
                                          const jpegai_artifact_options* options, jpegai_artifacts** artifacts) {
    return guarded([&] {
        need(checker != nullptr && artifacts != nullptr, "checker or artifacts is NULL");
        need(original != nullptr && (data != nullptr || size == 0), "original or data is NULL");
        need(checker->decoder != nullptr, "this checker has no models to decode with");
        const jpegai_artifact_options in = chosen_options(options);
        Comparison comparison(*checker, *original, classic, in);
        const jpegai::Picture* other = comparison.classic_or_null();
        const bool causes = in.find_causes != 0;
        const double decoded = 0.4, compared = causes ? 0.7 : 1;

        jpegai::DecodeOptions decode_options;
        decode_options.limits.max_pixels = most_pixels(in);
        decode_options.progress = part_of(comparison.progress, 0, decoded);
        const detection::DecodedStream stream =
            detection::decode_with_notes(*checker->decoder, {data, data + size}, decode_options);
        detection::note_borders(stream, comparison.options);
        comparison.options.progress = part_of(comparison.progress, decoded, compared);
        auto result = std::make_unique<jpegai_artifacts>();
        result->report =
            find_artifacts(comparison.original, stream.picture, other, comparison.options, comparison.rows);
        std::vector<detection::ChannelEnergy> latents;
        std::string latents_reason;
        if (causes) {
            comparison.options.progress = {};
            decode_options.progress = {};
            name_causes(result->report, comparison.original, other, comparison.options, *checker->decoder, stream,
                        decode_options, comparison.rows);
            report_progress(comparison.progress, 0.9);
            try {
                latents = detection::latent_energies(checker->weights, checker->backend, comparison.original, stream);
            } catch (const jpegai::Error& error) {
                if (error.code() != JPEGAI_ERROR_MODEL) throw;
                latents_reason = error.what();
            }
            report_progress(comparison.progress, 1);
        }
        nlohmann::ordered_json json = document_of(result->report, other != nullptr);
        json["stream"] = detection::stream_json(stream, latents, latents_reason);
        result->json = json.dump();
        *artifacts = result.release();
    });
}

void jpegai_artifacts_free(jpegai_artifacts* artifacts) {
    delete artifacts;
}

uint32_t jpegai_artifacts_found(const jpegai_artifacts* artifacts) {
    return artifacts->report.found() ? 1 : 0;
}

jpegai_error jpegai_artifacts_finding(const jpegai_artifacts* artifacts, jpegai_detector detector,
                                      jpegai_finding* finding) {
    return guarded([&] {
        need(artifacts != nullptr && finding != nullptr, "artifacts or finding is NULL");
        need(static_cast<unsigned>(detector) < JPEGAI_DETECTORS, "unknown detector");
        *finding = {};
        finding->detail = "this detector was not asked for";
        finding->cause = "";
        for (const detection::Finding& one : artifacts->report.findings) {
            if (static_cast<int>(one.detector) != static_cast<int>(detector)) continue;
            finding->detail = one.score ? one.detail.c_str() : one.reason.c_str();
            if (!one.score) return;
            finding->applies = 1;
            finding->found = one.found ? 1 : 0;
            finding->comparative = one.comparative ? 1 : 0;
            finding->score = *one.score;
            finding->threshold = one.threshold;
            finding->x = static_cast<uint32_t>(one.x);
            finding->y = static_cast<uint32_t>(one.y);
            if (one.box) {
                finding->box = {static_cast<uint32_t>(one.box->x), static_cast<uint32_t>(one.box->y),
                                static_cast<uint32_t>(one.box->width), static_cast<uint32_t>(one.box->height)};
            }
            finding->cause = one.cause.c_str();
            finding->map = plane_of(one.map);
        }
    });
}

const char* jpegai_artifacts_json(const jpegai_artifacts* artifacts) {
    return artifacts->json.c_str();
}

void jpegai_trace_options_init(jpegai_trace_options* options) {
    if (options == nullptr) return;
    *options = {};
    options->search_crops = 1;
    options->scales = default_scales().data();
    options->scale_count = default_scales().size();
}

jpegai_error jpegai_find_traces(const jpegai_checker* checker, const jpegai_source* picture,
                                const jpegai_trace_options* options, jpegai_traces** traces) {
    return guarded([&] {
        need(checker != nullptr && traces != nullptr, "checker or traces is NULL");
        need(picture != nullptr, "picture is NULL");
        need(!checker->sets.empty(), "this checker has no models to look for");
        jpegai_trace_options in;
        jpegai_trace_options_init(&in);
        if (options != nullptr) in = *options;
        const auto classifier = in.classifier != nullptr ? detection::TraceClassifier::from_json(in.classifier)
                                                         : detection::TraceClassifier::built_in();
        auto result = std::make_unique<jpegai_traces>();
        result->report = find_traces(picture_of(*picture), checker->sets, classifier, options_of(in));
        result->verdict = result->report.verdict();
        result->json = detection::trace_json(result->report).dump();
        *traces = result.release();
    });
}

void jpegai_traces_free(jpegai_traces* traces) {
    delete traces;
}

jpegai_error jpegai_traces_summary(const jpegai_traces* traces, jpegai_trace_summary* summary) {
    return guarded([&] {
        need(traces != nullptr && summary != nullptr, "traces or summary is NULL");
        const detection::TraceReport& report = traces->report;
        *summary = {};
        summary->model = -1;
        summary->probability = report.probability;
        summary->jpeg_quality = report.jpeg.found() ? static_cast<uint32_t>(report.jpeg.quality) : 0;
        if (!report.coded()) return;
        summary->coded = 1;
        summary->generations = static_cast<uint32_t>(report.generations());
        summary->model = static_cast<int32_t>(report.best.model_id);
        summary->models = static_cast<uint32_t>(report.best.set);
        const std::optional<int> beta[2] = {report.beta_luma, report.beta_chroma};
        for (std::size_t c = 0; c < 2; ++c) {
            summary->has_beta[c] = beta[c] ? 1 : 0;
            summary->beta[c] = beta[c].value_or(0);
        }
        summary->resized_by = report.best.scale;
        summary->cropped = report.best.row != 0 || report.best.col != 0 ? 1 : 0;
    });
}

const char* jpegai_traces_verdict(const jpegai_traces* traces) {
    return traces->verdict.c_str();
}

const char* jpegai_traces_json(const jpegai_traces* traces) {
    return traces->json.c_str();
}

jpegai_error jpegai_traces_map(const jpegai_traces* traces, uint32_t* x, uint32_t* y, jpegai_plane* map) {
    return guarded([&] {
        need(traces != nullptr && x != nullptr && y != nullptr && map != nullptr, "traces, x, y or map is NULL");
        need(!traces->report.map.empty(), "no map was kept");
        *x = static_cast<uint32_t>(traces->report.seen_col);
        *y = static_cast<uint32_t>(traces->report.seen_row);
        *map = plane_of(traces->report.map);
    });
}

}  // extern "C"
