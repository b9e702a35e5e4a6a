// What the transforms of one model do to a picture, without and with quantisation: cues for the grid that a picture
// was coded on and for the setting that it was coded with.
#pragma once

#include <cstddef>

#include "backend/backend.h"
#include "base/array.h"
#include "bitstream/regions.h"
#include "decoder/network_cache.h"
#include "encoder/session.h"

namespace jpegai::detection {

/// Side of the windows of find_grid(): a multiple of 16.
inline constexpr std::size_t kGridWindow = 144;

/// Where the grid of the latents seems to begin, as far as four samples.
struct GridOffset {
    std::size_t row = 0, col = 0;  ///< 0..3: samples before the first cell, modulo 4
    double gain = 0;               ///< dB by which this grid explains the picture better than the mean of the others
};

/// Searches the grid under a model: analysis and synthesis without quantisation change a coded picture least when it
/// lies as it was coded. The first two layers decide most: offsets that are equal modulo 4 differ little, so the 16
/// others are tried on a window. `luma` has 0..255 samples; sides below 80 give offset 0 and gain 0. Throws
/// Error{model, memory, cancelled}.
[[nodiscard]] GridOffset find_grid(const NetworkCache& networks, std::size_t model_id, const Array3<float>& luma,
                                   RunContext& context);

/// The latents without their first `rows` rows and `cols` columns, with hyper latents and predictions of their own:
/// what the analysis gives for a picture that begins 16 * rows and 16 * cols samples further on, but for the border.
[[nodiscard]] AnalysedPicture shift_latents(const NetworkCache& networks, const AnalysedPicture& analysed,
                                            std::size_t rows, std::size_t cols, RunContext& context);

/// The window of rows x cols samples, at multiples of `step` from the origin, in which neighbouring samples differ
/// most. Sizes that exceed the plane are cut to it.
[[nodiscard]] Area busiest_window(const Array3<float>& luma, std::size_t rows, std::size_t cols, std::size_t step);

/// Latents whose synthesis is nearer to the picture than that of its analysis: y + (y - A(S(y))), one step towards the
/// latents that the picture was decoded from. Of the result only y differs from the session's.
[[nodiscard]] AnalysedPicture sharpen_latents(const NetworkCache& networks, EncodeSession& session,
                                              std::size_t model_id, RunContext& context);

/// PSNR of luma (dB) between the session's picture and what coding it at `rate` makes of it.
[[nodiscard]] double recompression_psnr(EncodeSession& session, const RatePoint& rate);

/// How much less coding at a displacement changes the luma than its neighbours `distance` to both sides would make one
/// expect, in dB: about 0 for pictures that were not coded, several dB where they were coded with that very setting.
[[nodiscard]] double recompression_peak(EncodeSession& session, const RatePoint& rate, int distance = 200);

}  // namespace jpegai::detection
