// Regions of text: finding, rectifying and comparing them.
#pragma once

#include <vector>

#include "detection/artifacts.h"

namespace jpegai::detection {

/// Lines of text in a picture, upright or nearly so, of about 7 to 80 samples height and of good contrast: places where
/// strokes alternate often, whose samples fall into two groups. Those with a confidence above 0.7, the surest first, at
/// most 64. A plain method that misses much of what a trained detector finds; a region without text does no harm, as
/// regions are only compared.
[[nodiscard]] std::vector<TextRegion> find_text(const Plane& luma, const RowRunner& rows = serial_rows);

/// The region as an upright rectangle, sampled bilinearly; its sides are as long as the longer one of two opposite
/// sides of the region, 8 to 4096 samples.
[[nodiscard]] Plane rectify(const Plane& luma, const TextRegion& region);

}  // namespace jpegai::detection
