#include "encoder/quantiser.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "base/math.h"
#include "decoder/cube_flags.h"
#include "decoder/cut.h"
#include "decoder/gain.h"
#include "encoder/quantise_rows.h"

namespace jpegai {
namespace {

/// One of the four polyphase parts of the latent grid.
struct Phase {
    std::size_t row, col;
    [[nodiscard]] std::size_t flag_index() const { return 2 * row + col; }
};
/// In the order of the context model (03 section 2.2).
constexpr std::array<Phase, kCubePhases> kPhases = {{{0, 0}, {1, 1}, {0, 1}, {1, 0}}};

/// Everything about one component that all regions share.
struct Job {
    const NetworkCache& networks;
    const PictureHeader& picture;
    Component component;
    const AnalysedComponent& analysed;
    const ScaleSetup& setup;
    const ScaleMaps& maps;
    const QuantiserOptions& options;
    RunContext& context;
};

/// The flags of the picture while they are being found: 1 unless a cube has to be coded whole.
class CubeFlags {
public:
    explicit CubeFlags(const PictureHeader& picture) : flags_(kCubePhases, picture.cube_rows(), picture.cube_cols()) {
        std::fill_n(flags_.data(), flags_.size(), std::uint8_t{1});
    }
    /// Takes over what a region found out about a cube. A cube that a later region sees whole is that region's alone
    /// (it also writes its latents); of one that lies in several regions in parts, any part may ask for it.
    void set(std::size_t phase, std::size_t row, std::size_t col, bool skippable, bool whole) {
        std::uint8_t& flag = flags_(phase, row, col);
        flag = skippable && (whole || flag != 0) ? 1 : 0;
    }
    void write(ComponentHeader& header) const {
        const auto all = flags_.span();
        header.use_cube_flags = std::find(all.begin(), all.end(), 0) != all.end();
        header.cube_flag.clear();
        header.literal_one_groups.clear();
        if (header.use_cube_flags) header.cube_flag.assign(all.begin(), all.end());
    }

private:
    Array3<std::uint8_t> flags_;
};

/// Quantises one component on one region.
class RegionQuantiser {
public:
    RegionQuantiser(const Job& job, const RegionWindow& window, CubeFlags& flags, QuantisedComponent& out)
        : job_(job),
          window_(window),
          flags_(flags),
          out_(out),
          channels_(job.analysed.y.channels()),
          rows_(ceil_div<std::size_t>(window.y.rows, 2)),
          cols_(ceil_div<std::size_t>(window.y.cols, 2)),
          symbols_(Array3<std::int16_t>::uninitialized(channels_, rows_, cols_)),
          difference_(Array3<float>::uninitialized(1, 1, cols_)),
          coded_(Array3<std::uint8_t>::uninitialized(1, 1, cols_)),
          quality_(1, 1, cols_),
          lin_(1, 1, cols_),
          inv_(1, 1, cols_),
          error_(1, 1, cols_),
          tables_(1, 1, cols_),
          latent_(job.options.latent != nullptr ? *job.options.latent : job.analysed.y) {}

    void run() {
        std::array<Array3<float>, kCubePhases> latents;
        for (std::size_t j = 0; j < kCubePhases; ++j) {
            Array3<float> psi = cut_psi(j);
            const Array3<float> mean = job_.component == kPrimary ? predict(psi, latents, j) : std::move(psi);
            latents[j] = quantise_phase(kPhases[j], mean);
        }
    }

private:
    Array3<float> cut_psi(std::size_t j) const {
        const Area& area = window_.psi;
        auto psi = Array3<float>::uninitialized(channels_, rows_, cols_);
        for (std::size_t c = 0; c < channels_; ++c) {
            for (std::size_t y = 0; y < rows_; ++y) {
                std::copy_n(job_.analysed.psi.row(j * channels_ + c, area.row + y) + area.col, cols_, psi.row(c, y));
            }
        }
        return psi;
    }

    Array3<float> predict(const Array3<float>& psi, const std::array<Array3<float>, kCubePhases>& latents,
                          std::size_t j) const {
        std::array<const Array3<float>*, kCubePhases> inputs = {&psi};
        for (std::size_t k = 0; k < j; ++k) inputs[k + 1] = &latents[k];
        const NetworkRunner& runner = job_.networks.context_phase(job_.picture.model_id, j);
        return std::move(runner.run({inputs.data(), j + 1}, {}, job_.context).front());
    }

