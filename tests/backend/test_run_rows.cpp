// Rows of planes on the threads of a backend.
#include <gtest/gtest.h>

#include <atomic>
#include <mutex>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "backend/cpu/cpu_backend.h"

namespace jpegai {
namespace {

std::vector<std::unique_ptr<Backend>> backends() {
    std::vector<std::unique_ptr<Backend>> all;
    all.push_back(make_contract_backend());
    for (const std::size_t threads : {1U, 2U, 3U, 7U}) all.push_back(make_cpu_backend({CpuLevel::kAuto, threads}));
    return all;
}

TEST(RunRows, EveryRowOnce) {
    for (const auto& backend : backends()) {
        for (const std::size_t rows : {0U, 1U, 2U, 6U, 7U, 8U, 100U}) {
            std::vector<std::atomic<int>> visits(rows);
            backend->run_rows(rows, [&](std::size_t first, std::size_t last) {
                EXPECT_LT(first, last);
                for (std::size_t y = first; y < last; ++y) ++visits[y];
            });
            for (std::size_t y = 0; y < rows; ++y) EXPECT_EQ(visits[y], 1) << backend->describe() << ' ' << y;
        }
    }
}

TEST(RunRows, UsesTheThreads) {
    const auto backend = make_cpu_backend({CpuLevel::kAuto, 3});
    std::mutex mutex;
    std::set<std::thread::id> seen;
    backend->run_rows(30, [&](std::size_t, std::size_t) {
        const std::lock_guard lock(mutex);
        seen.insert(std::this_thread::get_id());
    });
    EXPECT_EQ(seen.size(), 3U);
}

TEST(RunRows, PassesExceptionsOnAndWorksAfterwards) {
    for (const auto& backend : backends()) {
        const auto fail = [](std::size_t, std::size_t) { throw std::runtime_error("row"); };
        EXPECT_THROW(backend->run_rows(50, fail), std::runtime_error) << backend->describe();
        std::atomic<std::size_t> rows = 0;
        backend->run_rows(50, [&](std::size_t first, std::size_t last) { rows += last - first; });
        EXPECT_EQ(rows, 50U);
    }
}

TEST(RunRows, MayBeCalledFromSeveralThreads) {
    const auto backend = make_cpu_backend({CpuLevel::kAuto, 2});
    std::atomic<std::size_t> rows = 0;
    const auto count = [&](std::size_t first, std::size_t last) { rows += last - first; };
    std::vector<std::thread> callers;
    for (int i = 0; i < 4; ++i) callers.emplace_back([&] { backend->run_rows(10, count); });
    for (std::thread& caller : callers) caller.join();
    EXPECT_EQ(rows, 40U);
}

}  // namespace
}  // namespace jpegai
