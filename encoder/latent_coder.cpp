#include "encoder/latent_coder.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "decoder/quality_map.h"
#include "decoder/region_layout.h"
#include "decoder/scale_maps.h"

namespace jpegai {
namespace {

void check_size(bool fits, const char* what) {
    if (!fits) throw Error(JPEGAI_ERROR_ARGUMENT, std::string(what) + " does not fit the picture");
}

template <class T>
bool has_size(const Array3<T>* array, std::size_t channels, std::size_t rows, std::size_t cols) {
    return array != nullptr && array->channels() == channels && array->rows() == rows && array->cols() == cols;
}

void check_symbols(const PictureHeader& picture, const std::array<const EntropyModel*, kComponents>& models,
                   const LatentSymbols& symbols) {
    for (const Component component : {kPrimary, kSecondary}) {
        if (models[component] == nullptr || models[component]->hyper_scale == nullptr) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "entropy model missing");
        }
        const std::size_t channels = models[component]->channels();
        check_size(has_size(symbols.z_hat[component], channels, picture.hyper_rows(), picture.hyper_cols()), "z_hat");
        check_size(has_size(symbols.residual_quant[component], channels, picture.latent_rows(), picture.latent_cols()),
                   "residual");
        const std::size_t regions = symbols.regions[component].size();
        check_size(regions == 0 || regions == picture.region_count(), "list of regions");
    }
    check_size((symbols.qp_map != nullptr) == picture.gain_3d_enable_flag, "presence of the quality map");
    if (symbols.qp_map != nullptr) {
        check_size(has_size(symbols.qp_map, 1, picture.latent_rows(), picture.latent_cols()), "quality map");
    }
}

Lanes encode_quality_map(const PictureHeader& picture, const Array3<std::int8_t>& map) {
    const Array3<std::int16_t> deltas = quality_map_deltas(map);
    const std::vector<std::uint8_t> table(
        deltas.size(), kQualityMapSigma[picture.quality_map_entropy_index % kQualityMapSigma.size()]);
    return encode_residual(picture.num_threads_q, table, deltas.span());
}

HyperPlane hyper_plane(const EntropyModel& model, const Array3<std::int8_t>& z_hat) {
    return {model.hyper_tables, z_hat.span(), z_hat.plane_size()};
}

/// Symbols in coding order. Throws Error{argument} when one is not 0 beyond the coded channels.
std::vector<std::int16_t> arrange(const Array3<std::int16_t>& residual, const RegionLayout& layout,
                                  std::size_t coded_channels) {
    std::vector<std::int16_t> symbols(layout.size());
    for (std::size_t c = 0; c < coded_channels; ++c) {
        for (std::size_t y = 0; y < residual.rows(); ++y) {
            layout.scatter_row<std::int16_t>(residual.row(c, y), c, y, symbols);
        }
    }
    const auto uncoded = residual.span().subspan(coded_channels * residual.plane_size());
    if (std::any_of(uncoded.begin(), uncoded.end(), [](std::int16_t r) { return r != 0; })) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "residual beyond the coded channels is not 0");
    }
    return symbols;
}

void check_mask(std::span<const std::uint8_t> table, std::span<const std::int16_t> symbols) {
    for (std::size_t i = 0; i < table.size(); ++i) {
        if (table[i] == kNotCoded && symbols[i] != 0) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "residual is not 0 where none is coded");
        }
    }
}

