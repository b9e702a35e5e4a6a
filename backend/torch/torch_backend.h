// The networks executed by LibTorch: an independent implementation in float (or double) against which tests hold the
// backends of this project, and the speed that benchmarks compare with. Optional, and no part of the product: results
// are close to the numeric contract, not equal to it, so nothing that makes pictures may use this backend.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "backend/backend.h"

namespace jpegai {

/// What every value and weight is converted to for a run; inputs and outputs of a run are always float.
enum class TorchPrecision : std::uint8_t {
    kFloat,   ///< as torch runs networks by default
    kDouble,  ///< nearly exact: deviations from it are the other side's error
};

/// Order of the samples of every value inside a run: as torch's users have it by default, or channels together, which
/// some layers prefer. Speed only.
enum class TorchLayout : std::uint8_t { kPlanar, kChannelsLast };

struct TorchOptions {
    unsigned threads = 1;  ///< 0 counts as 1
    TorchPrecision precision = TorchPrecision::kFloat;
    TorchLayout layout = TorchLayout::kPlanar;
};

/// Runs networks through ATen. Its runners may be used from several threads at a time, but the number of threads of
/// ATen and of the linear algebra library is one setting of the whole process, set again by every run. Errors of torch
/// become Error{internal}, exhausted memory Error{memory}.
[[nodiscard]] std::unique_ptr<Backend> make_torch_backend(const TorchOptions& options);

/// What decides the speed of torch on this machine, several lines: version, whether it has oneDNN, the BLAS library
/// that its calls end in, how it was built and which vector instructions it uses.
[[nodiscard]] std::string torch_setup();

/// Whether the BLAS that torch calls is OpenBLAS; with the reference BLAS its figures are no fair comparison.
[[nodiscard]] bool torch_uses_openblas();

}  // namespace jpegai
