#include "decoder/entropy_model.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "spec/scale_tables.h"

namespace jpegai {
namespace {

std::vector<HyperTable> load_hyper_tables(const WeightSet& weights, const std::string& file, std::size_t channels) {
    const Tensor& flag = weights.tensor(file, "hyper_entropy.is_quantized");
    if (flag.bytes.empty() || flag.bytes[0] == 0) {
        throw Error(JPEGAI_ERROR_MODEL, file + ": hyper_entropy.is_quantized is false: integer frequencies are needed");
    }
    const Tensor& tensor = weights.tensor(file, "hyper_entropy.freqs_int");
    const auto freqs = tensor.ints(file + " hyper_entropy.freqs_int");
    if (tensor.shape != std::vector<std::size_t>{channels, kHyperSymbols}) {
        throw Error(JPEGAI_ERROR_MODEL, file + ": hyper_entropy.freqs_int has a wrong shape");
    }
    std::vector<HyperTable> tables;
    tables.reserve(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        tables.emplace_back(freqs.subspan(c * kHyperSymbols).first<kHyperSymbols>());
    }
    return tables;
}

std::vector<std::int16_t> load_gain_vector(const WeightSet& weights, const std::string& file, std::size_t channels) {
    constexpr const char* kFirstName = "quantizer.gain_unit.c";
    const std::vector<TensorInfo> list = weights.list(file);
    const bool first = std::any_of(list.begin(), list.end(), [&](const TensorInfo& t) { return t.key == kFirstName; });
    const std::string key = first ? kFirstName : "vr_vec.c";
    const Tensor& tensor = weights.tensor(file, key);
    const auto gains = tensor.floats(file + " " + key);
    if (tensor.shape != std::vector<std::size_t>{channels, kGainColumns}) {
        throw Error(JPEGAI_ERROR_MODEL, file + ": " + key + " has a wrong shape");
    }
    return gain_vector_from_columns(gains, channels);
}

}  // namespace

std::vector<std::int16_t> gain_vector_from_columns(std::span<const float> gains, std::size_t channels) {
    std::size_t column = kGainColumns;
    for (std::size_t i = 0; i < channels * kGainColumns; ++i) {
        if (gains[i] == 0.0F) continue;
        const std::size_t found = i % kGainColumns;
        if (column != kGainColumns && found != column) {
            throw Error(JPEGAI_ERROR_MODEL, "gain vector has more than one column that is not zero");
        }
        column = found;
    }
    if (column == kGainColumns) throw Error(JPEGAI_ERROR_MODEL, "gain vector is zero");
    std::vector<std::int16_t> logs(channels);
    for (std::size_t c = 0; c < channels; ++c) {
        const float value = std::nearbyint(gains[c * kGainColumns + column] * 128.0F);
        if (!(value <= static_cast<float>(kGainLogMax)))
            throw Error(JPEGAI_ERROR_MODEL, "gain vector exceeds 2047 / 128");
        logs[c] = static_cast<std::int16_t>(std::max(value, static_cast<float>(kGainLogMin)));
    }
    return logs;
}

EntropyModel load_entropy_model(const WeightSet& weights, std::size_t model_id, Component component) {
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_MODEL, "no model " + std::to_string(model_id));
    const std::size_t channels = kLatentChannels[component];
    const std::string file =
        std::string("VM_common_int/") + (component == kPrimary ? "Y_" : "UV_") + kModelBeta[model_id];
    EntropyModel model;
    model.hyper_scale = std::make_shared<const HyperScaleRunner>(load_hyper_scale(weights, file, channels));
    model.hyper_tables = load_hyper_tables(weights, file, channels);
    model.gain_vector_log = load_gain_vector(weights, file, channels);
    return model;
}

}  // namespace jpegai
