// me-tANS and the hyper-scale decoder on devices against the functions of the host: results, and errors of damaged
// payloads.
#include <gtest/gtest.h>

#include <random>

#include "backend/contract/hyper_scale.h"
#include "backend/cuda/entropy_batch.h"
#include "bitstream/me_tans_reference.h"
#include "tests/support/cuda_devices.h"
#include "tests/support/mini_models.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using Payload = std::vector<std::vector<std::uint8_t>>;

std::vector<LaneBytes> lanes_of(const Payload& payload) {
    std::vector<LaneBytes> lanes;
    std::uint64_t offset = 100;
    for (const auto& bytes : payload) {
        lanes.push_back({bytes, offset});
        offset += bytes.size();
    }
    return lanes;
}

/// Payloads of one region and what they hold.
struct Residual {
    std::vector<std::uint8_t> table;
    std::vector<std::int16_t> symbols;
    Payload payload;
};

struct Hyper {
    std::array<std::vector<HyperTable>, kComponents> tables;
    std::array<std::vector<std::int8_t>, kComponents> z_hat;
    std::size_t samples = 0;
    Payload payload;
};

class CudaEntropy : public testing::TestWithParam<std::size_t> {
protected:
    CudaEntropy() : batch_(test::cuda_devices().at(GetParam())) {}

    /// A third of the elements coded, with symbols that fit their distribution and some escapes, short and long.
    Residual random_residual(std::size_t elements, std::size_t lanes) {
        Residual made;
        for (std::size_t i = 0; i < elements; ++i) {
            const bool coded = random_() % 3 == 0;
            const auto table = static_cast<std::uint8_t>(random_() % kSigmaTables);
            made.table.push_back(coded ? table : kNotCoded);
            const int bound = residual_bounds()[table];
            const int kind = static_cast<int>(random_() % 40);
            int symbol = static_cast<int>(random_() % static_cast<unsigned>(2 * bound)) - bound;
            if (kind == 0) symbol = bound + 2;
            if (kind == 1) symbol = -20000;
            made.symbols.push_back(static_cast<std::int16_t>(coded ? symbol : 0));
        }
        made.payload = encode_residual(lanes, made.table, made.symbols);
        return made;
    }

    Hyper random_hyper(std::size_t samples, std::size_t lanes) {
        Hyper made;
        made.samples = samples;
        for (std::size_t c = 0; c < kComponents; ++c) {
            made.tables[c] = test::mini_hyper_tables(static_cast<std::uint32_t>(random_()), 5 + c);
            for (std::size_t i = 0; i < made.tables[c].size() * samples; ++i)
                made.z_hat[c].push_back(static_cast<std::int8_t>(static_cast<int>(random_() % 63) - 31));
        }
        made.payload =
            encode_hyper(lanes, {made.tables[0], made.z_hat[0], samples}, {made.tables[1], made.z_hat[1], samples});
        return made;
    }

    /// Flips, cuts or empties something.
    Payload damaged(Payload payload) {
        auto& lane = payload[random_() % payload.size()];
        switch (random_() % 4) {
            case 0:
                lane.clear();
                break;
            case 1:
                lane.resize(lane.size() / 2);
                break;
            case 2:
                if (!lane.empty()) lane.back() = 0;
                break;
            default:
                if (!lane.empty()) lane[random_() % lane.size()] ^= static_cast<std::uint8_t>(1 + random_() % 255);
        }
        return payload;
    }

    std::mt19937 random_{5};
    cuda::EntropyBatch batch_;
};

/// What the host says: an error, or nothing and the values in `values`.
template <class Decode>
std::optional<Error> error_of(const Decode& decode) {
    try {
        decode();
    } catch (const Error& error) {
        return error;
    }
    return std::nullopt;
}

