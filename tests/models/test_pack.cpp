// Whole packs of version 2.
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/crc32.h"
#include "models/fingerprint.h"
#include "models/little_endian.h"
#include "models/pack_index_v2.h"
#include "models/pack_writer.h"
#include "tests/models/archive_builder.h"
#include "tests/models/tensors.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

std::shared_ptr<const WeightSet> small_set() {
    return weights_from_memory("small", {{"A/x_0.5",
                                          {{"b", floats_of({1, 2, 3, -4}, {2, 2})},
                                           {"c", {DType::kBool, {}, {1}}},
                                           {"entropy.scale_table", floats_of({1, 2})},
                                           {"epoch", floats_of({1})}}},
                                         {"A/y_0.5", {{"a", make_tensor<std::int64_t>(DType::kInt64, {-7})}}},
                                         {"A/z_0.5",
                                          {{"big", make_tensor(DType::kFloat32, random_numbers(50, 3))},
                                           {"zeros", floats_of(std::vector<float>(90, 0.0f))}}}});
}

Bytes small_pack() {
    PackOptions options;
    options.name = "small set";
    options.info = "made by a test\nfor tests";
    return write_pack(*small_set(), options);
}

std::shared_ptr<const WeightSet> open_pack(const Bytes& pack) {
    return weights_from_packs({memory_source("pack", pack)});
}

/// What opening a pack and loading everything in it throws.
jpegai_error code_of(const Bytes& pack) {
    return thrown_code([&] {
        const auto set = open_pack(pack);
        for (const std::string& file : set->files()) (void)set->load(file);
    });
}

/// A pack with the given index (sizes of its entries as they are) and block bytes, checksums correct.
Bytes pack_of(const Bytes& index, const Bytes& blocks) {
    Bytes pack = to_bytes("JAIWGT02");
    append_le(pack, static_cast<std::uint32_t>(index.size()));
    append_le(pack, crc32(index));
    pack.insert(pack.end(), index.begin(), index.end());
    pack.insert(pack.end(), blocks.begin(), blocks.end());
    return pack;
}

PackIndex index_of(std::vector<PackEntry> entries) {
    PackIndex index;
    index.fingerprint = std::string(64, '0');
    index.entries = std::move(entries);
    return index;
}

/// An entry over `block`, stored raw.
PackEntry entry_of(const Bytes& block, DType dtype, std::vector<std::size_t> shape) {
    PackEntry entry;
    entry.file = "f";
    entry.key = "k";
    entry.dtype = dtype;
    entry.shape = std::move(shape);
    entry.size = block.size();
    entry.crc = crc32(block);
    return entry;
}

jpegai_error code_of(const PackEntry& entry, const Bytes& block) {
    return code_of(pack_of(format_pack_index(index_of({entry})), block));
}

TEST(Fingerprint, EqualsItsDefinition) {
    // Computed with Python's hashlib from docs/PACK_FORMAT.md.
    const auto set = weights_from_memory("", {{"A/x_0.5",
                                               {{"b", floats_of({1, 2, 3, -4}, {2, 2})},
                                                {"c", {DType::kBool, {}, {1}}},
                                                {"entropy.scale_table", floats_of({1, 2})},
                                                {"epoch", floats_of({1})}}},
                                              {"A/y_0.5", {{"a", make_tensor<std::int64_t>(DType::kInt64, {-7})}}}});
    EXPECT_EQ(fingerprint(*set), "7dfe67c782c61aedc7c1b0e71637cce19cf63a7076e85f92b8db369ccb7ee198");
}

TEST(Pack, GivesBackTheSet) {
    const auto set = small_set();
    const Bytes pack = small_pack();
    const auto back = open_pack(pack);
    EXPECT_EQ(back->files(), set->files());
    EXPECT_EQ(back->load("A/x_0.5").size(), 2u) << "keys without weights are left out";
    for (const std::string& file : back->files()) {
        for (const auto& [key, tensor] : back->load(file)) {
            EXPECT_EQ(tensor.dtype, set->tensor(file, key).dtype);
            EXPECT_EQ(tensor.shape, set->tensor(file, key).shape);
            EXPECT_EQ(tensor.bytes, set->tensor(file, key).bytes);
        }
    }
    EXPECT_EQ(back->known_fingerprint(), compute_fingerprint(*set));
    EXPECT_EQ(fingerprint(*back), fingerprint(*set));
    EXPECT_EQ(back->describe(), "weight set \"small set\" (pack)");
    EXPECT_NO_THROW(verify_pack(memory_source("pack", pack)));
    const PackIndex index = read_pack_index(*memory_source("pack", pack));
    EXPECT_EQ(index.version, 2u);
    EXPECT_EQ(index.info, "made by a test\nfor tests");
}

