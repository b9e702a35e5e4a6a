// What decoding a stream costs, from its headers alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bitstream/codestream.h"
#include "decoder/network_cache.h"
#include "spec/constants.h"

namespace jpegai {

struct DecodeCost {
    struct Part {
        std::string name;             ///< "hyper decoder y", "latent uv", "synthesis y" ...
        std::uint64_t macs = 0;       ///< multiply-accumulates over all regions or tiles
        std::uint64_t workspace = 0;  ///< bytes of the largest single run as the backend says, outputs included
        std::uint64_t parameters = 0;
    };
    std::vector<Part> parts;
    std::uint64_t macs = 0;        ///< of all parts
    std::uint64_t parameters = 0;  ///< of all parts
    /// Upper bound of the bytes in memory at a time because of the decode: the file, loaded networks and everything
    /// between payload and integer samples. 0 from estimate_work().
    std::uint64_t memory = 0;

    [[nodiscard]] std::uint64_t macs_of(std::string_view part) const;
};

/// Multiply-accumulates and parameters of the float networks of a decode with the given synthesis; no weights are
/// needed. Throws Error{header, unsupported} for regions or tiles that cannot be laid out.
[[nodiscard]] DecodeCost estimate_work(const Codestream& stream, OperatingPoint point);

/// What makes a decode keep more than it would otherwise.
struct CostOptions {
    bool keep_intermediates = false;  ///< tensors of the entropy stage are dumped
};

/// The same with memory, for the backend of `networks`, whose networks are prepared if they are not yet (a cache
/// without weights does). Throws as estimate_work() and as the cache.
[[nodiscard]] DecodeCost estimate_cost(const Codestream& stream, OperatingPoint point, const NetworkCache& networks,
                                       const CostOptions& options = {});

}  // namespace jpegai
