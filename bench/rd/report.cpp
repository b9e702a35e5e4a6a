#include "bench/rd/report.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace jpegai::rd {
namespace {

using Json = nlohmann::ordered_json;

std::string id_of(Metric metric) {
    return metric_info(metric).id;
}

std::string number(Metric metric, double value) {
    return metric_info(metric).decibel ? fmt::format("{:.2f}", value) : fmt::format("{:.4f}", value);
}

/// Mean over the pictures of bits per pixel and of each metric.
Point mean_point(const std::vector<std::vector<Point>>& pictures, std::size_t target) {
    Point mean;
    mean.target = pictures.front()[target].target;
    const auto count = static_cast<double>(pictures.size());
    for (const auto& points : pictures) {
        mean.bpp += points[target].bpp / count;
        for (const auto& [id, value] : points[target].quality) mean.quality[id] += value / count;
    }
    return mean;
}

std::vector<RatePoint> curve(const std::vector<Point>& points, Metric metric) {
    std::vector<RatePoint> result;
    for (const Point& point : points) result.push_back({point.bpp, point.quality.at(id_of(metric))});
    return result;
}

struct MeanRate {
    double sum = 0;
    std::size_t count = 0;
    void add(std::optional<double> value) {
        if (!value) return;
        sum += *value;
        ++count;
    }
    [[nodiscard]] std::optional<double> mean() const {
        return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
    }
    [[nodiscard]] std::string text() const { return count > 0 ? fmt::format("{:+.1f}", *mean()) : "-"; }
};

/// Mean over the pictures of the BD-rate of `test` against `anchor`.
MeanRate mean_bd_rate(const Measurements& all, std::size_t anchor, std::size_t test, Metric metric, BdFit fit) {
    MeanRate mean;
    for (std::size_t p = 0; p < all.pictures.size(); ++p)
        mean.add(bd_rate(curve(all.results[anchor][p], metric), curve(all.results[test][p], metric), fit));
    return mean;
}

std::string header(const std::vector<std::string>& cells) {
    std::string first = "|", second = "|";
    for (const std::string& cell : cells) {
        first += ' ' + cell + " |";
        second += "---|";
    }
    return first + '\n' + second + '\n';
}

std::string means_section(const Measurements& all) {
    std::vector<std::string> cells = {"bpp wanted", "codec", "bpp"};
    for (const Metric metric : all.metrics) cells.emplace_back(metric_info(metric).title);
    std::string text = fmt::format("## Means over {} pictures\n\n", all.pictures.size()) + header(cells);
    for (std::size_t t = 0; t < all.targets.size(); ++t) {
        for (std::size_t c = 0; c < all.codecs.size(); ++c) {
            const Point mean = mean_point(all.results[c], t);
            text += fmt::format("| {} | {} | {:.3f} |", all.targets[t], all.codecs[c].name, mean.bpp);
            for (const Metric metric : all.metrics) text += ' ' + number(metric, mean.quality.at(id_of(metric))) + " |";
            text += '\n';
        }
    }
    return text + '\n';
}

std::string bd_section(const Measurements& all) {
    std::string text =
        "## BD-rate\n\nRate that the codec of the row needs for the quality of the codec of the column, in per cent "
        "more (mean over the pictures; PCHIP / cubic). Only the qualities that both codecs reach count; in brackets the "
        "number of pictures that have such, where not all do.\n\n";
    for (const Metric metric : all.metrics) {
        std::vector<std::string> cells = {metric_info(metric).title};
        for (const Codec& codec : all.codecs) cells.push_back("against " + codec.name);
        text += header(cells);
        for (std::size_t test = 0; test < all.codecs.size(); ++test) {
            text += fmt::format("| {} |", all.codecs[test].name);
            for (std::size_t anchor = 0; anchor < all.codecs.size(); ++anchor) {
                if (anchor == test) {
                    text += "  |";
                    continue;
                }
                const MeanRate pchip = mean_bd_rate(all, anchor, test, metric, BdFit::kPchip);
                text += fmt::format(" {} / {}", pchip.text(),
                                    mean_bd_rate(all, anchor, test, metric, BdFit::kCubic).text());
                text += pchip.count < all.pictures.size() ? fmt::format(" ({}) |", pchip.count) : " |";
            }
            text += '\n';
        }
        text += '\n';
    }
    return text;
}

std::string cell_of(const Point& point, Metric metric) {
    const std::string quality = number(metric, point.quality.at(id_of(metric)));
    const bool off = std::fabs(point.bpp / point.target - 1) > kOff;
    return off ? fmt::format("{} ({:.3f})", quality, point.bpp) : quality;
}

std::string picture_section(const Measurements& all, Metric metric) {
    std::string text =
        fmt::format("## {} per picture\n\nIn brackets the rate reached, where it is more than {:.0f} % off.\n\n",
                    metric_info(metric).title, kOff * 100);
    std::vector<std::string> cells = {"picture", "bpp wanted"};
    for (const Codec& codec : all.codecs) cells.push_back(codec.name);
    text += header(cells);
    for (std::size_t p = 0; p < all.pictures.size(); ++p) {
        for (std::size_t t = 0; t < all.targets.size(); ++t) {
            text += fmt::format("| {} | {} |", all.pictures[p], all.targets[t]);
            for (std::size_t c = 0; c < all.codecs.size(); ++c)
                text += ' ' + cell_of(all.results[c][p][t], metric) + " |";
            text += '\n';
        }
    }
    return text + '\n';
}

Json point_json(const Point& point) {
    return {{"target", point.target},
            {"bpp", point.bpp},
            {"bytes", point.bytes},
            {"setting", point.setting},
            {"quality", point.quality}};
}

Json bd_json(const Measurements& all) {
    Json rates = Json::array();
    for (const Metric metric : all.metrics) {
        for (std::size_t anchor = 0; anchor < all.codecs.size(); ++anchor) {
            for (std::size_t test = 0; test < all.codecs.size(); ++test) {
                if (anchor == test) continue;
                const auto value = [&](BdFit fit) {
                    const auto mean = mean_bd_rate(all, anchor, test, metric, fit).mean();
                    return mean ? Json(*mean) : Json(nullptr);
                };
                rates.push_back({{"metric", id_of(metric)},
                                 {"anchor", all.codecs[anchor].name},
                                 {"test", all.codecs[test].name},
                                 {"pchip", value(BdFit::kPchip)},
                                 {"cubic", value(BdFit::kCubic)}});
            }
        }
    }
    return rates;
}

}  // namespace

