// Encodings of single tensors: every one keeps every bit, and the right one is chosen.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/half.h"
#include "models/pack_writer.h"
#include "tests/models/tensors.h"

namespace jpegai::test {
namespace {

/// What comes back from the block of a tensor.
Tensor round_trip(const Tensor& tensor, PackedTensor& packed) {
    packed = pack_tensor(tensor, 3);
    EXPECT_EQ(pack_raw_size(packed.entry), packed.entry.raw_size);
    EXPECT_EQ(packed.entry.size, packed.block.size());
    packed.entry.offset = 0;
    return BlockDecoder().decode(*memory_source("block", packed.block), packed.entry);
}

void expect_kept(const Tensor& tensor, PackEncoding expected, const char* what) {
    PackedTensor packed;
    const Tensor back = round_trip(tensor, packed);
    EXPECT_EQ(back.dtype, tensor.dtype) << what;
    EXPECT_EQ(back.shape, tensor.shape) << what;
    EXPECT_EQ(back.bytes, tensor.bytes) << what;
    EXPECT_EQ(packed.entry.encoding, expected) << what;
}

TEST(Half, EqualsItsDefinitionForAllValues) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto half = static_cast<std::uint16_t>(bits);
        const std::uint32_t wide = half_to_float_bits(half);
        const int exponent = static_cast<int>(bits >> 10 & 31), fraction = static_cast<int>(bits & 1023);
        float expected = 0.0f;
        if (exponent == 31) {
            expected = fraction == 0 ? std::numeric_limits<float>::infinity() : std::nanf("");
        } else {
            expected = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                     : std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
        }
        const auto value = std::bit_cast<float>(wide);
        EXPECT_EQ(std::signbit(value), (bits & 0x8000) != 0) << bits;
        if (std::isnan(expected)) {
            EXPECT_TRUE(std::isnan(value)) << bits;
        } else {
            EXPECT_EQ(std::fabs(value), expected) << bits;
        }
        EXPECT_EQ(float_bits_to_half(wide), half) << bits;
    }
}

TEST(Half, KnowsWhatItCannotHold) {
    for (const float value : {65520.0f, 65536.0f, 1e30f, 0x1p-25f, 0x1.002p0f, 0x1.8p-24f, 1e-40f}) {
        const auto bits = std::bit_cast<std::uint32_t>(value);
        EXPECT_NE(half_to_float_bits(float_bits_to_half(bits)), bits) << value;
    }
}

TEST(PackTensor, KeepsFloatsOfEveryKind) {
    expect_kept(floats_of({}, {0, 3}), PackEncoding::kPlain, "nothing");
    expect_kept(floats_of({0.0f, 0.0f, 0.0f, 0.0f}), PackEncoding::kGrid, "zeros");
    expect_kept(floats_of({0.5f, -0.25f, 3.0f}), PackEncoding::kGrid, "quarters");
    expect_kept(floats_of({0.5f, -0.0f, 0x1p-20f}), PackEncoding::kHalf, "negative zero");
    expect_kept(floats_of({1.0f, -0.0f, 2.0f}), PackEncoding::kHalf, "negative zero where a grid would be smaller");
    expect_kept(floats_of({1.0f, 0x1p-14f, 0x1.004p-3f}), PackEncoding::kHalf, "halves far apart");
    expect_kept(floats_of({0x1p-126f, -0x1.8p-125f, 0x1p-120f}), PackEncoding::kGrid, "smallest grid");
    expect_kept(floats_of({0x1p-149f, 1.0f}), PackEncoding::kPlain, "subnormal beside one");
    expect_kept(floats_of({0x1p-130f}), PackEncoding::kPlain, "below the smallest grid");
    expect_kept(floats_of({3e38f, -1e38f}), PackEncoding::kPlain, "largest");
    expect_kept(floats_of({0x1p100f, 0x1p70f}), PackEncoding::kPlain, "beyond the coarsest grid");
    expect_kept(floats_of({std::numeric_limits<float>::infinity(), 1.0f}), PackEncoding::kHalf, "infinity");
    expect_kept(make_tensor<std::uint32_t>(DType::kFloat32, {0x7FC00001, 0xFF812345, 0x7F800001}), PackEncoding::kPlain,
                "NaN with payload");
    expect_kept(floats_of({7.5f}, {1, 1, 1}), PackEncoding::kGrid, "one value");
    Tensor scalar = floats_of({7.5f});
    scalar.shape.clear();
    expect_kept(scalar, PackEncoding::kGrid, "no dimensions");
}

