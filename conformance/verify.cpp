#include "conformance/verify.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "conformance/recipe.h"
#include "decoder/filters/efe_regions.h"
#include "decoder/filters/post_filters.h"
#include "decoder/geometry.h"
#include "decoder/latents.h"

namespace jpegai::conformance {
namespace {

/// Clauses of the rules of profiles/, by the beginning of the rule's id.
struct RuleClause {
    std::string_view prefix, clause;
};
constexpr std::array<RuleClause, 11> kRuleClauses = {{{"profile.stream", "01 section 1"},
                                                      {"profile.", "01 section 12"},
                                                      {"synthesis.", "01 section 12"},
                                                      {"level.", "01 section 12"},
                                                      {"model.", "01 section 13"},
                                                      {"picture.", "01 sections 6 and 11"},
                                                      {"format.", "01 section 11"},
                                                      {"colour.", "04 section 7"},
                                                      {"region.", "01 sections 4.4 and 4.5"},
                                                      {"channels.", "01 section 6"},
                                                      {"tile.", "03 section 14"}}};

/// Rule and clause for an error that ends parsing or decoding.
struct ErrorRule {
    jpegai_error code;
    const char *rule, *clause;
};
constexpr std::array<ErrorRule, 7> kErrorRules = {{
    {JPEGAI_ERROR_TRUNCATED, "container.truncated", "01 section 3"},
    {JPEGAI_ERROR_STRUCTURE, "container.structure", "01 sections 3 and 4"},
    {JPEGAI_ERROR_HEADER, "header.value", "01 sections 6 to 8 and 13"},
    {JPEGAI_ERROR_UNSUPPORTED, "header.unsupported", "01 section 13"},
    {JPEGAI_ERROR_CONFORMANCE, "profile.limits", "01 section 12"},
    {JPEGAI_ERROR_ENTROPY, "entropy.payload", "02 sections 2, 3, 5 and 9"},
    {JPEGAI_ERROR_LIMIT, "limit", "01 section 12"},
}};

/// Pictures whose payloads are decoded; larger ones would take much memory.
constexpr std::uint64_t kMostSamples = 200'000'000;

/// Bytes that the reference software has room for in PIH and in TON (01 section 14, D10).
constexpr std::uint64_t kHeaderBuffer = 10'000;

/// Gain displacements that encoders write (02 section 7.2).
constexpr int kLeastDisplacement = -1069, kMostDisplacement = 702;

std::optional<std::uint64_t> offset_of(const Error& error) {
    if (error.offset() == kNoOffset) return std::nullopt;
    return error.offset();
}

class Verifier {
public:
    Verifier(std::span<const std::uint8_t> file, const VerifyOptions& options) : file_(file), options_(options) {}

    std::vector<Finding> run() {
        try {
            if (!parse()) return std::move(found_);
            check_strict_syntax();
            check_picture_rules();
            check_profile_and_level();
            check_tools();
            check_geometry();
            check_payloads();
            check_container_of_encoder();
            check_headers_of_encoder();
        } catch (const Error& error) {
            report_error(error, "");
        }
        return std::move(found_);
    }

private:
    void report(const char* rule, const char* clause, bool error, std::string field, std::string message) {
        found_.push_back({rule, clause, error, false, std::move(field), std::move(message), std::nullopt});
    }
    void encoder_note(const char* rule, const char* clause, std::string field, std::string message) {
        found_.push_back({rule, clause, false, true, std::move(field), std::move(message), std::nullopt});
    }
    void report_error(const Error& error, const std::string& what) {
        const auto* entry = std::find_if(kErrorRules.begin(), kErrorRules.end(),
                                         [&](const ErrorRule& e) { return e.code == error.code(); });
        const bool known = entry != kErrorRules.end();
        found_.push_back({known ? entry->rule : jpegai_error_name(error.code()), known ? entry->clause : "", true,
                          false, "", what + error.what(), offset_of(error)});
    }

    [[nodiscard]] static ParseOptions unlimited(bool strict) {
        ParseOptions parse;
        parse.header.strict = strict;
        parse.max_pixels = ~std::uint64_t{0};  // sizes are the level's matter
        parse.max_user_data = ~std::uint64_t{0};
        return parse;
    }

    bool parse() {
        try {
            stream_ = parse_codestream(file_, unlimited(false));
            return true;
        } catch (const Error& error) {
            report_error(error, "");
            return false;
        }
    }

