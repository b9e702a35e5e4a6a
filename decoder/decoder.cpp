#include "decoder/decoder.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "decoder/cost.h"
#include "decoder/cut.h"
#include "decoder/dump.h"
#include "decoder/filters/post_filters.h"
#include "decoder/geometry.h"
#include "decoder/network_cache.h"
#include "decoder/reconstruct.h"
#include "models/weight_identity.h"
#include "profiles/profiles.h"

namespace jpegai {

struct Decoder::Impl {
    NetworkCache networks;
};

namespace {

/// One decode in progress: timing and progress.
class Job {
public:
    Job(const DecodeOptions& options, std::uint64_t total_macs) : options_(options), total_macs_(total_macs) {
        context_.timings = options.stats != nullptr && options.stats->want_layers ? &options.stats->layers : nullptr;
        if (options.progress) context_.keep_going = [this] { return options_.progress(fraction_); };
        start_ = Clock::now();
    }

    [[nodiscard]] RunContext& context() { return context_; }

    /// Ends a stage: notes its time and reports the share of the networks' work that is done.
    void done(const std::string& stage, std::uint64_t macs = 0) {
        const auto now = Clock::now();
        if (options_.stats != nullptr)
            options_.stats->stages.push_back({stage, std::chrono::duration<double>(now - start_).count()});
        start_ = now;
        macs_ += macs;
        if (total_macs_ != 0) fraction_ = std::min(1.0, static_cast<double>(macs_) / static_cast<double>(total_macs_));
        if (options_.progress && !options_.progress(fraction_)) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
    }

private:
    using Clock = std::chrono::steady_clock;
    const DecodeOptions& options_;
    RunContext context_;
    std::uint64_t total_macs_, macs_ = 0;
    double fraction_ = 0;
    Clock::time_point start_;
};

std::uint64_t default_memory_limit() {
    const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 2
                                 : std::uint64_t{1} << 32;
}

void check_work(const DecodeCost& cost, const DecodeLimits& limits) {
    if (limits.max_macs != 0 && cost.macs > limits.max_macs) {
        throw Error(JPEGAI_ERROR_LIMIT,
                    fmt::format("decoding needs {} multiply-accumulates, the limit is {}", cost.macs, limits.max_macs));
    }
}

void check_memory(const DecodeCost& cost, const DecodeLimits& limits) {
    const std::uint64_t max_memory = limits.max_memory != 0 ? limits.max_memory : default_memory_limit();
    if (cost.memory > max_memory) {
        throw Error(JPEGAI_ERROR_LIMIT, fmt::format("decoding needs about {} MiB of memory, the limit is {} MiB",
                                                    cost.memory >> 20, max_memory >> 20));
    }
}

OperatingPoint choose_point(const PictureHeader& picture, std::optional<OperatingPoint> wanted) {
    const auto& listed = picture.synthesis_transform_id;
    const std::uint8_t id = wanted ? static_cast<std::uint8_t>(*wanted) : listed.front();
    if (wanted && std::find(listed.begin(), listed.end(), id) == listed.end()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "the picture header does not list this synthesis transform");
    }
    if (id > static_cast<std::uint8_t>(OperatingPoint::kHop))
        throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("synthesis_transform_id {} is not defined", id));
    return static_cast<OperatingPoint>(id);
}

bool is_yuv(const PictureHeader& picture, OutputColour colour) {
    return colour == OutputColour::kYuv || (colour == OutputColour::kAsSignalled && picture.colour_transform_idx == 0);
}

/// The window in coded samples that the networks have to produce: all of it when a later step looks at its
/// surroundings.
Area wanted_area(const Codestream& stream, const std::optional<PictureWindow>& window, OutputColour colour) {
    const PictureHeader& p = stream.picture;
    const ToolHeader& t = stream.tools;
    const bool filtered = t.efe_linear || t.eicci || t.efe_nonlinear || t.lef_ch_idx;
    const bool resampled =
        p.c_ver != p.s_ver || p.c_hor != p.s_hor || (!is_yuv(p, colour) && (p.s_ver != 1 || p.s_hor != 1));
    if (!window || filtered || resampled) return {0, 0, p.img_height, p.img_width};
    return {window->y, window->x, window->height, window->width};
}

