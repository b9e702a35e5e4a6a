#include "conformance/jobs.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace jpegai::conformance {

void run_jobs(unsigned threads, std::size_t count, const std::function<bool(std::size_t)>& job) {
    std::atomic<std::size_t> next{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    std::exception_ptr error;
    std::size_t error_index = count;
    const auto work = [&] {
        while (!stop) {
            const std::size_t i = next++;
            if (i >= count) return;
            try {
                if (!job(i)) stop = true;
            } catch (...) {
                const std::lock_guard lock(mutex);
                if (i < error_index) error = std::current_exception(), error_index = i;
                stop = true;
            }
        }
    };
    std::vector<std::jthread> others;
    for (std::size_t k = 1; k < std::min<std::size_t>(threads, count); ++k) others.emplace_back(work);
    work();
    others.clear();
    if (error) std::rethrow_exception(error);
}

}  // namespace jpegai::conformance
