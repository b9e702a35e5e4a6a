#include "backend/cuda/emulator.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "backend/cuda/fiber.h"
#include "base/error.h"

namespace jpegai::cuda::emulator {

namespace {

constexpr std::size_t kWarp = 32;
constexpr std::size_t kStackBytes = JPEGAI_UCONTEXT_FIBERS ? 256 * 1024 : 64 * 1024;
constexpr unsigned char kPoison = 0xFF;  // floats become NaN, indices -1

enum class State { kReady, kAtBlockBarrier, kAtWarpBarrier, kDone };

struct Copy {
    void* to;
    const void* from;
    std::size_t bytes;
};

struct Thread {
    Fiber fiber;
    Position position;
    State state = State::kReady;
    int lane = 0;
    std::uint64_t exchanged = 0;
    std::vector<Copy> copies;
    std::vector<std::size_t> groups;  ///< copies in each committed group, oldest first
};

/// A barrier for bulk copies: `expected` bytes are announced and `queued` bytes on their way in the phase that is open.
struct BulkBarrier {
    std::vector<std::function<void()>> copies;
    std::size_t expected = 0, queued = 0;
    bool announced = false;
    unsigned phase = 0;  ///< of the open phase
};

/// The block that runs on this thread of the host.
struct Block {
    Fiber scheduler;
    std::vector<std::unique_ptr<Thread>> threads;
    std::vector<std::unique_ptr<unsigned char[]>> stacks;
    std::size_t count = 0, current = 0;
    void (*kernel)(const void*) = nullptr;
    const void* params = nullptr;
    std::exception_ptr error;
    std::map<const std::uint64_t*, BulkBarrier> barriers;
};

Block& block() {
    static thread_local Block instance;
    return instance;
}

Thread& current() {
    Block& b = block();
    return *b.threads[b.current];
}

void leave(State state) {
    Block& b = block();
    Thread& thread = *b.threads[b.current];
    thread.state = state;
    Fiber::change(thread.fiber, b.scheduler);
}

[[noreturn]] void fiber_main() {
    for (;;) {
        try {
            block().kernel(block().params);
        } catch (...) {
            block().error = std::current_exception();
        }
        leave(State::kDone);
    }
}

/// Lets every thread of a warp whose other threads wait too go on. True if there was one.
bool release_warps(Block& b) {
    bool any = false;
    for (std::size_t first = 0; first < b.count; first += kWarp) {
        const std::size_t end = std::min(first + kWarp, b.count);
        bool waiting = false, complete = true;
        for (std::size_t t = first; t < end; ++t) {
            const State state = b.threads[t]->state;
            waiting = waiting || state == State::kAtWarpBarrier;
            complete = complete && (state == State::kAtWarpBarrier || state == State::kDone);
        }
        if (!waiting || !complete) continue;
        for (std::size_t t = first; t < end; ++t) {
            if (b.threads[t]->state == State::kAtWarpBarrier) b.threads[t]->state = State::kReady;
        }
        any = true;
    }
    return any;
}

/// True if all threads that are not done waited for the block's barrier and may go on.
bool release_block(Block& b) {
    bool waiting = false;
    for (std::size_t t = 0; t < b.count; ++t) {
        if (b.threads[t]->state == State::kAtWarpBarrier) return false;
        waiting = waiting || b.threads[t]->state == State::kAtBlockBarrier;
    }
    for (std::size_t t = 0; t < b.count && waiting; ++t) {
        if (b.threads[t]->state == State::kAtBlockBarrier) b.threads[t]->state = State::kReady;
    }
    return waiting;
}

/// Whether threads take turns from the last to the first: a kernel with a race gives other results then.
bool reversed() {
    static const bool value = std::getenv("JPEGAI_EMULATOR_REVERSE") != nullptr;
    return value;
}

void run_block(Block& b) {
    int turns = 0;  // in which a thread only waited
    for (;;) {
        for (std::size_t i = 0; i < b.count; ++i) {
            const std::size_t t = reversed() ? b.count - 1 - i : i;
            if (b.threads[t]->state != State::kReady) continue;
            b.current = t;
            Fiber::change(b.scheduler, b.threads[t]->fiber);
            if (b.error) std::rethrow_exception(std::exchange(b.error, nullptr));
        }
        const bool spinning = std::any_of(b.threads.begin(), b.threads.begin() + static_cast<std::ptrdiff_t>(b.count),
                                          [](const auto& thread) { return thread->state == State::kReady; });
        if (spinning) {  // waits for a copy that another thread is about to queue
            constexpr int kMostTurns = 1000;
            if (++turns > kMostTurns) throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: waits for no copy");
        } else {
            turns = 0;
        }
        if (release_warps(b) || release_block(b) || spinning) continue;
        const bool done = std::all_of(b.threads.begin(), b.threads.begin() + static_cast<std::ptrdiff_t>(b.count),
                                      [](const auto& thread) { return thread->state == State::kDone; });
        if (done) return;
        throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: threads wait for different barriers");
    }
}

void prepare_threads(Block& b, std::size_t count) {
    while (b.threads.size() < count) {
        b.threads.push_back(std::make_unique<Thread>());
        b.stacks.push_back(std::make_unique<unsigned char[]>(kStackBytes));
    }
    b.count = count;
}

}  // namespace

const Position& position() {
    return current().position;
}

int lane() {
    return current().lane;
}

void block_barrier() {
    leave(State::kAtBlockBarrier);
}

void warp_barrier() {
    leave(State::kAtWarpBarrier);
}

std::uint64_t exchange(std::uint64_t bits, int lane) {
    Block& b = block();
    const std::size_t first = b.current / kWarp * kWarp;
    b.threads[b.current]->exchanged = bits;
    warp_barrier();
    const std::uint64_t result = b.threads[first + static_cast<std::size_t>(lane & 31)]->exchanged;
    warp_barrier();
    return result;
}

void copy_async(void* shared, const void* global, std::size_t bytes) {
    if (reinterpret_cast<std::uintptr_t>(shared) % bytes != 0 ||
        reinterpret_cast<std::uintptr_t>(global) % bytes != 0) {
        throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: unaligned asynchronous copy");
    }
    current().copies.push_back({shared, global, bytes});
}

void copy_commit() {
    Thread& thread = current();
    std::size_t grouped = 0;
    for (const std::size_t group : thread.groups) grouped += group;
    thread.groups.push_back(thread.copies.size() - grouped);
}

void copy_wait(std::size_t groups_left) {
    Thread& thread = current();
    while (thread.groups.size() > groups_left) {
        const auto end = thread.copies.begin() + static_cast<std::ptrdiff_t>(thread.groups.front());
        for (auto copy = thread.copies.begin(); copy != end; ++copy) std::memcpy(copy->to, copy->from, copy->bytes);
        thread.copies.erase(thread.copies.begin(), end);
        thread.groups.erase(thread.groups.begin());
    }
}

TensorMap map_tensor(const TensorBox& box) {
    static_assert(sizeof box <= sizeof(TensorMap));
    const bool aligned = reinterpret_cast<std::uintptr_t>(box.data) % 16 == 0 && box.strides[0] % 16 == 0 &&
                         box.strides[1] % 16 == 0 && box.box[0] % 4 == 0;
    const bool sized = std::all_of(box.box, box.box + 3, [](std::uint32_t n) { return n >= 1 && n <= 256; }) &&
                       std::all_of(box.size, box.size + 3, [](std::uint32_t n) { return n >= 1; });
    if (!aligned || !sized) throw Error(JPEGAI_ERROR_INTERNAL, "emulator: no such box");
    TensorMap map{};
    std::memcpy(map.bytes, &box, sizeof box);
    return map;
}

void bulk_expect(std::uint64_t* barrier, std::size_t bytes) {
    BulkBarrier& b = block().barriers[barrier];
    if (b.announced) throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: a phase of a barrier begins twice");
    b.announced = true;
    b.expected = bytes;
}

namespace {

void queue_bulk(std::uint64_t* barrier, std::size_t bytes, std::function<void()> copy) {
    BulkBarrier& b = block().barriers[barrier];
    b.copies.push_back(std::move(copy));
    b.queued += bytes;
}

/// Three loops as the copy engine does it: zeros beyond the array.
void copy_box(float* to, const TensorBox& box, int x0, int y0, int channel0) {
    const auto inside = [](std::int64_t at, std::uint32_t size) { return at >= 0 && at < size; };
    for (std::uint32_t c = 0; c < box.box[2]; ++c) {
        for (std::uint32_t y = 0; y < box.box[1]; ++y) {
            for (std::uint32_t x = 0; x < box.box[0]; ++x, ++to) {
                const std::int64_t from_x = x0 + std::int64_t{x}, from_y = y0 + std::int64_t{y},
                                   from_c = channel0 + std::int64_t{c};
                const bool there =
                    inside(from_x, box.size[0]) && inside(from_y, box.size[1]) && inside(from_c, box.size[2]);
                if (!there) {
                    *to = 0.0F;
                    continue;
                }
                const auto* const plane = reinterpret_cast<const unsigned char*>(box.data) +
                                          static_cast<std::uint64_t>(from_c) * box.strides[1] +
                                          static_cast<std::uint64_t>(from_y) * box.strides[0];
                std::memcpy(to, plane + static_cast<std::uint64_t>(from_x) * sizeof(float), sizeof(float));
            }
        }
    }
}

}  // namespace

void bulk_copy(void* shared, const void* global, std::size_t bytes, std::uint64_t* barrier) {
    if (reinterpret_cast<std::uintptr_t>(shared) % 16 != 0 || reinterpret_cast<std::uintptr_t>(global) % 16 != 0 ||
        bytes % 16 != 0)
        throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: unaligned bulk copy");
    queue_bulk(barrier, bytes, [=] { std::memcpy(shared, global, bytes); });
}

void bulk_copy_box(void* shared, const TensorMap& map, int x, int y, int channel, std::uint64_t* barrier) {
    if (reinterpret_cast<std::uintptr_t>(shared) % 128 != 0 || x % 4 != 0)  // an illegal instruction on a GPU
        throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: unaligned copy of a box");
    TensorBox box;
    std::memcpy(&box, map.bytes, sizeof box);
    const std::size_t bytes = sizeof(float) * box.box[0] * box.box[1] * box.box[2];
    queue_bulk(barrier, bytes, [=] { copy_box(static_cast<float*>(shared), box, x, y, channel); });
}

void bulk_wait(std::uint64_t* barrier, unsigned phase) {
    for (;;) {
        BulkBarrier& b = block().barriers[barrier];
        if (b.phase != phase) return;
        if (b.announced && b.queued == b.expected) {
            for (const std::function<void()>& copy : b.copies) copy();
            b = {{}, 0, 0, false, 1 - phase};
            return;
        }
        leave(State::kReady);
    }
}

void run(void (*kernel)(const void*), const void* params, Dim3 grid, Dim3 block_size, std::size_t shared_bytes) {
    Block& b = block();
    const std::size_t count = std::size_t{block_size.x} * block_size.y * block_size.z;
    constexpr std::size_t kMostThreads = 1024;
    if (count == 0 || count > kMostThreads || grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.y > 65535 ||
        grid.z > 65535) {
        throw Error(JPEGAI_ERROR_INTERNAL, "emulated kernel: impossible launch");
    }
    prepare_threads(b, count);
    b.kernel = kernel;
    b.params = params;
    struct alignas(256) Line {
        unsigned char bytes[256];
    };
    std::vector<Line> shared(shared_bytes / sizeof(Line) + 1);
    const std::size_t blocks = std::size_t{grid.x} * grid.y * grid.z;
    for (std::size_t k = 0; k < blocks; ++k) {
        std::memset(shared.data(), kPoison, shared.size() * sizeof(Line));
        b.barriers.clear();
        const Dim3 index{static_cast<unsigned>(k % grid.x), static_cast<unsigned>(k / grid.x % grid.y),
                         static_cast<unsigned>(k / grid.x / grid.y)};
        for (std::size_t t = 0; t < count; ++t) {
            Thread& thread = *b.threads[t];
            const Dim3 place{static_cast<unsigned>(t % block_size.x),
                             static_cast<unsigned>(t / block_size.x % block_size.y),
                             static_cast<unsigned>(t / block_size.x / block_size.y)};
            thread.position = {place, index, block_size, grid, shared.data()};
            thread.lane = static_cast<int>(t % kWarp);
            thread.copies.clear();
            thread.groups.clear();
            thread.state = State::kReady;
            thread.fiber.start(b.stacks[t].get(), kStackBytes, &fiber_main);
        }
        run_block(b);
    }
}

}  // namespace jpegai::cuda::emulator
