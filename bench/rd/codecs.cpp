#include "bench/rd/codecs.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "bench/rd/process.h"
#include "picture_io/picture_io.h"

namespace jpegai::rd {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

/// Settings as the command line is given them, and as they are remembered.
std::string setting_text(double value) {
    return fmt::format("{:.3f}", value);
}

std::string setting_argument(const Codec& codec, double value) {
    return codec.setting.whole ? fmt::format("{:.0f}", value) : setting_text(value);
}

}  // namespace

std::vector<Codec> classic_codecs() {
    return {
        {"jpeg",
         "JPEG (libjpeg-turbo, 4:2:0, optimised)",
         "cjpeg -quality {q} -optimize -sample 2x2 -outfile {out} {in}",
         "djpeg -ppm -outfile {out} {in}",
         "ppm",
         "jpg",
         "ppm",
         {1, 98, true, false, true}},
        {"webp",
         "WebP (cwebp -m 6)",
         "cwebp -quiet -m 6 -q {q} {in} -o {out}",
         "dwebp -quiet {in} -o {out}",
         "png",
         "webp",
         "png",
         {0, 100, false, false, true}},
        {"avif",
         "AVIF (avifenc, libaom, speed 6, 4:4:4)",
         "avifenc -s 6 -j 1 --min 0 --max 63 -a end-usage=q -a cq-level={q} {in} {out}",
         "avifdec {in} {out}",
         "png",
         "avif",
         "png",
         {4, 63, true, false, false}},
        {"jxl",
         "JPEG XL (cjxl, effort 7)",
         "cjxl --num_threads=0 -d {q} {in} {out}",
         "djxl --num_threads=0 {in} {out}",
         "png",
         "jxl",
         "png",
         {0.3, 25, false, true, false}},
    };
}

Codec our_codec(const std::string& program, const std::string& point) {
    Codec codec = parse_codec(
        fmt::format("{1}={0} encode {{in}} {{out}} --point {1} --bpp {{bpp}} --best-effort;{0} decode {{in}} {{out}}",
                    program, point));
    codec.title = "JPEG AI, this project, " + point;
    return codec;
}

Codec parse_codec(const std::string& text) {
    const std::size_t name = text.find('='), split = text.find(';');
    if (name == std::string::npos || split == std::string::npos || name > split)
        throw Error(JPEGAI_ERROR_ARGUMENT, "a codec is NAME=ENCODE;DECODE, not " + text);
    Codec codec;
    codec.name = codec.title = text.substr(0, name);
    codec.encode = text.substr(name + 1, split - name - 1);
    codec.decode = text.substr(split + 1);
    codec.stream = "jai";
    codec.decoded = "png";
    const bool complete = codec.encode.find("{in}") != std::string::npos &&
                          codec.encode.find("{out}") != std::string::npos && codec.controls_rate() &&
                          codec.decode.find("{in}") != std::string::npos &&
                          codec.decode.find("{out}") != std::string::npos;
    if (!complete || codec.name.empty())
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    "the commands of a codec need {in} and {out}, the encoder {bpp} too: " + text);
    return codec;
}

/// What is known of one picture and codec.
struct Measurer::Memory {
    Trials trials;
    std::map<std::string, Point> points;  ///< by setting
};

/// One picture and codec at work.
struct Measurer::Work {
    const Codec& codec;
    std::string name, file, log;
    Picture original;
    std::string input;
    Memory memory;

    [[nodiscard]] double pixels() const { return static_cast<double>(original.rows() * original.cols()); }
    [[nodiscard]] std::string stream() const { return name + "." + codec.stream; }

    std::uint64_t encode(double setting) {
        const bool direct = codec.controls_rate();
        run_program(command_words(codec.encode, {{"in", input},
                                                 {"out", stream()},
                                                 {"q", setting_argument(codec, setting)},
                                                 {"bpp", direct ? fmt::format("{}", setting) : ""}}),
                    log);
        return fs::file_size(stream());
    }

