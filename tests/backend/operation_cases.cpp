#include "tests/backend/operation_cases.h"

#include <array>
#include <cstdlib>
#include <limits>

#include "networks/blocks.h"
#include "tests/support/random_network.h"

namespace jpegai::test {

namespace {

using Value = GraphBuilder::Value;
using Bias = GraphBuilder::Bias;

/// One input, one output.
Case unary(Draw& draw, std::size_t channels, Size size, const std::function<Value(GraphBuilder&, Value)>& body) {
    (void)draw;
    GraphBuilder b("operation");
    const Value x = b.input("x", channels);
    return {b.finish({body(b, x)}), {size}};
}

/// An operation on any number of channels.
Operation simple(const char* name, Value (GraphBuilder::*member)(Value)) {
    return {name, [member](Draw& d) {
                return unary(d, d.channels(), d.size(), [&](GraphBuilder& b, Value x) { return (b.*member)(x); });
            }};
}

Operation binary(const char* name, Value (GraphBuilder::*member)(Value, Value)) {
    return {name, [member](Draw& d) {
                GraphBuilder b("operation");
                const std::size_t channels = d.channels();
                const Size size = d.size();
                const Value x = b.input("x", channels), y = b.input("y", channels);
                return Case{b.finish({(b.*member)(x, y)}), {size, size}};
            }};
}

/// A convolution and what follows it.
Operation conv(const char* name, const std::function<Value(GraphBuilder&, Value, Draw&)>& body) {
    return {name, [body](Draw& d) {
                const std::size_t channels = d.channels();
                return unary(d, channels, d.size(), [&](GraphBuilder& b, Value x) { return body(b, x, d); });
            }};
}

Value any_conv3x3(GraphBuilder& b, Value x, Draw& d) {
    return b.conv3x3(x, "c", d.channels(), 1, d.coin() ? Bias::kYes : Bias::kNo);
}

/// Groups of as many input as output channels, and of unequal numbers.
Case grouped(Draw& d) {
    const std::size_t in = d.large() ? 16 : d.coin() ? d.number(1, 20) : 16 * d.number(1, 2);
    const std::size_t out = d.large() || d.coin() ? in : d.number(1, 20), groups = d.large() ? 4 : d.number(2, 4);
    return unary(d, in * groups, d.size(),
                 [&](GraphBuilder& b, Value x) { return b.conv3x3(x, "c", out * groups, 1, Bias::kNo, groups); });
}

Case depthwise(Draw& d) {
    const std::size_t channels = d.channels();
    return unary(d, channels, d.size(), [&](GraphBuilder& b, Value x) {
        return b.conv3x3(x, "c", channels, 1, d.coin() ? Bias::kYes : Bias::kNo, channels);
    });
}

/// other + conv(x), other + relu(conv(x)), other * (1 + conv(x)), with the ReLU6 of the sum for another reader.
Case with_other(Draw& d, std::size_t kind) {
    GraphBuilder b("operation");
    const std::size_t channels = d.channels();
    const Size size = d.size();
    const Value x = b.input("x", channels), other = b.input("other", channels);
    Value sum = d.coin() ? b.conv3x3(x, "c", channels) : b.conv1x1(x, "c", channels);
    if (kind == 1) sum = b.relu(sum);
    const Value result = kind == 2 ? b.gate(other, sum) : d.coin() ? b.add(other, sum) : b.add(sum, other);
    if (d.coin()) return {b.finish({result, b.relu6(result)}), {size, size}};
    return {b.finish({result}), {size, size}};
}

/// ResAU, whose ReLU6 is a second output of the layer before it.
Case resau_case(Draw& d) {
    const std::size_t groups = d.large() ? 4 : d.number(1, 3),
                      channels = groups * (d.large() || d.coin() ? 16 : d.number(1, 20));
    return unary(d, channels, d.size(),
                 [&](GraphBuilder& b, Value x) { return resau(b, b.conv3x3(x, "a", channels), "b", groups); });
}

/// The last layer of a synthesis: few channels, cropped, as samples.
Case samples_out(Draw& d, bool transposed) {
    const Size half = d.size();
    const Size nominal = {2 * half.rows - (d.coin() ? 1 : 0), 2 * half.cols - (d.coin() ? 1 : 0)};
    const std::size_t planes = d.large() ? 1 : d.number(1, 3), channels = d.channels();
    Case result = unary(d, channels, half, [&](GraphBuilder& b, Value x) {
        const Value y =
            transposed ? b.conv_transpose(x, "c", planes, 3) : b.pixel_shuffle(b.conv3x3(x, "c", 4 * planes), 2);
        return b.crop(b.denormalise(y), 1);
    });
    result.nominal = nominal;
    return result;
}

Case attention(Draw& d) {
    const std::size_t heads = d.large() ? 4 : d.number(1, 3);
    const std::size_t channels = heads * (d.large() ? 16 : d.coin() ? 16 * d.number(1, 2) : d.number(1, 20));
    return unary(d, 3 * channels, d.size(),
                 [&](GraphBuilder& b, Value x) { return b.channel_attention(x, "t", heads); });
}

/// Layer norm, attention with its depthwise layers, and the feed-forward part.
Case transformer(Draw& d) {
    return unary(d, d.large() ? 64 : 64 * d.number(1, 2), d.size(),
                 [&](GraphBuilder& b, Value x) { return tam(b, x, "tam", false); });
}

Case phases(Draw& d) {
    return unary(d, d.channels(), d.size(), [&](GraphBuilder& b, Value x) {
        const Value even = b.pad_zero_even(x);
        std::array<Value, 4> parts{};
        for (std::size_t p = 0; p < 4; ++p) parts[p] = b.relu(b.phase_split(even, p));
        return b.phase_merge(parts);
    });
}

/// Slices of a concatenation, at borders of blocks and elsewhere.
Case slices(Draw& d) {
    GraphBuilder b("operation");
    const Size size = d.size();
    const Value x = b.input("x", d.channels()), y = b.input("y", d.channels());
    const Value both = b.concat({b.abs(x), y, b.conv1x1(x, "c", d.channels())});
    const std::size_t all = b.channels(both), first = d.coin() ? 16 * (all / 32) : d.number(0, all - 1);
    const Value part = b.slice(both, first, d.number(1, all - first));
    return {b.finish({part, b.conv1x1(part, "d", d.channels())}), {size, size}};
}

Case crop_and_pad(Draw& d) {
    const Size size = d.size();
    Case result = unary(d, d.channels(), size, [&](GraphBuilder& b, Value x) {
        return b.conv3x3(b.crop(b.relu(b.conv3x3(b.pad_replicate(x, 4), "c", d.channels())), 1), "d", d.channels());
    });
    result.nominal = {d.number(1, size.rows), d.number(1, size.cols)};
    return result;
}

}  // namespace

std::vector<Operation> convolutions() {
    return {
        conv("conv1x1", [](GraphBuilder& b, Value x, Draw& d) { return b.conv1x1(x, "c", d.channels(), Bias::kYes); }),
        conv("conv3x3", any_conv3x3),
        conv("conv3x3 stride 2", [](GraphBuilder& b, Value x, Draw& d) { return b.conv3x3(x, "c", d.channels(), 2); }),
        conv("conv1x3", [](GraphBuilder& b, Value x, Draw& d) { return b.conv_same(x, "c", d.channels(), 1, 3); }),
        conv("conv3x1", [](GraphBuilder& b, Value x, Draw& d) { return b.conv_same(x, "c", d.channels(), 3, 1); }),
        conv("conv5x5", [](GraphBuilder& b, Value x, Draw& d) { return b.conv_same(x, "c", d.channels(32), 5, 5); }),
        conv("conv2x2 shuffle",
             [](GraphBuilder& b, Value x, Draw& d) { return b.conv2x2_shuffle(x, "c", d.channels()); }),
        conv("conv3x3 shuffle",
             [](GraphBuilder& b, Value x, Draw& d) { return b.pixel_shuffle(b.conv3x3(x, "c", 4 * d.blocks(2)), 2); }),
        conv("transposed 4x4",
             [](GraphBuilder& b, Value x, Draw& d) { return b.conv_transpose(x, "c", d.channels(), 4); }),
        conv("transposed 3x3",
             [](GraphBuilder& b, Value x, Draw& d) { return b.conv_transpose(x, "c", d.channels(), 3); }),
        conv("conv3x3 relu", [](GraphBuilder& b, Value x, Draw& d) { return b.relu(any_conv3x3(b, x, d)); }),
        conv("conv3x3 relu6", [](GraphBuilder& b, Value x, Draw& d) { return b.relu6(any_conv3x3(b, x, d)); }),
        conv("conv3x3 leaky relu",
             [](GraphBuilder& b, Value x, Draw& d) { return b.leaky_relu(any_conv3x3(b, x, d)); }),
        {"conv add", [](Draw& d) { return with_other(d, 0); }},
        {"conv relu add", [](Draw& d) { return with_other(d, 1); }},
        {"conv gate", [](Draw& d) { return with_other(d, 2); }},
        {"grouped 3x3", grouped},
        {"depthwise 3x3", depthwise},
        {"transposed to samples", [](Draw& d) { return samples_out(d, true); }},
        {"shuffle to samples", [](Draw& d) { return samples_out(d, false); }},
    };
}

std::vector<Operation> others() {
    return {
        simple("relu", &GraphBuilder::relu),
        simple("relu6", &GraphBuilder::relu6),
        simple("leaky relu", &GraphBuilder::leaky_relu),
        simple("sigmoid", &GraphBuilder::sigmoid),
        simple("abs", &GraphBuilder::abs),
        simple("normalise", &GraphBuilder::normalise),
        simple("denormalise", &GraphBuilder::denormalise),
        binary("add", &GraphBuilder::add),
        binary("multiply", &GraphBuilder::mul),
        binary("gate", &GraphBuilder::gate),
        conv("scale", [](GraphBuilder& b, Value x, Draw&) { return b.scale(x, "s"); }),
        conv("batch norm", [](GraphBuilder& b, Value x, Draw&) { return b.batch_norm(x, "n"); }),
        {"layer norm",
         [](Draw& d) {
             return unary(d, d.blocks(), d.size(), [](GraphBuilder& b, Value x) { return b.layer_norm(x, "n"); });
         }},
        {"ELU gate",
         [](Draw& d) {
             return unary(d, 2 * d.channels(), d.size(), [](GraphBuilder& b, Value x) { return b.elu_gate(x); });
         }},
        {"pixel shuffle",
         [](Draw& d) {
             const std::size_t factor = d.number(2, 4);
             return unary(d, factor * factor * d.number(1, 20), d.size(),
                          [&](GraphBuilder& b, Value x) { return b.pixel_shuffle(x, factor); });
         }},
        {"Haar split and merge",
         [](Draw& d) {
             return unary(d, d.channels(20), d.even_size(),
                          [](GraphBuilder& b, Value x) { return b.haar_merge(b.abs(b.haar_split(x))); });
         }},
        {"phase split and merge", phases},
        {"slice and concat", slices},
        {"crop and pad", crop_and_pad},
        {"channel attention", attention},
        {"residual attention unit", resau_case},
        {"convolutional attention",
         [](Draw& d) {
             return unary(d, d.blocks(3), d.even_size(), [](GraphBuilder& b, Value x) { return cab(b, x, "cab"); });
         },
         6},
        {"transformer blocks", transformer, 5},
    };
}

std::vector<Array3<float>> make_inputs(const Case& c, std::uint64_t seed, bool special) {
    constexpr float kInfinity = std::numeric_limits<float>::infinity();
    constexpr std::array<float, 8> kSpecial = {
        0.0F, -0.0F, kInfinity, -kInfinity, std::numeric_limits<float>::quiet_NaN(), 1e-40F, -3.4e38F, 104.5F};
    std::vector<Array3<float>> inputs;
    for (std::size_t k = 0; k < c.sizes.size(); ++k) {
        inputs.push_back(random_array(c.graph.nodes[c.graph.inputs[k]].out_channels, c.sizes[k], seed + k, 3.0F));
        if (!special) continue;
        std::mt19937_64 random(seed + k);
        for (float& x : inputs.back().span()) {
            if (random() % 50 == 0) x = kSpecial[random() % kSpecial.size()];
        }
    }
    return inputs;
}

std::vector<const Array3<float>*> pointers(const std::vector<Array3<float>>& arrays) {
    std::vector<const Array3<float>*> list;
    for (const Array3<float>& array : arrays) list.push_back(&array);
    return list;
}

std::string describe(const Case& c) {
    std::string text;
    for (std::size_t k = 0; k < c.sizes.size(); ++k) {
        text += std::to_string(c.graph.nodes[c.graph.inputs[k]].out_channels) + "x" + std::to_string(c.sizes[k].rows) +
                "x" + std::to_string(c.sizes[k].cols) + " ";
    }
    return text + "-> " + std::to_string(c.graph.nodes[c.graph.outputs[0]].out_channels) + " channels";
}

std::uint64_t chosen_seed() {
    const char* const seed = std::getenv("JPEGAI_CHECKASM_SEED");
    return seed != nullptr ? std::strtoull(seed, nullptr, 10) : 1;
}

}  // namespace jpegai::test
