#include "decoder/reconstruct.h"

#include <algorithm>

#include "decoder/reconstruct_steps.h"

namespace jpegai {
namespace {

/// Arrays of the host (reconstruct_steps.h).
struct HostMemory {
    using Array = Array3<float>;
    using Hyper = Array3<std::int8_t>;

    class Part {
    public:
        Part(HostMemory& /*memory*/, const Array& whole, const Area& area) {
            if (covers(area, whole.rows(), whole.cols())) {
                array_ = &whole;
            } else {
                copy_ = cut(whole, area);
                array_ = &copy_;
            }
        }
        Part(const Part&) = delete;
        Part& operator=(const Part&) = delete;
        [[nodiscard]] const Array* get() const { return array_; }

    private:
        Array copy_;
        const Array* array_;
    };

    static Shape shape(const Array& array) { return {array.channels(), {array.rows(), array.cols()}}; }
    static bool empty(const Array& array) { return array.empty(); }
    static Array zeros(const Shape& shape) { return {shape.channels, shape.size.rows, shape.size.cols}; }

    static Array hyper_input(const Hyper& in, const Area& area) {
        Array out = Array::uninitialized(in.channels(), area.rows, area.cols);
        for (std::size_t c = 0; c < in.channels(); ++c) {
            for (std::size_t y = 0; y < area.rows; ++y) {
                std::copy_n(in.row(c, area.row + y) + area.col, area.cols, out.row(c, y));
            }
        }
        return out;
    }

    static void paste(const Array& from, std::size_t row, std::size_t col, Array& to, const Area& area) {
        jpegai::paste(from, row, col, to, area);
    }

    static Array run(const NetworkRunner& runner, std::span<const Array* const> inputs, Size nominal,
                     RunContext& context) {
        return std::move(runner.run(inputs, nominal, context).front());
    }
};

}  // namespace

Array3<float> decode_psi(const NetworkCache& networks, const PictureHeader& picture, Component component,
                         std::span<const RegionWindow> regions, const Array3<std::int8_t>& z_hat, RunContext& context) {
    HostMemory memory;
    return steps::psi(memory, networks, picture, component, regions, z_hat, context);
}

Array3<float> decode_latent(const NetworkCache& networks, const PictureHeader& picture, Component component,
                            std::span<const RegionWindow> regions, const Array3<float>& psi,
                            const Array3<float>& residual, RunContext& context) {
    HostMemory memory;
    return steps::latent(memory, networks, picture, component, regions, psi, residual, context);
}

Array3<float> synthesise(const NetworkCache& networks, const PictureHeader& picture, OperatingPoint point,
                         Component component, const Array3<float>& luma, const Array3<float>* chroma,
                         const Area& wanted, RunContext& context) {
    HostMemory memory;
    return steps::synthesis(memory, networks, picture, point, component, luma, chroma, wanted, context);
}

}  // namespace jpegai
