// `jpegai compare`: what it prints, batches, and errors.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "base/file.h"
#include "picture_io/picture_io.h"
#include "tests/tools/process.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

Picture gradient(std::size_t rows, std::size_t cols, unsigned offset) {
    Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, rows, cols);
    for (Array3<std::uint16_t>& plane : picture.planes) {
        for (std::size_t i = 0; i < plane.size(); ++i) plane.data()[i] = static_cast<std::uint16_t>((i + offset) % 200);
    }
    return picture;
}

class Compare : public ::testing::Test {
protected:
    std::string make(const std::string& name, const Picture& picture) {
        write_picture(folder_.path(name), picture);
        return folder_.path(name);
    }
    Json json(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.insert(arguments.begin(), "compare");
        arguments.emplace_back("--json");
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        return Json::parse(result.out);
    }
    TemporaryFolder folder_;
};

TEST_F(Compare, TwoPictures) {
    Picture worse = gradient(176, 192, 0);
    for (std::uint16_t& sample : worse.planes[0].span()) sample = static_cast<std::uint16_t>(sample + 2);
    for (std::uint16_t& sample : worse.planes[1].span()) sample = static_cast<std::uint16_t>(sample + 2);
    for (std::uint16_t& sample : worse.planes[2].span()) sample = static_cast<std::uint16_t>(sample + 2);
    const std::string a = make("a.png", gradient(176, 192, 0)), b = make("b.ppm", worse);
    const Json document = json({a, b});
    EXPECT_EQ(document["width"], 192);
    EXPECT_EQ(document["height"], 176);
    EXPECT_EQ(document["original"], a);
    EXPECT_EQ(document["metrics"].size(), 13U);
    EXPECT_FALSE(document.contains("undefined"));
    // Two of 255 are 8 of 1023, or 9 after rounding.
    EXPECT_NEAR(document["metrics"]["psnr-y"].get<double>(), 42.1, 0.1);
    // Chroma of grey is 511.5 of 1023 and rounds either way.
    EXPECT_GT(document["metrics"]["psnr-u"].get<double>(), 60);

    const ProcessResult text = run_jpegai({"compare", a, b, "--metrics", "psnr-rgb,nlpd"});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_NE(text.out.find("PSNR RGB          42.11"), std::string::npos) << text.out;
    EXPECT_NE(text.out.find("lower is better"), std::string::npos);
    EXPECT_EQ(text.out.find("VIF"), std::string::npos);
}

TEST_F(Compare, SmallPictures) {
    const std::string a = make("a.png", gradient(20, 20, 0));
    const Json document = json({a, a, "--metrics", "ctc"});
    EXPECT_EQ(document["metrics"].size(), 6U);
    EXPECT_TRUE(document["metrics"]["nlpd"].is_null());
    EXPECT_NE(document["undefined"]["nlpd"].get<std::string>().find("65"), std::string::npos);
    EXPECT_EQ(document["metrics"]["ms-ssim"], 1);
}

TEST_F(Compare, DifferenceMap) {
    const std::string a = make("a.png", gradient(20, 30, 0)), b = make("b.png", gradient(20, 30, 3));
    const std::string map = folder_.path("map.png");
    (void)json({a, b, "--map", map, "--gain", "10"});
    const Picture picture = read_picture(map);
    EXPECT_EQ(picture.rows(), 20U);
    EXPECT_EQ(picture.planes[2](0, 0, 0), 30);
}

TEST_F(Compare, Folders) {
    std::filesystem::create_directory(folder_.path("a"));
    std::filesystem::create_directory(folder_.path("b"));
    make("a/one.png", gradient(20, 20, 0));
    make("b/one.ppm", gradient(20, 20, 1));
    make("a/two.png", gradient(20, 20, 0));
    make("b/two.png", gradient(20, 20, 0));
    make("a/lonely.png", gradient(20, 20, 0));
    const Json document = json({folder_.path("a"), folder_.path("b"), "--metrics", "psnr-y"});
    ASSERT_EQ(document["pairs"].size(), 2U);
    const double first = document["pairs"][0]["metrics"]["psnr-y"], second = document["pairs"][1]["metrics"]["psnr-y"];
    EXPECT_EQ(second, 100);
    EXPECT_DOUBLE_EQ(document["mean"]["psnr-y"].get<double>(), (first + second) / 2);

    const ProcessResult text = run_jpegai({"compare", folder_.path("a"), folder_.path("b"), "--metrics", "psnr-y"});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_NE(text.err.find("lonely.png has no counterpart"), std::string::npos) << text.err;
    EXPECT_NE(text.out.find("\nmean "), std::string::npos) << text.out;

    make("b/two.png", gradient(21, 20, 0));
    const Json failed = json({folder_.path("a"), folder_.path("b"), "--metrics", "psnr-y"}, 1);
    ASSERT_EQ(failed["pairs"].size(), 2U);
    EXPECT_EQ(failed["pairs"][1]["error"]["code"], "argument");
    EXPECT_EQ(failed["mean"]["psnr-y"], first);

    make("a/two.ppm", gradient(20, 20, 0));
    EXPECT_EQ(run_jpegai({"compare", folder_.path("a"), folder_.path("b")}).exit_code, 1) << "two pictures of one name";
}

TEST_F(Compare, Errors) {
    const std::string a = make("a.png", gradient(20, 20, 0)), b = make("b.png", gradient(20, 21, 0));
    const ProcessResult sizes = run_jpegai({"compare", a, b, "--map", folder_.path("map.png")});
    EXPECT_EQ(sizes.exit_code, 1);
    EXPECT_NE(sizes.err.find("the sizes differ: 20x20 and 21x20"), std::string::npos) << sizes.err;
    EXPECT_EQ(folder_.list(), (std::vector<std::string>{"a.png", "b.png"}));
    EXPECT_EQ(run_jpegai({"compare", a, folder_.path("missing.png")}).exit_code, 1);
    EXPECT_EQ(run_jpegai({"compare", a, a, "--metrics", "vmaf"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"compare", a, folder_.path("")}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"compare", "-", "-"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"compare", a}).exit_code, 2);
    EXPECT_EQ(json({a, b}, 1)["error"]["code"], "argument");
}

}  // namespace
}  // namespace jpegai::test
