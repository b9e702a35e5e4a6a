// Intermediate tensors under the names and in the shapes of the reference dumps.
#pragma once

#include <array>
#include <string>

#include "base/npy.h"
#include "decoder/decoder.h"

namespace jpegai {

/// "y" or "uv".
[[nodiscard]] const char* dump_prefix(std::size_t component);

/// Hands an array to the sink, unless it is empty or there is no sink. The functions below do so likewise.
template <class T>
void dump(const TensorSink& sink, const std::string& name, const Array3<T>& array) {
    if (!sink || array.empty()) return;
    const std::array<std::size_t, 3> shape = {array.channels(), array.rows(), array.cols()};
    sink(name, npy_descr<T>(), shape, {reinterpret_cast<const std::uint8_t*>(array.data()), array.size() * sizeof(T)});
}

/// "STAGE.a", "STAGE.b", "STAGE.c".
void dump_planes(const TensorSink& sink, const std::string& stage, const Planes& planes);

/// "syn.Y" and "syn.UV": the displayed part, chroma in the coded format.
void dump_synthesis(const TensorSink& sink, const Planes& planes);

/// z_hat, scale maps, mask, residual and gains of both components.
void dump_latents(const TensorSink& sink, const Latents& latents,
                  const std::array<const EntropyModel*, kComponents>& models);

}  // namespace jpegai