TEST(PackTensor, KeepsManyFloats) {
    const auto numbers = random_numbers(4096, 1);
    std::vector<std::uint32_t> any(numbers), halves(numbers);
    std::vector<float> weights, grid1, grid2, grid3;
    for (const std::uint32_t number : numbers) {
        const auto signed_number = static_cast<std::int32_t>(number);
        weights.push_back(std::ldexp(static_cast<float>(signed_number), -31) * 0.1f);
        grid1.push_back(std::ldexp(static_cast<float>(signed_number % 100), -9));
        grid2.push_back(std::ldexp(static_cast<float>(signed_number % 9000), -9));
        grid3.push_back(std::ldexp(static_cast<float>(signed_number >> 9), -20));
    }
    for (std::uint32_t& bits : halves) bits = half_to_float_bits(static_cast<std::uint16_t>(bits));
    expect_kept(make_tensor(DType::kFloat32, any), PackEncoding::kPlain, "arbitrary bits");
    expect_kept(make_tensor(DType::kFloat32, halves), PackEncoding::kHalf, "arbitrary halves");
    expect_kept(floats_of(weights, {64, 64}), PackEncoding::kPlanes, "weights");
    expect_kept(floats_of(grid1), PackEncoding::kGrid, "grid of one plane");
    expect_kept(floats_of(grid2), PackEncoding::kGrid, "grid of two planes");
    expect_kept(floats_of(grid3), PackEncoding::kGrid, "grid of three planes");
    std::vector<float> rounded;
    for (const float value : weights)
        rounded.push_back(std::bit_cast<float>(
            half_to_float_bits(float_bits_to_half(std::bit_cast<std::uint32_t>(value) & 0xFFFFE000))));
    expect_kept(floats_of(rounded), PackEncoding::kHalfPlanes, "weights rounded to halves");
}

TEST(PackTensor, KeepsIntegersOfEveryKind) {
    expect_kept(make_tensor<std::int32_t>(DType::kInt32, {1, 2, 255}), PackEncoding::kU8, "small");
    expect_kept(make_tensor<std::int32_t>(DType::kInt32, {1, -2, 100}), PackEncoding::kGrid, "one plane");
    expect_kept(make_tensor<std::int32_t>(DType::kInt32, {INT32_MIN, INT32_MAX, 0}), PackEncoding::kPlain, "extremes");
    expect_kept(make_tensor<std::int64_t>(DType::kInt64, {100}), PackEncoding::kGrid, "one long");
    expect_kept(make_tensor<std::int64_t>(DType::kInt64, {INT32_MIN, INT32_MAX, 5}), PackEncoding::kGrid,
                "four planes");
    expect_kept(make_tensor<std::int64_t>(DType::kInt64, {INT64_MIN, INT64_MAX}), PackEncoding::kPlain,
                "long extremes");
    expect_kept(make_tensor<std::int16_t>(DType::kInt16, {-32768, 32767, 0}), PackEncoding::kPlain, "short extremes");
    expect_kept(make_tensor<std::int16_t>(DType::kInt16, {-128, 127}), PackEncoding::kGrid, "short");
    expect_kept(make_tensor<std::int8_t>(DType::kInt8, {-128, 127}), PackEncoding::kPlain, "bytes");
    expect_kept(make_tensor<std::uint8_t>(DType::kUint8, {0, 255}), PackEncoding::kPlain, "unsigned bytes");
    expect_kept(make_tensor<std::uint8_t>(DType::kBool, {0, 1}), PackEncoding::kPlain, "truth values");
    expect_kept(make_tensor<std::uint16_t>(DType::kFloat16, {1, 0xFFFF}), PackEncoding::kPlain, "halves");
    expect_kept(make_tensor<double>(DType::kFloat64, {0.1, -1e300}), PackEncoding::kPlain, "doubles");
    expect_kept(make_tensor<double>(DType::kFloat64, std::vector<double>(1000, 0.1)), PackEncoding::kPlain, "many");
}

TEST(PackTensor, CompressesOnlyWhereItHelps) {
    PackedTensor packed;
    (void)round_trip(floats_of(std::vector<float>(10000, 1.0f)), packed);
    EXPECT_EQ(packed.entry.codec, PackCodec::kZstd);
    EXPECT_LT(packed.block.size(), 100u);
    (void)round_trip(make_tensor(DType::kFloat32, random_numbers(1000, 7)), packed);
    EXPECT_EQ(packed.entry.codec, PackCodec::kRaw);
    EXPECT_EQ(packed.block.size(), 4000u);
}

}  // namespace
}  // namespace jpegai::test
