// Measures the detector of traces on pictures of known history and fits its classifier to them.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "detection/traces.h"
#include "detection/traces/corpus.h"
#include "detection/traces/roc.h"

namespace jpegai::detection {

/// One picture of known history and what was found in it.
struct TraceSample {
    std::string source;  ///< name of the original
    CorpusEntry entry;
    bool coded = false;
    RatePoint rate;  ///< if coded
    double bpp = 0;

    std::size_t model_id = 0;  ///< of the best hypothesis, as the following
    double scale = 1;
    bool cropped = false;
    int luma_beta = 0;  ///< of the lattice, not corrected
    std::optional<int> chroma_beta;
    std::size_t earlier = 0;  ///< older codings that seem to show
    int jpeg_quality = 0;     ///< of a JPEG coding that was found, else 0
    std::vector<double> features;
    double seconds = 0;
};

/// One picture per line of a JSON lines file.
[[nodiscard]] std::string samples_to_lines(std::span<const TraceSample> samples);
/// Throws Error{argument} for what is none.
[[nodiscard]] std::vector<TraceSample> samples_from_lines(const std::string& text);

struct CorpusSource {
    std::string name;
    Picture picture;
    std::vector<CorpusEntry> entries;
};
struct MeasureOptions {
    std::size_t jobs = 1;  ///< pictures at a time
    TraceOptions traces;
    std::function<bool(double)> progress;  ///< called with 0..1, from any thread, one call at a time
};
/// Makes every entry of every source and looks for traces in it, with the first of `sets` as the coder. Throws as
/// make_corpus_picture and find_traces.
[[nodiscard]] std::vector<TraceSample> measure_traces(std::span<const CorpusSource> sources,
                                                      const std::vector<TraceModels>& sets,
                                                      const MeasureOptions& options);

/// Fits all parameters: the classifier to all samples, the shifts to those of JPEG AI without attack whose model was
/// found (a model without any keeps that of `before`). Throws as TraceClassifier::fit.
[[nodiscard]] TraceClassifier fit_traces(std::span<const TraceSample> samples, const TraceClassifier& before);

/// The probability of every sample, by a classifier that was fitted to the samples of other sources only (`folds`
/// groups of sources).
[[nodiscard]] std::vector<double> cross_validate(std::span<const TraceSample> samples, std::size_t folds);

/// A displacement counts as found within so many units, a tenth of the quantiser's step.
inline constexpr int kBetaTolerance = 64;

/// How often the setting of JPEG AI pictures without attack was found.
struct SettingShares {
    std::size_t pictures = 0, model = 0, luma = 0;  ///< luma: model and displacement of luma
    std::size_t luma_closely = 0;                   ///< the same within half the tolerance
    std::size_t chroma_told = 0, chroma = 0;        ///< where chroma's displacement was told, and right
    double median_luma_error = 0;                   ///< units
};
[[nodiscard]] SettingShares setting_shares(std::span<const TraceSample> samples, const TraceClassifier& classifier);

/// AUC, pictures found and false alarms by attack and rate, share of settings found, ROC points: the documents of
/// `jpegai check calibrate`. `probabilities` are those of the samples.
[[nodiscard]] nlohmann::ordered_json measurement_json(std::span<const TraceSample> samples,
                                                      std::span<const double> probabilities,
                                                      const TraceClassifier& classifier);
/// The same as a table for people, from the document.
[[nodiscard]] std::string measurement_text(const nlohmann::ordered_json& document);
/// The same as a self-contained page with the curves.
[[nodiscard]] std::string measurement_html(std::span<const TraceSample> samples, std::span<const double> probabilities,
                                           const nlohmann::ordered_json& document);

}  // namespace jpegai::detection
