// Weight packs of both versions. The checksums of version 2 are set right first, and those of blocks are not looked at,
// so that the fuzzer gets past them.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/error.h"
#include "fuzz/require.h"
#include "models/crc32.h"
#include "models/little_endian.h"
#include "models/pack_index_v2.h"
#include "models/pack_writer.h"

namespace {

using namespace jpegai;
using fuzz::require;

/// What is tried of one input, so that one with very large tensors takes no minutes.
constexpr std::uint64_t kDecodedBytes = 1 << 22, kPackedBytes = 1 << 12;

void set_index_checksum(std::vector<std::uint8_t>& file) {
    if (file.size() < kPackHeadBytes || std::memcmp(file.data(), "JAIWGT02", 8) != 0) return;
    const std::uint64_t length = load_le<std::uint32_t>(&file[8]);
    if (length > file.size() - kPackHeadBytes) return;
    const std::uint32_t crc = crc32(std::span(file).subspan(kPackHeadBytes, static_cast<std::size_t>(length)));
    for (std::size_t i = 0; i < 4; ++i) file[12 + i] = static_cast<std::uint8_t>(crc >> (8 * i));
}

void check_repacked(const Tensor& tensor) {
    PackedTensor packed = pack_tensor(tensor, 1);
    const Tensor again = BlockDecoder().decode(*memory_source("block", packed.block), packed.entry);
    require(again.shape == tensor.shape && again.dtype == tensor.dtype && again.bytes == tensor.bytes,
            "packing a tensor again keeps every bit");
}

void check_blocks(const ByteSource& source, const PackIndex& index) {
    BlockDecoder decoder;
    std::uint64_t decoded = 0;
    for (PackEntry entry : index.entries) {
        require(entry.offset <= source.size() && entry.size <= source.size() - entry.offset, "blocks lie in the file");
        const std::uint64_t bytes = entry.count() * dtype_size(entry.dtype);
        require(bytes <= kMaxPackTensorBytes, "tensors are within the limit");
        decoded += bytes;
        if (decoded > kDecodedBytes) return;
        entry.crc.reset();
        try {
            const Tensor tensor = decoder.decode(source, entry);
            require(tensor.bytes.size() == bytes, "values fill the shape");
            if (bytes <= kPackedBytes) check_repacked(tensor);
        } catch (const Error& error) {
            require(error.code() == JPEGAI_ERROR_MODEL, "errors blame the weights");
            require(error.offset() <= source.size(), "errors have an offset in the file");
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::vector<std::uint8_t> file(data, data + size);
    set_index_checksum(file);
    const auto source = memory_source("input", file);
    try {
        const PackIndex index = read_pack_index(*source);
        check_blocks(*source, index);
        if (index.version == 2) {
            const auto written = format_pack_index(index);
            require(
                std::equal(written.begin(), written.end(), file.begin() + static_cast<std::ptrdiff_t>(kPackHeadBytes)),
                "an accepted index is written again unchanged");
        }
    } catch (const Error& error) {
        require(error.code() == JPEGAI_ERROR_MODEL, "errors blame the weights");
        require(error.offset() <= file.size(), "errors have an offset in the file");
    }
    return 0;
}
