#include "networks/synthesis.h"

#include "networks/blocks.h"
#include "networks/graph_builder.h"

namespace jpegai {

namespace {

using Value = GraphBuilder::Value;
using Bias = GraphBuilder::Bias;

constexpr std::size_t kLuma = kLatentChannels[kPrimary], kChroma = kLatentChannels[kSecondary];

/// SOP and BOP gate in groups of 16 channels, HOP in 4 groups (03 section 3.1).
constexpr std::size_t groups_of_16(std::size_t channels) {
    return channels / 16;
}
constexpr std::size_t kHopGroups = 4;

Value chroma_first_stage(GraphBuilder& b) {
    const Value luma = b.input("luma latent", kLuma);
    const Value chroma = b.input("chroma latent", kChroma);
    return light_combine_block(b, luma, chroma, "first_stage");
}

Graph finish(GraphBuilder& b, Value x) {
    return b.finish({b.crop(b.denormalise(x), 1)});
}

/// Widths of the simple and base networks.
struct LightWidths {
    bool transposed;  ///< transposed convolutions (BOP) or conv2x2_pxl2 (SOP) as up-samplers
    std::size_t stage2, stage3;
};
constexpr LightWidths kSopLuma = {false, 32, 32}, kSopChroma = {false, 32, 32};
constexpr LightWidths kBopLuma = {true, 64, 96}, kBopChroma = {true, 64, 128};
constexpr std::size_t kLightStage1 = 64;

Value up_sample(GraphBuilder& b, Value x, const std::string& name, std::size_t out, bool transposed) {
    return transposed ? b.conv_transpose(x, name, out, 4) : b.conv2x2_shuffle(x, name, out);
}

/// From the crop after conv2_t on, alike in all four light networks.
Graph light_tail(GraphBuilder& b, Value x, const LightWidths& widths, std::size_t planes, std::size_t shuffle) {
    x = resau(b, x, "iact2", groups_of_16(widths.stage2));
    x = b.conv3x3(x, "conv3", widths.stage3);
    x = resau(b, x, "iact3", groups_of_16(widths.stage3));
    x = b.conv1x1(x, "conv4", planes * shuffle * shuffle);
    return finish(b, b.pixel_shuffle(x, shuffle));
}

Graph light_luma(const char* name, const LightWidths& widths) {
    GraphBuilder b(name);
    Value x = light_residual_block(b, b.input("luma latent", kLuma), "first_stage.0.0");
    x = up_sample(b, x, "first_stage.1", kLightStage1, widths.transposed);
    x = resau(b, x, "first_stage.2", groups_of_16(kLightStage1));
    x = b.crop(x, 8);
    x = b.crop(up_sample(b, x, "conv2_t", widths.stage2, widths.transposed), 4);
    return light_tail(b, x, widths, 1, 4);
}

Graph light_chroma(const char* name, const LightWidths& widths) {
    GraphBuilder b(name);
    const Value x = up_sample(b, chroma_first_stage(b), "conv2_t", widths.stage2, widths.transposed);
    return light_tail(b, b.crop(x, 8), widths, 2, 8);
}

Graph hop_luma() {
    constexpr std::size_t kWidth = 128;
    GraphBuilder b("synthesis.hop.y");
    Value x = residual_block(b, b.input("luma latent", kLuma), "first_stage.0.0");
    x = b.conv_transpose(x, "first_stage.1", kWidth, 3);
    x = b.crop(resau(b, x, "first_stage.2", kHopGroups), 8);
    x = b.conv_transpose(x, "conv2_t", kWidth, 3);
    x = b.crop(cab(b, x, "CAB"), 4);
    x = resau(b, x, "iact2", kHopGroups);
    x = b.pixel_shuffle(b.conv1x1(x, "conv3_t", 4 * kWidth, Bias::kYes), 2);
    x = b.crop(tam(b, x, "TAM", true), 2);
    x = resau(b, x, "iact3", kHopGroups);
    return finish(b, b.conv_transpose(x, "conv4_t", 1, 3));
}

Graph hop_chroma() {
    constexpr std::size_t kWidth = 64;
    GraphBuilder b("synthesis.hop.uv");
    Value x = b.conv_transpose(chroma_first_stage(b), "conv2_t", kWidth, 3);
    x = b.crop(cab(b, x, "CAB"), 8);
    x = resau(b, x, "iact2", kHopGroups);
    x = b.pixel_shuffle(b.conv1x1(x, "conv3_t", 4 * kWidth, Bias::kYes), 2);
    x = b.crop(tam(b, x, "TAM", false), 4);
    x = resau(b, x, "iact3", kHopGroups);
    return finish(b, b.pixel_shuffle(b.conv_transpose(x, "conv4_t", 8, 3), 2));
}

}  // namespace

Graph synthesis_graph(OperatingPoint point, Component component) {
    const bool luma = component == kPrimary;
    switch (point) {
        case OperatingPoint::kSop:
            return luma ? light_luma("synthesis.sop.y", kSopLuma) : light_chroma("synthesis.sop.uv", kSopChroma);
        case OperatingPoint::kBop:
            return luma ? light_luma("synthesis.bop.y", kBopLuma) : light_chroma("synthesis.bop.uv", kBopChroma);
        default:
            return luma ? hop_luma() : hop_chroma();
    }
}

}  // namespace jpegai
