#include "backend/cuda/picture_device_cuda.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "backend/cuda/device_runner.h"
#include "backend/cuda/filter_kernels.h"
#include "backend/cuda/picture_kernels.h"
#include "base/error.h"
#include "base/math.h"

namespace jpegai::cuda {
namespace {

constexpr unsigned kMostBlocks = 4096;  ///< of kernels that stride over their samples

unsigned narrow(std::size_t size) {
    if (size > 0x7FFF'FFFF) throw Error(JPEGAI_ERROR_LIMIT, "plane too large for the device");
    return static_cast<unsigned>(size);
}

Dim3 plane_grid(std::size_t channels, std::size_t rows, std::size_t cols) {
    const std::size_t down = ceil_div<std::size_t>(rows, kPlaneRows);
    if (down > 65535 || channels > 65535) throw Error(JPEGAI_ERROR_LIMIT, "plane too large for the device");
    return {narrow(ceil_div<std::size_t>(cols, kPlaneCols)), narrow(down), narrow(channels)};
}
constexpr Dim3 kPlaneBlock = {kPlaneCols, kPlaneRows, 1};

Dim3 flat_grid(std::size_t count) {
    return {narrow(std::clamp<std::size_t>(ceil_div<std::size_t>(count, kPlaneThreads), 1, kMostBlocks)), 1, 1};
}
constexpr Dim3 kFlatBlock = {kPlaneThreads, 1, 1};

[[noreturn]] void misfit() {
    throw Error(JPEGAI_ERROR_INTERNAL, "arrays on the device do not fit together");
}

bool holds(const DeviceArray& array, std::size_t row, std::size_t col, const Area& area) {
    return row <= array.rows && col <= array.cols && area.rows <= array.rows - row && area.cols <= array.cols - col;
}

class CudaPictureDevice final : public PictureDevice {
public:
    explicit CudaPictureDevice(const std::shared_ptr<Device>& device) : memory_(StreamMemory::make(device)) {
        lines_[0] = {memory_, device->make_event()};
    }

    /// Ready for another picture.
    void recycle() {
        marks_.clear();
        wait();  // both lines, before either gives memory away: each may read the other's
        for (Line& line : lines_) {
            if (!line.memory) continue;
            line.memory->trim();
            line.memory->wait_busily(false);
        }
        memory_ = lines_[0].memory;
    }

    // ---- order
    void queue_on(DeviceLine line) override {
        Line& chosen = lines_[static_cast<std::size_t>(line)];
        if (!chosen.memory) {
            const std::shared_ptr<Device> device = memory_->device().shared_from_this();
            chosen = {StreamMemory::make(device, true), device->make_event()};
        }
        memory_ = chosen.memory;
    }
    void wait_for_other_line() override {
        const Line& other = lines_[memory_ == lines_[0].memory ? 1 : 0];
        if (!other.memory) return;
        other.memory->stream().record(*other.reached);
        stream().wait(*other.reached);
    }

    // ---- memory
    DeviceArray make(const Shape& shape) override { return memory_->values<float>(shape); }
    void zero(DeviceArray& array) override {
        if (!array.empty()) stream().fill_bytes(array.data, 0, array.size() * sizeof(float));
    }
    Array3<float> uploadable(const Shape& shape) override { return staging_array<float>(shape); }
    DeviceArray upload(const Array3<float>& values) override { return upload_as<float>(values); }
    DeviceArray upload(const Array3<std::int8_t>& values) override { return upload_as<float>(values); }
    DeviceShorts upload(const Array3<std::int16_t>& values) override { return upload_as<std::int16_t>(values); }

    void download(const DeviceArray& from, Array3<float>& to) override {
        to = staging_array<float>(from.shape());
        if (to.empty()) return;
        stream().copy_to_host(to.data(), from.data, from.size() * sizeof(float));
        finish_line();
    }
    std::vector<Array3<std::uint16_t>> download(std::span<const DeviceSamples> from) override {
        std::vector<Array3<std::uint16_t>> planes;
        for (const DeviceSamples& samples : from) {
            if (samples.sample_bytes != sizeof(std::uint16_t)) misfit();
            planes.push_back(staging_array<std::uint16_t>({1, {samples.rows, samples.cols}}));
            if (samples.bytes() > 0) stream().copy_to_host(planes.back().data(), samples.data, samples.bytes());
        }
        finish_line();
        return planes;
    }
    void download(std::span<const DeviceSamples> from, std::span<std::uint8_t* const> to) override {
        std::vector<const void*> staged;
        for (const DeviceSamples& samples : from) {
            void* const memory = memory_->staging(samples.bytes());
            stream().copy_to_host(memory, samples.data, samples.bytes());
            staged.push_back(memory);
        }
        memory_->wait();
        for (std::size_t i = 0; i < from.size(); ++i) std::memcpy(to[i], staged[i], from[i].bytes());
        memory_->drop_staging();
    }
    void wait() override {
        for (Line& line : lines_) {
            if (!line.memory) continue;
            line.memory->wait();
            line.memory->drop_staging();
        }
    }

    void wait_busily() override { lines_[0].memory->wait_busily(true); }  // which is waited for at the end

    // ---- rectangles
    void copy(const DeviceArray& from, std::size_t row, std::size_t col, DeviceArray& to, const Area& area) override {
        if (from.channels != to.channels || !holds(from, row, col, area) || !holds(to, area.row, area.col, area))
            misfit();
        copy_samples({from.data + row * from.cols + col, to.data + area.row * to.cols + area.col, from.plane_size(),
                      from.cols, 1, to.plane_size(), to.cols, narrow(area.rows), narrow(area.cols)},
                     to.channels);
    }
    void decimate(const DeviceArray& from, std::size_t ver, std::size_t hor, DeviceArray& to) override {
        if (from.channels != 1 || to.channels != 1 || to.empty() || (to.rows - 1) * ver >= from.rows ||
            (to.cols - 1) * hor >= from.cols)
            misfit();
        copy_samples({from.data, to.data, 0, ver * from.cols, hor, 0, to.cols, narrow(to.rows), narrow(to.cols)}, 1);
    }

    // ---- networks
    std::vector<DeviceArray> run(const NetworkRunner& runner, std::span<const DeviceArray> inputs, Size nominal,
                                 RunContext& context) override {
        const auto* device_runner = dynamic_cast<const DeviceRunner*>(&runner);
        if (device_runner == nullptr) throw Error(JPEGAI_ERROR_INTERNAL, "network of another backend");
        return device_runner->run_on(*memory_, inputs, nominal, context);
    }
    void lsbs(DeviceArray& y, const DeviceArray& residual, const DeviceShorts& likely,
              const LsbsFactors& factors) override {
        constexpr std::size_t kBlock = 8;
        if (y.shape() != residual.shape() || likely.channels != y.channels || likely.rows != ceil_div(y.rows, kBlock) ||
            likely.cols != ceil_div(y.cols, kBlock))
            misfit();
        LsbsParams p{y.data, residual.data, likely.data, narrow(y.rows), narrow(y.cols), {}, {}, {}, factors.divisor};
        std::copy(factors.threshold.begin(), factors.threshold.end(), p.threshold);
        std::copy(factors.mean.begin(), factors.mean.end(), p.mean);
        std::copy(factors.residual.begin(), factors.residual.end(), p.factor);
        stream().launch(latent_lsbs_kernel, plane_grid(y.channels, y.rows, y.cols), kPlaneBlock, 0, p);
    }

    // ---- planes
    DeviceArray resample(const DeviceArray& in, Size out, bool cubic) override {
        if (in.channels != 1 || in.empty() || out.rows == 0 || out.cols == 0)
            throw Error(JPEGAI_ERROR_ARGUMENT, "cannot resample an empty plane");
        DeviceArray to = make({1, out});
        const ResampleParams p{in.data,          to.data, narrow(in.rows), narrow(in.cols), narrow(out.rows),
                               narrow(out.cols), cubic};
        stream().launch(plane_resample_kernel, plane_grid(1, out.rows, out.cols), kPlaneBlock, 0, p);
        return to;
    }
    void divide(DeviceArray& values, float divisor) override {
        if (values.empty()) return;
        stream().launch(plane_scale_kernel, flat_grid(values.size()), kFlatBlock, 0,
                        ScaleParams{values.data, values.size(), true, divisor, 0, 0});
    }
    void clamp_scale(DeviceArray& values, float high, float factor) override {
        if (values.empty()) return;
        stream().launch(plane_scale_kernel, flat_grid(values.size()), kFlatBlock, 0,
                        ScaleParams{values.data, values.size(), false, 1, high, factor});
    }
    DeviceArray efe_linear(const DeviceArray& luma, const DeviceArray& chroma, const EfeLinearPlane& filter) override;
    void efe_nonlinear(const DeviceArray& luma, DeviceArray& chroma, const EfeNonlinearPlane& filter) override;
    void efe_blend(const DeviceArray& second, DeviceArray& corrected, const EfeMask& mask) override;
    DeviceArray lef(const DeviceArray& luma, const DeviceShorts& scales, const LefSteps& steps) override;
    void to_rgb(std::array<DeviceArray, 3>& planes, bool scaled_chroma) override {
        if (planes[0].shape() != planes[1].shape() || planes[0].shape() != planes[2].shape()) misfit();
        stream().launch(plane_rgb_kernel, flat_grid(planes[0].size()), kFlatBlock, 0,
                        RgbParams{{planes[0].data, planes[1].data, planes[2].data}, planes[0].size(), scaled_chroma});
    }
    DeviceSamples quantise(const DeviceArray& plane, float max, bool wide) override {
        DeviceSamples to;
        to.rows = plane.rows;
        to.cols = plane.cols;
        to.sample_bytes = wide ? 2 : 1;
        to.owner = memory_->take(to.bytes());
        to.data = to.owner.get();
        stream().launch(plane_quantise_kernel, flat_grid(plane.size()), kFlatBlock, 0,
                        QuantiseParams{plane.data, to.data, plane.size(), max, wide});
        return to;
    }

    // ---- time
    void mark(const std::string& stage) override {
        marks_.emplace_back(stage, memory_->device().make_event());
        stream().record(*marks_.back().second);
    }
    std::vector<std::pair<std::string, double>> take_marks() override {
        memory_->wait();
        std::vector<std::pair<std::string, double>> times;
        for (std::size_t i = 1; i < marks_.size(); ++i)
            times.emplace_back(marks_[i].first, marks_[i].second->seconds_since(*marks_[i - 1].second));
        marks_.clear();
        return times;
    }

private:
    void finish_line() {
        memory_->wait();
        memory_->drop_staging();
    }

    /// In pinned memory, kept at least until the line has been waited for.
    template <class T>
    Array3<T> staging_array(const Shape& shape) {
        const auto [channels, size] = shape;
        const std::size_t bytes = checked_mul(checked_mul(channels, size.rows), checked_mul(size.cols, sizeof(T)));
        std::shared_ptr<void> memory = memory_->shared_staging(bytes);
        T* const data = static_cast<T*>(memory.get());
        return Array3<T>::in_memory({std::move(memory), data}, channels, size.rows, size.cols);
    }

    template <class To, class From>
    DeviceValues<To> upload_as(const Array3<From>& from) {
        DeviceValues<To> to = memory_->values<To>({from.channels(), {from.rows(), from.cols()}});
        if (from.empty()) return to;
        const void* readable = from.data();
        if (!std::is_same_v<To, From> || !memory_->is_staging(readable)) {
            To* const staged = static_cast<To*>(memory_->staging(from.size() * sizeof(To)));
            std::copy_n(from.data(), from.size(), staged);
            readable = staged;
        }
        stream().copy_to_device(to.data, readable, from.size() * sizeof(To));
        return to;
    }

    /// `count` values of T from the host, for kernels that are queued next.
    template <class T>
    std::shared_ptr<void> upload_values(const T* from, std::size_t count) {
        std::shared_ptr<void> to = memory_->take(count * sizeof(T));
        void* staged = memory_->staging(count * sizeof(T));
        std::memcpy(staged, from, count * sizeof(T));
        stream().copy_to_device(to.get(), staged, count * sizeof(T));
        return to;
    }

    void copy_samples(const CopyParams& p, std::size_t channels) {
        if (p.rows == 0 || p.cols == 0 || channels == 0) return;
        stream().launch(plane_copy_kernel, plane_grid(channels, p.rows, p.cols), kPlaneBlock, 0, p);
    }

    Stream& stream() { return memory_->stream(); }

    struct Line {
        std::shared_ptr<StreamMemory> memory;
        std::unique_ptr<Event> reached;
    };
    std::array<Line, 2> lines_;             ///< the second one from its first use on
    std::shared_ptr<StreamMemory> memory_;  ///< of the line in use
    std::vector<std::pair<std::string, std::unique_ptr<Event>>> marks_;
};

DeviceArray CudaPictureDevice::efe_linear(const DeviceArray& luma, const DeviceArray& chroma,
                                          const EfeLinearPlane& filter) {
    if (filter.regions.size() > kMaxEfeRegions || filter.regions.empty() || luma.channels != 1 || chroma.channels != 1)
        misfit();
    DeviceArray to = make(chroma.shape());
    EfeLinearParams p{luma.data,
                      chroma.data,
                      to.data,
                      narrow(luma.rows),
                      narrow(luma.cols),
                      narrow(chroma.rows),
                      narrow(chroma.cols),
                      narrow(filter.phase.rows),
                      narrow(filter.phase.cols),
                      narrow(filter.ver),
                      narrow(filter.hor),
                      filter.mean,
                      narrow(filter.regions.size()),
                      {}};
    for (std::size_t r = 0; r < filter.regions.size(); ++r) {
        const EfeLinearKernels& from = filter.regions[r];
        EfeRegion& region = p.region[r];
        region.row = narrow(from.area.row);
        region.col = narrow(from.area.col);
        region.rows = narrow(from.area.rows);
        region.cols = narrow(from.area.cols);
        for (std::size_t k = 0; k < from.chroma.size(); ++k)
            std::copy(from.chroma[k].begin(), from.chroma[k].end(), region.chroma[k]);
        std::copy(from.luma.begin(), from.luma.end(), region.luma);
    }
    stream().launch(efe_linear_kernel, plane_grid(1, chroma.rows, chroma.cols), kPlaneBlock, 0, p);
    return to;
}

void CudaPictureDevice::efe_nonlinear(const DeviceArray& luma, DeviceArray& chroma, const EfeNonlinearPlane& filter) {
    const std::size_t grid_rows = ceil_div(chroma.rows, filter.tile_rows);
    if (luma.channels != 1 || chroma.channels != 1 || chroma.empty() ||
        filter.curves.size() < grid_rows * filter.grid_cols || filter.grid_cols * filter.tile_cols < chroma.cols ||
        (chroma.rows - 1) * filter.ver >= luma.rows || (chroma.cols - 1) * filter.hor >= luma.cols)
        misfit();
    static_assert(sizeof(EfeCurve) == 16 * sizeof(float));
    const std::shared_ptr<void> curves = upload_values(filter.curves.data(), filter.curves.size());
    const EfeNonlinearParams p{luma.data,
                               chroma.data,
                               static_cast<const float*>(curves.get()),
                               narrow(chroma.rows),
                               narrow(chroma.cols),
                               narrow(luma.cols),
                               narrow(filter.ver),
                               narrow(filter.hor),
                               narrow(filter.tile_rows),
                               narrow(filter.tile_cols),
                               narrow(filter.grid_cols)};
    stream().launch(efe_nonlinear_kernel, plane_grid(1, chroma.rows, chroma.cols), kPlaneBlock, 0, p);
}

void CudaPictureDevice::efe_blend(const DeviceArray& second, DeviceArray& corrected, const EfeMask& mask) {
    if (second.shape() != corrected.shape() || corrected.channels != 1 || mask.block == 0 ||
        mask.cols * mask.block < corrected.cols ||
        mask.values.size() < ceil_div(corrected.rows, mask.block) * mask.cols)
        misfit();
    const std::shared_ptr<void> values = upload_values(mask.values.data(), mask.values.size());
    const EfeBlendParams p{second.data,
                           corrected.data,
                           static_cast<const std::uint8_t*>(values.get()),
                           narrow(corrected.rows),
                           narrow(corrected.cols),
                           narrow(mask.block),
                           narrow(mask.cols)};
    stream().launch(efe_blend_kernel, plane_grid(1, corrected.rows, corrected.cols), kPlaneBlock, 0, p);
}

DeviceArray CudaPictureDevice::lef(const DeviceArray& luma, const DeviceShorts& scales, const LefSteps& steps) {
    if (luma.channels != 1 || luma.empty() || scales.channels != 1 || scales.empty())
        throw Error(JPEGAI_ERROR_ARGUMENT, "LEF: empty plane");
    DeviceArray to = make(luma.shape());
    LefParams p{luma.data,           to.data, scales.data, narrow(luma.rows), narrow(luma.cols), narrow(scales.rows),
                narrow(scales.cols), {},      {}};
    std::copy(steps.threshold.begin(), steps.threshold.end(), p.threshold);
    std::copy(steps.gain.begin(), steps.gain.end(), p.gain);
    stream().launch(lef_kernel, plane_grid(1, luma.rows, luma.cols), kPlaneBlock, 0, p);
    return to;
}

}  // namespace

struct PictureDevicePool::Idle {
    std::mutex mutex;
    std::vector<std::unique_ptr<CudaPictureDevice>> devices;
};

PictureDevicePool::PictureDevicePool(std::shared_ptr<Device> device)
    : device_(std::move(device)), idle_(std::make_shared<Idle>()) {}

PictureDevicePool::~PictureDevicePool() = default;

std::shared_ptr<PictureDevice> PictureDevicePool::take() const {
    std::unique_ptr<CudaPictureDevice> device;
    {
        const std::lock_guard lock(idle_->mutex);
        if (!idle_->devices.empty()) {
            device = std::move(idle_->devices.back());
            idle_->devices.pop_back();
        }
    }
    if (!device) device = std::make_unique<CudaPictureDevice>(device_);
    return {device.release(), [idle = idle_](CudaPictureDevice* used) {
                std::unique_ptr<CudaPictureDevice> owned(used);
                try {
                    owned->recycle();
                    const std::lock_guard lock(idle->mutex);
                    idle->devices.push_back(std::move(owned));
                } catch (...) {
                    // The device has failed: this one is not used again.
                }
            }};
}

}  // namespace jpegai::cuda
