#include "decoder/scale_maps.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "decoder/cube_flags.h"
#include "decoder/scale_rows.h"

namespace jpegai {
namespace {

constexpr std::size_t kBlock = kAnalysisBlock;

/// Values per padded row: what the vectorised loops may touch.
std::size_t padded(std::size_t cols) {
    return ceil_div<std::size_t>(cols, 16) * 16;
}

/// The scale pipeline of one component, fed with bands of s0.
class ScalePipeline {
public:
    ScalePipeline(const ScaleSetup& setup, const ScaleTargets& targets)
        : setup_(setup),
          targets_(targets),
          likely_(targets.maps != nullptr ? &targets.maps->rvs_likely : targets.rvs_likely),
          stride_(padded(setup.cols)),
          skip_(1, kBlock, stride_),
          add_(1, 1, stride_),
          sums_(1, 1, stride_),
          entries_(1, kBlock, stride_),
          needs_skip_(likely_ != nullptr || !setup.qp_map.empty()) {
        if (!setup.qp_map.empty()) {
            quality_ = Array3<std::int16_t>(1, setup.rows, stride_);
            for_positions([&](std::size_t y, std::size_t x) {
                quality_(0, y, x) = kQualityMapLog[static_cast<std::size_t>(setup.qp_map(0, y, x) + kQualityMapMax)];
            });
        }
        if (!setup.forced.empty()) {
            masked_ = Array3<std::int16_t>(1, setup.rows, stride_);
            for_positions(
                [&](std::size_t y, std::size_t x) { masked_(0, y, x) = setup.forced(0, y, x) != 0 ? 0 : -1; });
        }
    }

    void consume(const ScaleRows& part) {
        for (std::size_t row = 0; row < part.rows; row += kBlock) {
            block_row(part, row, std::min(kBlock, part.rows - row));
        }
    }

private:
    template <class Function>
    void for_positions(const Function& function) const {
        for (std::size_t y = 0; y < setup_.rows; ++y) {
            for (std::size_t x = 0; x < setup_.cols; ++x) function(y, x);
        }
    }

    /// Up to 8 rows of one channel, starting at row `row` of the band.
    void block_row(const ScaleRows& part, std::size_t row, std::size_t rows) {
        const std::size_t channel = part.channel, first = part.first_row + row;
        const Rows<const std::int16_t> s0 = {part.data + row * part.stride, part.stride};
        const bool to_table = channel < targets_.table_channels;
        const std::int16_t gain = setup_.gain[channel];
        if (!needs_skip_) {
            if (!to_table) return;
            const std::int16_t add = setup_.rvs_table(channel).log[0];
            write_table(channel, first, rows, [&](Rows<std::uint8_t> table) {
                gain_table_rows(s0, gain, add, picture_rows(masked_, first), rows, stride_, table);
            });
            return;
        }
        add_gain(s0, gain, picture_rows(quality_, first), rows, stride_, {skip_.data(), stride_});
        if (likely_ != nullptr) analyse(channel, first / kBlock, rows);
        fill_add(channel, first / kBlock);
        const auto fill_table = [&](Rows<std::uint8_t> table) {
            table_rows({skip_.data(), stride_}, add_.data(), picture_rows(masked_, first), rows, stride_, table);
        };
        if (to_table) write_table(channel, first, rows, fill_table);
        if (targets_.maps != nullptr) {
            fill_table({entries_.data(), stride_});
            for (std::size_t y = 0; y < rows; ++y) keep(channel, first, y);
        }
    }

    /// Rows of a padded plane of the picture from row `first`; no data when the plane is empty.
    static Rows<const std::int16_t> picture_rows(const Array3<std::int16_t>& plane, std::size_t first) {
        if (plane.empty()) return {};
        return {plane.row(0, first), plane.cols()};
    }

    /// Lets `fill` write rows first .. first + rows - 1 of a channel, each padded, and brings them to the table.
    template <class Fill>
    void write_table(std::size_t channel, std::size_t first, std::size_t rows, const Fill& fill) {
        // With one region the rows follow each other: what a row has in excess, the next ones overwrite.
        const std::size_t following = (setup_.rows - first - rows) * setup_.cols;
        if (targets_.layout->regions() == 1 && following >= stride_ - setup_.cols) {
            fill({targets_.layout->row(targets_.table, 0, channel, first), setup_.cols});
            return;
        }
        fill({entries_.data(), stride_});
        for (std::size_t y = 0; y < rows; ++y) {
            targets_.layout->scatter_row(entries_.row(0, y), channel, first + y, targets_.table);
        }
    }

