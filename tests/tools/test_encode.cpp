// `jpegai encode`: what it writes can be decoded, and bad input leaves nothing behind.
#include <filesystem>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "picture_io/picture_io.h"
#include "tests/picture_io/metadata_samples.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

class Encode : public ::testing::Test {
protected:
    /// A picture file of 80x70 with a gradient.
    std::string picture(const std::string& name) const {
        Picture picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 70, 80);
        for (auto& plane : picture.planes) {
            for (std::size_t i = 0; i < plane.size(); ++i) plane.data()[i] = static_cast<std::uint16_t>(i / 30);
        }
        write_picture(folder_.path(name), picture);
        return folder_.path(name);
    }

    /// Expects failure with this code and status, and that no output file appears.
    void refuse(const std::string& in, const std::string& code, const std::vector<std::string>& more = {},
                const std::string& out = "out.jai", int exit_code = 1) {
        SCOPED_TRACE(in);
        std::vector<std::string> arguments = {"encode", in, folder_.path(out), "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const std::vector<std::string> before = folder_.list();
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        EXPECT_EQ(folder_.list(), before);
        EXPECT_FALSE(result.err.empty());
        EXPECT_EQ(nlohmann::json::parse(result.out)["error"]["code"], code);
    }

    TemporaryFolder folder_;
};

