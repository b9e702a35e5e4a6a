// Rate-distortion table of a folder of pictures, our encoder beside JPEG, WebP, AVIF and JPEG XL.
//
//   rd_kodak PICTURES... --out DIR --jpegai build/bin/jpegai
//
// needs cjpeg, djpeg (Debian: libjpeg-turbo-progs), cwebp, dwebp (webp), avifenc, avifdec (libavif-bin), cjxl and djxl
// (libjxl-tools). Everything measured is remembered in --cache, so that a run can be interrupted and repeated.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/file.h"
#include "bench/rd/codecs.h"
#include "bench/rd/report.h"
#include "picture_io/picture_io.h"

namespace {

using namespace jpegai;
namespace fs = std::filesystem;

struct Arguments {
    std::vector<std::string> pictures, codecs, refresh;
    std::vector<std::string> classic = {"jpeg", "webp", "avif", "jxl"};
    std::vector<std::string> metrics = {"psnr-y", "ms-ssim", "psnr-rgb", "vif",       "fsim",
                                        "nlpd",   "iw-ssim", "psnr-hvs", "psnr-hvs-m"};
    std::vector<double> rates = {0.12, 0.25, 0.5, 0.75, 1.0};
    std::vector<std::string> points = {"sop", "bop"};
    std::string out = "rd", cache, jpegai;
};

/// Pictures of folders, and the files named, sorted.
std::vector<std::string> picture_files(const std::vector<std::string>& paths) {
    std::vector<std::string> files;
    for (const std::string& path : paths) {
        if (!fs::is_directory(path)) {
            files.push_back(path);
            continue;
        }
        for (const auto& entry : fs::directory_iterator(path)) {
            if (format_of_path(entry.path().string())) files.push_back(entry.path().string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

rd::Measurements prepare(const Arguments& arguments) {
    rd::Measurements all;
    for (rd::Codec& codec : rd::classic_codecs()) {
        if (std::find(arguments.classic.begin(), arguments.classic.end(), codec.name) != arguments.classic.end())
            all.codecs.push_back(codec);
    }
    if (!arguments.jpegai.empty()) {
        for (const std::string& point : arguments.points) all.codecs.push_back(rd::our_codec(arguments.jpegai, point));
    }
    for (const std::string& text : arguments.codecs) all.codecs.push_back(rd::parse_codec(text));
    for (const std::string& id : arguments.metrics) {
        const auto metric = metric_by_id(id);
        if (!metric) throw Error(JPEGAI_ERROR_ARGUMENT, "there is no metric " + id);
        all.metrics.push_back(*metric);
    }
    all.targets = arguments.rates;
    all.results.resize(all.codecs.size());
    return all;
}

void write_text(const std::string& path, const std::string& text) {
    write_file(path, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

void run(const Arguments& arguments) {
    rd::Measurements all = prepare(arguments);
    const std::string cache = arguments.cache.empty() ? arguments.out + "/cache" : arguments.cache;
    const std::string scratch = (fs::temp_directory_path() / fmt::format("rd_kodak.{}", ::getpid())).string();
    rd::Measurer measurer(cache, scratch, all.metrics, arguments.refresh);
    for (const std::string& picture : picture_files(arguments.pictures)) {
        all.pictures.push_back(fs::path(picture).stem().string());
        fmt::print(stderr, "{}:", all.pictures.back());
        for (std::size_t c = 0; c < all.codecs.size(); ++c) {
            fmt::print(stderr, " {}", all.codecs[c].name);
            all.results[c].push_back(measurer.measure(all.codecs[c], picture, all.targets));
        }
        fmt::print(stderr, "\n");
    }
    fs::remove_all(scratch);
    if (all.pictures.empty()) throw Error(JPEGAI_ERROR_ARGUMENT, "there are no pictures");
    fs::create_directories(arguments.out);
    write_text(arguments.out + "/rd.json", rd::json_report(all));
    write_text(arguments.out + "/rd.md", rd::markdown_report(all));
    std::vector<Metric> panels(
        all.metrics.begin(),
        all.metrics.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(all.metrics.size(), 2)));
    write_text(arguments.out + "/rd.svg", rd::svg_plot(all, panels));
    fmt::print("wrote {0}/rd.json, {0}/rd.md and {0}/rd.svg\n", arguments.out);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App program("Rate-distortion table of pictures", "rd_kodak");
    Arguments arguments;
    program.add_option("pictures", arguments.pictures, "Files or folders")->required();
    program.add_option("--out", arguments.out, "Folder for rd.json, rd.md and rd.svg (default rd)");
    program.add_option("--cache", arguments.cache, "Folder for what has been measured (default OUT/cache)");
    program.add_option("--jpegai", arguments.jpegai, "Our program; without it only other codecs are measured");
    program.add_option("--points", arguments.points, "Synthesis transforms to code for with it (default sop,bop)")
        ->delimiter(',');
    program.add_option("--codec", arguments.codecs,
                       "NAME=ENCODE;DECODE with {in}, {out} and {bpp}; may be given again");
    program.add_option("--classic", arguments.classic, "Which of jpeg, webp, avif, jxl (default: all)")->delimiter(',');
    program.add_option("--rates", arguments.rates, "Bits per pixel")->delimiter(',');
    program.add_option("--metrics", arguments.metrics, "The first two are plotted")->delimiter(',');
    program.add_option("--refresh", arguments.refresh, "Codecs whose remembered results are ignored")->delimiter(',');
    CLI11_PARSE(program, argc, argv);
    try {
        run(arguments);
    } catch (const std::exception& error) {
        fmt::print(stderr, "rd_kodak: error: {}\n", error.what());
        return 1;
    }
    return 0;
}
