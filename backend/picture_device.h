// Planes that stay where the networks run, and what a decoder does to them between and after the networks. A backend
// with a memory of its own implements this, so that a picture is uploaded once, as latents, and comes back as samples.
//
// The arithmetic of every operation is that of spec/numeric_contract_filters.md and of the function of decoder/ which
// the comment names: same bits. Work is queued and done in order; only `download` and `wait` wait for it. A device
// serves one picture, from one thread at a time. Every call may throw Error{memory, internal}.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/array.h"
#include "bitstream/regions.h"
#include "networks/graph.h"

namespace jpegai {

/// Values in the memory of a device, [channel][row][column], dense. Copies share the values.
template <class T>
struct DeviceValues {
    std::shared_ptr<void> owner;  ///< keeps the memory; freed (or used again) after work that is queued
    T* data = nullptr;            ///< device address
    std::size_t channels = 0, rows = 0, cols = 0;

    [[nodiscard]] std::size_t plane_size() const { return rows * cols; }
    [[nodiscard]] std::size_t size() const { return channels * rows * cols; }
    [[nodiscard]] bool empty() const { return size() == 0; }
    [[nodiscard]] Shape shape() const { return {channels, {rows, cols}}; }
    /// Channel `c` alone; shares the values.
    [[nodiscard]] DeviceValues channel(std::size_t c) const { return {owner, data + c * plane_size(), 1, rows, cols}; }
};
using DeviceArray = DeviceValues<float>;
using DeviceShorts = DeviceValues<std::int16_t>;

/// Integer samples of one plane on the device: one byte each, or two.
struct DeviceSamples {
    std::shared_ptr<void> owner;
    void* data = nullptr;
    std::size_t rows = 0, cols = 0, sample_bytes = 1;
    [[nodiscard]] std::size_t stride() const { return cols * sample_bytes; }
    [[nodiscard]] std::size_t bytes() const { return rows * stride(); }
};

/// Factors of LSBS by bucket (02 section 11); `threshold` separates the buckets.
struct LsbsFactors {
    std::array<std::int16_t, 2> threshold;
    std::array<float, 3> mean, residual;
    float divisor;
};

/// One region of EFE-linear: 4x4 kernels in raster order, tap (1,1) is the current sample; zeros are no taps.
struct EfeLinearKernels {
    Area area;                                    ///< in samples of the phase planes, not empty
    std::array<std::array<float, 16>, 4> chroma;  ///< by phase 2 * dy + dx
    std::array<float, 16> luma;
};

/// EFE-linear of one chroma plane.
struct EfeLinearPlane {
    Size phase;                    ///< size of the phase planes
    std::size_t ver = 2, hor = 2;  ///< chroma phases in each direction, 1 or 2
    float mean = 0;
    std::vector<EfeLinearKernels> regions;
};

/// The piecewise linear function of one tile of EFE-nonlinear.
struct EfeCurve {
    std::array<float, 8> weight, bias;
};

/// EFE-nonlinear of one chroma plane: curves of a grid of tiles in raster order.
struct EfeNonlinearPlane {
    std::size_t ver = 1, hor = 1;  ///< luma samples per chroma sample
    std::size_t tile_rows = 0, tile_cols = 0, grid_cols = 0;
    std::vector<EfeCurve> curves;
};

/// Switch between corrected and second picture by blocks (0, 1 or 2).
struct EfeMask {
    std::size_t block = 0, cols = 0;
    std::span<const std::uint8_t> values;
};

/// Thresholds of the scale and gains above them.
struct LefSteps {
    std::array<std::int16_t, 3> threshold;
    std::array<float, 3> gain;
};

/// Two lines of work that run beside each other. What one reads of the other's values has to be waited for, and those
/// values have to be kept until the other line has waited in turn.
enum class DeviceLine : std::uint8_t { kMain, kSide };

class PictureDevice {
public:
    virtual ~PictureDevice() = default;