void expect_same_error(const std::optional<Error>& got, const std::optional<Error>& wanted) {
    ASSERT_EQ(got.has_value(), wanted.has_value()) << (got ? got->describe() : wanted ? wanted->describe() : "");
    if (!got) return;
    EXPECT_EQ(got->code(), wanted->code());
    EXPECT_EQ(got->offset(), wanted->offset());
    EXPECT_STREQ(got->what(), wanted->what());
}

TEST_P(CudaEntropy, ResidualOfManyPictures) {
    std::vector<Residual> made;
    for (const std::size_t lanes : {1U, 2U, 4U, 8U, 16U}) {
        for (const std::size_t elements : {0U, 1U, 7U, 64U, 333U, 2048U})
            made.push_back(random_residual(elements, lanes));
    }
    std::vector<std::vector<std::int16_t>> results;
    std::vector<cuda::ResidualCall> calls;
    for (const Residual& residual : made) results.emplace_back(residual.symbols.size(), std::int16_t{99});
    for (std::size_t i = 0; i < made.size(); ++i)
        calls.push_back({lanes_of(made[i].payload), made[i].table, made[i].table.size(), results[i]});
    const auto errors = batch_.decode_residual(calls);
    for (std::size_t i = 0; i < made.size(); ++i) {
        EXPECT_FALSE(errors[i].has_value()) << (errors[i] ? errors[i]->describe() : "");
        EXPECT_EQ(results[i], made[i].symbols) << i;
    }
    // Prefixes, as progressive decoding asks for them.
    for (std::size_t i = 0; i < made.size(); ++i) calls[i].elements = random_() % (made[i].table.size() + 1);
    for (auto& result : results) std::fill(result.begin(), result.end(), std::int16_t{99});
    const auto prefix_errors = batch_.decode_residual(calls);
    for (std::size_t i = 0; i < made.size(); ++i) {
        std::vector<std::int16_t> wanted(made[i].symbols.size());
        decode_residual_reference(calls[i].lanes, made[i].table, calls[i].elements, wanted);
        EXPECT_FALSE(prefix_errors[i].has_value());
        EXPECT_EQ(results[i], wanted) << i;
    }
    EXPECT_TRUE(batch_.decode_residual({}).empty());
}

TEST_P(CudaEntropy, DamagedResidualsGiveTheErrorsOfTheHost) {
    std::vector<Residual> made;
    for (int i = 0; i < 60; ++i) {
        made.push_back(random_residual(200 + random_() % 300, std::size_t{1} << random_() % 5));
        if (i % 3 != 0) made.back().payload = damaged(made.back().payload);
    }
    std::vector<std::vector<std::int16_t>> results;
    std::vector<cuda::ResidualCall> calls;
    for (const Residual& residual : made) results.emplace_back(residual.symbols.size());
    for (std::size_t i = 0; i < made.size(); ++i)
        calls.push_back({lanes_of(made[i].payload), made[i].table, made[i].table.size(), results[i]});
    const auto errors = batch_.decode_residual(calls);
    int failed = 0;
    for (std::size_t i = 0; i < made.size(); ++i) {
        std::vector<std::int16_t> wanted(made[i].symbols.size());
        const auto error =
            error_of([&] { decode_residual_reference(calls[i].lanes, made[i].table, made[i].table.size(), wanted); });
        expect_same_error(errors[i], error);
        if (error) {
            ++failed;
        } else {
            EXPECT_EQ(results[i], wanted) << i;
        }
    }
    EXPECT_GT(failed, 20);
    std::vector<std::uint8_t> bad(16, 40);
    std::vector<std::int16_t> out(16);
    const Payload one = {{1, 2, 3}};
    EXPECT_EQ(test::thrown_code([&] {
                  (void)batch_.decode_residual(std::array{cuda::ResidualCall{lanes_of(one), bad, 16, out}});
              }),
              JPEGAI_ERROR_ARGUMENT);
}

