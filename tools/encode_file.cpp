#include "tools/encode_file.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/file.h"
#include "metrics/metrics.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

using Json = nlohmann::ordered_json;

/// Smaller pictures are a mistake more often than a wish: most of the stream would be padding.
constexpr std::size_t kMinSide = 8, kMaxSide = 65'599;

void check_size(const Picture& picture) {
    const std::size_t rows = picture.rows(), cols = picture.cols();
    if (std::min(rows, cols) >= kMinSide && std::max(rows, cols) <= kMaxSide) return;
    throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("the picture has {}x{} samples; sides have to be {} to {}", cols,
                                                   rows, kMinSide, kMaxSide));
}

/// What of the picture the codestream does not carry.
void warn_about_losses(const std::string& in, const Picture& picture, const EncodeOptions& options,
                       const CommonOptions& common) {
    constexpr unsigned kMaxDepth = 10;
    if (picture.bit_depth > kMaxDepth) {
        print_warning(common, fmt::format("{}: {} bit samples are coded as 10 bit", in, picture.bit_depth));
    } else if (options.bit_depth.value_or(kMaxDepth) < picture.bit_depth) {
        print_warning(common, fmt::format("{}: {} bit samples are coded as {} bit", in, picture.bit_depth,
                                          options.bit_depth.value_or(kMaxDepth)));
    }
    const auto dropped = [&](const std::string& what) { print_warning(common, fmt::format("{}: {}", in, what)); };
    if (!picture.metadata.icc.empty()) dropped("the ICC profile is dropped; a codestream has no place for it");
    if (!picture.metadata.exif.empty()) dropped("the EXIF data are dropped; a codestream has no place for them");
    for (const std::string& note : picture.metadata.notes) dropped(note);
    if (picture.range == SampleRange::kLimited) {
        print_warning(common, in + ": limited range is not signalled; decoders take the samples as full range");
    }
}

/// The original in the form the decoder's picture has: grey pictures come back as RGB.
Picture comparable(const Picture& picture) {
    if (picture.model != ColourModel::kGrey) return picture;
    Picture rgb = picture;
    rgb.model = ColourModel::kRgb;
    rgb.planes = {picture.planes[0], picture.planes[0], picture.planes[0]};
    return rgb;
}

double ms_ssim_in_db(double value) {
    constexpr double kSmallest = 1e-9;
    return -10 * std::log10(std::max(kSmallest, 1 - value));
}

/// nullopt where a metric is not defined for the picture.
std::optional<double> measure(const Picture& original, const Picture& decoded, Metric metric) {
    return compare_pictures(original, decoded, std::array{metric}).front().value;
}

QualityMeasure quality_measure(const Picture& original, RateScale scale) {
    return [original, scale](const Picture& decoded) {
        const Metric metric = scale == RateScale::kPsnrY ? Metric::kPsnrY : Metric::kMsSsim;
        const auto values = compare_pictures(original, decoded, std::array{metric});
        if (!values.front().value) throw Error(JPEGAI_ERROR_ARGUMENT, values.front().reason);
        return scale == RateScale::kPsnrY ? *values.front().value : ms_ssim_in_db(*values.front().value);
    };
}

Json metrics_json(const Picture& original, const EncodeResult& encoded) {
    const unsigned depth = encoded.picture.bit_depth_idc == 0 ? 8 : 10;
    const Picture decoded = quantise(*encoded.reconstruction, depth);
    Json json = Json::object();
    constexpr std::array kMeasured = {Metric::kPsnrY, Metric::kPsnrU, Metric::kPsnrV, Metric::kPsnrRgb,
                                      Metric::kMsSsim};
    for (const Metric metric : kMeasured) {
        if (const auto value = measure(original, decoded, metric)) json[metric_info(metric).id] = *value;
    }
    return json;
}

Json stats_json(const EncodeStats& stats) {
    Json json;
    for (const StageTiming& stage : stats.stages) {
        json["stages"].push_back({{"stage", stage.stage}, {"ms", stage.seconds * 1e3}});
    }
    for (const LayerTiming& layer : stats.layers) {
        json["layers"].push_back({{"layer", layer.name}, {"ms", layer.seconds * 1e3}, {"macs", layer.macs}});
    }
    return json;
}