    /// Quantises all latents of a phase; returns their reconstruction, padding included.
    Array3<float> quantise_phase(Phase phase, const Array3<float>& mean) {
        auto restored = Array3<float>(channels_, rows_, cols_);
        const Size inside = {(window_.y.rows - phase.row + 1) / 2, (window_.y.cols - phase.col + 1) / 2};
        Array3<float> worst(1, ceil_div(first_row() + rows_, kCubeSide), ceil_div(first_col() + cols_, kCubeSide));
        for (std::size_t c = 0; c < job_.setup.coded_channels; ++c) {
            for (std::size_t y = 0; y < inside.rows; ++y) {
                prepare_row(phase, mean, c, y, inside.cols);
                const SymbolPrices prices = this->prices(c);
                quantise_run(difference_.data(), coded_.data(), factors(c), inside.cols, symbols_.row(c, y),
                             restored.row(c, y), weighs() ? &prices : nullptr);
                note_errors(phase, mean, restored, c, y, inside.cols, worst);
            }
        }
        decide_cubes(phase, mean, inside, worst, restored);
        write(phase, inside, restored);
        for (std::size_t i = 0; i < restored.size(); ++i) restored.data()[i] = restored.data()[i] + mean.data()[i];
        return restored;
    }

    /// First row and column of the region on the phase grid of the picture.
    [[nodiscard]] std::size_t first_row() const { return window_.y.row / 2; }
    [[nodiscard]] std::size_t first_col() const { return window_.y.col / 2; }

    /// Differences, mask and factors of one row of a phase.
    void prepare_row(Phase phase, const Array3<float>& mean, std::size_t c, std::size_t y, std::size_t count) {
        const std::size_t row = window_.y.row + 2 * y + phase.row, col = window_.y.col + phase.col;
        const float* latent = latent_.row(c, row) + col;
        const std::int16_t* skip = job_.maps.skip_scale_log.row(c, row) + col;
        const float* mu = mean.row(c, y);
        for (std::size_t x = 0; x < count; ++x) difference_.data()[x] = latent[2 * x] - mu[x];
        for (std::size_t x = 0; x < count; ++x) coded_.data()[x] = skip[2 * x] > kSkipThreshold ? 1 : 0;
        if (!job_.setup.qp_map.empty()) fill_quality(row, col, count);
        if (job_.setup.scales_residual()) fill_scale(c, row, col, count);
        if (weighs()) fill_tables(c, row, col, count);
    }

    [[nodiscard]] bool weighs() const { return !job_.options.weights.empty(); }
    [[nodiscard]] SymbolPrices prices(std::size_t c) const {
        return {weighs() ? job_.options.weights[c] : 0, tables_.data()};
    }
    void fill_tables(std::size_t c, std::size_t row, std::size_t col, std::size_t count) {
        const std::int16_t* scale = job_.maps.scale_log.row(c, row) + col;
        constexpr int kHalf = 64, kShift = 7, kLast = kSigmaTables - 1;
        for (std::size_t x = 0; x < count; ++x) {
            tables_.data()[x] = static_cast<std::uint8_t>(std::clamp((scale[2 * x] + kHalf) >> kShift, 0, kLast));
        }
    }

    void fill_quality(std::size_t row, std::size_t col, std::size_t count) {
        const std::int8_t* qp = job_.setup.qp_map.row(0, row) + col;
        for (std::size_t x = 0; x < count; ++x) {
            quality_.data()[x] = kQualityMapLinear[static_cast<std::size_t>(qp[2 * x] + kQualityMapMax)];
        }
    }

    void fill_scale(std::size_t c, std::size_t row, std::size_t col, std::size_t count) {
        const RvsTable& table = job_.setup.rvs_table(c);
        const std::int16_t* likely = job_.maps.rvs_likely.row(c, row / kAnalysisBlock);
        for (std::size_t x = 0; x < count; ++x) {
            const std::size_t bucket =
                job_.setup.rvs ? rvs_bucket(job_.setup.model_id, likely[(col + 2 * x) / kAnalysisBlock]) : 0;
            lin_.data()[x] = table.lin[bucket];
            inv_.data()[x] = static_cast<float>(table.inv[bucket]);
        }
    }

