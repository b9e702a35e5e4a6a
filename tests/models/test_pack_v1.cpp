// Packs of version 1, made here byte by byte; the real ones are read in test_reference_weights.cpp.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/hash.h"
#include "models/little_endian.h"
#include "models/pack_format.h"
#include "tests/models/archive_builder.h"
#include "tests/models/temporary_folder.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

using nlohmann::json;

Bytes pack_of(const json& head, const Bytes& data) {
    std::string text = head.dump();
    while ((text.size() + 12) % 16 != 0) text += ' ';
    Bytes pack = to_bytes("JAIWGT01");
    append_le(pack, static_cast<std::uint32_t>(text.size()));
    for (const char c : text) pack.push_back(static_cast<std::uint8_t>(c));
    pack.insert(pack.end(), data.begin(), data.end());
    return pack;
}

/// Values -1, 2 and 0.5 on a grid, then one truth value.
const Bytes kData = {3, 8, 2, 1};

json head_of(const std::string& beta = "0.5") {
    return {{"format", "jpegai-weights"},
            {"version", 1},
            {"model_id", 3},
            {"beta", beta},
            {"data_sha256", sha256_hex(kData)},
            {"tensors",
             {{{"file", "A/x"},
               {"key", "grid"},
               {"shape", {3}},
               {"dtype", "float32"},
               {"enc", "grid"},
               {"exp", -1},
               {"planes", 1},
               {"codec", "raw"},
               {"offset", 0},
               {"size", 3},
               {"raw_size", 3}},
              {{"file", "A/x"},
               {"key", "bool"},
               {"shape", {1}},
               {"dtype", "bool"},
               {"enc", "u8"},
               {"codec", "raw"},
               {"offset", 3},
               {"size", 1},
               {"raw_size", 1}}}}};
}

jpegai_error code_of(const Bytes& pack) {
    return thrown_code([&] {
        const auto set = weights_from_packs({memory_source("pack", pack)});
        for (const std::string& file : set->files()) (void)set->load(file);
    });
}

TEST(PackV1, IsRead) {
    const Bytes pack = pack_of(head_of(), kData);
    const auto set = weights_from_packs({memory_source("pack", pack)});
    EXPECT_EQ(set->files(), std::vector<std::string>{"A/x_0.5"});
    const auto values = set->tensor("A/x_0.5", "grid").floats("");
    EXPECT_EQ(std::vector<float>(values.begin(), values.end()), (std::vector<float>{-1.0f, 2.0f, 0.5f}));
    EXPECT_EQ(set->tensor("A/x_0.5", "bool").bytes, Bytes{1});
    EXPECT_TRUE(set->known_fingerprint().empty());
    EXPECT_NO_THROW(verify_pack(memory_source("pack", pack)));
}

TEST(PackV1, DamagedDataAreFoundByVerification) {
    Bytes data = kData;
    data[0] ^= 1;
    const Bytes pack = pack_of(head_of(), data);
    EXPECT_EQ(code_of(pack), JPEGAI_OK);
    EXPECT_EQ(thrown_code([&] { verify_pack(memory_source("pack", pack)); }), JPEGAI_ERROR_MODEL);
}

