// All float networks on a GPU (or the emulator), with the bits of the contract.
#pragma once

#include <memory>
#include <optional>

#include "backend/backend.h"
#include "backend/cuda/conv.h"
#include "backend/cuda/device.h"

namespace jpegai {

/// Runners of this backend derive from cuda::DeviceRunner. Networks and picture devices may be used from several
/// threads at a time; each run has a stream of its own.
[[nodiscard]] std::unique_ptr<Backend> make_cuda_backend(std::shared_ptr<cuda::Device> device,
                                                         const cuda::ConvChoice& choice = {});

}  // namespace jpegai
