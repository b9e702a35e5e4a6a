#include "conformance/recipe.h"

#include <algorithm>

#include "base/error.h"
#include "bitstream/bit_writer.h"
#include "decoder/scale_maps.h"
#include "encoder/latent_coder.h"

namespace jpegai::conformance {
namespace {

/// The symbols of a picture, owned.
struct OwnedSymbols {
    std::array<Array3<std::int8_t>, kComponents> z_hat;
    std::array<Array3<std::int16_t>, kComponents> residual;
    Array3<std::int8_t> qp_map;
};

Array3<std::int8_t> draw_map(const PictureHeader& picture, MapStyle style, Random& random) {
    Array3<std::int8_t> map(1, picture.latent_rows(), picture.latent_cols());
    for (std::size_t y = 0; y < map.rows(); ++y) {
        for (std::size_t x = 0; x < map.cols(); ++x) {
            int value = 0;
            if (style == MapStyle::kSteps) value = (y * 3 / map.rows() + x * 3 / map.cols()) % 2 == 0 ? -3 : 6;
            if (style == MapStyle::kNoise) value = random.between(-8, 8);
            if (style == MapStyle::kExtremes) value = (x + y) % 2 == 0 ? 8 : -8;
            map(0, y, x) = static_cast<std::int8_t>(value);
        }
    }
    return map;
}

Array3<std::int8_t> draw_z(std::size_t channels, const PictureHeader& picture, const SymbolStyle& style,
                           Random& random) {
    Array3<std::int8_t> z(channels, picture.hyper_rows(), picture.hyper_cols());
    for (std::int8_t& value : z.span()) {
        if (random.percent(style.z_percent)) {
            value = static_cast<std::int8_t>(random.between(-style.z_range, style.z_range));
        }
    }
    return z;
}

/// A hyper latent that can only be coded as an escape; 31 where the table has a place for every value.
std::int8_t escaping_z(const HyperTable& table) {
    const auto cdf = table.cdf();
    for (std::size_t k = cdf.size() - 1; k > 0; --k) {
        if (cdf[k] == cdf[k - 1]) return static_cast<std::int8_t>(static_cast<int>(k) - kHyperOffset);
    }
    return kHyperOffset;
}

/// A symbol of distribution `table`: mostly small, sometimes at the bound, rarely an escape.
std::int16_t draw_symbol(std::uint8_t table, const SymbolStyle& style, Random& random) {
    const int bound = residual_bounds()[table];
    if (random.percent(style.escape_percent)) {
        const int bits = random.between(0, 15);
        const int magnitude = std::min(32767, bound + random.between(0, 1 << bits));
        if (random.percent(2)) return random.percent(50) ? std::int16_t{32767} : std::int16_t{-32768};
        return static_cast<std::int16_t>(random.percent(50) ? magnitude : -magnitude);
    }
    if (bound < 2 || !random.percent(style.residual_percent)) return 0;
    const int wide = random.between(1, bound - 1);
    const int magnitude = std::min(wide, random.between(1, bound - 1) / 2 + 1);
    return static_cast<std::int16_t>(random.percent(50) ? magnitude : -magnitude);
}

Array3<std::int16_t> draw_residual(const PictureHeader& picture, Component component, const EntropyModel& model,
                                   const OwnedSymbols& symbols, const SymbolStyle& style, Random& random) {
    const ScaleSetup setup =
        make_scale_setup(picture, component, model, picture.gain_3d_enable_flag ? &symbols.qp_map : nullptr);
    const ScaleMaps maps = compute_scale_maps(model, setup, symbols.z_hat[component]);
    Array3<std::int16_t> residual(model.channels(), picture.latent_rows(), picture.latent_cols());
    for (std::size_t i = 0; i < residual.size(); ++i) {
        if (maps.mask.data()[i] == 0) continue;
        const int index = (maps.scale_log.data()[i] + 64) >> kSigmaPrecision;
        const auto table = static_cast<std::uint8_t>(std::clamp(index, 0, kSigmaTables - 1));
        residual.data()[i] = draw_symbol(table, style, random);
    }
    return residual;
}

LatentLanes draw_lanes(const CaseRecipe& recipe, ModelStore& store, Random& random) {
    const PictureHeader& picture = recipe.parts.picture;
    const auto models = store.models(picture.model_id);
    OwnedSymbols symbols;
    if (picture.gain_3d_enable_flag) symbols.qp_map = draw_map(picture, recipe.map, random);
    LatentSymbols view;
    for (const Component c : {kPrimary, kSecondary}) {
        symbols.z_hat[c] = draw_z(models[c]->channels(), picture, recipe.style, random);
        if (recipe.style.last_z_escapes && c == kSecondary) {
            symbols.z_hat[c].span().back() = escaping_z(models[c]->hyper_tables.back());
        }
        symbols.residual[c] = draw_residual(picture, c, *models[c], symbols, recipe.style, random);
        view.z_hat[c] = &symbols.z_hat[c];
        view.residual_quant[c] = &symbols.residual[c];
        view.regions[c] = recipe.regions[c];
    }
    view.qp_map = picture.gain_3d_enable_flag ? &symbols.qp_map : nullptr;
    return encode_latents(picture, models, view);
}

/// Lanes without a byte, as many as the header says.
LatentLanes empty_lanes(const PictureHeader& picture) {
    LatentLanes lanes;
    lanes.hyper.resize(picture.num_threads_z);
    if (picture.gain_3d_enable_flag) lanes.quality_map.emplace(picture.num_threads_q);
    for (std::size_t c = 0; c < kComponents; ++c) {
        lanes.residual[c].assign(picture.region_count(), Lanes(picture.component[c].num_threads_r));
    }
    return lanes;
}

}  // namespace

std::array<const EntropyModel*, kComponents> ModelStore::models(std::size_t model_id) {
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_ARGUMENT, "no such model");
    const std::lock_guard lock(mutex_);
    std::array<const EntropyModel*, kComponents> pointers{};
    for (const Component c : {kPrimary, kSecondary}) {
        auto& slot = loaded_[model_id][c];
        if (!slot) slot = std::make_unique<EntropyModel>(load_entropy_model(*weights_, model_id, c));
        pointers[c] = slot.get();
    }
    return pointers;
}

