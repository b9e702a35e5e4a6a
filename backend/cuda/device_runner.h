// Running a prepared network on values that are on the device already.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "backend/cuda/device.h"
#include "backend/picture_device.h"
#include "base/math.h"

namespace jpegai::cuda {

/// A stream and memory that is given out in the order of its work: what an owner drops is given out again to later work
/// of the same stream only, so that nobody has to wait. The stream is used by one thread at a time; owners may be
/// dropped by any.
class StreamMemory : public std::enable_shared_from_this<StreamMemory> {
public:
    /// `beside`: its work gives way to that of other streams.
    [[nodiscard]] static std::shared_ptr<StreamMemory> make(std::shared_ptr<Device> device, bool beside = false);
    ~StreamMemory();
    StreamMemory(const StreamMemory&) = delete;
    StreamMemory& operator=(const StreamMemory&) = delete;

    [[nodiscard]] Stream& stream() noexcept { return *stream_; }
    [[nodiscard]] Device& device() noexcept { return *device_; }

    /// Memory of at least `bytes`, aligned to 256; its address. Contents unspecified.
    [[nodiscard]] std::shared_ptr<void> take(std::size_t bytes);
    template <class T>
    [[nodiscard]] DeviceValues<T> values(const Shape& shape) {
        auto memory =
            take(checked_mul(checked_mul(shape.channels, shape.size.rows), checked_mul(shape.size.cols, sizeof(T))));
        T* data = static_cast<T*>(memory.get());
        return {std::move(memory), data, shape.channels, shape.size.rows, shape.size.cols};
    }
    /// Pinned memory of the host that is kept until drop_staging().
    [[nodiscard]] void* staging(std::size_t bytes);
    /// The same, kept longer where somebody still owns it then. Owners may outlive this object.
    [[nodiscard]] std::shared_ptr<void> shared_staging(std::size_t bytes);
    /// Whether `memory` is what one of the two gave since the last drop_staging().
    [[nodiscard]] bool is_staging(const void* memory) const noexcept;
    /// Waits for all work, without keeping the processor busy.
    void wait();
    /// Whether wait() keeps it busy for up to two milliseconds first, and so ends a little earlier.
    void wait_busily(bool busily) { busily_ = busily; }
    /// After wait(): gives staging memory back.
    void drop_staging() { staged_.clear(); }
    /// After wait(): gives memory that nobody owns back to the device.
    void trim();

private:
    StreamMemory(std::shared_ptr<Device> device, bool beside);
    struct Free;
    std::shared_ptr<Device> device_;
    std::unique_ptr<Stream> stream_;
    std::unique_ptr<Event> reached_;
    std::vector<std::shared_ptr<Buffer>> staged_;
    std::shared_ptr<Free> free_;
    bool busily_ = false;
};

/// A network runner of this backend.
class DeviceRunner : public NetworkRunner {
public:
    /// As run(), queued on the stream of `memory`: nothing is waited for, and the results are valid for later work of
    /// that stream. Several threads may do so at a time, each with a stream of its own.
    [[nodiscard]] virtual std::vector<DeviceArray> run_on(StreamMemory& memory, std::span<const DeviceArray> inputs,
                                                          Size nominal, RunContext& context) const = 0;
};

}  // namespace jpegai::cuda
