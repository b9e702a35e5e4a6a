#include "decoder/batch.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>

#include "base/error.h"

namespace jpegai {
namespace {

/// A number of places, of which each is held by one at a time.
class Places {
public:
    explicit Places(std::size_t count) : free_(count) {}
    void take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return free_ > 0; });
        --free_;
    }
    void give_back() {
        {
            const std::lock_guard lock(mutex_);
            ++free_;
        }
        changed_.notify_one();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::size_t free_;
};

/// Holds a place while it lives, except in between release() and retake().
class PlaceHolder {
public:
    explicit PlaceHolder(Places& places) : places_(places) { retake(); }
    ~PlaceHolder() {
        if (held_) release();
    }
    PlaceHolder(const PlaceHolder&) = delete;
    PlaceHolder& operator=(const PlaceHolder&) = delete;
    void release() {
        places_.give_back();
        held_ = false;
    }
    void retake() {
        places_.take();
        held_ = true;
    }

private:
    Places& places_;
    bool held_ = false;
};

/// The memory of all pictures in work. They are let in in the order in which they ask, so that a large one gets its
/// turn.
class MemoryGate {
public:
    explicit MemoryGate(std::uint64_t limit) : limit_(limit) {}
    void take(std::uint64_t bytes) {
        std::unique_lock lock(mutex_);
        const std::uint64_t ticket = next_++;
        changed_.wait(lock,
                      [&] { return ticket == serving_ && (used_ == 0 || bytes <= limit_ - std::min(limit_, used_)); });
        used_ += bytes;
        ++serving_;
        changed_.notify_all();
    }
    void give_back(std::uint64_t bytes) {
        {
            const std::lock_guard lock(mutex_);
            used_ -= bytes;
        }
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t limit_, used_ = 0, next_ = 0, serving_ = 0;
};

/// Chooses the decoder with the fewest pictures.
class DevicePlaces {
public:
    DevicePlaces(std::span<const Decoder* const> decoders, std::size_t each)
        : decoders_(decoders), used_(decoders.size()), each_(each) {}
    std::size_t take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return *std::min_element(used_.begin(), used_.end()) < each_; });
        const auto least = std::min_element(used_.begin(), used_.end());
        ++*least;
        return static_cast<std::size_t>(least - used_.begin());
    }
    void give_back(std::size_t index) {
        {
            const std::lock_guard lock(mutex_);
            --used_[index];
        }
        changed_.notify_one();
    }
    [[nodiscard]] const Decoder& decoder(std::size_t index) const { return *decoders_[index]; }

private:
    std::span<const Decoder* const> decoders_;
    std::vector<std::size_t> used_;
    std::size_t each_;
    std::mutex mutex_;
    std::condition_variable changed_;
};

class Batch {
public:
    Batch(std::span<const Decoder* const> decoders, std::size_t count, BatchSource& source, const BatchOptions& options)
        : decoders_(decoders),
          count_(count),
          source_(source),
          on_devices_(decoders.front()->backend().has_own_memory()),
          host_threads_(options.host_threads != 0 ? options.host_threads
                                                  : std::max(1U, std::thread::hardware_concurrency())),
          per_device_(std::max<std::size_t>(1, options.per_device)),
          limit_(options.max_memory != 0 ? options.max_memory : default_memory_limit()),
          host_(host_threads_),
          devices_(decoders, on_devices_ ? per_device_ : count),
          gate_(limit_) {}

    void run() {
        // Threads that wait for a device need no processor: there are as many more as pictures on devices.
        const std::size_t wanted = host_threads_ + (on_devices_ ? per_device_ * decoders_.size() : 0);
        std::vector<std::thread> threads;
        const auto work = [&] {
            for (std::size_t i = next_++; i < count_; i = next_++) one(i);
        };
        try {
            for (std::size_t t = 1; t < std::min(wanted, count_); ++t) threads.emplace_back(work);
        } catch (const std::system_error&) {
            // Fewer threads do the same work.
        }
        work();
        for (std::thread& thread : threads) thread.join();
    }

private:
    void one(std::size_t index) {
        std::uint64_t admitted = 0;
        try {
            decode(index, admitted);
            source_.done(index, nullptr);
        } catch (const Error& error) {
            source_.done(index, &error);
        } catch (const std::bad_alloc&) {
            const Error error(JPEGAI_ERROR_MEMORY, "out of memory");
            source_.done(index, &error);
        } catch (const std::exception& failure) {
            const Error error(JPEGAI_ERROR_INTERNAL, failure.what());
            source_.done(index, &error);
        }
        if (admitted != 0) gate_.give_back(admitted);
    }

    void decode(std::size_t index, std::uint64_t& admitted) {
        PlaceHolder host(host_);
        DecodeOptions options = source_.options(index);
        options.limits.max_memory = limit_;
        options.admit = [&](std::uint64_t bytes) {
            // Those who hold memory need a place to go on.
            host.release();
            gate_.take(bytes);
            admitted = bytes;
            host.retake();
        };
        std::vector<std::uint8_t> file = source_.read(index);
        StartedDecode started = decoders_.front()->start(file, options);
        file = {};
        if (on_devices_) host.release();
        Picture picture = networks(std::move(started), source_.depth(index));
        if (on_devices_) host.retake();
        source_.write(index, std::move(picture));
    }

    Picture networks(StartedDecode started, std::optional<unsigned> depth) {
        const std::size_t device = devices_.take();
        struct Return {
            DevicePlaces& places;
            std::size_t device;
            ~Return() { places.give_back(device); }
        } const give_back{devices_, device};
        return devices_.decoder(device).finish_samples(std::move(started), depth);
    }

    std::span<const Decoder* const> decoders_;
    std::size_t count_;
    BatchSource& source_;
    bool on_devices_;
    std::size_t host_threads_, per_device_;
    std::uint64_t limit_;
    Places host_;
    DevicePlaces devices_;
    MemoryGate gate_;
    std::atomic<std::size_t> next_ = 0;
};

}  // namespace

void decode_batch(std::span<const Decoder* const> decoders, std::size_t count, BatchSource& source,
                  const BatchOptions& options) {
    if (decoders.empty()) throw Error(JPEGAI_ERROR_ARGUMENT, "a batch needs a decoder");
    if (count > 0) Batch(decoders, count, source, options).run();
}

}  // namespace jpegai
