#include "decoder/decoder.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "decoder/cost.h"
#include "decoder/cut.h"
#include "decoder/decode_state.h"
#include "decoder/device_planes.h"
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

/// What can be done where the weights lack networks of a stream.
std::string advice_for(const PictureHeader& picture, OperatingPoint point, const NetworkCache& networks) {
    std::string advice = "add them (jpegai models add) or name another set (--models)";
    for (const std::uint8_t id : picture.synthesis_transform_id) {
        if (id > static_cast<std::uint8_t>(OperatingPoint::kHop) || OperatingPoint{id} == point) continue;
        if (!networks.complete_models({OperatingPoint{id}, std::nullopt}).at(picture.model_id)) continue;
        constexpr std::array<const char*, 3> kNames = {"sop", "bop", "hop"};
        return fmt::format("{}, or decode with --point {}, which the stream lists too", advice, kNames.at(id));
    }
    return advice;
}

/// Throws unless the weights are there and those of the stream.
void require_networks(const NetworkCache& networks, const Codestream& stream, OperatingPoint point, bool any_weights) {
    const PictureHeader& picture = stream.picture;
    // Whose weights it takes says more than that some are missing.
    const bool has_common = networks.complete_models({}).at(picture.model_id);
    if (has_common && !any_weights)
        networks.require_weights_of(stream.user_data, picture.model_id, std::array{WeightPart::kCommon});
    networks.require(picture.model_id, {point, std::nullopt}, advice_for(picture, point, networks));
    if (!any_weights)
        networks.require_weights_of(stream.user_data, picture.model_id, std::array{synthesis_part(point)});
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
    const Area area{window.y, window.x, window.height, window.width};
    Planes out;
    out.chroma = planes.chroma;
    out.rgb = planes.rgb;
    for (std::size_t i = 0; i < 3; ++i) out.plane[i] = cut(planes.plane[i], window_of_plane(area, planes.chroma, i));
    return out;
}

/// Dumped by now; only the scale map of luma has a reader left (LEF).
void free_intermediates(Latents& latents) {
    for (LatentComponent& component : latents.component) {
        component.skip_scale_log = {};
        component.mask = {};
        component.residual_quant = {};
    }
    latents.component[kSecondary].scale_log = {};
}

/// The second half on the host: finished planes, not rounded. device_decode.cpp has the same on a device.
Planes finish_on_host(const NetworkCache& networks, StartedDecode::State& decode, const RowRunner& threads) {
    const Codestream& stream = decode.stream;
    const PictureHeader& picture = stream.picture;
    const DecodeOptions& options = decode.options;
    Latents& latents = decode.latents;
    DecodeJob& job = *decode.job;
    const std::vector<RegionWindow> regions = region_windows(picture);
    std::array<Array3<float>, kComponents> y_hat;
    for (const Component c : {kPrimary, kSecondary}) {
        LatentComponent& latent = latents.component[c];
        const std::string prefix = dump_prefix(c);
        const Array3<float> psi = decode_psi(networks, picture, c, regions, latent.z_hat, job.context());
        dump(options.dump, prefix + ".psi", psi);
        job.done("hyper decoder " + prefix, decode.cost.macs_of("hyper decoder " + prefix));
        y_hat[c] = decode_latent(networks, picture, c, regions, psi, latent.residual, job.context());
        dump(options.dump, prefix + ".y_hat_pre_lsbs", y_hat[c]);
        if (stream.tools.lsbs_enable_flag[c])
            apply_lsbs(y_hat[c], latent.residual, latent.rvs_likely, picture.model_id);
        dump(options.dump, prefix + ".y_hat", y_hat[c]);
        latent.residual = {};
        job.done("latent " + prefix, decode.cost.macs_of("latent " + prefix));
    }

    const Area wanted = decode.wanted_area();
    Array3<float> luma =
        synthesise(networks, picture, decode.point, kPrimary, y_hat[kPrimary], nullptr, wanted, job.context());
    job.done("synthesis y", decode.cost.macs_of("synthesis y"));
    Array3<float> chroma = synthesise(networks, picture, decode.point, kSecondary, y_hat[kPrimary], &y_hat[kSecondary],
                                      wanted, job.context());
    y_hat = {};
    job.done("synthesis uv", decode.cost.macs_of("synthesis uv"));

    Planes planes = make_planes(std::move(luma), std::move(chroma), {picture.display_height(), picture.display_width()},
                                {picture.c_ver, picture.c_hor}, threads);
    dump_synthesis(options.dump, planes);
    convert_chroma(planes, {picture.s_ver, picture.s_hor}, threads);
    dump_planes(options.dump, "rec", planes);
    CachedEicciBank eicci(networks, decode.point);
    PostFilterInputs filters = decode.filter_inputs();
    filters.eicci = &eicci;
    filters.rows = threads;
    filters.done = [&](PostFilter filter, const Planes& filtered) {
        dump_planes(options.dump, fmt::format("filt.{}", post_filter_name(filter)), filtered);
        job.done(post_filter_name(filter));
    };
    apply_post_filters(planes, filters, job.context());
    finish_colour(planes, decode.colour_transform(), threads);
    dump_planes(options.dump, "out", planes);
    if (options.colour == OutputColour::kRgb && !planes.rgb) yuv_to_rgb(planes, threads);
    if (options.window) planes = cut_window(planes, *options.window);
    job.done("colour");
    return planes;
}