TEST(Pack, IsTheSameEachTime) {
    EXPECT_EQ(sha256_hex(small_pack()), sha256_hex(small_pack()));
}

TEST(Pack, APackThatCompletesASetDoesNotRenameIt) {
    const auto name_of = [](const std::string& first, const std::string& second) {
        const auto pack = [](const char* file, const std::string& name) {
            PackOptions options;
            options.name = name;
            return write_pack(*weights_from_memory("", {{file, {{"a", floats_of({1})}}}}), options);
        };
        const Bytes x = pack("A/x", first), y = pack("A/y", second);
        return weights_from_packs({memory_source("x", x), memory_source("y", y)}, "folder")->name();
    };
    EXPECT_EQ(name_of("one", "one"), "one");
    EXPECT_EQ(name_of("one", ""), "folder");
    EXPECT_EQ(name_of("", "two"), "folder");
    EXPECT_EQ(name_of("one", "two"), "folder");
}

TEST(Pack, EmptySetIsAPack) {
    const Bytes pack = write_pack(*weights_from_memory("", {}), {});
    EXPECT_TRUE(open_pack(pack)->files().empty());
}

TEST(Pack, EveryTruncationAndExtensionIsReported) {
    Bytes pack = small_pack();
    for (std::size_t length = 0; length < pack.size(); ++length) {
        const Bytes part(pack.begin(), pack.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(thrown_code([&] { (void)open_pack(part); }), JPEGAI_ERROR_MODEL) << length;
    }
    pack.push_back(0);
    EXPECT_EQ(thrown_code([&] { (void)open_pack(pack); }), JPEGAI_ERROR_MODEL);
}

TEST(Pack, EveryDamagedBitIsReported) {
    const Bytes pack = small_pack();
    for (std::size_t bit = 0; bit < pack.size() * 8; ++bit) {
        Bytes damaged = pack;
        damaged[bit / 8] = static_cast<std::uint8_t>(damaged[bit / 8] ^ 1 << bit % 8);
        ASSERT_EQ(code_of(damaged), JPEGAI_ERROR_MODEL) << bit;
    }
}

TEST(Pack, FalseFingerprintIsFound) {
    PackIndex index = read_pack_index(*memory_source("pack", small_pack()));
    const Bytes pack = small_pack();
    const Bytes blocks(pack.begin() + static_cast<std::ptrdiff_t>(index.data_offset), pack.end());
    index.fingerprint[0] = index.fingerprint[0] == '0' ? '1' : '0';
    const Bytes changed = pack_of(format_pack_index(index), blocks);
    EXPECT_EQ(code_of(changed), JPEGAI_OK);
    EXPECT_EQ(thrown_code([&] { verify_pack(memory_source("pack", changed)); }), JPEGAI_ERROR_MODEL);
}

TEST(Pack, RefusesEntriesThatContradictThemselves) {
    const Bytes block(24, 1);
    const PackEntry good = entry_of(block, DType::kFloat32, {2, 3});
    EXPECT_EQ(code_of(good, block), JPEGAI_OK);
    const auto with = [&](auto change) {
        PackEntry entry = good;
        change(entry);
        return code_of(entry, block);
    };
    EXPECT_EQ(with([](PackEntry& e) { e.shape = {2, 4}; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.shape = {24, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.shape = {0, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.shape = std::vector<std::size_t>(9, 1); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.dtype = DType::kInt16; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.dtype = static_cast<DType>(9); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.encoding = static_cast<PackEncoding>(6); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.codec = static_cast<PackCodec>(2); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.codec = PackCodec::kZstd; }), JPEGAI_ERROR_MODEL) << "no zstd frame";
    EXPECT_EQ(with([](PackEntry& e) { e.planes = 1; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.exponent = 1; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.size = 23; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.crc = *e.crc ^ 1; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.key = ""; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.key = "a b"; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.file = "\x1B[2J"; }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(with([](PackEntry& e) { e.file = std::string(256, 'x'); }), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code_of(entry_of(block, DType::kBool, {24}), block), JPEGAI_OK);
    const Bytes twos(24, 2);
    EXPECT_EQ(code_of(entry_of(twos, DType::kBool, {24}), twos), JPEGAI_ERROR_MODEL);
}

TEST(Pack, RefusesEncodingsThatDoNotFitTheType) {
    const Bytes block(4, 0);
    const auto code = [&](PackEncoding encoding, DType dtype, std::size_t count, unsigned planes = 0,
                          int exponent = 0) {
        PackEntry entry = entry_of(block, dtype, {count});
        entry.encoding = encoding;
        entry.planes = planes;
        entry.exponent = exponent;
        return code_of(entry, block);
    };
    EXPECT_EQ(code(PackEncoding::kPlanes, DType::kFloat32, 1), JPEGAI_OK);
    EXPECT_EQ(code(PackEncoding::kPlanes, DType::kInt8, 4), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kHalf, DType::kFloat32, 2), JPEGAI_OK);
    EXPECT_EQ(code(PackEncoding::kHalf, DType::kInt32, 2), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kHalfPlanes, DType::kFloat64, 2), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kU8, DType::kInt32, 4), JPEGAI_OK);
    EXPECT_EQ(code(PackEncoding::kU8, DType::kInt8, 4), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kU8, DType::kFloat32, 4), JPEGAI_ERROR_MODEL);
    for (const unsigned planes : {1u, 2u, 4u}) {
        EXPECT_EQ(code(PackEncoding::kGrid, DType::kFloat32, 4 / planes, planes), JPEGAI_OK);
        EXPECT_EQ(code(PackEncoding::kGrid, DType::kInt64, 4 / planes, planes), JPEGAI_OK);
    }
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kInt32, 4, 1, -1), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kInt8, 4, 1), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kFloat16, 4, 1), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kFloat32, 4, 0), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kFloat32, 4, 5), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kFloat32, 4, 1, -127), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(PackEncoding::kGrid, DType::kFloat32, 4, 1, 65), JPEGAI_ERROR_MODEL);
}

