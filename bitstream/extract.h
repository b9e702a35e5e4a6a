// Reductions of a codestream that need no entropy decoding: whole substreams are left out, nothing is coded anew.
#pragma once

#include <cstddef>
#include <span>

#include "bitstream/codestream.h"

namespace jpegai {

/// Leaves out TON: every tool reads as off (01 section 3.4), so the picture changes where a tool was on.
void drop_tools(CodestreamParts& parts);

/// Leaves out UDI and RDI, which have no influence on decoded samples (01 sections 8, 9).
void drop_metadata(CodestreamParts& parts);

/// Keeps the residual of the listed regions (raster order, any order, repetition harmless) and takes out that of all
/// others, in both components; a region taken out decodes from a zero residual (01 section 4.4). Throws Error{argument}
/// when the regions are not independent or an index is not below the number of regions.
void keep_regions(CodestreamParts& parts, std::span<const std::size_t> regions);

}  // namespace jpegai
