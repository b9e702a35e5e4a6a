#include "decoder/cost.h"

#include <algorithm>
#include <functional>

#include <fmt/format.h>

#include "base/math.h"
#include "decoder/filters/eicci.h"
#include "decoder/geometry.h"
#include "decoder/memory_account.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/registry.h"

namespace jpegai {
namespace {

Size size_of(const Area& area) {
    return {area.rows, area.cols};
}

/// All runs of one network in a decode.
struct Runs {
    std::string name;
    Graph graph;
    std::vector<std::size_t> steps;  ///< luma samples per sample of each input
    std::vector<Size> nominal;       ///< of each run
    std::function<const NetworkRunner&(const NetworkCache&)> runner;

    [[nodiscard]] std::vector<Size> inputs(Size size) const {
        std::vector<Size> sizes;
        for (const std::size_t step : steps) sizes.push_back({ceil_div(size.rows, step), ceil_div(size.cols, step)});
        return sizes;
    }
};

/// What the decoder runs, in its order.
std::vector<Runs> list_runs(const Codestream& stream, OperatingPoint point) {
    const PictureHeader& picture = stream.picture;
    const std::size_t model = picture.model_id;
    std::vector<Runs> list;
    const std::vector<RegionWindow> regions = region_windows(picture);
    for (const Component c : {kPrimary, kSecondary}) {
        const char* prefix = c == kPrimary ? "y" : "uv";
        Runs hyper{fmt::format("hyper decoder {}", prefix),
                   network_graph(NetworkKind::kHyperDecoder, point, c),
                   {kHyperStep},
                   {},
                   [=](const NetworkCache& networks) -> const NetworkRunner& {
                       return networks.network(NetworkKind::kHyperDecoder, point, c, model);
                   }};
        Runs latent{fmt::format("latent {}", prefix),
                    c == kPrimary ? context_model_graph() : chroma_mean_graph(),
                    {kLatentStep, kPsiStep},
                    {},
                    [=](const NetworkCache& networks) -> const NetworkRunner& {
                        return c == kPrimary ? networks.network(NetworkKind::kContextModel, point, c, model)
                                             : networks.chroma_mean();
                    }};
        for (const RegionWindow& region : regions) {
            hyper.nominal.push_back(size_of(region.image));
            latent.nominal.push_back({region.y.rows * kLatentStep, region.y.cols * kLatentStep});
        }
        list.push_back(std::move(hyper));
        list.push_back(std::move(latent));
    }
    for (const Component c : {kPrimary, kSecondary}) {
        Runs synthesis{fmt::format("synthesis {}", c == kPrimary ? "y" : "uv"),
                       network_graph(NetworkKind::kSynthesis, point, c),
                       std::vector<std::size_t>(c == kPrimary ? 1 : 2, kLatentStep),
                       {},
                       [=](const NetworkCache& networks) -> const NetworkRunner& {
                           return networks.network(NetworkKind::kSynthesis, point, c, model);
                       }};
        for (const Tile& tile : synthesis_tiles(picture, c)) synthesis.nominal.push_back(size_of(tile.image));
        list.push_back(std::move(synthesis));
    }
    if (!stream.tools.eicci) return list;
    const std::vector<Tile> tiles = eicci_tiles(picture, *stream.tools.eicci);
    for (const bool chroma : {false, true}) {
        // All networks of the bank have one graph: any of them says how much memory is needed.
        Runs filter{chroma ? "eICCI uv" : "eICCI y",
                    chroma ? eicci_chroma_graph() : eicci_luma_graph(),
                    {1, 1, 1},
                    {},
                    nullptr};
        for (std::size_t t = 0; t < tiles.size(); ++t) {
            const EicciSelection selection = eicci_selection(stream.tools.eicci->tiles[t], point, model);
            const bool wanted = chroma ? selection.use[1] || selection.use[2] : selection.use[0];
            if (!wanted || tiles[t].image.rows == 0) continue;
            filter.nominal.push_back(size_of(tiles[t].image));
            const std::size_t index = chroma ? selection.chroma : selection.luma;
            filter.runner = [=](const NetworkCache& networks) -> const NetworkRunner& {
                return networks.eicci(point, index, chroma);
            };
        }
        if (!filter.nominal.empty()) list.push_back(std::move(filter));
    }
    return list;
}

DecodeCost count_work(const std::vector<Runs>& list) {
    DecodeCost cost;
    for (const Runs& runs : list) {
        DecodeCost::Part part{runs.name, 0, 0, count_parameters(runs.graph)};
        for (const Size size : runs.nominal)
            part.macs = checked_add(part.macs, count_macs(runs.graph, runs.inputs(size), size));
        cost.macs = checked_add(cost.macs, part.macs);
        cost.parameters += part.parameters;
        cost.parts.push_back(std::move(part));
    }
    return cost;
}

/// The largest run: regions and tiles come in a few sizes, so that each is asked for once.
std::uint64_t largest_workspace(const Runs& runs, const NetworkCache& networks) {
    const NetworkRunner& runner = runs.runner(networks);
    std::vector<Size> asked;
    std::uint64_t largest = 0;
    for (const Size size : runs.nominal) {
        if (std::find(asked.begin(), asked.end(), size) != asked.end()) continue;
        asked.push_back(size);
        largest = std::max<std::uint64_t>(largest, runner.workspace_bytes(runs.inputs(size), size));
    }
    return largest;
}

}  // namespace

std::uint64_t DecodeCost::macs_of(std::string_view part) const {
    const auto found = std::find_if(parts.begin(), parts.end(), [&](const Part& p) { return p.name == part; });
    return found == parts.end() ? 0 : found->macs;
}

DecodeCost estimate_work(const Codestream& stream, OperatingPoint point) {
    return count_work(list_runs(stream, point));
}

DecodeCost estimate_cost(const Codestream& stream, OperatingPoint point, const NetworkCache& networks,
                         const CostOptions& options) {
    const std::vector<Runs> list = list_runs(stream, point);
    DecodeCost cost = count_work(list);
    for (std::size_t i = 0; i < list.size(); ++i) cost.parts[i].workspace = largest_workspace(list[i], networks);
    MemoryInputs inputs;
    inputs.stream = &stream;
    inputs.keep_intermediates = options.keep_intermediates || stream.tools.lef_ch_idx.has_value();
    for (const DecodeCost::Part& part : cost.parts) {
        inputs.workspace[part.name] = part.workspace;
        inputs.parameters.push_back(part.parameters);
    }
    cost.memory = peak_memory(inputs);
    return cost;
}

}  // namespace jpegai
