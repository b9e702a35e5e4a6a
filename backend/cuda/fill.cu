#include "backend/cuda/fill.h"

#include "backend/cuda/kernel.cuh"

namespace jpegai::cuda {

JPEGAI_KERNEL(fill, FillParams, 256) {
    const std::size_t step = std::size_t{gridDim.x} * blockDim.x;
    for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < p.count; i += step) {
        p.to[i] = p.value;
    }
}
JPEGAI_DEFINE_KERNEL(fill, FillParams)

}  // namespace jpegai::cuda
