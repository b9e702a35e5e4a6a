#include "networks/eicci.h"

#include <string>

#include "networks/blocks.h"
#include "networks/graph_builder.h"

namespace jpegai {

namespace {

using Value = GraphBuilder::Value;

constexpr std::size_t kWidth = 48;         // nf
constexpr std::size_t kCoefficients = 16;  // of a two-level Haar transform, per plane
constexpr std::size_t kLumaBlocks = 2, kChromaBlocks = 4;

/// 48 Haar coefficients [Y16, U16, V16] at quarter resolution.
Value coefficients(GraphBuilder& b) {
    const Value y = b.input("Y", 1), u = b.input("U", 1), v = b.input("V", 1);
    return b.haar_split(b.haar_split(b.pad_replicate(b.concat({y, u, v}), 4)));
}

Value trunk(GraphBuilder& b, Value x, const std::string& first, const std::string& norm, const std::string& hidden,
            std::size_t blocks) {
    x = b.relu(b.batch_norm(b.conv3x3(x, first, kWidth), norm));
    for (std::size_t k = 0; k < blocks; ++k) x = rectangular_residual_block(b, x, hidden + "." + std::to_string(k));
    return x;
}

/// The coefficients of one plane plus scale * last convolution, back to samples.
Value enhanced(GraphBuilder& b, Value all, std::size_t plane, Value features, const std::string& last,
               const std::string& scale) {
    const Value correction = b.scale(b.conv3x3(features, last, kCoefficients), scale);
    const Value sum = b.add(b.slice(all, plane * kCoefficients, kCoefficients), correction);
    return b.crop(b.haar_merge(b.haar_merge(sum)), 1);
}

}  // namespace

Graph eicci_luma_graph() {
    GraphBuilder b("eicci.y");
    const Value all = coefficients(b);
    const Value features = trunk(b, all, "conv_first_Y", "BNY", "hidden_layer_Y", kLumaBlocks);
    return b.finish({enhanced(b, all, 0, features, "conv_last_Y", "scaleY")});
}

Graph eicci_chroma_graph() {
    GraphBuilder b("eicci.uv");
    const Value all = coefficients(b);
    const Value features = trunk(b, all, "conv_firstUV", "BNUV", "hidden_layer_UV", kChromaBlocks);
    const Value u = enhanced(b, all, 1, features, "conv_last_u", "scaleU");
    return b.finish({u, enhanced(b, all, 2, features, "conv_last_v", "scaleV")});
}

}  // namespace jpegai