TEST(Pack, RefusesClaimsThatNoBlockCanKeep) {
    const PackedTensor zeros = pack_tensor(floats_of(std::vector<float>(1 << 16, 0.0f)), 3);
    const auto code = [&](std::vector<std::size_t> shape, std::size_t size) {
        PackEntry entry = zeros.entry;
        entry.file = "f", entry.key = "k";
        entry.shape = std::move(shape);
        Bytes block = zeros.block;
        block.resize(size);
        entry.size = size;
        entry.crc = crc32(block);
        return code_of(entry, block);
    };
    EXPECT_EQ(code({1 << 16}, zeros.block.size()), JPEGAI_OK);
    EXPECT_EQ(code({1 << 15}, zeros.block.size()), JPEGAI_ERROR_MODEL) << "less than the frame says";
    EXPECT_EQ(code({1 << 17}, zeros.block.size()), JPEGAI_ERROR_MODEL) << "more than the frame says";
    EXPECT_EQ(code({1 << 24}, zeros.block.size()), JPEGAI_ERROR_MODEL) << "more than any frame could hold";
    EXPECT_EQ(code({1 << 26}, 4096), JPEGAI_ERROR_MODEL) << "more than a tensor may have";
    EXPECT_EQ(code({1 << 16}, zeros.block.size() + 1), JPEGAI_ERROR_MODEL) << "bytes after the frame";
    EXPECT_EQ(code({1 << 16}, zeros.block.size() - 1), JPEGAI_ERROR_MODEL) << "frame cut short";
}

TEST(Pack, RefusesImpossibleBlocksWhenItIsOpened) {
    // Not one byte of the block is looked at: what it claims is more than any zstd frame of its size could hold.
    const Bytes block(100, 0);
    PackEntry entry = entry_of(block, DType::kInt8, {std::size_t{101} << 15});
    entry.codec = PackCodec::kZstd;
    const auto open = [&] { (void)open_pack(pack_of(format_pack_index(index_of({entry})), block)); };
    EXPECT_EQ(thrown_code(open), JPEGAI_ERROR_MODEL);
    entry.shape = {std::size_t{100} << 15};
    EXPECT_EQ(thrown_code(open), JPEGAI_OK);
}

TEST(Pack, BlockIsOneFrame) {
    // A frame without a content size: one last block with two bytes as they are (RFC 8878, 3.1.1).
    const Bytes frame = {0x28, 0xB5, 0x2F, 0xFD, 0x00, 0x00, 0x11, 0x00, 0x00, 7, 8};
    Bytes two = frame;
    two.insert(two.end(), frame.begin(), frame.end());
    PackEntry entry = entry_of(frame, DType::kInt8, {2});
    entry.codec = PackCodec::kZstd;
    EXPECT_EQ(code_of(entry, frame), JPEGAI_OK);
    entry = entry_of(two, DType::kInt8, {4});
    entry.codec = PackCodec::kZstd;
    EXPECT_EQ(code_of(entry, two), JPEGAI_ERROR_MODEL);
}

TEST(Pack, RefusesSetsBeyondTheLimit) {
    const Bytes block(4096, 0);
    std::vector<PackEntry> entries(17, entry_of(block, DType::kInt8, {std::size_t{1} << 27}));
    Bytes blocks;
    for (std::size_t i = 0; i < entries.size(); ++i) {
        entries[i].codec = PackCodec::kZstd;
        entries[i].key += static_cast<char>('a' + i);
        blocks.insert(blocks.end(), block.begin(), block.end());
    }
    EXPECT_EQ(thrown_code([&] { (void)open_pack(pack_of(format_pack_index(index_of(entries)), blocks)); }),
              JPEGAI_ERROR_MODEL);
    entries.pop_back();
    blocks.resize(blocks.size() - block.size());
    EXPECT_EQ(thrown_code([&] { (void)open_pack(pack_of(format_pack_index(index_of(entries)), blocks)); }), JPEGAI_OK)
        << "2 GiB are declared, but nothing is decoded yet";
}

