// Reports of traces as data, as text and as a heat map.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

#include "detection/traces.h"

namespace jpegai::detection {

/// Everything of a report.
[[nodiscard]] nlohmann::ordered_json trace_json(const TraceReport& report);

/// Header and lines of a CSV table, each with a newline.
[[nodiscard]] std::string trace_csv_header();
[[nodiscard]] std::string trace_csv_line(const std::string& file, const TraceReport& report);
/// For a picture that could not be examined.
[[nodiscard]] std::string trace_csv_failure(const std::string& file, const std::string& message);

/// "luma -195, chroma unknown".
[[nodiscard]] std::string displacement_text(const TraceReport& report);

/// A few lines for people; with `details` also every feature.
[[nodiscard]] std::string trace_text(const std::string& file, const TraceReport& report, bool details);

/// TraceReport::map over the part of `picture` that was looked at, 8 bit RGB: black where the lattice does not show,
/// white from kMapWhite on. Throws Error{argument} for a report without a map, or of another picture.
inline constexpr double kMapWhite = 8;
[[nodiscard]] Picture trace_map_picture(const Picture& picture, const TraceReport& report);

}  // namespace jpegai::detection
