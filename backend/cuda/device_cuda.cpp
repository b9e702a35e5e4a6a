// The device layer on the CUDA runtime.
#include <cuda.h>
#include <cudaTypedefs.h>
#include <cuda_runtime_api.h>

#include <map>
#include <mutex>
#include <string>
#include <unordered_set>

#include "backend/cuda/device.h"
#include "backend/cuda/fill.h"
#include "base/error.h"

namespace jpegai::cuda {

namespace {

[[noreturn]] void fail(cudaError_t status, const char* what) {
    const jpegai_error code = status == cudaErrorMemoryAllocation ? JPEGAI_ERROR_MEMORY : JPEGAI_ERROR_INTERNAL;
    throw Error(code, std::string("CUDA: ") + what + ": " + cudaGetErrorString(status));
}

void check(cudaError_t status, const char* what) {
    if (status == cudaSuccess) return;
    (void)cudaGetLastError();  // the next call is not to report this one's failure
    fail(status, what);
}

class CudaEvent final : public Event {
public:
    explicit CudaEvent(int device) : device_(device) {
        check(cudaSetDevice(device_), "cudaSetDevice");
        // Who waits sleeps: other threads want the processors.
        check(cudaEventCreateWithFlags(&event_, cudaEventBlockingSync), "cudaEventCreate");
    }
    ~CudaEvent() override { cudaEventDestroy(event_); }
    CudaEvent(const CudaEvent&) = delete;
    CudaEvent& operator=(const CudaEvent&) = delete;

    void synchronize() override { check(cudaEventSynchronize(event_), "waiting for an event"); }
    bool done() override {
        const cudaError_t status = cudaEventQuery(event_);
        if (status == cudaErrorNotReady) return false;
        check(status, "asking for an event");
        return true;
    }
    double seconds_since(Event& earlier) override {
        float milliseconds = 0;
        check(cudaEventElapsedTime(&milliseconds, static_cast<CudaEvent&>(earlier).event_, event_), "event times");
        return static_cast<double>(milliseconds) * 1e-3;
    }
    [[nodiscard]] cudaEvent_t get() const { return event_; }

private:
    int device_;
    cudaEvent_t event_ = nullptr;
};

class CudaGraph final : public GraphExec {
public:
    explicit CudaGraph(cudaGraph_t graph) {
        const cudaError_t status = cudaGraphInstantiate(&exec_, graph, 0);
        cudaGraphDestroy(graph);
        check(status, "cudaGraphInstantiate");
    }
    ~CudaGraph() override { cudaGraphExecDestroy(exec_); }
    CudaGraph(const CudaGraph&) = delete;
    CudaGraph& operator=(const CudaGraph&) = delete;
    [[nodiscard]] cudaGraphExec_t get() const { return exec_; }

private:
    cudaGraphExec_t exec_ = nullptr;
};

/// Dynamic shared memory of a block that every GPU of capability 8.0 and up has.
constexpr int kMostShared = 96 * 1024;

class CudaStream final : public Stream {
public:
    CudaStream(int device, bool beside) : device_(device) {
        use_device();
        int least = 0, greatest = 0;
        check(cudaDeviceGetStreamPriorityRange(&least, &greatest), "cudaDeviceGetStreamPriorityRange");
        check(cudaStreamCreateWithPriority(&stream_, cudaStreamNonBlocking, beside ? least : greatest),
              "cudaStreamCreate");
    }
    ~CudaStream() override { cudaStreamDestroy(stream_); }
    CudaStream(const CudaStream&) = delete;
    CudaStream& operator=(const CudaStream&) = delete;

    void copy_to_device(void* to, const void* from, std::size_t bytes) override {
        copy(to, from, bytes, cudaMemcpyHostToDevice);
    }
    void copy_to_host(void* to, const void* from, std::size_t bytes) override {
        copy(to, from, bytes, cudaMemcpyDeviceToHost);
    }
    void copy_on_device(void* to, const void* from, std::size_t bytes) override {
        copy(to, from, bytes, cudaMemcpyDeviceToDevice);
    }
    void fill_bytes(void* to, unsigned char value, std::size_t bytes) override {
        use_device();
        check(cudaMemsetAsync(to, value, bytes, stream_), "cudaMemsetAsync");
    }

