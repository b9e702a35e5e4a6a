#include "tests/support/tiny_weights.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "models/lazy_set.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/registry.h"
#include "spec/scale_tables.h"

namespace jpegai::test {
namespace {

class Generator {
public:
    explicit Generator(std::uint32_t seed) : state_(seed) {}
    /// -128..127
    int draw() {
        state_ = state_ * 1664525U + 1013904223U;
        return static_cast<int>(state_ >> 24) - 128;
    }

private:
    std::uint32_t state_;
};

template <class T>
Tensor make_tensor(DType dtype, std::vector<std::size_t> shape, const std::vector<T>& values) {
    Tensor tensor{dtype, std::move(shape), std::vector<std::uint8_t>(values.size() * sizeof(T))};
    std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
    return tensor;
}

/// Convolutions are scaled by their number of terms, so that activations stay moderate.
void add_graph(const Graph& graph, Checkpoint& tensors) {
    Generator random(7);
    for (const Parameter& p : list_parameters(graph)) {
        std::size_t count = 1;
        for (const std::size_t n : p.shape) count *= n;
        const bool variance = p.key.ends_with(".running_var");
        const float scale = 1.5F / 128 / std::sqrt(static_cast<float>(p.shape.size() == 4 ? count / p.shape[0] : 1));
        std::vector<float> values(count);
        for (float& value : values) value = variance ? 1.0F : scale * static_cast<float>(random.draw());
        tensors[p.key] = make_tensor(DType::kFloat32, p.shape, values);
    }
}

void add_integer_conv(const std::string& name, std::size_t out, std::size_t in, std::size_t kernel, int bias_factor,
                      std::int8_t shift, Checkpoint& tensors) {
    Generator random(static_cast<std::uint32_t>(out + in));
    std::vector<std::int8_t> weight(out * in * kernel * kernel);
    for (std::int8_t& value : weight) value = static_cast<std::int8_t>(random.draw() / 2);
    std::vector<std::int32_t> bias(out);
    for (std::int32_t& value : bias) value = random.draw() * bias_factor;
    const std::string prefix = "hyper_scale_decoder." + name + ".";
    tensors[prefix + "is_quantized"] = make_tensor<std::uint8_t>(DType::kBool, {1}, {1});
    tensors[prefix + "weight"] = make_tensor(DType::kInt8, {out, in, kernel, kernel}, weight);
    tensors[prefix + "bias"] = make_tensor(DType::kInt32, {out}, bias);
    tensors[prefix + "per_channel_shifts"] = make_tensor(DType::kInt8, {out}, std::vector<std::int8_t>(out, shift));
}

/// What the entropy stage reads.
void add_entropy(Component component, Checkpoint& tensors) {
    const std::size_t channels = kLatentChannels[component];
    add_integer_conv("conv1", channels, channels, 1, 1, 9, tensors);
    add_integer_conv("depthwise", channels, channels, 3, 1, 10, tensors);
    add_integer_conv("pointwise", 16 * channels, channels, 1, 16, 4, tensors);
    std::vector<std::int32_t> freqs;
    for (std::size_t c = 0; c < channels; ++c) {
        for (int k = 0; k < kHyperSymbols; ++k)
            freqs.push_back((1 << (20 - std::min(19, (1 + static_cast<int>(c % 4)) * std::abs(k - kHyperOffset)))) + 1);
    }
    tensors["hyper_entropy.is_quantized"] = make_tensor<std::uint8_t>(DType::kBool, {1}, {1});
    tensors["hyper_entropy.freqs_int"] = make_tensor(DType::kInt32, {channels, std::size_t{kHyperSymbols}}, freqs);
    std::vector<float> gains(channels * kGainColumns, 0.0F);
    Generator random(3);
    for (std::size_t c = 0; c < channels; ++c) gains[c * kGainColumns] = static_cast<float>(random.draw() | 1) / 128;
    tensors["vr_vec.c"] = make_tensor(DType::kFloat32, {channels, kGainColumns}, gains);
}

class TinyWeights final : public LazySet {
public:
    TinyWeights() : LazySet(names()) {}
    [[nodiscard]] std::string describe() const override { return "generated weights"; }
    [[nodiscard]] std::string name() const override { return "tiny"; }

private:
    static constexpr std::array<OperatingPoint, 3> kPoints = {OperatingPoint::kSop, OperatingPoint::kBop,
                                                              OperatingPoint::kHop};
    static std::vector<std::string> names() {
        std::vector<std::string> list;
        for (std::size_t model = 0; model < kModels; ++model) {
            for (const Component c : {kPrimary, kSecondary}) {
                list.push_back(common_file(c, model));
                for (const OperatingPoint point : kPoints)
                    list.push_back(network_file(NetworkKind::kSynthesis, point, c, model));
            }
        }
        for (const OperatingPoint bank : {OperatingPoint::kBop, OperatingPoint::kHop}) {
            for (std::size_t i = 0; i < kEicciNetworks; ++i) list.push_back(eicci_file(bank, i));
        }
        return list;
    }

    [[nodiscard]] Checkpoint read(const std::string& file) const override {
        Checkpoint tensors;
        if (file.starts_with("eICCI")) {
            add_graph(eicci_luma_graph(), tensors);
            add_graph(eicci_chroma_graph(), tensors);
            return tensors;
        }
        const Component component = file.find("UV_") != std::string::npos ? kSecondary : kPrimary;
        if (file.starts_with("VM_common")) {
            add_entropy(component, tensors);
            add_graph(network_graph(NetworkKind::kHyperDecoder, OperatingPoint::kBop, component), tensors);
            if (component == kPrimary) add_graph(context_model_graph(), tensors);
            return tensors;
        }
        const OperatingPoint point = file.starts_with("VM_sop")   ? OperatingPoint::kSop
                                     : file.starts_with("VM_bop") ? OperatingPoint::kBop
                                                                  : OperatingPoint::kHop;
        add_graph(network_graph(NetworkKind::kSynthesis, point, component), tensors);
        return tensors;
    }
};

}  // namespace

std::shared_ptr<const WeightSet> tiny_weights() {
    static const auto weights = std::make_shared<const TinyWeights>();
    return weights;
}

}  // namespace jpegai::test
