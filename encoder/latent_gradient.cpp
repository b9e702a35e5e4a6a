#include "encoder/latent_gradient.h"

#include <vector>

#include "base/math.h"
#include "decoder/cut.h"
#include "decoder/geometry.h"
#include "networks/gradient.h"

namespace jpegai {
namespace {

Size padded(const Area& area, std::size_t multiple) {
    return {ceil_div(area.rows, multiple) * multiple, ceil_div(area.cols, multiple) * multiple};
}

/// The derivatives by the samples that a tile is responsible for, zeros for the others of its image.
Array3<float> tile_gradient(const Array3<float>& samples, const Tile& tile, Size size) {
    Array3<float> out(samples.channels(), size.rows, size.cols);
    const Array3<float> core = cut(samples, tile.core);
    paste(core, 0, 0, out,
          {tile.core.row - tile.image.row, tile.core.col - tile.image.col, tile.core.rows, tile.core.cols});
    return out;
}

void add_to(const Array3<float>& part, const Area& area, Array3<float>& sum) {
    for (std::size_t c = 0; c < part.channels(); ++c) {
        for (std::size_t y = 0; y < area.rows; ++y) {
            const float* from = part.row(c, y);
            float* to = sum.row(c, area.row + y) + area.col;
            for (std::size_t x = 0; x < area.cols; ++x) to[x] = to[x] + from[x];
        }
    }
}

}  // namespace

bool has_latent_gradient(OperatingPoint point) {
    return is_differentiable(network_graph(NetworkKind::kSynthesis, point, kPrimary)) &&
           is_differentiable(network_graph(NetworkKind::kSynthesis, point, kSecondary));
}

std::array<Array3<float>, kComponents> pull_back(const NetworkCache& networks, const PictureHeader& picture,
                                                 OperatingPoint point,
                                                 const std::array<Array3<float>, kComponents>& y_hat,
                                                 const SampleGradient& gradient, RunContext& context) {
    std::array<Array3<float>, kComponents> sums;
    for (std::size_t c = 0; c < kComponents; ++c)
        sums[c] = Array3<float>(y_hat[c].channels(), y_hat[c].rows(), y_hat[c].cols());
    for (const Component component : {kPrimary, kSecondary}) {
        const Array3<float>& samples = component == kPrimary ? gradient.luma : gradient.chroma;
        if (samples.empty()) continue;
        const NetworkRunner& runner = networks.synthesis_gradient(point, component, picture.model_id);
        const std::size_t multiple = gradient_multiple(network_graph(NetworkKind::kSynthesis, point, component));
        for (const Tile& tile : synthesis_tiles(picture, component)) {
            const Array3<float> by_output = tile_gradient(samples, tile, padded(tile.image, multiple));
            const Array3<float> luma = cut(y_hat[kPrimary], tile.latent);
            const Array3<float> chroma =
                component == kSecondary ? cut(y_hat[kSecondary], tile.latent) : Array3<float>();
            std::vector<const Array3<float>*> inputs = {&luma};
            if (component == kSecondary) inputs.push_back(&chroma);
            inputs.push_back(&by_output);
            const std::vector<Array3<float>> parts = runner.run(inputs, {tile.image.rows, tile.image.cols}, context);
            for (std::size_t k = 0; k < parts.size(); ++k) add_to(parts[k], tile.latent, sums[k]);
        }
    }
    return sums;
}

}  // namespace jpegai