TEST(PackV1, EveryTruncationIsReported) {
    const Bytes pack = pack_of(head_of(), kData);
    for (std::size_t length = 0; length < pack.size(); ++length) {
        const Bytes part(pack.begin(), pack.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(code_of(part), JPEGAI_ERROR_MODEL) << length;
    }
}

TEST(PackV1, RefusesFaultyHeads) {
    const auto with = [](const char* pointer, const json& value) {
        json head = head_of();
        head[json::json_pointer(pointer)] = value;
        return code_of(pack_of(head, kData));
    };
    const std::pair<const char*, json> faults[] = {
        {"/format", "other"},
        {"/version", 3},
        {"/version", "1"},
        {"/beta", 0.5},
        {"/data_sha256", nullptr},
        {"/tensors", 5},
        {"/tensors/0", 5},
        {"/tensors/0/file", 5},
        {"/tensors/0/file", "a b"},
        {"/tensors/0/key", ""},
        {"/tensors/0/key", "bool"},
        {"/tensors/0/shape", 3},
        {"/tensors/0/shape", {-3}},
        {"/tensors/0/shape", {3.0}},
        {"/tensors/0/shape", {3, 1, 1, 1, 1, 1, 1, 1, 1}},
        {"/tensors/0/shape", {4}},
        {"/tensors/0/shape", {1u << 31, 1u << 31}},
        {"/tensors/0/shape", {1ull << 63}},
        {"/tensors/0/dtype", "float64"},
        {"/tensors/0/dtype", "int8"},
        {"/tensors/0/enc", "f32"},
        {"/tensors/0/enc", "i8"},
        {"/tensors/0/enc", "f16"},
        {"/tensors/0/exp", "x"},
        {"/tensors/0/exp", -1000},
        {"/tensors/0/exp", 1u << 31},
        {"/tensors/0/planes", 0},
        {"/tensors/0/planes", 3},
        {"/tensors/0/planes", 2},
        {"/tensors/0/codec", "xz"},
        {"/tensors/0/codec", "zstd"},
        {"/tensors/0/offset", -1},
        {"/tensors/0/offset", 2},
        {"/tensors/0/offset", 1ull << 40},
        {"/tensors/0/offset", ~0ull},
        {"/tensors/0/size", 2},
        {"/tensors/0/size", 4},
        {"/tensors/0/size", ~0ull},
        {"/tensors/0/raw_size", 2},
        {"/tensors/0/raw_size", ~0ull},
        {"/tensors/1/offset", 0},
    };
    for (const auto& [pointer, value] : faults) {
        EXPECT_EQ(with(pointer, value), JPEGAI_ERROR_MODEL) << pointer << " " << value.dump();
    }
    for (const char* const name : {"format", "version", "beta", "tensors", "data_sha256"}) {
        json head = head_of();
        head.erase(name);
        EXPECT_EQ(code_of(pack_of(head, kData)), JPEGAI_ERROR_MODEL) << name;
    }
    const json whole = head_of();
    for (const auto& member : whole["tensors"][0].items()) {
        json head = head_of();
        head["tensors"][0].erase(member.key());
        EXPECT_EQ(code_of(pack_of(head, kData)), JPEGAI_ERROR_MODEL) << member.key();
    }
    EXPECT_EQ(code_of(pack_of(json::array(), kData)), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code_of(to_bytes(std::string(12, 'x') + "{}    ")), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code_of(to_bytes("JAIWGT01\xFF\xFF\xFF\x7F and some more text")), JPEGAI_ERROR_MODEL);
    Bytes deep = to_bytes("JAIWGT01");
    append_le<std::uint32_t>(deep, 100000);
    deep.insert(deep.end(), 100000, '[');
    EXPECT_EQ(code_of(deep), JPEGAI_ERROR_MODEL);
}

TEST(PackV1, FolderOfPacksIsOneSet) {
    const TemporaryFolder folder;
    folder.write("model_0.jaiw", pack_of(head_of("0.002"), kData));
    folder.write("model_3.jaiw", pack_of(head_of("0.5"), kData));
    folder.write("notes.txt", kData);
    const auto set = open_weights(folder.path());
    EXPECT_EQ(set->files(), (std::vector<std::string>{"A/x_0.002", "A/x_0.5"}));
    EXPECT_EQ(set->tensor("A/x_0.5", "grid").floats("")[2], 0.5f);
    const std::string twin = folder.write("model_4.jaiw", pack_of(head_of("0.5"), kData));
    EXPECT_EQ(thrown_code([&] { (void)open_weights(folder.path()); }), JPEGAI_ERROR_MODEL) << "the same files twice";
    EXPECT_EQ(open_weights(twin)->files().size(), 1u);
}

}  // namespace
}  // namespace jpegai::test
