// Containers and payloads that have to be refused (01 sections 3 and 4, 02 sections 2, 3 and 7.3), and streams that are
// decoded although they do not conform.
#include <fmt/format.h>

#include "conformance/cases_negative.h"
#include "spec/scale_tables.h"

namespace jpegai::conformance {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Segments = std::vector<Segment>;

const std::vector<std::string> kStructure = {"structure"};
const std::vector<std::string> kTruncated = {"truncated"};
const std::vector<std::string> kEntropy = {"entropy"};

/// A change of the list of substreams.
template <class Change>
ByteChange on_segments(Change change) {
    return [change](Bytes& file, Random& random) {
        Segments segments = split_segments(file);
        change(segments, random);
        file = join_segments(segments);
    };
}

Segments::iterator find(Segments& segments, Marker marker) {
    return std::find_if(segments.begin(), segments.end(),
                        [&](const Segment& s) { return s.marker == static_cast<std::uint16_t>(marker); });
}

void add_markers(CaseList& list) {
    const char* clause = "01 section 3.4";
    add_rejected(list, "no_soc", "the stream does not begin with SOC", {clause}, kStructure,
                 [](Bytes& file, Random&) { file[1] = 0x85; });
    add_rejected(list, "junk_before_soc", "two bytes stand before SOC", {clause}, kStructure, [](Bytes& file, Random&) {
        file.insert(file.begin(), {0x12, 0x34});
    });
    add_rejected(list, "pih_not_first", "TON comes before PIH", {"01 section 3.3"}, kStructure,
                 on_segments([](Segments& segments, Random&) { std::swap(segments[0], segments[1]); }));
    add_rejected(list, "no_pih", "there is no PIH", {clause}, kStructure,
                 on_segments([](Segments& segments, Random&) { segments.erase(segments.begin()); }));
    add_rejected(list, "nothing", "EOC follows SOC", {clause}, kStructure, [](Bytes& file, Random&) {
        file = {0xFF, 0x80, 0xFF, 0x81};
    });
    for (const Marker marker : {Marker::kPictureHeader, Marker::kToolHeader, Marker::kRenderingInfo, Marker::kUserData,
                                Marker::kHyper, Marker::kResidualPrimary, Marker::kResidualSecondary}) {
        CaseRecipe& recipe = add_rejected(list, fmt::format("second_{}", marker_name(marker)),
                                          fmt::format("there are two {}", marker_name(marker)), {clause}, kStructure,
                                          on_segments([marker](Segments& segments, Random&) {
                                              const Segment copy = *find(segments, marker);
                                              segments.push_back(copy);
                                          }));
        recipe.parts.user_data = {1, 2, 3};
    }
    for (const Marker marker : {Marker::kHyper, Marker::kResidualPrimary, Marker::kResidualSecondary}) {
        add_rejected(list, fmt::format("no_{}", marker_name(marker)), fmt::format("{} is missing", marker_name(marker)),
                     {clause}, kStructure,
                     on_segments([marker](Segments& segments, Random&) { segments.erase(find(segments, marker)); }));
    }
    for (const unsigned value : {0xFF85U, 0xFF8DU, 0xFF80U, 0x0000U, 0xFFFFU}) {
        add_rejected(list, fmt::format("marker_{:04x}", value),
                     fmt::format("{:04X} stands where a marker is due", value), {clause}, kStructure,
                     on_segments([value](Segments& segments, Random&) {
                         segments.insert(segments.begin() + 2, {static_cast<std::uint16_t>(value), {0}});
                     }));
    }
    CaseRecipe& no_map = add_rejected(
        list, "no_SOQ", "the quality map is missing", {clause}, kStructure,
        on_segments([](Segments& segments, Random&) { segments.erase(find(segments, Marker::kQualityMap)); }));
    no_map.parts.picture.gain_3d_enable_flag = true;
    add_rejected(list, "stray_SOQ", "there is a quality map although it is not enabled", {clause}, kStructure,
                 on_segments([](Segments& segments, Random&) {
                     segments.push_back({static_cast<std::uint16_t>(Marker::kQualityMap), {0, 0, 1}});
                 }));
}

void add_truncations(CaseList& list) {
    for (const std::size_t kept : {0U, 1U, 2U, 3U, 4U, 5U, 12U, 60U}) {
        add_rejected(list, fmt::format("first_{}_bytes", kept), "the file ends early", {"01 section 3"}, kTruncated,
                     [kept](Bytes& file, Random&) { file.resize(kept); });
    }
    for (const std::size_t lost : {1U, 2U, 3U, 40U}) {
        add_rejected(list, fmt::format("without_last_{}", lost), "the end of the file is missing", {"01 section 3"},
                     kTruncated, [lost](Bytes& file, Random&) { file.resize(file.size() - lost); });
    }
    add_rejected(list, "size_beyond_file", "a substream claims more bytes than there are", {"01 section 3.2"},
                 kTruncated, [](Bytes& file, Random&) {
                     file.resize(file.size() - 2);
                     file.insert(file.end(), {0xFF, 0x8C, 0x00, 0x00, 0x80, 0x00, 0x00, 0xFF, 0x81});
                 });
    add_rejected(list, "size_code_too_long", "a size code has more than 31 zeros", {"01 section 2"},
                 {"structure", "truncated"}, [](Bytes& file, Random&) {
                     file.resize(file.size() - 2);
                     file.insert(file.end(), {0xFF, 0x8C, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0xFF, 0x81});
                 });
}

void add_splits(CaseList& list) {
    const bool dis = list.choice().dialect == Dialect::kDis;
    const auto rows = [dis](CaseRecipe& recipe, bool independent) {
        recipe.parts.picture.img_height = dis ? 129 : 257;
        recipe.parts.picture.regions = RegionHeader{2, 1, independent, 2, 8};
    };
    rows(add_rejected(list, "region_size", "a region is longer than its substream", {"01 section 4.3"}, kStructure,
                      on_segments([](Segments& segments, Random&) {
                          Bytes& payload = find(segments, Marker::kResidualPrimary)->payload;
                          payload = {0x00, 0x00, 0x80, 0x00, 0x00, 0x01};
                      })),
         false);
    rows(add_rejected(list, "region_index", "a region index is not below the number of regions", {"01 section 4.4"},
                      kStructure, on_segments([](Segments& segments, Random&) {
                          find(segments, Marker::kResidualSecondary)->payload[0] = 2;
                      })),
         true);
    rows(add_rejected(list, "region_twice", "a region comes twice", {"01 section 4.4"}, kStructure,
                      on_segments([](Segments& segments, Random&) {
                          find(segments, Marker::kResidualPrimary)->payload[0] = 1;
                      })),
         true);
    rows(add_rejected(list, "region_without_index", "an independent region has no byte", {"01 section 4.4"}, kTruncated,
                      on_segments([](Segments& segments, Random&) {
                          find(segments, Marker::kResidualPrimary)->payload.clear();
                      })),
         true);
    const auto lanes = [&](const char* name, const char* change, Bytes prefix) {
        CaseRecipe& recipe = add_rejected(
            list, name, change, {"01 section 4.1", "02 section 2"}, kEntropy,
            on_segments([prefix](Segments& segments, Random&) { find(segments, Marker::kHyper)->payload = prefix; }));
        recipe.parts.picture.num_threads_z = 2;
    };
    lanes("lane_negative", "a lane has a negative size", {0x08, 0x00, 1, 1, 1, 1});         // mean 2, delta +8
    lanes("lane_too_long", "a lane is longer than its payload", {0x09, 0x80, 1, 1, 1, 1});  // delta -9
}

/// Replaces the lanes of one substream by others.
using LaneChange = void (*)(Lanes&);

void add_lane_damage(CaseList& list) {
    struct Damage {
        const char *name, *change;
        LaneChange apply;
    };
    constexpr std::array<Damage, 5> kDamages = {
        {{"zero_end", "the last byte of a lane is 0", [](Lanes& lanes) { lanes[0].back() = 0; }},
         {"empty", "a lane has no byte", [](Lanes& lanes) { lanes[0].clear(); }},
         {"short", "a lane misses its first byte", [](Lanes& lanes) { lanes[0].erase(lanes[0].begin()); }},
         {"long", "a lane has a byte too many", [](Lanes& lanes) { lanes[0].insert(lanes[0].begin(), 0x5A); }},
         {"state", "a lane begins in another state", [](Lanes& lanes) { lanes[0].back() ^= 0xFF; }}}};
    for (const Damage& damage : kDamages) {
        const LaneChange apply = damage.apply;
        for (const std::size_t c : {std::size_t{0}, std::size_t{1}}) {
            add_rejected(list, fmt::format("{}_lane_{}", c == 0 ? "SORP" : "SORS", damage.name), damage.change,
                         {"02 section 3.6"}, kEntropy, nullptr)
                .finish_parts = [apply, c](CodestreamParts& parts, Random&) { apply(*parts.residual[c][0]); };
        }
        add_rejected(list, fmt::format("SOZ_lane_{}", damage.name), damage.change, {"02 section 3.6"}, kEntropy,
                     nullptr)
            .finish_parts = [apply](CodestreamParts& parts, Random&) { apply(parts.hyper); };
        CaseRecipe& map = add_rejected(list, fmt::format("SOQ_lane_{}", damage.name), damage.change, {"02 section 3.6"},
                                       kEntropy, nullptr);
        map.parts.picture.gain_3d_enable_flag = true;
        map.parts.picture.quality_map_entropy_index = 3;
        map.finish_parts = [apply](CodestreamParts& parts, Random&) { apply(*parts.quality_map); };
    }
}

void add_values(CaseList& list) {
    for (const int value : {9, -9}) {
        CaseRecipe& recipe =
            add_rejected(list, value > 0 ? "map_9" : "map_minus_9", "a value of the quality map exceeds 8",
                         {"02 section 7.3"}, kEntropy, nullptr);
        recipe.parts.picture.gain_3d_enable_flag = true;
        recipe.finish_parts = [value](CodestreamParts& parts, Random&) {
            const std::size_t count = parts.picture.latent_rows() * parts.picture.latent_cols();
            std::vector<std::int16_t> deltas(count, 0);
            deltas[0] = static_cast<std::int16_t>(value);
            parts.quality_map = encode_residual(1, std::vector<std::uint8_t>(count, kQualityMapSigma[0]), deltas);
        };
    }
    // The last symbol is pushed first: its six bits are the lowest of the first byte.
    CaseRecipe& hyper =
        add_rejected(list, "z_escape_63", "an escaped hyper latent is 63", {"02 section 3.4"}, kEntropy, nullptr);
    hyper.style.last_z_escapes = true;
    // Residuals would fail to decode with the scales of any other hyper latent.
    for (ComponentHeader& component : hyper.parts.picture.component) component.num_chs = 0;
    hyper.finish_parts = [](CodestreamParts& parts, Random&) { parts.hyper[0][0] |= 0x3F; };
    // All elements masked but the first, whose escape then lies in front of the final states: 16 bits of v = 65535.
    for (const bool negative : {false, true}) {
        CaseRecipe& escape = add_rejected(list, negative ? "map_escape_negative" : "map_escape",
                                          "an escape leaves int16", {"02 section 3.4"}, kEntropy, nullptr);
        escape.parts.picture.gain_3d_enable_flag = true;
        escape.parts.picture.quality_map_entropy_index = 7;  // whose bound is above 1
        escape.finish_parts = [negative](CodestreamParts& parts, Random&) {
            const std::size_t count = parts.picture.latent_rows() * parts.picture.latent_cols();
            std::vector<std::int16_t> deltas(count, 0);
            deltas.back() = 32767;
            Lanes lanes = encode_residual(1, std::vector<std::uint8_t>(count, kQualityMapSigma[7]), deltas);
            // The last symbol is pushed first: its 16 bits stand at the beginning of the lane, the sign lowest.
            lanes[0][0] = negative ? 0xFF : 0xFE;
            lanes[0][1] = 0xFF;
            parts.quality_map = lanes;
        };
    }
}

}  // namespace

