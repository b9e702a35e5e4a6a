// Runs one fuzz target over its seeds and over the inputs that once failed, in builds without a fuzzer.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "base/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    if (!std::filesystem::exists(folder)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

void replay(const std::vector<std::filesystem::path>& files) {
    for (const auto& file : files) {
        SCOPED_TRACE(file.string());
        const auto bytes = jpegai::read_file(file.string());
        EXPECT_NO_THROW(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()));
    }
}

const std::filesystem::path kFuzzFolder = JPEGAI_FUZZ_FOLDER;

TEST(FuzzReplay, Seeds) {
    const auto files = files_in(kFuzzFolder / "corpus" / JPEGAI_FUZZ_NAME);
    EXPECT_FALSE(files.empty());
    replay(files);
}

TEST(FuzzReplay, Regressions) {
    replay(files_in(kFuzzFolder / "regressions" / JPEGAI_FUZZ_NAME));
}

TEST(FuzzReplay, NothingAtAll) {
    EXPECT_NO_THROW(LLVMFuzzerTestOneInput(nullptr, 0));
}

}  // namespace
