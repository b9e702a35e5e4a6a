// What was measured, as tables: the documents of `jpegai check calibrate`.
#include <algorithm>
#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "detection/traces/calibrate.h"

namespace jpegai::detection {
namespace {

using Json = nlohmann::ordered_json;
using Test = std::function<bool(const TraceSample&)>;

constexpr double kFound = 0.5;  // probability from which a picture counts as found

/// Scores of the samples that a test accepts.
std::vector<double> scores(std::span<const TraceSample> samples, std::span<const double> probabilities,
                           const Test& test) {
    std::vector<double> result;
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (test(samples[i])) result.push_back(probabilities[i]);
    }
    return result;
}

/// Attacks in the order in which they are measured; those that occur.
std::vector<Attack> attacks_of(std::span<const TraceSample> samples) {
    std::vector<Attack> attacks;
    for (const TraceSample& sample : samples) {
        if (std::find(attacks.begin(), attacks.end(), sample.entry.attack) == attacks.end()) {
            attacks.push_back(sample.entry.attack);
        }
    }
    std::sort(attacks.begin(), attacks.end(), [](const Attack& a, const Attack& b) {
        return std::pair(a.kind, -a.strength) < std::pair(b.kind, -b.strength);
    });
    return attacks;
}

std::size_t count_found(const std::vector<double>& probabilities) {
    return static_cast<std::size_t>(
        std::count_if(probabilities.begin(), probabilities.end(), [](double p) { return p >= kFound; }));
}

SettingShares shares_of(std::span<const TraceSample> samples, const TraceClassifier& classifier, const Test& test) {
    SettingShares shares;
    std::vector<double> errors;
    for (const TraceSample& sample : samples) {
        if (!sample.coded || !test(sample)) continue;
        ++shares.pictures;
        if (sample.model_id != sample.rate.model_id) continue;
        ++shares.model;
        const double luma = sample.luma_beta - classifier.shift.luma[sample.model_id] - sample.rate.beta[kPrimary];
        errors.push_back(std::abs(luma));
        if (std::abs(luma) <= kBetaTolerance / 2) ++shares.luma_closely;
        if (std::abs(luma) <= kBetaTolerance) ++shares.luma;
        if (!sample.chroma_beta) continue;
        ++shares.chroma_told;
        const double chroma =
            *sample.chroma_beta - classifier.shift.chroma[sample.model_id] - sample.rate.beta[kSecondary];
        if (std::abs(chroma) <= kBetaTolerance) ++shares.chroma;
    }
    if (!errors.empty()) {
        const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
        std::nth_element(errors.begin(), middle, errors.end());
        shares.median_luma_error = *middle;
    }
    return shares;
}

Json shares_json(const SettingShares& shares) {
    return {{"pictures", shares.pictures},
            {"model_right", shares.model},
            {"model_and_luma_displacement_right", shares.luma},
            {"within_half_the_tolerance", shares.luma_closely},
            {"median_luma_error", shares.median_luma_error},
            {"chroma_told", shares.chroma_told},
            {"chroma_right", shares.chroma}};
}

/// Whether what happened to a coded picture was told: JPEG with a quality within 1, the factor of a resize, a crop.
bool attack_told(const TraceSample& sample) {
    const Attack& attack = sample.entry.attack;
    switch (attack.kind) {
        case Attack::Kind::kNone:
            return sample.scale == 1 && !sample.cropped && sample.jpeg_quality == 0;
        case Attack::Kind::kJpeg:
            return std::abs(sample.jpeg_quality - attack.strength) <= 1;
        case Attack::Kind::kResize:
            return std::abs(sample.scale - attack.strength) < 0.01;
        case Attack::Kind::kCrop:
            break;
    }
    return sample.cropped;
}

std::string ratio(const Json& part, const Json& whole) {
    return fmt::format("{}/{}", part.get<std::size_t>(), whole.get<std::size_t>());
}

}  // namespace

