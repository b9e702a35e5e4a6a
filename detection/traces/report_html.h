// Traces as one page for people, without any other file.
#pragma once

#include <string>
#include <vector>

#include "detection/traces.h"

namespace jpegai::detection {

/// One part of a page: a small picture, the verdict, every feature.
struct TracePagePart {
    std::string file;
    TraceReport report;
    std::string thumbnail;  ///< a PNG file as base64; may be empty
    std::string map;        ///< likewise, of trace_map_picture()
};
/// A self-contained page.
[[nodiscard]] std::string trace_html(const std::vector<TracePagePart>& parts);

/// A PNG of at most 240 samples a side as base64.
[[nodiscard]] std::string thumbnail_of(const Picture& picture);

}  // namespace jpegai::detection
