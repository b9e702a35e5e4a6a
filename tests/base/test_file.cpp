#include <unistd.h>
#include "base/file.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"

namespace jpegai {
namespace {

class FileTest : public ::testing::Test {
protected:
    void SetUp() override {
        folder_ = std::filesystem::temp_directory_path() / ("jpegai-file-" + std::to_string(::getpid()));
        std::filesystem::create_directory(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    [[nodiscard]] std::string path(const char* name) const { return (folder_ / name).string(); }
    std::filesystem::path folder_;
};

TEST_F(FileTest, RoundTripAndReplace) {
    const std::vector<std::uint8_t> first(100'000, 7), second = {1, 2, 3};
    write_file(path("a"), first);
    EXPECT_EQ(read_file(path("a")), first);
    write_file(path("a"), second);
    EXPECT_EQ(read_file(path("a")), second);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "temporary file left behind";
}

TEST_F(FileTest, PartsBecomeAFileOnCommit) {
    const std::vector<std::uint8_t> old = {9}, first = {1, 2}, second(100'000, 3);
    write_file(path("a"), old);
    {
        OutputFile file(path("a"));
        file.write(first);
        EXPECT_EQ(read_file(path("a")), old);
    }
    EXPECT_EQ(read_file(path("a")), old) << "given up";
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "temporary file left behind";
    OutputFile file(path("a"));
    file.write(first);
    file.write(second);
    file.commit();
    std::vector<std::uint8_t> whole = first;
    whole.insert(whole.end(), second.begin(), second.end());
    EXPECT_EQ(read_file(path("a")), whole);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1) << "temporary file left behind";
}

TEST_F(FileTest, ErrorsAreTyped) {
    try {
        (void)read_file(path("missing"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_IO);
    }
    write_file(path("b"), std::vector<std::uint8_t>(10));
    try {
        (void)read_file(path("b"), 9);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), JPEGAI_ERROR_LIMIT);
    }
    EXPECT_THROW(write_file(path("no/such/folder"), {}), Error);
}

}  // namespace
}  // namespace jpegai
