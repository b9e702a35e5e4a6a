#include "tools/encode_arguments.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <fmt/format.h>

#include "encoder/effort.h"
#include "encoder/header.h"
#include "encoder/latent_tools.h"
#include "profiles/tables.h"
#include "tools/common.h"
#include "tools/lists.h"

namespace jpegai::tools {
namespace {

double parse_value(const std::string& text, const std::string& option) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) {
        throw UsageError(fmt::format("{}: \"{}\" is not a number", option, text));
    }
    return value;
}

OperatingPoint synthesis_point(const EncodeArguments& arguments) {
    static const std::map<std::string, OperatingPoint> kPoints = {
        {"sop", OperatingPoint::kSop}, {"bop", OperatingPoint::kBop}, {"hop", OperatingPoint::kHop}};
    static const std::map<std::string, OperatingPoint> kProfilePoints = {{"simple", OperatingPoint::kSop},
                                                                         {"base", OperatingPoint::kBop},
                                                                         {"main", OperatingPoint::kBop},
                                                                         {"high", OperatingPoint::kHop}};
    if (!arguments.point.empty()) return kPoints.at(arguments.point);
    if (!arguments.profile.empty()) return kProfilePoints.at(arguments.profile);
    return arguments.simple ? OperatingPoint::kSop : OperatingPoint::kBop;
}

void set_profile(EncodeOptions& options, const EncodeArguments& arguments) {
    options.synthesis = synthesis_point(arguments);
    if (!arguments.profile.empty()) {
        const auto* profile = std::find_if(kProfiles.begin(), kProfiles.end(), [&](const Profile& p) {
            return arguments.profile == p.name || (arguments.profile == "main" && p.id == 1);
        });
        options.decoder_profile_id = profile->id;
        if (!profile->synthesis_transforms.contains(static_cast<std::uint8_t>(options.synthesis))) {
            throw UsageError(fmt::format("the {} profile has no such synthesis transform", arguments.profile));
        }
        // All transforms that the profile lists, the wanted one first.
        options.transforms = {static_cast<std::uint8_t>(options.synthesis)};
        for (std::size_t i = 0; i < profile->written_count; ++i) {
            const std::uint8_t id = profile->written_transforms[i];
            if (id < options.transforms.front()) options.transforms.push_back(id);
        }
    }
    if (!arguments.level.empty()) {
        const double level = parse_value(arguments.level, "--level") * 10;
        if (!(level >= 0 && level < 100) || !is_level(static_cast<std::uint8_t>(level + 0.5))) {
            throw UsageError(fmt::format("there is no level {}", arguments.level));
        }
        options.level_idc = static_cast<std::uint8_t>(level + 0.5);
    }
    options.dialect = arguments.dialect == "dis" ? Dialect::kDis : Dialect::kIs;
}

void set_tools(EncodeOptions& options, const EncodeArguments& arguments) {
    apply_effort(options, arguments.effort);
    if (arguments.latent_tools) options.tools = {{true, true}, {true, true}, {true, true}};
    if (arguments.tools.empty()) return;
    options.tools = {};
    options.filters = {false, false, false, false};
    for (const std::string& tool : arguments.tools) {
        const bool all = tool == "all", latent = all || tool == "latent", filter = all || tool == "filters";
        if (latent || tool == "rvs") options.tools.rvs = {true, true};
        if (latent || tool == "grfs") options.tools.grfs = {true, true};
        if (latent || tool == "lsbs") options.tools.lsbs = {true, true};
        if (filter || tool == "efe-linear") options.filters.efe_linear = true;
        if (filter || tool == "efe-nonlinear") options.filters.efe_nonlinear = true;
        if (filter || tool == "eicci") options.filters.eicci = true;
        if (filter || tool == "lef") options.filters.lef = true;
    }
}

