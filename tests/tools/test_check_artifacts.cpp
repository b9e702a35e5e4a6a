// `jpegai check artifacts`: what it prints and writes, batches, streams, odd input.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <array>
#include <filesystem>
#include <utility>

#include "base/file.h"
#include "detection/classic_codecs.h"
#include "picture_io/picture_io.h"
#include "tests/metrics/synthetic_pictures.h"
#include "tests/tools/process.h"
#include "tests/tools/streams.h"

namespace jpegai::test {
namespace {

using Json = nlohmann::json;

std::string as_text(const std::vector<std::uint8_t>& bytes) {
    return {bytes.begin(), bytes.end()};
}

class CheckArtifacts : public ::testing::Test {
protected:
    std::string make(const std::string& name, const Picture& picture) {
        write_picture(folder_.path(name), picture);
        return folder_.path(name);
    }
    static ProcessResult run(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"check", "artifacts"});
        return run_jpegai(arguments);
    }
    static Json json(std::vector<std::string> arguments, int exit_code = 0) {
        arguments.emplace_back("--json");
        const ProcessResult result = run(arguments);
        EXPECT_EQ(result.exit_code, exit_code) << result.err;
        return Json::parse(result.out);
    }
    static const Json& finding(const Json& document, const std::string& name) {
        for (const Json& item : document["findings"]) {
            if (item["detector"] == name) return item;
        }
        throw std::runtime_error("no finding " + name);
    }
    /// A square of another colour.
    static Picture tinted(Picture picture) {
        for (std::size_t y = 20; y < 120; ++y) {
            for (std::size_t x = 30; x < 130; ++x) {
                std::uint16_t& red = picture.planes[0](0, y, x);
                red = static_cast<std::uint16_t>(std::min<unsigned>(red + 25U, picture.max_value()));
            }
        }
        return picture;
    }
    TemporaryFolder folder_;
};

TEST_F(CheckArtifacts, TwoPictures) {
    const Picture picture = synthetic_original(208, 192, 3);
    const std::string a = make("a.png", picture), b = make("b.ppm", tinted(picture));
    const Json clean = json({a, a});
    EXPECT_EQ(clean["found"], false);
    EXPECT_EQ(clean["findings"].size(), 10U);
    EXPECT_TRUE(clean["classic"].is_null());
    const Json document = json({a, b});
    EXPECT_EQ(document["found"], true);
    EXPECT_EQ(document["width"], 208);
    const Json& hue = finding(document, "hue");
    EXPECT_EQ(hue["found"], true);
    EXPECT_GT(hue["score"], hue["threshold"]);
    EXPECT_TRUE(hue["at"]["x"] >= 30 && hue["at"]["x"] < 130 && hue["at"]["y"] >= 20 && hue["at"]["y"] < 120) << hue;
    EXPECT_EQ(hue["box"]["width"], 208) << "300 where the picture is large enough";

    const ProcessResult text = run({a, b});
    EXPECT_EQ(text.exit_code, 0);
    EXPECT_NE(text.out.find("artifacts found"), std::string::npos) << text.out;
    EXPECT_EQ(json({a, b, "--threshold", "hue=99", "--only", "hue"})["found"], false)
        << "the square also has straight edges";
    EXPECT_EQ(json({a, b, "--only", "hue,seam"})["findings"].size(), 2U);
}

TEST_F(CheckArtifacts, ExitStatusByThreshold) {
    const Picture picture = synthetic_original(208, 192, 3);
    const std::string a = make("a.png", picture), b = make("b.png", tinted(picture));
    EXPECT_EQ(run({a, b, "--fail-above", "hue=1"}).exit_code, 1);
    EXPECT_EQ(run({a, b, "--fail-above", "hue=1000"}).exit_code, 0);
    EXPECT_EQ(run({a, b, "--fail-above", "any"}).exit_code, 1);
    EXPECT_EQ(run({a, a, "--fail-above", "any"}).exit_code, 0);
    const Json document = json({a, b, "--fail-above", "hue=1"}, 1);
    ASSERT_EQ(document["above"].size(), 1U);
    EXPECT_EQ(document["above"][0].get<std::string>().rfind("hue ", 0), 0U);
    for (const char* wrong : {"hue", "hue=", "hue=x", "hue=1x", "hue=nan", "nothing=1"}) {
        EXPECT_EQ(run({a, b, "--fail-above", wrong}).exit_code, 2) << wrong;
        EXPECT_EQ(run({a, b, "--threshold", wrong}).exit_code, 2) << wrong;
    }
}