Json report_json(const std::string& in, const std::string& out, const Picture& picture, const TargetedResult& result,
                 const RateTarget& target) {
    const double samples = static_cast<double>(picture.rows()) * static_cast<double>(picture.cols());
    Json json = {{"in", in},
                 {"out", out},
                 {"width", picture.cols()},
                 {"height", picture.rows()},
                 {"bytes", result.encoded.bytes.size()},
                 {"bpp", 8 * static_cast<double>(result.encoded.bytes.size()) / samples},
                 {"model", result.report.rate.model_id},
                 {"beta", result.report.rate.beta},
                 {"profile", result.encoded.picture.decoder_profile_id},
                 {"level", result.encoded.picture.level_idc}};
    json["search"] = {
        {"trials", result.report.trials}, {"analyses", result.report.analyses}, {"reached", result.report.reached}};
    if (target.kind == RateTarget::Kind::kMeasure) json["search"]["db"] = result.report.value;
    return json;
}

}  // namespace

Json encode_file(const Encoder& encoder, const std::string& in, const std::string& out,
                 const EncodeArguments& arguments, const CommonOptions& common) try {
    const Picture picture = read_picture(in, read_options(arguments));
    check_size(picture);
    EncodeOptions options = encode_options(arguments, picture);
    RateTarget target = rate_target(arguments, options);
    const Picture original = comparable(picture);
    if (target.kind == RateTarget::Kind::kMeasure) target.measure = quality_measure(original, target.scale);
    warn_about_losses(display_name(in), picture, options, common);

    EncodeStats stats;
    stats.want_layers = arguments.layers;
    options.stats = &stats;
    options.want_reconstruction = !arguments.no_metrics && (arguments.metrics || common.json);
    ProgressLine line(display_name(in), !common.quiet && arguments.jobs == 1);
    options.progress = [&](double fraction) {
        line.update(fraction);
        return true;
    };
    const TargetedResult result = encode_to(encoder, picture, options, target);
    write_file(out, result.encoded.bytes);
    if (!result.report.reached) {
        print_warning(common, fmt::format("{}: the target is out of reach; this is the nearest", display_name(in)));
    }
    Json report = report_json(in, out, picture, result, target);
    if (options.want_reconstruction) report["metrics"] = metrics_json(original, result.encoded);
    if (arguments.stats || common.json) report["stats"] = stats_json(stats);
    return report;
} catch (const FileError&) {
    throw;
} catch (const Error& error) {
    throw FileError(display_name(in), error);
}

std::string encode_text(const Json& report, bool stats) {
    std::string text =
        fmt::format("{}: {} bytes, {:.4f} bits per pixel, model {}, displacement {}", report["out"].get<std::string>(),
                    report["bytes"].get<std::size_t>(), report["bpp"].get<double>(), report["model"].get<int>(),
                    report["beta"][0] == report["beta"][1]
                        ? report["beta"][0].dump()
                        : fmt::format("{},{}", report["beta"][0].dump(), report["beta"][1].dump()));
    if (report.contains("metrics")) {
        for (const auto& [name, value] : report["metrics"].items()) {
            text += fmt::format(", {} {:.{}f}", name, value.get<double>(), name == "ms-ssim" ? 5 : 2);
        }
    }
    text += '\n';
    if (!stats) return text;
    double total = 0;
    for (const Json& stage : report["stats"]["stages"]) {
        total += stage["ms"].get<double>();
        text += fmt::format("  {:<24} {:9.2f} ms\n", stage["stage"].get<std::string>(), stage["ms"].get<double>());
    }
    text += fmt::format("  {:<24} {:9.2f} ms\n", "total", total);
    if (!report["stats"].contains("layers")) return text;
    for (const Json& layer : report["stats"]["layers"]) {
        const double ms = layer["ms"].get<double>(), macs = layer["macs"].get<double>();
        text += fmt::format("    {:<40} {:9.3f} ms {:8.1f} GMAC/s\n", layer["layer"].get<std::string>(), ms,
                            ms > 0 ? macs / ms / 1e6 : 0.0);
    }
    return text;
}

}  // namespace jpegai::tools
