// EFE-linear and EFE-nonlinear against direct formulations in double precision.
#include <gtest/gtest.h>

#include <cmath>

#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "tests/decoder/efe_support.h"
#include "tests/decoder/plane_support.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::random_efe_nonlinear;
using test::random_efe_set;
using test::random_planes;
using test::same_bits;
using test::scattered_rows;
using test::thrown_code;

constexpr ChromaFormat k444{1, 1}, k422{1, 2}, k420{2, 2};

// --- regions ---------------------------------------------------------------------------------------------------------

TEST(EfeRegions, PartitionThePlane) {
    for (std::size_t split = 0; split < kEfeSplits; ++split) {
        for (const Size size : {Size{1, 1}, Size{32, 33}, Size{64, 65}, Size{91, 96}, Size{97, 181}, Size{700, 1048}}) {
            std::vector<int> count(size.rows * size.cols);
            const std::vector<Area> regions = efe_regions(split, size);
            EXPECT_EQ(regions.size(), efe_region_count(split));
            for (const Area& area : regions) {
                for (std::size_t y = area.row; y < area.row + area.rows; ++y) {
                    for (std::size_t x = area.col; x < area.col + area.cols; ++x) ++count.at(y * size.cols + x);
                }
            }
            EXPECT_TRUE(std::all_of(count.begin(), count.end(), [](int n) { return n == 1; }))
                << split << " " << size.rows;
        }
    }
}

TEST(EfeRegions, BordersAndOrderOfTheStandard) {
    // 88 rows of 112: half is 32 rne(0.5 * 119 / 32 = 1.86) = 64; thirds of 112 columns end at 32 and 96.
    const Size size{88, 112};
    EXPECT_EQ(efe_regions(1, size), (std::vector<Area>{{0, 0, 64, 112}, {64, 0, 24, 112}}));
    EXPECT_EQ(efe_regions(3, size), (std::vector<Area>{{0, 0, 88, 32}, {0, 32, 88, 64}, {0, 96, 88, 16}}));
    EXPECT_EQ(efe_regions(5, size),
              (std::vector<Area>{{0, 0, 64, 64}, {0, 64, 64, 48}, {64, 0, 24, 64}, {64, 64, 24, 48}}));
    const auto thirds_of_rows = efe_regions(6, {112, 112}), thirds_of_cols = efe_regions(7, {112, 112});
    EXPECT_EQ(thirds_of_rows[1], (Area{0, 64, 32, 48})) << "columns vary fastest";
    EXPECT_EQ(thirds_of_cols[1], (Area{64, 0, 48, 32})) << "rows vary fastest";
}

TEST(EfeRegions, EmptyOnesWhereTheStandardHasThem) {
    const auto empty = [](std::size_t split, std::size_t length) {
        const auto regions = efe_regions(split, {length, length});
        return std::any_of(regions.begin(), regions.end(),
                           [](const Area& area) { return area.rows == 0 || area.cols == 0; });
    };
    for (std::size_t n = 1; n <= 400; ++n) {
        EXPECT_EQ(empty(5, n), n <= 32) << n;
        EXPECT_EQ(empty(4, n), n <= 64 || (n >= 91 && n <= 96)) << n;
        EXPECT_FALSE(empty(0, n));
    }
}

// --- linear ----------------------------------------------------------------------------------------------------------

using Plane2d = std::vector<std::vector<double>>;

/// The four phase planes of 04 section 3.2, padded by 2 on all sides.
std::array<Plane2d, 4> padded_phases(const Array3<float>& plane, std::size_t ver, std::size_t hor) {
    const std::size_t rows = ver == 2 ? (plane.rows() + 1) / 2 : plane.rows(),
                      cols = hor == 2 ? (plane.cols() + 1) / 2 : plane.cols();
    std::array<Plane2d, 4> phases;
    for (std::size_t k = 0; k < 4; ++k) {
        phases[k].assign(rows + 4, std::vector<double>(cols + 4));
        for (std::size_t y = 0; y < rows + 4; ++y) {
            for (std::size_t x = 0; x < cols + 4; ++x) {
                const std::size_t py = std::clamp<std::size_t>(y, 2, rows + 1) - 2,
                                  px = std::clamp<std::size_t>(x, 2, cols + 1) - 2;
                const std::size_t sy = std::min(ver == 2 ? 2 * py + k / 2 : py, plane.rows() - 1);
                const std::size_t sx = std::min(hor == 2 ? 2 * px + k % 2 : px, plane.cols() - 1);
                phases[k][y][x] = plane(0, sy, sx);
            }
        }
    }
    return phases;
}