    Point measure(double setting, const std::vector<Metric>& metrics) {
        Point point;
        point.setting = setting;
        point.bytes = encode(setting);
        point.bpp = static_cast<double>(point.bytes) * 8 / pixels();
        const std::string decoded = name + ".decoded." + codec.decoded;
        run_program(command_words(codec.decode, {{"in", stream()}, {"out", decoded}}), log);
        for (const MetricValue& value : compare_pictures(original, read_picture(decoded), metrics)) {
            if (value.value) point.quality[metric_info(value.metric).id] = *value.value;
        }
        fs::remove(decoded);
        fs::remove(stream());
        return point;
    }

    void load() {
        if (!fs::exists(file)) return;
        const std::vector<std::uint8_t> bytes = read_file(file);
        const Json json = Json::parse(bytes.begin(), bytes.end(), nullptr, false);
        if (json.is_discarded()) return;  // an interrupted run of another time: measured again
        for (const auto& [setting, size] : json["trials"].items()) memory.trials[std::stod(setting)] = size;
        for (const auto& [setting, value] : json["points"].items()) {
            Point point;
            point.setting = value["setting"];
            point.bytes = value["bytes"];
            point.bpp = value["bpp"];
            point.quality = value["quality"].get<std::map<std::string, double>>();
            memory.points[setting] = point;
        }
    }

    void save() const {
        Json json = {{"codec", codec.name}, {"encode", codec.encode}, {"decode", codec.decode}};
        json["trials"] = Json::object();
        json["points"] = Json::object();
        for (const auto& [setting, size] : memory.trials) json["trials"][setting_text(setting)] = size;
        for (const auto& [setting, point] : memory.points) {
            json["points"][setting] = {
                {"setting", point.setting}, {"bytes", point.bytes}, {"bpp", point.bpp}, {"quality", point.quality}};
        }
        const std::string text = json.dump(1);
        write_file(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    }
};

Measurer::Measurer(std::string cache, std::string scratch, std::vector<Metric> metrics,
                   std::vector<std::string> refresh)
    : cache_(std::move(cache)),
      scratch_(std::move(scratch)),
      metrics_(std::move(metrics)),
      refresh_(std::move(refresh)) {
    fs::create_directories(cache_);
    fs::create_directories(scratch_);
}

std::vector<Point> Measurer::measure(const Codec& codec, const std::string& picture,
                                     const std::vector<double>& targets) {
    std::vector<std::uint8_t> key = read_file(picture);
    for (const std::string& command : {codec.encode, codec.decode})
        key.insert(key.end(), command.begin(), command.end());
    const std::string stem = fs::path(picture).stem().string();
    Work work{codec, scratch_ + "/" + codec.name + "-" + stem, {}, {}, read_picture(picture), picture, {}};
    work.file = fmt::format("{}/{}-{}-{}.json", cache_, codec.name, stem, md5_hex(key).substr(0, 8));
    work.log = work.name + ".log";
    if (std::find(refresh_.begin(), refresh_.end(), codec.name) == refresh_.end()) work.load();
    if (codec.input == "ppm") {
        work.input = work.name + ".in.ppm";
        write_picture(work.input, work.original);
    }
    std::vector<Point> points;
    for (const double target : targets) {
        const double setting = codec.controls_rate()
                                   ? target
                                   : search_rate(codec.setting, target * work.pixels() / 8, work.memory.trials,
                                                 [&](double value) { return work.encode(value); });
        Point& point = work.memory.points[setting_text(setting)];
        const bool complete = point.bytes != 0 && std::all_of(metrics_.begin(), metrics_.end(), [&](Metric m) {
                                  return point.quality.count(metric_info(m).id) != 0;
                              });
        if (!complete) {
            point = work.measure(setting, metrics_);
            work.save();
        }
        points.push_back(point);
        points.back().target = target;
    }
    if (work.input != picture) fs::remove(work.input);
    fs::remove(work.log);
    return points;
}

}  // namespace jpegai::rd
