// Better symbols for the same picture: rounding by rate and distortion, and descent on the latents with the derivative
// of the synthesis transform. Decoders do not notice; the analysis transform is only where the search starts.
#pragma once

#include <array>
#include <optional>
#include <vector>

#include "base/array.h"
#include "encoder/options.h"
#include "encoder/session.h"

namespace jpegai {

/// What a refinement found, for this rate point and others near it.
struct RefinedLatents {
    std::size_t model_id = 0;
    std::array<Array3<float>, kComponents> latent;        ///< to quantise instead of the analysed ones
    std::array<std::vector<float>, kComponents> weights;  ///< QuantiserOptions::weights
};

/// Searches at the rate point of `plain` for latents whose symbols have a smaller sum of squared error and price of
/// their bits; the price is error per bit of `plain`. Nothing when none are found. Filters are not counted.
/// Deterministic, whatever the backend and the number of threads. Throws as the steps of the session.
[[nodiscard]] std::optional<RefinedLatents> refine(EncodeSession& session, const QuantisedPicture& plain,
                                                   std::size_t attempts);

/// The symbols of refined latents at a rate point of their model.
[[nodiscard]] QuantisedPicture quantise_refined(EncodeSession& session, const RefinedLatents& refined,
                                                const RatePoint& rate);

}  // namespace jpegai