    /// What the parser accepts only because decoders ignore it: padding bits, bytes after the last field.
    void check_strict_syntax() {
        try {
            ParseOptions strict = unlimited(true);
            strict.dialect = stream_.dialect;
            (void)parse_codestream(file_, strict);
        } catch (const Error& error) {
            // Too many channels are reported under their own rule.
            const ComponentHeader* c = stream_.picture.component.data();
            if (error.code() == JPEGAI_ERROR_HEADER &&
                (c[0].num_chs > kLatentChannels[0] || c[1].num_chs > kLatentChannels[1])) {
                return;
            }
            found_.push_back(
                {"syntax.strict", "01 sections 2 and 3.2", false, false, "", error.what(), offset_of(error)});
        }
    }

    void check_picture_rules() {
        for (const Violation& violation : check_picture(stream_.picture, stream_.dialect)) {
            found_.push_back({std::string(violation.rule->id), clause_of_rule(violation.rule->id),
                              violation.severity == Severity::kError, false, violation.field, violation.message,
                              stream_.substreams.front().payload.offset});
        }
    }

    /// Whether a decoder of the profile and level that were asked for decodes the stream.
    void check_profile_and_level() {
        const PictureHeader& picture = stream_.picture;
        if (options_.profile) {
            const Profile* profile = find_profile(*options_.profile);
            const std::uint8_t id = picture.synthesis_transform_id.front();
            if (profile != nullptr && !profile->synthesis_transforms.contains(id)) {
                report("target.profile", "01 section 12", true, "synthesis_transform_id[0]",
                       fmt::format("a decoder of the {} profile has no {}", profile->name, synthesis_name(id)));
            }
            if (picture.decoder_profile_id > *options_.profile) {
                report("target.profile", "01 section 12", true, "decoder_profile_id",
                       fmt::format("the stream is of the {} profile, not of {}",
                                   profile_name(picture.decoder_profile_id), profile_name(*options_.profile)));
            }
        }
        if (options_.level && is_level(*options_.level)) check_level(picture, *options_.level);
    }

    void check_level(const PictureHeader& picture, std::uint8_t level) {
        const std::uint64_t samples = std::uint64_t{picture.img_width} * picture.img_height;
        if (samples > *max_samples(level)) {
            report("target.level", "01 section 12", true, "img_width_minus64",
                   fmt::format("{} samples, level {} permits {}", samples, level_name(level), *max_samples(level)));
        }
        if (!permitted_models(level, stream_.dialect)->contains(picture.model_id)) {
            report("target.level", "01 section 12", true, "model_id",
                   fmt::format("level {} does not permit model {}", level_name(level), picture.model_id));
        }
        if (is_level(picture.level_idc) &&
            (picture.level_idc / 10 > level / 10 || picture.level_idc % 10 > level % 10)) {
            report("target.level", "01 section 12", true, "level_idc",
                   fmt::format("the stream claims level {}, which level {} does not include",
                               level_name(picture.level_idc), level_name(level)));
        }
    }

    [[nodiscard]] std::optional<OperatingPoint> point() const {
        const std::uint8_t id = stream_.picture.synthesis_transform_id.front();
        if (id > static_cast<std::uint8_t>(OperatingPoint::kHop)) return std::nullopt;
        return static_cast<OperatingPoint>(id);
    }

    void check_tools() {
        if (!point()) return;
        try {
            check_post_filters(stream_.picture, stream_.tools, *point());
        } catch (const Error& error) {
            found_.push_back({"tools.filters", "04 sections 3 to 6", true, false, "", error.what(), offset_of(error)});
        }
    }

    void check_geometry() {
        try {
            (void)region_windows(stream_.picture);
            for (const Component c : {kPrimary, kSecondary}) (void)synthesis_tiles(stream_.picture, c);
        } catch (const Error& error) {
            found_.push_back({"geometry", "03 sections 13 and 14", true, false, "", error.what(), offset_of(error)});
        }
    }

    /// Lanes have to end in their final states, symbols have to be in range.
    void check_payloads() {
        if (options_.weights == nullptr || stream_.picture.model_id >= kModels) return;
        const std::uint64_t samples = std::uint64_t{stream_.picture.img_width} * stream_.picture.img_height;
        if (samples > kMostSamples) {
            encoder_note("payload.unchecked", "01 section 12", "",
                         fmt::format("payloads of more than {} samples are not checked", kMostSamples));
            return;
        }
        ModelStore store(options_.weights);
        try {
            (void)decode_latents(stream_, file_, store.models(stream_.picture.model_id));
        } catch (const Error& error) {
            report_error(error, "");
        }
    }

