// Whole streams on every instruction set and number of threads: the bits of the contract, before any rounding to
// samples.
#include <gtest/gtest.h>

#include "backend/cpu/cpu_backend.h"
#include "backend/select.h"
#include "decoder/decoder.h"
#include "models/default_weights.h"
#include "tests/support/emulated.h"
#include "tests/support/random_network.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai {
namespace {

std::string decoded_bits(const std::shared_ptr<const WeightSet>& weights, const BackendRequest& backend,
                         std::span<const std::uint8_t> file) {
    const DecodedPicture decoded = Decoder(weights, make_backend(backend)).decode(file);
    return test::bits_hash(decoded.planes.plane);
}

constexpr unsigned kThreads[] = {1, 2, 3, 5, 8, 16};
constexpr unsigned kFewThreads[] = {1, 5};

void expect_same_bits(const std::shared_ptr<const WeightSet>& weights, const std::filesystem::path& path,
                      CpuLevel level, std::span<const unsigned> thread_counts, const std::string& wanted) {
    const std::vector<std::uint8_t> file = test::load_bytes(path);
    for (const unsigned threads : thread_counts) {
        EXPECT_EQ(decoded_bits(weights, {cpu_level_name(level), threads}, file), wanted)
            << path << " on " << cpu_level_name(level) << " x" << threads;
    }
}

TEST(DecodeBits, EveryPointOnEveryInstructionSetAndNumberOfThreads) {
    JPEGAI_NEEDS_SHARED();
    const auto weights = test::synthetic_weights();
    for (const char* name : {"sop_65x127", "bop_65x127", "hop_64x64"}) {
        const auto path = test::shared_dir() / "vectors" / name / "stream.bits";
        const std::string wanted = decoded_bits(weights, {"contract", 1}, test::load_bytes(path));
        for (const CpuLevel level : available_cpu_levels()) {
            // Without vectors HOP takes seconds.
            const bool slow =
                test::emulated() || (level == CpuLevel::kScalar && std::string(name).starts_with("hop"));
            expect_same_bits(weights, path, level, slow ? std::span<const unsigned>(kFewThreads) : kThreads, wanted);
        }
    }
}

TEST(DecodeBits, PhotographOnEveryNumberOfThreads) {
    const auto weights = open_default_weights();
    const auto path = test::data_path("streams/photo_bop.bits");
    const std::string wanted = decoded_bits(weights, {"contract", 1}, test::load_bytes(path));
    expect_same_bits(weights, path, CpuLevel::kAuto, test::emulated() ? std::span<const unsigned>(kFewThreads) : kThreads,
                     wanted);
}

}  // namespace
}  // namespace jpegai
