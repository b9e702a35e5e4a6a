// A network as the launches that run it, for any size: which nodes of the graph are one kernel, and which cost nothing
// because they only change how a value is read.
#pragma once

#include <cstddef>
#include <vector>

#include "backend/cuda/conv.h"
#include "backend/cuda/map.h"
#include "networks/graph.h"

namespace jpegai::cuda {

/// A value, or part of it, as a node of the graph sees it.
struct Ref {
    std::size_t value = 0;
    std::size_t channel = 0;  ///< first one
    std::size_t node = 0;     ///< whose shape it has
    bool relu6 = false;       ///< to be read through ReLU6
};

enum class LayerKind { kConv, kDepthwise, kLayerNorm, kAttention, kMap };

/// One kernel, or the few of an attention.
struct Layer {
    LayerKind kind = LayerKind::kMap;
    std::vector<Ref> inputs;
    Ref output;
    std::vector<Ref> others;  ///< of the steps
    struct StepOf {
        Step step;
        std::size_t other = 0;                                   ///< index into others
        std::size_t scale = 0, shift = 0;                        ///< offsets of parameters
    };
    std::vector<StepOf> steps;
    std::vector<std::size_t> nodes;  ///< what it computes, the first one is the main one
    // Convolutions; an attention ends with one.
    ConvKind conv = ConvKind::kAny;
    std::size_t tile_channels = 0, tiles_per_group = 0;
    std::size_t shuffle = 1;
    // Offsets of parameters, in floats.
    std::size_t weights = 0, own_weights = 0, bias = 0;
    bool has_bias = false;
    float tiny = 0;  ///< conv_tiny_input()
    bool elu_gate = false;  ///< depthwise
    Gather gather = Gather::kSame;
    std::size_t factor = 1;  ///< of the gather, or heads
};

struct Value {
    std::size_t channels = 0;
    std::size_t size_node = 0;  ///< whose size it is stored in
    bool dense = false;         ///< inputs and outputs: rows without padding
};

struct LayeredNetwork {
    std::vector<Value> values;
    std::vector<Layer> layers;
    std::vector<std::size_t> inputs, outputs;  ///< values, in the order of the graph's
    std::vector<float> parameters;             ///< packed as the kernels want them, each part 16-byte aligned
};

/// Throws Error{unsupported} for an attention with heads of more than kMostHeadChannels channels.
[[nodiscard]] LayeredNetwork make_layers(const Network& network);

}  // namespace jpegai::cuda