    [[nodiscard]] QuantiserFactors factors(std::size_t c) const {
        QuantiserFactors f;
        f.scaler = gain_scaler(job_.setup.gain[c]);
        f.divisor = gain_divisor(job_.setup.gain[c]);
        if (!job_.setup.qp_map.empty()) f.quality = quality_.data();
        if (job_.setup.scales_residual()) {
            f.lin = lin_.data();
            f.inv = inv_.data();
        }
        return f;
    }

    /// Raises the largest error of every cube that the row touches. Luma compares differences, chroma latents (02
    /// section 12, point 3).
    void note_errors(Phase phase, const Array3<float>& mean, const Array3<float>& restored, std::size_t c,
                     std::size_t y, std::size_t count, Array3<float>& worst) {
        const float* value = restored.row(c, y);
        const float* mu = mean.row(c, y);
        const float* latent = job_.analysed.y.row(c, window_.y.row + 2 * y + phase.row) + window_.y.col + phase.col;
        float* error = error_.data();
        if (job_.component == kPrimary && !weighs()) {
            const float* difference = difference_.data();
            for (std::size_t x = 0; x < count; ++x) error[x] = std::abs(value[x] - difference[x]);
        } else {
            for (std::size_t x = 0; x < count; ++x) error[x] = std::abs((value[x] + mu[x]) - latent[2 * x]);
        }
        if (weighs()) {
            for (std::size_t x = 0; x < count; ++x) error[x] = coded_.data()[x] != 0 ? 0 : error[x];
        }
        float* cubes = worst.row(0, (first_row() + y) / kCubeSide);
        for (std::size_t x = 0; x < count;) {
            const std::size_t cube = (first_col() + x) / kCubeSide;
            const std::size_t end = std::min(count, (cube + 1) * kCubeSide - first_col());
            float largest = cubes[cube];
            for (; x < end; ++x) largest = error[x] > largest ? error[x] : largest;
            cubes[cube] = largest;
        }
    }

    /// Sets the flags of one phase and quantises anew where everything is coded.
    void decide_cubes(Phase phase, const Array3<float>& mean, Size inside, const Array3<float>& worst,
                      Array3<float>& restored) {
        for (std::size_t a = first_row() / kCubeSide; a < worst.rows(); ++a) {
            const Part rows = part(a, first_row(), inside.rows, picture_phase(job_.picture.latent_rows(), phase.row));
            if (rows.count == 0) continue;
            for (std::size_t b = first_col() / kCubeSide; b < worst.cols(); ++b) {
                const Part cols =
                    part(b, first_col(), inside.cols, picture_phase(job_.picture.latent_cols(), phase.col));
                if (cols.count == 0) continue;
                const bool skippable = worst(0, a, b) <= job_.options.cube_threshold;
                flags_.set(phase.flag_index(), a, b, skippable, rows.whole && cols.whole);
                if (!skippable) code_cube(phase, mean, rows, cols, restored);
            }
        }
    }

    /// The part of a cube row or column that lies in the region, counted from the region's first.
    struct Part {
        std::size_t first = 0, count = 0;
        bool whole = false;  ///< all of it that lies in the picture
    };
    static Part part(std::size_t cube, std::size_t region_first, std::size_t region_count, std::size_t picture_count) {
        const std::size_t start = cube * kCubeSide, end = std::min(start + kCubeSide, picture_count);
        const std::size_t from = std::max(start, region_first), to = std::min(end, region_first + region_count);
        if (from >= to) return {};
        return {from - region_first, to - from, from == start && to == end};
    }
    /// Samples of the picture's phase grid in one direction.
    static std::size_t picture_phase(std::size_t length, std::size_t offset) { return (length - offset + 1) / 2; }

    void code_cube(Phase phase, const Array3<float>& mean, Part rows, Part cols, Array3<float>& restored) {
        for (std::size_t y = rows.first; y < rows.first + rows.count; ++y) {
            for (std::size_t c = 0; c < job_.setup.coded_channels; ++c) {
                prepare_row(phase, mean, c, y, cols.first + cols.count);
                const SymbolPrices prices = this->prices(c).from(cols.first);
                quantise_run(difference_.data() + cols.first, nullptr, factors(c).from(cols.first), cols.count,
                             symbols_.row(c, y) + cols.first, restored.row(c, y) + cols.first,
                             weighs() ? &prices : nullptr);
            }
        }
    }

