// What kernel code is written against. A .cu file is compiled twice: by nvcc for the GPU, and by the C++ compiler for
// the emulator, where the threads of a block are fibers that take turns at barriers and blocks run one after the other.
//
// Kernel code may use threadIdx, blockIdx, blockDim, gridDim, __shared__, JPEGAI_DEVICE for functions, and of the rest
// only what is wrapped here (so that it has a form for the C++ compiler): sync_threads(), sync_warp(),
// shared_memory<T>(), cp_async_*, bulk_*, load_read_only(), prefetch(), shuffles, atomics, divide(), square_root(),
// contract::fma and the other functions of backend/contract/elementary.h. A `__shared__` variable must be plain (no
// constructor). The emulator checks that all threads of a block reach the same number of barriers, and poisons shared
// and device memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/contract/elementary.h"

#if defined(__CUDACC__)

#include <cuda_pipeline_primitives.h>

#include "backend/cuda/device.h"

#define JPEGAI_DEVICE __device__ __forceinline__
/// For what seldom runs: not to take registers of those who call it.
#define JPEGAI_DEVICE_APART __device__ __noinline__
/// The body follows; its parameters are `p`. At most THREADS threads a block.
#define JPEGAI_KERNEL(NAME, PARAMS, THREADS) \
    __global__ void __launch_bounds__(THREADS) NAME##_body(const __grid_constant__ PARAMS p)
/// The same where at least BLOCKS blocks are to fit on a multiprocessor: limits the registers.
#define JPEGAI_KERNEL_BLOCKS(NAME, PARAMS, THREADS, BLOCKS) \
    __global__ void __launch_bounds__(THREADS, BLOCKS) NAME##_body(const __grid_constant__ PARAMS p)
#define JPEGAI_DEFINE_KERNEL(NAME, PARAMS)                  \
    const void* NAME##_on_device() {                        \
        return reinterpret_cast<const void*>(&NAME##_body); \
    }
#define JPEGAI_UNROLL _Pragma("unroll")
#define JPEGAI_UNROLL_4 _Pragma("unroll 4")

