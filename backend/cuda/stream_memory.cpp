#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>

#include "backend/cuda/device_runner.h"

namespace jpegai::cuda {

/// Buffers that work of the stream may use from now on.
struct StreamMemory::Free {
    std::mutex mutex;
    std::multimap<std::size_t, Buffer> buffers;  ///< by size
};

std::shared_ptr<StreamMemory> StreamMemory::make(std::shared_ptr<Device> device, bool beside) {
    return std::shared_ptr<StreamMemory>(new StreamMemory(std::move(device), beside));
}

StreamMemory::StreamMemory(std::shared_ptr<Device> device, bool beside)
    : device_(std::move(device)),
      stream_(device_->make_stream(beside)),
      reached_(device_->make_event()),
      free_(std::make_shared<Free>()) {}

StreamMemory::~StreamMemory() {
    try {
        stream_->synchronize();
    } catch (...) {
        // The device has failed; there is nothing left to wait for.
    }
}

std::shared_ptr<void> StreamMemory::take(std::size_t bytes) {
    auto buffer = std::make_unique<Buffer>();
    {
        const std::lock_guard lock(free_->mutex);
        const auto found = free_->buffers.lower_bound(bytes);
        if (found != free_->buffers.end() && found->first <= bytes + bytes / 4 + 4096) {
            *buffer = std::move(found->second);
            free_->buffers.erase(found);
        }
    }
    if (buffer->data() == nullptr) *buffer = device_->memory(bytes);
    void* data = buffer->data();
    // The buffer goes back to the list, and with the last owner of the list to the device. Owners that outlive this
    // object drop it after its destructor has waited.
    return {data, [free = free_, held = std::shared_ptr<Buffer>(std::move(buffer))](void*) {
                const std::lock_guard lock(free->mutex);
                free->buffers.emplace(held->bytes(), std::move(*held));
            }};
}

void* StreamMemory::staging(std::size_t bytes) {
    return shared_staging(bytes).get();
}

std::shared_ptr<void> StreamMemory::shared_staging(std::size_t bytes) {
    staged_.push_back(std::make_shared<Buffer>(device_->pinned(bytes)));
    return {staged_.back(), staged_.back()->data()};
}

bool StreamMemory::is_staging(const void* memory) const noexcept {
    return std::any_of(staged_.begin(), staged_.end(), [&](const auto& buffer) { return buffer->data() == memory; });
}

void StreamMemory::wait() {
    stream_->record(*reached_);
    constexpr auto kMostBusy = std::chrono::milliseconds(2);
    const auto start = std::chrono::steady_clock::now();
    while (busily_ && std::chrono::steady_clock::now() - start < kMostBusy) {
        if (reached_->done()) break;
    }
    reached_->synchronize();
}

void StreamMemory::trim() {
    const std::lock_guard lock(free_->mutex);
    free_->buffers.clear();
}

}  // namespace jpegai::cuda
