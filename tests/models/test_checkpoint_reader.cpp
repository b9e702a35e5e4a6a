// Real checkpoints (tests/data/models, written by torch 1.13) and hand-made ones.
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/checkpoint_reader.h"
#include "tests/models/archive_builder.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

using Shape = std::vector<std::size_t>;

bool everything(std::string_view) {
    return true;
}

Checkpoint read_file_of(const std::string& name) {
    return CheckpointReader(file_source(data_path("models/" + name).string())).read(everything);
}

Checkpoint read_bytes(const Bytes& file) {
    return CheckpointReader(memory_source("file", file)).read(everything);
}

template <class T>
std::vector<double> numbers(const Tensor& tensor) {
    std::vector<T> values(tensor.count());
    EXPECT_EQ(tensor.bytes.size(), values.size() * sizeof(T));
    std::memcpy(values.data(), tensor.bytes.data(), tensor.bytes.size());
    return {values.begin(), values.end()};
}

TEST(CheckpointReader, ReadsEveryType) {
    Checkpoint tensors = read_file_of("every_type.pth");
    const std::vector<double> values = {-2, -1, 0, 1, 2, 3};
    EXPECT_EQ(numbers<float>(tensors["float32"]), values);
    EXPECT_EQ(numbers<double>(tensors["float64"]), values);
    EXPECT_EQ(numbers<std::int64_t>(tensors["int64"]), values);
    EXPECT_EQ(numbers<std::int32_t>(tensors["int32"]), values);
    EXPECT_EQ(numbers<std::int16_t>(tensors["int16"]), values);
    EXPECT_EQ(numbers<std::int8_t>(tensors["int8"]), values);
    EXPECT_EQ(numbers<std::uint8_t>(tensors["uint8"]), (std::vector<double>{254, 255, 0, 1, 2, 3}));
    EXPECT_EQ(numbers<std::uint8_t>(tensors["bool"]), (std::vector<double>{1, 1, 0, 1, 1, 1}));
    EXPECT_EQ(numbers<std::uint16_t>(tensors["float16"]),
              (std::vector<double>{0xC000, 0xBC00, 0, 0x3C00, 0x4000, 0x4200}));
    for (const auto& [key, tensor] : tensors) {
        if (key != "scalar" && key != "empty") {
            EXPECT_EQ(key, dtype_name(tensor.dtype));
            EXPECT_EQ(tensor.shape, (Shape{2, 3})) << key;
        }
    }
    EXPECT_EQ(tensors["scalar"].shape, Shape{});
    EXPECT_EQ(tensors["scalar"].floats("")[0], 7.5f);
    EXPECT_EQ(tensors["empty"].shape, (Shape{0, 3}));
    EXPECT_TRUE(tensors["empty"].bytes.empty());
}

TEST(CheckpointReader, FollowsOffsetsAndStridesOfSharedStorages) {
    Checkpoint tensors = read_file_of("views.pth");
    EXPECT_EQ(tensors["base"].count(), 24u);
    EXPECT_EQ(numbers<float>(tensors["row"]), (std::vector<double>{12, 13, 14, 15, 16, 17}));
    EXPECT_EQ(numbers<float>(tensors["column"]), (std::vector<double>{1, 7, 13, 19}));
    EXPECT_EQ(tensors["transposed"].shape, (Shape{6, 4}));
    for (std::size_t i = 0; i < 24; ++i) {
        EXPECT_EQ(tensors["transposed"].floats("")[i], static_cast<float>(i % 4 * 6 + i / 4));
    }
    EXPECT_EQ(numbers<float>(tensors["inner"]), (std::vector<double>{8, 9, 10, 14, 15, 16}));
    EXPECT_EQ(numbers<float>(tensors["every_second"]),
              (std::vector<double>{1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23}));
    EXPECT_EQ(numbers<float>(tensors["repeated"]), (std::vector<double>{1, 1, 1, 2, 2, 2}));
    EXPECT_EQ(numbers<float>(tensors["parameter"]), (std::vector<double>{5, 6}));
}

