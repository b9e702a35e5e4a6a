// The memory pool and what does not depend on the kind of device.
#include "backend/cuda/device.h"

#include <map>
#include <mutex>
#include <string>

#include "backend/cuda/device_kinds.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai::cuda {

struct Device::Pool {
    std::mutex mutex;
    std::multimap<std::size_t, void*> free[2];  ///< by size; device, pinned
    std::size_t in_use = 0, pooled = 0;         ///< bytes of device memory
};

namespace {

/// Sizes that buffers come in: at most an eighth larger than asked for.
std::size_t size_class(std::size_t bytes) {
    constexpr std::size_t kLeast = 512;
    if (bytes <= kLeast) return kLeast;
    std::size_t step = 256;
    while (step * 16 < bytes) step *= 2;
    return checked_mul(ceil_div(bytes, step), step);
}

}  // namespace

Buffer::~Buffer() {
    if (device_) device_->give_back(data_, bytes_, pinned_);
}

Device::Device(DeviceInfo info) : info_(std::move(info)), pool_(std::make_shared<Pool>()) {}

std::string Device::describe() const {
    return info_.index < 0 ? info_.name : "cuda:" + std::to_string(info_.index) + " " + info_.name;
}

Buffer Device::take(std::size_t bytes, bool pinned) {
    Buffer buffer;
    if (bytes == 0) return buffer;
    const std::size_t rounded = size_class(bytes);
    {
        const std::lock_guard lock(pool_->mutex);
        auto& free = pool_->free[pinned ? 1 : 0];
        const auto found = free.lower_bound(rounded);
        // A much larger buffer is left for those who need it.
        if (found != free.end() && found->first <= rounded + rounded / 4) {
            buffer.data_ = found->second;
            buffer.bytes_ = found->first;
            free.erase(found);
            if (!pinned) pool_->pooled -= buffer.bytes_;
        }
    }
    if (buffer.data_ == nullptr) {
        buffer.data_ = allocate(rounded, pinned);
        if (buffer.data_ == nullptr) {
            trim();
            buffer.data_ = allocate(rounded, pinned);
        }
        if (buffer.data_ == nullptr) {
            throw Error(JPEGAI_ERROR_MEMORY, std::string(pinned ? "no pinned memory" : "no device memory") + " for " +
                                                 std::to_string(bytes) + " bytes on " + describe());
        }
        buffer.bytes_ = rounded;
    }
    buffer.pinned_ = pinned;
    buffer.device_ = shared_from_this();
    if (!pinned) {
        const std::lock_guard lock(pool_->mutex);
        pool_->in_use += buffer.bytes_;
    }
    return buffer;
}

void Device::give_back(void* memory, std::size_t bytes, bool pinned) noexcept {
    const std::lock_guard lock(pool_->mutex);
    if (!pinned) {
        pool_->in_use -= bytes;
        pool_->pooled += bytes;
    }
    pool_->free[pinned ? 1 : 0].emplace(bytes, memory);
}

void Device::trim() {
    const std::lock_guard lock(pool_->mutex);
    for (const bool pinned : {false, true}) {
        auto& free = pool_->free[pinned ? 1 : 0];
        for (const auto& [bytes, memory] : free) release(memory, pinned);
        free.clear();
    }
    pool_->pooled = 0;
}

void Device::release_pool() noexcept {
    for (const bool pinned : {false, true}) {
        for (const auto& [bytes, memory] : pool_->free[pinned ? 1 : 0]) release(memory, pinned);
        pool_->free[pinned ? 1 : 0].clear();
    }
}

std::size_t Device::bytes_in_use() const {
    const std::lock_guard lock(pool_->mutex);
    return pool_->in_use;
}

std::size_t Device::bytes_pooled() const {
    const std::lock_guard lock(pool_->mutex);
    return pool_->pooled;
}

#if !JPEGAI_CUDA
std::vector<DeviceInfo> Device::list() {
    return {};
}

std::shared_ptr<Device> Device::open(int) {
    throw Error(JPEGAI_ERROR_UNSUPPORTED, "this program was built without CUDA");
}
#endif

std::shared_ptr<Device> Device::emulated() {
    if (&make_emulated_device == nullptr) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "this program has no CUDA emulator");
    }
    return make_emulated_device();
}

}  // namespace jpegai::cuda