std::vector<std::uint8_t> make_stream(const CaseRecipe& recipe, ModelStore& models, std::uint64_t seed) {
    Random random(seed, recipe.name);
    CodestreamParts parts = recipe.parts;
    set_lanes(parts, recipe.empty_payload ? empty_lanes(parts.picture) : draw_lanes(recipe, models, random));
    if (recipe.finish_parts) recipe.finish_parts(parts, random);
    std::vector<std::uint8_t> file = write_codestream(parts);
    if (recipe.finish) recipe.finish(file, random);
    return file;
}

std::vector<Segment> split_segments(std::span<const std::uint8_t> file) {
    ParseOptions options;
    options.max_pixels = ~std::uint64_t{0};
    const Codestream stream = parse_codestream(file, options);
    std::vector<Segment> segments;
    for (const Substream& substream : stream.substreams) {
        const auto payload = substream.payload.of(file);
        segments.push_back({static_cast<std::uint16_t>(substream.marker), {payload.begin(), payload.end()}});
    }
    return segments;
}

std::vector<std::uint8_t> join_segments(const std::vector<Segment>& segments) {
    std::vector<std::uint8_t> file = {0xFF, 0x80};
    for (const Segment& segment : segments) {
        BitWriter size;
        size.ue(static_cast<std::uint32_t>(segment.payload.size()));
        const std::vector<std::uint8_t> code = std::move(size).take();
        file.push_back(static_cast<std::uint8_t>(segment.marker >> 8));
        file.push_back(static_cast<std::uint8_t>(segment.marker & 0xFF));
        file.insert(file.end(), code.begin(), code.end());
        file.insert(file.end(), segment.payload.begin(), segment.payload.end());
    }
    file.insert(file.end(), {0xFF, 0x81});
    return file;
}

}  // namespace jpegai::conformance
