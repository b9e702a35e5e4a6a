// Writes weight packs of version 2.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/pack_format.h"
#include "models/weight_set.h"

namespace jpegai {

struct PackOptions {
    std::string name;  ///< of the set, up to 255 printable ASCII characters
    std::string info;  ///< origin and licence for people, up to 64 KiB of text
    int level = 19;    ///< zstd level 1..19
    /// Called before each file with its name, its number and how many there are.
    std::function<void(const std::string&, std::size_t, std::size_t)> progress;
};

/// One tensor as it lies in a pack: an entry without place, and the bytes of its block.
struct PackedTensor {
    PackEntry entry;
    std::vector<std::uint8_t> block;
};

/// The encoding that a quick compression makes smallest among those that keep every bit of the tensor, then compressed
/// at `level` or left raw where that is no larger. The result depends on nothing but the arguments and the zstd
/// version.
[[nodiscard]] PackedTensor pack_tensor(const Tensor& tensor, int level);

/// A pack of all weights of a set; keys that carry none (is_weight_key) are left out. Throws Error{argument} for
/// options out of range, Error{limit} for a set beyond the limits of a reader, and what the set throws.
[[nodiscard]] std::vector<std::uint8_t> write_pack(const WeightSet& set, const PackOptions& options);

}  // namespace jpegai
