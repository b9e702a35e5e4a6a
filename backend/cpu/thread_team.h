// A few threads that share loops: static partitions, so that who computes what depends on nothing but their number.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

namespace jpegai::cpu {

/// Threads that wait for loops. Only one thread at a time may lead them (see Lease).
class ThreadTeam {
public:
    /// `threads` counts the leading thread; 0 and 1 start none.
    explicit ThreadTeam(std::size_t threads);
    ~ThreadTeam();
    ThreadTeam(const ThreadTeam&) = delete;
    ThreadTeam& operator=(const ThreadTeam&) = delete;

    [[nodiscard]] std::size_t threads() const { return workers_.size() + 1; }

    /// The right to lead the team, if nobody has it; otherwise loops run on the calling thread alone.
    class Lease {
    public:
        explicit Lease(ThreadTeam& team) : team_(team), lock_(team.leader_, std::try_to_lock) {}
        [[nodiscard]] std::size_t threads() const { return lock_.owns_lock() ? team_.threads() : 1; }

        /// body(part, first, end) for consecutive parts of [0, items), each on its own thread, part < threads();
        /// returns when all are done. Writes of one loop are visible to the next. The body must not throw.
        template <class Body>
        void for_each(std::size_t items, const Body& body) {
            if (items == 0) return;
            if (threads() == 1 || items == 1) {
                body(std::size_t{0}, std::size_t{0}, items);
                return;
            }
            const Call call = [](const void* b, std::size_t part, std::size_t first, std::size_t end) {
                (*static_cast<const Body*>(b))(part, first, end);
            };
            team_.run(items, call, &body);
        }

    private:
        ThreadTeam& team_;
        std::unique_lock<std::mutex> lock_;
    };

private:
    using Call = void (*)(const void* body, std::size_t part, std::size_t first, std::size_t end);
    void run(std::size_t items, Call call, const void* body);
    void work(std::size_t index);
    void do_part(std::size_t index) const;

    std::mutex leader_;
    std::vector<std::thread> workers_;
    // One loop: written by the leader before `round_` changes, read by the workers after.
    std::size_t items_ = 0;
    Call call_ = nullptr;
    const void* body_ = nullptr;
    alignas(64) std::atomic<std::uint32_t> round_{0};
    alignas(64) std::atomic<std::uint32_t> unfinished_{0};
    bool stop_ = false;
};

}  // namespace jpegai::cpu
