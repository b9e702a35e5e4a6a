// Plants defects into codings of pictures and counts what the detectors find; without defects, what they find all the
// same. Prints the scores from which the built-in thresholds were set.
//
//   detect_defects prepare PICTURES OUT          the pictures with a line of text each, to be coded
//   detect_defects measure PREPARED DECODES...   folders of decodes of the same names
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "backend/select.h"
#include "base/error.h"
#include "bench/detection/planted_defects.h"
#include "detection/classic_codecs.h"
#include "picture_io/picture_io.h"

namespace {

using namespace jpegai;
using namespace jpegai::planted;
using detection::ArtifactReport;
using detection::Detector;
using detection::Finding;

struct Arguments {
    std::string pictures, out, csv;
    std::vector<std::string> decodes;
    double classic_bpp = 0;
    std::size_t limit = 100000;
    bool clean = false;
};

std::vector<std::filesystem::path> pictures_of(const std::string& folder, std::size_t limit) {
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (format_of_path(entry.path().string())) paths.push_back(entry.path());
    }
    std::sort(paths.begin(), paths.end());
    if (paths.size() > limit) paths.resize(limit);
    return paths;
}

/// The same text for the same name.
std::uint32_t seed_of(const std::filesystem::path& path) {
    std::uint32_t seed = 2166136261U;
    for (const char c : path.stem().string()) seed = (seed ^ static_cast<std::uint8_t>(c)) * 16777619U;
    return seed;
}

void prepare(const Arguments& arguments) {
    std::filesystem::create_directories(arguments.out);
    for (const auto& path : pictures_of(arguments.pictures, arguments.limit)) {
        const Picture picture = read_picture(path.string());
        if (picture.model != ColourModel::kRgb || picture.bit_depth != 8 || picture.rows() < 200 ||
            picture.cols() < 250)
            continue;
        WriteOptions options;
        options.png_photo = true;
        write_picture(arguments.out + "/" + path.stem().string() + ".png", with_text(picture, seed_of(path)).picture,
                      options);
    }
}

/// Whether the place of a finding lies within half a window of what was planted.
bool at_place(const Finding& finding, Defect defect, const detection::Box& where) {
    if (defect == Defect::kShift) return finding.detector == Detector::kShift;
    if (!finding.box) return false;
    const std::size_t margin = finding.detector == Detector::kBoundary ? 64 : 32;
    return finding.x + margin >= where.x && finding.x < where.x + where.width + margin &&
           finding.y + margin >= where.y && finding.y < where.y + where.height + margin;
}

struct Count {
    std::size_t pictures = 0, found = 0;
    std::map<std::string, std::size_t> by;  ///< detector -> how often
};

class Study {
public:
    explicit Study(const Arguments& arguments) : arguments_(arguments) {
        if (!arguments.csv.empty()) {
            csv_.open(arguments.csv);
            csv_ << "picture,defect,detector,score,threshold,found,at_place\n";
        }
    }
    void run() {
        for (const std::string& folder : arguments_.decodes) {
            for (const auto& path : pictures_of(arguments_.pictures, arguments_.limit)) {
                const auto decode = std::filesystem::path(folder) / path.filename();
                if (std::filesystem::exists(decode)) one(path, decode.string());
            }
        }
        print();
    }

private:
    void one(const std::filesystem::path& path, const std::string& decoded) {
        const Picture original = read_picture(path.string()), decode = read_picture(decoded);
        const detection::Box text = with_text(original, seed_of(path)).where;
        std::optional<detection::ClassicDecode> classic;
        if (arguments_.classic_bpp > 0) classic = detection::classic_decode(original, arguments_.classic_bpp);
        const auto check = [&](const Picture& picture) {
            detection::ArtifactOptions options;
            options.text = {detection::text_region(text)};
            options.find_text = false;
            options.keep_maps = false;
            return find_artifacts(original, picture, classic ? &classic->picture : nullptr, options,
                                  [this](std::size_t rows, const RowBody& body) { backend_->run_rows(rows, body); });
        };
        count("none", decoded, check(decode), [](const Finding&) { return true; });
        for (std::size_t d = 0; d < kDefectCount && !arguments_.clean; ++d) {
            const auto defect = static_cast<Defect>(d);
            const auto planted = plant(defect, decode, text, seed_of(path) + static_cast<std::uint32_t>(d));
            if (!planted) continue;
            count(defect_name(defect), decoded, check(planted->picture),
                  [&](const Finding& finding) { return at_place(finding, defect, planted->where); });
        }
        std::fprintf(stderr, "%s\n", decoded.c_str());
    }

