#include "networks/analysis.h"

#include "networks/blocks.h"
#include "networks/graph_builder.h"

namespace jpegai {

Graph analysis_graph(OperatingPoint point, Component component) {
    constexpr std::size_t kWidth = 128, kGroups = 4, kSupportPlanes = 12;
    const bool luma = component == kPrimary, high = point == OperatingPoint::kHop;
    GraphBuilder b(std::string("analysis.") + (high ? "hop" : "bop") + (luma ? ".y" : ".uv"));
    auto x = b.normalise(b.input("planes", luma ? 1 : kSupportPlanes));
    x = b.conv3x3(b.pad_replicate(x), "conv1", kWidth, 2);
    x = b.pad_replicate(resau(b, x, "act1", kGroups));
    if (high) x = tam(b, x, "TAM", luma);
    x = b.conv3x3(x, "conv2", kWidth, 2);
    x = b.pad_replicate(resau(b, x, "act2", kGroups));
    if (high) x = cab(b, x, "cab");
    x = b.conv3x3(x, "conv3", kWidth, 2);
    x = resau(b, x, "act3", kGroups);
    if (luma) x = b.conv3x3(b.pad_replicate(x), "conv4", kLatentChannels[component], 2);
    return b.finish({b.conv1x1(x, "conv5", kLatentChannels[component])});
}

}  // namespace jpegai
