#include "encoder/filters/choose_efe_linear.h"

#include <algorithm>
#include <cmath>

#include "encoder/filters/efe_candidates.h"

namespace jpegai {

std::array<std::uint16_t, 2> efe_means(const Planes& planes) {
    std::array<std::uint16_t, 2> means{};
    for (std::size_t p = 0; p < 2; ++p) {
        double sum = 0;
        for (const float sample : planes.plane[p + 1].span()) sum += double{sample};
        const double mean = sum / static_cast<double>(planes.plane[p + 1].size());
        means[p] = static_cast<std::uint16_t>(std::clamp(std::nearbyint(mean * 100), 0.0, 32767.0));
    }
    return means;
}

std::array<EfeCandidate, 2> choose_efe_linear(const std::array<std::vector<EfeCandidate>, 2>& candidates,
                                              const FilterLagrangian& lagrangian) {
    const auto best = best_efe_pair(candidates[0], candidates[1],
                                    {lagrangian.plane_weight[1], lagrangian.plane_weight[2]}, lagrangian.sse_per_bit);
    return {candidates[0][best[0]], candidates[1][best[1]]};
}

EfeLinearHeader efe_linear_header(const std::array<EfeCandidate, 2>& filters, bool same_format) {
    EfeLinearHeader header;
    header.b1 = {filters[0].b1, filters[1].b1};
    header.main = efe_set({&filters[0], &filters[1]}, same_format);
    return header;
}

}  // namespace jpegai