    void launch_kernel(const KernelFunctions& kernel, Dim3 grid, Dim3 block, std::size_t shared_bytes,
                       const void* params, std::size_t) override {
        if (kernel.on_device == nullptr) {
            throw Error(JPEGAI_ERROR_UNSUPPORTED, std::string("no device code for kernel ") + kernel.name);
        }
        use_device();
        const void* const function = kernel.on_device();
        if (prepared_.insert(function).second) prepare(kernel, function);
        void* arguments[] = {const_cast<void*>(params)};
        check(cudaLaunchKernel(function, dim3(grid.x, grid.y, grid.z), dim3(block.x, block.y, block.z), arguments,
                               shared_bytes, stream_),
              kernel.name);
    }

    void record(Event& event) override {
        use_device();
        check(cudaEventRecord(static_cast<CudaEvent&>(event).get(), stream_), "cudaEventRecord");
    }
    void wait(Event& event) override {
        use_device();
        check(cudaStreamWaitEvent(stream_, static_cast<CudaEvent&>(event).get(), 0), "cudaStreamWaitEvent");
    }
    void synchronize() override {
        use_device();
        check(cudaStreamSynchronize(stream_), "work on the device");
    }

    void begin_capture() override {
        use_device();
        check(cudaStreamBeginCapture(stream_, cudaStreamCaptureModeThreadLocal), "cudaStreamBeginCapture");
    }
    std::unique_ptr<GraphExec> end_capture() override {
        cudaGraph_t graph = nullptr;
        check(cudaStreamEndCapture(stream_, &graph), "cudaStreamEndCapture");
        return std::make_unique<CudaGraph>(graph);
    }
    void launch(GraphExec& graph) override {
        use_device();
        check(cudaGraphLaunch(static_cast<CudaGraph&>(graph).get(), stream_), "cudaGraphLaunch");
    }

private:
    /// The most shared memory for every kernel: between kernels that divide it from the cache differently a
    /// multiprocessor has to become idle.
    static void prepare(const KernelFunctions& kernel, const void* function) {
        cudaFuncAttributes attributes{};
        check(cudaFuncGetAttributes(&attributes, function), kernel.name);
        const int most = kMostShared - static_cast<int>(attributes.sharedSizeBytes);
        check(cudaFuncSetAttribute(function, cudaFuncAttributeMaxDynamicSharedMemorySize, most), kernel.name);
        check(cudaFuncSetAttribute(function, cudaFuncAttributePreferredSharedMemoryCarveout,
                                   cudaSharedmemCarveoutMaxShared),
              kernel.name);
    }
    void use_device() const { check(cudaSetDevice(device_), "cudaSetDevice"); }
    void copy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
        use_device();
        check(cudaMemcpyAsync(to, from, bytes, kind, stream_), "cudaMemcpyAsync");
    }

    std::unordered_set<const void*> prepared_;
    int device_;
    cudaStream_t stream_ = nullptr;
};

DeviceInfo read_info(int index) {
    cudaDeviceProp properties{};
    check(cudaGetDeviceProperties(&properties, index), "cudaGetDeviceProperties");
    DeviceInfo info;
    info.index = index;
    info.name = properties.name;
    info.memory_bytes = properties.totalGlobalMem;
    info.processors = static_cast<unsigned>(properties.multiProcessorCount);
    info.capability = 10 * properties.major + properties.minor;
    info.shared_bytes_per_block = properties.sharedMemPerBlockOptin;
    return info;
}

/// The driver's function, found at run time: the program starts without a driver, too. Null where it has none.
PFN_cuTensorMapEncodeTiled_v12000 find_map_function() {
    constexpr unsigned kSince = 12000;
    void* function = nullptr;
    cudaDriverEntryPointQueryResult found{};
#if CUDART_VERSION >= 12050
    const cudaError_t status =
        cudaGetDriverEntryPointByVersion("cuTensorMapEncodeTiled", &function, kSince, cudaEnableDefault, &found);
#else
    const cudaError_t status = cudaGetDriverEntryPoint("cuTensorMapEncodeTiled", &function, cudaEnableDefault, &found);
#endif
    if (status == cudaSuccess && found == cudaDriverEntryPointSuccess)
        return reinterpret_cast<PFN_cuTensorMapEncodeTiled_v12000>(function);
    (void)cudaGetLastError();
    return nullptr;
}

/// The capability that the kernels in use were compiled for, 90 for 9.0.
int compiled_capability() {
    cudaFuncAttributes attributes{};
    check(cudaFuncGetAttributes(&attributes, fill_on_device()), "cudaFuncGetAttributes");
    return attributes.ptxVersion;
}

class CudaDevice final : public Device {
public:
    explicit CudaDevice(DeviceInfo info) : Device(std::move(info)) {
        constexpr int kHopper = 90;
        if (this->info().capability < kHopper) return;
        check(cudaSetDevice(this->info().index), "cudaSetDevice");
        if (compiled_capability() >= kHopper) map_function_ = find_map_function();
    }
    ~CudaDevice() override { release_pool(); }

