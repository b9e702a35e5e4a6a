// `jpegai encode`: what it writes can be decoded, and bad input leaves nothing behind.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "picture_io/picture_io.h"
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

TEST_F(Encode, RefusesBadInput) {
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

}  // namespace
}  // namespace jpegai::test
