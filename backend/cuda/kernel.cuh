// What kernel code is written against. A .cu file is compiled twice: by nvcc for the GPU, and by the C++ compiler for the
// emulator, where the threads of a block are fibers that take turns at barriers and blocks run one after the other.
//
// Kernel code may use threadIdx, blockIdx, blockDim, gridDim, __shared__, JPEGAI_DEVICE for functions, and of the rest
// only what is wrapped here (so that it has a form for the C++ compiler): sync_threads(), sync_warp(), shared_memory<T>(),
// cp_async_*, load_read_only(), shuffles, atomics, divide(), square_root(), contract::fma and the other functions of
// backend/contract/elementary.h. A `__shared__` variable must be plain (no constructor). The emulator
// checks that all threads of a block reach the same number of barriers, and poisons shared and device memory.
#pragma once

#include <cstddef>
#include <cstdint>

#include "backend/contract/elementary.h"

#if defined(__CUDACC__)

#include <cuda_pipeline_primitives.h>

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
/// The dynamic shared memory of the block, aligned to 16 bytes.
template <class T>
JPEGAI_DEVICE T* shared_memory() {
    extern __shared__ __align__(16) unsigned char jpegai_shared_memory[];
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
template <class T>
JPEGAI_DEVICE T load_read_only(const T* from) {
    return __ldg(from);
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
#define JPEGAI_DEFINE_KERNEL(NAME, PARAMS)               \
    void NAME##_emulated(const void* params);            \
    void NAME##_emulated(const void* params) {           \
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
template <class T>
T load_read_only(const T* from) {
    return *from;
}
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
