#include "backend/cuda/network_plan.h"

#include <algorithm>
#include <limits>
#include <map>

#include "backend/cuda/attention.h"
#include "backend/cuda/conv_pack.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai::cuda {

namespace {

constexpr std::size_t kAlignment = 256, kNever = ~std::size_t{0};

/// Bytes [0, ...) given out by first fit.
class Arena {
public:
    std::size_t take(std::size_t bytes) {
        for (auto hole = holes_.begin(); hole != holes_.end(); ++hole) {
            if (hole->second < bytes) continue;
            const std::size_t offset = hole->first, left = hole->second - bytes;
            holes_.erase(hole);
            if (left > 0) holes_.emplace(offset + bytes, left);
            return offset;
        }
        std::size_t offset = end_;
        if (!holes_.empty()) {  // the last hole may reach the end
            const auto last = std::prev(holes_.end());
            if (last->first + last->second == end_) {
                offset = last->first;
                holes_.erase(last);
            }
        }
        end_ = checked_add(offset, bytes);
        most_ = std::max(most_, end_);
        return offset;
    }
    void give_back(std::size_t offset, std::size_t bytes) {
        auto next = holes_.lower_bound(offset);
        if (next != holes_.end() && offset + bytes == next->first) {
            bytes += next->second;
            next = holes_.erase(next);
        }
        if (next != holes_.begin()) {
            const auto before = std::prev(next);
            if (before->first + before->second == offset) {
                before->second += bytes;
                return;
            }
        }
        holes_.emplace(offset, bytes);
    }
    [[nodiscard]] std::size_t most() const { return most_; }

private:
    std::map<std::size_t, std::size_t> holes_;
    std::size_t end_ = 0, most_ = 0;
};

std::size_t aligned(std::size_t bytes) {
    return checked_mul(ceil_div(bytes, kAlignment), kAlignment);
}

Plan::Place make_place(const Value& value, const Shape& shape) {
    Plan::Place place;
    constexpr std::size_t kRowAlignment = 4;  // floats of a 16-byte access
    place.row_stride = value.dense ? shape.size.cols : ceil_div(shape.size.cols, kRowAlignment) * kRowAlignment;
    place.plane_stride = checked_mul(place.row_stride, shape.size.rows);
    // Vectors of the last row may reach into the alignment.
    place.bytes = aligned(checked_mul(checked_mul(place.plane_stride, value.channels), sizeof(float)));
    if (place.plane_stride > static_cast<std::size_t>(std::numeric_limits<int>::max() / 2)) {
        throw Error(JPEGAI_ERROR_LIMIT, "CUDA: a plane is too large");
    }
    return place;
}

Plan::AttentionPlaces place_attention(Arena& arena, const Layer& layer, const Shape& in, const Shape& out) {
    const std::size_t d = out.channels / layer.factor, length = layer.factor * (d * d + 2 * d);
    Plan::AttentionPlaces places;
    places.segments_per_row = ceil_div(in.size.cols, std::size_t{256});
    places.segments = places.segments_per_row * in.size.rows;
    std::size_t bytes[4] = {
        checked_mul(places.segments, length * sizeof(float)),
        checked_mul(ceil_div(places.segments, std::size_t{kAttentionGroup}), length * sizeof(float)),
        layer.factor * d * d * sizeof(float),
        layer.factor * layer.tiles_per_group * layer.tile_channels * d * sizeof(float),
    };
    std::size_t* const offsets[4] = {&places.sums[0], &places.sums[1], &places.scratch, &places.weights};
    for (std::size_t k = 0; k < 4; ++k) *offsets[k] = arena.take(bytes[k] = aligned(bytes[k]));
    for (std::size_t k = 0; k < 4; ++k) arena.give_back(*offsets[k], bytes[k]);
    return places;
}

unsigned count_blocks(std::size_t blocks) {
    if (blocks > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
        throw Error(JPEGAI_ERROR_LIMIT, "CUDA: too many blocks");
    }
    return static_cast<unsigned>(std::max<std::size_t>(blocks, 1));
}

/// Queues one layer.
class Launcher {
public:
    Launcher(Stream& stream, const Graph& graph, const LayeredNetwork& network, const Plan& plan, std::size_t index,
             unsigned char* workspace, const float* parameters, const LaunchTarget& target)
        : stream_(stream),
          graph_(graph),
          plan_(plan),
          layer_(network.layers[index]),
          attention_(plan.attention[index]),
          workspace_(workspace),
          parameters_(parameters),
          target_(target) {}

