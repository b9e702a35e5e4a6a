#include "backend/select.h"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "backend/cpu/cpu_backend.h"
#include "backend/cuda/cuda_backend.h"
#include "base/error.h"

namespace jpegai {
namespace {

constexpr std::string_view kCuda = "cuda";

[[noreturn]] void unknown_device(const std::string& name) {
    throw Error(JPEGAI_ERROR_ARGUMENT, "unknown device \"" + name + "\": cpu, cuda, cuda:N or auto");
}

/// N of "cuda:N", 0 for "cuda".
int gpu_index(const std::string& name) {
    if (name == kCuda) return 0;
    const std::string_view digits = std::string_view(name).substr(std::min(name.size(), kCuda.size() + 1));
    int index = -1;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (!name.starts_with("cuda:") || digits.empty() || error != std::errc() || end != digits.data() + digits.size() ||
        index < 0) {
        unknown_device(name);
    }
    return index;
}

std::shared_ptr<const Backend> make_processor_backend(const BackendRequest& request) {
    if (request.cpu == "contract") return make_contract_backend();
    return make_cpu_backend({parse_cpu_level(request.cpu), request.threads});
}

}  // namespace

std::shared_ptr<const Backend> make_backend(const BackendRequest& request) {
    const std::string& device = request.device;
    if (device == "cpu" || (device == "auto" && cuda::Device::list().empty())) return make_processor_backend(request);
    const auto opened = device == "cuda:emulator" ? cuda::Device::emulated()
                                                  : cuda::Device::open(device == "auto" ? 0 : gpu_index(device));
    return make_cuda_backend(opened);
}

std::vector<std::string> split_devices(const std::string& devices) {
    if (devices.find(',') == std::string::npos) return {devices};
    if (!devices.starts_with("cuda:")) unknown_device(devices);
    std::vector<std::string> names;
    std::size_t start = kCuda.size() + 1;
    for (;;) {
        const std::size_t end = devices.find(',', start);
        const std::string name = "cuda:" + devices.substr(start, end == std::string::npos ? end : end - start);
        (void)gpu_index(name);
        if (std::find(names.begin(), names.end(), name) != names.end())
            throw Error(JPEGAI_ERROR_ARGUMENT, "device " + name + " is named twice");
        names.push_back(name);
        if (end == std::string::npos) return names;
        start = end + 1;
    }
}

}  // namespace jpegai
