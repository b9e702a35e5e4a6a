// Functions of spec/numeric_contract.md section 3 and 4 on vectors, over a SIMD interface V.
#pragma once

#include "backend/cpu/kernels.h"
#include "backend/cpu/unroll.h"

namespace jpegai::cpu {

template <class V>
[[gnu::always_inline]] inline typename V::F relu(typename V::F x) {
    return V::at_least(x, V::zero());
}

template <class V>
[[gnu::always_inline]] inline typename V::F relu6(typename V::F x) {
    return V::at_most(V::at_least(x, V::zero()), V::set(6.0F));
}

template <class V>
[[gnu::always_inline]] inline typename V::F leaky_relu(typename V::F x) {
    return V::select(V::not_less(x, V::zero()), x, V::mul(V::set(0x1.47ae14p-7F), x));
}

template <class V>
[[gnu::always_inline]] inline typename V::F gate(typename V::F x, typename V::F m) {
    return V::mul(x, V::add(V::set(1.0F), m));
}

template <class V>
[[gnu::always_inline]] inline typename V::F normalise(typename V::F x) {
    return V::mul(V::sub(x, V::set(127.5F)), V::set(0.0078125F));
}

template <class V>
[[gnu::always_inline]] inline typename V::F denormalise(typename V::F x) {
    const typename V::F y = V::add(V::mul(x, V::set(128.0F)), V::set(127.5F));
    return V::at_most(V::at_least(y, V::zero()), V::set(255.0F));
}

/// exp(t) = p * 2^n for t in -104..89, both parts as section 3 forms them.
template <class V>
struct ExpParts {
    typename V::F p;
    typename V::I n;
};

template <class V>
[[gnu::always_inline]] inline ExpParts<V> exp_parts(typename V::F t) {
    using F = typename V::F;
    const F rounder = V::set(12582912.0F);
    const F shifted = V::fma(t, V::set(0x1.715476p+0F), rounder);
    const F k = V::sub(shifted, rounder);
    F r = V::fma(k, V::set(-0x1.62e43p-1F), t);
    r = V::fma(k, V::set(0x1.05c61p-29F), r);
    F p = V::fma(V::set(0x1.6a4ce4p-10F), r, V::set(0x1.123988p-7F));
    p = V::fma(p, r, V::set(0x1.5558bp-5F));
    p = V::fma(p, r, V::set(0x1.555492p-3F));
    p = V::fma(p, r, V::set(0x1.fffffcp-2F));
    p = V::fma(p, r, V::set(1.0F));
    p = V::fma(p, r, V::set(1.0F));
    return {p, V::sub_int(V::bits(shifted), V::bits(rounder))};
}

/// 2^n for n in -126..127.
template <class V>
[[gnu::always_inline]] inline typename V::F power_of_two(typename V::I n) {
    return V::from_bits(V::to_exponent(V::add_int(n, V::set_int(127))));
}

template <class V>
[[gnu::always_inline]] inline typename V::F exp(typename V::F x) {
    const typename V::F t = V::at_least(V::at_most(x, V::set(89.0F)), V::set(-104.0F));
    const ExpParts<V> e = exp_parts<V>(t);
    const auto half = V::halve_int(e.n);
    const typename V::F y = V::mul(V::mul(e.p, power_of_two<V>(half)), power_of_two<V>(V::sub_int(e.n, half)));
    return V::select(V::ordered(x), y, x);
}

/// The bits of exp(x) - 1 for x <= 0, and a NaN for NaN; anything else for positive x. Below -17.4 the difference is -1
/// whatever exp gives, so x may stop at -87, where all powers are normal numbers: one product is as exact as two then.
template <class V>
[[gnu::always_inline]] inline typename V::F exp_minus_one_below_zero(typename V::F x) {
    const typename V::F t = V::at_least(V::set(-87.0F), x);  // a NaN stays in this order
    const ExpParts<V> e = exp_parts<V>(t);
    return V::sub(V::mul(e.p, power_of_two<V>(e.n)), V::set(1.0F));
}

template <class V>
[[gnu::always_inline]] inline typename V::F sigmoid(typename V::F x) {
    const typename V::F negative = V::from_bits(V::xor_int(V::bits(x), V::set_int(-2147483647 - 1)));
    return V::div(V::set(1.0F), V::add(V::set(1.0F), exp<V>(negative)));
}

template <class V>
[[gnu::always_inline]] inline typename V::F elu(typename V::F x) {
    return V::select(V::greater(x, V::zero()), x, exp_minus_one_below_zero<V>(x));
}

}  // namespace jpegai::cpu
