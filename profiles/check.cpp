// The rules on a picture header (01 sections 1, 4.4, 4.5, 11, 12 and 13; tiles: 03 section 14).
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/math.h"
#include "profiles/profiles.h"

namespace jpegai {
namespace {

enum RuleIndex : std::size_t {
    kProfileKnown,
    kProfileStream,
    kSynthesisKnown,
    kProfileSynthesis,
    kProfileAlternatives,
    kLevelKnown,
    kLevelSamples,
    kModelKnown,
    kLevelModel,
    kLevelModelDialect,
    kPictureSize,
    kPictureDisplay,
    kPictureBitDepth,
    kFormatSource,
    kFormatCoded,
    kFormatOrder,
    kFormatConversion,
    kColourKnown,
    kColourUser,
    kRegionCount,
    kRegionRows,
    kRegionColumns,
    kRegionEmpty,
    kRegionIndependent,
    kChannels,
    kTileSize,
    kTileOverlap,
    kTileEqual,
    kRuleCount
};

constexpr std::array<Rule, kRuleCount> kRules = {{
    {"profile.known", "decoder_profile_id names a profile: 0 simple, 1 base, 2 high", JPEGAI_ERROR_CONFORMANCE, false},
    {"profile.stream", "stream_profile_idc is 0", JPEGAI_ERROR_CONFORMANCE, false},
    {"synthesis.known", "every synthesis_transform_id names a transform: 0 SOP, 1 BOP, 2 HOP", JPEGAI_ERROR_HEADER,
     false},
    {"profile.synthesis", "the synthesis transform in use belongs to the profile", JPEGAI_ERROR_CONFORMANCE, false},
    {"profile.alternatives", "the alternative synthesis transforms belong to the profile", JPEGAI_ERROR_CONFORMANCE,
     true},
    {"level.known", "level_idc is one of the fifteen levels 1.0 to 5.2", JPEGAI_ERROR_CONFORMANCE, false},
    {"level.samples", "img_width * img_height is at most the sample limit of the level", JPEGAI_ERROR_CONFORMANCE,
     false},
    {"model.known", "model_id is 0 to 3", JPEGAI_ERROR_HEADER, false},
    {"level.model", "the level permits the model", JPEGAI_ERROR_CONFORMANCE, false},
    {"level.model-dialect", "the level permits the model in the dialect of the stream", JPEGAI_ERROR_CONFORMANCE, true},
    {"picture.size", "img_width and img_height are 64 to 65599", JPEGAI_ERROR_HEADER, false},
    {"picture.display", "at most 63 columns and 63 rows are not displayed", JPEGAI_ERROR_HEADER, false},
    {"picture.bit-depth", "bit_depth_idc is 0 (8 bits) or 1 (10 bits)", JPEGAI_ERROR_UNSUPPORTED, false},
    {"format.source", "the source chroma format is 4:4:4, 4:2:2 or 4:2:0", JPEGAI_ERROR_HEADER, false},
    {"format.coded", "the coded chroma format is 4:4:4, 4:2:2 or 4:2:0", JPEGAI_ERROR_HEADER, false},
    {"format.order", "chroma is not coded finer than the source has it", JPEGAI_ERROR_HEADER, false},
    {"format.conversion", "a 4:2:2 source is not coded as 4:2:0", JPEGAI_ERROR_CONFORMANCE, true},
    {"colour.known", "colour_transform_idx is 0 to 2", JPEGAI_ERROR_HEADER, false},
    {"colour.user-matrix", "reconstruction with a user colour matrix is not defined", JPEGAI_ERROR_UNSUPPORTED, false},
    {"region.count", "there are 1 to 128 rows and 1 to 128 columns of regions", JPEGAI_ERROR_HEADER, false},
    {"region.rows", "there are at most ceil(img_height / 256) rows of regions", JPEGAI_ERROR_CONFORMANCE, false},
    {"region.columns", "there are at most ceil(img_width / 512) columns of regions", JPEGAI_ERROR_CONFORMANCE, false},
    {"region.empty", "no region is empty: each has at least 128 luma rows and columns, the last ones excepted",
     JPEGAI_ERROR_HEADER, false},
    {"region.independent", "there are at most 256 independent regions", JPEGAI_ERROR_HEADER, false},
    {"channels.count", "num_chs is at most 160 for the primary and 96 for the secondary component",
     JPEGAI_ERROR_CONFORMANCE, true},
    {"tile.size", "the synthesis tile size is not 0", JPEGAI_ERROR_HEADER, false},
    {"tile.overlap", "the synthesis tile overlap is smaller than the tile, and than the picture where tiles overlap",
     JPEGAI_ERROR_HEADER, false},
    {"tile.equal", "both components have the same synthesis tiles", JPEGAI_ERROR_HEADER, false},
}};

/// Collects violations; one member function per group of rules.
class Checker {
public:
    Checker(const PictureHeader& header, Dialect dialect, const CheckOptions& options)
        : h_(header), dialect_(dialect), options_(options) {}

