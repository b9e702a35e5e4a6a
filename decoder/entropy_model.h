// Everything of one trained model that the entropy stage needs (standard/02-entropy-and-latent.md sections 5 to 7).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backend/cpu/hyper_scale.h"
#include "bitstream/me_tans.h"
#include "models/weight_set.h"
#include "networks/hyper_scale.h"
#include "spec/constants.h"

namespace jpegai {

/// One component of one model; immutable after construction, so any number of threads may share it.
struct EntropyModel {
    std::shared_ptr<const HyperScaleRunner> hyper_scale;  ///< integer hyper-scale decoder, packed for this CPU
    std::vector<HyperTable> hyper_tables;                 ///< one per latent channel
    std::vector<std::int16_t> gain_vector_log;            ///< one per latent channel, -2048..2047

    [[nodiscard]] std::size_t channels() const { return hyper_tables.size(); }
};

/// Reads the entropy tensors of VM_common_int/{Y,UV}_<beta> and checks every shape. Throws Error{model}, also for a
/// model_id above 3.
[[nodiscard]] EntropyModel load_entropy_model(const WeightSet& weights, std::size_t model_id, Component component);

/// gain_vector_log from the stored [channel][18] gains: the one column that is not zero, x128, rounded half to even, at
/// least -2048. Throws Error{model} unless exactly one column is not zero and all results are at most 2047.
[[nodiscard]] std::vector<std::int16_t> gain_vector_from_columns(std::span<const float> gains, std::size_t channels);

}  // namespace jpegai
