// The three outputs of `jpegai info`, made from a parsed codestream.
#pragma once

#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "bitstream/codestream.h"
#include "decoder/cost.h"
#include "profiles/profiles.h"
#include "tools/common.h"

namespace jpegai::tools {

/// Every coded field of PIH, TON and RDI in that order (those of absent headers are left out).
[[nodiscard]] std::vector<HeaderField> all_fields(const Codestream& stream);

/// The document of `info --json` for one file; docs/CLI.md describes it.
[[nodiscard]] nlohmann::ordered_json info_json(const LoadedStream& loaded, std::span<const Violation> violations);

struct TextOptions {
    bool fields = false;   ///< list the header fields
    bool verbose = false;  ///< long arrays and tables in full
};

/// What `info` prints for one file.
[[nodiscard]] std::string info_text(const LoadedStream& loaded, std::span<const Violation> violations,
                                    const TextOptions& options);

/// What decoding costs with one synthesis transform.
struct PointCost {
    OperatingPoint point = OperatingPoint::kBop;
    DecodeCost cost;
};
/// For each transform that the stream lists, the default first; no weights are needed. `threads` as for decoding (0:
/// one per processor): more of them work on more rows at a time. Throws Error{header, unsupported}.
[[nodiscard]] std::vector<PointCost> point_costs(const Codestream& stream, unsigned threads);
[[nodiscard]] std::string cost_text(std::span<const PointCost> costs);
[[nodiscard]] nlohmann::ordered_json cost_json(std::span<const PointCost> costs);

/// The listing of the reference software: one line "header TAB field TAB u(bits) TAB value" per field in the order in
/// which the reference visits them (01 section 5), then one comment line per substream and region with its size.
[[nodiscard]] std::string header_listing(const Codestream& stream);

/// Up to `limit` bytes as text; what is not printable ASCII becomes a dot.
[[nodiscard]] std::string printable_preview(std::span<const std::uint8_t> bytes, std::size_t limit);

/// "YUV", "RGB (BT.709)", "user matrix".
[[nodiscard]] const char* colour_name(std::uint8_t colour_transform_idx);

}  // namespace jpegai::tools
