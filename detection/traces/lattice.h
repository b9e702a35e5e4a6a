// The trace that quantisation leaves in the latents. A decoder's latent is mean + k / scaler with whole k; the analysis
// transform of the decoded picture comes back close to it (to 0.05 to 0.2 of a step), so that the residuals of a coded
// picture lie near a lattice whose width is the quantiser's step. Those of other pictures lie anywhere.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "decoder/network_cache.h"
#include "encoder/analysis.h"
#include "encoder/options.h"

namespace jpegai::detection {

/// Residuals of one component, counted by the logarithm of their magnitude in steps. A change of the displacement
/// moves the whole histogram, so one histogram serves every displacement.
class ResidualHistogram {
public:
    ResidualHistogram();
    /// Notes residuals of one channel whose gain_vector_log is `gain_log`.
    void add(float residual, int gain_log);
    /// Occurrences at displacement units `log_steps` (128 of them are a factor of e^0.2 steps).
    [[nodiscard]] double at(int log_steps) const;

private:
    std::vector<float> bins_;
};

/// How well residuals fit the best lattice.
struct LatticeScore {
    /// Sum of cos(2 pi r) over the residuals r of half a step to six steps, divided by the standard deviation that it
    /// has when they lie anywhere: below about 3 for pictures that were not coded, 4 to 200 for coded ones, growing
    /// with the square root of the picture's size.
    double score = 0;
    int beta = 0;             ///< displacement of that lattice
    std::size_t samples = 0;  ///< residuals that took part
    bool operator==(const LatticeScore&) const = default;
};
/// Searches all displacements from kBetaMin to kBetaMax. Fewer than 30 residuals anywhere give score 0.
[[nodiscard]] LatticeScore find_lattice(const ResidualHistogram& histogram);

/// The fit under one model.
struct LatticeFit {
    LatticeScore luma_first;  ///< luma latents that the hyper decoder alone predicts, a quarter of all
    LatticeScore luma;        ///< all luma latents, predicted by the context model
    LatticeScore chroma;

    bool operator==(const LatticeFit&) const = default;
    [[nodiscard]] const LatticeScore& best_luma() const;
    /// Both components in one figure; 0 when neither fits better than chance.
    [[nodiscard]] double combined() const;
    /// Displacements at which the lattices fit best, for a coded picture: a little above those it was coded with, see
    /// TraceClassifier::Shift. Chroma is missing where too few of its latents were coded to tell.
    [[nodiscard]] int luma_beta() const;
    [[nodiscard]] std::optional<int> chroma_beta() const;
};

/// Predicts the latents as a decoder would, from the latents themselves in place of their reconstruction, and fits
/// lattices to what is left. Throws Error{model, memory, cancelled}.
[[nodiscard]] LatticeFit fit_lattice(const NetworkCache& networks, const AnalysedPicture& analysed,
                                     RunContext& context);

/// Side of the windows of lattice_map(), in latents.
inline constexpr std::size_t kMapWindow = 5;
/// Where the lattice of luma with this displacement shows: for every latent position the LatticeScore::score of the
/// residuals in the window around it. Scatters by 1 around 0 where nothing was coded. Throws as fit_lattice.
[[nodiscard]] Array3<float> lattice_map(const NetworkCache& networks, const AnalysedPicture& analysed, int beta,
                                        RunContext& context);

}  // namespace jpegai::detection
