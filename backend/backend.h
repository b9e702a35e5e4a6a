// What decoder and encoder see of an executor: networks in, planes out. Every implementation gives the same bits
// (spec/numeric_contract.md).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/array.h"
#include "base/clock.h"
#include "networks/graph.h"

namespace jpegai {

/// Time and memory of one layer of one run, for statistics.
struct LayerTiming {
    std::string name;
    double seconds = 0;
    std::uint64_t macs = 0;
};

/// What a run may use and must report to.
struct RunContext {
    /// Called between parts of the work (from the calling thread); returns false to cancel, which throws
    /// Error{cancelled}.
    std::function<bool()> keep_going;
    std::vector<LayerTiming>* timings = nullptr;  ///< one entry per layer is appended when not null
    TimeKind time = TimeKind::kElapsed;  ///< of the timings; networks on a GPU have elapsed time always
    /// Timed layers of networks on a GPU are run so often each, and one of these runs is what counts: without the gaps
    /// between launches.
    unsigned repeats = 1;
};

/// Bytes that a backend may keep from one run for the next, of whatever network.
inline constexpr std::size_t kKeptWorkspace = std::size_t{96} * 1024 * 1024;

/// A network whose weights a backend has packed. Safe to run from several threads at a time.
class NetworkRunner {
public:
    virtual ~NetworkRunner() = default;
    /// Runs on planar inputs (one per graph input) and returns one planar array per graph output.
    /// `nominal` is the size the depth rules count from. Throws Error{memory, cancelled, internal}.
    [[nodiscard]] virtual std::vector<Array3<float>> run(std::span<const Array3<float>* const> inputs, Size nominal,
                                                         RunContext& context) const = 0;
    /// Upper bound of the bytes one run allocates beyond its inputs, outputs included.
    [[nodiscard]] virtual std::size_t workspace_bytes(std::span<const Size> inputs, Size nominal) const = 0;
    [[nodiscard]] virtual const Graph& graph() const = 0;
};

class PictureDevice;  // backend/picture_device.h

class Backend {
public:
    virtual ~Backend() = default;
    /// "contract", "cpu avx512 x4", "cuda:0 H100" ...
    [[nodiscard]] virtual std::string describe() const = 0;
    [[nodiscard]] virtual std::unique_ptr<NetworkRunner> prepare(Network network) const = 0;
    /// Work on rows of planes that belongs to no network, on the threads that networks run on: calls `body(first,
    /// last)` for ranges that together make up [0, rows), each row once, in any order and from any threads, and returns
    /// when all calls have returned. The first exception of a body is thrown again. Here: one call on the calling
    /// thread.
    virtual void run_rows(std::size_t rows,
                          const std::function<void(std::size_t first, std::size_t last)>& body) const {
        if (rows > 0) body(0, rows);
    }
    /// A place of its own for the planes of one picture, for backends whose networks run in another memory; null where
    /// they run in the caller's. Any number may be in use at a time; the backend has to outlive them.
    [[nodiscard]] virtual std::shared_ptr<PictureDevice> picture_device() const { return nullptr; }
    /// Whether picture_device() gives any.
    [[nodiscard]] virtual bool has_own_memory() const { return false; }
};

/// The definition of the arithmetic: plain loops, one thread (backend/contract).
[[nodiscard]] std::unique_ptr<Backend> make_contract_backend();

}  // namespace jpegai