    std::vector<Violation> run() {
        check_profile();
        check_level();
        check_picture_fields();
        check_formats();
        check_regions();
        check_channels();
        check_tiles();
        std::stable_sort(found_.begin(), found_.end(),
                         [](const Violation& a, const Violation& b) { return a.rule < b.rule; });
        return std::move(found_);
    }

private:
    void report(RuleIndex index, std::string field, std::string message) {
        const Rule& rule = kRules[index];
        const Severity severity = rule.strict_only && !options_.strict ? Severity::kNote : Severity::kError;
        found_.push_back({&rule, severity, std::move(field), std::move(message)});
    }

    void check_profile() {
        const Profile* profile = find_profile(h_.decoder_profile_id);
        if (profile == nullptr) {
            report(kProfileKnown, "decoder_profile_id",
                   fmt::format("profile {} does not exist", h_.decoder_profile_id));
        }
        if (dialect_ == Dialect::kIs && h_.stream_profile_idc != kStreamProfile) {
            report(kProfileStream, "stream_profile_idc",
                   fmt::format("{}, only {} exists", h_.stream_profile_idc, kStreamProfile));
        }
        if (h_.synthesis_transform_id.empty()) {
            report(kSynthesisKnown, "synthesis_transform_id[0]", "no synthesis transform is named");
        }
        for (std::size_t i = 0; i < h_.synthesis_transform_id.size(); ++i) {
            check_synthesis(h_.synthesis_transform_id[i], fmt::format("synthesis_transform_id[{}]", i),
                            i == 0 && !options_.synthesis_transform, profile);
        }
        if (options_.synthesis_transform) {
            check_synthesis(*options_.synthesis_transform, "synthesis transform chosen by the decoder", true, profile);
        }
    }

    void check_synthesis(std::uint8_t id, const std::string& field, bool in_use, const Profile* profile) {
        if (id >= kSynthesisNames.size()) {
            report(kSynthesisKnown, field, fmt::format("synthesis transform {} does not exist", id));
        } else if (profile != nullptr && !profile->synthesis_transforms.contains(id)) {
            report(in_use ? kProfileSynthesis : kProfileAlternatives, field,
                   fmt::format("{} does not belong to the {} profile", kSynthesisNames[id], profile->name));
        }
    }

    void check_level() {
        if (h_.model_id >= kModels) {
            report(kModelKnown, "model_id", fmt::format("model {} does not exist", h_.model_id));
        }
        if (!is_level(h_.level_idc)) {
            report(kLevelKnown, "level_idc", fmt::format("level_idc {} is not a level", h_.level_idc));
        }
        // Each digit is checked by itself, so that an unknown one does not hide what the other says.
        if (const SampleLimit* limit = find_sample_limit(h_.level_idc); limit != nullptr) check_samples(*limit);
        if (const ModelLimit* limit = find_model_limit(h_.level_idc); limit != nullptr && h_.model_id < kModels) {
            check_model(*limit);
        }
    }

    [[nodiscard]] std::string level_label() const {
        return is_level(h_.level_idc) ? "level " + level_name(h_.level_idc) : fmt::format("level_idc {}", h_.level_idc);
    }

    void check_samples(const SampleLimit& limit) {
        const std::uint64_t samples = std::uint64_t{h_.img_width} * h_.img_height;
        if (samples <= limit.max_samples) return;
        report(kLevelSamples, "level_idc",
               fmt::format("{}x{} are {} samples, {} permits {}", h_.img_width, h_.img_height, samples, level_label(),
                           limit.max_samples));
    }

