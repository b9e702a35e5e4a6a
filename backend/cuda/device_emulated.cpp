// The device layer on the emulator. Work is done as late as a GPU may do it: not before somebody waits for it. So what
// does not wait for the values of another stream, or gives memory away that queued work still reads, goes wrong here.
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "backend/cuda/device.h"
#include "backend/cuda/device_kinds.h"
#include "backend/cuda/emulator.h"
#include "base/error.h"

namespace jpegai::cuda {

namespace {

/// The work of a stream, numbered from 1 on in the order in which it was asked for.
class Queue {
public:
    void push(std::function<void()> work) {
        work_.push_back(std::move(work));
        ++pushed_;
    }
    [[nodiscard]] std::size_t pushed() const { return pushed_; }
    [[nodiscard]] bool has_done(std::size_t number) const { return done_ >= number; }
    /// Does the work up to `number`. Work that waits for another stream has that stream do its own first.
    void finish(std::size_t number) {
        while (done_ < number && !work_.empty()) {
            const std::function<void()> work = std::move(work_.front());
            work_.pop_front();
            work();
            ++done_;
        }
    }
    void finish() { finish(pushed_); }

private:
    std::deque<std::function<void()>> work_;
    std::size_t pushed_ = 0, done_ = 0;
};

/// A place in a queue; none before the first record.
struct Place {
    std::shared_ptr<Queue> queue;
    std::size_t number = 0;
    void finish() const {
        if (queue) queue->finish(number);
    }
};

class EmulatedEvent final : public Event {
public:
    void synchronize() override { place.finish(); }
    bool done() override { return !place.queue || place.queue->has_done(place.number); }
    double seconds_since(Event& earlier) override {
        return std::chrono::duration<double>(*time - *static_cast<EmulatedEvent&>(earlier).time).count();
    }
    Place place;
    std::shared_ptr<std::chrono::steady_clock::time_point> time =
        std::make_shared<std::chrono::steady_clock::time_point>();
};

class EmulatedGraph final : public GraphExec {
public:
    std::vector<std::function<void()>> work;
};

/// While a stream of this thread captures, all streams of the thread do: on the GPU those that wait for it.
EmulatedGraph*& captured() {
    static thread_local EmulatedGraph* graph = nullptr;
    return graph;
}

class EmulatedStream final : public Stream {
public:
    ~EmulatedStream() override {
        if (capture_ && captured() == capture_.get()) captured() = nullptr;
        try {
            queue_->finish();
        } catch (...) {
            // Nobody waits for it any more.
        }
    }

    void copy_to_device(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }
    void copy_to_host(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }
    void copy_on_device(void* to, const void* from, std::size_t bytes) override { copy(to, from, bytes); }
    void fill_bytes(void* to, unsigned char value, std::size_t bytes) override {
        perform([=] { std::memset(to, value, bytes); });
    }
    void launch_kernel(const KernelFunctions& kernel, Dim3 grid, Dim3 block, std::size_t shared_bytes,
                       const void* params, std::size_t params_bytes) override {
        if (kernel.emulated == nullptr) {
            throw Error(JPEGAI_ERROR_UNSUPPORTED, std::string("no emulator code for kernel ") + kernel.name);
        }
        constexpr std::size_t kMostShared = 227 * 1024;
        if (shared_bytes > kMostShared) throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: too much shared memory");
        struct alignas(128) Line {  // as strict as any parameters want
            unsigned char bytes[128];
        };
        std::vector<Line> copied(params_bytes / sizeof(Line) + 1);
        std::memcpy(copied.data(), params, params_bytes);
        perform([function = kernel.emulated, grid, block, shared_bytes, copied = std::move(copied)] {
            emulator::run(function, copied.data(), grid, block, shared_bytes);
        });
    }
    // A recording is in the order of the calls, whatever stream they are made on.
    void record(Event& event) override {
        if (captured() != nullptr) return;
        auto& recorded = static_cast<EmulatedEvent&>(event);
        queue_->push([time = recorded.time] { *time = std::chrono::steady_clock::now(); });
        recorded.place = {queue_, queue_->pushed()};
    }
    void wait(Event& event) override {
        if (captured() != nullptr) return;
        queue_->push([place = static_cast<EmulatedEvent&>(event).place] { place.finish(); });
    }
    void synchronize() override {
        if (captured() != nullptr) throw Error(JPEGAI_ERROR_INTERNAL, "emulator: synchronize while capturing");
        queue_->finish();
    }
    void begin_capture() override {
        if (captured() != nullptr) throw Error(JPEGAI_ERROR_INTERNAL, "emulator: capturing twice");
        capture_ = std::make_unique<EmulatedGraph>();
        captured() = capture_.get();
    }
    std::unique_ptr<GraphExec> end_capture() override {
        if (!capture_) throw Error(JPEGAI_ERROR_INTERNAL, "emulator: nothing captured");
        captured() = nullptr;
        return std::move(capture_);
    }
    void launch(GraphExec& graph) override {
        for (const auto& work : static_cast<EmulatedGraph&>(graph).work) perform(work);
    }

private:
    void perform(std::function<void()> work) {
        if (captured() != nullptr) {
            captured()->work.push_back(std::move(work));
        } else {
            queue_->push(std::move(work));
        }
    }
    void copy(void* to, const void* from, std::size_t bytes) {
        perform([=] { std::memmove(to, from, bytes); });
    }
    std::shared_ptr<Queue> queue_ = std::make_shared<Queue>();
    std::unique_ptr<EmulatedGraph> capture_;
};

class EmulatedDevice final : public Device {
public:
    EmulatedDevice() : Device(describe_emulator()) {}
    ~EmulatedDevice() override { release_pool(); }
    using Device::make_stream;
    std::unique_ptr<Stream> make_stream(bool) override { return std::make_unique<EmulatedStream>(); }
    std::unique_ptr<Event> make_event() override { return std::make_unique<EmulatedEvent>(); }
    bool copies_in_bulk() const override { return true; }
    TensorMap map_tensor(const TensorBox& box) const override { return emulator::map_tensor(box); }

protected:
    void* allocate(std::size_t bytes, bool) override {
        constexpr unsigned char kPoison = 0xFF;  // NaN to those who read what nobody wrote
        void* const memory = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
        if (memory != nullptr) std::memset(memory, kPoison, bytes);
        return memory;
    }
    void release(void* memory, bool) noexcept override { std::free(memory); }

private:
    static DeviceInfo describe_emulator() {
        DeviceInfo info;
        info.name = "cuda emulator";
        info.memory_bytes = std::size_t{4} << 30;
        info.capability = 90;
        info.processors = 4;
        info.shared_bytes_per_block = 227 * 1024;
        return info;
    }
};

}  // namespace

std::shared_ptr<Device> make_emulated_device() {
    return std::make_shared<EmulatedDevice>();
}

}  // namespace jpegai::cuda