std::vector<std::optional<Lanes>> encode_component(const PictureHeader& picture, Component component,
                                                   const EntropyModel& model, const LatentSymbols& symbols) {
    const ScaleSetup setup = make_scale_setup(picture, component, model, symbols.qp_map);
    const RegionLayout layout(picture, setup.coded_channels);
    std::vector<std::uint8_t> table(layout.size(), kNotCoded);
    Array3<std::int16_t> likely = make_block_array(setup, model.channels());
    ScaleTargets targets;
    targets.rvs_likely = &likely;
    targets.table = table;
    targets.layout = &layout;
    targets.table_channels = setup.coded_channels;
    if (symbols.s0[component] != nullptr) {
        compute_scales_from(setup, *symbols.s0[component], targets);
    } else {
        compute_scales(model, setup, *symbols.z_hat[component], setup.coded_channels, targets);
    }

    const std::vector<std::int16_t> arranged =
        arrange(*symbols.residual_quant[component], layout, setup.coded_channels);
    const std::vector<bool>& present = symbols.regions[component];
    std::vector<std::optional<Lanes>> lanes(layout.regions());
    for (std::size_t r = 0; r < layout.regions(); ++r) {
        if (!present.empty() && !present[r]) continue;
        const auto region_table = layout.region(std::span<const std::uint8_t>(table), r);
        const auto region_symbols = layout.region(std::span<const std::int16_t>(arranged), r);
        check_mask(region_table, region_symbols);
        lanes[r] = encode_residual(picture.component[component].num_threads_r, region_table, region_symbols);
    }
    return lanes;
}

/// Which regions of a parsed stream are there.
std::vector<bool> present_regions(const Codestream& stream, Component component) {
    std::vector<bool> present;
    for (const auto& block : stream.residual[component]) present.push_back(block.has_value());
    return present;
}

}  // namespace

LatentSymbols symbols_of(const Latents& latents) {
    LatentSymbols symbols;
    for (const Component component : {kPrimary, kSecondary}) {
        symbols.z_hat[component] = &latents.component[component].z_hat;
        symbols.residual_quant[component] = &latents.component[component].residual_quant;
    }
    symbols.qp_map = latents.qp_map ? &*latents.qp_map : nullptr;
    return symbols;
}

LatentLanes encode_latents(const PictureHeader& picture, const std::array<const EntropyModel*, kComponents>& models,
                           const LatentSymbols& symbols) {
    check_symbols(picture, models, symbols);
    LatentLanes lanes;
    if (symbols.qp_map != nullptr) lanes.quality_map = encode_quality_map(picture, *symbols.qp_map);
    for (const Component component : {kPrimary, kSecondary}) {
        lanes.residual[component] = encode_component(picture, component, *models[component], symbols);
    }
    lanes.hyper = encode_hyper(picture.num_threads_z, hyper_plane(*models[kPrimary], *symbols.z_hat[kPrimary]),
                               hyper_plane(*models[kSecondary], *symbols.z_hat[kSecondary]));
    return lanes;
}

void set_lanes(CodestreamParts& parts, LatentLanes lanes) {
    parts.residual = std::move(lanes.residual);
    parts.hyper = std::move(lanes.hyper);
    parts.quality_map = std::move(lanes.quality_map);
}

std::vector<std::uint8_t> reduce_channels(const Codestream& stream, std::span<const std::uint8_t> file,
                                          const std::array<const EntropyModel*, kComponents>& models,
                                          const std::array<std::size_t, kComponents>& max_channels) {
    EntropyOptions options;
    options.max_channels = max_channels;
    const Latents latents = decode_latents(stream, file, models, options);

    CodestreamParts parts = take_parts(stream, file);
    LatentSymbols symbols = symbols_of(latents);
    for (const Component component : {kPrimary, kSecondary}) {
        ComponentHeader& header = parts.picture.component[component];
        if (max_channels[component] < header.num_chs) {
            header.num_chs = static_cast<std::uint8_t>(max_channels[component]);
            if (header.grfs_enable_flag && header.grfs_channel_flag.size() > max_channels[component]) {
                header.grfs_channel_flag.resize(max_channels[component]);
            }
        }
        symbols.regions[component] = present_regions(stream, component);
    }
    set_lanes(parts, encode_latents(parts.picture, models, symbols));
    return write_codestream(parts);
}

}  // namespace jpegai