TEST_F(CheckArtifacts, MapsAndPage) {
    const Picture picture = synthetic_original(208, 192, 3);
    const std::string a = make("a.png", picture), b = make("b.png", tinted(picture));
    const std::string maps = folder_.path("maps"), page = folder_.path("page.html"), csv = folder_.path("table.csv");
    EXPECT_EQ(run({a, b, "--maps", maps, "--html", page, "--csv", csv, "--text-box", "20,20,100,30"}).exit_code, 0);
    const Picture heat = read_picture(maps + "/hue.png"), boxes = read_picture(maps + "/boxes.png");
    EXPECT_EQ(heat.cols(), 208U);
    EXPECT_EQ(boxes.rows(), 192U);
    const std::vector<std::uint8_t> npy = read_file(maps + "/colour.npy");
    EXPECT_GE(npy.size(), 208U * 192 * 4);
    EXPECT_TRUE(std::filesystem::exists(maps + "/text.png"));
    const std::string html = as_text(read_file(page));
    EXPECT_NE(html.find("data:image/png;base64,"), std::string::npos);
    EXPECT_NE(html.find("image-rendering:pixelated"), std::string::npos);
    EXPECT_EQ(html.find("<script"), std::string::npos);
    EXPECT_EQ(html.find("src=\"http"), std::string::npos) << "one page, nothing else is loaded";
    const std::string table = as_text(read_file(csv));
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 2);
    const std::string header = table.substr(0, table.find('\n')), line = table.substr(header.size() + 1);
    EXPECT_EQ(std::count(header.begin(), header.end(), ','), std::count(line.begin(), line.end(), ','));
}

TEST_F(CheckArtifacts, Folders) {
    for (const char* name : {"a", "b"}) std::filesystem::create_directory(folder_.path(name));
    const Picture picture = synthetic_original(208, 192, 3);
    make("a/one.png", picture);
    make("b/one.ppm", tinted(picture));
    make("a/two.png", picture);
    make("b/two.png", synthetic_original(100, 100, 3));
    make("a/lonely.png", picture);
    const std::string csv = folder_.path("table.csv"), pages = folder_.path("pages"), maps = folder_.path("maps");
    const ProcessResult result =
        run({folder_.path("a"), folder_.path("b"), "--csv", csv, "--html", pages, "--maps", maps, "--json"});
    EXPECT_EQ(result.exit_code, 1) << "one pair has two sizes";
    EXPECT_NE(result.err.find("lonely.png has no counterpart"), std::string::npos) << result.err;
    const Json document = Json::parse(result.out);
    ASSERT_EQ(document["pairs"].size(), 2U);
    EXPECT_EQ(document["pairs"][0]["found"], true);
    EXPECT_EQ(document["pairs"][1]["error"]["code"], "argument");
    const std::string table = as_text(read_file(csv));
    EXPECT_EQ(std::count(table.begin(), table.end(), '\n'), 3);
    EXPECT_TRUE(std::filesystem::exists(pages + "/one.html"));
    EXPECT_TRUE(std::filesystem::exists(maps + "/one/hue.png"));
    EXPECT_EQ(run({folder_.path("a"), folder_.path("b/one.ppm")}).exit_code, 2);
}

bool has_classic_codec() {
    return can_read(PictureFormat::kWebp) || can_read(PictureFormat::kJpeg);
}

TEST_F(CheckArtifacts, ComparedWithAClassicCodec) {
    const Picture picture = synthetic_original(208, 192, 3);
    const std::string a = make("a.png", picture), b = make("b.png", tinted(picture));
    if (!has_classic_codec()) GTEST_SKIP() << "no classic codec";
    const Json document = json({a, b, "--bpp", "1"});
    EXPECT_LE(document["classic"]["bpp"].get<double>(), 1);
    EXPECT_GT(document["classic"]["bpp"].get<double>(), 0.2);
    EXPECT_EQ(finding(document, "texture")["comparative"], true);
    EXPECT_EQ(finding(document, "hue")["comparative"], false);
    EXPECT_TRUE(json({a, b, "--bpp", "1", "--against", "none"})["classic"].is_null());
    const std::array<std::pair<detection::ClassicCodec, const char*>, 3> codecs = {
        {{detection::ClassicCodec::kJpeg, "jpeg"},
         {detection::ClassicCodec::kWebp, "webp"},
         {detection::ClassicCodec::kAvif, "avif"}}};
    for (const auto& [codec, name] : codecs) {
        const std::vector<std::string> words = {a, b, "--bpp", "1", "--only", "texture", "--against", name};
        if (!detection::have_classic(codec)) {
            EXPECT_EQ(run(words).exit_code, 1) << name;
            continue;
        }
        const Json made = json(words);
        EXPECT_EQ(made["classic"]["codec"], detection::classic_name(codec));
        EXPECT_LE(made["classic"]["bpp"].get<double>(), 1) << name;
        EXPECT_EQ(finding(made, "texture")["comparative"], true);
        EXPECT_EQ(run({a, b, "--against", name}).exit_code, 2) << "no rate is known";
    }
    const Json itself = json({a, b, "--against", b});
    EXPECT_EQ(itself["classic"]["file"], b);
    for (const char* name : {"colour", "boundary", "texture"}) EXPECT_EQ(finding(itself, name)["score"], 0) << name;
    EXPECT_EQ(run({a, b, "--against", "auto"}).exit_code, 2) << "no rate is known";
}