void set_structure(EncodeOptions& options, const EncodeArguments& arguments, const Picture& picture) {
    constexpr std::size_t kReferenceRegion = 1'048'576;
    if (arguments.regions == "auto") {
        options.regions =
            reference_regions(picture.cols(), picture.rows(), kReferenceRegion, arguments.independent_regions);
    } else if (!arguments.regions.empty()) {
        const std::size_t x = arguments.regions.find('x');
        if (x == std::string::npos) throw UsageError("--regions: COLUMNSxROWS, such as 2x3, or auto");
        const auto count = [&](const std::string& text) {
            const double value = parse_value(text, "--regions");
            if (!(value >= 1 && value <= 128)) throw UsageError("--regions: 1 to 128 columns and rows");
            return static_cast<std::uint8_t>(value);
        };
        RegionHeader regions;
        regions.num_hor = count(arguments.regions.substr(0, x));
        regions.num_ver = count(arguments.regions.substr(x + 1));
        regions.residual_in_its_own_substream = arguments.independent_regions;
        options.regions = regions;
    } else if (arguments.independent_regions) {
        throw UsageError("--independent-regions needs --regions");
    }
    options.lanes_z = options.lanes_q = arguments.lanes;
    options.lanes_r = {arguments.lanes, arguments.lanes};
    if (!arguments.channels.empty()) options.num_chs = parse_channels(arguments.channels);
    if (arguments.bit_depth != 0) options.bit_depth = arguments.bit_depth;
    if (arguments.coded_chroma == "444") options.coded_chroma = ChromaFormat{1, 1};
    if (arguments.coded_chroma == "422") options.coded_chroma = ChromaFormat{1, 2};
    if (arguments.coded_chroma == "420") options.coded_chroma = ChromaFormat{2, 2};
}

void set_quality_map(EncodeOptions& options, const EncodeArguments& arguments, const Picture& picture) {
    if (arguments.roi.empty()) {
        if (!arguments.roi_quality.empty()) throw UsageError("--roi-quality needs --roi");
        options.saliency = arguments.saliency;
        return;
    }
    const int inside = arguments.roi_quality.empty() ? 6 : arguments.roi_quality.front();
    const int outside = arguments.roi_quality.size() < 2 ? -3 : arguments.roi_quality.back();
    const auto latent = [](std::size_t side) { return (std::max<std::size_t>(side, 64) + 15) / 16; };
    try {
        options.quality_map = quality_map_from_mask(read_picture(arguments.roi), latent(picture.rows()),
                                                    latent(picture.cols()), inside, outside);
    } catch (const Error& error) {
        throw FileError(arguments.roi, error);
    }
}

void declare_rate(CLI::App& command, EncodeArguments& a) {
    const char* group = "Rate (one of --bpp, --size, --quality, --target, --model with --beta; default --quality 50)";
    command.add_option("--bpp", a.bpp, "bits per pixel of the file, met within 1 %")->group(group);
    command.add_option("--size", a.size, "size of the file in bytes, met within 1 % and not exceeded")->group(group);
    command.add_option("--quality", a.quality, "0 (smallest) to 100 (best)")
        ->check(CLI::Range(0.0, 100.0))
        ->group(group);
    command.add_option("--target", a.target, "psnr=DB (luma) or msssim=VALUE (0 to 1, or above 1 in dB)")->group(group);
    command.add_option("--model", a.model, "trained model, 0 (fewest bits) to 3; with a search: the only one tried")
        ->check(CLI::Range(0U, 3U))
        ->group(group);
    command
        .add_option("--beta", a.beta,
                    "displacement of the gain in 1/128 steps, or luma,chroma: -1069 (coarse) to 702 (fine)")
        ->delimiter(',')
        ->expected(1, 2)
        ->check(CLI::Range(kBetaMin, kBetaMax))
        ->group(group);
    command.add_option("--chroma-offset", a.chroma_offset, "displacement of chroma relative to luma in a search")
        ->check(CLI::Range(-1000, 1000))
        ->group(group);
    command.add_option("--tolerance", a.tolerance, "largest deviation from the target in per cent, or dB for --target")
        ->check(CLI::Range(0.01, 50.0))
        ->group(group);
    command.add_flag("--best-effort", a.best_effort, "take the nearest when a target is out of reach")->group(group);
    command
        .add_option("--effort", a.effort,
                    "1 (fast) to 9 (smaller files); default 3. Time beside the default, and gain at equal rate: "
                    "1, 2: 1x, 0; 4, 5: 2x, chroma +0.3 dB; 6: 2.5x, chroma +0.4 dB; "
                    "7: 4x, luma +0.16 dB; 8: 9x, luma +0.24 dB; 9: 19x, luma +0.25 dB (chroma +0.7 and more)")
        ->check(CLI::Range(kMinEffort, kMaxEffort))
        ->group(group);
}

