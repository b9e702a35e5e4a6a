#include "networks/registry.h"

#include <array>

#include "base/error.h"
#include "networks/analysis.h"
#include "networks/context_model.h"
#include "networks/eicci.h"
#include "networks/hyper.h"
#include "networks/synthesis.h"

namespace jpegai {

namespace {

const char* component_name(Component component) {
    return component == kPrimary ? "Y" : "UV";
}

const char* beta(std::size_t model_id) {
    if (model_id >= kModels)
        throw Error(JPEGAI_ERROR_INTERNAL, "model " + std::to_string(model_id) + " does not exist");
    return kModelBeta[model_id];
}

std::string transform_file(const char* folder, const char* role, Component component, std::size_t model_id) {
    return std::string(folder) + "/" + role + "_" + component_name(component) + "_" + beta(model_id);
}

const char* synthesis_folder(OperatingPoint point) {
    switch (point) {
        case OperatingPoint::kSop:
            return "VM_sop";
        case OperatingPoint::kBop:
            return "VM_bop";
        default:
            return "VM_hop";
    }
}

}  // namespace

Graph network_graph(NetworkKind kind, OperatingPoint point, Component component) {
    switch (kind) {
        case NetworkKind::kAnalysis:
            return analysis_graph(point, component);
        case NetworkKind::kHyperEncoder:
            return hyper_encoder_graph(component);
        case NetworkKind::kHyperDecoder:
            return hyper_decoder_graph(component);
        case NetworkKind::kSynthesis:
            return synthesis_graph(point, component);
        default:
            break;
    }
    if (component != kPrimary) throw Error(JPEGAI_ERROR_INTERNAL, "chroma has no context model");
    return context_model_graph();
}

std::string network_file(NetworkKind kind, OperatingPoint point, Component component, std::size_t model_id) {
    switch (kind) {
        case NetworkKind::kAnalysis:
            return transform_file(point == OperatingPoint::kHop ? "VM_hop" : "VM_bop", "encoder", component, model_id);
        case NetworkKind::kSynthesis:
            return transform_file(synthesis_folder(point), "decoder", component, model_id);
        default:
            return common_file(component, model_id);
    }
}

std::string common_file(Component component, std::size_t model_id) {
    return std::string("VM_common_int/") + component_name(component) + "_" + beta(model_id);
}

std::string eicci_file(OperatingPoint synthesis, std::size_t index) {
    constexpr std::array<const char*, kEicciNetworks> kNames = {"mse012", "mse025", "mse050", "mse075", "mse100",
                                                                "mss012", "mss025", "mss050", "mss075", "mss100"};
    if (index >= kNames.size()) throw Error(JPEGAI_ERROR_INTERNAL, "eICCI network " + std::to_string(index));
    const char* bank = synthesis == OperatingPoint::kHop ? "hop" : "bop";
    return std::string("eICCI_bophop_2d020448_20240229/eicci_") + bank + "_" + kNames[index] + "_300k";
}

}  // namespace jpegai
