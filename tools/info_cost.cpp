// `jpegai info --cost`: what decoding would take, for every synthesis transform that the stream lists.
#include <fmt/format.h>

#include "backend/select.h"
#include "tools/info.h"

namespace jpegai::tools {
namespace {

const char* point_name(OperatingPoint point) {
    switch (point) {
        case OperatingPoint::kSop:
            return "SOP";
        case OperatingPoint::kBop:
            return "BOP";
        default:
            return "HOP";
    }
}

double mib(std::uint64_t bytes) {
    return static_cast<double>(bytes) / (1 << 20);
}

double giga(std::uint64_t count) {
    return static_cast<double>(count) / 1e9;
}

}  // namespace

std::vector<PointCost> point_costs(const Codestream& stream, unsigned threads) {
    const NetworkCache networks(nullptr, make_backend({"auto", threads}));
    std::vector<PointCost> costs;
    for (const std::uint8_t id : stream.picture.synthesis_transform_id) {
        if (id > static_cast<std::uint8_t>(OperatingPoint::kHop))
            throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("synthesis_transform_id {} is not defined", id));
        const auto point = static_cast<OperatingPoint>(id);
        costs.push_back({point, estimate_cost(stream, point, networks)});
    }
    return costs;
}

std::string cost_text(std::span<const PointCost> costs) {
    std::string text;
    for (const PointCost& cost : costs) {
        text += fmt::format("\n  {:<20} {:>12} {:>14} {:>12}\n", fmt::format("decode with {}", point_name(cost.point)),
                            "GMAC", "working MiB", "parameters");
        for (const DecodeCost::Part& part : cost.cost.parts) {
            text += fmt::format("    {:<18} {:>12.3f} {:>14.1f} {:>12}\n", part.name, giga(part.macs),
                                mib(part.workspace), part.parameters);
        }
        text += fmt::format("    {:<18} {:>12.3f} {:>14.1f} {:>12}\n", "all, memory", giga(cost.cost.macs),
                            mib(cost.cost.memory), cost.cost.parameters);
    }
    return text;
}

nlohmann::ordered_json cost_json(std::span<const PointCost> costs) {
    auto list = nlohmann::ordered_json::array();
    for (const PointCost& cost : costs) {
        auto stages = nlohmann::ordered_json::array();
        for (const DecodeCost::Part& part : cost.cost.parts) {
            stages.push_back({{"stage", part.name},
                              {"macs", part.macs},
                              {"workspace", part.workspace},
                              {"parameters", part.parameters}});
        }
        list.push_back({{"synthesis", point_name(cost.point)},
                        {"macs", cost.cost.macs},
                        {"memory", cost.cost.memory},
                        {"parameters", cost.cost.parameters},
                        {"stages", stages}});
    }
    return list;
}

}  // namespace jpegai::tools
