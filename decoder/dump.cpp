#include "decoder/dump.h"

#include <algorithm>

#include <fmt/format.h>

namespace jpegai {
namespace {

/// The block analysis as the reference dumps it: repeated for every latent of the block.
Array3<std::int16_t> per_sample(const Array3<std::int16_t>& blocks, std::size_t rows, std::size_t cols) {
    Array3<std::int16_t> out(blocks.channels(), rows, cols);
    for (std::size_t c = 0; c < blocks.channels(); ++c) {
        for (std::size_t y = 0; y < rows; ++y) {
            for (std::size_t x = 0; x < cols; ++x) out(c, y, x) = blocks(c, y / kAnalysisBlock, x / kAnalysisBlock);
        }
    }
    return out;
}

}  // namespace

const char* dump_prefix(std::size_t component) {
    return component == kPrimary ? "y" : "uv";
}

void dump_planes(const TensorSink& sink, const std::string& stage, const Planes& planes) {
    static constexpr std::array<char, 3> kPlane = {'a', 'b', 'c'};
    for (std::size_t i = 0; i < 3; ++i) dump(sink, fmt::format("{}.{}", stage, kPlane[i]), planes.plane[i]);
}

void dump_synthesis(const TensorSink& sink, const Planes& planes) {
    if (!sink) return;
    dump(sink, "syn.Y", planes.plane[0]);
    Array3<float> both(2, planes.plane[1].rows(), planes.plane[1].cols());
    for (std::size_t i = 0; i < 2; ++i) std::copy_n(planes.plane[i + 1].data(), both.plane_size(), both.plane(i));
    dump(sink, "syn.UV", both);
}

void dump_latents(const TensorSink& sink, const Latents& latents,
                  const std::array<const EntropyModel*, kComponents>& models) {
    if (!sink) return;
    for (std::size_t c = 0; c < kComponents; ++c) {
        const LatentComponent& latent = latents.component[c];
        const std::string prefix = dump_prefix(c);
        dump(sink, prefix + ".z_hat", latent.z_hat);
        dump(sink, prefix + ".skip_scale_log", latent.skip_scale_log);
        dump(sink, prefix + ".scale_log", latent.scale_log);
        dump(sink, prefix + ".rvs_likely",
             per_sample(latent.rvs_likely, latent.scale_log.rows(), latent.scale_log.cols()));
        dump(sink, prefix + ".mask", latent.mask);
        dump(sink, prefix + ".residual_quant", latent.residual_quant);
        dump(sink, prefix + ".residual", latent.residual);
        if (latents.qp_map) dump(sink, prefix + ".qp_map", *latents.qp_map);
        const std::vector<std::int16_t>& gains = models[c]->gain_vector_log;
        const std::array<std::size_t, 1> shape = {gains.size()};
        sink(prefix + ".gain_vector_log.scale", npy_descr<std::int16_t>(), shape,
             {reinterpret_cast<const std::uint8_t*>(gains.data()), gains.size() * sizeof(std::int16_t)});
    }
}

}  // namespace jpegai
