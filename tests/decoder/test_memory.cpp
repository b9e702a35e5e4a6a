// The memory estimate against what decodes really need: never below it, and not far above.
#include <gtest/gtest.h>

#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "backend/cpu/cpu_backend.h"
#include "decoder/decoder.h"
#include "models/default_weights.h"
#include "tests/support/emulated.h"
#include "tests/support/made_up_stream.h"
#include "tests/support/test_data.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define JPEGAI_NEEDS_PLAIN_MEMORY() GTEST_SKIP() << "sanitizers have memory of their own"
#else
#define JPEGAI_NEEDS_PLAIN_MEMORY() static_cast<void>(0)
#endif

namespace jpegai::test {
namespace {

/// A figure of /proc/self/status in bytes.
std::uint64_t status(const char* field) {
    std::FILE* file = std::fopen("/proc/self/status", "r");
    char line[256];
    std::uint64_t value = 0;
    while (file != nullptr && std::fgets(line, sizeof line, file) != nullptr) {
        if (std::strncmp(line, field, std::strlen(field)) == 0)
            value = std::strtoull(line + std::strlen(field), nullptr, 10);
    }
    if (file != nullptr) std::fclose(file);
    return value * 1024;
}

struct Measured {
    std::uint64_t estimate = 0, growth = 0;
};

/// Decodes in a process of its own, whose heap is empty, up to integer samples.
Measured measure(const std::vector<std::uint8_t>& file, OperatingPoint point, std::size_t threads) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) return {};
    ::malloc_trim(0);  // before the fork: the child's peak starts with what is there now
    const pid_t child = ::fork();
    if (child == 0) {
        Measured measured;
        const std::uint64_t before = status("VmHWM:");
        {
            const Decoder decoder(open_default_weights(), make_cpu_backend({CpuLevel::kAuto, threads}));
            DecodeStats stats;
            DecodeOptions options;
            options.point = point;
            options.stats = &stats;
            const DecodedPicture decoded = decoder.decode(file, options);
            const Picture picture = decoded.to_picture(std::nullopt, decoder.rows());
            measured = {stats.estimated_memory, status("VmHWM:") - before};
        }
        const bool sent = ::write(ends[1], &measured, sizeof measured) == sizeof measured;
        ::_exit(sent ? 0 : 1);
    }
    Measured measured;
    ::close(ends[1]);
    const bool received = ::read(ends[0], &measured, sizeof measured) == sizeof measured;
    ::close(ends[0]);
    int result = -1;
    ::waitpid(child, &result, 0);
    EXPECT_TRUE(received && result == 0);
    return measured;
}

void expect_close(const std::string& name, const std::vector<std::uint8_t>& file, OperatingPoint point,
                  std::size_t threads) {
    const Measured measured = measure(file, point, threads);
    const auto mib = [](std::uint64_t bytes) { return static_cast<double>(bytes) / (1 << 20); };
    std::printf("%-34s %zu threads: estimated %7.1f MiB, needed %7.1f MiB\n", name.c_str(), threads,
                mib(measured.estimate), mib(measured.growth));
    EXPECT_GE(measured.estimate, measured.growth) << name;
    EXPECT_LE(mib(measured.estimate), 1.4 * mib(measured.growth) + 12) << name;
}

constexpr const char* kNotEmulated = "an emulator of processors counts as part of the process, with the code it makes";

TEST(Memory, EstimateOfAPhoto) {
    if (test::emulated()) GTEST_SKIP() << kNotEmulated;
    JPEGAI_NEEDS_PLAIN_MEMORY();
    const std::vector<std::uint8_t> file = load_bytes(data_path("streams/photo_bop.bits"));
    for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop}) {
        for (const std::size_t threads : {1U, 4U})
            expect_close(point == OperatingPoint::kSop ? "photo, SOP" : "photo, BOP", file, point, threads);
    }
}

TEST(Memory, EstimateByTools) {
    if (test::emulated()) GTEST_SKIP() << kNotEmulated;
    JPEGAI_NEEDS_PLAIN_MEMORY();
    struct Case {
        const char* name;
        MadeUpStream stream;
    };
    std::vector<Case> cases(5);
    for (Case& c : cases) c.stream.width = 1024, c.stream.height = 768;
    cases[0].name = "plain";
    cases[1].name = "2048x1536";
    cases[1].stream.width = 2048, cases[1].stream.height = 1536;
    cases[2].name = "regions";
    cases[2].stream.region_rows = 2, cases[2].stream.region_cols = 2;
    cases[3].name = "tiles";
    cases[3].stream.tile_size = 256;
    cases[4].name = "LEF, LSBS, 4:2:0";
    cases[4].stream.lef = cases[4].stream.lsbs = cases[4].stream.yuv420 = true;
    for (const Case& c : cases)
        expect_close(c.name, make_stream(*open_default_weights(), c.stream), OperatingPoint::kSop, 1);
}

}  // namespace
}  // namespace jpegai::test