void add_container_rejections(CaseList& list) {
    add_markers(list);
    add_truncations(list);
    add_splits(list);
}

void add_entropy_rejections(CaseList& list) {
    add_lane_damage(list);
    add_values(list);
}

void add_reported(CaseList& list) {
    const auto add = [&](const char* name, const char* change, const char* clause, const char* rule) -> CaseRecipe& {
        CaseRecipe& recipe = list.add("report", fmt::format("report_{}", name),
                                      "Does not conform, but every decoder decodes it the same way", 64, 64);
        recipe.kind = CaseKind::kReport;
        recipe.change = change;
        recipe.clauses = {clause};
        recipe.rules = {rule};
        return recipe;
    };
    for (const std::size_t c : {std::size_t{0}, std::size_t{1}}) {
        for (const std::uint8_t channels : {static_cast<std::uint8_t>(kLatentChannels[c] + 1), std::uint8_t{255}}) {
            add(fmt::format("channels_{}_{}", c, channels).c_str(), "more channels than the component has",
                "01 section 6", "channels.count")
                .parts.picture.component[c]
                .num_chs = channels;
        }
    }
    if (list.choice().profile ==
        1) {  // streams of the simple profile could not be told from those of the other dialect
        add("alternatives", "an alternative synthesis transform does not belong to the profile", "01 section 12",
            "profile.alternatives")
            .parts.picture.synthesis_transform_id = {0, 2};
    }
    if (list.choice().level % 10 == 0) {
        add("level_model", "only the other dialect permits the model at this level", "01 section 12",
            "level.model-dialect")
            .parts.picture.model_id = list.choice().dialect == Dialect::kIs ? 3 : 2;
    }
    for (const Marker marker : {Marker::kPictureHeader, Marker::kToolHeader, Marker::kRenderingInfo}) {
        add(fmt::format("{}_longer", marker_name(marker)).c_str(), "a byte follows the last field", "01 section 2",
            "syntax.strict")
            .finish =
            on_segments([marker](Segments& segments, Random&) { find(segments, marker)->payload.push_back(0); });
    }
    add("TON_trailing_bit", "a bit after the last field is set", "01 section 2", "syntax.strict").finish =
        on_segments([](Segments& segments, Random&) { find(segments, Marker::kToolHeader)->payload.back() |= 1; });
    add("size_padding", "a bit that pads a size code is set", "01 section 3.2", "syntax.strict").finish =
        [](Bytes& file, Random&) {
            // TON has one byte: its size code is 010 and five bits of padding.
            for (std::size_t i = 4; i + 2 < file.size(); ++i) {
                if (file[i] == 0xFF && file[i + 1] == 0x83) {
                    file[i + 2] |= 1;
                    return;
                }
            }
        };
}

void add_negative_cases(CaseList& list) {
    add_header_rejections(list);
    add_tool_rejections(list);
    add_container_rejections(list);
    add_entropy_rejections(list);
    add_reported(list);
}

}  // namespace jpegai::conformance