TEST_F(Encode, ReportsAndDecodes) {
    const std::string in = picture("in.png"), out = folder_.path("out.jai");
    const ProcessResult result =
        run_jpegai({"encode", in, out, "--model", "2", "--beta", "-100,50", "--json", "--stats"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const nlohmann::json report = nlohmann::json::parse(result.out);
    const std::vector<std::uint8_t> bytes = load_bytes(out);
    EXPECT_EQ(report["bytes"], bytes.size());
    EXPECT_EQ(report["model"], 2);
    EXPECT_FALSE(report["stats"]["stages"].empty());
    const Codestream stream = parse_codestream(bytes);
    EXPECT_EQ(stream.picture.model_id, 2);
    EXPECT_EQ(stream.picture.beta_displacement_log, (std::array<std::int16_t, 2>{-100, 50}));
    ASSERT_EQ(run_jpegai({"decode", out, folder_.path("back.png")}).exit_code, 0);
    const Picture back = read_picture(folder_.path("back.png"));
    EXPECT_EQ(back.rows(), 70U);
    EXPECT_EQ(back.cols(), 80U);
}

TEST_F(Encode, QualityMaps) {
    const std::string in = picture("in.png"), out = folder_.path("out.jai");
    Picture mask = make_picture(ColourModel::kGrey, {1, 1}, 8, 7, 8);
    mask.planes[0](0, 3, 3) = 255;
    write_picture(folder_.path("mask.pgm"), mask);
    for (const std::vector<std::string>& map :
         {std::vector<std::string>{"--roi", folder_.path("mask.pgm")}, {"--saliency", "4"}}) {
        std::vector<std::string> arguments = {"encode", in, out};
        arguments.insert(arguments.end(), map.begin(), map.end());
        ASSERT_EQ(run_jpegai(arguments).exit_code, 0);
        EXPECT_TRUE(parse_codestream(load_bytes(out)).picture.gain_3d_enable_flag) << map[0];
        EXPECT_EQ(run_jpegai({"decode", out, folder_.path("back.png")}).exit_code, 0);
    }
}

TEST_F(Encode, ToStandardOutput) {
    const ProcessResult result = run_jpegai({"encode", picture("in.ppm"), "-", "--simple"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_codestream(result.out_bytes()).picture.decoder_profile_id, 0);
}

TEST_F(Encode, MeetsARateAndMeasures) {
    const std::string in = picture("in.png"), out = folder_.path("out.jai");
    const ProcessResult result = run_jpegai({"encode", in, out, "--bpp", "1.5", "--json", "--effort", "1"});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    const nlohmann::json report = nlohmann::json::parse(result.out);
    EXPECT_NEAR(report["bpp"].get<double>(), 1.5, 0.015);
    EXPECT_TRUE(report["search"]["reached"].get<bool>());
    ASSERT_EQ(run_jpegai({"decode", out, folder_.path("back.png")}).exit_code, 0);
    const auto measured = nlohmann::json::parse(
        run_jpegai({"compare", in, folder_.path("back.png"), "--metrics", "psnr-y,ms-ssim", "--json"}).out);
    const std::string text = measured.dump();
    EXPECT_NE(text.find(report["metrics"]["psnr-y"].dump()), std::string::npos) << text << report["metrics"];
    EXPECT_FALSE(
        nlohmann::json::parse(run_jpegai({"encode", in, out, "--json", "--no-metrics"}).out).contains("metrics"));
}

TEST_F(Encode, QualityTargets) {
    const std::string in = folder_.path("textured.png"), out = folder_.path("out.jai");
    Picture textured = make_picture(ColourModel::kRgb, {1, 1}, 8, 160, 176);
    std::uint32_t noise = 1;
    for (auto& plane : textured.planes) {
        for (std::size_t i = 0; i < plane.size(); ++i) {
            noise = noise * 1664525U + 1013904223U;
            plane.data()[i] = static_cast<std::uint16_t>(60 + i / 300 + i % 176 / 20 % 2 * 40 + (noise >> 27));
        }
    }
    write_picture(in, textured);
    const auto metrics = [&](const std::string& option, const std::string& value) {
        const ProcessResult result = run_jpegai({"encode", in, out, option, value, "--json"});
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return nlohmann::json::parse(result.out)["metrics"];
    };
    const nlohmann::json start = metrics("--quality", "50");
    const double psnr = start["psnr-y"].get<double>() - 0.4, ms_ssim = start["ms-ssim"].get<double>() - 0.002;
    EXPECT_NEAR(metrics("--target", "psnr=" + std::to_string(psnr))["psnr-y"].get<double>(), psnr, 0.05);
    EXPECT_NEAR(metrics("--target", "msssim=" + std::to_string(ms_ssim))["ms-ssim"].get<double>(), ms_ssim,
                0.013 * (1 - ms_ssim));  // 0.05 dB
}

TEST_F(Encode, SeveralPictures) {
    const std::string a = picture("a.png"), b = picture("b.ppm"), bad = folder_.path("bad.png");
    write_file(bad, std::vector<std::uint8_t>{1, 2, 3});
    const std::string dir = folder_.path("coded");
    const ProcessResult result =
        run_jpegai({"encode", a, bad, b, "--out-dir", dir, "--jobs", "2", "--quality", "20", "--json"});
    EXPECT_EQ(result.exit_code, 1);
    const nlohmann::json files = nlohmann::json::parse(result.out)["files"];
    ASSERT_EQ(files.size(), 3U);
    EXPECT_TRUE(files[1].contains("error"));
    EXPECT_EQ(load_bytes(dir + "/a.jai"), load_bytes(dir + "/b.jai"));
    EXPECT_FALSE(std::filesystem::exists(dir + "/bad.jai"));
    EXPECT_EQ(run_jpegai({"encode", a, a, "--out-dir", dir}).exit_code, 2);  // both would be a.jai
}

TEST_F(Encode, ProfilesAndStructure) {
    const std::string in = picture("in.png"), out = folder_.path("out.jai");
    const auto stream = [&](const std::vector<std::string>& more) {
        std::vector<std::string> arguments = {"encode", in, out};
        arguments.insert(arguments.end(), more.begin(), more.end());
        const ProcessResult result = run_jpegai(arguments);
        EXPECT_EQ(result.exit_code, 0) << result.err;
        return parse_codestream(load_bytes(out));
    };
    EXPECT_EQ(stream({"--profile", "simple", "--level", "3.2"}).picture.level_idc, 32);
    EXPECT_EQ(stream({"--profile", "base", "--point", "sop"}).picture.synthesis_transform_id.front(), 0);
    EXPECT_EQ(stream({"--dialect", "dis"}).dialect, Dialect::kDis);
    EXPECT_EQ(stream({"--lanes", "4"}).picture.num_threads_z, 4);
    EXPECT_EQ(stream({"--channels", "32,16"}).picture.component[1].num_chs, 16);
    EXPECT_TRUE(stream({"--tools", "rvs,lsbs"}).picture.component[0].rvs_enable_flag);
    EXPECT_EQ(stream({"--bit-depth", "10", "--coded-chroma", "420"}).picture.c_ver, 2);
    EXPECT_EQ(run_jpegai({"encode", in, out, "--profile", "simple", "--point", "bop"}).exit_code, 2);
}

TEST_F(Encode, RawYuv) {
    const std::string in = folder_.path("frame.yuv"), out = folder_.path("out.jai");
    write_file(in, std::vector<std::uint8_t>(2 * (64 * 48 + 2 * 32 * 24), 1));
    ASSERT_EQ(run_jpegai({"encode", in, out, "--format", "64x48_10bit_420"}).exit_code, 0);
    const PictureHeader header = parse_codestream(load_bytes(out)).picture;
    EXPECT_EQ(header.display_height(), 48U);
    EXPECT_EQ(header.s_ver, 2);
    EXPECT_EQ(header.bit_depth_idc, 1);
    refuse(in, "truncated", {"--format", "64x64_10bit_444"}, "other.jai");
    refuse(in, "usage", {"--format", "wide"}, "other.jai", 2);
}

TEST_F(Encode, RefusesTargetsOutOfReach) {
    const std::string in = picture("in.png");
    for (const char* option : {"--bpp", "--size"}) {
        refuse(in, "argument", {option, "0.01"});
        refuse(in, "argument", {option, "100000000"});
    }
    refuse(in, "argument", {"--target", "psnr=90"});
    refuse(in, "usage", {"--bpp", "1", "--quality", "50"}, "out.jai", 2);
    refuse(in, "usage", {"--bpp", "1", "--beta", "50"}, "out.jai", 2);
    refuse(in, "usage", {"--target", "ssim=1"}, "out.jai", 2);
    EXPECT_EQ(run_jpegai({"encode", in, "-", "--json"}).exit_code, 2);
    EXPECT_EQ(run_jpegai({"encode", in, folder_.path("out.jai"), "--bpp", "0.01", "--best-effort"}).exit_code, 0);
}

TEST_F(Encode, RefusesBadInput) {
    write_picture(folder_.path("one.png"), make_picture(ColourModel::kRgb, {1, 1}, 8, 1, 1));
    refuse(folder_.path("one.png"), "argument");
    refuse(picture("fine.png"), "usage", {"--roi", picture("mask.png"), "--roi-quality", "9"}, "out.jai", 2);
    refuse(folder_.path("missing.png"), "io");
    std::vector<std::uint8_t> cut = load_bytes(picture("whole.png"));
    cut.resize(cut.size() / 2);
    write_file(folder_.path("cut.png"), cut);
    refuse(folder_.path("cut.png"), "truncated");
    write_file(folder_.path("noise_64x64_420.yuv"), std::vector<std::uint8_t>(100));
    refuse(folder_.path("noise_64x64_420.yuv"), "truncated");
    write_picture(folder_.path("wide.pgm"), make_picture(ColourModel::kGrey, {1, 1}, 8, 1, 65'600));
    refuse(folder_.path("wide.pgm"), "argument");
    const std::string good = picture("good.png");
    refuse(good, "io", {}, "no/such/folder/out.jai");
    refuse(good, "usage", {"--model", "4"}, "out.jai", 2);
    refuse(good, "io", {"--models", folder_.path("nowhere")});
}

TEST_F(Encode, RefusesWhatItCannotReadOrWrite) {
    refuse(data_path("pictures/cmyk.jpg").string(), "unsupported");
    const std::string good = picture("good.png");
    std::filesystem::create_directory(folder_.path("taken"));
    refuse(good, "io", {}, "taken");
    refuse(good, "io", {}, "good.png/out.jai");
    for (std::size_t kept : {0U, 8U, 40U}) {
        std::vector<std::uint8_t> cut = load_bytes(good);
        cut.resize(kept);
        write_file(folder_.path("cut.png"), cut);
        EXPECT_EQ(run_jpegai({"encode", folder_.path("cut.png"), folder_.path("out.jai")}).exit_code, 1) << kept;
        EXPECT_FALSE(std::filesystem::exists(folder_.path("out.jai")));
    }
    write_file(folder_.path("long_64x64_420.yuv"), std::vector<std::uint8_t>(64 * 64 * 3 / 2 + 1));
    refuse(folder_.path("long_64x64_420.yuv"), "structure");
}

TEST_F(Encode, WarnsOfWhatIsLost) {
    Picture deep = make_picture(ColourModel::kRgb, {1, 1}, 16, 70, 80);
    for (auto& plane : deep.planes) {
        for (std::size_t i = 0; i < plane.size(); ++i) plane.data()[i] = static_cast<std::uint16_t>(i * 11);
    }
    deep.metadata.icc = tiny_icc_profile();
    deep.metadata.exif = tiny_exif(6);
    write_picture(folder_.path("deep.png"), deep);
    const std::string out = folder_.path("out.jai");
    const ProcessResult result = run_jpegai({"encode", folder_.path("deep.png"), out});
    ASSERT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(parse_codestream(load_bytes(out)).picture.bit_depth_idc, 1);
    for (const char* text :
         {"16 bit samples are coded as 10 bit", "ICC profile is dropped", "EXIF data are dropped", "orientation 6"}) {
        EXPECT_NE(result.err.find(text), std::string::npos) << text << " is not in: " << result.err;
    }
    EXPECT_EQ(run_jpegai({"encode", picture("plain.png"), out}).err.find("warning"), std::string::npos);
}

}  // namespace
}  // namespace jpegai::test
