#include "networks/context_model.h"

#include <array>
#include <string>
#include <vector>

#include "networks/graph_builder.h"

namespace jpegai {

namespace {

using Value = GraphBuilder::Value;

constexpr std::size_t kPhases = 4;
constexpr std::size_t kLuma = kLatentChannels[kPrimary], kChroma = kLatentChannels[kSecondary];
constexpr std::size_t kContextGroups = 5;
constexpr const char* kPrefix = "context.MCM.";

/// mu_j from psi_j and the latents of the earlier phases.
Value predict(GraphBuilder& b, Value psi, const std::vector<Value>& earlier) {
    const std::string phase = std::to_string(earlier.size());
    Value x = psi;
    if (!earlier.empty()) {
        const Value mixed = b.conv1x1(b.concat(earlier), phase + ".conv.0", kLuma);
        const Value context = b.conv3x3(mixed, phase + ".conv.1", kLuma, 1, GraphBuilder::Bias::kYes, kContextGroups);
        x = b.concat({context, psi});
    }
    const std::string fusion = phase + ".fusion_pred_net.conv";
    x = b.relu(b.conv1x1(x, fusion + "1", kLuma));
    x = b.relu(b.conv1x1(x, fusion + "2", kLuma));
    return b.conv1x1(x, fusion + "3", kLuma);
}

/// Chunk j of the chroma psi lands at phase j of the latent grid.
Value spread_psi(GraphBuilder& b, Value psi) {
    std::array<Value, kPhases> chunks{};
    for (std::size_t j = 0; j < kPhases; ++j) chunks[j] = b.slice(psi, j * kChroma, kChroma);
    return b.crop(b.phase_merge(chunks), kLatentStep);
}

}  // namespace

Graph context_model_graph() {
    GraphBuilder b("context_model", kPrefix);
    const Value residual = b.pad_zero_even(b.input("residual", kLuma));
    const Value psi = b.input("psi", kPhases * kLuma);
    std::vector<Value> latents;
    for (std::size_t j = 0; j < kPhases; ++j) {
        const Value mean = predict(b, b.slice(psi, j * kLuma, kLuma), latents);
        latents.push_back(b.add(b.phase_split(residual, j), mean));
    }
    return b.finish({b.crop(b.phase_merge({latents[0], latents[1], latents[2], latents[3]}), kLatentStep)});
}

Graph context_phase_graph(std::size_t phase) {
    GraphBuilder b("context_model.phase" + std::to_string(phase), kPrefix);
    const Value psi = b.input("psi", kLuma);
    std::vector<Value> earlier;
    for (std::size_t j = 0; j < phase; ++j) earlier.push_back(b.input("y_hat " + std::to_string(j), kLuma));
    return b.finish({predict(b, psi, earlier)});
}

Graph chroma_mean_graph() {
    GraphBuilder b("chroma_mean");
    const Value residual = b.input("residual", kChroma);
    const Value psi = b.input("psi", kPhases * kChroma);
    return b.finish({b.add(residual, spread_psi(b, psi))});
}

Graph chroma_psi_mean_graph() {
    GraphBuilder b("psi_mean.uv");
    return b.finish({spread_psi(b, b.input("psi", kPhases * kChroma))});
}

}  // namespace jpegai
