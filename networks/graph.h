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
    kConv,           ///< convolution, zero padding; weight [out][in/groups][rows][cols], optional bias [out]
    kConvTranspose,  ///< stride 2: k4 p1, or k3 p1 output padding 1; both double the size; weight [in][out][k][k], bias
    kRelu,           ///< max(x, 0)
    kRelu6,          ///< min(max(x, 0), 6)
    kLeakyRelu,      ///< x >= 0 ? x : 0.01 x
    kSigmoid,        ///< 1 / (1 + exp(-x))
    kAbs,            ///< |x|
    kAdd,            ///< a + b
    kMul,            ///< a * b
    kGate,           ///< x * (1 + m), inputs x, m (ResAU)
    kEluGate,        ///< ELU(first half of the channels) * second half
    kLayerNorm,      ///< over the channels of each pixel (a multiple of 16); weight [C], bias [C]
    kChannelAttention,  ///< input 3C channels q, k, v; output C (TAM, 03 section 3.6); weight = temperature
                        ///< [heads][1][1]
    kPixelShuffle,      ///< factor r
    kPixelUnshuffle,    ///< factor r
    kConcat,            ///< channels of all inputs in order
    kSlice,             ///< channels [factor, factor + out_channels)
    kPadReplicate,      ///< replicate the last row / column until both sizes are multiples of `factor` (PAD of 03
                        ///< section 2.4)
    kPadZeroEven,       ///< append a zero row / column until both sizes are even (MCM)
    kCrop,              ///< keep the first ceil(nominal / factor) rows and columns (CROP of 03 section 2.4)
    kPhaseSplit,   ///< polyphase part `factor` in MCM order 0 (0,0), 1 (1,1), 2 (0,1), 3 (1,0), (row, column) offsets
    kPhaseMerge,   ///< inverse of kPhaseSplit: four inputs in MCM order
    kNormalise,    ///< (x - 127.5) / 128
    kDenormalise,  ///< clamp(x * 128 + 127.5, 0, 255), two roundings
    kScale,        ///< x * weight[0] (eICCI scale layers), weight [1]
    kBatchNorm,    ///< x * scale[c] + shift[c], both derived in bind_network (04 section 4.2); weight = key prefix
    kHaarSplit,    ///< 2-D Haar analysis, each channel to LL, HL, LH, HH (04 section 4.2)
    kHaarMerge,    ///< inverse
};
[[nodiscard]] const char* op_name(Op op);

/// One value of the graph; node i may use values j < i only.
struct Node {
    Op op = Op::kInput;
    std::vector<std::size_t> inputs;
    std::size_t out_channels = 0;
    std::size_t kernel_rows = 1, kernel_cols = 1, stride = 1, groups = 1;
    /// Zero rows / columns around the input (kConv). A transposed convolution always has the padding 1 of 03
    /// section 2.1.
    std::size_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
    std::size_t output_padding = 0;  ///< kConvTranspose
    /// Pixel shuffle factor, pad multiple, crop divisor, attention heads, phase index, first channel of a slice.
    std::size_t factor = 1;
    std::string weight, bias;  ///< keys in the checkpoint file, empty when absent
    std::string name;          ///< for statistics, usually the key prefix, e.g. "iact2.conv"
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

/// Throws Error{internal} unless every node uses earlier values only, in the number and with the channel counts its
/// operation asks for. All functions below assume a graph that passes.
void check_graph(const Graph& graph);

/// Shape of every node's value for given input sizes. `nominal` is the size the crops count from, in luma samples for
/// both components (picture, tile or region; 03 section 2.4). Throws Error{internal} when the graph contradicts itself
/// or an input's size does not fit the nominal size.
[[nodiscard]] std::vector<Shape> infer_shapes(const Graph& graph, std::span<const Size> inputs, Size nominal);

/// For each value the last node that reads it (itself when none does); results live to the end: nodes.size().
[[nodiscard]] std::vector<std::size_t> last_uses(const Graph& graph);

/// Multiply-accumulates of one run or node ("in" convention of 03 section 20: a transposed convolution's true work; the
/// two matrix products of an attention count).
[[nodiscard]] std::uint64_t count_macs(const Graph& graph, std::span<const Size> inputs, Size nominal);
[[nodiscard]] std::uint64_t count_macs(const Graph& graph, std::size_t node, std::span<const Shape> shapes);

/// A tensor that a graph reads from its checkpoint file.
struct Parameter {
    std::size_t node;
    std::string key;
    std::vector<std::size_t> shape;
    bool trained = true;  ///< false for running statistics of batch norms
};
/// All tensors of a graph in order of use.
[[nodiscard]] std::vector<Parameter> list_parameters(const Graph& graph);
/// Number of trained values.
[[nodiscard]] std::uint64_t count_parameters(const Graph& graph);

/// A graph with its weights: spans into the tensors of the set, which it keeps alive.
struct Network {
    Graph graph;
    struct Weights {
        std::span<const float> weight, bias;  ///< empty when the node has none
    };
    std::vector<Weights> weights;  ///< one per node; scale and shift for kBatchNorm
    std::shared_ptr<const WeightSet> source;
    std::vector<std::shared_ptr<const std::vector<float>>> derived;  ///< what spans of kBatchNorm refer to
};

/// Looks up every weight of the graph in `file` and checks its shape. Throws Error{model} naming file, key and shapes.
[[nodiscard]] Network bind_network(Graph graph, std::shared_ptr<const WeightSet> weights, const std::string& file);

/// The graph with zeros for all weights: what a network needs in memory and time does not depend on their values.
[[nodiscard]] Network blank_network(Graph graph);

}  // namespace jpegai
