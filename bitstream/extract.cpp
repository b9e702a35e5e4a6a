#include "bitstream/extract.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"

namespace jpegai {

void drop_tools(CodestreamParts& parts) {
    parts.tools.reset();
}

void drop_metadata(CodestreamParts& parts) {
    parts.rendering.reset();
    parts.user_data.clear();
}

void keep_regions(CodestreamParts& parts, std::span<const std::size_t> regions) {
    if (!parts.picture.independent_regions()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "regions can be taken out only where each is a substream of its own");
    }
    const std::size_t count = parts.picture.region_count();
    for (const std::size_t region : regions) {
        if (region >= count)
            throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("there is no region {}: there are {}", region, count));
    }
    for (auto& residual : parts.residual) {
        for (std::size_t r = 0; r < residual.size(); ++r) {
            if (std::find(regions.begin(), regions.end(), r) == regions.end()) residual[r].reset();
        }
    }
}

}  // namespace jpegai