void declare_stream(CLI::App& command, EncodeArguments& a) {
    const char* group = "Stream";
    command.add_option("--profile", a.profile, "simple, base or high (default: the smallest that has --point)")
        ->check(CLI::IsMember({"simple", "base", "main", "high"}))
        ->group(group);
    command.add_option("--point", a.point, "synthesis transform to code for: sop, bop (default) or hop")
        ->check(CLI::IsMember({"sop", "bop", "hop"}))
        ->group(group);
    command.add_flag("--simple", a.simple, "short for --point sop")->group(group);
    command.add_option("--level", a.level, "level as 1.0 .. 5.2 (default: the smallest that permits the picture)")
        ->group(group);
    command.add_option("--dialect", a.dialect, "header syntax: is (the standard, default) or dis (the draft)")
        ->check(CLI::IsMember({"is", "dis"}))
        ->group(group);
    command.add_option("--bit-depth", a.bit_depth, "bits per sample to signal: 8 or 10 (default: by the picture)")
        ->check(CLI::IsMember({8, 10}))
        ->group(group);
    command
        .add_option("--coded-chroma", a.coded_chroma, "chroma format inside: 444, 422 or 420 (default: the source's)")
        ->check(CLI::IsMember({"444", "422", "420"}))
        ->group(group);
}

void declare_tools(CLI::App& command, EncodeArguments& a) {
    const char* group = "Tools and structure";
    command
        .add_option("--tools", a.tools,
                    "exactly these instead of those of --effort: rvs, grfs, lsbs, efe-linear, efe-nonlinear, eicci, "
                    "lef; latent, filters, all, none")
        ->delimiter(',')
        ->check(CLI::IsMember(
            {"rvs", "grfs", "lsbs", "efe-linear", "efe-nonlinear", "eicci", "lef", "latent", "filters", "all", "none"}))
        ->group(group);
    command.add_flag("--latent-tools", a.latent_tools, "RVS, GRFS and LSBS besides those of --effort")->group(group);
    command.add_option("--regions", a.regions, "COLUMNSxROWS regions, or auto: about one per million samples")
        ->group(group);
    command.add_flag("--independent-regions", a.independent_regions, "regions that can be decoded on their own")
        ->group(group);
    command.add_option("--lanes", a.lanes, "entropy coding threads: 1, 2, 4, 8 or 16")
        ->check(CLI::IsMember({1, 2, 4, 8, 16}))
        ->group(group);
    command.add_option("--channels", a.channels, "latent channels to code, N or N,M for luma and chroma")->group(group);
    CLI::Option* roi =
        command
            .add_option("--roi", a.roi, "mask picture of any size: finer steps where it is white, coarser elsewhere")
            ->type_name("MASK")
            ->group(group);
    command
        .add_option("--saliency", a.saliency,
                    "finer steps where the picture stands out from its surroundings, 1 (a little) to 8")
        ->check(CLI::Range(1, 8))
        ->excludes(roi)
        ->group(group);
    command
        .add_option("--roi-quality", a.roi_quality, "quality steps inside[,outside] the mask, -8 to 8; default 6,-3")
        ->delimiter(',')
        ->expected(1, 2)
        ->check(CLI::Range(-8, 8))
        ->group(group);
}

void declare_input(CLI::App& command, EncodeArguments& a) {
    const char* group = "Input and output";
    command.add_option("--out-dir", a.out_dir, "folder for the codestreams of several inputs")
        ->type_name("DIR")
        ->group(group);
    command.add_option("--format", a.format, "raw YUV: WIDTHxHEIGHT[_10bit][_422|_444|_400]; default by the name")
        ->group(group);
    command.add_flag("--drop-alpha", a.drop_alpha, "ignore transparency instead of refusing it")->group(group);
}

