#include "decoder/reconstruct.h"

#include <algorithm>
#include <array>

#include "decoder/cut.h"

namespace jpegai {
namespace {

Array3<float> to_float(const Array3<std::int8_t>& in, const Area& area) {
    Array3<float> out = Array3<float>::uninitialized(in.channels(), area.rows, area.cols);
    for (std::size_t c = 0; c < in.channels(); ++c) {
        for (std::size_t y = 0; y < area.rows; ++y) {
            std::copy_n(in.row(c, area.row + y) + area.col, area.cols, out.row(c, y));
        }
    }
    return out;
}

/// The one output of a network of one output.
Array3<float> run_one(const NetworkRunner& runner, std::span<const Array3<float>* const> inputs, Size nominal,
                      RunContext& context) {
    return std::move(runner.run(inputs, nominal, context).front());
}

/// `area` of an array without a copy when that is all of it.
class Part {
public:
    Part(const Array3<float>& whole, const Area& area) {
        if (covers(area, whole.rows(), whole.cols())) {
            array_ = &whole;
        } else {
            copy_ = cut(whole, area);
            array_ = &copy_;
        }
    }
    Part(const Part&) = delete;
    Part& operator=(const Part&) = delete;
    [[nodiscard]] const Array3<float>* get() const { return array_; }

private:
    Array3<float> copy_;
    const Array3<float>* array_;
};

bool intersects(const Area& a, const Area& b) {
    return a.row < b.row + b.rows && b.row < a.row + a.rows && a.col < b.col + b.cols && b.col < a.col + a.cols;
}

Size size_of(const Area& area) {
    return {area.rows, area.cols};
}

}  // namespace

Array3<float> decode_psi(const NetworkCache& networks, const PictureHeader& picture, Component component,
                         std::span<const RegionWindow> regions, const Array3<std::int8_t>& z_hat, RunContext& context) {
    const NetworkRunner& runner =
        networks.network(NetworkKind::kHyperDecoder, OperatingPoint::kBop, component, picture.model_id);
    const std::size_t rows = ceil_div<std::size_t>(picture.img_height, kPsiStep),
                      cols = ceil_div<std::size_t>(picture.img_width, kPsiStep);
    Array3<float> merged;
    for (const RegionWindow& region : regions) {
        const Array3<float> z = to_float(z_hat, region.z);
        const std::array<const Array3<float>*, 1> inputs = {&z};
        Array3<float> psi = run_one(runner, inputs, size_of(region.image), context);
        if (regions.size() == 1 && psi.rows() == rows && psi.cols() == cols) return psi;
        if (merged.empty()) merged = Array3<float>(psi.channels(), rows, cols);
        paste(psi, 0, 0, merged, region.psi_write);
    }
    return merged;
}

Array3<float> decode_latent(const NetworkCache& networks, const PictureHeader& picture, Component component,
                            std::span<const RegionWindow> regions, const Array3<float>& psi,
                            const Array3<float>& residual, RunContext& context) {
    const NetworkRunner& runner =
        component == kPrimary
            ? networks.network(NetworkKind::kContextModel, OperatingPoint::kBop, component, picture.model_id)
            : networks.chroma_mean();
    Array3<float> merged;
    for (const RegionWindow& region : regions) {
        const Part psi_part(psi, region.psi), residual_part(residual, region.residual);
        const std::array<const Array3<float>*, 2> inputs = {residual_part.get(), psi_part.get()};
        // The latent grids count from the y window: with odd overlaps the extended image says something else.
        const Size nominal = {region.y.rows * kLatentStep, region.y.cols * kLatentStep};
        Array3<float> latent = run_one(runner, inputs, nominal, context);
        if (covers(region.y_write, residual.rows(), residual.cols())) return latent;
        if (merged.empty()) merged = Array3<float>(latent.channels(), residual.rows(), residual.cols());
        paste(latent, region.y_write.row - region.y.row, region.y_write.col - region.y.col, merged, region.y_write);
    }
    return merged;
}

Array3<float> synthesise(const NetworkCache& networks, const PictureHeader& picture, OperatingPoint point,
                         Component component, const Array3<float>& luma, const Array3<float>* chroma,
                         const Area& wanted, RunContext& context) {
    const NetworkRunner& runner = networks.network(NetworkKind::kSynthesis, point, component, picture.model_id);
    const std::vector<Tile> tiles = synthesis_tiles(picture, component);
    Array3<float> planes;
    for (const Tile& tile : tiles) {
        if (!intersects(tile.core, wanted)) continue;
        const Part luma_part(luma, tile.latent);
        std::array<const Array3<float>*, 2> inputs = {luma_part.get(), nullptr};
        std::unique_ptr<Part> chroma_part;
        if (chroma != nullptr) {
            chroma_part = std::make_unique<Part>(*chroma, tile.latent);
            inputs[1] = chroma_part->get();
        }
        Array3<float> samples =
            run_one(runner, {inputs.data(), chroma != nullptr ? 2U : 1U}, size_of(tile.image), context);
        if (covers(tile.core, picture.img_height, picture.img_width)) return samples;
        if (planes.empty()) planes = Array3<float>(samples.channels(), picture.img_height, picture.img_width);
        paste(samples, tile.core.row - tile.image.row, tile.core.col - tile.image.col, planes, tile.core);
    }
    return planes;
}

}  // namespace jpegai
