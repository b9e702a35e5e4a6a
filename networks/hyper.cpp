#include "networks/hyper.h"

#include "networks/graph_builder.h"

namespace jpegai {

Graph hyper_encoder_graph(Component component) {
    const std::size_t channels = kLatentChannels[component];
    GraphBuilder b(component == kPrimary ? "hyper_encoder.y" : "hyper_encoder.uv", "hyper_encoder.");
    auto x = b.abs(b.input("y", channels));
    x = b.leaky_relu(b.conv3x3(x, "conv1", channels));
    x = b.pad_replicate(b.conv3x3(x, "conv2", channels));
    x = b.leaky_relu(b.conv3x3(x, "conv3", channels, 2));
    x = b.pad_replicate(b.conv3x3(x, "conv4", channels));
    return b.finish({b.conv3x3(x, "conv5", channels, 2)});
}

Graph hyper_decoder_graph(Component component) {
    const std::size_t channels = kLatentChannels[component];
    GraphBuilder b(component == kPrimary ? "hyper_decoder.y" : "hyper_decoder.uv", "hyper_decoder.");
    auto x = b.conv1x1(b.input("z_hat", channels), "conv1", channels);
    x = b.relu6(b.crop(b.conv_transpose(x, "conv2", channels, 4), kPsiStep));
    x = b.relu6(b.conv3x3(x, "conv3", channels));
    return b.finish({b.conv3x3(x, "conv4", 4 * channels)});
}

}  // namespace jpegai
