// EFE decisions as the reference encoder takes them (standard/04-postfilters.md sections 3.6 and 5.3), to compare
// parameters with its streams. Slower and no better than our own choice; the least squares are solved in double
// precision, so single weights may differ by one code.
#pragma once

#include "encoder/filters/choose.h"

namespace jpegai {

/// The header of EFE-linear, which the reference always sends when the filter is enabled. `planes` are those that enter
/// the filter; splits with an empty region, which the reference cannot process, are left out. `nonlinear_follows` says
/// whether EFE-nonlinear is enabled, for which the second filter set is sent. Throws Error{argument} for a model
/// above 3.
[[nodiscard]] EfeLinearHeader reference_efe_linear(const Planes& planes, const Planes& original,
                                                   const PictureHeader& picture, bool nonlinear_follows,
                                                   const RowRunner& rows = serial_rows);

/// The header of EFE-nonlinear, which the reference always sends when the filter is enabled. `planes` are those that
/// enter it, `second` the second picture of EFE-linear or null. A mask for V without one for U is not kept, because the
/// decoder would ignore it.
[[nodiscard]] EfeNonlinearHeader reference_efe_nonlinear(const Planes& planes, const Planes& original,
                                                         const std::array<Array3<float>, 2>* second,
                                                         const PictureHeader& picture,
                                                         const RowRunner& rows = serial_rows);

/// base_model_beta of a model id, the weight of dB against bits per sample in the reference's decisions.
[[nodiscard]] double reference_beta(std::size_t model_id);

}  // namespace jpegai
