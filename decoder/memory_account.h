// How much memory a decode has at a time: the arrays of decoder.cpp, stage by stage.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "bitstream/codestream.h"

namespace jpegai {

struct MemoryInputs {
    const Codestream* stream = nullptr;
    std::map<std::string, std::uint64_t> workspace;  ///< bytes of the largest run by part (DecodeCost::Part::name)
    std::vector<std::uint64_t> parameters;           ///< of each network that is loaded
    bool keep_intermediates = false;                 ///< see EntropyOptions
};

/// Upper bound of the bytes alive at a time, from the start of Decoder::decode (with the file in memory) to integer
/// samples beside the planes they are made of.
[[nodiscard]] std::uint64_t peak_memory(const MemoryInputs& inputs);

}  // namespace jpegai
