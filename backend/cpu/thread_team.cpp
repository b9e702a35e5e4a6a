#include "backend/cpu/thread_team.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace jpegai::cpu {

namespace {

void pause_briefly() {
#if defined(__x86_64__)
    _mm_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

/// Loops follow each other within microseconds, so waiting threads look for a while before they sleep; not for long,
/// because there may be fewer cores than threads.
constexpr int kSpins = 2000;

/// Waits until `value` is no longer `old`.
void wait_for_change(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
    for (int i = 0; i < kSpins; ++i) {
        if (value.load(std::memory_order_acquire) != old) return;
        pause_briefly();
    }
    value.wait(old, std::memory_order_acquire);
}

}  // namespace

ThreadTeam::ThreadTeam(std::size_t threads) {
    for (std::size_t i = 1; i < threads; ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadTeam::~ThreadTeam() {
    stop_ = true;
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::do_part(std::size_t index) const {
    const std::size_t parts = threads();
    const std::size_t first = items_ * index / parts, end = items_ * (index + 1) / parts;
    if (first < end) call_(body_, index, first, end);
}

void ThreadTeam::run(std::size_t items, Call call, const void* body) {
    items_ = items;
    call_ = call;
    body_ = body;
    unfinished_.store(static_cast<std::uint32_t>(workers_.size()), std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
    do_part(0);
    for (std::uint32_t left = unfinished_.load(std::memory_order_acquire); left != 0;
         left = unfinished_.load(std::memory_order_acquire)) {
        wait_for_change(unfinished_, left);
    }
}

void ThreadTeam::work(std::size_t index) {
    std::uint32_t seen = 0;
    while (true) {
        wait_for_change(round_, seen);
        ++seen;  // the leader starts no round before the last one is finished
        if (stop_) return;
        do_part(index);
        if (unfinished_.fetch_sub(1, std::memory_order_acq_rel) == 1) unfinished_.notify_one();
    }
}

}  // namespace jpegai::cpu
