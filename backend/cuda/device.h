// The thin layer between this folder and the CUDA runtime: memory, streams, events, graphs and launches, on a GPU or on
// the emulator, which runs the very same kernels on the processor (for tests on machines without a GPU).
//
// How to add kernels, with fill.h and fill.cu as the example:
//   1. NAME.h declares the parameters (one plain struct, at most 4,000 bytes) and the kernel:
//          struct FillParams { float* to; std::size_t count; float value; };
//          JPEGAI_DECLARE_KERNEL(fill, FillParams)          // defines the object fill_kernel
//   2. NAME.cu includes "backend/cuda/kernel.cuh" and NAME.h and defines it:
//          JPEGAI_KERNEL(fill, FillParams, 256) { ... p.to[i] ... threadIdx, blockIdx, blockDim, gridDim ... }
//          JPEGAI_DEFINE_KERNEL(fill, FillParams)
//      The file is compiled twice, by nvcc and as plain C++ (kernel.cuh says what kernel code may use).
//   3. backend/cuda/CMakeLists.txt lists NAME.cu in JPEGAI_CUDA_KERNELS.
//   4. Host code: stream.launch(fill_kernel, blocks, threads, shared_bytes, params).
//   5. Tests link jpegai_backend_cuda and jpegai_cuda_emulator and run on every device of tests/support/cuda_devices.h:
//      the emulator and, where there is one, the GPU.
// Everything else (plans, buffers, graphs) is ordinary C++ against this header and runs on both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

namespace jpegai::cuda {

/// Sizes of a grid or a block.
struct Dim3 {
    unsigned x = 1, y = 1, z = 1;
};

/// Both forms of one kernel; a null form is not part of this program.
struct KernelFunctions {
    const char* name;
    const void* (*on_device)();
    void (*emulated)(const void* params);
};
template <class Params>
struct Kernel : KernelFunctions {
    static_assert(std::is_trivially_copyable_v<Params> && sizeof(Params) <= 4000);
};

/// Declares kernel NAME and defines the object NAME_kernel. To be used in namespace jpegai::cuda.
#if JPEGAI_CUDA
#define JPEGAI_DECLARE_KERNEL(NAME, PARAMS)          \
    const void* NAME##_on_device();                  \
    [[gnu::weak]] void NAME##_emulated(const void*); \
    inline const Kernel<PARAMS> NAME##_kernel{{#NAME, &NAME##_on_device, &NAME##_emulated}};
#else
#define JPEGAI_DECLARE_KERNEL(NAME, PARAMS)          \
    [[gnu::weak]] void NAME##_emulated(const void*); \
    inline const Kernel<PARAMS> NAME##_kernel{{#NAME, nullptr, &NAME##_emulated}};
#endif

struct DeviceInfo {
    int index = -1;  ///< -1: the emulator
    std::string name;
    std::size_t memory_bytes = 0;
    unsigned processors = 1;  ///< multiprocessors
    int capability = 0;       ///< 90 for 9.0
    std::size_t shared_bytes_per_block = 0;
};

/// A box of `box` floats of an array in device memory; x, y and channel in this order.
struct TensorBox {
    const float* data;         ///< on 16 bytes
    std::uint32_t size[3];     ///< of the array
    std::uint64_t strides[2];  ///< bytes from row to row and from channel to channel, multiples of 16
    std::uint32_t box[3];      ///< 1 to 256; the first one is a multiple of 4
};
/// What a kernel is given to copy such boxes, which begin at any row, any channel and every fourth column, also beyond
/// the array, where they are zero (bulk_copy_box() of kernel.cuh): part of its parameters. Of the device's own making.
struct alignas(128) TensorMap {
    unsigned char bytes[128];
};

class Device;

/// Memory of the device, or pinned memory of the host, from the reusing pool of its device; handed back when destroyed.
/// It can be given out again at once: whoever drops a buffer has waited for the work that uses it.
class Buffer {
public:
    Buffer() = default;
    Buffer(Buffer&& other) noexcept { swap(other); }
    Buffer& operator=(Buffer&& other) noexcept {
        Buffer taken(std::move(other));
        swap(taken);
        return *this;
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    ~Buffer();

    /// Aligned to 256 bytes; null when empty.
    [[nodiscard]] void* data() const noexcept { return data_; }
    template <class T>
    [[nodiscard]] T* as() const noexcept {
        return static_cast<T*>(data_);
    }
    /// Usable bytes, at least what was asked for.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
    friend class Device;
    void swap(Buffer& other) noexcept {
        std::swap(device_, other.device_);
        std::swap(data_, other.data_);
        std::swap(bytes_, other.bytes_);
        std::swap(pinned_, other.pinned_);
    }
    std::shared_ptr<Device> device_;
    void* data_ = nullptr;
    std::size_t bytes_ = 0;
    bool pinned_ = false;
};

/// A point in the work of a stream.
class Event {
public:
    virtual ~Event() = default;
    /// Waits until the work before the last record is done.
    virtual void synchronize() = 0;
    /// Whether it is done.
    [[nodiscard]] virtual bool done() = 0;
    /// Seconds between two recorded events whose work is done.
    [[nodiscard]] virtual double seconds_since(Event& earlier) = 0;
};

/// Work of a stream recorded for replay. The memory it touches must live as long.
class GraphExec {
public:
    virtual ~GraphExec() = default;
};

/// Work in order; several streams of a device run beside each other. One thread at a time.
class Stream {
public:
    virtual ~Stream() = default;

