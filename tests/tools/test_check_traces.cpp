// `jpegai check traces` and `check calibrate`: output, batches, exit status, errors.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "picture_io/picture_io.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

std::string text_of(const std::string& path) {
    const auto bytes = read_file(path);
    return {bytes.begin(), bytes.end()};
}

class CheckTraces : public ::testing::Test {
protected:
    /// A textured picture that was never coded.
    std::string original(const std::string& name, std::size_t side = 128) {
        Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, side, side);
        std::uint32_t noise = 1;
        for (std::size_t i = 0; i < 3; ++i) {
            for (std::size_t y = 0; y < side; ++y) {
                for (std::size_t x = 0; x < side; ++x) {
                    noise = noise * 1664525U + 1013904223U;
                    const std::size_t edge = (x / 24 + y / 40 + i) % 2 * 60 + (x * y / 64) % 32;
                    picture.planes[i](0, y, x) = static_cast<std::uint16_t>(60 + edge + (noise >> 28));
                }
            }
        }
        write_picture(folder_.path(name), picture);
        return folder_.path(name);
    }
    /// The same after JPEG AI with model 3.
    std::string coded(const std::string& name) {
        const std::string stream = folder_.path("stream.jai"), result = folder_.path(name);
        const std::string in = original("in.ppm");
        EXPECT_EQ(run_jpegai({"encode", in, stream, "--model", "3", "--beta", "50", "-q"}).exit_code, 0);
        EXPECT_EQ(run_jpegai({"decode", stream, result, "-q"}).exit_code, 0);
        return result;
    }
    TemporaryFolder folder_;
};

TEST_F(CheckTraces, TellsCodedFromOthers) {
    const std::string picture = coded("coded.png"), page = folder_.path("page.html");
    const ProcessResult found = run_jpegai(
        {"check", "traces", picture, "--fast", "--json", "--html", page, "--maps", folder_.path("maps/of/it")});
    ASSERT_EQ(found.exit_code, 0) << found.err;
    const Json json = Json::parse(found.out);
    EXPECT_EQ(json["jpeg_ai"]["coded"], true);
    EXPECT_EQ(json["jpeg_ai"]["model"], 3);
    EXPECT_EQ(json["jpeg_ai"]["models"], "default");
    EXPECT_GT(json["probability"].get<double>(), 0.9);
    EXPECT_NE(text_of(page).find("JPEG AI coded (model 3"), std::string::npos);
    EXPECT_NE(text_of(page).find("where the lattice shows"), std::string::npos);
    const ProcessResult map = run_jpegai({"compare", picture, folder_.path("maps/of/it/coded.png.map.png"), "--json"});
    EXPECT_EQ(map.exit_code, 0) << map.err;  // a picture of the same size

    const ProcessResult none =
        run_jpegai({"check", "traces", original("original.png"), "--fast", "--fail-above", "0.9"});
    EXPECT_EQ(none.exit_code, 0) << none.err;
    EXPECT_NE(none.out.find("no trace of JPEG AI"), std::string::npos) << none.out;
    EXPECT_EQ(run_jpegai({"check", "traces", picture, "--fast", "--fail-above", "0.9"}).exit_code, 1);
}

TEST_F(CheckTraces, FoldersGiveATable) {
    (void)original("a.png", 80);
    std::ofstream(folder_.path("b.png")) << "no picture";
    const std::string table = folder_.path("table.csv"), folder = folder_.path("");
    const ProcessResult result = run_jpegai({"check", "traces", folder, "--fast", "--csv", table, "-q"});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_NE(result.err.find("b.png"), std::string::npos) << result.err;
    const std::string csv = text_of(table);
    EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 3) << csv;
    EXPECT_NE(csv.find("no trace"), std::string::npos);
    std::istringstream lines(csv);
    std::string line;
    std::size_t first_commas = 0;
    while (std::getline(lines, line)) {
        const auto commas = static_cast<std::size_t>(std::count(line.begin(), line.end(), ','));
        if (first_commas == 0) first_commas = commas;
        EXPECT_EQ(commas, first_commas) << line;
    }
}

TEST_F(CheckTraces, MapsOfPicturesWithOneNameStayApart) {
    for (const char* name : {"a", "b", "c"}) std::filesystem::create_directory(folder_.path(name));
    const std::string first = original("a/same.png", 80);
    (void)original("b/same.png", 96);
    (void)original("c/other.png", 64);
    const std::string maps = folder_.path("maps"), table = folder_.path("table.csv");
    ASSERT_EQ(run_jpegai({"check", "traces", folder_.path("a/"), folder_.path("b"), folder_.path("c"), "--fast",
                          "--maps", maps, "--csv", table, "-q"})
                  .exit_code,
              0);
    EXPECT_EQ(read_picture(maps + "/a/same.png.map.png").rows(), 80U);
    EXPECT_EQ(read_picture(maps + "/b/same.png.map.png").rows(), 96U);
    EXPECT_EQ(read_picture(maps + "/c/other.png.map.png").rows(), 64U);
    // In one folder nothing has to be told apart.
    ASSERT_EQ(run_jpegai({"check", "traces", first, folder_.path("a/../a/same.png"), "--fast", "--maps",
                          folder_.path("flat"), "-q"})
                  .exit_code,
              0);
    EXPECT_TRUE(std::filesystem::exists(folder_.path("flat/same.png.map.png")));
}

TEST_F(CheckTraces, OddPicturesAreRefusedWithAReason) {
    const ProcessResult small = run_jpegai({"check", "traces", original("small.png", 32)});
    EXPECT_EQ(small.exit_code, 1);
    EXPECT_NE(small.err.find("32x32"), std::string::npos) << small.err;
    std::ofstream(folder_.path("text.png")) << "hello";
    EXPECT_EQ(run_jpegai({"check", "traces", folder_.path("text.png")}).exit_code, 1);
    EXPECT_EQ(run_jpegai({"check", "traces", folder_.path("absent.png")}).exit_code, 1);
    const ProcessResult stream = run_jpegai({"check", "traces", stream_path("photo_bop")});
    EXPECT_EQ(stream.exit_code, 1);
    EXPECT_NE(stream.err.find("codestream itself"), std::string::npos) << stream.err;
    EXPECT_EQ(run_jpegai({"check", "traces"}).exit_code, 2);
    const std::string a = original("ok.png", 64);
    EXPECT_EQ(run_jpegai({"check", "traces", a, "--fail-above", "7"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"check", "traces", a, "--models", "no-such-set"}).exit_code, 1);
    EXPECT_EQ(run_jpegai({"check", "traces", a, "--parameters", folder_.path("text.png")}).exit_code, 1);
}

TEST_F(CheckTraces, CalibrationRefusesWhatMakesNoSense) {
    EXPECT_EQ(run_jpegai({"check", "calibrate"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"check", "calibrate", "a", "--from-samples", "b"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"check", "calibrate", "a", "--measure", "--out", "b"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"check", "calibrate", folder_.path("")}).exit_code, 1);
    const std::string samples = folder_.path("samples.jsonl");
    std::ofstream(samples) << "{}\n";
    EXPECT_EQ(run_jpegai({"check", "calibrate", "--from-samples", samples}).exit_code, 1);
}

}  // namespace
}  // namespace jpegai::test