TEST(CheckpointReader, LeavesOutWhatIsNoWeight) {
    const CheckpointReader reader(file_source(data_path("models/views.pth").string()));
    EXPECT_TRUE(reader.tensors().contains("channel_wise_entropy"));
    const Checkpoint tensors = reader.read(is_weight_key);
    EXPECT_FALSE(tensors.contains("channel_wise_entropy"));
    EXPECT_EQ(tensors.size(), 8u);
    EXPECT_FALSE(is_weight_key("entropy._quantized_cdf"));
    EXPECT_FALSE(is_weight_key("optimizer.state"));
    EXPECT_FALSE(is_weight_key("epoch"));
    EXPECT_TRUE(is_weight_key("hyper_entropy.freqs_int"));
    EXPECT_TRUE(is_weight_key("entropy_net.weight"));
}

TEST(CheckpointReader, FindsTheStateOfAModuleBelowAKey) {
    Checkpoint tensors = read_file_of("nested.pth");
    EXPECT_EQ(tensors.size(), 7u);
    EXPECT_EQ(numbers<float>(tensors["conv.weight"]), (std::vector<double>{0.5, -0.5}));
    EXPECT_EQ(tensors["norm.num_batches_tracked"].dtype, DType::kInt64);
    EXPECT_FALSE(tensors.contains("loss"));
}

/// A checkpoint with one tensor "t" of the given description over a storage of `stored` bytes.
Bytes one_tensor(const char* storage_class, std::int32_t length, std::int32_t offset,
                 const std::vector<std::int32_t>& sizes, const std::vector<std::int32_t>& strides, std::size_t stored) {
    ZipBuilder zip;
    PickleBuilder pickle;
    pickle.protocol().raw("}").text("t").tensor(storage_class, "0", length, offset, sizes, strides).raw("s");
    zip.add("root/data.pkl", pickle.stop());
    Bytes content(stored);
    for (std::size_t i = 0; i < stored; ++i) content[i] = static_cast<std::uint8_t>(i);
    zip.add("root/data/0", content);
    return zip.finish();
}

TEST(CheckpointReader, ChecksViewsAgainstTheirStorage) {
    EXPECT_EQ(numbers<std::int8_t>(read_bytes(one_tensor("CharStorage", 8, 1, {3}, {3}, 8))["t"]),
              (std::vector<double>{1, 4, 7}));
    const Bytes files[] = {
        one_tensor("CharStorage", 8, 2, {3}, {3}, 8),              // one value beyond the end
        one_tensor("CharStorage", 8, 8, {1}, {1}, 8),              // offset at the end
        one_tensor("CharStorage", 8, 8, {}, {}, 8),                // the same without dimensions
        one_tensor("CharStorage", 8, -1, {1}, {1}, 8),             // before the beginning
        one_tensor("CharStorage", 8, 0, {-1}, {1}, 8),             // negative size
        one_tensor("CharStorage", 8, 7, {2}, {-1}, 8),             // negative stride
        one_tensor("CharStorage", 8, 0, {2, 2}, {1}, 8),           // a stride is missing
        one_tensor("CharStorage", 9, 0, {8}, {1}, 8),              // storage shorter than declared
        one_tensor("CharStorage", 7, 0, {7}, {1}, 8),              // and longer
        one_tensor("FloatStorage", 8, 0, {8}, {1}, 8),             // and of another type
        one_tensor("CharStorage", -8, 0, {8}, {1}, 8),             // negative length
        one_tensor("CharStorage", 8, 0, {1 << 30, 4}, {0, 0}, 8),  // 4 GiB out of 8 bytes
        one_tensor("CharStorage", 8, 0, {1 << 16, 1}, {0, 0}, 8),  // still far more than the file
        one_tensor("CharStorage", 8, 0, {1 << 30, 1 << 30, 1 << 30}, {0, 0, 0}, 8),
        one_tensor("CharStorage", 8, 0, {2, 2}, {1 << 30, 1 << 30}, 8),
        one_tensor("CharStorage", 8, 0, {0, 1 << 30, 1 << 30}, {1, 1, 1}, 8),
        one_tensor("CharStorage", 8, 0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1, 1, 1, 1, 1, 1, 1, 1, 1}, 8),
        one_tensor("BoolStorage", 8, 0, {8}, {1}, 8),  // 2 is no truth value
    };
    for (std::size_t i = 0; i < std::size(files); ++i) {
        EXPECT_EQ(thrown_code([&] { (void)read_bytes(files[i]); }), JPEGAI_ERROR_MODEL) << i;
    }
}

