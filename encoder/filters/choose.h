// Post-filter decisions of the encoder: which filters run and with which parameters (standard/04-postfilters.md
// sections 3.6, 4.4, 5.3 and 6).
#pragma once

#include <array>

#include "backend/backend.h"
#include "bitstream/headers.h"
#include "decoder/filters/post_filters.h"
#include "decoder/planes.h"

namespace jpegai {

/// What a decision minimises: the sum over the planes of plane_weight * squared error, plus sse_per_bit * bits of the
/// tool header. Squared errors are sums over the samples of a plane on the scale 0..255.
struct FilterLagrangian {
    double sse_per_bit = 0;
    std::array<double, 3> plane_weight = {1, 1, 1};
};

/// A price of bits that fits the rate of a picture: what one more bit would buy if spent on the latents.
/// `squared_error` is the error of the unfiltered reconstruction over all planes, `bits` the size of the codestream;
/// the price is their quotient. With the default models on the Kodak pictures the error really falls by 0.7 to 1.0
/// times that per bit between 0.12 and 1 bpp.
[[nodiscard]] FilterLagrangian lagrangian_for_rate(double squared_error, double bits);

/// Filters that may be switched on.
struct AllowedFilters {
    bool efe_linear = true, eicci = true, efe_nonlinear = true, lef = true;
};

/// How parameters are chosen.
enum class FilterSearch : std::uint8_t {
    kBest,       ///< by the Lagrangian; a filter is on only when it pays
    kReference,  ///< as the reference encoder does: every allowed filter that the syntax permits is signalled
};

/// Everything that the decisions need beside the reconstruction.
struct FilterChoiceInputs {
    const PictureHeader* picture = nullptr;
    OperatingPoint synthesis = OperatingPoint::kBop;  ///< the first transform of the header
    const Planes* original = nullptr;                 ///< YUV, source format, displayed size, 0..255
    const Array3<std::int16_t>* scale_log = nullptr;  ///< final luma scale map; without it LEF is off
    EicciBank* eicci = nullptr;    ///< eICCI is off without it, and where it throws Error{model} for missing weights
    bool eicci_long_list = false;  ///< try all ten networks per plane instead of the short list (kBest)
    bool eicci_per_tile = false;   ///< choose per tile; the reference decoder uses the first tile's choice for all
                                   ///< (04 section 4.3), so by default all tiles get the same (kBest)
    AllowedFilters allowed;
    FilterLagrangian lagrangian;  ///< for kBest
    FilterSearch search = FilterSearch::kBest;
    bool thorough = true;  ///< also two pictures with masks, and curves instead of a linear filter; twice the time
    RowRunner rows = serial_rows;  ///< results do not depend on it
};

/// What one filter did.
struct FilterStep {
    PostFilter filter = PostFilter::kEfeLinear;
    bool on = false;
    std::size_t bits = 0;                               ///< that the header would be shorter without the filter
    std::array<double, 3> psnr_before{}, psnr_after{};  ///< dB per plane, against the original
};

struct FilterChoice {
    Planes planes;                    ///< exactly what apply_post_filters gives with the chosen header
    std::array<FilterStep, 4> steps;  ///< in the order of application
    std::array<double, 3> psnr_before{}, psnr_after{};
    std::size_t bits = 0;  ///< of all filters beyond their flags
};

/// Decides the filters in the order of application, each on the reconstruction as the filters before it left it. The
/// filter parts of `tools` are replaced, lsbs_enable_flag stays. `reconstruction` are the planes that enter the filters
/// (YUV, source format, displayed size). With kBest the weighted error plus the price of the bits is never larger than
/// without filters. The result is the same for every row runner. Throws Error{argument} when an input is missing or the
/// planes do not fit the header, Error{unsupported} for chroma formats that the filters have no rule for,
/// Error{cancelled}, and what networks throw.
[[nodiscard]] FilterChoice choose_post_filters(Planes reconstruction, ToolHeader& tools,
                                               const FilterChoiceInputs& inputs, RunContext& context);

}  // namespace jpegai