TEST(Pack, RefusesIndexesOutOfOrder) {
    const Bytes block(4, 0);
    PackEntry first = entry_of(block, DType::kFloat32, {1}), second = first;
    const Bytes blocks(8, 0);
    const auto code = [&] { return code_of(pack_of(format_pack_index(index_of({first, second})), blocks)); };
    EXPECT_EQ(code(), JPEGAI_ERROR_MODEL) << "the same key twice";
    second.key = "j";
    EXPECT_EQ(code(), JPEGAI_ERROR_MODEL);
    second.key = "l";
    EXPECT_EQ(code(), JPEGAI_OK);
    second.file = "e";
    EXPECT_EQ(code(), JPEGAI_ERROR_MODEL);
    second.file = "g";
    EXPECT_EQ(code(), JPEGAI_OK);
}

TEST(Pack, RefusesFaultyIndexBytes) {
    Bytes index = format_pack_index(index_of({}));
    EXPECT_EQ(code_of(pack_of(index, {})), JPEGAI_OK);
    for (std::size_t length = 0; length < index.size(); ++length) {
        const Bytes part(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(code_of(pack_of(part, {})), JPEGAI_ERROR_MODEL) << length;
    }
    index.push_back(0);
    EXPECT_EQ(code_of(pack_of(index, {})), JPEGAI_ERROR_MODEL) << "a byte after the end";
    index.pop_back();
    index[index.size() - 4] = 1;  // one file
    Bytes no_tensors = index;
    no_tensors.insert(no_tensors.end(), {1, 0, 'f', 0, 0, 0, 0});
    EXPECT_EQ(code_of(pack_of(no_tensors, {})), JPEGAI_ERROR_MODEL);
    Bytes many_tensors = index;
    many_tensors.insert(many_tensors.end(), {1, 0, 'f', 0xFF, 0xFF, 0xFF, 0xFF});
    EXPECT_EQ(code_of(pack_of(many_tensors, {})), JPEGAI_ERROR_MODEL);
    index[index.size() - 1] = 1;  // 16 million files
    EXPECT_EQ(code_of(pack_of(index, {})), JPEGAI_ERROR_MODEL);
    PackIndex control = index_of({});
    control.name = "\x1B[2J";
    EXPECT_EQ(code_of(pack_of(format_pack_index(control), {})), JPEGAI_ERROR_MODEL);
}

TEST(Pack, WriterRefusesWhatNoReaderTakes) {
    const auto code = [](const std::string& file, const std::string& key, PackOptions options = {}) {
        const auto set = weights_from_memory("", {{file, {{key, floats_of({1})}}}});
        return thrown_code([&] { (void)write_pack(*set, options); });
    };
    EXPECT_EQ(code("f", "k"), JPEGAI_OK);
    EXPECT_EQ(code("f", "two words"), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code(std::string(300, 'x'), "k"), JPEGAI_ERROR_MODEL);
    PackOptions options;
    options.name = "line\nbreak";
    EXPECT_EQ(code("f", "k", options), JPEGAI_ERROR_ARGUMENT);
    options.name = std::string(256, 'x');
    EXPECT_EQ(code("f", "k", options), JPEGAI_ERROR_ARGUMENT);
    options = {};
    options.level = 20;
    EXPECT_EQ(code("f", "k", options), JPEGAI_ERROR_ARGUMENT);
    options = {};
    options.info = std::string((1 << 16) + 1, 'x');
    EXPECT_EQ(code("f", "k", options), JPEGAI_ERROR_ARGUMENT);
}

TEST(Pack, TrainedWeightsKeepTheirFingerprint) {
    JPEGAI_NEEDS_SHARED();
    const auto& trained = *trained_weights();
    std::map<std::string, Checkpoint, std::less<>> one;
    for (const char* const file : {"VM_bop/decoder_UV_0.075", "VM_sop/decoder_Y_0.075"}) one[file] = trained.load(file);
    const auto set = weights_from_memory("two files", std::move(one));
    PackOptions options;
    options.level = 3;
    const Bytes pack = write_pack(*set, options);
    EXPECT_EQ(open_pack(pack)->known_fingerprint(), compute_fingerprint(*set));
    EXPECT_NO_THROW(verify_pack(memory_source("pack", pack)));
}

}  // namespace
}  // namespace jpegai::test
