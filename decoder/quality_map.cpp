#include "decoder/quality_map.h"

#include <string>

#include "base/error.h"
#include "spec/scale_tables.h"

namespace jpegai {
namespace {

/// Prediction of (y, x) from values already known. The shift rounds down: the reference divides float tensors with
/// `//`, whose rounding depends on the version of its library (02 section 15, 4); rounding down is the natural reading.
int predict(const Array3<std::int8_t>& map, std::size_t y, std::size_t x) {
    if (y == 0) return x == 0 ? 0 : map(0, 0, x - 1);
    if (x == 0) return map(0, y - 1, 0);
    return (map(0, y, x - 1) + map(0, y - 1, x)) >> 1;
}

bool in_range(int qp) {
    return qp >= -kQualityMapMax && qp <= kQualityMapMax;
}

std::string position(std::size_t y, std::size_t x) {
    return std::to_string(y) + ", " + std::to_string(x);
}

}  // namespace

Array3<std::int8_t> quality_map_from_deltas(const Array3<std::int16_t>& deltas, std::uint64_t offset) {
    auto map = Array3<std::int8_t>::uninitialized(1, deltas.rows(), deltas.cols());
    for (std::size_t y = 0; y < map.rows(); ++y) {
        for (std::size_t x = 0; x < map.cols(); ++x) {
            const int qp = deltas(0, y, x) + predict(map, y, x);
            if (!in_range(qp)) {
                throw Error(JPEGAI_ERROR_ENTROPY, offset,
                            "quality map value " + std::to_string(qp) + " at " + position(y, x) + " is outside -8..8");
            }
            map(0, y, x) = static_cast<std::int8_t>(qp);
        }
    }
    return map;
}

Array3<std::int16_t> quality_map_deltas(const Array3<std::int8_t>& map) {
    auto deltas = Array3<std::int16_t>::uninitialized(1, map.rows(), map.cols());
    for (std::size_t y = 0; y < map.rows(); ++y) {
        for (std::size_t x = 0; x < map.cols(); ++x) {
            const int qp = map(0, y, x);
            if (!in_range(qp)) {
                throw Error(JPEGAI_ERROR_ARGUMENT, "quality map value at " + position(y, x) + " is outside -8..8");
            }
            deltas(0, y, x) = static_cast<std::int16_t>(qp - predict(map, y, x));
        }
    }
    return deltas;
}

Array3<std::int8_t> decode_quality_map(const PictureHeader& picture, std::span<const LaneBytes> lanes) {
    auto deltas = Array3<std::int16_t>::uninitialized(1, picture.latent_rows(), picture.latent_cols());
    const std::vector<std::uint8_t> table(
        deltas.size(), kQualityMapSigma[picture.quality_map_entropy_index % kQualityMapSigma.size()]);
    decode_residual(lanes, table, table.size(), deltas.span());
    return quality_map_from_deltas(deltas, lanes.empty() ? kNoOffset : lanes.front().offset);
}

}  // namespace jpegai
