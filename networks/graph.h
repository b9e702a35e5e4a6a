// The small intermediate representation in which every network is described once (standard/03-networks.md).
// A graph names its weights; binding it to a WeightSet yields a Network that any backend can run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/weight_set.h"

namespace jpegai {

/// Operations of the float networks; spec/numeric_contract.md fixes the arithmetic of each.
enum class Op : std::uint8_t {
    kInput,          ///< external tensor
    kConv,           ///< convolution, zero padding; weight [out][in/groups][k][k], optional bias
    kConvTranspose,  ///< stride 2: k4 p1, or k3 p1 output padding 1; both double the size; weight [in][out][k][k], bias
    kRelu,           ///< max(x, 0)
    kRelu6,          ///< min(max(x, 0), 6)
    kLeakyRelu,      ///< x >= 0 ? x : 0.01 x
    kSigmoid,
    kAbs,
    kAdd,            ///< a + b
    kMul,            ///< a * b
    kGate,           ///< x * (1 + m), inputs x, m (ResAU)
    kEluGate,        ///< ELU(first half of the channels) * second half
    kLayerNorm,      ///< over the channels of each pixel; weight [C], bias [C]
    kChannelAttention,  ///< input 3C channels q, k, v; output C (TAM, 03 section 3.6); weight = temperature [heads][1][1]
    kPixelShuffle,   ///< factor r
    kPixelUnshuffle, ///< factor r
    kConcat,         ///< channels of all inputs in order
    kSlice,          ///< channels [first, first + out_channels)
    kPadReplicate,   ///< replicate the last row / column until both sizes are multiples of `factor` (PAD of 03 section 2.4)
    kPadZeroEven,    ///< append a zero row / column until both sizes are even (MCM)
    kCrop,           ///< keep the first ceil(nominal / divisor) rows and columns (CROP of 03 section 2.4)
    kPhaseSplit,     ///< one of the four polyphase parts, in MCM order 0 (0,0), 1 (1,1), 2 (0,1), 3 (1,0)
    kPhaseMerge,     ///< inverse of kPhaseSplit: four inputs in MCM order
    kNormalise,      ///< (x - 127.5) / 128
    kDenormalise,    ///< clamp(x * 128 + 127.5, 0, 255), two roundings
    kScale,          ///< x * weight[0] (eICCI scale layers), weight [1]
    kBatchNorm,      ///< as checkpoints of eICCI store it (04 section 4.2)
    kHaarSplit,      ///< 2-D Haar analysis, each channel to 4 (eICCI)
    kHaarMerge,      ///< inverse
};
[[nodiscard]] const char* op_name(Op op);

/// One value of the graph; node i may use values j < i only.
struct Node {
    Op op = Op::kInput;
    std::vector<std::size_t> inputs;
    std::size_t out_channels = 0;
    std::size_t kernel_rows = 1, kernel_cols = 1, stride = 1, groups = 1;
    std::size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;  ///< zero rows / columns around the input (kConv)
    std::size_t output_padding = 0;             ///< kConvTranspose
    std::size_t factor = 1;   ///< pixel shuffle factor, pad multiple, crop divisor, attention heads, phase index, first channel of a slice
    std::string weight, bias; ///< keys in the checkpoint file, empty when absent
    std::string name;         ///< for statistics, usually the key prefix, e.g. "iact2.conv"
};

/// A network without weights: what depends on the standard only.
struct Graph {
    std::string name;  ///< e.g. "synthesis.bop.y"
    std::vector<Node> nodes;
    std::vector<std::size_t> inputs;   ///< kInput nodes in calling order
    std::vector<std::size_t> outputs;  ///< values that are results
};

/// Rows and columns of a plane, tile or picture.
struct Size {
    std::size_t rows = 0, cols = 0;
    bool operator==(const Size&) const = default;
};

/// Channels and size of one value.
struct Shape {
    std::size_t channels = 0;
    Size size;
    bool operator==(const Shape&) const = default;
};

/// Shape of every node's value for given input sizes. `nominal` is the size the depth rules count from (picture, tile or
/// region; 03 section 2.4). Throws Error{internal} when the graph contradicts itself.
[[nodiscard]] std::vector<Shape> infer_shapes(const Graph& graph, std::span<const Size> inputs, Size nominal);

/// Multiply-accumulates of one run ("in" convention of 03 section 20: a transposed convolution's true work) and
/// parameters of a graph.
[[nodiscard]] std::uint64_t count_macs(const Graph& graph, std::span<const Size> inputs, Size nominal);
[[nodiscard]] std::uint64_t count_parameters(const Graph& graph);

/// A graph with its weights: spans into the tensors of the set, which it keeps alive.
struct Network {
    Graph graph;
    struct Weights {
        std::span<const float> weight, bias;  ///< empty when the node has none
    };
    std::vector<Weights> weights;  ///< one per node
    std::shared_ptr<const WeightSet> source;
};

/// Looks up every weight of the graph in `file` and checks its shape. Throws Error{model} naming file, key and shapes.
[[nodiscard]] Network bind_network(Graph graph, std::shared_ptr<const WeightSet> weights, const std::string& file);

}  // namespace jpegai