void check_window(const PictureHeader& picture, const PictureWindow& w, bool yuv) {
    const std::size_t width = picture.display_width(), height = picture.display_height();
    if (w.width == 0 || w.height == 0 || w.x >= width || w.y >= height || w.width > width - w.x ||
        w.height > height - w.y) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("the window {}x{}+{}+{} is not inside the picture of {}x{}",
                                                       w.width, w.height, w.x, w.y, width, height));
    }
    if (yuv && (w.x % picture.s_hor != 0 || w.y % picture.s_ver != 0)) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "the window has to start at a chroma sample");
    }
}

/// Cuts the window out of finished planes.
Planes cut_window(const Planes& planes, const PictureWindow& window) {
    Planes out;
    out.chroma = planes.chroma;
    out.rgb = planes.rgb;
    for (std::size_t i = 0; i < 3; ++i) {
        const std::size_t ver = i == 0 ? 1 : planes.chroma.ver, hor = i == 0 ? 1 : planes.chroma.hor;
        out.plane[i] = cut(planes.plane[i],
                           {window.y / ver, window.x / hor, ceil_div(window.height, ver), ceil_div(window.width, hor)});
    }
    return out;
}

/// The eICCI bank of one synthesis transform, from the cache.
class CachedEicciBank : public EicciBank {
public:
    CachedEicciBank(const NetworkCache& networks, OperatingPoint point) : networks_(networks), point_(point) {}
    [[nodiscard]] const NetworkRunner& luma(std::size_t index) override {
        return networks_.eicci(point_, index, false);
    }
    [[nodiscard]] const NetworkRunner& chroma(std::size_t index) override {
        return networks_.eicci(point_, index, true);
    }

private:
    const NetworkCache& networks_;
    OperatingPoint point_;
};

/// Dumped by now; only the scale map of luma has a reader left (LEF).
void free_intermediates(Latents& latents) {
    for (LatentComponent& component : latents.component) {
        component.skip_scale_log = {};
        component.mask = {};
        component.residual_quant = {};
    }
    latents.component[kSecondary].scale_log = {};
}

ReferenceQuirks quirks_of(const DecodeOptions& options) {
    return options.reference_quirks ? ReferenceQuirks::all() : ReferenceQuirks{};
}

}  // namespace

Picture DecodedPicture::to_picture(std::optional<unsigned> depth, const RowRunner& rows) const {
    Picture picture = quantise(planes, depth.value_or(bit_depth), rows);
    picture.range = SampleRange::kFull;
    picture.colour = rendering.cicp;
    return picture;
}

Decoder::Decoder(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend)
    : impl_(new Impl{NetworkCache(std::move(weights), std::move(backend))}) {}

Decoder::~Decoder() = default;

RowRunner Decoder::rows() const {
    return
        [&backend = impl_->networks.backend()](std::size_t rows, const RowBody& body) { backend.run_rows(rows, body); };
}

Codestream Decoder::parse(std::span<const std::uint8_t> file, const DecodeOptions& options) {
    ParseOptions parse;
    parse.header.strict = options.strict;
    parse.max_pixels = options.limits.max_pixels;
    return parse_codestream(file, parse);
}

Latents Decoder::decode_entropy(const Codestream& stream, std::span<const std::uint8_t> file,
                                const DecodeOptions& options) const {
    const std::size_t model = stream.picture.model_id;
    if (model >= kModels) throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("model_id {} is not defined", model));
    if (!options.force_models)
        impl_->networks.require_weights_of(stream.user_data, model, std::array{WeightPart::kCommon});
    const std::array<const EntropyModel*, kComponents> models = {&impl_->networks.entropy(model, kPrimary),
                                                                 &impl_->networks.entropy(model, kSecondary)};
    EntropyOptions entropy;
    entropy.max_channels = options.max_channels;
    entropy.keep_intermediates = options.dump || stream.tools.lef_ch_idx;  // LEF reads the scale map
    Latents latents = decode_latents(stream, file, models, entropy);
    dump_latents(options.dump, latents, models);
    return latents;
}