double half_sample(std::size_t phase, std::size_t i, std::size_t j) {
    const double a[4] = {-1.0 / 16, 9.0 / 16, 9.0 / 16, -1.0 / 16};
    const double e[4] = {0, 1, 0, 0};
    if (phase == 0) return 0;
    const double row = phase == 1 ? e[i] : a[i], col = phase == 2 ? e[j] : a[j];
    return row * col - e[i] * e[j];
}

/// One plane, sample by sample, as 04 section 3.3 states it.
Array3<double> efe_linear_in_double(const Planes& in, std::size_t p, std::uint16_t b1, const EfeLinearSet& set,
                                    ChromaFormat coded) {
    const Array3<float>& plane = in.plane[p + 1];
    const auto chroma = padded_phases(plane, 3U - in.chroma.ver, 3U - in.chroma.hor),
               luma = padded_phases(in.plane[0], 2, 2);
    const EfeLinearSet::Plane& filter = set.plane[p];
    const Size size{luma[0].size() - 4, luma[0][0].size() - 4};
    const bool same = in.chroma == coded;
    const std::size_t length = filter.filter_length, start = length <= 2 ? 1 : 0;
    const auto regions = efe_regions(filter.best_cand_idx > 0 ? filter.best_cand_idx - 1U : 0, size);
    const double mean = b1 / 100.0;
    const auto weight = [&](std::uint16_t code) { return (int{code} + int{set.min_symbol} - 32767.0) / 2048; };
    Array3<double> out(1, plane.rows(), plane.cols());
    for (std::size_t r = 0; r < regions.size(); ++r) {
        for (std::size_t y = regions[r].row; y < regions[r].row + regions[r].rows; ++y) {
            for (std::size_t x = regions[r].col; x < regions[r].col + regions[r].cols; ++x) {
                for (std::size_t k = 0; k < 4; ++k) {
                    double sum = mean;
                    for (std::size_t i = 0; i < 4; ++i) {
                        for (std::size_t j = 0; j < 4; ++j) {
                            double c = (i == 1 && j == 1 ? 1.0 : 0.0) + (same ? 0.0 : half_sample(k, i, j)), l = 0;
                            if (filter.best_cand_idx > 0 && i >= start && j >= start && i < start + length &&
                                j < start + length) {
                                const std::size_t tap = (i - start) * length + j - start, taps = length * length;
                                c += weight(filter.weights.at((same ? r : 4 * r + k) * taps + tap));
                                l += weight(filter.weights2.at(r * taps + tap));
                            }
                            sum += c * (chroma[k][y + 1 + i][x + 1 + j] - mean) + l * luma[k][y + 1 + i][x + 1 + j];
                        }
                    }
                    const std::size_t ver = 3U - in.chroma.ver, hor = 3U - in.chroma.hor;
                    if (k / 2 >= ver || k % 2 >= hor) continue;
                    const std::size_t oy = ver * y + k / 2, ox = hor * x + k % 2;
                    if (oy < out.rows() && ox < out.cols()) out(0, oy, ox) = sum;
                }
            }
        }
    }
    return out;
}

double difference(const Array3<float>& a, const Array3<double>& b) {
    double largest = 0;
    for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a.data()[i] - b.data()[i]));
    return largest;
}

struct EfeCase {
    ChromaFormat source, coded;
    std::size_t rows, cols;
};

class EfeLinear : public testing::TestWithParam<EfeCase> {};

TEST_P(EfeLinear, AgreesWithTheFormulaInDouble) {
    const EfeCase& c = GetParam();
    std::mt19937 random(11);
    const Planes planes = random_planes(random, c.rows, c.cols, c.source);
    double largest = 0;
    for (std::uint8_t candidate = c.source == c.coded ? 1 : 0; candidate <= 8; ++candidate) {
        for (std::uint8_t length = 1; length <= 4; ++length) {
            const auto other = static_cast<std::uint8_t>(1 + (candidate + 2) % 8);
            const EfeLinearSet set = random_efe_set(
                random, {candidate, other}, {length, static_cast<std::uint8_t>(5 - length)}, c.source == c.coded);
            const std::array<std::uint16_t, 2> b1 = {12836, 12731};
            const auto out = apply_efe_linear(planes, b1, set, c.coded);
            for (std::size_t p = 0; p < 2; ++p) {
                const double error = difference(out[p], efe_linear_in_double(planes, p, b1[p], set, c.coded));
                EXPECT_LT(error, 5e-4) << "candidate " << int{candidate} << " length " << int{length};
                largest = std::max(largest, error);
            }
            if (candidate % 3 == 1) {
                const auto scattered = apply_efe_linear(planes, b1, set, c.coded, scattered_rows(length));
                EXPECT_TRUE(same_bits(scattered[0], out[0]) && same_bits(scattered[1], out[1]));
            }
        }
    }
    EXPECT_GT(largest, 0);
    RecordProperty("largest", std::to_string(largest));
}