    void check_model(const ModelLimit& limit) {
        if (limit.of(dialect_).contains(h_.model_id)) return;
        const bool is = dialect_ == Dialect::kIs;
        const bool elsewhere = limit.of(is ? Dialect::kDis : Dialect::kIs).contains(h_.model_id);
        std::string message = fmt::format("{} does not permit model {}", level_label(), h_.model_id);
        if (elsewhere) message += is ? " (it does in the DIS dialect)" : " (it does in the IS dialect)";
        report(elsewhere ? kLevelModelDialect : kLevelModel, "model_id", std::move(message));
    }

    void check_picture_fields() {
        const auto side = [&](std::uint32_t value, const char* field) {
            if (value < kMinPictureSide || value > kMaxPictureSide) {
                report(kPictureSize, field,
                       fmt::format("{} is outside {} to {}", value, kMinPictureSide, kMaxPictureSide));
            }
        };
        side(h_.img_width, "img_width_minus64");
        side(h_.img_height, "img_height_minus64");
        const auto cropped = [&](std::uint8_t value, const char* field) {
            if (value >= kMinPictureSide) report(kPictureDisplay, field, fmt::format("{} exceeds 63", value));
        };
        cropped(h_.diff_display_img_width, "diff_display_img_width");
        cropped(h_.diff_display_img_height, "diff_display_img_height");
        if (h_.bit_depth_idc >= kDecodableDepths) {
            report(kPictureBitDepth, "bit_depth_idc",
                   h_.bit_depth_idc < kBitDepths.size()
                       ? fmt::format("{} bits have no decoder", kBitDepths[h_.bit_depth_idc])
                       : fmt::format("bit_depth_idc {} does not exist", h_.bit_depth_idc));
        }
    }

    void check_formats() {
        const ChromaFormatRow* source = find_chroma_format(h_.s_ver, h_.s_hor);
        const ChromaFormatRow* coded = find_chroma_format(h_.c_ver, h_.c_hor);
        const auto unknown = [&](RuleIndex rule, const char* field, std::uint8_t ver, std::uint8_t hor) {
            report(rule, field, fmt::format("chroma factors ({},{}) are not a format", ver, hor));
        };
        if (source == nullptr) unknown(kFormatSource, "s_ver_minus1", h_.s_ver, h_.s_hor);
        if (coded == nullptr) unknown(kFormatCoded, "c_ver_minus1", h_.c_ver, h_.c_hor);
        if (source != nullptr && coded != nullptr) {
            const std::string pair = fmt::format("{} source coded as {}", source->name, coded->name);
            if (h_.c_ver < h_.s_ver || h_.c_hor < h_.s_hor) {
                report(kFormatOrder, "c_ver_minus1", pair);
            } else if (h_.s_hor == 2 && h_.c_ver > h_.s_ver) {
                report(kFormatConversion, "c_ver_minus1", pair + " has no conversion back");
            }
        }
        if (h_.colour_transform_idx > 2) {
            report(kColourKnown, "colour_transform_idx",
                   fmt::format("colour transform {} does not exist", h_.colour_transform_idx));
        } else if (h_.colour_transform_idx == 2) {
            report(kColourUser, "colour_transform_idx", "the stream has its own colour matrix");
        }
    }

    void check_regions() {
        if (!h_.regions) return;
        const RegionHeader& regions = *h_.regions;
        check_region_count(regions.num_ver, "num_ver_splits_minus1", "rows", kRegionRows, h_.img_height,
                           kRegionRowStep);
        check_region_count(regions.num_hor, "num_hor_splits_minus1", "columns", kRegionColumns, h_.img_width,
                           kRegionColStep);
        if (regions.residual_in_its_own_substream && regions.count() > kMaxIndependentRegions) {
            report(kRegionIndependent, "region_residual_in_its_own_substream_flag",
                   fmt::format("{}x{} are {} independent regions", regions.num_ver, regions.num_hor, regions.count()));
        }
    }

    void check_region_count(std::uint32_t count, const char* field, const char* what, RuleIndex limit_rule,
                            std::uint32_t side, std::uint32_t step) {
        if (count < 1 || count > kMaxRegionsPerSide) {
            report(kRegionCount, field, fmt::format("{} {} of regions", count, what));
            return;
        }
        // The limits exist in the IS dialect only; a DIS stream may go down to regions of one unit.
        if (const std::uint32_t limit = ceil_div(side, step); dialect_ == Dialect::kIs && count > limit) {
            report(limit_rule, field, fmt::format("{} {} of regions, {} samples permit {}", count, what, side, limit));
        }
        if (count > ceil_div(side, kRegionUnit)) {
            report(kRegionEmpty, field,
                   fmt::format("{} {} of regions leave some empty in {} samples", count, what, side));
        }
    }