    using Device::make_stream;
    std::unique_ptr<Stream> make_stream(bool beside) override {
        return std::make_unique<CudaStream>(info().index, beside);
    }
    std::unique_ptr<Event> make_event() override { return std::make_unique<CudaEvent>(info().index); }

    bool copies_in_bulk() const override { return map_function_ != nullptr; }
    TensorMap map_tensor(const TensorBox& box) const override {
        static_assert(sizeof(TensorMap) == sizeof(CUtensorMap) && alignof(TensorMap) >= alignof(CUtensorMap));
        TensorMap map;
        const cuuint64_t size[3] = {box.size[0], box.size[1], box.size[2]};
        const cuuint64_t strides[2] = {box.strides[0], box.strides[1]};
        const cuuint32_t steps[3] = {1, 1, 1};
        // Integers: no kind of float is changed on the way.
        const CUresult result = map_function_(reinterpret_cast<CUtensorMap*>(&map), CU_TENSOR_MAP_DATA_TYPE_INT32, 3,
                                              const_cast<float*>(box.data), size, strides, box.box, steps,
                                              CU_TENSOR_MAP_INTERLEAVE_NONE, CU_TENSOR_MAP_SWIZZLE_NONE,
                                              CU_TENSOR_MAP_L2_PROMOTION_NONE, CU_TENSOR_MAP_FLOAT_OOB_FILL_NONE);
        if (result != CUDA_SUCCESS)
            throw Error(JPEGAI_ERROR_INTERNAL, "CUDA: cuTensorMapEncodeTiled: " + std::to_string(result));
        return map;
    }

protected:
    void* allocate(std::size_t bytes, bool pinned) override {
        check(cudaSetDevice(info().index), "cudaSetDevice");
        void* memory = nullptr;
        const cudaError_t status =
            pinned ? cudaHostAlloc(&memory, bytes, cudaHostAllocDefault) : cudaMalloc(&memory, bytes);
        if (status == cudaErrorMemoryAllocation) {
            (void)cudaGetLastError();
            return nullptr;
        }
        check(status, "allocation");
        return memory;
    }
    void release(void* memory, bool pinned) noexcept override {
        (void)cudaSetDevice(info().index);
        (void)(pinned ? cudaFreeHost(memory) : cudaFree(memory));
    }

private:
    PFN_cuTensorMapEncodeTiled_v12000 map_function_ = nullptr;
};

/// Number of GPUs; `why` says why there are none.
int count_devices(std::string* why) {
    int count = 0;
    const cudaError_t status = cudaGetDeviceCount(&count);
    if (status == cudaSuccess) return count;
    (void)cudaGetLastError();
    if (why != nullptr) *why = cudaGetErrorString(status);
    return 0;
}

}  // namespace

std::vector<DeviceInfo> Device::list() {
    std::vector<DeviceInfo> devices;
    const int count = count_devices(nullptr);
    for (int i = 0; i < count; ++i) devices.push_back(read_info(i));
    return devices;
}

std::shared_ptr<Device> Device::open(int index) {
    static std::mutex mutex;
    static std::map<int, std::weak_ptr<Device>> opened;
    std::string why = "no GPU found";
    const int count = count_devices(&why);
    if (count == 0) throw Error(JPEGAI_ERROR_UNSUPPORTED, "no CUDA device: " + why);
    if (index < 0 || index >= count) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED,
                    "no CUDA device " + std::to_string(index) + ": this machine has " + std::to_string(count));
    }
    const std::lock_guard lock(mutex);
    std::shared_ptr<Device> device = opened[index].lock();
    if (!device) {
        device = std::make_shared<CudaDevice>(read_info(index));
        opened[index] = device;
    }
    return device;
}

}  // namespace jpegai::cuda
