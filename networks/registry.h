// Which checkpoint file holds which network (03 section 1.1, 04 section 4.1).
#pragma once

#include <cstddef>
#include <string>

#include "networks/graph.h"
#include "spec/constants.h"

namespace jpegai {

/// The float networks of one trained model. Those with an operating point come in several sizes.
enum class NetworkKind : std::uint8_t {
    kAnalysis,      ///< operating point, component
    kHyperEncoder,  ///< component
    kHyperDecoder,  ///< component
    kContextModel,  ///< kPrimary only
    kSynthesis,     ///< operating point, component
};

/// The graph of a network; `point` is not used for hyper networks and context model.
/// Throws Error{internal} for a context model of kSecondary.
[[nodiscard]] Graph network_graph(NetworkKind kind, OperatingPoint point, Component component);

/// File that holds its weights, without ".pth", e.g. "VM_bop/decoder_Y_0.012" or "VM_common_int/UV_0.5".
/// Throws Error{internal} unless model_id is below kModels.
[[nodiscard]] std::string network_file(NetworkKind kind, OperatingPoint point, Component component,
                                       std::size_t model_id);

/// "VM_common_int/{Y,UV}_<beta>": hyper networks, context model, entropy tables and gains of one component.
[[nodiscard]] std::string common_file(Component component, std::size_t model_id);

/// "eICCI_.../eicci_{bop,hop}_...": network 0..9 of the bank that belongs to the synthesis transform in use.
/// Throws Error{internal} unless index is below kEicciNetworks.
[[nodiscard]] std::string eicci_file(OperatingPoint synthesis, std::size_t index);

}  // namespace jpegai
