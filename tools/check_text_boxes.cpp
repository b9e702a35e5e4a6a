#include "tools/check_text_boxes.h"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <tuple>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "tools/common.h"

namespace jpegai::tools {
namespace {

std::vector<detection::TextRegion> read_json(const std::string& path, const std::vector<std::uint8_t>& bytes) {
    std::vector<detection::TextRegion> regions;
    try {
        const auto document = nlohmann::json::parse(bytes);
        for (const auto& item : document.at("boxes")) {
            if (!item.contains("quad")) {
                regions.push_back(detection::text_region(
                    {item.at("x").get<std::uint32_t>(), item.at("y").get<std::uint32_t>(),
                     item.at("width").get<std::uint32_t>(), item.at("height").get<std::uint32_t>()}));
                continue;
            }
            detection::TextRegion region;
            for (std::size_t i = 0; i < 4; ++i)
                region.corners[i] = {item["quad"].at(i).at(0).get<double>(), item["quad"].at(i).at(1).get<double>()};
            regions.push_back(region);
        }
    } catch (const nlohmann::json::exception& error) {
        throw FileError(path, Error(JPEGAI_ERROR_ARGUMENT, fmt::format("not a list of text boxes: {}", error.what())));
    }
    return regions;
}

/// Rows of twelve columns: level, page, block, paragraph, line, word, left, top, width, height, confidence, text.
/// Level 5 is a word.
std::vector<detection::TextRegion> read_tesseract(const std::string& path, const std::vector<std::uint8_t>& bytes) {
    constexpr double kConfidence = 70;
    struct Line {
        std::size_t left, top, right, bottom;
        double confidence;
    };
    std::map<std::array<std::size_t, 4>, Line> lines;  // by page, block, paragraph, line
    std::istringstream text(std::string(bytes.begin(), bytes.end()));
    std::string row;
    std::getline(text, row);
    if (!row.starts_with("level\tpage_num\t"))
        throw FileError(path, Error(JPEGAI_ERROR_ARGUMENT, "no table that Tesseract wrote"));
    while (std::getline(text, row)) {
        std::istringstream columns(row);
        std::array<std::size_t, 10> number{};
        double confidence = 0;
        for (std::size_t& value : number) columns >> value;
        if (!(columns >> confidence))
            throw FileError(path, Error(JPEGAI_ERROR_ARGUMENT, fmt::format("not a row of a table: \"{}\"", row)));
        const auto [level, page, block, paragraph, line, word, left, top, width, height] = number;
        constexpr std::size_t kMost = 1U << 20;
        if (level != 5 || confidence <= kConfidence || std::max({left, top, width, height}) > kMost) continue;
        const Line here{left, top, left + width, top + height, confidence / 100};
        const auto [known, fresh] = lines.emplace(std::array{page, block, paragraph, line}, here);
        if (fresh) continue;
        Line& all = known->second;
        all = {std::min(all.left, here.left), std::min(all.top, here.top), std::max(all.right, here.right),
               std::max(all.bottom, here.bottom), std::min(all.confidence, here.confidence)};
    }
    std::vector<detection::TextRegion> regions;
    for (const auto& [place, line] : lines) {
        regions.push_back(
            detection::text_region({line.left, line.top, line.right - line.left, line.bottom - line.top}));
        regions.back().confidence = line.confidence;
    }
    return regions;
}

}  // namespace

std::vector<detection::TextRegion> read_text_boxes(const std::string& path) {
    const std::vector<std::uint8_t> bytes = read_file(path, 1U << 24);
    return path.ends_with(".tsv") ? read_tesseract(path, bytes) : read_json(path, bytes);
}

}  // namespace jpegai::tools