namespace jpegai::cuda {

JPEGAI_DEVICE void sync_threads() {
    __syncthreads();
}
JPEGAI_DEVICE void sync_warp() {
    __syncwarp();
}
/// The dynamic shared memory of the block, aligned to 128 bytes.
template <class T>
JPEGAI_DEVICE T* shared_memory() {
    extern __shared__ __align__(128) unsigned char jpegai_shared_memory[];
    return reinterpret_cast<T*>(jpegai_shared_memory);
}
/// Copies that run in the background from global to shared memory; both aligned to their size.
JPEGAI_DEVICE void cp_async_4(void* shared, const void* global) {
    __pipeline_memcpy_async(shared, global, 4);
}
JPEGAI_DEVICE void cp_async_8(void* shared, const void* global) {
    __pipeline_memcpy_async(shared, global, 8);
}
JPEGAI_DEVICE void cp_async_16(void* shared, const void* global) {
    __pipeline_memcpy_async(shared, global, 16);
}
/// Ends a group of copies.
JPEGAI_DEVICE void cp_async_commit() {
    __pipeline_commit();
}
/// Waits until all but the last kLeft groups of this thread are done.
template <int kLeft>
JPEGAI_DEVICE void cp_async_wait() {
    __pipeline_wait_prior(kLeft);
}
// Bulk copies (capability 9.0, Device::copies_in_bulk()): one thread queues them, and a barrier in shared memory counts
// their bytes. A barrier begins with bulk_begin() by one thread and a sync_threads(). Each of its phases, 0 and 1 in
// turn, ends when one thread has called bulk_expect() and as many bytes have been copied.
#if __CUDA_ARCH__ >= 900
JPEGAI_DEVICE unsigned shared_address(const void* shared) {
    return static_cast<unsigned>(__cvta_generic_to_shared(shared));
}
JPEGAI_DEVICE void bulk_begin(std::uint64_t* barrier) {
    asm volatile("mbarrier.init.shared::cta.b64 [%0], 1;" ::"r"(shared_address(barrier)) : "memory");
    asm volatile("fence.mbarrier_init.release.cluster;" ::: "memory");
}
JPEGAI_DEVICE void bulk_expect(std::uint64_t* barrier, unsigned bytes) {
    asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(shared_address(barrier)), "r"(bytes)
                 : "memory");
}
/// 16 bytes or a multiple, both ends on 16 bytes.
JPEGAI_DEVICE void bulk_copy(void* shared, const void* global, unsigned bytes, std::uint64_t* barrier) {
    asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(
                     shared_address(shared)),
                 "l"(__cvta_generic_to_global(global)), "r"(bytes), "r"(shared_address(barrier))
                 : "memory");
}
/// The box of `map` at (x, y, channel), dense; x is a multiple of 4, `shared` on 128 bytes. `map` is part of the
/// kernel's parameters.
JPEGAI_DEVICE void bulk_copy_box(void* shared, const TensorMap& map, int x, int y, int channel,
                                 std::uint64_t* barrier) {
    asm volatile(
        "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4}], [%5];" ::
            "r"(shared_address(shared)),
        "l"(reinterpret_cast<unsigned long long>(&map)), "r"(x), "r"(y), "r"(channel), "r"(shared_address(barrier))
        : "memory");
}
JPEGAI_DEVICE void bulk_wait(std::uint64_t* barrier, unsigned phase) {
    asm volatile(
        "{\n"
        ".reg .pred done;\n"
        "again:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 done, [%0], %1;\n"
        "@!done bra again;\n"
        "}" ::"r"(shared_address(barrier)),
        "r"(phase)
        : "memory");
}
#else
JPEGAI_DEVICE void bulk_begin(std::uint64_t*) {}
JPEGAI_DEVICE void bulk_expect(std::uint64_t*, unsigned) {}
JPEGAI_DEVICE void bulk_copy(void*, const void*, unsigned, std::uint64_t*) {}
JPEGAI_DEVICE void bulk_copy_box(void*, const TensorMap&, int, int, int, std::uint64_t*) {}
JPEGAI_DEVICE void bulk_wait(std::uint64_t*, unsigned) {}
#endif

template <class T>
JPEGAI_DEVICE T load_read_only(const T* from) {
    return __ldg(from);
}
/// Brings what lies there nearer; any address.
JPEGAI_DEVICE void prefetch(const void* global) {
    asm volatile("prefetch.global.L2 [%0];" ::"l"(__cvta_generic_to_global(global)));
}
/// Correctly rounded.
JPEGAI_DEVICE float divide(float a, float b) {
    return __fdiv_rn(a, b);
}
JPEGAI_DEVICE float square_root(float x) {
    return __fsqrt_rn(x);
}
/// The value of lane (own ^ mask), of lane `lane`, of the lane `delta` below / above. All 32 lanes take part.
template <class T>
JPEGAI_DEVICE T shuffle_xor(T value, int mask) {
    return __shfl_xor_sync(0xFFFFFFFFU, value, mask);
}
template <class T>
JPEGAI_DEVICE T shuffle(T value, int lane) {
    return __shfl_sync(0xFFFFFFFFU, value, lane);
}
template <class T>
JPEGAI_DEVICE T shuffle_up(T value, int delta) {
    return __shfl_up_sync(0xFFFFFFFFU, value, static_cast<unsigned>(delta));
}
template <class T>
JPEGAI_DEVICE T shuffle_down(T value, int delta) {
    return __shfl_down_sync(0xFFFFFFFFU, value, static_cast<unsigned>(delta));
}
template <class T>
JPEGAI_DEVICE T atomic_add(T* to, T value) {
    return atomicAdd(to, value);
}
template <class T>
JPEGAI_DEVICE T atomic_max(T* to, T value) {
    return atomicMax(to, value);
}
template <class T>
JPEGAI_DEVICE T atomic_or(T* to, T value) {
    return atomicOr(to, value);
}

}  // namespace jpegai::cuda

#else

#include <cmath>
#include <cstring>

#include "backend/cuda/emulator.h"