    void check_channels() {
        for (std::size_t c = 0; c < kComponents; ++c) {
            if (h_.component[c].num_chs > kLatentChannels[c]) {
                report(kChannels, fmt::format("num_chs[{}]", c),
                       fmt::format("{} channels, the component has {}", h_.component[c].num_chs, kLatentChannels[c]));
            }
        }
    }

    void check_tiles() {
        for (std::size_t c = 0; c < kComponents; ++c) {
            if (h_.component[c].synthesis_tile_enable) check_tile(h_.component[c], c);
        }
        const ComponentHeader &luma = h_.component[kPrimary], &chroma = h_.component[kSecondary];
        if (luma.synthesis_tile_enable != chroma.synthesis_tile_enable) {
            report(kTileEqual, "synthesis_tile_enable[1]", "only one component is tiled");
        } else if (luma.synthesis_tile_enable &&
                   (luma.synthesis_tile_size_div16 != chroma.synthesis_tile_size_div16 ||
                    luma.synthesis_tile_overlap_div16 != chroma.synthesis_tile_overlap_div16)) {
            report(kTileEqual, "synthesis_tile_size[1]",
                   fmt::format("tiles of {} with overlap {}, the primary component has {} with overlap {}",
                               chroma.synthesis_tile_size_div16 * 16, chroma.synthesis_tile_overlap_div16 * 16,
                               luma.synthesis_tile_size_div16 * 16, luma.synthesis_tile_overlap_div16 * 16));
        }
    }

    void check_tile(const ComponentHeader& component, std::size_t c) {
        const std::uint32_t size = component.synthesis_tile_size_div16 * 16U;
        const std::uint32_t overlap = component.synthesis_tile_overlap_div16 * 16U;
        if (size == 0) {
            report(kTileSize, fmt::format("synthesis_tile_size[{}]", c), "the tile size is 0");
            return;
        }
        // Tiles of independent regions lie side by side and are widened later, so only the others have to advance by
        // (smallest side - overlap) samples.
        const bool side_by_side = h_.independent_regions() || overlap == 0;
        const std::uint32_t room = side_by_side ? size : std::min({size, h_.img_width, h_.img_height});
        if (overlap >= room) {
            report(kTileOverlap, fmt::format("synthesis_tile_overlap[{}]", c),
                   fmt::format("tiles of {} with overlap {} in {}x{}", size, overlap, h_.img_width, h_.img_height));
        }
    }

    const PictureHeader& h_;
    const Dialect dialect_;
    const CheckOptions& options_;
    std::vector<Violation> found_;
};

}  // namespace

std::span<const Rule> rules() {
    return kRules;
}

const Rule* find_rule(std::string_view id) {
    const auto rule = std::find_if(kRules.begin(), kRules.end(), [&](const Rule& r) { return r.id == id; });
    return rule != kRules.end() ? &*rule : nullptr;
}

std::vector<Violation> check_picture(const PictureHeader& header, Dialect dialect, const CheckOptions& options) {
    return Checker(header, dialect, options).run();
}

bool acceptable(std::span<const Violation> violations) {
    return std::none_of(violations.begin(), violations.end(),
                        [](const Violation& v) { return v.severity == Severity::kError; });
}

void require_conforming(const PictureHeader& header, Dialect dialect, std::uint64_t offset,
                        const CheckOptions& options) {
    const std::vector<Violation> violations = check_picture(header, dialect, options);
    const auto is_error = [](const Violation& v) { return v.severity == Severity::kError; };
    const auto first = std::find_if(violations.begin(), violations.end(), is_error);
    if (first == violations.end()) return;
    const auto more = std::count_if(first + 1, violations.end(), is_error);
    std::string message = fmt::format("{}: {} (rule {})", first->field, first->message, first->rule->id);
    if (more != 0) message += fmt::format(" and {} more violation{}", more, more == 1 ? "" : "s");
    throw Error(first->rule->code, offset, message);
}

}  // namespace jpegai