    // ---- memory
    [[nodiscard]] virtual DeviceArray make(const Shape& shape) = 0;  ///< contents unspecified
    virtual void zero(DeviceArray& array) = 0;
    /// An array for upload(), contents unspecified, in memory of the host that the device reads by itself: upload() on
    /// the line in use now lets it, unless there was a wait or a download in between; elsewhere the array is one like
    /// any other. Its values may not be changed between upload() and the next wait or download of that line. It may be
    /// dropped at any time, after the device, too.
    [[nodiscard]] virtual Array3<float> uploadable(const Shape& shape) = 0;
    /// The host's values may be changed or freed as soon as the call returns, where they are not `uploadable`.
    [[nodiscard]] virtual DeviceArray upload(const Array3<float>& values) = 0;
    [[nodiscard]] virtual DeviceArray upload(const Array3<std::int8_t>& values) = 0;  ///< converted to float
    [[nodiscard]] virtual DeviceShorts upload(const Array3<std::int16_t>& values) = 0;
    /// Downloads wait for what is queued. These arrays lie in memory of the host that the device writes by itself; they
    /// may outlive the device.
    virtual void download(const DeviceArray& from, Array3<float>& to) = 0;
    /// Samples of two bytes each.
    [[nodiscard]] virtual std::vector<Array3<std::uint16_t>> download(std::span<const DeviceSamples> from) = 0;
    /// Copies, samples of either kind; `to` has the bytes() of each.
    virtual void download(std::span<const DeviceSamples> from, std::span<std::uint8_t* const> to) = 0;
    virtual void wait() = 0;
    /// Waits and downloads keep the processor busy for up to two milliseconds before they sleep, and end some tens of
    /// microseconds earlier. For those who have nothing else to do with the processor; until the picture's end.
    virtual void wait_busily() = 0;

    // ---- rectangles
    /// All channels of `area.size` samples from (row, col) of `from` on to `area` of `to`; both have to hold it.
    virtual void copy(const DeviceArray& from, std::size_t row, std::size_t col, DeviceArray& to, const Area& area) = 0;
    /// to(y, x) = from(y * ver, x * hor), one channel each.
    virtual void decimate(const DeviceArray& from, std::size_t ver, std::size_t hor, DeviceArray& to) = 0;

    // ---- networks
    /// `runner` was prepared by the backend that made this device. Inputs as NetworkRunner::run.
    [[nodiscard]] virtual std::vector<DeviceArray> run(const NetworkRunner& runner, std::span<const DeviceArray> inputs,
                                                       Size nominal, RunContext& context) = 0;
    /// apply_lsbs, in place; `likely` has one value per 8x8 block and channel.
    virtual void lsbs(DeviceArray& y, const DeviceArray& residual, const DeviceShorts& likely,
                      const LsbsFactors& factors) = 0;

    // ---- planes
    /// resample_bicubic, resample_bilinear.
    [[nodiscard]] virtual DeviceArray resample(const DeviceArray& in, Size out, bool cubic) = 0;
    virtual void divide(DeviceArray& values, float divisor) = 0;
    /// clamp(x, 0, high) * factor.
    virtual void clamp_scale(DeviceArray& values, float high, float factor) = 0;
    [[nodiscard]] virtual DeviceArray efe_linear(const DeviceArray& luma, const DeviceArray& chroma,
                                                 const EfeLinearPlane& filter) = 0;
    virtual void efe_nonlinear(const DeviceArray& luma, DeviceArray& chroma, const EfeNonlinearPlane& filter) = 0;
    virtual void efe_blend(const DeviceArray& second, DeviceArray& corrected, const EfeMask& mask) = 0;
    /// apply_lef; `scales` is the channel of the scale map that steers it.
    [[nodiscard]] virtual DeviceArray lef(const DeviceArray& luma, const DeviceShorts& scales,
                                          const LefSteps& steps) = 0;
    /// The conversion of yuv_to_rgb without its resampling, in place; `scaled_chroma`: chroma is on the scale 0..1.
    virtual void to_rgb(std::array<DeviceArray, 3>& planes, bool scaled_chroma) = 0;
    /// Samples of quantise; `max` is the largest value, or 0 to round as it is. Bytes unless `wide`.
    [[nodiscard]] virtual DeviceSamples quantise(const DeviceArray& plane, float max, bool wide) = 0;

    // ---- time
    /// Marks the end of a stage in the order of the work.
    virtual void mark(const std::string& stage) = 0;
    /// Waits, and gives the seconds of the device between marks (the first counts from the device's first use for this
    /// picture); forgets them. Empty where nothing was marked.
    [[nodiscard]] virtual std::vector<std::pair<std::string, double>> take_marks() = 0;

    // ---- order
    /// Where later calls queue their work; kMain at first. Downloads, samples and marks belong to kMain.
    virtual void queue_on(DeviceLine line) = 0;
    /// Later work of the line in use waits for what is queued on the other one now.
    virtual void wait_for_other_line() = 0;
};

}  // namespace jpegai
