#include "detection/traces/calibrate.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <exception>
#include <limits>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"

namespace jpegai::detection {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array kAllCoders = {Coder::kNone, Coder::kJpegAi, Coder::kJpeg, Coder::kWebp, Coder::kAvif, Coder::kJxl};

Json sample_json(const TraceSample& sample) {
    Json features = Json::array();
    for (const double value : sample.features) features.push_back(std::isfinite(value) ? Json(value) : Json(nullptr));
    return {{"source", sample.source},
            {"coder", coder_id(sample.entry.coder)},
            {"setting", sample.entry.setting},
            {"simple", sample.entry.simple},
            {"attack", static_cast<int>(sample.entry.attack.kind)},
            {"strength", sample.entry.attack.strength},
            {"coded", sample.coded},
            {"true_model", sample.rate.model_id},
            {"true_beta", sample.rate.beta},
            {"bpp", sample.bpp},
            {"model", sample.model_id},
            {"scale", sample.scale},
            {"cropped", sample.cropped},
            {"luma_beta", sample.luma_beta},
            {"chroma_beta", sample.chroma_beta ? Json(*sample.chroma_beta) : Json(nullptr)},
            {"earlier", sample.earlier},
            {"jpeg_quality", sample.jpeg_quality},
            {"features", features},
            {"seconds", sample.seconds}};
}

TraceSample sample_of(const Json& json) {
    TraceSample sample;
    sample.source = json.at("source").get<std::string>();
    const auto coder =
        std::find_if(kAllCoders.begin(), kAllCoders.end(), [&](Coder c) { return json.at("coder") == coder_id(c); });
    if (coder == kAllCoders.end()) throw Error(JPEGAI_ERROR_ARGUMENT, "a sample names an unknown coder");
    sample.entry.coder = *coder;
    sample.entry.setting = json.at("setting").get<double>();
    sample.entry.simple = json.at("simple").get<bool>();
    sample.entry.attack.kind = static_cast<Attack::Kind>(std::clamp(json.at("attack").get<int>(), 0, 3));
    sample.entry.attack.strength = json.at("strength").get<double>();
    sample.coded = json.at("coded").get<bool>();
    sample.rate.model_id = json.at("true_model").get<std::size_t>();
    for (std::size_t c = 0; c < kComponents; ++c) sample.rate.beta[c] = json.at("true_beta").at(c).get<int>();
    sample.bpp = json.at("bpp").get<double>();
    sample.model_id = json.at("model").get<std::size_t>();
    if (sample.model_id >= kModels || sample.rate.model_id >= kModels) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "a sample names a model that does not exist");
    }
    sample.scale = json.at("scale").get<double>();
    sample.cropped = json.at("cropped").get<bool>();
    sample.luma_beta = json.at("luma_beta").get<int>();
    if (!json.at("chroma_beta").is_null()) sample.chroma_beta = json.at("chroma_beta").get<int>();
    sample.earlier = json.at("earlier").get<std::size_t>();
    sample.jpeg_quality = json.at("jpeg_quality").get<int>();
    for (const Json& value : json.at("features")) {
        sample.features.push_back(value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
    }
    sample.seconds = json.at("seconds").get<double>();
    return sample;
}

TraceSample measure_one(const CorpusSource& source, const CorpusEntry& entry, const std::vector<TraceModels>& sets,
                        const TraceOptions& options) {
    static const TraceClassifier classifier = TraceClassifier::built_in();  // its result is not used
    const CorpusPicture made = make_corpus_picture(*sets.front().encoder, source.picture, entry);
    TraceReport report = find_traces(made.picture, sets, classifier, options);
    TraceSample sample;
    sample.source = source.name;
    sample.entry = entry;
    sample.coded = made.coded;
    sample.rate = made.rate;
    sample.bpp = made.bpp;
    sample.model_id = report.best.model_id;
    sample.scale = report.best.scale;
    sample.cropped = report.best.row != 0 || report.best.col != 0;
    sample.luma_beta = report.sharpened.luma_beta();
    sample.chroma_beta = report.sharpened.chroma_beta();
    sample.earlier = report.earlier.size();
    sample.jpeg_quality = report.jpeg.found() ? report.jpeg.quality : 0;
    sample.features = std::move(report.features);
    sample.seconds = report.seconds;
    return sample;
}