TEST_F(CheckArtifacts, Codestream) {
    const std::string stream = stream_path("photo_bop"), decoded = folder_.path("decoded.png");
    ASSERT_EQ(run_jpegai({"decode", stream, decoded}).exit_code, 0);
    const Json clean = json({stream, "--original", decoded, "--against", "none"});
    EXPECT_EQ(clean["found"], false);
    EXPECT_EQ(clean["stream"]["model"], 1);
    EXPECT_NEAR(clean["stream"]["bpp"].get<double>(), 17896 * 8.0 / (512 * 768), 0.01);
    ASSERT_EQ(clean["stream"]["latents"].size(), 2U) << clean["stream"];
    EXPECT_LT(clean["stream"]["latents"][0]["lost_energy"], 1);
    EXPECT_GT(clean["stream"]["latents"][0]["active_channels"], 10);

    // An original that the decode differs from, so that there is something to explain.
    const std::string other = make("other.png", tinted(read_picture(decoded)));
    const Json document = json({other, stream, "--against", "none", "--no-latents"});
    const Json& hue = finding(document, "hue");
    EXPECT_EQ(hue["found"], true);
    EXPECT_FALSE(hue["cause"].get<std::string>().empty());
    EXPECT_TRUE(document["stream"]["latents"].empty());
    EXPECT_EQ(json({other, stream, "--no-latents"})["classic"].is_null(), !has_classic_codec())
        << "the rate of a stream is known";
}

TEST_F(CheckArtifacts, CausesAmongTheTools) {
    const std::string picture = make("picture.png", synthetic_original(208, 192, 3)),
                      stream = folder_.path("picture.jai");
    ASSERT_EQ(run_jpegai({"encode", picture, stream, "--model", "0", "--tools", "lef,lsbs", "-q"}).exit_code, 0);
    // With a threshold below zero everything is found, and every tool is tried.
    const Json document =
        json({picture, stream, "--against", "none", "--threshold", "shift=-1", "--only", "shift", "--no-latents"});
    EXPECT_EQ(document["found"], true);
    EXPECT_FALSE(finding(document, "shift")["cause"].get<std::string>().empty());
    EXPECT_EQ(document["stream"]["summary"].get<std::string>().rfind("model 0", 0), 0U) << document;
}

TEST_F(CheckArtifacts, OddPictures) {
    const Picture colour = synthetic_original(208, 192, 3), grey = synthetic_original(208, 192, 1);
    const std::string a = make("a.png", colour), g = make("g.png", grey);
    const Json both_grey = json({g, g});
    EXPECT_TRUE(finding(both_grey, "colour")["score"].is_null());
    EXPECT_EQ(finding(both_grey, "hue")["reason"], "the picture is grey");
    EXPECT_FALSE(finding(both_grey, "texture")["score"].is_null());
    EXPECT_TRUE(finding(json({a, g}), "hue")["score"].is_null()) << "one grey picture makes both grey";

    const std::string deep = make("deep.png", deepened(colour, 16, 5));
    EXPECT_EQ(json({a, deep})["found"], false) << "depths may differ";

    const std::string small = make("small.png", synthetic_original(32, 32, 3));
    const Json short_sides = json({small, small});
    EXPECT_EQ(short_sides["found"], false);
    EXPECT_NE(short_sides["note"].get<std::string>().find("128 samples"), std::string::npos);
    EXPECT_NE(run({small, small}).out.find("note: "), std::string::npos);
    EXPECT_FALSE(both_grey.contains("note"));
    const std::string tiny = make("tiny.png", synthetic_original(1, 1, 3));
    EXPECT_EQ(json({tiny, tiny})["found"], false);

    const std::string crop = make("crop.png", synthetic_original(200, 192, 3));
    const ProcessResult sizes = run({a, crop, "--maps", folder_.path("maps"), "--csv", folder_.path("table.csv")});
    EXPECT_EQ(sizes.exit_code, 1);
    EXPECT_NE(sizes.err.find("the sizes differ: the original is 208x192, the decode 200x192"), std::string::npos)
        << sizes.err;
    EXPECT_FALSE(std::filesystem::exists(folder_.path("maps")));
    EXPECT_FALSE(std::filesystem::exists(folder_.path("table.csv")));
}

