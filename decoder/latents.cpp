#include "decoder/latents.h"

#include <algorithm>
#include <ctime>

#include "base/error.h"
#include "decoder/dequantise.h"
#include "decoder/quality_map.h"
#include "decoder/scale_maps.h"

namespace jpegai {
namespace {

/// Adds the processor time of this thread since its construction to a figure.
class Stopwatch {
public:
    explicit Stopwatch(double* seconds) : seconds_(seconds), start_(now()) {}
    ~Stopwatch() { *seconds_ += now() - start_; }
    Stopwatch(const Stopwatch&) = delete;
    Stopwatch& operator=(const Stopwatch&) = delete;

private:
    static double now() {
        std::timespec time{};
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
        return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
    }
    double* seconds_;
    double start_;
};

/// The lanes of a block with their bytes. Throws Error{argument} when they do not lie in the file.
std::vector<LaneBytes> lane_bytes(const LaneBlock& block, std::span<const std::uint8_t> file) {
    std::vector<LaneBytes> lanes;
    for (const ByteRange& range : block.lanes) {
        if (range.offset > file.size() || range.size > file.size() - range.offset) {
            throw Error(JPEGAI_ERROR_ARGUMENT, range.offset, "the codestream was not parsed from these bytes");
        }
        lanes.push_back({range.of(file), range.offset});
    }
    return lanes;
}

/// Decoder of one stream; members are what the steps share.
class LatentDecoder {
public:
    LatentDecoder(const Codestream& stream, std::span<const std::uint8_t> file,
                  const std::array<const EntropyModel*, kComponents>& models, const EntropyOptions& options,
                  EntropyTimes& times)
        : stream_(stream), picture_(stream.picture), file_(file), models_(models), options_(options), times_(times) {
        for (const EntropyModel* model : models) {
            if (model == nullptr || model->hyper_scale == nullptr ||
                model->hyper_scale->channels() != model->channels()) {
                throw Error(JPEGAI_ERROR_ARGUMENT, "entropy model missing or incomplete");
            }
        }
    }

    Latents run() {
        Latents latents;
        decode_map(latents);
        decode_hyper(latents);
        LatentListener* const listener = options_.listener;
        if (listener != nullptr) listener->hyper_decoded(latents);
        for (const Component component : {kPrimary, kSecondary}) {
            decode_component(latents, component);
            if (listener != nullptr) listener->component_decoded(latents, component);
        }
        return latents;
    }

private:
    void decode_map(Latents& latents) const {
        if (!picture_.gain_3d_enable_flag) return;
        if (!stream_.quality_map) throw Error(JPEGAI_ERROR_ARGUMENT, "quality map enabled, but not present");
        latents.qp_map = decode_quality_map(picture_, lane_bytes(*stream_.quality_map, file_));
    }

    void decode_hyper(Latents& latents) const {
        const Stopwatch watch(&times_.hyper_symbols);
        HyperDecoder decoder(lane_bytes(stream_.hyper, file_));
        for (const Component component : {kPrimary, kSecondary}) {
            const EntropyModel& model = *models_[component];
            auto& z_hat = latents.component[component].z_hat;
            z_hat = Array3<std::int8_t>::uninitialized(model.channels(), picture_.hyper_rows(), picture_.hyper_cols());
            for (std::size_t c = 0; c < model.channels(); ++c) {
                decoder.decode_channel(model.hyper_tables[c], {z_hat.plane(c), z_hat.plane_size()});
            }
        }
        decoder.finish();
    }

    void decode_component(Latents& latents, Component component) {
        const EntropyModel& model = *models_[component];
        LatentComponent& out = latents.component[component];
        const ScaleSetup setup =
            make_scale_setup(picture_, component, model, latents.qp_map ? &*latents.qp_map : nullptr);
        const RegionLayout layout(picture_, setup.coded_channels);
        const std::size_t decoded = std::min(setup.coded_channels, options_.max_channels[component]);

        const std::span<std::uint8_t> table = take(table_, layout.size());
        compute(component, setup, layout, decoded, out, table);
        const std::span<std::int16_t> symbols = take(symbols_, layout.size());
        const std::vector<bool> present = decode_symbols(component, layout, decoded, table, symbols);
        {
            const Stopwatch watch(&times_.dequantisation);
            out.residual = residual_memory(component, {model.channels(), {setup.rows, setup.cols}});
            dequantise(setup, layout, symbols, present, decoded, out.rvs_likely, out.residual);
        }
        if (options_.keep_intermediates) keep_symbols(setup, layout, decoded, present, symbols, out);
    }

    [[nodiscard]] Array3<float> residual_memory(Component component, const Shape& shape) const {
        if (options_.listener != nullptr) return options_.listener->residual_memory(component, shape);
        return Array3<float>::uninitialized(shape.channels, shape.size.rows, shape.size.cols);
    }