    void launch() const {
        switch (layer_.kind) {
            case LayerKind::kConv:
                return launch_conv();
            case LayerKind::kDepthwise:
                return launch_depthwise();
            case LayerKind::kLayerNorm:
                return launch_layer_norm();
            case LayerKind::kAttention:
                return launch_attention();
            default:
                launch_map();
        }
    }

private:
    [[nodiscard]] float* floats(std::size_t offset) const { return reinterpret_cast<float*>(workspace_ + offset); }
    [[nodiscard]] View view(const Ref& ref) const {
        const Plan::Place& place = plan_.places[ref.value];
        const Shape& shape = plan_.shapes[ref.node];
        View v;
        v.data = floats(place.offset) + ref.channel * place.plane_stride;
        v.plane_stride = static_cast<long long>(place.plane_stride);
        v.channels = static_cast<int>(shape.channels);
        v.rows = static_cast<int>(shape.size.rows);
        v.cols = static_cast<int>(shape.size.cols);
        v.row_stride = static_cast<int>(place.row_stride);
        return v;
    }
    [[nodiscard]] Chain chain() const {
        Chain c;
        for (std::size_t k = 0; k < layer_.others.size(); ++k) c.others[k] = view(layer_.others[k]);
        for (const Layer::StepOf& step : layer_.steps) {
            c.entries[c.count++] = {step.step, static_cast<std::int32_t>(step.other), parameters_ + step.scale,
                                    parameters_ + step.shift};
        }
        return c;
    }
    void launch_conv() const;
    void launch_tiles(ConvParams& p) const;
    void launch_depthwise() const;
    void launch_layer_norm() const;
    void launch_attention() const;
    void launch_map() const;
    static bool flatten(ConvParams& p);
    void choose_copies(ConvParams& p, const ConvShape& shape) const;

