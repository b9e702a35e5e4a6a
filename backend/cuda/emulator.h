// The threads of a block as fibers of the calling thread. Only kernel.cuh and the emulated device use this.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/cuda/device.h"

namespace jpegai::cuda::emulator {

/// Where the running fiber stands.
struct Position {
    Dim3 thread, block, block_size, grid_size;
    void* shared = nullptr;
};
[[nodiscard]] const Position& position();
/// Index in its warp: 0..31.
[[nodiscard]] int lane();

void block_barrier();
void warp_barrier();
/// Gives `bits` to the warp and returns those of `lane`. A warp barrier.
[[nodiscard]] std::uint64_t exchange(std::uint64_t bits, int lane);

/// Asynchronous copies happen at the wait that covers them, not earlier.
void copy_async(void* shared, const void* global, std::size_t bytes);
void copy_commit();
void copy_wait(std::size_t groups_left);

/// Bulk copies (kernel.cuh), done at the wait for their barrier. Barriers are known by their addresses.
[[nodiscard]] TensorMap map_tensor(const TensorBox& box);
void bulk_expect(std::uint64_t* barrier, std::size_t bytes);
void bulk_copy(void* shared, const void* global, std::size_t bytes, std::uint64_t* barrier);
void bulk_copy_box(void* shared, const TensorMap& map, int x, int y, int channel, std::uint64_t* barrier);
void bulk_wait(std::uint64_t* barrier, unsigned phase);

/// Runs all blocks. Throws Error{internal} when the threads of a block wait for different barriers.
void run(void (*kernel)(const void*), const void* params, Dim3 grid, Dim3 block, std::size_t shared_bytes);

}  // namespace jpegai::cuda::emulator
