// Calibration of the detector of traces: classifier, ROC, corpus, and a small run of the whole.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <limits>

#include "backend/select.h"
#include "detection/traces/calibrate.h"
#include "detection/traces/resample.h"
#include "models/places.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai::detection {
namespace {

/// Rows whose first feature tells the class, with some overlap; the others are noise or missing.
std::vector<LabelledRow> made_up_rows() {
    std::vector<LabelledRow> rows;
    std::uint32_t random = 3;
    const auto noise = [&random] {
        random = random * 1664525U + 1013904223U;
        return static_cast<double>(random >> 8) / (1U << 24) - 0.5;
    };
    for (int i = 0; i < 300; ++i) {
        LabelledRow row;
        row.coded = i % 3 == 0;
        row.features.assign(trace_features().size(), 0);
        for (double& value : row.features) value = noise();
        row.features[0] = (row.coded ? 1 : 0) + 1.5 * noise();
        row.features[5] = std::numeric_limits<double>::quiet_NaN();
        rows.push_back(row);
    }
    return rows;
}

TEST(TraceClassifier, LearnsAndIsStored) {
    const auto rows = made_up_rows();
    const TraceClassifier classifier = TraceClassifier::fit(rows);
    std::vector<double> of_coded, of_others;
    double expected = 0, actual = 0;
    for (const LabelledRow& row : rows) {
        const double p = classifier.probability(row.features);
        (row.coded ? of_coded : of_others).push_back(p);
        // Calibrated: the mean probability is the share of coded pictures, both classes counting alike.
        const double weight = row.coded ? 1.0 / 100 : 1.0 / 200;
        expected += weight * (row.coded ? 1 : 0);
        actual += weight * p;
    }
    EXPECT_NEAR(actual, expected, 0.01);
    EXPECT_GT(make_roc(of_coded, of_others).auc, 0.9);
    const TraceClassifier again = TraceClassifier::from_json(classifier.to_json().dump());
    EXPECT_NEAR(again.probability(rows[0].features), classifier.probability(rows[0].features), 1e-3);
}

TEST(TraceClassifier, RefusesWhatDoesNotFit) {
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::from_json("{"); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::from_json("{\"format\": \"other\", \"version\": 1}"); }),
              JPEGAI_ERROR_ARGUMENT);
    auto json = TraceClassifier::built_in().to_json();
    json["features"].erase(0);
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::from_json(json.dump()); }), JPEGAI_ERROR_ARGUMENT);
    json = TraceClassifier::built_in().to_json();
    json["features"].push_back(json["features"][0]);
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::from_json(json.dump()); }), JPEGAI_ERROR_ARGUMENT);
    json = TraceClassifier::built_in().to_json();
    json["features"][0]["scale"] = 0;
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::from_json(json.dump()); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::built_in().probability(std::vector<double>(3)); }),
              JPEGAI_ERROR_ARGUMENT);
    std::vector<LabelledRow> one_kind = made_up_rows();
    for (LabelledRow& row : one_kind) row.coded = true;
    EXPECT_EQ(test::thrown_code([&] { (void)TraceClassifier::fit(one_kind); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(RocCurves, CountTies) {
    const Roc roc = make_roc(std::vector{0.9, 0.5, 0.5}, std::vector{0.5, 0.1});
    EXPECT_DOUBLE_EQ(roc.auc, (2 + 1.5 + 1.5) / 6);
    EXPECT_EQ(roc.points.front().found, 0);
    EXPECT_EQ(roc.points.back().found, 1);
    EXPECT_EQ(roc.points.back().false_alarms, 1);
    EXPECT_NEAR(roc.found_at(0), 1.0 / 3, 1e-12);
    EXPECT_EQ(test::thrown_code([&] { (void)make_roc(std::vector<double>{}, std::vector{0.5}); }),
              JPEGAI_ERROR_ARGUMENT);
}

TEST(TraceCorpus, EntriesCoverEverything) {
    for (std::size_t index = 0; index < 3; ++index) {
        const auto entries = measuring_entries(index, 100);
        for (const Attack& attack : all_attacks()) {
            for (const double rate : kTraceRates) {
                EXPECT_TRUE(std::any_of(entries.begin(), entries.end(), [&](const CorpusEntry& entry) {
                    return entry.coder == Coder::kJpegAi && entry.attack == attack && entry.setting == rate;
                }));
            }
        }
        EXPECT_EQ(calibration_entries(index, 4).size(), 8U);
    }
    // Over some pictures every rate and every attack comes up.
    std::vector<CorpusEntry> all;
    for (std::size_t index = 0; index < 24; ++index) {
        for (const CorpusEntry& entry : calibration_entries(index, 4)) all.push_back(entry);
    }
    for (const Attack& attack : all_attacks()) {
        for (const double rate : kTraceRates) {
            EXPECT_TRUE(std::any_of(all.begin(), all.end(),
                                    [&](const CorpusEntry& entry) {
                                        return entry.coder == Coder::kJpegAi && entry.attack == attack &&
                                               entry.setting == rate;
                                    }))
                << attack.id() << ' ' << rate;
        }
    }
}

TEST(TraceCorpus, PicturesAreResampledAndCut) {
    Picture picture = make_picture(ColourModel::kGrey, {1, 1}, 8, 40, 60);
    for (std::size_t i = 0; i < picture.planes[0].size(); ++i) {
        picture.planes[0].data()[i] = static_cast<std::uint16_t>(i % 60 * 4);
    }
    EXPECT_EQ(plane_md5(resize_picture(picture, {40, 60})), plane_md5(picture));
    const Picture half = resize_picture(picture, {20, 30});
    EXPECT_EQ(half.rows(), 20U);
    EXPECT_NEAR(half.planes[0](0, 10, 15), 122, 1);  // the middle of samples 30 and 31
    const Picture part = resize_picture(picture, {20, 30}, {5, 7, 3, 4});
    EXPECT_EQ(part.planes[0](0, 1, 2), half.planes[0](0, 6, 9));
    EXPECT_EQ(cut_picture(picture, {1, 2, 3, 4}).planes[0](0, 0, 1), picture.planes[0](0, 1, 3));
    EXPECT_EQ(test::thrown_code([&] { (void)cut_picture(picture, {0, 0, 41, 60}); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(test::thrown_code([&] { (void)cut_picture(picture, {0, 61, 1, 1}); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(TraceCalibration, MeasuresFitsAndReports) {
    std::vector<CorpusSource> sources(2);
    std::uint32_t random = 5;
    for (CorpusSource& source : sources) {
        source.name = &source == &sources[0] ? "a" : "b";
        source.picture = make_picture(ColourModel::kRgb, {1, 1}, 8, 128, 128);
        for (auto& plane : source.picture.planes) {
            for (std::size_t i = 0; i < plane.size(); ++i) {
                random = random * 1664525U + 1013904223U;
                const std::size_t wave = (i / 128 * 5 + i % 128 * 3) % 140;
                plane.data()[i] = static_cast<std::uint16_t>(60 + wave / 2 + (random >> 27));
            }
        }
        source.entries = {{Coder::kJpegAi, 0.5, false, {}}, {Coder::kNone, 0, false, {}}};
    }
    MeasureOptions options;
    options.jobs = 2;
    options.traces.search_crops = false;
    options.traces.scales.clear();
    double last = 0;
    options.progress = [&](double fraction) {
        EXPECT_GT(fraction, last);
        last = fraction;
        return true;
    };
    const std::vector<TraceModels> sets = {
        {"default", std::make_shared<const Encoder>(open_models(kDefaultSet), make_backend({"auto", 1}))}};
    const auto samples = measure_traces(sources, sets, options);
    ASSERT_EQ(samples.size(), 4U);
    EXPECT_EQ(last, 1);
    EXPECT_TRUE(samples[0].coded);
    EXPECT_NEAR(samples[0].bpp, 0.5, 0.1);

    const auto again = samples_from_lines(samples_to_lines(samples));
    EXPECT_EQ(samples_to_lines(again), samples_to_lines(samples));
    EXPECT_EQ(test::thrown_code([&] { (void)samples_from_lines("{}\n"); }), JPEGAI_ERROR_ARGUMENT);

    const TraceClassifier fitted = fit_traces(samples, TraceClassifier::built_in());
    std::vector<double> probabilities;
    for (const TraceSample& sample : samples) probabilities.push_back(fitted.probability(sample.features));
    EXPECT_GT(probabilities[0], probabilities[1]);
    EXPECT_EQ(cross_validate(samples, 2).size(), samples.size());
    const auto document = measurement_json(samples, probabilities, fitted);
    EXPECT_EQ(document["pictures"], 2);
    EXPECT_EQ(document["attacks"][0]["auc"], 1.0);
    EXPECT_NE(measurement_text(document).find("1.0000"), std::string::npos);
    EXPECT_NE(measurement_html(samples, probabilities, document).find("<polyline"), std::string::npos);
}

TEST(TraceCalibration, TablesCountWhatWasFound) {
    TraceClassifier classifier = TraceClassifier::built_in();
    classifier.shift = {{10, 10, 10, 10}, {0, 0, 0, 0}};
    std::vector<TraceSample> samples;
    std::vector<double> probabilities;
    // One coding a row: rate, attack, model found, luma, chroma, probability; all with model 1 and displacements of 0.
    const auto add = [&](double rate, Attack attack, std::size_t model, int luma, std::optional<int> chroma,
                         double probability) {
        TraceSample& sample = samples.emplace_back();
        sample.source = "a";
        sample.entry = {Coder::kJpegAi, rate, false, attack};
        sample.coded = true;
        sample.rate.model_id = 1;
        sample.model_id = model;
        sample.luma_beta = luma;
        sample.chroma_beta = chroma;
        probabilities.push_back(probability);
    };
    const Attack none{}, jpeg{Attack::Kind::kJpeg, 85};
    add(0.25, none, 1, 10 + 32, 64, 0.9);
    add(0.25, none, 1, 10 - 64, 65, 0.8);
    add(0.25, none, 1, 10 + 65, {}, 0.7);
    add(1, none, 2, 10, 0, 0.5);
    add(1, jpeg, 1, 10, {}, 0.4);
    samples.back().jpeg_quality = 86;
    for (const double probability : {0.6, 0.1}) {
        TraceSample& sample = samples.emplace_back();
        sample.source = "b";
        sample.entry = {Coder::kWebp, 50, false, none};
        probabilities.push_back(probability);
    }
    const auto document = measurement_json(samples, probabilities, classifier);
    const auto &whole = document["setting"], &quarter = whole["rates"][1];
    EXPECT_EQ(whole["pictures"], 4);
    EXPECT_EQ(whole["model_right"], 3);
    EXPECT_EQ(quarter["bpp"], 0.25);
    EXPECT_EQ(quarter["within_half_the_tolerance"], 1);
    EXPECT_EQ(quarter["model_and_luma_displacement_right"], 2);
    EXPECT_EQ(quarter["chroma_told"], 2);
    EXPECT_EQ(quarter["chroma_right"], 1);
    EXPECT_EQ(whole["rates"][4]["pictures"], 1);
    EXPECT_EQ(whole["rates"][4]["model_right"], 0);
    const auto &plain = document["attacks"][0], &after = document["attacks"][1];
    EXPECT_EQ(plain["found"], 4);
    EXPECT_EQ(plain["alarms"], 1);
    EXPECT_EQ(plain["lowest_coded"], 0.5);
    EXPECT_EQ(plain["highest_other"], 0.6);
    EXPECT_EQ(after["found"], 0);
    EXPECT_EQ(after["attack_told"], 1);
    EXPECT_TRUE(after["highest_other"].is_null());
    const std::string text = measurement_text(document);
    EXPECT_NE(text.find("4/4"), std::string::npos) << text;
    EXPECT_NE(text.find("the highest of another 0.6"), std::string::npos) << text;
}

/// Numbers of two documents of one shape, side by side.
void expect_near(const nlohmann::ordered_json& a, const nlohmann::ordered_json& b, const std::string& where) {
    if (a.is_number()) {
        EXPECT_NEAR(a.get<double>(), b.get<double>(), 1e-4) << where;
        return;
    }
    ASSERT_EQ(a.size(), b.size()) << where;
    if (!a.is_structured()) {
        EXPECT_EQ(a, b) << where;
        return;
    }
    for (auto [x, y] = std::pair(a.begin(), b.begin()); x != a.end(); ++x, ++y)
        expect_near(*x, *y, where + "/" + (a.is_object() ? x.key() : ""));
}

TEST(TraceCalibration, TheBuiltInParametersAreTheFitToTheStoredSamples) {
    const auto bytes = test::load_bytes(test::data_path("detection/trace_calibration.jsonl"));
    const auto samples = samples_from_lines({bytes.begin(), bytes.end()});
    ASSERT_EQ(samples.size(), 256U);
    TraceClassifier fitted = fit_traces(samples, TraceClassifier::built_in());
    fitted.recipe = TraceClassifier::built_in().recipe;
    expect_near(fitted.to_json(), TraceClassifier::built_in().to_json(), "");
}

}  // namespace
}  // namespace jpegai::detection