    Stream& stream_;
    const Graph& graph_;
    const Plan& plan_;
    const Layer& layer_;
    const Plan::AttentionPlaces& attention_;
    unsigned char* workspace_;
    const float* parameters_;
    const LaunchTarget& target_;
};

/// Makes one row of all rows of a 1x1 convolution, where they lie alike in all values; what lies between rows is
/// computed too and belongs to nobody.
bool Launcher::flatten(ConvParams& p) {
    bool alike =
        p.shuffle == 1 && p.in.row_stride == p.out.row_stride && p.in.rows == p.out.rows && p.in.cols == p.out.cols;
    for (int k = 0; k < p.chain.count; ++k) {
        const Chain::Entry& entry = p.chain.entries[k];
        if (entry.step >= Step::kAdd && entry.step <= Step::kGated) {
            alike = alike && p.chain.others[entry.other].row_stride == p.in.row_stride;
        }
    }
    if (!alike) return false;
    const int samples = (p.in.rows - 1) * p.in.row_stride + p.in.cols;
    for (View* v : {&p.in, &p.out}) {
        v->rows = 1;
        v->cols = samples;
    }
    return true;
}

void Launcher::launch_tiles(ConvParams& p) const {
    const bool transposed = layer_.conv == ConvKind::kTransposed3 || layer_.conv == ConvKind::kTransposed4;
    const bool flat = layer_.conv == ConvKind::kPointwise && flatten(p);
    p.tile_channels = static_cast<int>(layer_.tile_channels);
    p.tiles_per_group = static_cast<int>(layer_.tiles_per_group);
    const int rows = transposed ? p.in.rows : ceil_div(p.out.rows, p.shuffle);
    const int cols = transposed ? p.in.cols : ceil_div(p.out.cols, p.shuffle);
    const auto in_group = static_cast<std::size_t>(p.in_per_group);
    const auto count = [&](const ConvShape& shape) {
        p.tiles_x = ceil_div(cols, static_cast<int>(shape.cols));
        p.tiles_y = ceil_div(rows, static_cast<int>(shape.rows));
        return checked_mul(checked_mul(static_cast<std::size_t>(p.tiles_x), static_cast<std::size_t>(p.tiles_y)),
                           static_cast<std::size_t>(p.groups * p.tiles_per_group) * (transposed ? 2 : 1));
    };
    ConvTile best = ConvTile::kLarge;
    double least = std::numeric_limits<double>::infinity();
    for (const ConvTile tile : kConvTiles) {
        if (conv_kernel(layer_.conv, tile) == nullptr) continue;
        const ConvShape shape = conv_shape(layer_.conv, tile, layer_.tile_channels, in_group, flat);
        const double cost =
            conv_cost(layer_.conv, tile, count(shape), shape.threads, target_.device->info().processors);
        if (target_.choice.tile ? tile == *target_.choice.tile : cost < least) {
            best = tile;
            least = cost;
        }
    }
    const ConvShape shape = conv_shape(layer_.conv, best, layer_.tile_channels, in_group, flat);
    p.threads_x = static_cast<int>(shape.threads_x);
    p.tile_rows = static_cast<int>(shape.rows);
    p.pitch = static_cast<int>(shape.pitch);
    p.chunk = static_cast<int>(shape.chunk);
    choose_copies(p, shape);
    stream_.launch(*conv_kernel(layer_.conv, best), {count_blocks(count(shape))}, {shape.threads}, shape.shared_bytes,
                   p);
}

/// Bulk copies, where the device has them and the inputs lie as they want it.
void Launcher::choose_copies(ConvParams& p, const ConvShape& shape) const {
    constexpr unsigned kLargestBox = 256;
    constexpr int kFloats = 4;  // of 16 bytes
    const bool possible = target_.choice.bulk && target_.device->copies_in_bulk() &&
                          begins_aligned(layer_.conv, p.pad_left) && shape.pitch <= kLargestBox &&
                          shape.patch_rows <= kLargestBox && p.in.row_stride % kFloats == 0 &&
                          p.in.plane_stride % kFloats == 0 && reinterpret_cast<std::uintptr_t>(p.in.data) % 16 == 0;
    if (!possible) return;
    TensorBox box{};
    box.data = p.in.data;
    box.size[0] = static_cast<std::uint32_t>(p.in.cols);
    box.size[1] = static_cast<std::uint32_t>(p.in.rows);
    box.size[2] = static_cast<std::uint32_t>(p.in.channels);
    box.strides[0] = static_cast<std::uint64_t>(p.in.row_stride) * sizeof(float);
    box.strides[1] = static_cast<std::uint64_t>(p.in.plane_stride) * sizeof(float);
    box.box[0] = shape.pitch;
    box.box[1] = shape.patch_rows;
    box.box[2] = shape.chunk;
    p.in_map = target_.device->map_tensor(box);
    p.bulk = 1;
}

void Launcher::launch_conv() const {
    const Node& n = graph_.nodes[layer_.nodes[0]];
    ConvParams p{};
    p.in = view(layer_.inputs[0]);
    p.out = view(layer_.output);
    p.weights = parameters_ + layer_.weights;
    p.own_weights = parameters_ + layer_.own_weights;
    p.bias = layer_.has_bias ? parameters_ + layer_.bias : nullptr;
    p.groups = static_cast<int>(n.groups);
    p.in_per_group = p.in.channels / p.groups;
    p.out_per_group = static_cast<int>(n.out_channels / n.groups);
    p.pad_top = static_cast<int>(n.pad_top);
    p.pad_left = static_cast<int>(n.pad_left);
    p.shuffle = static_cast<int>(layer_.shuffle);
    p.kernel_rows = static_cast<int>(n.kernel_rows);
    p.kernel_cols = static_cast<int>(n.kernel_cols);
    p.stride = static_cast<int>(n.stride);
    p.tiny = layer_.tiny;
    p.chain = chain();
    if (layer_.conv == ConvKind::kNarrowTransposed3) {
        const auto blocks_x = static_cast<unsigned>(ceil_div(p.in.cols, 32));
        const auto blocks_y = static_cast<unsigned>(ceil_div(p.in.rows, 4));
        const std::size_t shared = static_cast<std::size_t>(12 * p.in_per_group) * sizeof(float);
        stream_.launch(conv_narrow_transposed3_kernel, {blocks_x, blocks_y, static_cast<unsigned>(p.out_per_group)},
                       {32, 4}, shared, p);
        return;
    }
    if (layer_.conv != ConvKind::kAny) return launch_tiles(p);
    const auto rows = static_cast<std::size_t>(ceil_div(p.out.rows, p.shuffle));
    const auto cols = static_cast<std::size_t>(ceil_div(p.out.cols, p.shuffle));
    const std::size_t outputs = checked_mul(checked_mul(rows, cols), n.out_channels);
    stream_.launch(conv_any_kernel, {count_blocks(ceil_div(outputs, std::size_t{256}))}, {256}, 0, p);
}

void Launcher::launch_depthwise() const {
    DepthwiseParams p{};
    p.in = view(layer_.inputs[0]);
    p.out = view(layer_.output);
    p.weights = parameters_ + layer_.weights;
    p.bias = layer_.has_bias ? parameters_ + layer_.bias : nullptr;
    p.elu_gate = layer_.elu_gate ? 1 : 0;
    p.tiles_x = ceil_div(p.out.cols, 32);
    p.tiles_y = ceil_div(p.out.rows, 32);
    const std::size_t blocks = checked_mul(static_cast<std::size_t>(p.tiles_x) * static_cast<std::size_t>(p.tiles_y),
                                           static_cast<std::size_t>(p.out.channels));
    stream_.launch(depthwise_kernel, {count_blocks(blocks)}, {32, 4}, 0, p);
}

void Launcher::launch_layer_norm() const {
    LayerNormParams p{};
    p.in = view(layer_.inputs[0]);
    p.out = view(layer_.output);
    p.weight = parameters_ + layer_.weights;
    p.bias = parameters_ + layer_.bias;
    const auto blocks_x = static_cast<unsigned>(ceil_div(p.out.cols, 32));
    const auto blocks_y = static_cast<unsigned>(ceil_div(p.out.rows, 4));
    stream_.launch(layer_norm_kernel, {blocks_x, blocks_y}, {32, 4}, 0, p);
}

void Launcher::launch_attention() const {
    const View in = view(layer_.inputs[0]);
    const auto heads = static_cast<int>(layer_.factor);
    const int channels = in.channels / 3, d = channels / heads;
    AttentionSumsParams sums{};
    sums.in = in;
    sums.sums = floats(attention_.sums[0]);
    sums.channels = channels;
    sums.head_channels = d;
    sums.heads = heads;
    sums.segments_per_row = static_cast<int>(attention_.segments_per_row);
    const auto batches = static_cast<unsigned>(ceil_div(d * d, 256 * kPairs));
    const auto columns = static_cast<std::size_t>(2 * kAttentionColumns) * static_cast<std::size_t>(d + 1);
    stream_.launch(attention_sums_kernel, {count_blocks(attention_.segments), static_cast<unsigned>(heads), batches},
                   {256}, columns * sizeof(float), sums);

    std::size_t parts = attention_.segments, from = 0;
    const int length = heads * (d * d + 2 * d);
    while (parts > 1) {
        AttentionTreeParams tree{floats(attention_.sums[from]), floats(attention_.sums[1 - from]),
                                 static_cast<int>(parts), length};
        parts = ceil_div(parts, std::size_t{kAttentionGroup});
        stream_.launch(attention_tree_kernel, {static_cast<unsigned>(ceil_div(length, 128)), count_blocks(parts)},
                       {128}, 0, tree);
        from = 1 - from;
    }

    AttentionMatrixParams matrix{};
    matrix.sums = floats(attention_.sums[from]);
    matrix.temperature = parameters_ + layer_.weights;
    matrix.weights = floats(attention_.weights);
    matrix.scratch = floats(attention_.scratch);
    matrix.head_channels = d;
    matrix.tile_channels = static_cast<int>(layer_.tile_channels);
    matrix.tiles_per_group = static_cast<int>(layer_.tiles_per_group);
    stream_.launch(attention_matrix_kernel, {static_cast<unsigned>(heads)}, {128}, 0, matrix);

    ConvParams p{};
    p.in = in;
    p.in.data += 2 * channels * in.plane_stride;
    p.in.channels = channels;
    p.out = view(layer_.output);
    p.weights = matrix.weights;
    p.groups = heads;
    p.in_per_group = p.out_per_group = d;
    p.shuffle = p.stride = p.kernel_rows = p.kernel_cols = 1;
    launch_tiles(p);
}

void Launcher::launch_map() const {
    MapParams p{};
    p.in = view(layer_.inputs[0]);
    for (std::size_t k = 1; k < layer_.inputs.size(); ++k) p.more[k - 1] = view(layer_.inputs[k]);
    p.out = view(layer_.output);
    p.gather = layer_.gather;
    p.factor = static_cast<int>(layer_.factor);
    p.chain = chain();
    constexpr std::size_t kRowsPerBlock = 8, kMostBlocks = 1 << 16;
    const std::size_t rows =
        checked_mul(static_cast<std::size_t>(p.out.channels), static_cast<std::size_t>(p.out.rows));
    const std::size_t blocks = std::min(ceil_div(rows, kRowsPerBlock), kMostBlocks);
    stream_.launch(map_kernel, {count_blocks(blocks)}, {32, 8}, 0, p);
}

}  // namespace

