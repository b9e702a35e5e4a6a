#include "base/npy.h"

#include <gtest/gtest.h>

#include <numeric>

#include "base/error.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

TEST(Npy, RoundTrip) {
    std::vector<float> values(24);
    std::iota(values.begin(), values.end(), -3.5F);
    const std::size_t shape[] = {2, 3, 4};
    const auto file = format_npy("<f4", shape, {reinterpret_cast<const std::uint8_t*>(values.data()), 96});
    EXPECT_EQ((file.size() - 96) % 64, 0U);
    const Npy npy = parse_npy(file);
    EXPECT_EQ(npy.shape, (std::vector<std::size_t>{2, 3, 4}));
    EXPECT_EQ(npy.as<float>(), values);
}

TEST(Npy, OneDimensionAndScalarShapes) {
    const std::uint8_t data[3] = {1, 2, 3};
    const std::size_t three[] = {3};
    EXPECT_EQ(parse_npy(format_npy("|u1", three, data)).shape, (std::vector<std::size_t>{3}));
    EXPECT_TRUE(parse_npy(format_npy("|u1", {}, {data, 1})).shape.empty());
}

TEST(Npy, TruncationIsAnErrorEverywhere) {
    const std::uint8_t data[3] = {1, 2, 3};
    const std::size_t three[] = {3};
    const auto file = format_npy("|u1", three, data);
    for (std::size_t n = 0; n < file.size(); ++n) EXPECT_THROW((void)parse_npy({file.data(), n}), Error) << n;
}

TEST(Npy, ReadsReferenceDump) {
    JPEGAI_NEEDS_SHARED();
    const Npy npy = read_npy((test::shared_dir() / "models/vectors/bop_m0/y.z_hat.npy").string());
    EXPECT_EQ(npy.descr, "|i1");
    EXPECT_EQ(npy.count(), 160U * 3 * 4);
}

}  // namespace
}  // namespace jpegai
