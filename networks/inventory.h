// Which networks a weight set holds, and whether their tensors have the shapes that the graphs ask for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "models/catalog.h"

namespace jpegai {

/// One network, or the tables of the entropy stage, of a set.
struct InventoryItem {
    std::string network;           ///< "synthesis.bop.y", "hyper_scale_decoder.uv", "entropy_tables.y", "eicci.y", ...
    std::size_t model = kModels;   ///< model id, kModels for the eICCI networks, which belong to no model
    std::string file;              ///< checkpoint file that it comes from
    std::size_t tensors = 0;       ///< tensors that it reads
    std::uint64_t parameters = 0;  ///< values in them that training sets (not running statistics, shifts, flags)
    std::uint64_t bytes = 0;       ///< in memory
    std::uint64_t stored = 0;      ///< in the container
    std::vector<std::string> problems;  ///< "conv1.weight is missing", "... has shape [..], expected [..]"
};

struct Inventory {
    std::vector<InventoryItem> networks;     ///< by file, then in the order in which a decoder uses them
    std::vector<std::string> unknown_files;  ///< files that belong to no network of the standard
    std::size_t unused_tensors = 0;          ///< in known files but read by no network (remains of training)
};

/// Sorts the tensors of a catalogue to the networks that read them (03 section 1.1, 04 section 4.1). Only names, types
/// and shapes are looked at. A network is listed when its file is there.
[[nodiscard]] Inventory take_inventory(const Catalog& catalog);

/// "[128,1,3,3]".
[[nodiscard]] std::string shape_text(const std::vector<std::size_t>& shape);

}  // namespace jpegai
