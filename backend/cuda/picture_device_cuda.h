// PictureDevice on a CUDA device or the emulator.
#pragma once

#include <memory>

#include "backend/cuda/device.h"
#include "backend/picture_device.h"

namespace jpegai::cuda {

/// Picture devices of one device, with a stream each; one that is no longer used serves again.
class PictureDevicePool {
public:
    explicit PictureDevicePool(std::shared_ptr<Device> device);
    ~PictureDevicePool();
    [[nodiscard]] std::shared_ptr<PictureDevice> take() const;

private:
    struct Idle;
    std::shared_ptr<Device> device_;
    std::shared_ptr<Idle> idle_;
};

}  // namespace jpegai::cuda