    void check_container_of_encoder() {
        static constexpr std::array<Marker, 8> kOrder = {
            Marker::kPictureHeader,   Marker::kToolHeader,        Marker::kUserData, Marker::kRenderingInfo,
            Marker::kResidualPrimary, Marker::kResidualSecondary, Marker::kHyper,    Marker::kQualityMap};
        const auto rank = [](const Substream& s) {
            const std::size_t place =
                static_cast<std::size_t>(std::find(kOrder.begin(), kOrder.end(), s.marker) - kOrder.begin());
            return place * 256 + s.region.value_or(0);
        };
        if (!std::is_sorted(stream_.substreams.begin(), stream_.substreams.end(),
                            [&](const Substream& a, const Substream& b) { return rank(a) < rank(b); })) {
            encoder_note("encoder.order", "01 section 3.3", "",
                         "the substreams are not in the order that encoders write");
        }
        if (!stream_.has_tools || !stream_.has_rendering) {
            encoder_note("encoder.headers", "01 section 3.3", "", "encoders always write TON and RDI");
        }
        if (stream_.size < file_.size()) {
            encoder_note("encoder.tail", "01 section 3.4", "",
                         fmt::format("{} bytes follow EOC", file_.size() - stream_.size));
        }
        for (std::size_t c = 0; c < kComponents; ++c) {
            const auto& regions = stream_.residual[c];
            const auto missing = std::count_if(regions.begin(), regions.end(), [](const auto& r) { return !r; });
            if (missing != 0) {
                encoder_note("encoder.regions", "01 section 4.4", "",
                             fmt::format("{} of {} regions of {} are missing", missing, regions.size(),
                                         c == kPrimary ? "SORP" : "SORS"));
            }
        }
    }

    void check_headers_of_encoder() {
        const PictureHeader& picture = stream_.picture;
        PictureHeader canonical = picture;
        make_canonical(canonical);
        if (canonical != picture) {
            encoder_note(
                "encoder.canonical", "01 section 15", "",
                "a derived flag (independent_beta_uv, use_cube_flags, cube_group_flag) is not what encoders derive");
        }
        for (const Substream& substream : stream_.substreams) {
            const bool header = substream.marker == Marker::kPictureHeader || substream.marker == Marker::kToolHeader;
            if (header && substream.payload.size > kHeaderBuffer) {
                encoder_note("encoder.buffer", "01 section 14 D10", "",
                             fmt::format("{} has {} bytes, the reference software has buffers of {}",
                                         marker_name(substream.marker), substream.payload.size, kHeaderBuffer));
            }
        }
        for (std::size_t c = 0; c < kComponents; ++c) {
            const int beta = picture.beta_displacement_log[c];
            if (beta < kLeastDisplacement || beta > kMostDisplacement) {
                encoder_note("encoder.displacement", "02 section 7.2",
                             fmt::format("beta_displacement_log_plus_2048[{}]", c),
                             fmt::format("a displacement of {}, encoders stay within {} to {}", beta,
                                         kLeastDisplacement, kMostDisplacement));
            }
        }
        const ProfileLevel least = smallest();
        if (least.level_idc != 0 && (picture.level_idc / 10 < least.level_idc / 10)) {
            encoder_note("encoder.level", "01 section 12", "level_idc", "the level is too small for the picture");
        }
        if (stream_.tools.efe_linear) check_efe_regions();
    }

    [[nodiscard]] ProfileLevel smallest() const {
        try {
            return smallest_profile_level({stream_.picture.img_width, stream_.picture.img_height,
                                           stream_.picture.synthesis_transform_id, stream_.picture.model_id,
                                           stream_.dialect, true});
        } catch (const Error&) {
            return {};
        }
    }

