#include <algorithm>
#include <cmath>
#include <vector>

#include "base/math.h"
#include "decoder/filters/efe_nonlinear.h"
#include "encoder/filters/efe_candidates.h"
#include "encoder/filters/plane_error.h"
#include "encoder/filters/reference_efe.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::size_t kReferencePieces = 8;
constexpr double kNonlinearRidge = 1e-7;  ///< per sample; stands for the minimum norm solution of singular systems
constexpr std::array<std::uint16_t, kModels> kMaskBlock = {128, 112, 96, 80};

/// Multiple of 64 that divides a side into parts of at most about 1200 samples.
std::size_t tile_side(std::size_t samples) {
    const std::size_t parts = ceil_div<std::size_t>(samples, 1200);
    return 64 * ceil_div(samples, 64 * parts);
}

/// Luma at the position of every chroma sample.
Array3<float> chroma_luma(const Planes& planes) {
    const Size chroma = planes.size(1);
    auto luma = Array3<float>::uninitialized(1, chroma.rows, chroma.cols);
    for (std::size_t y = 0; y < chroma.rows; ++y) {
        for (std::size_t x = 0; x < chroma.cols; ++x)
            luma(0, y, x) = planes.plane[0](0, y * planes.chroma.ver, x * planes.chroma.hor);
    }
    return luma;
}

std::vector<Area> tile_areas(const EfeNonlinearHeader& header, Size chroma) {
    std::vector<Area> tiles;
    for (std::size_t y = 0; y < chroma.rows; y += header.tile_height) {
        for (std::size_t x = 0; x < chroma.cols; x += header.tile_width) {
            tiles.push_back({y, x, std::min<std::size_t>(header.tile_height, chroma.rows - y),
                             std::min<std::size_t>(header.tile_width, chroma.cols - x)});
        }
    }
    return tiles;
}

template <class Use>
void for_area(const Area& area, Use use) {
    for (std::size_t y = area.row; y < area.row + area.rows; ++y) {
        for (std::size_t x = area.col; x < area.col + area.cols; ++x) use(y, x);
    }
}

/// Extremes of a tile's luma times 100, rounded in single precision.
void add_luma_range(const Array3<float>& luma, const Area& area, EfeNonlinearHeader& header) {
    float least = luma(0, area.row, area.col), most = least;
    for_area(area, [&](std::size_t y, std::size_t x) {
        least = std::min(least, luma(0, y, x));
        most = std::max(most, luma(0, y, x));
    });
    const auto code = [](float value) {
        return static_cast<std::uint16_t>(std::clamp(std::nearbyint(value * 100.0F), 0.0F, 65535.0F));
    };
    header.min_luma.push_back(code(least));
    header.max_luma.push_back(code(most));
}

/// The curve of a tile, as codes.
std::vector<int> fit_tile(const Array3<float>& luma, const Array3<float>& have, const Array3<float>& want,
                          const Area& area, double low, double high) {
    Gram gram(kReferencePieces);
    std::array<double, kReferencePieces> pieces{};
    const double gap = (high - low) / static_cast<double>(kReferencePieces);
    for_area(area, [&](std::size_t y, std::size_t x) {
        for (std::size_t k = 0; k < kReferencePieces; ++k)
            pieces[k] = std::max(0.0, double{luma(0, y, x)} - low - static_cast<double>(k) * gap);
        gram.add_sample(pieces, double{want(0, y, x)} - double{have(0, y, x)});
    });
    std::vector<int> codes;
    for (const double weight : gram.solve(kNonlinearRidge * static_cast<double>(area.rows * area.cols)))
        codes.push_back(efe_code(weight));
    return codes;
}

/// Squared error of a block of the plane and of what the mask entries would make of it.
struct MaskErrors {
    double corrected = 0, second = 0, mean = 0;
};

MaskErrors block_errors(const Array3<float>& corrected, const Array3<float>& second, const Array3<float>& want,
                        const Area& area) {
    MaskErrors errors;
    for_area(area, [&](std::size_t y, std::size_t x) {
        const double f = double{corrected(0, y, x)} - double{want(0, y, x)};
        const double r = double{second(0, y, x)} - double{want(0, y, x)};
        errors.corrected += f * f;
        errors.second += r * r;
        errors.mean += (f + r) * (f + r) / 4;
    });
    return errors;
}