    /// Means of 8x8 blocks; outside the picture the scale counts as kAnalysisPad.
    void analyse(std::size_t channel, std::size_t block_row, std::size_t rows) {
        const std::size_t blocks = ceil_div(setup_.cols, kBlock), width = blocks * kBlock;
        for (std::size_t y = 0; y < kBlock; ++y) {
            std::int16_t* values = skip_.row(0, y);
            std::fill(values + (y < rows ? setup_.cols : 0), values + width, std::int16_t{kAnalysisPad});
        }
        sum_rows({skip_.data(), stride_}, stride_, sums_.data());
        std::int16_t* likely = likely_->row(channel, block_row);
        for (std::size_t b = 0; b < blocks; ++b) {
            std::int32_t sum = 32;
            for (std::size_t x = 0; x < kBlock; ++x) sum += sums_.data()[b * kBlock + x];
            likely[b] = static_cast<std::int16_t>(std::clamp(sum >> 6, 0, kAnalysisMax));
        }
    }

    /// The RVS and GRFS term of every column of a block row.
    void fill_add(std::size_t channel, std::size_t block_row) {
        const RvsTable& table = setup_.rvs_table(channel);
        if (!setup_.rvs) {
            std::fill_n(add_.data(), stride_, table.log[0]);
            return;
        }
        const std::int16_t* likely = likely_->row(channel, block_row);
        for (std::size_t b = 0; b < likely_->cols(); ++b) {
            std::fill_n(add_.data() + b * kBlock, kBlock, table.log[rvs_bucket(setup_.model_id, likely[b])]);
        }
    }

    /// Row y of skip_, add_ and entries_ into the maps.
    void keep(std::size_t channel, std::size_t first, std::size_t y) {
        ScaleMaps& maps = *targets_.maps;
        const bool coded = channel < setup_.coded_channels;
        const std::int16_t* skip = skip_.row(0, y);
        const std::uint8_t* entries = entries_.row(0, y);
        std::copy_n(skip, setup_.cols, maps.skip_scale_log.row(channel, first + y));
        for (std::size_t x = 0; x < setup_.cols; ++x) {
            maps.scale_log(channel, first + y, x) = static_cast<std::int16_t>(skip[x] + add_.data()[x]);
            maps.mask(channel, first + y, x) = coded && entries[x] != kNotCoded ? 1 : 0;
        }
    }

