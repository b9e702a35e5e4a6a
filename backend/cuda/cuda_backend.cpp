#include "backend/cuda/cuda_backend.h"

#include "backend/cuda/cuda_runner.h"
#include "backend/cuda/picture_device_cuda.h"

namespace jpegai {

namespace {

class CudaBackend final : public Backend {
public:
    CudaBackend(const std::shared_ptr<cuda::Device>& device, const cuda::ConvChoice& choice)
        : streams_(std::make_shared<cuda::StreamPool>(device)), pictures_(device), choice_(choice) {}

    std::string describe() const override { return streams_->device()->describe(); }
    std::unique_ptr<NetworkRunner> prepare(Network network) const override {
        return std::make_unique<cuda::CudaRunner>(streams_, network, choice_);
    }
    std::shared_ptr<PictureDevice> picture_device() const override { return pictures_.take(); }
    bool has_own_memory() const override { return true; }

private:
    std::shared_ptr<cuda::StreamPool> streams_;
    cuda::PictureDevicePool pictures_;
    cuda::ConvChoice choice_;
};

}  // namespace

std::unique_ptr<Backend> make_cuda_backend(std::shared_ptr<cuda::Device> device, const cuda::ConvChoice& choice) {
    return std::make_unique<CudaBackend>(device, choice);
}

}  // namespace jpegai