std::string json_report(const Measurements& all) {
    Json document;
    for (const Codec& codec : all.codecs) {
        document["codecs"].push_back(
            {{"name", codec.name}, {"title", codec.title}, {"encode", codec.encode}, {"decode", codec.decode}});
    }
    for (std::size_t p = 0; p < all.pictures.size(); ++p) {
        Json picture = {{"name", all.pictures[p]}};
        for (std::size_t c = 0; c < all.codecs.size(); ++c) {
            Json points = Json::array();
            for (const Point& point : all.results[c][p]) points.push_back(point_json(point));
            picture["points"][all.codecs[c].name] = points;
        }
        document["pictures"].push_back(picture);
    }
    document["bd_rate"] = bd_json(all);
    return document.dump(1) + '\n';
}

std::string markdown_report(const Measurements& all) {
    std::string text = "# Rate and distortion\n\n" + header({"codec", "what"});
    for (const Codec& codec : all.codecs)
        text += fmt::format("| {} | {}: `{}` |\n", codec.name, codec.title, codec.encode);
    text +=
        "\nEvery codec was brought as close to the wanted rate as its setting allows; BD-rates use the rates "
        "reached.\n\n";
    text += means_section(all) + bd_section(all);
    for (const Metric metric : {Metric::kPsnrY, Metric::kMsSsim}) {
        if (std::find(all.metrics.begin(), all.metrics.end(), metric) != all.metrics.end())
            text += picture_section(all, metric);
    }
    return text;
}

}  // namespace jpegai::rd
