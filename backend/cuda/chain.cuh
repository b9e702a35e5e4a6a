// The elementwise ends of kernels.
#pragma once

#include "backend/cuda/kernel.cuh"
#include "backend/cuda/view.h"

namespace jpegai::cuda {

JPEGAI_DEVICE float* sample(const View& view, int c, int y, int x) {
    return view.data + c * view.plane_stride + static_cast<long long>(y) * view.row_stride + x;
}

/// The steps that convolutions end with.
JPEGAI_DEVICE float apply_short(Step step, float v, float other) {
    switch (step) {
        case Step::kRelu:
            return contract::relu(v);
        case Step::kRelu6:
            return contract::relu6(v);
        case Step::kLeakyRelu:
            return contract::leaky_relu(v);
        case Step::kDenormalise:
            return contract::denormalise(v);
        case Step::kAdd:
            return v + other;
        case Step::kMul:
            return v * other;
        case Step::kGate:
            return contract::gate(other, v);
        default:
            return contract::gate(v, other);
    }
}

JPEGAI_DEVICE bool has_other(Step step) {
    return step == Step::kAdd || step == Step::kMul || step == Step::kGate || step == Step::kGated;
}

/// All steps of `chain` on the value of (c, y, x) of the result.
JPEGAI_DEVICE float apply_chain(const Chain& chain, float v, int c, int y, int x) {
    for (int k = 0; k < chain.count; ++k) {
        const Chain::Entry& entry = chain.entries[k];
        switch (entry.step) {
            case Step::kSigmoid:
                v = contract::sigmoid(v);
                break;
            case Step::kAbs:
                v = contract::float_from_bits(contract::float_bits(v) & 0x7FFFFFFF);
                break;
            case Step::kNormalise:
                v = contract::normalise(v);
                break;
            case Step::kScale:
                v = v * entry.scale[0];
                break;
            case Step::kBatchNorm:
                v = contract::fma(v, entry.scale[c], entry.shift[c]);
                break;
            default:
                v = apply_short(entry.step, v,
                                has_other(entry.step) ? *sample(chain.others[entry.other], c, y, x) : 0.0F);
        }
    }
    return v;
}

}  // namespace jpegai::cuda
