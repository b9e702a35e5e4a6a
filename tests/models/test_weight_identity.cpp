// The record of weights in a stream's user data: bytes, fingerprints, refusals.
#include "models/weight_identity.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "models/import.h"
#include "models/pack_format.h"
#include "models/pack_writer.h"
#include "tests/models/temporary_folder.h"
#include "tests/models/tensors.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

using Files = std::map<std::string, Checkpoint, std::less<>>;

/// Both components of the common part and of BOP of model 1.
Files small_files() {
    Files files;
    for (const char* component : {"Y", "UV"}) {
        files[std::string("VM_common_int/") + component + "_0.012"] = {
            {"context.bias", floats_of({1, 2, 3})},
            {"hyper_encoder.bias", floats_of({4})},
            {"entropy.tables", floats_of({5})},
        };
        files[std::string("VM_bop/decoder_") + component + "_0.012"] = {{"conv.weight", floats_of({6, 7}, {2, 1})}};
    }
    return files;
}

std::vector<std::uint8_t> sample_record() {
    return format_weight_identity({"set 1", {{0, 0x0123456789ABCDEF}, {2, 5}}});
}

TEST(WeightIdentity, BytesAreAsDocumented) {
    const std::vector<std::uint8_t> expected = {'J', 'A', 'I', 'W',  1,    5,    's',  'e',  't',  ' ',
                                                '1', 2,   0,   0xEF, 0xCD, 0xAB, 0x89, 0x67, 0x45, 0x23,
                                                1,   2,   5,   0,    0,    0,    0,    0,    0,    0};
    EXPECT_EQ(sample_record(), expected);
}

TEST(WeightIdentity, ReadsWhatItWroteWhateverFollows) {
    std::vector<std::uint8_t> data = sample_record();
    const std::optional<WeightIdentity> alone = parse_weight_identity(data);
    ASSERT_TRUE(alone);
    EXPECT_EQ(alone->name, "set 1");
    EXPECT_EQ(alone->parts, (std::vector<WeightIdentity::Part>{{0, 0x0123456789ABCDEF}, {2, 5}}));
    data.insert(data.end(), {'m', 'i', 'n', 'e'});
    EXPECT_EQ(parse_weight_identity(data), alone);
}

TEST(WeightIdentity, IgnoresWhatIsNoRecord) {
    const std::vector<std::uint8_t> good = sample_record();
    for (std::size_t size = 0; size < good.size(); ++size)
        EXPECT_FALSE(parse_weight_identity(std::span(good).first(size))) << size;
    const auto changed = [&](std::size_t at, std::uint8_t value) {
        std::vector<std::uint8_t> bytes = good;
        bytes[at] = value;
        return parse_weight_identity(bytes).has_value();
    };
    EXPECT_FALSE(changed(0, 'j'));
    EXPECT_FALSE(changed(4, 2)) << "version";
    EXPECT_FALSE(changed(5, 255)) << "length of the name";
    EXPECT_FALSE(changed(6, 10)) << "character";
    EXPECT_FALSE(changed(11, 0)) << "no parts";
    EXPECT_FALSE(changed(11, 3)) << "more parts than there are";
    EXPECT_FALSE(changed(21, 0)) << "a part twice";
    EXPECT_TRUE(changed(21, 200)) << "parts of later versions";
}

TEST(WeightIdentity, RefusesToWriteWhatCannotBeRead) {
    const auto code = [](const WeightIdentity& identity) {
        return thrown_code([&] { (void)format_weight_identity(identity); });
    };
    EXPECT_EQ(code({std::string(64, 'x'), {{0, 1}}}), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code({"line\nbreak", {{0, 1}}}), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code({"x", {}}), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code({"x", {{1, 1}, {0, 1}}}), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code({std::string(63, 'x'), {{0, 1}}}), JPEGAI_OK);
}

TEST(PartFingerprint, DependsOnTheValuesOfTheDecoderAlone) {
    const auto set = weights_from_memory("small", small_files());
    const std::vector<std::uint8_t> pack = write_pack(*set, {"a pack", "", 1, {}});
    const auto packed = weights_from_packs({memory_source("pack", pack)});
    for (const WeightPart part : {WeightPart::kCommon, WeightPart::kSynthesisBop})
        EXPECT_EQ(part_fingerprint(*set, 1, part), part_fingerprint(*packed, 1, part));

    Files other = small_files();
    other["VM_common_int/Y_0.012"]["hyper_encoder.bias"] = floats_of({40});
    other["VM_common_int/Y_0.012"]["entropy.tables"] = floats_of({50});
    EXPECT_EQ(part_fingerprint(*weights_from_memory("", other), 1, WeightPart::kCommon),
              part_fingerprint(*set, 1, WeightPart::kCommon));
    other["VM_common_int/UV_0.012"]["context.bias"] = floats_of({1, 2, 4});
    EXPECT_NE(part_fingerprint(*weights_from_memory("", other), 1, WeightPart::kCommon),
              part_fingerprint(*set, 1, WeightPart::kCommon));
    EXPECT_EQ(part_fingerprint(*weights_from_memory("", other), 1, WeightPart::kSynthesisBop),
              part_fingerprint(*set, 1, WeightPart::kSynthesisBop));
}

