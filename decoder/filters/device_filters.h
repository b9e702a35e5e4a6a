// The chain of post-filters (post_filters.h) on planes that are on a device: same bits.
#pragma once

#include <functional>

#include "decoder/device_planes.h"
#include "decoder/filters/post_filters.h"

namespace jpegai {

/// Filters the planes; `inputs.rows` and `inputs.done` are not used, `done` is called instead. The inputs have passed
/// check_post_filters. Throws as apply_post_filters.
void apply_post_filters(PictureDevice& device, DevicePlanes& planes, const PostFilterInputs& inputs,
                        const std::function<void(PostFilter, const DevicePlanes&)>& done, RunContext& context);

}  // namespace jpegai
