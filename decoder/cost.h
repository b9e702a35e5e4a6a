// What decoding a stream costs, from its headers alone (no weights).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bitstream/codestream.h"
#include "spec/constants.h"

namespace jpegai {

struct DecodeCost {
    struct Part {
        std::string name;             ///< "hyper decoder y", "latent uv", "synthesis y" ...
        std::uint64_t macs = 0;       ///< multiply-accumulates over all regions or tiles
        std::uint64_t workspace = 0;  ///< bytes of the largest single run, inputs and outputs included
        std::uint64_t parameters = 0;
    };
    std::vector<Part> parts;
    std::uint64_t macs = 0;        ///< of all parts
    std::uint64_t parameters = 0;  ///< of all parts
    std::uint64_t memory = 0;      ///< upper estimate of the bytes allocated at a time, weights included

    [[nodiscard]] std::uint64_t macs_of(std::string_view part) const;
};

/// Cost of the float networks and memory of a decode with the given synthesis. Throws Error{header, unsupported} for
/// regions or tiles that cannot be laid out.
[[nodiscard]] DecodeCost estimate_cost(const Codestream& stream, OperatingPoint point);

}  // namespace jpegai
