#include "decoder/cost.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/math.h"
#include "decoder/geometry.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/registry.h"

namespace jpegai {
namespace {

/// Most bytes alive at a time when a graph runs node by node and every value is freed after its last use.
std::uint64_t peak_bytes(const Graph& graph, std::span<const Size> inputs, Size nominal) {
    const std::vector<Shape> shapes = infer_shapes(graph, inputs, nominal);
    std::vector<std::size_t> last_use(graph.nodes.size());
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        last_use[i] = std::max(last_use[i], i);
        for (const std::size_t input : graph.nodes[i].inputs) last_use[input] = i;
    }
    for (const std::size_t output : graph.outputs) last_use[output] = graph.nodes.size();
    std::uint64_t alive = 0, peak = 0;
    for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
        alive += sizeof(float) * shapes[i].channels * shapes[i].size.rows * shapes[i].size.cols;
        peak = std::max(peak, alive);
        for (std::size_t j = 0; j <= i; ++j) {
            if (last_use[j] == i)
                alive -= sizeof(float) * shapes[j].channels * shapes[j].size.rows * shapes[j].size.cols;
        }
    }
    return peak;
}

class Estimate {
public:
    /// One run of a graph whose inputs lie on grids `steps` times smaller than its nominal size.
    void add(const std::string& name, const Graph& graph, Size nominal, std::initializer_list<std::size_t> steps) {
        std::vector<Size> inputs;
        for (const std::size_t step : steps)
            inputs.push_back({ceil_div(nominal.rows, step), ceil_div(nominal.cols, step)});
        if (cost.parts.empty() || cost.parts.back().name != name)
            cost.parts.push_back({name, 0, 0, count_parameters(graph)});
        DecodeCost::Part& part = cost.parts.back();
        part.macs += count_macs(graph, inputs, nominal);
        part.workspace = std::max(part.workspace, peak_bytes(graph, inputs, nominal));
    }
    DecodeCost cost;
};

Size size_of(const Area& area) {
    return {area.rows, area.cols};
}

}  // namespace

std::uint64_t DecodeCost::macs_of(std::string_view part) const {
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.name == part; });
    return found == parts.end() ? 0 : found->macs;
}

DecodeCost estimate_cost(const Codestream& stream, OperatingPoint point) {
    const PictureHeader& picture = stream.picture;
    Estimate estimate;
    const std::vector<RegionWindow> regions = region_windows(picture);
    for (const Component c : {kPrimary, kSecondary}) {
        const char* prefix = c == kPrimary ? "y" : "uv";
        const Graph hyper = network_graph(NetworkKind::kHyperDecoder, point, c);
        for (const RegionWindow& region : regions)
            estimate.add(fmt::format("hyper decoder {}", prefix), hyper, size_of(region.image), {kHyperStep});
        const Graph latent = c == kPrimary ? context_model_graph() : chroma_mean_graph();
        for (const RegionWindow& region : regions) {
            const Size nominal = {region.y.rows * kLatentStep, region.y.cols * kLatentStep};
            estimate.add(fmt::format("latent {}", prefix), latent, nominal, {kLatentStep, kPsiStep});
        }
    }
    for (const Component c : {kPrimary, kSecondary}) {
        const std::string name = fmt::format("synthesis {}", c == kPrimary ? "y" : "uv");
        const Graph graph = network_graph(NetworkKind::kSynthesis, point, c);
        for (const Tile& tile : synthesis_tiles(picture, c)) {
            if (c == kPrimary)
                estimate.add(name, graph, size_of(tile.image), {kLatentStep});
            else
                estimate.add(name, graph, size_of(tile.image), {kLatentStep, kLatentStep});
        }
    }
    if (stream.tools.eicci) {
        const std::vector<Tile> tiles = eicci_tiles(picture, *stream.tools.eicci);
        for (const bool chroma : {false, true}) {
            const Graph graph = chroma ? eicci_chroma_graph() : eicci_luma_graph();
            for (std::size_t t = 0; t < tiles.size(); ++t) {
                const auto& use = stream.tools.eicci->tiles[t].use;
                const bool wanted = chroma ? use[1] || use[2] : use[0];
                if (wanted && tiles[t].image.rows != 0)
                    estimate.add(chroma ? "eICCI uv" : "eICCI y", graph, size_of(tiles[t].image), {1, 1, 1});
            }
        }
    }

    DecodeCost& cost = estimate.cost;
    std::uint64_t workspace = 0;
    for (const DecodeCost::Part& part : cost.parts) {
        cost.macs += part.macs;
        cost.parameters += part.parameters;
        workspace = std::max(workspace, part.workspace);
    }
    const std::uint64_t samples = std::uint64_t{picture.img_width} * picture.img_height;
    const std::uint64_t latents =
        std::uint64_t{picture.latent_rows()} * picture.latent_cols() * (kLatentChannels[0] + kLatentChannels[1]);
    // Latents: symbols, scale maps, dequantised residual, psi and y_hat; planes: three floats twice (before and after a
    // filter or conversion) and the integer samples.
    cost.memory = stream.size + latents * 32 + samples * (3 * sizeof(float) * 2 + 6) + workspace +
                  cost.parameters * sizeof(float);
    return cost;
}

}  // namespace jpegai
