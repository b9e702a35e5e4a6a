#include "encoder/filters/plane_error.h"

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "base/error.h"
#include "bitstream/header_syntax.h"

namespace jpegai {

double squared_error(const Array3<float>& a, const Array3<float>& b, const RowRunner& rows) {
    if (a.channels() != b.channels() || a.rows() != b.rows() || a.cols() != b.cols())
        throw Error(JPEGAI_ERROR_ARGUMENT, "planes of different size are compared");
    constexpr std::size_t kLanes = 8;
    std::vector<double> row_error(a.rows());
    rows(a.rows(), [&](std::size_t first, std::size_t last) {
        for (std::size_t y = first; y < last; ++y) {
            const float *p = a.row(0, y), *q = b.row(0, y);
            double lanes[kLanes] = {};
            std::size_t x = 0;
            for (; x + kLanes <= a.cols(); x += kLanes) {
                for (std::size_t i = 0; i < kLanes; ++i) {
                    const double difference = double{p[x + i]} - double{q[x + i]};
                    lanes[i] += difference * difference;
                }
            }
            for (; x < a.cols(); ++x) lanes[0] += (double{p[x]} - double{q[x]}) * (double{p[x]} - double{q[x]});
            row_error[y] = std::accumulate(lanes, lanes + kLanes, 0.0);
        }
    });
    return std::accumulate(row_error.begin(), row_error.end(), 0.0);
}

std::array<double, 3> squared_errors(const Planes& a, const Planes& b, const RowRunner& rows) {
    std::array<double, 3> errors{};
    for (std::size_t p = 0; p < 3; ++p) errors[p] = squared_error(a.plane[p], b.plane[p], rows);
    return errors;
}

double psnr(double squared_error, std::size_t samples) {
    if (squared_error <= 0) return std::numeric_limits<double>::infinity();
    return 10 * std::log10(255.0 * 255.0 * static_cast<double>(samples) / squared_error);
}

std::size_t tool_header_bits(const ToolHeader& tools, const PictureHeader& picture) {
    std::size_t bits = 0;
    for (const HeaderField& field : list_fields(tools, picture))
        bits += static_cast<std::size_t>(field.bits) * field.values.size();
    return bits;
}

}  // namespace jpegai