double median(std::vector<double> values) {
    if (values.empty()) return 0;
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

bool plain_jpeg_ai(const TraceSample& sample) {
    return sample.coded && sample.entry.attack.kind == Attack::Kind::kNone;
}

std::vector<LabelledRow> rows_of(std::span<const TraceSample> samples, const std::set<std::string>& without) {
    std::vector<LabelledRow> rows;
    for (const TraceSample& sample : samples) {
        if (without.count(sample.source) == 0) rows.push_back({sample.features, sample.coded, 1});
    }
    return rows;
}

}  // namespace

std::string samples_to_lines(std::span<const TraceSample> samples) {
    std::string lines;
    for (const TraceSample& sample : samples) lines += sample_json(sample).dump() + '\n';
    return lines;
}

std::vector<TraceSample> samples_from_lines(const std::string& text) {
    std::vector<TraceSample> samples;
    std::istringstream lines(text);
    std::string line;
    try {
        while (std::getline(lines, line)) {
            if (!line.empty()) samples.push_back(sample_of(Json::parse(line)));
        }
    } catch (const Json::exception& error) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("sample {}: {}", samples.size() + 1, error.what()));
    }
    return samples;
}

std::vector<TraceSample> measure_traces(std::span<const CorpusSource> sources, const std::vector<TraceModels>& sets,
                                        const MeasureOptions& options) {
    if (sets.empty()) throw Error(JPEGAI_ERROR_ARGUMENT, "no weight set");
    struct Job {
        const CorpusSource* source;
        const CorpusEntry* entry;
    };
    std::vector<Job> jobs;
    for (const CorpusSource& source : sources) {
        for (const CorpusEntry& entry : source.entries) jobs.push_back({&source, &entry});
    }
    std::vector<TraceSample> samples(jobs.size());
    std::atomic<std::size_t> next = 0;
    std::size_t done = 0;
    std::exception_ptr failure;
    std::mutex mutex;
    const auto work = [&] {
        for (std::size_t i = next++; i < jobs.size(); i = next++) {
            try {
                samples[i] = measure_one(*jobs[i].source, *jobs[i].entry, sets, options.traces);
                const std::lock_guard lock(mutex);
                ++done;
                if (options.progress && !options.progress(static_cast<double>(done) / static_cast<double>(jobs.size())))
                    throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (!failure) failure = std::current_exception();
                next = jobs.size();
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(options.jobs, jobs.size()); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
    return samples;
}

TraceClassifier fit_traces(std::span<const TraceSample> samples, const TraceClassifier& before) {
    TraceClassifier classifier = TraceClassifier::fit(rows_of(samples, {}));
    classifier.shift = before.shift;
    for (std::size_t m = 0; m < kModels; ++m) {
        std::vector<double> luma, chroma;
        for (const TraceSample& sample : samples) {
            if (!plain_jpeg_ai(sample) || sample.rate.model_id != m || sample.model_id != m) continue;
            luma.push_back(sample.luma_beta - sample.rate.beta[kPrimary]);
            if (sample.chroma_beta) chroma.push_back(*sample.chroma_beta - sample.rate.beta[kSecondary]);
        }
        if (!luma.empty()) classifier.shift.luma[m] = median(luma);
        if (!chroma.empty()) classifier.shift.chroma[m] = median(chroma);
    }
    return classifier;
}

std::vector<double> cross_validate(std::span<const TraceSample> samples, std::size_t folds) {
    std::map<std::string, std::size_t> fold;
    for (const TraceSample& sample : samples) fold.emplace(sample.source, fold.size() % folds);
    std::vector<double> result(samples.size());
    for (std::size_t f = 0; f < folds; ++f) {
        std::set<std::string> held_out;
        for (const auto& [source, number] : fold) {
            if (number == f) held_out.insert(source);
        }
        if (held_out.empty()) continue;
        const TraceClassifier classifier = TraceClassifier::fit(rows_of(samples, held_out));
        for (std::size_t i = 0; i < samples.size(); ++i) {
            if (held_out.count(samples[i].source) != 0) result[i] = classifier.probability(samples[i].features);
        }
    }
    return result;
}

}  // namespace jpegai::detection