#define JPEGAI_DEVICE inline
#define JPEGAI_DEVICE_APART inline
#define JPEGAI_KERNEL(NAME, PARAMS, THREADS) static void NAME##_body(const PARAMS& p)
#define JPEGAI_KERNEL_BLOCKS(NAME, PARAMS, THREADS, BLOCKS) static void NAME##_body(const PARAMS& p)
#define JPEGAI_DEFINE_KERNEL(NAME, PARAMS)                \
    void NAME##_emulated(const void* params);             \
    void NAME##_emulated(const void* params) {            \
        NAME##_body(*static_cast<const PARAMS*>(params)); \
    }
#define JPEGAI_UNROLL
#define JPEGAI_UNROLL_4
#define __shared__ static thread_local
#define threadIdx (::jpegai::cuda::emulator::position().thread)
#define blockIdx (::jpegai::cuda::emulator::position().block)
#define blockDim (::jpegai::cuda::emulator::position().block_size)
#define gridDim (::jpegai::cuda::emulator::position().grid_size)

namespace jpegai::cuda {

/// The vector types of CUDA.
struct alignas(8) float2 {
    float x, y;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
inline float2 make_float2(float x, float y) {
    return {x, y};
}
inline float4 make_float4(float x, float y, float z, float w) {
    return {x, y, z, w};
}

inline void sync_threads() {
    emulator::block_barrier();
}
inline void sync_warp() {
    emulator::warp_barrier();
}
template <class T>
T* shared_memory() {
    return static_cast<T*>(emulator::position().shared);
}
inline void cp_async_4(void* shared, const void* global) {
    emulator::copy_async(shared, global, 4);
}
inline void cp_async_8(void* shared, const void* global) {
    emulator::copy_async(shared, global, 8);
}
inline void cp_async_16(void* shared, const void* global) {
    emulator::copy_async(shared, global, 16);
}
inline void cp_async_commit() {
    emulator::copy_commit();
}
template <int kLeft>
void cp_async_wait() {
    emulator::copy_wait(kLeft);
}
inline void bulk_begin(std::uint64_t*) {}
inline void bulk_expect(std::uint64_t* barrier, unsigned bytes) {
    emulator::bulk_expect(barrier, bytes);
}
inline void bulk_copy(void* shared, const void* global, unsigned bytes, std::uint64_t* barrier) {
    emulator::bulk_copy(shared, global, bytes, barrier);
}
inline void bulk_copy_box(void* shared, const TensorMap& map, int x, int y, int channel, std::uint64_t* barrier) {
    emulator::bulk_copy_box(shared, map, x, y, channel, barrier);
}
inline void bulk_wait(std::uint64_t* barrier, unsigned phase) {
    emulator::bulk_wait(barrier, phase);
}
template <class T>
T load_read_only(const T* from) {
    return *from;
}
inline void prefetch(const void*) {}
inline float divide(float a, float b) {
    return a / b;
}
inline float square_root(float x) {
    return std::sqrt(x);
}
template <class T>
T shuffle(T value, int lane) {
    static_assert(sizeof(T) <= 8);
    std::uint64_t bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    bits = emulator::exchange(bits, lane);
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
template <class T>
T shuffle_xor(T value, int mask) {
    return shuffle(value, emulator::lane() ^ mask);
}
template <class T>
T shuffle_up(T value, int delta) {
    const int lane = emulator::lane();
    return shuffle(value, lane < delta ? lane : lane - delta);
}
template <class T>
T shuffle_down(T value, int delta) {
    const int lane = emulator::lane();
    return shuffle(value, lane + delta > 31 ? lane : lane + delta);
}
template <class T>
T atomic_add(T* to, T value) {
    const T old = *to;
    *to = static_cast<T>(old + value);
    return old;
}
template <class T>
T atomic_max(T* to, T value) {
    const T old = *to;
    if (value > old) *to = value;
    return old;
}
template <class T>
T atomic_or(T* to, T value) {
    const T old = *to;
    *to = static_cast<T>(old | value);
    return old;
}

}  // namespace jpegai::cuda

#endif