DecodedPicture Decoder::decode(std::span<const std::uint8_t> file, const DecodeOptions& options) const {
    const Codestream stream = parse(file, options);
    const PictureHeader& picture = stream.picture;
    const OperatingPoint point = choose_point(picture, options.point);
    require_conforming(picture, stream.dialect, stream.substreams.front().payload.offset,
                       {options.strict, static_cast<std::uint8_t>(point)});
    if (options.window) check_window(picture, *options.window, is_yuv(picture, options.colour));
    check_post_filters(picture, stream.tools, point, quirks_of(options));
    const DecodeCost work = estimate_work(stream, point);
    check_work(work, options.limits);
    Job job(options, work.macs);
    job.done("parse");

    impl_->networks.prepare(picture, stream.tools, point);
    if (!options.force_models) {
        impl_->networks.require_weights_of(stream.user_data, picture.model_id,
                                           std::array{WeightPart::kCommon, synthesis_part(point)});
    }
    const DecodeCost cost =
        estimate_cost(stream, point, impl_->networks, {.keep_intermediates = static_cast<bool>(options.dump)});
    check_memory(cost, options.limits);
    if (options.stats != nullptr) {
        options.stats->estimated_memory = cost.memory;
        options.stats->macs = cost.macs;
    }
    job.done("load");

    Latents latents = decode_entropy(stream, file, options);
    free_intermediates(latents);
    job.done("entropy");

    const std::vector<RegionWindow> regions = region_windows(picture);
    std::array<Array3<float>, kComponents> y_hat;
    for (const Component c : {kPrimary, kSecondary}) {
        LatentComponent& latent = latents.component[c];
        const Array3<float> psi = decode_psi(impl_->networks, picture, c, regions, latent.z_hat, job.context());
        dump(options.dump, fmt::format("{}.psi", dump_prefix(c)), psi);
        job.done(fmt::format("hyper decoder {}", dump_prefix(c)),
                 cost.macs_of(fmt::format("hyper decoder {}", dump_prefix(c))));
        y_hat[c] = decode_latent(impl_->networks, picture, c, regions, psi, latent.residual, job.context());
        dump(options.dump, fmt::format("{}.y_hat_pre_lsbs", dump_prefix(c)), y_hat[c]);
        if (stream.tools.lsbs_enable_flag[c])
            apply_lsbs(y_hat[c], latent.residual, latent.rvs_likely, picture.model_id);
        dump(options.dump, fmt::format("{}.y_hat", dump_prefix(c)), y_hat[c]);
        latent.residual = {};
        job.done(fmt::format("latent {}", dump_prefix(c)), cost.macs_of(fmt::format("latent {}", dump_prefix(c))));
    }

    const Area wanted = wanted_area(stream, options.window, options.colour);
    Array3<float> luma =
        synthesise(impl_->networks, picture, point, kPrimary, y_hat[kPrimary], nullptr, wanted, job.context());
    job.done("synthesis y", cost.macs_of("synthesis y"));
    Array3<float> chroma = synthesise(impl_->networks, picture, point, kSecondary, y_hat[kPrimary], &y_hat[kSecondary],
                                      wanted, job.context());
    y_hat = {};
    job.done("synthesis uv", cost.macs_of("synthesis uv"));

    const ChromaFormat coded{picture.c_ver, picture.c_hor}, source{picture.s_ver, picture.s_hor};
    const RowRunner threads = rows();
    Planes planes =
        make_planes(std::move(luma), chroma, {picture.display_height(), picture.display_width()}, coded, threads);
    chroma = {};
    dump_synthesis(options.dump, planes);
    convert_chroma(planes, source, threads);
    dump_planes(options.dump, "rec", planes);
    CachedEicciBank eicci(impl_->networks, point);
    PostFilterInputs filters;
    filters.picture = &picture;
    filters.tools = &stream.tools;
    filters.synthesis = point;
    filters.scale_log = &latents.component[kPrimary].scale_log;
    filters.eicci = &eicci;
    filters.quirks = quirks_of(options);
    filters.rows = threads;
    filters.done = [&](PostFilter filter, const Planes& filtered) {
        dump_planes(options.dump, fmt::format("filt.{}", post_filter_name(filter)), filtered);
        job.done(post_filter_name(filter));
    };
    apply_post_filters(planes, filters, job.context());
    finish_colour(planes, options.colour == OutputColour::kYuv ? 0 : picture.colour_transform_idx, threads);
    dump_planes(options.dump, "out", planes);
    if (options.colour == OutputColour::kRgb && !planes.rgb) yuv_to_rgb(planes, threads);
    if (options.window) planes = cut_window(planes, *options.window);
    job.done("colour");
    return {std::move(planes), picture.bit_depth_idc == 0 ? 8U : 10U, stream.rendering, stream.user_data};
}

}  // namespace jpegai
