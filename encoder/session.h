// One picture being encoded: analysed once per model, then quantised and coded as often as a rate search wants
// (standard/05-encoder.md sections 2 and 4).
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bitstream/codestream.h"
#include "decoder/geometry.h"
#include "decoder/network_cache.h"
#include "decoder/planes.h"
#include "encoder/analysis.h"
#include "encoder/options.h"
#include "encoder/quantiser.h"
#include "encoder/source_planes.h"

namespace jpegai {

/// Headers and symbols of one trial; everything a codestream is written from.
struct QuantisedPicture {
    PictureHeader picture;
    ToolHeader tools;  ///< latent tools; the filters once EncodeSession::choose_filters() has run
    std::shared_ptr<const AnalysedPicture> analysed;
    std::array<QuantisedComponent, kComponents> component;
};

/// What to quantise instead of the analysed latents, and how (QuantiserOptions).
struct LatentTargets {
    std::array<const Array3<float>*, kComponents> latent{};
    std::array<std::span<const float>, kComponents> weights;
};

/// The analysis transform (kBop or kHop) that a model, 0..3, is encoded with, and what else that asks of the weight
/// set. It is the one of `options`; where they leave it open, BOP for SOP and BOP, and for HOP that of HOP where the
/// set has both components of it for the model, else that of BOP: all synthesis transforms of a model decode the same
/// latents, so that a stream may come from any analysis. A set that has nothing of HOP is none for HOP: with BOP in its
/// place the HOP synthesis has to be there.
[[nodiscard]] TransformNeeds analysis_needs(const NetworkCache& networks, const EncodeOptions& options,
                                            std::size_t model_id);
/// Throws Error{model} when analysis_needs() are not met.
void require_analysis(const NetworkCache& networks, const EncodeOptions& options, std::size_t model_id);
/// The end of messages about networks that are missing.
inline constexpr const char* kMissingNetworksAdvice =
    "take another model (--model) or transform (--point), add the networks (jpegai models add), or name another set "
    "(--models)";

/// The steps of an encode, for callers that run some of them several times. A trial at another rate point costs
/// quantise() and code(); analyse() runs once per model, and reconstruct() only where the result is wanted.
/// Results do not depend on the order of calls. Not to be used from several threads at a time; what it returns stays
/// valid without it, except for the reference of source().
class EncodeSession {
public:
    /// Prepares the picture. Of `options` everything but the rate point is fixed from here on (the rate point is what
    /// encode() uses). `networks` has to outlive the session.
    /// Throws Error{argument} for options that contradict each other or the picture.
    EncodeSession(const NetworkCache& networks, const Picture& picture, EncodeOptions options);

    [[nodiscard]] const SourcePlanes& source() const { return source_; }
    [[nodiscard]] const EncodeOptions& options() const { return options_; }
    /// Samples of the picture as its owner counts them, for bits per sample: displayed rows * cols.
    [[nodiscard]] std::uint64_t displayed_samples() const;

    /// Latents under a model, computed on first use and kept until forget().
    [[nodiscard]] std::shared_ptr<const AnalysedPicture> analyse(std::size_t model_id);
    /// Gives the memory of a model's latents back.
    void forget(std::size_t model_id) { analysed_[model_id].reset(); }

    /// All decisions about the latents at a rate point: headers and symbols. Post-filters are not chosen yet.
    [[nodiscard]] QuantisedPicture quantise(const RatePoint& rate, const LatentTargets& targets = {});

    /// The codestream.
    [[nodiscard]] std::vector<std::uint8_t> code(const QuantisedPicture& quantised);

    /// What the decoder gets before the post-filters: YUV in the source format, displayed size, not rounded.
    [[nodiscard]] Planes reconstruct(const QuantisedPicture& quantised) {
        return reconstruct(quantised, latents(quantised));
    }
    /// The same in two steps: the latents that enter the synthesis, and what becomes of them.
    [[nodiscard]] std::array<Array3<float>, kComponents> latents(const QuantisedPicture& quantised);
    [[nodiscard]] Planes reconstruct(const QuantisedPicture& quantised,
                                     const std::array<Array3<float>, kComponents>& y_hat);
    /// Decides about the post-filters as the options say, from the unfiltered reconstruction, and writes them into
    /// `quantised`. Returns the filtered planes.
    [[nodiscard]] Planes choose_filters(QuantisedPicture& quantised, Planes unfiltered);
    /// Colour: what the decoder returns.
    [[nodiscard]] Planes finish(const QuantisedPicture& quantised, Planes filtered);
    /// Whether choose_filters() has anything to do.
    [[nodiscard]] bool filters_wanted() const;

    [[nodiscard]] const NetworkCache& networks() const { return networks_; }
    [[nodiscard]] RunContext& context() { return context_; }

private:
    struct Progress;
    using Clock = std::chrono::steady_clock;
    /// Ends a stage: notes its time and asks whether to go on. `work` is its share of an encode, in per cent.
    void done(const std::string& stage, double work = 0);
    [[nodiscard]] std::array<const EntropyModel*, kComponents> entropy_models(std::size_t model_id) const;
    /// The record that names the weights, and the caller's user data.
    [[nodiscard]] std::vector<std::uint8_t> user_data(const PictureHeader& picture);

    const NetworkCache& networks_;
    EncodeOptions options_;
    RunContext context_;
    Clock::time_point stage_start_;
    SourcePlanes source_;
    PictureHeader header_;  ///< what is the same at every rate point
    std::vector<RegionWindow> regions_;
    std::array<std::shared_ptr<const AnalysedPicture>, kModels> analysed_;
    std::array<std::optional<std::vector<std::uint8_t>>, kModels> weight_records_;
    std::shared_ptr<Progress> progress_;
};

}  // namespace jpegai
