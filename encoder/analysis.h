// The analysis side: from planes to the latent y, the hyper latent z_hat and everything that follows from them whatever
// the gain displacement (standard/05-encoder.md section 3, 03-networks.md sections 18.2 and 18.3).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "backend/backend.h"
#include "base/array.h"
#include "bitstream/headers.h"
#include "decoder/geometry.h"
#include "decoder/network_cache.h"
#include "encoder/source_planes.h"

namespace jpegai {

/// How a picture is divided for a network, in luma samples. Tiles are used when the picture has more than size * size
/// samples (03 section 14).
struct TileOptions {
    std::size_t size = 1024;   ///< 0: never
    std::size_t overlap = 64;  ///< of neighbouring tiles
    [[nodiscard]] bool divides(std::size_t height, std::size_t width) const {
        return size != 0 && size * size < height * width;
    }
};

/// One run of the analysis of one component. All areas are those of the component's own grids.
struct AnalysisTile {
    Area input;    ///< samples of SourcePlanes::luma or ::support
    Size nominal;  ///< size in luma samples, which the networks count from
    Area y;        ///< origin and size of the analysis' output
    Area y_core;   ///< part of it that is kept, in latent samples of the picture
    Area z;        ///< likewise for the hyper encoder
    Area z_core;
};

/// The tiles of one component in raster order, later ones overwrite earlier ones (03 section 18.3). Chroma is laid out
/// like luma, on the picture with even sides. Throws Error{argument} unless size and overlap are multiples of 64 and
/// the size exceeds the overlap.
[[nodiscard]] std::vector<AnalysisTile> analysis_tiles(const PictureHeader& picture, Component component,
                                                       const TileOptions& options);

/// One component of one picture under one model; nothing here depends on the gain displacement.
struct AnalysedComponent {
    Array3<float> y;            ///< [channel][latent row][latent col]
    Array3<std::int8_t> z_hat;  ///< [channel][hyper row][hyper col], -31..31
    Array3<std::int16_t> s0;    ///< hyper-scale decoder's output on the latent grid, 0..3967
    Array3<float> psi;          ///< hyper decoder's output, 4C channels
};

struct AnalysedPicture {
    std::size_t model_id = 0;
    std::array<AnalysedComponent, kComponents> component;
};

/// Runs analysis, hyper encoder, hyper-scale decoder and hyper decoder of one component. Of `picture` the sizes,
/// regions and model_id are used. `point` is kBop or kHop (05 section 3.1: SOP streams use kBop). Throws Error{model}
/// when the weight set lacks a network, Error{cancelled, memory}.
[[nodiscard]] AnalysedComponent analyse(const NetworkCache& networks, const PictureHeader& picture, Component component,
                                        OperatingPoint point, const SourcePlanes& source, const TileOptions& tiles,
                                        RunContext& context);

/// z_hat of a hyper encoder's output: clamped to -31..31, rounded half to even (02 section 5); NaN becomes -31.
[[nodiscard]] Array3<std::int8_t> quantise_hyper(const Array3<float>& z);

}  // namespace jpegai
