// The parts of rd_kodak: commands, measuring and remembering, reports.
#include <gtest/gtest.h>
#include <unistd.h>
#include <nlohmann/json.hpp>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "bench/rd/codecs.h"
#include "bench/rd/process.h"
#include "bench/rd/report.h"
#include "picture_io/picture_io.h"
#include "tests/metrics/synthetic_pictures.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;
using test::thrown_code;

class Rd : public ::testing::Test {
protected:
    Rd() : folder_(fs::temp_directory_path() / ("jpegai_rd_" + std::to_string(::getpid()))) {
        fs::create_directories(folder_);
    }
    ~Rd() override { fs::remove_all(folder_); }
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }
    fs::path folder_;
};

TEST_F(Rd, Commands) {
    EXPECT_EQ(rd::command_words("a {in}  -q={q} {out}", {{"in", "x y"}, {"q", "5"}, {"out", "z"}}),
              (std::vector<std::string>{"a", "x y", "-q=5", "z"}));
    EXPECT_NO_THROW(rd::run_program({"true"}, path("log")));
    EXPECT_EQ(thrown_code([&] { rd::run_program({"false"}, path("log")); }), JPEGAI_ERROR_IO);
    EXPECT_EQ(thrown_code([&] { rd::run_program({"no-such-program-anywhere"}, path("log")); }), JPEGAI_ERROR_IO);
    EXPECT_EQ(thrown_code([] { (void)rd::parse_codec("x=encode {in} {out};decode {in} {out}"); }),
              JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([] { (void)rd::parse_codec("x"); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(rd::our_codec("p", "sop").encode, "p encode {in} {out} --point sop --bpp {bpp} --best-effort");
}

TEST_F(Rd, MeasuresAndRemembers) {
    write_picture(path("picture.png"), test::synthetic_original(32, 24, 3));
    // An "encoder" that copies: the option is only there to carry the rate.
    rd::Codec codec = rd::parse_codec("copy=cp --suffix={bpp} {in} {out};cp {in} {out}");
    rd::Measurer measurer(path("cache"), path("scratch"), {Metric::kPsnrY}, {});
    const auto points = measurer.measure(codec, path("picture.png"), {0.5, 1.0});
    ASSERT_EQ(points.size(), 2U);
    EXPECT_EQ(points[1].target, 1.0);
    EXPECT_EQ(points[1].bytes, fs::file_size(path("picture.png")));
    EXPECT_DOUBLE_EQ(points[1].bpp, static_cast<double>(points[1].bytes) * 8 / (32 * 24));
    EXPECT_EQ(points[1].quality.at("psnr-y"), 100);

    // Remembered: what is in the folder is believed, whatever the codec would do today.
    ASSERT_EQ(std::distance(fs::directory_iterator(path("cache")), fs::directory_iterator()), 1);
    const fs::path file = fs::directory_iterator(path("cache"))->path();
    std::vector<std::uint8_t> bytes = read_file(file.string());
    auto json = nlohmann::json::parse(bytes.begin(), bytes.end());
    json["points"]["1.000"]["quality"]["psnr-y"] = 7;
    const std::string text = json.dump();
    write_file(file.string(), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    EXPECT_EQ(measurer.measure(codec, path("picture.png"), {1.0})[0].quality.at("psnr-y"), 7);
    rd::Measurer fresh(path("cache"), path("scratch"), {Metric::kPsnrY}, {"copy"});
    EXPECT_EQ(fresh.measure(codec, path("picture.png"), {1.0})[0].quality.at("psnr-y"), 100);
}

rd::Measurements two_codecs() {
    rd::Measurements all;
    all.codecs = {rd::classic_codecs()[0], rd::our_codec("jpegai", "bop")};
    all.pictures = {"one", "two"};
    all.targets = {0.12, 0.25, 0.5, 0.75, 1.0};
    all.metrics = {Metric::kPsnrY, Metric::kMsSsim};
    all.results.resize(2);
    for (std::size_t c = 0; c < 2; ++c) {
        for (std::size_t p = 0; p < 2; ++p) {
            std::vector<rd::Point> points;
            for (const double target : all.targets) {
                // The second codec needs 20 % less for the same quality.
                rd::Point point{target, target * (c == 0 ? 1 : 0.8), 1, 1000, {}};
                point.quality["psnr-y"] = 30 + 6 * std::log2(target);
                point.quality["ms-ssim"] = 1 - 0.01 / target;
                points.push_back(point);
            }
            all.results[c].push_back(points);
        }
    }
    return all;
}

TEST_F(Rd, Reports) {
    const rd::Measurements all = two_codecs();
    const std::string markdown = rd::markdown_report(all);
    EXPECT_NE(markdown.find("| bop | -20.0 / -20.0 |"), std::string::npos) << markdown;
    EXPECT_NE(markdown.find("| jpeg |  | +25.0 / +25.0 |"), std::string::npos);
    EXPECT_NE(markdown.find("| two | 0.5 | 24.00 | 24.00 (0.400) |"), std::string::npos);

    const auto json = nlohmann::json::parse(rd::json_report(all));
    EXPECT_EQ(json["pictures"].size(), 2U);
    EXPECT_EQ(json["pictures"][1]["points"]["bop"][2]["quality"]["psnr-y"], 24);
    EXPECT_EQ(json["bd_rate"].size(), 4U);
    EXPECT_NEAR(json["bd_rate"][0]["pchip"].get<double>(), -20, 1e-6);

    const std::string svg = rd::svg_plot(all, all.metrics);
    std::size_t curves = 0;
    for (std::size_t at = svg.find("<polyline"); at != std::string::npos; at = svg.find("<polyline", at + 1)) ++curves;
    EXPECT_EQ(curves, 4U);
    EXPECT_EQ(svg.find("nan"), std::string::npos);
    EXPECT_EQ(svg.find("inf"), std::string::npos);
}

}  // namespace
}  // namespace jpegai