INSTANTIATE_TEST_SUITE_P(Formats, EfeLinear,
                         testing::Values(EfeCase{k444, k444, 75, 101}, EfeCase{k444, k420, 75, 101},
                                         EfeCase{k444, k422, 66, 64}, EfeCase{k422, k422, 75, 101},
                                         EfeCase{k420, k420, 75, 101}, EfeCase{k420, k420, 1, 1},
                                         EfeCase{k444, k444, 1, 2}, EfeCase{k444, k444, 2, 1},
                                         EfeCase{k444, k420, 183, 185}));

TEST(EfeLinearErrors, ParametersThatCannotBeApplied) {
    std::mt19937 random(12);
    const EfeLinearSet good = random_efe_set(random, {3, 5}, {2, 3}, true);
    const auto code = [](const EfeLinearSet& set, ChromaFormat coded = k444) {
        return thrown_code([&] { check_efe_linear(set, k444, coded); });
    };
    EXPECT_EQ(code(good), JPEGAI_OK);
    EXPECT_EQ(code(good, k420), JPEGAI_ERROR_HEADER) << "four phases need four times the weights";
    for (const auto& change : std::vector<std::function<void(EfeLinearSet&)>>{
             [](EfeLinearSet& s) { s.plane[0].best_cand_idx = 9; },
             [](EfeLinearSet& s) { s.plane[0].best_cand_idx = 0; },
             [](EfeLinearSet& s) { s.plane[1].filter_length = 0; },
             [](EfeLinearSet& s) { s.plane[1].filter_length = 5; },
             [](EfeLinearSet& s) { s.plane[0].weights.pop_back(); },
             [](EfeLinearSet& s) { s.plane[1].weights2.push_back(0); },
             [](EfeLinearSet& s) { s.min_symbol = 65535; },
         }) {
        EfeLinearSet bad = good;
        change(bad);
        EXPECT_EQ(code(bad), JPEGAI_ERROR_HEADER);
    }
    EfeLinearSet none;
    EXPECT_EQ(code(none, k420), JPEGAI_OK) << "no coded filter is fine below full chroma resolution";
    EXPECT_EQ(code(none), JPEGAI_ERROR_HEADER);
    Planes planes = random_planes(random, 8, 8, k444);
    planes.rgb = true;
    EXPECT_EQ(thrown_code([&] { (void)apply_efe_linear(planes, {0, 0}, good, k444); }), JPEGAI_ERROR_ARGUMENT);
}

// --- nonlinear -------------------------------------------------------------------------------------------------------

Array3<double> efe_nonlinear_in_double(const Planes& in, std::size_t p, const Array3<float>* second,
                                       const EfeNonlinearHeader& header) {
    const Array3<float>& plane = in.plane[p + 1];
    Array3<double> out(1, plane.rows(), plane.cols());
    const std::size_t across = ceil_div<std::size_t>(plane.cols(), header.tile_width);
    for (std::size_t y = 0; y < plane.rows(); ++y) {
        for (std::size_t x = 0; x < plane.cols(); ++x) {
            double value = plane(0, y, x);
            if (header.enabled[p]) {
                const std::size_t t = y / header.tile_height * across + x / header.tile_width;
                const double min = header.min_luma[t] / 100.0, gap = (header.max_luma[t] / 100.0 - min) / 8;
                const double luma = in.plane[0](0, y * in.chroma.ver, x * in.chroma.hor);
                const auto w = [&](std::size_t k) {
                    return (int{header.a1[p][8 * t + k]} + int{header.min_symbol} - 32767.0) / 2048;
                };
                value = std::max(0.0, value + w(0) * (luma - min));
                for (std::size_t k = 1; k < 8; ++k)
                    value += w(k) * std::max(0.0, luma - (min + static_cast<double>(k) * gap));
            }
            if (second != nullptr) {
                const double m = header.mask[p][y / header.block_size * header.mask_cols + x / header.block_size];
                value = ((*second)(0, y, x) * m + (2 - m) * value) / 2;
            }
            out(0, y, x) = value;
        }
    }
    return out;
}