    template <class Place>
    void count(const std::string& defect, const std::string& name, const ArtifactReport& report, Place place) {
        Count& count = counts_[defect];
        ++count.pictures;
        bool any = false;
        for (const Finding& finding : report.findings) {
            const char* id = detection::detector_info(finding.detector).id;
            const bool hit = finding.found && place(finding);
            if (hit) ++count.by[id];
            any = any || hit;
            if (defect == "none") clean_[id].push_back(finding.score.value_or(0));
            if (csv_.is_open()) {
                csv_ << fmt::format("{},{},{},{:.5f},{},{:d},{:d}\n", name, defect, id, finding.score.value_or(0),
                                    finding.threshold, finding.found, place(finding));
            }
        }
        if (any) ++count.found;
    }

    void print() {
        fmt::print("{:<10} {:>8} {:>8}   share   by\n", "defect", "pictures", "found");
        for (const auto& [defect, count] : counts_) {
            fmt::print("{:<10} {:>8} {:>8} {:6.1f} %  ", defect, count.pictures, count.found,
                       100.0 * static_cast<double>(count.found) / static_cast<double>(count.pictures));
            for (const auto& [id, number] : count.by) fmt::print(" {} {}", id, number);
            fmt::print("\n");
        }
        fmt::print("\nscores without defects\n{:<10} {:>9} {:>9} {:>9} {:>9}\n", "detector", "median", "95 %", "99 %",
                   "largest");
        for (auto& [id, scores] : clean_) {
            std::sort(scores.begin(), scores.end());
            const auto at = [&](double share) {
                return scores[static_cast<std::size_t>(share * static_cast<double>(scores.size() - 1))];
            };
            fmt::print("{:<10} {:9.4f} {:9.4f} {:9.4f} {:9.4f}\n", id, at(0.5), at(0.95), at(0.99), at(1));
        }
    }

    const Arguments& arguments_;
    std::shared_ptr<const Backend> backend_ = make_backend({});
    std::ofstream csv_;
    std::map<std::string, Count> counts_;
    std::map<std::string, std::vector<double>> clean_;
};

}  // namespace

int main(int argc, char** argv) {
    CLI::App program("Counts planted defects that the detectors of artifacts find", "detect_defects");
    program.require_subcommand(1);
    Arguments arguments;
    CLI::App& first = *program.add_subcommand("prepare", "write the pictures with a line of text each");
    first.add_option("PICTURES", arguments.pictures)->required();
    first.add_option("OUT", arguments.out)->required();
    CLI::App& second = *program.add_subcommand("measure", "plant defects into decodes and count");
    second.add_option("PREPARED", arguments.pictures)->required();
    second.add_option("DECODES", arguments.decodes)->required();
    second.add_option("--classic-bpp", arguments.classic_bpp,
                      "compare with a classic coding of so many bits per pixel");
    second.add_flag("--clean", arguments.clean, "plant nothing: only the scores without defects");
    second.add_option("--csv", arguments.csv, "every score");
    for (CLI::App* command : {&first, &second}) command->add_option("--limit", arguments.limit, "pictures at most");
    CLI11_PARSE(program, argc, argv);
    try {
        if (first.parsed())
            prepare(arguments);
        else
            Study(arguments).run();
    } catch (const Error& error) {
        fmt::print(stderr, "detect_defects: {}\n", error.describe());
        return 1;
    }
    return 0;
}
