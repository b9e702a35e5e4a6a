// Shapes, parameters and work of every network against the tables of 03 (tests/data/networks/layers.json).
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/math.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/graph_builder.h"
#include "networks/registry.h"
#include "tests/support/random_network.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai::test {

namespace {

using nlohmann::json;

const std::map<std::string, Op>& table_operations() {
    static const std::map<std::string, Op> names = {
        {"Conv", Op::kConv},
        {"ConvT", Op::kConvTranspose},
        {"ReLU", Op::kRelu},
        {"ReLU6", Op::kRelu6},
        {"LeakyReLU 0.01", Op::kLeakyRelu},
        {"normalise", Op::kNormalise},
        {"denormalise", Op::kDenormalise},
        {"PixelShuffle(2)", Op::kPixelShuffle},
        {"PixelShuffle(4)", Op::kPixelShuffle},
        {"PixelShuffle(8)", Op::kPixelShuffle},
        {"LayerNorm over C (weight,bias)", Op::kLayerNorm},
        {"softmax last dim", Op::kChannelAttention},
        {"ELU(α=1) on first half, × second half", Op::kEluGate},
    };
    return names;
}

/// The operation of a table row; kInput for rows that have no node of their own.
Op row_operation(const json& row) {
    const std::string op = row.at("op");
    if (op.starts_with("PAD")) return Op::kPadReplicate;
    if (op.starts_with("CROP")) return Op::kCrop;
    const auto found = table_operations().find(op);
    return found == table_operations().end() ? Op::kInput : found->second;
}

bool is_convolution(Op op) {
    return op == Op::kConv || op == Op::kConvTranspose;
}

/// A node belongs to a row if it does the same and, for layers with weights, has the row's name.
bool matches(const Node& node, const json& row, Op op) {
    if (node.op != op) return false;
    if (!is_convolution(op) && op != Op::kLayerNorm) return true;
    const std::string key = row.at("key");
    return node.name == key || node.name.ends_with("." + key);
}

void expect_convolution(const Node& node, const Graph& graph, const json& row) {
    EXPECT_EQ(graph.nodes[node.inputs[0]].out_channels, row.at("in").get<std::size_t>());
    EXPECT_EQ(node.out_channels, row.at("out").get<std::size_t>());
    EXPECT_EQ(node.kernel_rows, row.at("kernel").get<std::size_t>());
    EXPECT_EQ(node.kernel_cols, row.at("kernel").get<std::size_t>());
    EXPECT_EQ(node.stride, row.at("stride").get<std::size_t>());
    EXPECT_EQ(node.groups, row.at("groups").get<std::size_t>());
    EXPECT_EQ(!node.bias.empty(), row.at("bias").get<bool>());
}

void expect_shape(const Shape& shape, const json& row, const char* column) {
    if (!row.contains(column) || row.at("op") == "softmax last dim") return;
    const auto wanted = row.at(column).get<std::array<std::size_t, 3>>();
    EXPECT_EQ(shape, (Shape{wanted[0], {wanted[1], wanted[2]}})) << column;
}

struct TableCase {
    std::string name;
    KnownGraph known;
};

std::vector<Size> input_sizes(const KnownGraph& known, Size nominal) {
    std::vector<Size> sizes;
    for (std::size_t k = 0; k < known.graph.inputs.size(); ++k) {
        sizes.push_back({ceil_div(nominal.rows, known.divisors[k]), ceil_div(nominal.cols, known.divisors[k])});
    }
    return sizes;
}

std::vector<TableCase> table_cases() {
    const json tables = load_json(data_path("networks/layers.json"));
    std::vector<TableCase> cases;
    for (KnownGraph& known : known_graphs()) {
        if (tables.contains(known.graph.name)) cases.push_back({known.graph.name, std::move(known)});
    }
    EXPECT_EQ(cases.size(), tables.size());
    return cases;
}

TEST(Graphs, LayersMatchTheTables) {
    const json tables = load_json(data_path("networks/layers.json"));
    constexpr Size kEven = {1024, 1024}, kOdd = {203, 301};
    for (const TableCase& c : table_cases()) {
        const Graph& graph = c.known.graph;
        const auto even = infer_shapes(graph, input_sizes(c.known, kEven), kEven);
        const auto odd = infer_shapes(graph, input_sizes(c.known, kOdd), kOdd);
        std::size_t next = 0;
        for (const json& row : tables.at(c.name).at("layers")) {
            const Op op = row_operation(row);
            if (op == Op::kInput) continue;
            SCOPED_TRACE(c.name + ": " + row.dump());
            while (next < graph.nodes.size() && !matches(graph.nodes[next], row, op)) ++next;
            ASSERT_LT(next, graph.nodes.size()) << "no such node after the previous row's";
            if (is_convolution(op)) expect_convolution(graph.nodes[next], graph, row);
            expect_shape(even[next], row, "shape_1024x1024");
            expect_shape(odd[next], row, "shape_203x301");
            ++next;
        }
    }
}

TEST(Graphs, EveryTableRowHasANodeAndEveryConvolutionARow) {
    const json tables = load_json(data_path("networks/layers.json"));
    for (const TableCase& c : table_cases()) {
        std::multiset<Op> rows, nodes;
        const std::set<Op> counted = {
            Op::kConv,      Op::kConvTranspose,    Op::kRelu6,       Op::kPadReplicate, Op::kEluGate,
            Op::kLayerNorm, Op::kChannelAttention, Op::kPixelShuffle};
        for (const json& row : tables.at(c.name).at("layers")) {
            if (counted.contains(row_operation(row))) rows.insert(row_operation(row));
        }
        for (const Node& n : c.known.graph.nodes) {
            if (counted.contains(n.op)) nodes.insert(n.op);
        }
        EXPECT_EQ(rows, nodes) << c.name;
    }
}

TEST(Graphs, ParametersAndWorkMatchTheTables) {
    const json tables = load_json(data_path("networks/layers.json"));
    constexpr Size kNominal = {1024, 1024};
    for (const TableCase& c : table_cases()) {
        const json& table = tables.at(c.name);
        EXPECT_EQ(count_parameters(c.known.graph), table.at("parameters").get<std::uint64_t>()) << c.name;
        const auto macs = static_cast<double>(count_macs(c.known.graph, input_sizes(c.known, kNominal), kNominal));
        EXPECT_EQ(macs / (1024.0 * 1024.0), table.at("macs_per_sample").get<double>()) << c.name;
    }
}

/// Files of one trained model with their graphs (03 section 1.1).
std::map<std::string, std::vector<Graph>> graphs_by_file() {
    std::map<std::string, std::vector<Graph>> files;
    const auto put = [&](NetworkKind kind, OperatingPoint point, Component component, std::size_t model) {
        files[network_file(kind, point, component, model)].push_back(network_graph(kind, point, component));
    };
    for (std::size_t model = 0; model < kModels; ++model) {
        for (const Component component : {kPrimary, kSecondary}) {
            put(NetworkKind::kAnalysis, OperatingPoint::kBop, component, model);
            put(NetworkKind::kAnalysis, OperatingPoint::kHop, component, model);
            for (const auto point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
                put(NetworkKind::kSynthesis, point, component, model);
            }
            put(NetworkKind::kHyperEncoder, OperatingPoint::kBop, component, model);
            put(NetworkKind::kHyperDecoder, OperatingPoint::kBop, component, model);
        }
        put(NetworkKind::kContextModel, OperatingPoint::kBop, kPrimary, model);
    }
    for (const auto bank : {OperatingPoint::kBop, OperatingPoint::kHop}) {
        for (std::size_t i = 0; i < kEicciNetworks; ++i) {
            files[eicci_file(bank, i)] = {eicci_luma_graph(), eicci_chroma_graph()};
        }
    }
    return files;
}

bool used_elsewhere(const std::string& key) {
    for (const char* start : {"entropy.", "hyper_entropy.", "hyper_scale_decoder.", "vr_vec."}) {
        if (key.starts_with(start)) return true;
    }
    return key.ends_with(".num_batches_tracked");
}

TEST(Graphs, UseEveryCheckpointTensorOnce) {
    JPEGAI_NEEDS_SHARED();
    const json layout = load_json(shared_dir() / "vectors/checkpoint-layout.json");
    const auto files = graphs_by_file();
    EXPECT_EQ(files.size(), layout.size());
    for (const auto& [file, graphs] : files) {
        ASSERT_TRUE(layout.contains(file + ".pth")) << file;
        std::map<std::string, json> left = layout.at(file + ".pth").get<std::map<std::string, json>>();
        for (const Graph& graph : graphs) {
            for (const Parameter& p : list_parameters(graph)) {
                const auto found = left.find(p.key);
                ASSERT_NE(found, left.end()) << file << ": " << p.key << " is missing or used twice";
                EXPECT_EQ(found->second.at("shape").get<std::vector<std::size_t>>(), p.shape) << file << ": " << p.key;
                EXPECT_EQ(found->second.at("dtype"), "float32") << file << ": " << p.key;
                left.erase(found);
            }
        }
        for (const auto& [key, tensor] : left)
            EXPECT_TRUE(used_elsewhere(key)) << file << ": " << key << " is not used";
    }
}

TEST(Graphs, SimplePointSharesTheBaseAnalysis) {
    EXPECT_EQ(network_file(NetworkKind::kAnalysis, OperatingPoint::kSop, kSecondary, 3), "VM_bop/encoder_UV_0.5");
    EXPECT_EQ(network_file(NetworkKind::kSynthesis, OperatingPoint::kSop, kPrimary, 0), "VM_sop/decoder_Y_0.002");
    EXPECT_EQ(eicci_file(OperatingPoint::kSop, 9), "eICCI_bophop_2d020448_20240229/eicci_bop_mss100_300k");
    EXPECT_EQ(thrown_code([] { (void)common_file(kPrimary, kModels); }), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(thrown_code([] { (void)eicci_file(OperatingPoint::kHop, 10); }), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(thrown_code([] { (void)network_graph(NetworkKind::kContextModel, {}, kSecondary); }),
              JPEGAI_ERROR_INTERNAL);
}

TEST(Graphs, LastUseKeepsResultsToTheEnd) {
    GraphBuilder b("test");
    const auto x = b.input("x", 16);
    const auto y = b.relu(x), z = b.abs(x), unused = b.sigmoid(x);
    const Graph graph = b.finish({b.add(y, z), y});
    const std::vector<std::size_t> last = last_uses(graph);
    EXPECT_EQ(last[x], unused);
    EXPECT_EQ(last[z], 4U);
    EXPECT_EQ(last[unused], unused);
    EXPECT_EQ(last[y], graph.nodes.size());
}

Graph one_layer(std::size_t in, std::size_t out, std::size_t groups) {
    GraphBuilder b("test");
    return b.finish({b.conv3x3(b.input("x", in), "layer", out, 1, GraphBuilder::Bias::kYes, groups)});
}

TEST(Graphs, ContradictionsAreRefused) {
    EXPECT_EQ(thrown_code([] { (void)one_layer(16, 24, 5); }), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(thrown_code([] { (void)one_layer(16, 24, 0); }), JPEGAI_ERROR_INTERNAL);
    Graph graph = one_layer(16, 24, 8);
    graph.nodes[1].inputs = {1};
    EXPECT_EQ(thrown_code([&] { check_graph(graph); }), JPEGAI_ERROR_INTERNAL);
    graph.nodes[1].inputs = {0, 0};
    EXPECT_EQ(thrown_code([&] { check_graph(graph); }), JPEGAI_ERROR_INTERNAL);
    graph.nodes[1].inputs = {0};
    graph.nodes[1].op = Op::kRelu;
    EXPECT_EQ(thrown_code([&] { check_graph(graph); }), JPEGAI_ERROR_INTERNAL);
}

TEST(Graphs, SizesThatDoNotFitAreRefused) {
    const Graph synthesis = network_graph(NetworkKind::kSynthesis, OperatingPoint::kBop, kPrimary);
    const auto shapes_for = [&](std::vector<Size> inputs, Size nominal) {
        return thrown_code([&] { (void)infer_shapes(synthesis, inputs, nominal); });
    };
    EXPECT_EQ(shapes_for({{4, 4}}, {65, 64}), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(shapes_for({{4, 4}}, {0, 64}), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(shapes_for({{0, 4}}, {64, 64}), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(shapes_for({}, {64, 64}), JPEGAI_ERROR_INTERNAL);
    const Graph context = context_model_graph();
    const std::vector<Size> mismatched = {{4, 4}, {3, 2}};
    EXPECT_EQ(thrown_code([&] { (void)infer_shapes(context, mismatched, {64, 64}); }), JPEGAI_ERROR_INTERNAL);
}

std::shared_ptr<const WeightSet> one_layer_weights(DType type, std::vector<std::size_t> shape) {
    Tensor weight, bias;
    weight.dtype = type;
    weight.shape = std::move(shape);
    weight.bytes.resize(weight.count() * dtype_size(type));
    bias.shape = {24};
    bias.bytes.resize(24 * sizeof(float));
    std::map<std::string, Checkpoint, std::less<>> files;
    files["file"] = {{"layer.weight", weight}, {"layer.bias", bias}};
    return weights_from_memory("test", files);
}

TEST(Binding, ChecksFilesKeysShapesAndTypes) {
    const auto bind = [](std::shared_ptr<const WeightSet> weights, const char* file, std::size_t groups) {
        return thrown_code([&] { (void)bind_network(one_layer(16, 24, groups), weights, file); });
    };
    const auto good = one_layer_weights(DType::kFloat32, {24, 16, 3, 3});
    EXPECT_NO_THROW((void)bind_network(one_layer(16, 24, 1), good, "file"));
    EXPECT_EQ(bind(good, "other", 1), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(bind(good, "file", 2), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(bind(one_layer_weights(DType::kFloat32, {16, 24, 3, 3}), "file", 1), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(bind(one_layer_weights(DType::kInt32, {24, 16, 3, 3}), "file", 1), JPEGAI_ERROR_MODEL);
}

}  // namespace

}  // namespace jpegai::test