    /// Splits with an empty region, which stop the reference software (04 section 3.5).
    void check_efe_regions() {
        const PictureHeader& p = stream_.picture;
        const Size phase = {(p.display_height() + 1) / 2, (p.display_width() + 1) / 2};
        for (const auto& plane : stream_.tools.efe_linear->main.plane) {
            if (plane.best_cand_idx == 0) continue;
            const std::vector<Area> regions = efe_regions(plane.best_cand_idx - 1U, phase);
            const bool empty =
                std::any_of(regions.begin(), regions.end(), [](const Area& a) { return a.rows == 0 || a.cols == 0; });
            if (!empty) continue;
            encoder_note("encoder.efe-regions", "04 section 3.5", "best_cand_idx",
                         "a split of EFE linear has an empty region in a picture of this size");
            return;
        }
    }

    std::span<const std::uint8_t> file_;
    const VerifyOptions& options_;
    Codestream stream_;
    std::vector<Finding> found_;
};

}  // namespace

std::vector<Finding> verify_stream(std::span<const std::uint8_t> file, const VerifyOptions& options) {
    return Verifier(file, options).run();
}

bool conforms(std::span<const Finding> findings) {
    return std::all_of(findings.begin(), findings.end(), [](const Finding& f) { return f.encoder; });
}

namespace {

std::vector<std::string> tools_in_use(const Codestream& stream) {
    const PictureHeader& picture = stream.picture;
    const ToolHeader& tools = stream.tools;
    const auto either = [&](auto flag) {
        return flag(picture.component[kPrimary]) || flag(picture.component[kSecondary]);
    };
    std::vector<std::string> names;
    const auto add = [&](bool on, const char* name) {
        if (on) names.emplace_back(name);
    };
    add(picture.regions.has_value(), picture.independent_regions() ? "independent regions" : "regions");
    add(either([](const ComponentHeader& c) { return c.synthesis_tile_enable; }), "synthesis tiles");
    add(either([](const ComponentHeader& c) { return c.use_cube_flags; }), "cube flags");
    add(picture.gain_3d_enable_flag, "quality map");
    add(either([](const ComponentHeader& c) { return c.rvs_enable_flag; }), "RVS");
    add(either([](const ComponentHeader& c) { return c.grfs_enable_flag; }), "GRFS");
    add(tools.lsbs_enable_flag[kPrimary] || tools.lsbs_enable_flag[kSecondary], "LSBS");
    add(tools.efe_linear.has_value(), "EFE linear");
    add(tools.eicci.has_value(), "eICCI");
    add(tools.efe_nonlinear.has_value(), "EFE non-linear");
    add(tools.lef_ch_idx.has_value(), "LEF");
    return names;
}

}  // namespace

std::optional<StreamFigures> stream_figures(std::span<const std::uint8_t> file) {
    Codestream stream;
    try {
        ParseOptions parse;
        parse.max_pixels = parse.max_user_data = ~std::uint64_t{0};
        stream = parse_codestream(file, parse);
    } catch (const Error&) {
        return std::nullopt;
    }
    const PictureHeader& picture = stream.picture;
    StreamFigures figures;
    figures.dialect = stream.dialect == Dialect::kIs ? "is" : "dis";
    figures.profile = profile_name(picture.decoder_profile_id);
    figures.level = level_name(picture.level_idc);
    figures.samples = std::uint64_t{picture.img_width} * picture.img_height;
    figures.max_samples = max_samples(picture.level_idc);
    figures.model_id = picture.model_id;
    if (const auto permitted = permitted_models(picture.level_idc, stream.dialect)) {
        for (std::uint8_t model = 0; model < kModels; ++model) {
            if (permitted->contains(model)) figures.permitted_models.push_back(model);
        }
    }
    for (const std::uint8_t id : picture.synthesis_transform_id) figures.transforms.push_back(synthesis_name(id));
    figures.tools = tools_in_use(stream);
    for (const Substream& substream : stream.substreams) {
        if (substream.marker == Marker::kPictureHeader) figures.picture_header_bytes = substream.payload.size;
        if (substream.marker == Marker::kToolHeader) figures.tool_header_bytes = substream.payload.size;
        const bool coded = substream.marker == Marker::kHyper || substream.marker == Marker::kResidualPrimary ||
                           substream.marker == Marker::kResidualSecondary || substream.marker == Marker::kQualityMap;
        if (coded) figures.payload_bytes += substream.payload.size;
    }
    return figures;
}

std::string clause_of_rule(std::string_view rule) {
    for (const RuleClause& entry : kRuleClauses) {
        if (rule.starts_with(entry.prefix)) return std::string(entry.clause);
    }
    return {};
}

}  // namespace jpegai::conformance
