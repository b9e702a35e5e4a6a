// Sets floats to one value; also the smallest example of a kernel.
#pragma once

#include "backend/cuda/device.h"

namespace jpegai::cuda {

/// to[i] = value for i < count; any grid, blocks of up to 256 threads.
struct FillParams {
    float* to;
    std::size_t count;
    float value;
};
JPEGAI_DECLARE_KERNEL(fill, FillParams)

}  // namespace jpegai::cuda
