// The number of threads changes no bit of a decoded picture, filters, colour and rounding included.
#include <gtest/gtest.h>

#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "decoder/decoder.h"
#include "models/default_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

struct Decoded {
    DecodedPicture decoded;
    Picture picture;
};

Decoded decode(const std::shared_ptr<const WeightSet>& weights, const std::vector<std::uint8_t>& file,
               std::size_t threads) {
    const Decoder decoder(weights, make_cpu_backend({CpuLevel::kAuto, threads}));
    Decoded result{decoder.decode(file), {}};
    result.picture = result.decoded.to_picture(std::nullopt, decoder.rows());
    return result;
}

void expect_same_on_all_threads(const std::vector<std::uint8_t>& file) {
    const auto weights = open_default_weights();
    const Decoded one = decode(weights, file, 1);
    for (const std::size_t threads : {2U, 3U, 8U}) {
        SCOPED_TRACE(threads);
        const Decoded many = decode(weights, file, threads);
        for (std::size_t i = 0; i < 3; ++i) {
            const Array3<float>&a = one.decoded.planes.plane[i], &b = many.decoded.planes.plane[i];
            ASSERT_EQ(a.size(), b.size());
            EXPECT_EQ(0, std::memcmp(a.data(), b.data(), a.size() * sizeof(float)));
            const Array3<std::uint16_t>&c = one.picture.planes[i], &d = many.picture.planes[i];
            ASSERT_EQ(c.size(), d.size());
            EXPECT_EQ(0, std::memcmp(c.data(), d.data(), c.size() * sizeof(std::uint16_t)));
        }
    }
}

TEST(DecodeThreads, SameBytesWithoutFilters) {
    expect_same_on_all_threads(load_bytes(data_path("streams/photo_bop.bits")));
}

TEST(DecodeThreads, SameBytesWithFilters) {
    JPEGAI_NEEDS_SHARED();
    for (const char* name : {"bop_m1_rvs_lsbs_efelin_lef", "sop_m2_lef"})
        expect_same_on_all_threads(load_bytes(shared_dir() / "models/vectors" / name / "stream.bits"));
}

}  // namespace
}  // namespace jpegai::test