    /// `size` values of scratch memory that both components use in turn: fresh memory costs more than what is done to
    /// it.
    template <class T>
    static std::span<T> take(Array3<T>& scratch, std::size_t size) {
        if (scratch.size() < size) scratch = Array3<T>::uninitialized(1, 1, size);
        return scratch.span().first(size);
    }

    void compute(Component component, const ScaleSetup& setup, const RegionLayout& layout, std::size_t decoded,
                 LatentComponent& out, std::span<std::uint8_t> table) const {
        const Stopwatch watch(&times_.scales);
        const EntropyModel& model = *models_[component];
        ScaleTargets targets;
        targets.table = table;
        targets.layout = &layout;
        targets.table_channels = table_channels(setup, layout, decoded);
        if (targets.table_channels != setup.coded_channels) std::fill(table.begin(), table.end(), kNotCoded);
        ScaleMaps maps;
        if (options_.keep_intermediates) {
            maps = make_scale_maps(setup, model.channels());
            targets.maps = &maps;
            compute_scales(model, setup, out.z_hat, model.channels(), targets);
            out.skip_scale_log = std::move(maps.skip_scale_log);
            out.scale_log = std::move(maps.scale_log);
            out.mask = std::move(maps.mask);
            out.rvs_likely = std::move(maps.rvs_likely);
            return;
        }
        const bool lsbs = stream_.tools.lsbs_enable_flag[component];
        if (setup.rvs || lsbs) {
            out.rvs_likely = make_block_array(setup, model.channels());
            targets.rvs_likely = &out.rvs_likely;
        }
        // LSBS needs the block analysis of all channels, the residual only that of the decoded ones.
        compute_scales(model, setup, out.z_hat, lsbs ? model.channels() : targets.table_channels, targets);
    }

    /// Channels whose distributions the residual decoder reads: the decoded ones and those that the last group of four
    /// elements per lane reaches into (02 section 9).
    static std::size_t table_channels(const ScaleSetup& setup, const RegionLayout& layout, std::size_t decoded) {
        std::size_t smallest = setup.rows * setup.cols;
        for (std::size_t r = 0; r < layout.regions(); ++r) {
            smallest = std::min(smallest, layout.area(r).rows * layout.area(r).cols);
        }
        const std::size_t reach = decoded == 0 ? 0 : ceil_div(4 * kMaxLanes, std::max<std::size_t>(1, smallest));
        return std::min(setup.coded_channels, decoded + reach);
    }

    /// Decodes all regions; returns which ones are there.
    std::vector<bool> decode_symbols(Component component, const RegionLayout& layout, std::size_t decoded,
                                     std::span<const std::uint8_t> table, std::span<std::int16_t> symbols) const {
        const Stopwatch watch(&times_.residual_symbols);
        const auto& blocks = stream_.residual[component];
        if (blocks.size() != layout.regions()) throw Error(JPEGAI_ERROR_ARGUMENT, "number of regions does not fit");
        std::vector<bool> present(layout.regions());
        for (std::size_t r = 0; r < layout.regions(); ++r) {
            present[r] = blocks[r].has_value();
            if (!present[r]) continue;
            const std::size_t elements = decoded * layout.area(r).rows * layout.area(r).cols;
            decode_residual(lane_bytes(*blocks[r], file_), layout.region(table, r), elements,
                            layout.region(symbols, r));
        }
        return present;
    }

    static void keep_symbols(const ScaleSetup& setup, const RegionLayout& layout, std::size_t decoded,
                             const std::vector<bool>& present, std::span<const std::int16_t> symbols,
                             LatentComponent& out) {
        out.residual_quant = Array3<std::int16_t>(out.residual.channels(), setup.rows, setup.cols);
        for (std::size_t r = 0; r < layout.regions(); ++r) {
            const Area& area = layout.area(r);
            for (std::size_t c = 0; c < decoded && present[r]; ++c) {
                for (std::size_t y = 0; y < area.rows; ++y) {
                    std::copy_n(layout.row(symbols, r, c, y), area.cols,
                                out.residual_quant.row(c, area.row + y) + area.col);
                }
            }
        }
    }

    const Codestream& stream_;
    const PictureHeader& picture_;
    std::span<const std::uint8_t> file_;
    const std::array<const EntropyModel*, kComponents>& models_;
    const EntropyOptions& options_;
    EntropyTimes& times_;
    Array3<std::uint8_t> table_;
    Array3<std::int16_t> symbols_;
};

}  // namespace

Latents decode_latents(const Codestream& stream, std::span<const std::uint8_t> file,
                       const std::array<const EntropyModel*, kComponents>& models, const EntropyOptions& options,
                       EntropyTimes* times) {
    EntropyTimes unused;
    return LatentDecoder(stream, file, models, options, times != nullptr ? *times : unused).run();
}

}  // namespace jpegai