/// Sets the mask of plane 0 (U) or 1 (V) if it pays in the reference's terms.
void choose_mask(const Array3<float>& corrected, const Array3<float>& second, const Array3<float>& want, double beta,
                 double luma_samples, std::size_t plane, EfeNonlinearHeader& header) {
    const std::size_t side = header.block_size;
    std::vector<std::uint8_t> mask;
    double before = 0, after = 0;
    for (std::size_t y = 0; y < want.rows(); y += side) {
        for (std::size_t x = 0; x < want.cols(); x += side) {
            const Area area{y, x, std::min(side, want.rows() - y), std::min(side, want.cols() - x)};
            const MaskErrors errors = block_errors(corrected, second, want, area);
            std::uint8_t entry = errors.second < errors.corrected ? 2 : 0;
            double left = std::min(errors.second, errors.corrected);
            if (errors.mean < left) {
                entry = 1;
                left = errors.mean;
            }
            mask.push_back(entry);
            before += errors.corrected;
            after += left;
        }
    }
    const double gain = psnr(after, want.size()) - psnr(before, want.size());
    if (!(beta * gain - static_cast<double>(mask.size()) * 1.5 / 2 / luma_samples > 0)) return;
    header.mask_enabled[plane] = true;
    header.mask[plane] = std::move(mask);
}

}  // namespace

EfeNonlinearHeader reference_efe_nonlinear(const Planes& planes, const Planes& original,
                                           const std::array<Array3<float>, 2>* second, const PictureHeader& picture,
                                           const RowRunner& rows) {
    const double beta = reference_beta(picture.model_id);
    const Size chroma = planes.size(1);
    const Array3<float> luma = chroma_luma(planes);
    EfeNonlinearHeader header;
    header.max_symbol = 65535;
    header.tile_width = static_cast<std::uint16_t>(tile_side(chroma.cols));
    header.tile_height = static_cast<std::uint16_t>(tile_side(chroma.rows));
    header.enabled = {true, true};
    for (const Area& area : tile_areas(header, chroma)) {
        add_luma_range(luma, area, header);
        const double low = header.min_luma.back() / 100.0, high = header.max_luma.back() / 100.0;
        for (std::size_t p = 0; p < 2; ++p) {
            for (const int code : fit_tile(luma, planes.plane[p + 1], original.plane[p + 1], area, low, high))
                header.a1[p].push_back(static_cast<std::uint16_t>(code));
        }
    }
    Planes corrected = planes;
    apply_efe_nonlinear(corrected, nullptr, header, false, rows);
    for (std::size_t p = 0; p < 2; ++p) {
        const std::size_t samples = planes.plane[p + 1].size();
        const double before = squared_error(planes.plane[p + 1], original.plane[p + 1], rows),
                     after = squared_error(corrected.plane[p + 1], original.plane[p + 1], rows);
        const double charge = static_cast<double>(header.a1[p].size()) * 16 * 1.5 / 4 / static_cast<double>(samples);
        if (!(beta * (psnr(after, samples) - psnr(before, samples)) - charge < 0)) continue;
        header.enabled[p] = false;
        header.a1[p].clear();
        corrected.plane[p + 1] = planes.plane[p + 1];
    }
    if (!header.enabled[0] && !header.enabled[1]) {
        header.min_luma.clear();
        header.max_luma.clear();
        header.tile_width = header.tile_height = 0;
    }
    if (second == nullptr) return header;
    header.block_size = kMaskBlock[picture.model_id];
    const auto luma_samples = static_cast<double>(planes.plane[0].size());
    for (std::size_t p = 0; p < 2 && (p == 0 || header.mask_enabled[0]); ++p)
        choose_mask(corrected.plane[p + 1], (*second)[p], original.plane[p + 1], beta, luma_samples, p, header);
    if (header.mask_enabled[0]) {
        header.mask_rows = static_cast<std::uint16_t>(ceil_div<std::size_t>(chroma.rows, header.block_size));
        header.mask_cols = static_cast<std::uint16_t>(ceil_div<std::size_t>(chroma.cols, header.block_size));
    } else {
        header.block_size = 0;
    }
    return header;
}

}  // namespace jpegai
