// eICCI decisions of the encoder: which networks filter which planes of which tiles (standard/04-postfilters.md section
// 4.4).
#pragma once

#include <optional>

#include "encoder/filters/choose.h"

namespace jpegai {

/// The selection with the least price, fitted to correct `planes` towards the original of `inputs`: networks of the
/// short list, or of all with inputs.eicci_long_list, the same for all tiles unless inputs.eicci_per_tile. Pictures
/// above 2048 x 2048 samples are filtered in tiles of that size. nullopt for a 4:2:0 source, without networks, and when
/// no selection is cheaper than none. Whether it really pays is for the caller to see. Throws what networks throw.
[[nodiscard]] std::optional<EicciHeader> choose_eicci(const Planes& planes, const FilterChoiceInputs& inputs,
                                                      RunContext& context);

/// The reference encoder's selection: short list, per tile, judged on tiles of `planes` before any is filtered, by MSE
/// and MS-SSIM of luma and MSE of chroma. nullopt for sources other than 4:4:4, without networks, and for pictures with
/// a side up to 160, for which the reference fails. Throws what networks throw.
[[nodiscard]] std::optional<EicciHeader> reference_eicci(const Planes& planes, const FilterChoiceInputs& inputs,
                                                         RunContext& context);

/// Tiles as this project's and the reference's encoder lay them out, with `tiles` of the right number and no network.
[[nodiscard]] EicciHeader eicci_layout(const PictureHeader& picture);

}  // namespace jpegai