/// Where to decode: the device on which networks have begun, else a new one of the backend; null without one.
std::shared_ptr<PictureDevice> device_for(const StartedDecode::State& state, const Backend& backend) {
    return state.device ? state.device : backend.picture_device();
}

/// The second half on a device, as far as it has not begun: finished planes, not rounded.
DevicePlanes finish_on(PictureDevice& device, const NetworkCache& networks, StartedDecode::State& state) {
    if (state.begun) return state.begun->finish();
    const std::unique_ptr<DeviceDecode> decode = make_device_decode(networks, state, device);
    decode->hyper_decoded(state.latents);
    for (const Component c : {kPrimary, kSecondary}) decode->component_decoded(state.latents, c);
    return decode->finish();
}

/// Samples of planes on a device, brought to the host.
Picture download_samples(PictureDevice& device, const DevicePlanes& planes, unsigned depth,
                         const RenderingInfo& rendering) {
    const std::array<DeviceSamples, 3> samples = quantise(device, planes, depth, true);
    Picture picture;
    picture.model = planes.rgb ? ColourModel::kRgb : ColourModel::kYuv;
    picture.chroma = planes.chroma;
    picture.bit_depth = depth;
    picture.range = SampleRange::kFull;
    picture.colour = rendering.cicp;
    picture.planes = device.download(samples);
    return picture;
}

}  // namespace

std::uint64_t default_memory_limit() {
    const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGE_SIZE);
    return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 2
                                 : std::uint64_t{1} << 32;
}

Area StartedDecode::State::wanted_area() const {
    return jpegai::wanted_area(stream, options.window, options.colour);
}

StartedDecode::StartedDecode(std::unique_ptr<State> state) : state_(std::move(state)) {}
StartedDecode::StartedDecode(StartedDecode&&) noexcept = default;
StartedDecode& StartedDecode::operator=(StartedDecode&&) noexcept = default;
StartedDecode::~StartedDecode() = default;

std::uint64_t StartedDecode::memory() const {
    return state_->cost.memory;
}

Picture DecodedPicture::to_picture(std::optional<unsigned> depth, const RowRunner& rows) const& {
    Picture picture = quantise(planes, depth.value_or(bit_depth), rows);
    picture.colour = rendering.cicp;
    return picture;
}

Picture DecodedPicture::to_picture(std::optional<unsigned> depth, const RowRunner& rows) && {
    Picture picture = quantise(std::move(planes), depth.value_or(bit_depth), rows);
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
                                const DecodeOptions& options, LatentListener* listener) const {
    const std::size_t model = stream.picture.model_id;
    if (model >= kModels) throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format("model_id {} is not defined", model));
    if (!options.force_models)
        impl_->networks.require_weights_of(stream.user_data, model, std::array{WeightPart::kCommon});
    const std::array<const EntropyModel*, kComponents> models = {&impl_->networks.entropy(model, kPrimary),
                                                                 &impl_->networks.entropy(model, kSecondary)};
    EntropyOptions entropy;
    entropy.max_channels = options.max_channels;
    entropy.keep_intermediates = options.dump || stream.tools.lef_ch_idx;  // LEF reads the scale map
    entropy.listener = listener;
    Latents latents = decode_latents(stream, file, models, entropy);
    dump_latents(options.dump, latents, models);
    return latents;
}

const Backend& Decoder::backend() const {
    return impl_->networks.backend();
}

StartedDecode Decoder::start(std::span<const std::uint8_t> file, const DecodeOptions& options) const {
    return start(file, options, false);
}

