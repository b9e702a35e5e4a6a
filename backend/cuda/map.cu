#include "backend/cuda/map.h"

#include "backend/cuda/chain.cuh"

namespace jpegai::cuda {

namespace {

JPEGAI_DEVICE float haar_split_sample(const View& in, int c, int y, int x) {
    const int plane = c / 4;
    const float a = *sample(in, plane, 2 * y, 2 * x) * 0.5F, b = *sample(in, plane, 2 * y + 1, 2 * x) * 0.5F;
    const float e = *sample(in, plane, 2 * y, 2 * x + 1) * 0.5F, d = *sample(in, plane, 2 * y + 1, 2 * x + 1) * 0.5F;
    switch (c % 4) {
        case 0:
            return ((a + b) + e) + d;
        case 1:
            return ((-a - b) + e) + d;
        case 2:
            return ((-a + b) - e) + d;
        default:
            return ((a - b) - e) + d;
    }
}

JPEGAI_DEVICE float haar_merge_sample(const View& in, int c, int y, int x) {
    const float ll = *sample(in, 4 * c, y / 2, x / 2) * 0.5F, hl = *sample(in, 4 * c + 1, y / 2, x / 2) * 0.5F;
    const float lh = *sample(in, 4 * c + 2, y / 2, x / 2) * 0.5F, hh = *sample(in, 4 * c + 3, y / 2, x / 2) * 0.5F;
    if (x % 2 == 0) return y % 2 == 0 ? ((ll - hl) - lh) + hh : ((ll - hl) + lh) - hh;
    return y % 2 == 0 ? ((ll + hl) - lh) - hh : ((ll + hl) + lh) + hh;
}

/// Phases in MCM order: 0 (0,0), 1 (1,1), 2 (0,1), 3 (1,0).
JPEGAI_DEVICE int phase_row(int phase) {
    return phase == 1 || phase == 3 ? 1 : 0;
}
JPEGAI_DEVICE int phase_col(int phase) {
    return phase == 1 || phase == 2 ? 1 : 0;
}

JPEGAI_DEVICE float gather(const MapParams& p, int c, int y, int x) {
    const int f = p.factor;
    switch (p.gather) {
        case Gather::kPadReplicate:
            return *sample(p.in, c, y < p.in.rows ? y : p.in.rows - 1, x < p.in.cols ? x : p.in.cols - 1);
        case Gather::kPadZero:
            return y < p.in.rows && x < p.in.cols ? *sample(p.in, c, y, x) : 0.0F;
        case Gather::kPixelShuffle:
            return *sample(p.in, (c * f + y % f) * f + x % f, y / f, x / f);
        case Gather::kPixelUnshuffle:
            return *sample(p.in, c / (f * f), f * y + c / f % f, f * x + c % f);
        case Gather::kPhaseSplit:
            return *sample(p.in, c, 2 * y + phase_row(f), 2 * x + phase_col(f));
        case Gather::kPhaseMerge: {
            const bool odd_row = y % 2 != 0, odd_col = x % 2 != 0;
            const View& from = odd_row ? (odd_col ? p.more[0] : p.more[2]) : (odd_col ? p.more[1] : p.in);
            return *sample(from, c, y / 2, x / 2);
        }
        case Gather::kHaarSplit:
            return haar_split_sample(p.in, c, y, x);
        case Gather::kHaarMerge:
            return haar_merge_sample(p.in, c, y, x);
        case Gather::kEluGate:
            return contract::elu(*sample(p.in, c, y, x)) * *sample(p.in, c + p.out.channels, y, x);
        default:
            return *sample(p.in, c, y, x);
    }
}

}  // namespace

JPEGAI_KERNEL(map, MapParams, 256) {
    const long long rows = static_cast<long long>(p.out.channels) * p.out.rows;
    const long long step = static_cast<long long>(gridDim.x) * blockDim.y;
    for (long long r = static_cast<long long>(blockIdx.x) * blockDim.y + threadIdx.y; r < rows; r += step) {
        const int c = static_cast<int>(r / p.out.rows), y = static_cast<int>(r % p.out.rows);
        for (int x = static_cast<int>(threadIdx.x); x < p.out.cols; x += static_cast<int>(blockDim.x)) {
            *sample(p.out, c, y, x) = apply_chain(p.chain, gather(p, c, y, x), c, y, x);
        }
    }
}
JPEGAI_DEFINE_KERNEL(map, MapParams)

}  // namespace jpegai::cuda
