// The devices that tests of backend/cuda run on: the emulator and the first GPU, if there is one.
#pragma once

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <vector>

#include "backend/cuda/device.h"

namespace jpegai::test {

/// With $JPEGAI_CUDA_TEST=gpu the GPU alone, which must be there (./run gpu-test); =emulator the emulator alone.
[[nodiscard]] inline std::vector<std::shared_ptr<cuda::Device>> cuda_devices() {
    const char* const wanted = std::getenv("JPEGAI_CUDA_TEST");
    const std::string which = wanted != nullptr ? wanted : "";
    std::vector<std::shared_ptr<cuda::Device>> devices;
    if (which != "gpu") devices.push_back(cuda::Device::emulated());
    if (which == "gpu" || (which != "emulator" && !cuda::Device::list().empty())) {
        devices.push_back(cuda::Device::open(0));
    }
    return devices;
}

}  // namespace jpegai::test