TEST(PartFingerprint, ReportsWhatIsMissing) {
    const auto set = weights_from_memory("small", small_files());
    EXPECT_EQ(thrown_code([&] { (void)part_fingerprint(*set, 1, WeightPart::kSynthesisHop); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(thrown_code([&] { (void)part_fingerprint(*set, 4, WeightPart::kCommon); }), JPEGAI_ERROR_ARGUMENT);
}

TEST(WeightUserData, NamesTheListedTransformsThatAreThere) {
    const auto set = weights_from_memory("small", small_files());
    const std::vector<OperatingPoint> listed = {OperatingPoint::kBop, OperatingPoint::kSop};
    const auto identity = parse_weight_identity(weight_user_data(*set, 1, listed));
    ASSERT_TRUE(identity);
    EXPECT_EQ(identity->name, "small");
    ASSERT_EQ(identity->parts.size(), 2U);
    EXPECT_EQ(identity->parts[0].part, 0);
    EXPECT_EQ(identity->parts[0].fingerprint, part_fingerprint(*set, 1, WeightPart::kCommon));
    EXPECT_EQ(identity->parts[1].part, 2);
    EXPECT_EQ(identity->parts[1].fingerprint, part_fingerprint(*set, 1, WeightPart::kSynthesisBop));
}

TEST(WeightUserData, OfficialWeightsAreNotNamed) {
    const auto set = weights_from_memory("small", small_files());
    const std::vector<OperatingPoint> listed = {OperatingPoint::kBop};
    for (const std::string name : {"official", "other"}) {
        const std::vector<std::uint8_t> pack = write_pack(*set, {name, "", 1, {}});
        const auto packed = weights_from_packs({memory_source("pack", pack)});
        EXPECT_EQ(weight_user_data(*packed, 1, listed).empty(), name == "official");
    }
}

TEST(WeightUserData, TheNameOfficialIsReserved) {
    const TemporaryFolder folder;
    folder.put("views.pth", "VM_bop/decoder_Y_0.5.pth");
    ImportOptions options;
    options.list = {};
    options.pack.name = kOfficialSetName;
    EXPECT_EQ(thrown_code([&] { (void)import_folder(folder.path(), folder.path() + "/out.jaiw", options); }),
              JPEGAI_ERROR_ARGUMENT);
    // A folder of checkpoints is not official because of its name.
    EXPECT_FALSE(open_weights(folder.path())->is_official("VM_bop/decoder_Y_0.5"));
}

TEST(RequireSameWeights, NamesBothSets) {
    const auto set = weights_from_memory("at hand", small_files());
    const auto fingerprint_of = [](WeightPart part) { return part == WeightPart::kCommon ? 7U : 8U; };
    const std::vector<WeightPart> parts = {WeightPart::kCommon, WeightPart::kSynthesisBop};
    const auto code = [&](const WeightIdentity& stream) {
        return thrown_code([&] { require_same_weights(stream, *set, parts, fingerprint_of); });
    };
    EXPECT_EQ(code({"wanted", {{0, 7}, {1, 99}, {2, 8}, {77, 1}}}), JPEGAI_OK) << "SOP is not looked at";
    EXPECT_EQ(code({"wanted", {{0, 8}, {2, 8}}}), JPEGAI_ERROR_MODEL_MISMATCH);
    EXPECT_EQ(code({"wanted", {{0, 7}, {2, 7}}}), JPEGAI_ERROR_MODEL_MISMATCH);
    try {
        require_same_weights({"wanted", {{0, 8}}}, *set, parts, fingerprint_of);
    } catch (const Error& error) {
        const std::string text = error.what();
        for (const char* word : {"\"wanted\"", "\"at hand\"", "0000000000000008", "0000000000000007", "common"})
            EXPECT_NE(text.find(word), std::string::npos) << text;
    }
}

}  // namespace
}  // namespace jpegai::test