SettingShares setting_shares(std::span<const TraceSample> samples, const TraceClassifier& classifier) {
    return shares_of(samples, classifier,
                     [](const TraceSample& sample) { return sample.entry.attack.kind == Attack::Kind::kNone; });
}

Json measurement_json(std::span<const TraceSample> samples, std::span<const double> probabilities,
                      const TraceClassifier& classifier) {
    std::set<std::string> sources;
    for (const TraceSample& sample : samples) sources.insert(sample.source);
    Json document = {{"pictures", sources.size()}, {"samples", samples.size()}};
    for (const Attack& attack : attacks_of(samples)) {
        const auto negatives = scores(samples, probabilities, [&](const TraceSample& sample) {
            return !sample.coded && sample.entry.attack == attack;
        });
        Json row = {{"attack", attack.id()}, {"negatives", negatives.size()}, {"rates", Json::array()}};
        const auto add = [&](Json& where, const std::vector<double>& positives) {
            where["positives"] = positives.size();
            where["auc"] = nullptr;
            if (positives.empty() || negatives.empty()) return;
            const Roc roc = make_roc(positives, negatives);
            where["auc"] = roc.auc;
            where["found_at_5_percent_false_alarms"] = roc.found_at(0.05);
        };
        for (const double rate : kTraceRates) {
            Json entry = {{"bpp", rate}};
            add(entry, scores(samples, probabilities, [&](const TraceSample& sample) {
                    return sample.coded && sample.entry.attack == attack && sample.entry.setting == rate;
                }));
            row["rates"].push_back(std::move(entry));
        }
        const auto all = scores(samples, probabilities, [&](const TraceSample& sample) {
            return sample.coded && sample.entry.attack == attack;
        });
        add(row, all);
        row["found"] = count_found(all);
        row["alarms"] = count_found(negatives);
        row["lowest_coded"] = all.empty() ? Json(nullptr) : Json(*std::min_element(all.begin(), all.end()));
        row["highest_other"] =
            negatives.empty() ? Json(nullptr) : Json(*std::max_element(negatives.begin(), negatives.end()));
        row["setting"] = shares_json(
            shares_of(samples, classifier, [&](const TraceSample& sample) { return sample.entry.attack == attack; }));
        row["attack_told"] = std::count_if(samples.begin(), samples.end(), [&](const TraceSample& sample) {
            return sample.coded && sample.entry.attack == attack && attack_told(sample);
        });
        if (!all.empty() && !negatives.empty()) {
            for (const RocPoint& point : make_roc(all, negatives).points) {
                row["roc"].push_back({point.false_alarms, point.found, point.threshold});
            }
        }
        document["attacks"].push_back(std::move(row));
    }
    for (const Coder coder : kOtherCoders) {
        const auto wrong =
            scores(samples, probabilities, [&](const TraceSample& s) { return !s.coded && s.entry.coder == coder; });
        document["false_alarms"].push_back(
            {{"coder", coder_id(coder)}, {"pictures", wrong.size()}, {"alarms", count_found(wrong)}});
    }
    document["setting"] = shares_json(setting_shares(samples, classifier));
    document["setting"]["tolerance"] = kBetaTolerance;
    for (const double rate : kTraceRates) {
        Json row = {{"bpp", rate}};
        row.update(shares_json(shares_of(samples, classifier, [&](const TraceSample& sample) {
            return sample.entry.attack.kind == Attack::Kind::kNone && sample.entry.setting == rate;
        })));
        document["setting"]["rates"].push_back(std::move(row));
    }
    return document;
}