Plan make_plan(const Graph& graph, const LayeredNetwork& network, std::span<const Size> inputs, Size nominal) {
    Plan plan;
    plan.shapes = infer_shapes(graph, inputs, nominal);
    const std::size_t layers = network.layers.size();
    std::vector<std::size_t> first(network.values.size(), kNever), last(network.values.size(), 0);
    for (const std::size_t v : network.inputs) first[v] = 0;
    for (std::size_t i = 0; i < layers; ++i) {
        const Layer& layer = network.layers[i];
        first[layer.output.value] = std::min(first[layer.output.value], i);
        last[layer.output.value] = i;
        for (const Ref& ref : layer.inputs) last[ref.value] = i;
        for (const Ref& ref : layer.others) last[ref.value] = i;
    }
    for (const std::size_t v : network.outputs) last[v] = layers;
    Arena arena;
    plan.places.resize(network.values.size());
    plan.attention.resize(layers);
    for (std::size_t v = 0; v < network.values.size(); ++v) {
        plan.places[v] = make_place(network.values[v], plan.shapes[network.values[v].size_node]);
    }
    for (const std::size_t v : network.inputs) plan.places[v].offset = arena.take(plan.places[v].bytes);
    for (std::size_t i = 0; i < layers; ++i) {
        const Layer& layer = network.layers[i];
        const std::size_t v = layer.output.value;
        if (first[v] == i) plan.places[v].offset = arena.take(plan.places[v].bytes);
        if (layer.kind == LayerKind::kAttention) {
            plan.attention[i] =
                place_attention(arena, layer, plan.shapes[layer.inputs[0].node], plan.shapes[layer.output.node]);
        }
        for (std::size_t k = 0; k < network.values.size(); ++k) {
            if (first[k] != kNever && last[k] == i) arena.give_back(plan.places[k].offset, plan.places[k].bytes);
        }
    }
    plan.bytes = arena.most();
    return plan;
}

void launch_layer(Stream& stream, const Graph& graph, const LayeredNetwork& network, const Plan& plan, std::size_t i,
                  unsigned char* workspace, const float* parameters, const LaunchTarget& target) {
    Launcher(stream, graph, network, plan, i, workspace, parameters, target).launch();
}

}  // namespace jpegai::cuda
