// The steps from the entropy stage to planes (standard/03-networks.md sections 13 to 15), written once for arrays of
// the host and of a device. `Memory` says where arrays live:
//   Array, Hyper                        float array; hyper latents of the whole picture
//   Part                                an area of an array, without a copy when that is all of it; get() is the array
//   shape(array), empty(array)
//   zeros(shape)                        new array
//   hyper_input(hyper, area) -> Array   hyper latents as floats
//   paste(from, row, col, to, area)
//   run(runner, inputs, nominal, context) -> Array    the one output of a network of one output
#pragma once

#include <array>
#include <optional>
#include <span>

#include "base/math.h"
#include "decoder/cut.h"
#include "decoder/geometry.h"
#include "decoder/network_cache.h"

namespace jpegai::steps {

[[nodiscard]] inline bool intersects(const Area& a, const Area& b) {
    return a.row < b.row + b.rows && b.row < a.row + a.rows && a.col < b.col + b.cols && b.col < a.col + a.cols;
}

[[nodiscard]] inline Size size_of(const Area& area) {
    return {area.rows, area.cols};
}

/// Hyper decoder of one component on every region, merged.
template <class Memory>
[[nodiscard]] typename Memory::Array psi(Memory& memory, const NetworkCache& networks, const PictureHeader& picture,
                                         Component component, std::span<const RegionWindow> regions,
                                         const typename Memory::Hyper& z_hat, RunContext& context) {
    using Array = typename Memory::Array;
    const NetworkRunner& runner =
        networks.network(NetworkKind::kHyperDecoder, OperatingPoint::kBop, component, picture.model_id);
    const Size grid = {ceil_div<std::size_t>(picture.img_height, kPsiStep),
                       ceil_div<std::size_t>(picture.img_width, kPsiStep)};
    Array merged;
    for (const RegionWindow& region : regions) {
        const Array z = memory.hyper_input(z_hat, region.z);
        const std::array<const Array*, 1> inputs = {&z};
        Array psi = memory.run(runner, inputs, size_of(region.image), context);
        const Shape shape = memory.shape(psi);
        if (regions.size() == 1 && shape.size == grid) return psi;
        if (memory.empty(merged)) merged = memory.zeros({shape.channels, grid});
        memory.paste(psi, 0, 0, merged, region.psi_write);
    }
    return merged;
}

/// The latent before LSBS on every region, merged.
template <class Memory>
[[nodiscard]] typename Memory::Array latent(Memory& memory, const NetworkCache& networks, const PictureHeader& picture,
                                            Component component, std::span<const RegionWindow> regions,
                                            const typename Memory::Array& psi, const typename Memory::Array& residual,
                                            RunContext& context) {
    using Array = typename Memory::Array;
    const NetworkRunner& runner =
        component == kPrimary
            ? networks.network(NetworkKind::kContextModel, OperatingPoint::kBop, component, picture.model_id)
            : networks.chroma_mean();
    const Size grid = memory.shape(residual).size;
    Array merged;
    for (const RegionWindow& region : regions) {
        const typename Memory::Part psi_part(memory, psi, region.psi), residual_part(memory, residual, region.residual);
        const std::array<const Array*, 2> inputs = {residual_part.get(), psi_part.get()};
        // The latent grids count from the y window: with odd overlaps the extended image says something else.
        const Size nominal = {region.y.rows * kLatentStep, region.y.cols * kLatentStep};
        Array latent = memory.run(runner, inputs, nominal, context);
        if (covers(region.y_write, grid.rows, grid.cols)) return latent;
        if (memory.empty(merged)) merged = memory.zeros({memory.shape(latent).channels, grid});
        memory.paste(latent, region.y_write.row - region.y.row, region.y_write.col - region.y.col, merged,
                     region.y_write);
    }
    return merged;
}

/// Synthesis of one component over its tiles; `chroma` is null for kPrimary.
template <class Memory>
[[nodiscard]] typename Memory::Array synthesis(Memory& memory, const NetworkCache& networks,
                                               const PictureHeader& picture, OperatingPoint point, Component component,
                                               const typename Memory::Array& luma, const typename Memory::Array* chroma,
                                               const Area& wanted, RunContext& context) {
    using Array = typename Memory::Array;
    const NetworkRunner& runner = networks.network(NetworkKind::kSynthesis, point, component, picture.model_id);
    const std::vector<Tile> tiles = synthesis_tiles(picture, component);
    Array planes;
    for (const Tile& tile : tiles) {
        if (!intersects(tile.core, wanted)) continue;
        const typename Memory::Part luma_part(memory, luma, tile.latent);
        std::optional<typename Memory::Part> chroma_part;
        std::array<const Array*, 2> inputs = {luma_part.get(), nullptr};
        if (chroma != nullptr) inputs[1] = chroma_part.emplace(memory, *chroma, tile.latent).get();
        const std::span<const Array* const> used(inputs.data(), chroma != nullptr ? 2U : 1U);
        Array samples = memory.run(runner, used, size_of(tile.image), context);
        if (covers(tile.core, picture.img_height, picture.img_width)) return samples;
        if (memory.empty(planes))
            planes = memory.zeros({memory.shape(samples).channels, {picture.img_height, picture.img_width}});
        memory.paste(samples, tile.core.row - tile.image.row, tile.core.col - tile.image.col, planes, tile.core);
    }
    return planes;
}

}  // namespace jpegai::steps
