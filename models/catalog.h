// What a place with weights holds, without reading the values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "models/weight_paths.h"
#include "models/weight_set.h"
#include "spec/constants.h"

namespace jpegai {

struct CatalogTensor {
    std::string file, key;
    DType dtype = DType::kFloat32;
    std::vector<std::size_t> shape;
    std::uint64_t values = 0;  ///< number of values
    std::uint64_t bytes = 0;   ///< in memory
    std::uint64_t stored = 0;  ///< in the container
    std::string encoding;      ///< "grid x2^-9, 2 planes, zstd" or "raw"; for people
};

struct Catalog {
    std::string description;                          ///< WeightSet::describe()
    std::string name, info;                           ///< from a pack of version 2, else empty
    std::string fingerprint;                          ///< likewise
    std::vector<CatalogTensor> tensors;               ///< sorted by file and key
    std::vector<std::string> files;                   ///< sorted
    std::uint64_t values = 0, bytes = 0, stored = 0;  ///< totals
};

/// Lists whatever open_weights() opens; checkpoint keys that carry no weights are left out. Throws as open_weights().
[[nodiscard]] Catalog make_catalog(const WeightPaths& paths);
[[nodiscard]] Catalog make_catalog(const std::string& path);

/// Networks of one model id; each is there when both components are.
struct ModelContents {
    bool common = false;  ///< hyper networks, context, tables (VM_common_int)
    bool analysis_bop = false, analysis_hop = false;
    bool synthesis_sop = false, synthesis_bop = false, synthesis_hop = false;
};
struct SetContents {
    std::array<ModelContents, kModels> models;
    std::size_t eicci = 0;  ///< eICCI filter banks, 20 in the official set
};
/// Which networks the files of a set make up (03 section 1.1).
[[nodiscard]] SetContents contents_of(std::span<const std::string> files);

}  // namespace jpegai