TEST(EfeNonlinear, AgreesWithTheFormulaInDouble) {
    std::mt19937 random(13);
    double largest = 0;
    for (const ChromaFormat format : {k444, k422, k420}) {
        const Planes planes = random_planes(random, 75, 101, format);
        const Size size = planes.size(1);
        const Planes other = random_planes(random, 75, 101, format);
        const std::array<Array3<float>, 2> second = {other.plane[1], other.plane[2]};
        EfeNonlinearHeader header = random_efe_nonlinear(random, size, 37, 20, 13);
        Planes out = planes;
        apply_efe_nonlinear(out, &second, header, false);
        EXPECT_TRUE(same_bits(out.plane[0], planes.plane[0])) << "luma is untouched";
        for (std::size_t p = 0; p < 2; ++p) {
            largest =
                std::max(largest, difference(out.plane[p + 1], efe_nonlinear_in_double(planes, p, &second[p], header)));
        }
        Planes scattered = planes;
        apply_efe_nonlinear(scattered, &second, header, false, scattered_rows(3));
        EXPECT_TRUE(same_bits(scattered, out));

        header.enabled = {false, true};
        header.mask_enabled = {true, false};
        out = planes;
        apply_efe_nonlinear(out, &second, header, true);
        largest = std::max(largest, difference(out.plane[1], efe_nonlinear_in_double(planes, 0, &second[0], header)));
        largest = std::max(largest, difference(out.plane[2], efe_nonlinear_in_double(planes, 1, nullptr, header)));
    }
    EXPECT_LT(largest, 4e-4);
    EXPECT_GT(largest, 0);
}

TEST(EfeNonlinear, LoneMaskOfV) {
    std::mt19937 random(14);
    const Planes planes = random_planes(random, 20, 20, k444), other = random_planes(random, 20, 20, k444);
    const std::array<Array3<float>, 2> second = {other.plane[1], other.plane[2]};
    EfeNonlinearHeader header = random_efe_nonlinear(random, {20, 20}, 64, 64, 8);
    header.enabled = {false, false};
    header.mask_enabled = {false, true};
    std::fill(header.mask[1].begin(), header.mask[1].end(), std::uint8_t{2});
    Planes meant = planes, reference = planes;
    apply_efe_nonlinear(meant, &second, header, false);
    apply_efe_nonlinear(reference, nullptr, header, true);
    EXPECT_TRUE(same_bits(meant.plane[2], second[1]));
    EXPECT_TRUE(same_bits(meant.plane[1], planes.plane[1]));
    EXPECT_TRUE(same_bits(reference, planes));
}

TEST(EfeNonlinear, ParametersThatCannotBeApplied) {
    std::mt19937 random(15);
    const Size size{40, 50};
    const EfeNonlinearHeader good = random_efe_nonlinear(random, size, 16, 16, 10);
    const auto code = [&](const EfeNonlinearHeader& header, bool second = true) {
        return thrown_code([&] { check_efe_nonlinear(header, size, second, false); });
    };
    EXPECT_EQ(code(good), JPEGAI_OK);
    EXPECT_EQ(code(good, false), JPEGAI_ERROR_HEADER) << "a mask needs a second picture";
    using Header = EfeNonlinearHeader;
    for (const auto& change : std::vector<std::function<void(Header&)>>{
             [](Header& h) { h.tile_width = 0; },
             [](Header& h) { h.tile_height = 0; },
             [](Header& h) { h.min_luma.pop_back(); },
             [](Header& h) { h.max_luma.clear(); },
             [](Header& h) { h.a1[0].pop_back(); },
             [](Header& h) { h.a1[1].clear(); },
             [](Header& h) { h.min_symbol = 65535; },
             [](Header& h) { h.block_size = 0; },
             [](Header& h) { h.block_size = 9; },
             [](Header& h) { ++h.mask_rows; },
             [](Header& h) { h.mask[1].pop_back(); },
             [](Header& h) { h.mask[0][3] = 3; },
         }) {
        Header bad = good;
        change(bad);
        EXPECT_EQ(code(bad), JPEGAI_ERROR_HEADER);
    }
    Header surplus = good;
    surplus.min_luma.push_back(0);
    surplus.max_luma.push_back(0);
    EXPECT_EQ(code(surplus), JPEGAI_OK) << "surplus tiles are ignored";
    Header off = good;
    off.enabled = {false, false};
    off.tile_width = 0;
    EXPECT_EQ(code(off), JPEGAI_OK) << "tiles are not used";
}

}  // namespace
}  // namespace jpegai
