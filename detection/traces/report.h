// Reports of traces as data and as a page.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "detection/traces.h"

namespace jpegai::detection {

/// Everything of a report.
[[nodiscard]] nlohmann::ordered_json trace_json(const TraceReport& report);

/// Header and line of a CSV table, each with a newline.
[[nodiscard]] std::string trace_csv_header();
[[nodiscard]] std::string trace_csv_line(const std::string& file, const TraceReport& report);

/// A few lines for people; with `details` also every feature.
[[nodiscard]] std::string trace_text(const std::string& file, const TraceReport& report, bool details);

/// One part of a page: a small picture, the verdict, every feature.
struct TracePagePart {
    std::string file;
    TraceReport report;
    std::string thumbnail;  ///< a PNG file as base64; may be empty
    std::string map;        ///< likewise, of trace_map_picture()
};
/// A self-contained page.
[[nodiscard]] std::string trace_html(const std::vector<TracePagePart>& parts);

/// TraceReport::map over the part of `picture` that was looked at, 8 bit RGB: black where the lattice does not show,
/// white from kMapWhite on. Throws Error{argument} for a report without a map, or of another picture.
inline constexpr double kMapWhite = 8;
[[nodiscard]] Picture trace_map_picture(const Picture& picture, const TraceReport& report);

/// A PNG of at most 240 samples a side as base64.
[[nodiscard]] std::string thumbnail_of(const Picture& picture);

}  // namespace jpegai::detection