StartedDecode Decoder::start(std::span<const std::uint8_t> file, const DecodeOptions& options,
                             bool networks_ahead) const {
    auto state = std::make_unique<StartedDecode::State>(options, parse(file, options));
    const Codestream& stream = state->stream;
    const PictureHeader& picture = stream.picture;
    state->point = choose_point(picture, options.point);
    const OperatingPoint point = state->point;
    require_conforming(picture, stream.dialect, stream.substreams.front().payload.offset,
                       {options.strict, static_cast<std::uint8_t>(point)});
    if (options.window) check_window(picture, *options.window, is_yuv(picture, options.colour));
    check_post_filters(picture, stream.tools, point, state->quirks());
    const DecodeCost work = estimate_work(stream, point);
    check_work(work, options.limits);
    DecodeJob& job = state->job.emplace(state->options, work.macs);
    job.done("parse");

    require_networks(impl_->networks, stream, point, options.force_models);
    impl_->networks.prepare(picture, stream.tools, point);
    state->cost =
        estimate_cost(stream, point, impl_->networks, {.keep_intermediates = static_cast<bool>(options.dump)});
    check_memory(state->cost, options.limits);
    if (options.stats != nullptr) {
        options.stats->estimated_memory = state->cost.memory;
        options.stats->macs = state->cost.macs;
    }
    job.done("load");
    if (options.admit) {
        options.admit(state->cost.memory);
        job.restart();
    }

    if (networks_ahead && options.stats == nullptr && !options.dump) state->device = backend().picture_device();
    if (state->device) {
        state->device->wait_busily();
        state->begun = make_device_decode(impl_->networks, *state, *state->device);
    }
    state->latents = decode_entropy(stream, file, options, state->begun.get());
    free_intermediates(state->latents);
    job.done("entropy");
    return StartedDecode(std::move(state));
}

DecodedPicture Decoder::finish(StartedDecode decode) const {
    StartedDecode::State& state = *decode.state_;
    state.job->restart();
    DecodedPicture decoded;
    if (const auto device = device_for(state, backend())) {
        decoded.planes = download(*device, finish_on(*device, impl_->networks, state));
    } else {
        decoded.planes = finish_on_host(impl_->networks, state, rows());
    }
    decoded.bit_depth = state.bit_depth();
    decoded.rendering = state.stream.rendering;
    decoded.user_data = state.stream.user_data;
    return decoded;
}

Picture Decoder::finish_samples(StartedDecode decode, std::optional<unsigned> depth) const {
    StartedDecode::State& state = *decode.state_;
    const auto device = device_for(state, backend());
    if (!device) return finish(std::move(decode)).to_picture(depth, rows());
    state.job->restart();
    const DevicePlanes planes = finish_on(*device, impl_->networks, state);
    Picture picture = download_samples(*device, planes, depth.value_or(state.bit_depth()), state.stream.rendering);
    state.job->done("download");
    return picture;
}

DevicePicture Decoder::finish_on_device(StartedDecode decode, std::optional<unsigned> depth) const {
    DevicePicture picture;
    StartedDecode::State& state = *decode.state_;
    picture.device = device_for(state, backend());
    if (!picture.device) {
        throw Error(JPEGAI_ERROR_UNSUPPORTED, "the backend " + backend().describe() + " has no memory of its own");
    }
    const DevicePlanes planes = finish_on(*picture.device, impl_->networks, state);
    picture.bit_depth = depth.value_or(state.bit_depth());
    picture.samples = quantise(*picture.device, planes, picture.bit_depth, false);
    picture.model = planes.rgb ? ColourModel::kRgb : ColourModel::kYuv;
    picture.chroma = planes.chroma;
    picture.rendering = state.stream.rendering;
    picture.user_data = state.stream.user_data;
    return picture;
}

DecodedPicture Decoder::decode(std::span<const std::uint8_t> file, const DecodeOptions& options) const {
    return finish(start(file, options, true));
}

Picture Decoder::decode_samples(std::span<const std::uint8_t> file, const DecodeOptions& options,
                                std::optional<unsigned> depth) const {
    return finish_samples(start(file, options, true), depth);
}

DevicePicture Decoder::decode_on_device(std::span<const std::uint8_t> file, const DecodeOptions& options,
                                        std::optional<unsigned> depth) const {
    return finish_on_device(start(file, options, true), depth);
}

}  // namespace jpegai