    /// Puts the symbols of a phase to their places in the picture.
    void write(Phase phase, Size inside, const Array3<float>& restored) {
        const Part rows = kept(window_.y.row, phase.row, inside.rows, window_.y_write.row, window_.y_write.rows);
        const Part cols = kept(window_.y.col, phase.col, inside.cols, window_.y_write.col, window_.y_write.cols);
        for (std::size_t c = 0; c < job_.setup.coded_channels; ++c) {
            for (std::size_t y = rows.first; y < rows.first + rows.count; ++y) {
                const std::size_t row = window_.y.row + 2 * y + phase.row, col = window_.y.col + phase.col;
                std::int16_t* to_symbols = out_.residual_quant.row(c, row) + col;
                float* to_residual = out_.residual.row(c, row) + col;
                const std::int16_t* symbols = symbols_.row(c, y);
                const float* values = restored.row(c, y);
                for (std::size_t x = cols.first; x < cols.first + cols.count; ++x) {
                    to_symbols[2 * x] = symbols[x];
                    to_residual[2 * x] = values[x];
                }
            }
        }
    }

    /// Which of `count` samples of a phase, of a region that starts at `start`, lie in [kept_start, kept_start +
    /// kept_count) of the picture.
    static Part kept(std::size_t start, std::size_t offset, std::size_t count, std::size_t kept_start,
                     std::size_t kept_count) {
        const std::size_t first = start + offset;  // picture position of sample 0
        const std::size_t from = kept_start > first ? (kept_start - first + 1) / 2 : 0;
        const std::size_t end = kept_start + kept_count;
        const std::size_t to = end > first ? std::min(count, (end - first + 1) / 2) : 0;
        return {from, to > from ? to - from : 0, false};
    }

    const Job& job_;
    const RegionWindow& window_;
    CubeFlags& flags_;
    QuantisedComponent& out_;
    std::size_t channels_, rows_, cols_;  ///< of one phase
    Array3<std::int16_t> symbols_;        ///< of one phase
    Array3<float> difference_;            ///< this and the following: one row
    Array3<std::uint8_t> coded_;
    Array3<float> quality_, lin_, inv_, error_;
    Array3<std::uint8_t> tables_;  ///< one row, when symbols are weighed
    const Array3<float>& latent_;  ///< what is quantised
};

/// Zeroes what no symbol may be coded for: with several regions a flag may come from another region than a symbol.
void apply_mask(const PictureHeader& picture, Component component, const ScaleMaps& maps, std::size_t coded_channels,
                QuantisedComponent& out) {
    const Array3<std::uint8_t> forced = forced_positions(picture, component);
    for (std::size_t c = 0; c < coded_channels; ++c) {
        const std::int16_t* skip = maps.skip_scale_log.plane(c);
        for (std::size_t i = 0; i < maps.skip_scale_log.plane_size(); ++i) {
            if (skip[i] > kSkipThreshold || (!forced.empty() && forced.data()[i] != 0)) continue;
            out.residual_quant.plane(c)[i] = 0;
            out.residual.plane(c)[i] = 0;
        }
    }
}

}  // namespace

QuantisedComponent quantise_component(const NetworkCache& networks, PictureHeader& picture, Component component,
                                      std::span<const RegionWindow> regions, const AnalysedComponent& analysed,
                                      const Array3<std::int8_t>* qp_map, const QuantiserOptions& options,
                                      RunContext& context) {
    const EntropyModel& model = networks.entropy(picture.model_id, component);
    picture.component[component].use_cube_flags = false;
    picture.component[component].cube_flag.clear();
    const ScaleSetup setup = make_scale_setup(picture, component, model, qp_map);
    ScaleMaps maps = make_scale_maps(setup, model.channels());
    ScaleTargets targets;
    targets.maps = &maps;
    compute_scales_from(setup, analysed.s0, targets);

    QuantisedComponent out;
    out.residual_quant = Array3<std::int16_t>(model.channels(), setup.rows, setup.cols);
    out.residual = Array3<float>(model.channels(), setup.rows, setup.cols);
    CubeFlags flags(picture);
    const Job job = {networks, picture, component, analysed, setup, maps, options, context};
    for (const RegionWindow& window : regions) RegionQuantiser(job, window, flags, out).run();
    flags.write(picture.component[component]);
    if (regions.size() > 1) apply_mask(picture, component, maps, setup.coded_channels, out);
    out.scale_log = std::move(maps.scale_log);
    out.rvs_likely = std::move(maps.rvs_likely);
    return out;
}

}  // namespace jpegai
