// Defects planted into a coding of a photograph are found at their place, and only they.
#include <gtest/gtest.h>

#include "backend/select.h"
#include "bench/detection/planted_defects.h"
#include "decoder/decoder.h"
#include "detection/artifacts.h"
#include "detection/classic_codecs.h"
#include "models/places.h"
#include "picture_io/picture_io.h"
#include "tests/support/test_data.h"

namespace jpegai::detection {
namespace {

using planted::Defect;

/// A photograph with a line of text, and a good JPEG coding of it.
class PlantedDefects : public ::testing::Test {
protected:
    static void SetUpTestSuite() {
        if (!have_classic(ClassicCodec::kJpeg)) return;
        backend = make_backend({});
        const Decoder decoder(open_models(""), backend);
        DecodeOptions options;
        options.colour = OutputColour::kRgb;
        const Picture photo =
            decoder.decode(test::load_bytes(test::data_path("streams/photo_bop.bits")), options).to_picture(8);
        auto [picture, where] = planted::with_text(photo, 3);
        original = std::move(picture);
        text = where;
        decode = decode_picture(PictureFormat::kJpeg, encode_classic(ClassicCodec::kJpeg, original, 92));
    }
    void SetUp() override {
        if (decode.planes.empty()) GTEST_SKIP() << "no libjpeg in this build";
    }
    [[nodiscard]] static ArtifactReport check(const Picture& picture, bool comparative = false) {
        ArtifactOptions options;
        options.text = {text_region(text)};
        return find_artifacts(original, picture, comparative ? &decode : nullptr, options,
                              [](std::size_t rows, const RowBody& body) { backend->run_rows(rows, body); });
    }
    static std::shared_ptr<const Backend> backend;
    static Picture original, decode;
    static Box text;
};
std::shared_ptr<const Backend> PlantedDefects::backend;
Picture PlantedDefects::original, PlantedDefects::decode;
Box PlantedDefects::text;

const Finding& finding_of(const ArtifactReport& report, Detector detector) {
    return report.findings.at(static_cast<std::size_t>(detector));
}

bool inside(const Finding& finding, const Box& box) {
    constexpr std::size_t kMargin = 32;  // half a window
    return finding.x + kMargin >= box.x && finding.x < box.x + box.width + kMargin && finding.y + kMargin >= box.y &&
           finding.y < box.y + box.height + kMargin;
}

TEST_F(PlantedDefects, SilentWithout) {
    for (const bool comparative : {false, true}) {
        const ArtifactReport report = check(decode, comparative);
        ASSERT_EQ(report.findings.size(), kDetectorCount);
        for (const Finding& finding : report.findings) {
            EXPECT_FALSE(finding.found) << detector_info(finding.detector).id << ' ' << *finding.score;
            EXPECT_TRUE(finding.score.has_value());
        }
    }
    EXPECT_FALSE(check(original).found());
}

TEST_F(PlantedDefects, FoundAtTheirPlace) {
    struct Expected {
        Defect defect;
        Detector detector;
    };
    for (const auto& [defect, detector] : {Expected{Defect::kHue, Detector::kHue},
                                           {Defect::kTexture, Detector::kDetail},
                                           {Defect::kEdges, Detector::kEdges},
                                           {Defect::kText, Detector::kText},
                                           {Defect::kSeam, Detector::kSeam},
                                           {Defect::kClipping, Detector::kClipping},
                                           {Defect::kShift, Detector::kShift}}) {
        for (const std::uint32_t seed : {1U, 2U}) {
            const auto made = planted::plant(defect, decode, text, seed);
            ASSERT_TRUE(made.has_value()) << planted::defect_name(defect);
            const Finding finding = finding_of(check(made->picture), detector);
            EXPECT_TRUE(finding.found) << planted::defect_name(defect) << ' ' << seed << ": " << *finding.score;
            EXPECT_TRUE(defect == Defect::kShift || inside(finding, made->where))
                << planted::defect_name(defect) << ' ' << seed;
        }
    }
}

TEST_F(PlantedDefects, ComparedWithAClassicDecode) {
    const auto blurred = planted::plant(Defect::kTexture, decode, text, 5);
    const ArtifactReport alone = check(blurred->picture), against = check(blurred->picture, true);
    const Finding &one = finding_of(alone, Detector::kTexture), &other = finding_of(against, Detector::kTexture);
    EXPECT_FALSE(one.comparative);
    EXPECT_TRUE(other.comparative);
    EXPECT_LT(*other.score, *one.score) << "what the classic decode does as well does not count";
    EXPECT_GT(*other.score, *one.score / 2);
}

TEST_F(PlantedDefects, SeamsAtKnownBordersCountDouble) {
    const auto made = planted::plant(Defect::kSeam, decode, text, 2);
    const Finding plain = finding_of(check(made->picture), Detector::kSeam);
    ArtifactOptions options;
    options.only = {Detector::kSeam};
    (plain.detail.starts_with("vertical") ? options.border_columns : options.border_rows) = {
        plain.detail.starts_with("vertical") ? plain.x : plain.y};
    const Finding known = find_artifacts(original, made->picture, nullptr, options).findings.at(0);
    EXPECT_NEAR(*known.score, 2 * *plain.score, 1e-6);
    EXPECT_NE(known.detail.find("where tiles or regions meet"), std::string::npos);
}

TEST_F(PlantedDefects, TextIsFound) {
    ArtifactOptions options;
    options.only = {Detector::kText};
    const ArtifactReport report = find_artifacts(original, decode, nullptr, options);
    const bool there = std::any_of(report.text.begin(), report.text.end(), [&](const TextRegion& region) {
        const Box box = bounds(region, original.rows(), original.cols());
        return box.x < text.x + text.width / 2 && box.x + box.width > text.x + text.width / 2 &&
               box.y < text.y + text.height && box.y + box.height > text.y && box.width * 2 > text.width &&
               box.height < 2 * text.height;
    });
    EXPECT_TRUE(there);
}

TEST_F(PlantedDefects, SameOnEveryRunner) {
    const auto parts = [](std::size_t rows, const RowBody& body) {
        for (std::size_t first = 0; first < rows; first += 7) body(first, std::min(first + 7, rows));
    };
    const ArtifactReport one = find_artifacts(original, decode, nullptr, {}),
                         other = find_artifacts(original, decode, nullptr, {}, parts);
    for (std::size_t i = 0; i < one.findings.size(); ++i) {
        EXPECT_EQ(one.findings[i].score, other.findings[i].score);
        EXPECT_TRUE(std::equal(one.findings[i].map.span().begin(), one.findings[i].map.span().end(),
                               other.findings[i].map.span().begin(), other.findings[i].map.span().end()));
    }
}

}  // namespace
}  // namespace jpegai::detection
