#include "networks/blocks.h"

namespace jpegai {

namespace {

using Value = GraphBuilder::Value;
using Bias = GraphBuilder::Bias;

constexpr std::size_t kHeads = 4;      // of the channel attention
constexpr std::size_t kExpansion = 4;  // of the feed-forward part, per half

Value transformer_block(GraphBuilder& b, Value x, const std::string& name) {
    const std::size_t channels = b.channels(x);
    Value a = b.layer_norm(x, name + ".prep_data.norm1");
    a = b.conv1x1(a, name + ".prep_data.conv1", 3 * channels);
    a = b.conv3x3(a, name + ".prep_data.conv2", 3 * channels, 1, Bias::kNo, 3 * channels);
    a = b.channel_attention(a, name + ".attn.temperature", kHeads);
    x = b.add(x, b.conv1x1(a, name + ".attn.project_out", channels));
    const std::size_t wide = 2 * kExpansion * channels;
    Value f = b.layer_norm(x, name + ".ffn.norm1");
    f = b.conv1x1(f, name + ".ffn.project_in", wide);
    f = b.conv3x3(f, name + ".ffn.dwconv", wide, 1, Bias::kNo, wide);
    return b.add(x, b.conv1x1(b.elu_gate(f), name + ".ffn.project_out", channels));
}

}  // namespace

Value resau(GraphBuilder& b, Value x, const std::string& name, std::size_t groups) {
    const std::size_t channels = b.channels(x);
    const Value spatial = b.conv3x3(b.relu6(x), name + ".conv", channels, 1, Bias::kNo, groups);
    return b.gate(x, b.conv1x1(spatial, name + ".conv2", channels));
}

Value light_residual_block(GraphBuilder& b, Value x, const std::string& name) {
    return b.add(x, b.relu(b.conv3x3(x, name + ".conv1", b.channels(x))));
}

Value residual_block(GraphBuilder& b, Value x, const std::string& name) {
    const Value inner = b.relu(b.conv3x3(x, name + ".conv1", b.channels(x)));
    return b.add(x, b.conv3x3(inner, name + ".conv2", b.channels(x)));
}

Value light_combine_block(GraphBuilder& b, Value luma, Value chroma, const std::string& name) {
    constexpr std::size_t kInfoChannels = 48;
    const Value info = b.conv3x3(b.concat({luma, chroma}), name + ".conv1", kInfoChannels);
    return b.concat({info, chroma});
}

Value cab(GraphBuilder& b, Value x, const std::string& name) {
    const Value trunk = residual_block(b, residual_block(b, x, name + ".residual_trunk.0"), name + ".residual_trunk.1");
    Value mask = b.conv3x3(x, name + ".subscale", b.channels(x), 2);
    mask = residual_block(b, mask, name + ".residual_mask2.0");
    mask = residual_block(b, mask, name + ".residual_mask3.0");
    mask = b.sigmoid(b.conv_transpose(mask, name + ".upscale", b.channels(x), 3));
    return b.add(x, b.mul(trunk, mask));
}

Value tam(GraphBuilder& b, Value x, const std::string& name, bool down_sampled) {
    const std::size_t channels = b.channels(x);
    if (down_sampled) x = b.conv3x3(x, name + ".ds_conv", channels, 2);
    x = transformer_block(b, x, name + ".TABs.0");
    x = transformer_block(b, x, name + ".TABs.1");
    if (down_sampled) x = b.conv_transpose(x, name + ".us_conv", channels, 3);
    return x;
}

Value rectangular_residual_block(GraphBuilder& b, Value x, const std::string& name) {
    const std::size_t channels = b.channels(x);
    Value y = b.conv_same(x, name + ".conv1", channels, 1, 3);
    y = b.relu(b.batch_norm(y, name + ".BN1"));
    y = b.batch_norm(b.conv_same(y, name + ".conv2", channels, 3, 1), name + ".BN2");
    return b.add(x, b.scale(y, name + ".scale"));
}

}  // namespace jpegai