TEST_F(CheckArtifacts, OddFiles) {
    const std::string a = make("a.png", synthetic_original(64, 64, 3));
    // RGBA: two opaque samples and a transparent one.
    const std::string header = "P7\nWIDTH 3\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n";
    std::vector<std::uint8_t> alpha(header.begin(), header.end());
    alpha.insert(alpha.end(), {1, 2, 3, 255, 4, 5, 6, 255, 7, 8, 9, 0});
    write_file(folder_.path("alpha.pam"), alpha);
    const ProcessResult refused = run({folder_.path("alpha.pam"), folder_.path("alpha.pam")});
    EXPECT_EQ(refused.exit_code, 1);
    EXPECT_NE(refused.err.find("alpha.pam"), std::string::npos);
    EXPECT_EQ(run({folder_.path("alpha.pam"), folder_.path("alpha.pam"), "--drop-alpha"}).exit_code, 0);

    write_file(folder_.path("noise.png"), std::vector<std::uint8_t>(100, 7));
    write_file(folder_.path("empty.png"), {});
    std::vector<std::uint8_t> cut = load_bytes(stream_path("photo_bop"));
    cut.resize(cut.size() / 2);
    write_file(folder_.path("cut.jai"), cut);
    for (const char* name : {"noise.png", "empty.png", "cut.jai", "missing.png"}) {
        const ProcessResult result = run({a, folder_.path(name)});
        EXPECT_EQ(result.exit_code, 1) << name;
        EXPECT_NE(result.err.find(name), std::string::npos) << result.err;
    }
    EXPECT_EQ(run({a}).exit_code, 2);
    EXPECT_EQ(run({a, a, "--original", a}).exit_code, 2);
    EXPECT_EQ(run({"-", "-"}).exit_code, 2);
    EXPECT_EQ(run({a, a, "--text-box", "1,2,3"}).exit_code, 2);
    EXPECT_EQ(run({a, a, "--text-box", "100,100,20,20"}).exit_code, 1) << "outside the picture";
    const std::string boxes =
        R"({"boxes": [{"x": 2, "y": 3, "width": 30, "height": 12}, {"quad": [[5,5],[40,9],[40,25],[5,20]]}]})";
    write_file(folder_.path("boxes.json"), {reinterpret_cast<const std::uint8_t*>(boxes.data()), boxes.size()});
    const Json document = json({a, a, "--text-boxes", folder_.path("boxes.json"), "--no-text-search"});
    EXPECT_EQ(document["text_regions"].size(), 2U);
    EXPECT_NEAR(finding(document, "text")["score"].get<double>(), 0, 1e-6);
    // A line of two sure words, and one that is unsure.
    const std::string table =
        "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
        "4\t1\t1\t1\t1\t0\t2\t3\t50\t30\t-1\t\n"
        "5\t1\t1\t1\t1\t1\t2\t5\t20\t12\t96.2\tTwo\n"
        "5\t1\t1\t1\t1\t2\t26\t3\t20\t12\t80.5\twords\n"
        "5\t1\t1\t1\t2\t1\t2\t33\t20\t12\t40\tno\n";
    const auto with_table = [&](const std::string& text) {
        write_file(folder_.path("table.tsv"), {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
        return std::vector<std::string>{a, a, "--text-boxes", folder_.path("table.tsv"), "--no-text-search"};
    };
    const Json tesseract = json(with_table(table));
    ASSERT_EQ(tesseract["text_regions"].size(), 1U);
    const Json& region = tesseract["text_regions"][0];
    EXPECT_EQ(region["x"], 2);
    EXPECT_EQ(region["y"], 3);
    EXPECT_EQ(region["width"], 44);
    EXPECT_EQ(region["height"], 14);
    EXPECT_NEAR(region["confidence"].get<double>(), 0.805, 1e-9);
    EXPECT_EQ(run(with_table("x\n" + table)).exit_code, 1);
    EXPECT_EQ(run(with_table(table + "5\tx\n")).exit_code, 1);
    write_file(folder_.path("wrong.json"), {reinterpret_cast<const std::uint8_t*>(boxes.data()), boxes.size() - 4});
    EXPECT_EQ(run({a, a, "--text-boxes", folder_.path("wrong.json")}).exit_code, 1);
}

}  // namespace
}  // namespace jpegai::test
