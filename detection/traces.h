// Was a picture JPEG AI coded, with what, and what happened to it since?
//
//   std::vector<TraceModels> sets = {{"default", std::make_shared<Encoder>(open_models(""), make_backend({}))}};
//   const TraceReport report = find_traces(read_picture("photo.png"), sets, TraceClassifier::built_in());
//   if (report.probability > 0.5) ...  report.best.model_id, report.beta
//
// The main cue is quantisation in the latent space (traces/lattice.h); docs/CHECK.md describes all of them, what they
// were measured to tell, and where they fail. It needs the weights that a picture was coded with.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "decoder/picture.h"
#include "detection/traces/classifier.h"
#include "detection/traces/lattice.h"
#include "detection/traces/picture_cues.h"
#include "encoder/encoder.h"

namespace jpegai::detection {

/// A weight set to test, under a name for people.
struct TraceModels {
    std::string name;
    std::shared_ptr<const Encoder> encoder;
};

/// Shortest side of a picture, in samples, and the largest part of it that is looked at.
inline constexpr std::size_t kTraceMinSide = 64;
inline constexpr std::size_t kTraceMaxSamples = 2'000'000;

struct TraceOptions {
    bool search_crops = true;  ///< look for grids that begin elsewhere
    /// Factors by which the picture may have been resized since; empty: do not look.
    std::vector<double> scales = {0.5, 2.0 / 3, 0.75, 0.8, 0.9, 1.5, 2};
    /// Searches are left out when the picture as it lies gives a LatticeFit::combined() of at least this.
    double conclusive = 9;
    std::size_t max_samples = kTraceMaxSamples;  ///< of larger pictures a part in the middle is looked at
    bool want_map = false;                       ///< fill TraceReport::map
    std::function<bool(double)> progress;        ///< called with 0..1 from the calling thread; returns false to cancel
};

/// A way in which the picture may have come about, and how well the latents speak for it.
struct TraceHypothesis {
    std::string models;  ///< name of the weight set
    std::size_t set = 0, model_id = 0;
    double scale = 1;             ///< size of the picture relative to what was coded
    std::size_t row = 0, col = 0; /**< samples (at the coded size) before the first cell of the latents' grid of 16x16,
                                     or of pairs of its cells; not 0 when rows or columns were cut off at the top or
                                       left */
    LatticeFit fit;
    [[nodiscard]] bool as_it_lies() const { return scale == 1 && row == 0 && col == 0; }
};

/// Model, displacement and weight set of a coding that is older than the one in TraceReport::best.
struct EarlierCoding {
    std::string models;
    std::size_t model_id = 0;
    double score = 0;
};

struct TraceReport {
    std::size_t rows = 0, cols = 0;
    std::size_t seen_row = 0, seen_col = 0;    ///< where the part that was looked at begins
    std::size_t seen_rows = 0, seen_cols = 0;  ///< of the part that was looked at
    double probability = 0;                    ///< that the picture was JPEG AI coded, when half of all pictures are
    std::vector<TraceHypothesis> as_it_lies;   ///< one per weight set and model, in their order; equal networks once
    TraceHypothesis best;                      ///< the best of all hypotheses
    bool searched = false;                     ///< other grids and sizes were tried
    double grid_gain = 0;                      ///< dB of the clearest grid, see find_grid(); 0 when not searched
    LatticeFit sharpened;                      ///< of the best one, after one step towards the coded latents
    /// Estimated displacements of luma and chroma, for pictures with a probability of at least one half; chroma is
    /// missing where too few of its latents were coded to tell.
    std::optional<int> beta_luma, beta_chroma;
    double recompression_peak = 0;       ///< dB, see traces/projection.h
    std::vector<EarlierCoding> earlier;  ///< other settings that left traces of their own
    JpegTrace jpeg;
    std::optional<ColourCorrelation> colour;
    Spectrum spectrum;
    std::vector<double> features;  ///< what the classifier saw, in the order of trace_features()
    /// On request: where the lattice of the best hypothesis shows, for every sample of the part that was looked at;
    /// scatters by 1 around 0 where nothing was coded, see lattice_map(). One plane.
    Array3<float> map;
    double seconds = 0;

    [[nodiscard]] bool coded() const { return probability >= 0.5; }
    /// Codings that the traces show: 0, or 1 and one more for each earlier one.
    [[nodiscard]] std::size_t generations() const { return coded() ? 1 + earlier.size() : 0; }
    /// "JPEG AI coded (model 1, default), then resized by 0.5, then JPEG coded (quality 75)" and the like.
    [[nodiscard]] std::string verdict() const;
};

/// Tests the picture under all models of all sets; models that a set lacks are passed over. Throws Error{argument} for
/// a picture with a side below kTraceMinSide or one that contradicts itself, Error{unsupported} for a flat one,
/// Error{model} when no set has a complete model, Error{cancelled, memory}.
[[nodiscard]] TraceReport find_traces(const Picture& picture, const std::vector<TraceModels>& sets,
                                      const TraceClassifier& classifier, const TraceOptions& options = {});

/// Description of a feature, in the order of TraceReport::features.
struct TraceFeature {
    const char* id;
    const char* meaning;
};
[[nodiscard]] const std::vector<TraceFeature>& trace_features();

}  // namespace jpegai::detection