void declare_running(CLI::App& command, EncodeArguments& a) {
    const char* group = "Running";
    command.add_option("--jobs", a.jobs, "pictures at a time")->check(CLI::Range(1U, 256U))->group(group);
    command.add_option("--threads", a.threads, "threads per picture (default: the processors divided by --jobs)")
        ->group(group);
    command.add_option("--cpu", a.cpu, "instruction set: auto, scalar, avx2, avx512, neon; same bytes with each")
        ->group(group);
    command.add_option("--device", a.device, "where networks run: cpu, cuda[:N] (a GPU) or auto; same bytes with each")
        ->group(group);
    command.add_option("--models", a.models, "weights: folder of .pth files or packs, or one pack")
        ->type_name("PATH")
        ->group(group);
    command.add_flag("--metrics", a.metrics, "measure PSNR and MS-SSIM; --json does so unless told otherwise")
        ->group(group);
    command.add_flag("--no-metrics", a.no_metrics, "do not measure, which saves the reconstruction")->group(group);
    command.add_flag("--stats", a.stats, "print the time of each stage")->group(group);
    command.add_flag("--layers", a.layers, "with --stats: time per layer")->group(group);
}

}  // namespace

void declare_encode_options(CLI::App& command, EncodeArguments& arguments) {
    command
        .add_option("files", arguments.paths, "IN OUT, or several IN with --out-dir; \"-\" is standard input or output")
        ->required();
    declare_rate(command, arguments);
    declare_stream(command, arguments);
    declare_tools(command, arguments);
    declare_input(command, arguments);
    declare_running(command, arguments);
}

EncodeOptions encode_options(const EncodeArguments& arguments, const Picture& picture) {
    EncodeOptions options;
    set_profile(options, arguments);
    set_tools(options, arguments);
    set_structure(options, arguments, picture);
    set_quality_map(options, arguments, picture);
    return options;
}

RateTarget rate_target(const EncodeArguments& a, EncodeOptions& options) {
    const int searches = (a.bpp ? 1 : 0) + (a.size ? 1 : 0) + (a.quality ? 1 : 0) + (a.target.empty() ? 0 : 1);
    if (searches > 1) throw UsageError("give one of --bpp, --size, --quality and --target");
    if (searches == 1 && !a.beta.empty()) throw UsageError("--beta fixes what the rate option would look for");
    if (a.quality && a.model) throw UsageError("--quality chooses the model; give --model with --beta, --bpp ...");
    RateTarget target;
    target.model_id = a.model;
    target.chroma_offset = a.chroma_offset;
    target.best_effort = a.best_effort;
    if (a.tolerance) target.tolerance = *a.tolerance / 100;
    if (a.bpp || a.size) {
        target.kind = a.bpp ? RateTarget::Kind::kBitsPerSample : RateTarget::Kind::kBytes;
        target.value = a.bpp ? *a.bpp : *a.size;
        if (!(target.value > 0)) throw UsageError("a rate or size has to be positive");
    } else if (!a.target.empty()) {
        const std::size_t equals = a.target.find('=');
        const std::string name = a.target.substr(0, equals);
        if (equals == std::string::npos || (name != "psnr" && name != "msssim")) {
            throw UsageError("--target: psnr=VALUE or msssim=VALUE");
        }
        target.kind = RateTarget::Kind::kMeasure;
        target.scale = name == "psnr" ? RateScale::kPsnrY : RateScale::kMsSsim;
        target.value = parse_value(a.target.substr(equals + 1), "--target");
        if (name == "msssim" && target.value < 1) target.value = -10 * std::log10(1 - target.value);
        constexpr double kDecibels = 0.05;
        target.tolerance = a.tolerance.value_or(kDecibels);
        if (!(target.value > 0)) throw UsageError("--target: the value has to be positive");
    } else if (a.model || !a.beta.empty()) {
        target.kind = RateTarget::Kind::kFixed;
        options.rate.model_id = a.model.value_or(1);
        if (!a.beta.empty()) options.rate.beta = {a.beta.front(), a.beta.back()};
        if (a.beta.size() < 2) options.rate.beta[kSecondary] += a.chroma_offset.value_or(0);
    } else {
        constexpr double kDefaultQuality = 50;
        target.kind = RateTarget::Kind::kQuality;
        target.value = a.quality.value_or(kDefaultQuality);
    }
    return target;
}

ReadOptions read_options(const EncodeArguments& arguments) {
    ReadOptions options;
    if (arguments.drop_alpha) options.alpha = AlphaPolicy::kDrop;
    if (!arguments.format.empty()) {
        options.raw = raw_layout_of_name("x_" + arguments.format + ".yuv");
        if (!options.raw) throw UsageError("--format: WIDTHxHEIGHT, such as 1920x1080_10bit_420");
    }
    return options;
}

}  // namespace jpegai::tools
