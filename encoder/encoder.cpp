#include "encoder/encoder.h"

#include <optional>
#include <utility>

#include "encoder/refine.h"

namespace jpegai {

Encoder::Encoder(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend)
    : networks_(std::move(weights), std::move(backend)) {}

EncodeSession Encoder::session(const Picture& picture, const EncodeOptions& options) const {
    return {networks_, picture, options};
}

ModelMask Encoder::usable_models(const EncodeOptions& options) const {
    ModelMask complete{}, analysable{};
    for (std::size_t m = 0; m < kModels; ++m) {
        TransformNeeds needs = analysis_needs(networks_, options, m);
        analysable[m] = networks_.complete_models(needs).at(m);
        needs.synthesis = options.synthesis;
        complete[m] = networks_.complete_models(needs).at(m);
    }
    if (complete != ModelMask{}) return complete;
    // Model 1 stands for all of them in the message.
    if (analysable == ModelMask{}) require_analysis(networks_, options, 1);
    return analysable;
}

EncodeResult Encoder::encode(const Picture& picture, const EncodeOptions& options) const {
    EncodeSession steps = session(picture, options);
    QuantisedPicture quantised = steps.quantise(options.rate);
    if (options.refinements > 0) {
        const std::optional<RefinedLatents> refined = refine(steps, quantised, options.refinements);
        if (refined) quantised = quantise_refined(steps, *refined, options.rate);
    }
    EncodeResult result;
    if (steps.filters_wanted() || options.want_reconstruction) {
        Planes planes = steps.choose_filters(quantised, steps.reconstruct(quantised));
        if (options.want_reconstruction) result.reconstruction = steps.finish(quantised, std::move(planes));
    }
    result.bytes = steps.code(quantised);
    result.picture = std::move(quantised.picture);
    result.tools = std::move(quantised.tools);
    return result;
}

}  // namespace jpegai
