// The emulator as device.cpp sees it: absent from programs that do not link it.
#pragma once

#include <memory>

#include "backend/cuda/device.h"

namespace jpegai::cuda {

[[gnu::weak]] std::shared_ptr<Device> make_emulated_device();

}  // namespace jpegai::cuda