    const ScaleSetup& setup_;
    const ScaleTargets& targets_;
    Array3<std::int16_t>* likely_;
    std::size_t stride_;
    Array3<std::int16_t> skip_;     ///< 8 rows before RVS and GRFS
    Array3<std::int16_t> add_;      ///< one row: RVS and GRFS term
    Array3<std::int32_t> sums_;     ///< one row: column sums of skip_
    Array3<std::uint8_t> entries_;  ///< 8 rows of distribution indices
    bool needs_skip_;               ///< something else than the table depends on skip_
    Array3<std::int16_t> quality_;  ///< quality-map term of the whole picture, padded rows
    Array3<std::int16_t> masked_;   ///< 0 at forced positions, -1 elsewhere, padded rows
};

void check_targets(const ScaleSetup& setup, std::size_t channels, const ScaleTargets& targets) {
    const Array3<std::int16_t>* likely = targets.maps != nullptr ? &targets.maps->rvs_likely : targets.rvs_likely;
    if (setup.rvs && likely == nullptr) throw Error(JPEGAI_ERROR_INTERNAL, "RVS needs the block analysis");
    if (targets.table_channels > channels ||
        (targets.table_channels != 0 &&
         (targets.layout == nullptr || targets.table.size() != targets.layout->size()))) {
        throw Error(JPEGAI_ERROR_INTERNAL, "scale pipeline: table does not fit");
    }
}

}  // namespace

Array3<std::int16_t> make_block_array(const ScaleSetup& setup, std::size_t channels) {
    return Array3<std::int16_t>::uninitialized(channels, ceil_div(setup.rows, kBlock), ceil_div(setup.cols, kBlock));
}

ScaleMaps make_scale_maps(const ScaleSetup& setup, std::size_t channels) {
    ScaleMaps maps;
    maps.skip_scale_log = Array3<std::int16_t>::uninitialized(channels, setup.rows, setup.cols);
    maps.scale_log = Array3<std::int16_t>::uninitialized(channels, setup.rows, setup.cols);
    maps.mask = Array3<std::uint8_t>::uninitialized(channels, setup.rows, setup.cols);
    maps.rvs_likely = make_block_array(setup, channels);
    return maps;
}

ScaleSetup make_scale_setup(const PictureHeader& picture, Component component, const EntropyModel& model,
                            const Array3<std::int8_t>* qp_map) {
    const ComponentHeader& header = picture.component[component];
    const std::size_t channels = model.channels();
    if (picture.model_id >= kModels) throw Error(JPEGAI_ERROR_HEADER, "no model " + std::to_string(picture.model_id));
    if (model.gain_vector_log.size() != channels) throw Error(JPEGAI_ERROR_MODEL, "gain vector has a wrong length");

    ScaleSetup setup;
    setup.model_id = picture.model_id;
    setup.rows = picture.latent_rows();
    setup.cols = picture.latent_cols();
    setup.rvs = header.rvs_enable_flag;
    setup.coded_channels = std::min<std::size_t>(header.num_chs, channels);
    const int beta = picture.beta_displacement_log[component];
    for (std::size_t c = 0; c < channels; ++c) {
        const int gain = model.gain_vector_log[c];
        if (std::min(gain, beta) < kGainLogMin || std::max(gain, beta) > kGainLogMax) {
            throw Error(JPEGAI_ERROR_MODEL, "gain outside -2048..2047");
        }
        setup.gain.push_back(static_cast<std::int16_t>(gain + beta));
        const bool flag = c < header.grfs_channel_flag.size() && header.grfs_channel_flag[c] != 0;
        setup.grfs.push_back(!header.grfs_enable_flag ? GrfsVariant::kOff
                                                      : (flag ? GrfsVariant::kFlag1 : GrfsVariant::kFlag0));
    }
    if (qp_map != nullptr) {
        if (qp_map->rows() != setup.rows || qp_map->cols() != setup.cols) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "quality map does not fit the picture");
        }
        setup.qp_map = *qp_map;
    }
    setup.forced = forced_positions(picture, component);
    return setup;
}

void compute_scales(const EntropyModel& model, const ScaleSetup& setup, const Array3<std::int8_t>& z_hat,
                    std::size_t channels, const ScaleTargets& targets) {
    check_targets(setup, channels, targets);
    if (ceil_div<std::size_t>(setup.cols, 4) > z_hat.cols()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "hyper latent does not fit the picture");
    }
    ScalePipeline pipeline(setup, targets);
    model.hyper_scale->run(z_hat, channels, setup.rows, [&](const ScaleRows& part) { pipeline.consume(part); });
}

void compute_scales_from(const ScaleSetup& setup, const Array3<std::int16_t>& s0, const ScaleTargets& targets) {
    if (s0.channels() != setup.gain.size() || s0.rows() != setup.rows || s0.cols() != setup.cols) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "s0 does not fit the picture");
    }
    check_targets(setup, s0.channels(), targets);
    ScalePipeline pipeline(setup, targets);
    Array3<std::int16_t> plane(1, s0.rows(), padded(s0.cols()));
    for (std::size_t c = 0; c < s0.channels(); ++c) {
        for (std::size_t y = 0; y < s0.rows(); ++y) std::copy_n(s0.row(c, y), s0.cols(), plane.row(0, y));
        pipeline.consume({c, 0, s0.rows(), plane.data(), plane.cols()});
    }
}

ScaleMaps compute_scale_maps(const EntropyModel& model, const ScaleSetup& setup, const Array3<std::int8_t>& z_hat) {
    ScaleMaps maps = make_scale_maps(setup, model.channels());
    ScaleTargets targets;
    targets.maps = &maps;
    compute_scales(model, setup, z_hat, model.channels(), targets);
    return maps;
}

}  // namespace jpegai
