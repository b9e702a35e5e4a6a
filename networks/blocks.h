// Composite blocks that several networks share (03 section 3). `name` is the key prefix of the block.
#pragma once

#include <string>

#include "networks/graph_builder.h"

namespace jpegai {

/// x * (1 + conv1x1(conv3x3(ReLU6(x)))), keys NAME.conv.weight (grouped), NAME.conv2.weight (03 section 3.1).
GraphBuilder::Value resau(GraphBuilder& b, GraphBuilder::Value x, const std::string& name, std::size_t groups);

/// x + ReLU(conv3x3(x)), keys NAME.conv1.* (03 section 3.2).
GraphBuilder::Value light_residual_block(GraphBuilder& b, GraphBuilder::Value x, const std::string& name);

/// x + conv3x3(ReLU(conv3x3(x))), keys NAME.conv1.*, NAME.conv2.* (03 section 3.3).
GraphBuilder::Value residual_block(GraphBuilder& b, GraphBuilder::Value x, const std::string& name);

/// 48 channels computed from both latents, then the chroma latent unchanged; keys NAME.conv1.* (03 section 3.4).
GraphBuilder::Value light_combine_block(GraphBuilder& b, GraphBuilder::Value luma, GraphBuilder::Value chroma,
                                        const std::string& name);

/// Convolutional attention: x + trunk(x) * sigmoid(mask(x)); even sizes only (03 section 3.5).
GraphBuilder::Value cab(GraphBuilder& b, GraphBuilder::Value x, const std::string& name);

/// Two transformer blocks with channel attention over the whole tile, at half size when `down_sampled` (03
/// section 3.6).
GraphBuilder::Value tam(GraphBuilder& b, GraphBuilder::Value x, const std::string& name, bool down_sampled);

/// x + scale * BN2(conv3x1(ReLU(BN1(conv1x3(x))))), the residual block of eICCI (04 section 4.2).
GraphBuilder::Value rectangular_residual_block(GraphBuilder& b, GraphBuilder::Value x, const std::string& name);

}  // namespace jpegai