std::string measurement_text(const Json& document) {
    const auto number = [](const Json& value) {
        return value.is_null() ? std::string("-") : fmt::format("{:.4f}", value.get<double>());
    };
    std::string text = fmt::format("{} samples of {} pictures; area under the ROC curve by attack and rate\n{:<12}",
                                   document["samples"].get<std::size_t>(), document["pictures"].get<std::size_t>(), "");
    for (const double rate : kTraceRates) text += fmt::format("  {:>8}", fmt::format("{:g} bpp", rate));
    text += "       all  found      alarms\n";
    for (const Json& row : document["attacks"]) {
        text += fmt::format("{:<12}", row["attack"].get<std::string>());
        for (const Json& rate : row["rates"]) text += fmt::format("  {:>8}", number(rate["auc"]));
        text += fmt::format("  {:>8}  {:<9}  {}\n", number(row["auc"]), ratio(row["found"], row["positives"]),
                            ratio(row["alarms"], row["negatives"]));
    }
    text += "false alarms at probability 0.5:";
    for (const Json& row : document["false_alarms"])
        text += fmt::format(" {} {}", row["coder"].get<std::string>(), ratio(row["alarms"], row["pictures"]));
    for (const Json& row : document["attacks"]) {
        if (row["attack"] != "none" || row["lowest_coded"].is_null() || row["highest_other"].is_null()) continue;
        text +=
            fmt::format("\nwithout attack the lowest probability of a coded picture is {}, the highest of another {}",
                        number(row["lowest_coded"]), number(row["highest_other"]));
    }
    const Json& setting = document["setting"];
    const int tolerance = setting["tolerance"].get<int>();
    text += fmt::format("\n\nsetting without attack{:>14}{:>12}{:>12}{:>14}{:>14}\n", "model right",
                        fmt::format("luma +-{}", tolerance / 2), fmt::format("luma +-{}", tolerance), "chroma told",
                        fmt::format("right +-{}", tolerance));
    const auto line = [&](const std::string& name, const Json& row) {
        text += fmt::format("{:<22}{:>14}{:>12}{:>12}{:>14}{:>14}\n", name, ratio(row["model_right"], row["pictures"]),
                            ratio(row["within_half_the_tolerance"], row["pictures"]),
                            ratio(row["model_and_luma_displacement_right"], row["pictures"]),
                            ratio(row["chroma_told"], row["pictures"]), ratio(row["chroma_right"], row["chroma_told"]));
    };
    for (const Json& row : setting["rates"]) line(fmt::format("{:g} bpp", row["bpp"].get<double>()), row);
    line("all", setting);
    text += fmt::format("median error of luma {:g}\n\nafter attacks{:>23}{:>12}{:>12}\n",
                        setting["median_luma_error"].get<double>(), "model right", fmt::format("luma +-{}", tolerance),
                        "attack told");
    for (const Json& row : document["attacks"]) {
        if (row["positives"] == 0) continue;
        const Json& after = row["setting"];
        text += fmt::format("{:<22}{:>14}{:>12}{:>12}\n", row["attack"].get<std::string>(),
                            ratio(after["model_right"], after["pictures"]),
                            ratio(after["model_and_luma_displacement_right"], after["pictures"]),
                            ratio(row["attack_told"], row["positives"]));
    }
    return text;
}

std::string measurement_html(std::span<const TraceSample> samples, std::span<const double> probabilities,
                             const Json& document) {
    std::vector<RocCurve> curves;
    for (const Attack& attack : attacks_of(samples)) {
        const auto of = [&](bool coded) {
            return scores(samples, probabilities, [&](const TraceSample& sample) {
                return sample.coded == coded && sample.entry.attack == attack;
            });
        };
        const auto positives = of(true), negatives = of(false);
        if (!positives.empty() && !negatives.empty()) {
            curves.push_back({attack.id(), make_roc(positives, negatives)});
        }
    }
    return fmt::format(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Traces of JPEG AI: ROC</title>"
        "<style>body{{font-family:sans-serif;margin:2em}}</style></head><body><h1>Traces of JPEG AI</h1>\n{}<pre>{}"
        "</pre></body></html>\n",
        roc_svg("Found against false alarms, by attack", curves), measurement_text(document));
}

}  // namespace jpegai::detection