TEST(CheckpointReader, RefusesArchivesThatAreNoCheckpoint) {
    const auto code = [](ZipBuilder zip) {
        const Bytes file = zip.finish();
        return thrown_code([&] { (void)read_bytes(file); });
    };
    const Bytes empty = PickleBuilder().protocol().raw("}").stop();
    ZipBuilder good, none, two, list, big_endian;
    good.add("x/data.pkl", empty);
    good.add("x/byteorder", to_bytes("little"));
    EXPECT_EQ(code(good), JPEGAI_OK);
    none.add("data.pkl", empty);
    EXPECT_EQ(code(none), JPEGAI_ERROR_MODEL);
    two.add("x/data.pkl", empty);
    two.add("y/data.pkl", empty);
    EXPECT_EQ(code(two), JPEGAI_ERROR_MODEL);
    list.add("x/data.pkl", PickleBuilder().protocol().raw("]").stop());
    EXPECT_EQ(code(list), JPEGAI_ERROR_MODEL);
    big_endian.add("x/data.pkl", empty);
    big_endian.add("x/byteorder", to_bytes("big"));
    EXPECT_EQ(code(big_endian), JPEGAI_ERROR_MODEL);
}

TEST(CheckpointReader, RefusesKeysThatCannotBeNames) {
    for (const std::string& key : {std::string(), std::string("a b"), std::string("\x1B[2J"), std::string(256, 'x')}) {
        ZipBuilder zip;
        PickleBuilder pickle;
        pickle.protocol().raw("}").text(key).tensor("CharStorage", "0", 1, 0, {1}, {1}).raw("s");
        zip.add("r/data.pkl", pickle.stop());
        zip.add("r/data/0", {1});
        const Bytes file = zip.finish();
        EXPECT_EQ(thrown_code([&] { (void)read_bytes(file); }), JPEGAI_ERROR_MODEL) << key.size();
    }
}

TEST(CheckpointReader, EveryTruncationIsReported) {
    const Bytes file = load_bytes(data_path("models/views.pth"));
    for (std::size_t length = 0; length < file.size(); ++length) {
        const Bytes part(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(thrown_code([&] { (void)read_bytes(part); }), JPEGAI_ERROR_MODEL) << length;
    }
}

TEST(CheckpointReader, DamagedBytesAreReportedOrHarmless) {
    const Bytes file = load_bytes(data_path("models/views.pth"));
    const Checkpoint whole = read_bytes(file);
    std::size_t noticed = 0;
    for (std::size_t at = 0; at < file.size(); ++at) {
        for (const int bit : {0, 3, 7}) {
            Bytes damaged = file;
            damaged[at] = static_cast<std::uint8_t>(damaged[at] ^ 1 << bit);
            Checkpoint tensors;
            const jpegai_error code = thrown_code([&] { tensors = read_bytes(damaged); });
            ASSERT_TRUE(code == JPEGAI_OK || code == JPEGAI_ERROR_MODEL) << at;
            noticed += code != JPEGAI_OK;
            if (code != JPEGAI_OK) continue;
            for (const auto& [key, tensor] : tensors) EXPECT_EQ(tensor.bytes, whole.at(key).bytes) << at << key;
        }
    }
    EXPECT_GT(noticed, file.size()) << "most bytes of the file are covered by a check";
}

}  // namespace
}  // namespace jpegai::test
