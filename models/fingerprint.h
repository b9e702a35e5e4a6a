// Identity of a weight set beyond what weight_set.h offers.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/weight_set.h"

namespace jpegai {

/// fingerprint() from the tensors themselves, whatever the set says about itself. Loads everything.
[[nodiscard]] std::string compute_fingerprint(const WeightSet& set);

/// What identifies a tensor beside its values, as fingerprints hash it: names, type and shape (docs/PACK_FORMAT.md).
void append_tensor_head(std::vector<std::uint8_t>& out, std::string_view file, std::string_view key, DType dtype,
                        std::span<const std::size_t> shape);

}  // namespace jpegai
