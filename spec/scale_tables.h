// Normative tables of the scale pipeline: RVS and GRFS, LSBS, quality map (standard/02 sections 7, 11).
// Literal data: each value was configured or derived once by the reference, nothing is computed here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "spec/constants.h"

namespace jpegai {

/// Buckets of the block analysis that select an RVS entry (02 section 7.4).
inline constexpr std::size_t kRvsBuckets = 4;

/// One way to scale residuals; entry k belongs to bucket k. Without RVS all four entries are equal.
struct RvsTable {
    std::array<std::int16_t, kRvsBuckets> lin;  ///< forward factor x128
    std::array<std::int16_t, kRvsBuckets> log;  ///< added to the scale index x128
    std::array<std::int32_t, kRvsBuckets> inv;  ///< inverse factor x65536
};

/// GRFS state of one channel (02 section 7.4): tool off, or its grfs_channel_flag.
enum class GrfsVariant : std::uint8_t { kOff = 0, kFlag1 = 1, kFlag0 = 2 };
inline constexpr std::size_t kGrfsVariants = 3;

/// rvs_enable_flag = 0, by GRFS variant.
inline constexpr std::array<RvsTable, kGrfsVariants> kGrfsTables = {{
    {{128, 128, 128, 128}, {0, 0, 0, 0}, {65536, 65536, 65536, 65536}},
    {{136, 136, 136, 136}, {39, 39, 39, 39}, {61681, 61681, 61681, 61681}},
    {{125, 125, 125, 125}, {-15, -15, -15, -15}, {67109, 67109, 67109, 67109}},
}};

/// rvs_enable_flag = 1, by model and GRFS variant.
inline constexpr std::array<std::array<RvsTable, kGrfsVariants>, kModels> kRvsTables = {{
    {{
        {{115, 125, 146, 160}, {-68, -15, 84, 143}, {72944, 67109, 57456, 52429}},
        {{122, 132, 155, 170}, {-31, 20, 122, 181}, {68759, 63550, 54120, 49345}},
        {{113, 122, 143, 157}, {-80, -31, 71, 130}, {74235, 68759, 58662, 53431}},
    }},
    {{
        {{115, 122, 125, 160}, {-68, -31, -15, 143}, {72944, 68759, 67109, 52429}},
        {{122, 129, 132, 170}, {-31, 5, 20, 181}, {68759, 65028, 63550, 49345}},
        {{113, 120, 122, 157}, {-80, -41, -31, 130}, {74235, 69905, 68759, 53431}},
    }},
    {{
        {{115, 130, 156, 175}, {-68, 10, 126, 200}, {72944, 64528, 53773, 47935}},
        {{122, 138, 165, 186}, {-31, 48, 162, 239}, {68759, 60787, 50840, 45100}},
        {{113, 127, 153, 172}, {-80, -5, 114, 189}, {74235, 66052, 54828, 48771}},
    }},
    {{
        {{115, 130, 156, 160}, {-68, 10, 126, 143}, {72944, 64528, 53773, 52429}},
        {{122, 138, 165, 170}, {-31, 48, 162, 181}, {68759, 60787, 50840, 49345}},
        {{113, 127, 153, 157}, {-80, -5, 114, 130}, {74235, 66052, 54828, 53431}},
    }},
}};

/// Bucket = number of thresholds that the block mean exceeds, by model.
inline constexpr std::array<std::array<std::int16_t, kRvsBuckets - 1>, kModels> kRvsThresholds = {{
    {1003, 1352, 1937},
    {1003, 1270, 1908},
    {1003, 1378, 1934},
    {1003, 1296, 1908},
}};

/// The table of one channel. `grfs` is kOff unless grfs_enable_flag; model_id < kModels.
[[nodiscard]] constexpr const RvsTable& rvs_table(std::size_t model_id, bool rvs_enabled, GrfsVariant grfs) {
    const auto variant = static_cast<std::size_t>(grfs);
    return rvs_enabled ? kRvsTables[model_id][variant] : kGrfsTables[variant];
}

/// Number of thresholds that the block mean exceeds: 0..3.
[[nodiscard]] constexpr std::size_t rvs_bucket(std::size_t model_id, int likely) {
    const auto& thresholds = kRvsThresholds[model_id];
    return static_cast<std::size_t>((likely > thresholds[0]) + (likely > thresholds[1]) + (likely > thresholds[2]));
}

/// LSBS (02 section 11): bucket = number of thresholds that the block mean exceeds, factors by model, divided by 8192.
inline constexpr std::size_t kLsbsBuckets = 3;
inline constexpr std::array<std::int16_t, kLsbsBuckets - 1> kLsbsThresholds = {1378, 1411};
inline constexpr std::array<std::array<float, kLsbsBuckets>, kModels> kLsbsMeanFactor = {
    {{23, 0, 46}, {17, 0, 34}, {12, 0, 23}, {9, 0, 28}}};
inline constexpr std::array<std::array<float, kLsbsBuckets>, kModels> kLsbsResidualFactor = {
    {{28, 0, 56}, {23, 0, 46}, {17, 0, 34}, {12, 0, 26}}};
inline constexpr float kLsbsDivisor = 8192;

/// Quality map (02 section 7.3): largest magnitude, scale log and 16 x step by qp + 8, distribution by entropy index.
inline constexpr int kQualityMapMax = 8;
inline constexpr std::array<std::int16_t, 2 * kQualityMapMax + 1> kQualityMapLog = {
    -886, -775, -664, -554, -443, -332, -221, -111, 0, 111, 221, 332, 443, 554, 664, 775, 886};
inline constexpr std::array<std::int16_t, 2 * kQualityMapMax + 1> kQualityMapLinear = {
    4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 23, 27, 32, 39, 46, 54, 64};
inline constexpr std::array<std::uint8_t, 8> kQualityMapSigma = {0, 4, 5, 6, 8, 10, 14, 18};

/// gain_vector_log and beta_displacement_log are each in -2048..2047 (02 section 7.2).
inline constexpr int kGainLogMin = -2048, kGainLogMax = 2047;
/// Columns of the stored gain vector tensor.
inline constexpr std::size_t kGainColumns = 18;

}  // namespace jpegai