    /// Host memory of asynchronous copies is pinned and stays untouched until the copy is done.
    virtual void copy_to_device(void* to, const void* from, std::size_t bytes) = 0;
    virtual void copy_to_host(void* to, const void* from, std::size_t bytes) = 0;
    virtual void copy_on_device(void* to, const void* from, std::size_t bytes) = 0;
    virtual void fill_bytes(void* to, unsigned char value, std::size_t bytes) = 0;
    template <class Params>
    void launch(const Kernel<Params>& kernel, Dim3 grid, Dim3 block, std::size_t shared_bytes, const Params& params) {
        launch_kernel(kernel, grid, block, shared_bytes, &params, sizeof params);
    }
    virtual void launch_kernel(const KernelFunctions& kernel, Dim3 grid, Dim3 block, std::size_t shared_bytes,
                               const void* params, std::size_t params_bytes) = 0;

    virtual void record(Event& event) = 0;
    /// Later work of this stream waits for the last record of `event`, possibly of another stream of the device.
    virtual void wait(Event& event) = 0;
    /// Waits until all work is done. Throws what went wrong on the device.
    virtual void synchronize() = 0;

    /// From here to end_capture() work is recorded and not done; other streams that wait for an event of this one are
    /// recorded too and must be waited for by this one before the end.
    virtual void begin_capture() = 0;
    [[nodiscard]] virtual std::unique_ptr<GraphExec> end_capture() = 0;
    virtual void launch(GraphExec& graph) = 0;
};

/// One GPU or the emulator. All functions may be called from any thread. Errors: Error{unsupported} (no such device, no
/// kernel for it), {memory}, {internal} (everything else that the runtime reports).
class Device : public std::enable_shared_from_this<Device> {
public:
    /// The devices of this machine; empty without a GPU, a driver or CUDA in this build.
    [[nodiscard]] static std::vector<DeviceInfo> list();
    /// GPU `index`; one object per GPU and process. Throws Error{unsupported} saying why there is none.
    [[nodiscard]] static std::shared_ptr<Device> open(int index);
    /// Kernels as plain C++ on the calling thread. Throws Error{unsupported} in programs without jpegai_cuda_emulator.
    [[nodiscard]] static std::shared_ptr<Device> emulated();

    virtual ~Device() = default;
    Device(const Device&) = delete;
    Device& operator=(const Device&) = delete;

    [[nodiscard]] const DeviceInfo& info() const noexcept { return info_; }
    /// "cuda:0 NVIDIA H200" or "cuda emulator".
    [[nodiscard]] std::string describe() const;

    /// `beside`: its work gives way to that of other streams.
    [[nodiscard]] virtual std::unique_ptr<Stream> make_stream(bool beside) = 0;
    [[nodiscard]] std::unique_ptr<Stream> make_stream() { return make_stream(false); }
    [[nodiscard]] virtual std::unique_ptr<Event> make_event() = 0;

    /// Whether kernels can copy in bulk here: capability 9.0 and up, and compiled for it.
    [[nodiscard]] virtual bool copies_in_bulk() const = 0;
    /// Where copies_in_bulk(). Throws Error{internal} for a box that is none.
    [[nodiscard]] virtual TensorMap map_tensor(const TensorBox& box) const = 0;

    /// Device memory, contents undefined. No runtime call when the pool has a fitting buffer.
    [[nodiscard]] Buffer memory(std::size_t bytes) { return take(bytes, false); }
    /// Pinned memory of the host.
    [[nodiscard]] Buffer pinned(std::size_t bytes) { return take(bytes, true); }
    /// Gives unused memory of the pool back to the system.
    void trim();
    /// Bytes of device memory now given out, and held by the pool.
    [[nodiscard]] std::size_t bytes_in_use() const;
    [[nodiscard]] std::size_t bytes_pooled() const;

protected:
    explicit Device(DeviceInfo info);
    /// Null when there is no memory left.
    virtual void* allocate(std::size_t bytes, bool pinned) = 0;
    virtual void release(void* memory, bool pinned) noexcept = 0;
    /// To be called by destructors of derived classes.
    void release_pool() noexcept;

private:
    friend class Buffer;
    [[nodiscard]] Buffer take(std::size_t bytes, bool pinned);
    void give_back(void* memory, std::size_t bytes, bool pinned) noexcept;

    DeviceInfo info_;
    struct Pool;
    std::shared_ptr<Pool> pool_;
};

}  // namespace jpegai::cuda