TEST_P(CudaEntropy, HyperLatentsOfManyPictures) {
    std::vector<Hyper> made;
    for (const std::size_t lanes : {1U, 2U, 4U, 8U, 16U}) {
        for (const std::size_t samples : {1U, 6U, 63U, 130U}) {
            made.push_back(random_hyper(samples, lanes));
            made.push_back(made.back());
            made.back().payload = damaged(made.back().payload);
        }
    }
    std::vector<std::array<std::vector<std::int8_t>, kComponents>> results;
    std::vector<cuda::HyperCall> calls;
    for (const Hyper& hyper : made)
        results.push_back(
            {std::vector<std::int8_t>(hyper.z_hat[0].size()), std::vector<std::int8_t>(hyper.z_hat[1].size())});
    for (std::size_t i = 0; i < made.size(); ++i) {
        calls.push_back({lanes_of(made[i].payload),
                         {made[i].tables[0], made[i].tables[1]},
                         {results[i][0], results[i][1]},
                         made[i].samples});
    }
    const auto errors = batch_.decode_hyper(calls);
    for (std::size_t i = 0; i < made.size(); ++i) {
        auto wanted = made[i].z_hat;
        const auto error = error_of([&] {
            HyperDecoder decoder(calls[i].lanes);
            for (std::size_t c = 0; c < kComponents; ++c) {
                for (std::size_t k = 0; k < made[i].tables[c].size(); ++k) {
                    decoder.decode_channel(made[i].tables[c][k],
                                           std::span(wanted[c]).subspan(k * made[i].samples, made[i].samples));
                }
            }
            decoder.finish();
        });
        expect_same_error(errors[i], error);
        if (error) continue;
        EXPECT_EQ(results[i][0], wanted[0]) << i;
        EXPECT_EQ(results[i][1], wanted[1]) << i;
    }
}

TEST_P(CudaEntropy, HyperScaleDecoder) {
    for (const Size size : {Size{1, 1}, Size{3, 4}, Size{7, 5}}) {
        HyperScaleNetwork network = test::mini_network(static_cast<std::uint32_t>(random_()), 12);
        // Sums that leave 32 bits wrap.
        network.pointwise.bias[5] = INT32_MAX - 3;
        network.pointwise.bias[17] = INT32_MIN;
        network.pointwise.shift[17] = 0;
        std::vector<Array3<std::int8_t>> z_hat;
        for (int picture = 0; picture < 3; ++picture) {
            z_hat.emplace_back(12, size.rows, size.cols);
            for (std::int8_t& z : z_hat.back().span()) z = static_cast<std::int8_t>(random_());
        }
        const std::size_t rows = 4 * size.rows - random_() % 4, cols = 4 * size.cols - random_() % 4;
        std::vector<const Array3<std::int8_t>*> pointers;
        for (const auto& z : z_hat) pointers.push_back(&z);
        const auto scales = batch_.hyper_scale(network, pointers, rows, cols);
        ASSERT_EQ(scales.size(), z_hat.size());
        for (std::size_t i = 0; i < z_hat.size(); ++i) {
            const auto wanted = contract_hyper_scale(network, z_hat[i], rows, cols);
            EXPECT_TRUE(std::equal(wanted.span().begin(), wanted.span().end(), scales[i].span().begin(),
                                   scales[i].span().end()))
                << size.rows << 'x' << size.cols;
        }
        EXPECT_EQ(test::thrown_code([&] { (void)batch_.hyper_scale(network, pointers, 4 * size.rows + 1, cols); }),
                  JPEGAI_ERROR_ARGUMENT);
    }
}

std::string device_name(const testing::TestParamInfo<std::size_t>& info) {
    return test::cuda_devices().at(info.param)->info().index < 0 ? "emulator" : "gpu";
}
INSTANTIATE_TEST_SUITE_P(Devices, CudaEntropy, testing::Range(std::size_t{0}, test::cuda_devices().size()),
                         device_name);

}  // namespace
}  // namespace jpegai
