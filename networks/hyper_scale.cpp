#include "networks/hyper_scale.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace jpegai {
namespace {

/// Reads one integer convolution of a checkpoint, key by key.
class ConvReader {
public:
    ConvReader(const WeightSet& weights, std::string_view file, std::string_view layer)
        : weights_(weights), file_(file), prefix_("hyper_scale_decoder." + std::string(layer) + ".") {}

    IntegerConv read(std::size_t out_channels, std::size_t in_channels, std::size_t kernel) const {
        if (const Tensor& flag = tensor("is_quantized"); flag.bytes.empty() || flag.bytes[0] == 0) {
            fail("is_quantized", "is false: the integer hyper-scale decoder needs quantised weights");
        }
        IntegerConv conv;
        conv.out_channels = out_channels;
        conv.in_channels = in_channels;
        conv.kernel = kernel;
        const auto weight = tensor("weight").bytes8(file_ + " " + prefix_ + "weight");
        const auto bias = tensor("bias").ints(file_ + " " + prefix_ + "bias");
        const auto shift = tensor("per_channel_shifts").bytes8(file_ + " " + prefix_ + "per_channel_shifts");
        check_shape("weight", {out_channels, in_channels, kernel, kernel});
        check_shape("bias", {out_channels});
        if (shift.size() != out_channels) fail("per_channel_shifts", "has a wrong number of values");
        if (std::any_of(shift.begin(), shift.end(), [](std::int8_t s) { return s < 0 || s > 31; })) {
            fail("per_channel_shifts", "has a value outside 0..31");
        }
        conv.weight.assign(weight.begin(), weight.end());
        conv.bias.assign(bias.begin(), bias.end());
        conv.shift.assign(shift.begin(), shift.end());
        return conv;
    }

private:
    const Tensor& tensor(const std::string& name) const { return weights_.tensor(file_, prefix_ + name); }

    void check_shape(const std::string& name, const std::vector<std::size_t>& shape) const {
        if (tensor(name).shape != shape) fail(name, "has a wrong shape");
    }

    [[noreturn]] void fail(const std::string& name, const std::string& what) const {
        throw Error(JPEGAI_ERROR_MODEL, file_ + ": " + prefix_ + name + " " + what);
    }

    const WeightSet& weights_;
    std::string file_, prefix_;
};

}  // namespace

HyperScaleNetwork load_hyper_scale(const WeightSet& weights, std::string_view file, std::size_t channels) {
    HyperScaleNetwork network;
    network.channels = channels;
    network.conv1 = ConvReader(weights, file, "conv1").read(channels, channels, 1);
    network.depthwise = ConvReader(weights, file, "depthwise").read(channels, channels, 3);
    network.pointwise = ConvReader(weights, file, "pointwise").read(16 * channels, channels, 1);
    return network;
}

}  // namespace jpegai
