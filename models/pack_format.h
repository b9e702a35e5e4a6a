// The .jaiw weight pack (docs/PACK_FORMAT.md): its index, and how the values of one tensor lie in their block.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "models/byte_source.h"
#include "models/weight_set.h"

namespace jpegai {

/// How a block, once decompressed, holds the N values of a tensor. The numbers are those of pack version 2.
enum class PackEncoding : std::uint8_t {
    kPlain = 0,       ///< little-endian values of the tensor's type
    kPlanes = 1,      ///< the same, as N lowest bytes, N second bytes ...
    kHalf = 2,        ///< float32 only: N float16
    kHalfPlanes = 3,  ///< float32 only: N low bytes of float16, N high bytes
    kGrid = 4,        ///< i * 2^exponent; u = 2i or -2i-1 as `planes` byte planes
    kU8 = 5,          ///< int16, int32, int64 with values 0..255: N bytes
};
enum class PackCodec : std::uint8_t { kRaw = 0, kZstd = 1 };

/// Limits of a reader, far above anything the standard's networks need.
inline constexpr std::size_t kMaxPackTensors = 1 << 16, kMaxPackFiles = 4096, kMaxPackName = 255, kMaxPackRank = 8,
                             kMaxPackInfo = 1 << 16;
inline constexpr std::size_t kMaxPackIndexBytes = 8 << 20;
inline constexpr std::uint64_t kMaxPackTensorBytes = std::uint64_t{1} << 27, kMaxPackSetBytes = std::uint64_t{1} << 31;

/// One tensor of a pack.
struct PackEntry {
    std::string file;  ///< with the model's suffix: "VM_common_int/Y_0.012"
    std::string key;
    DType dtype = DType::kFloat32;
    std::vector<std::size_t> shape;
    PackEncoding encoding = PackEncoding::kPlain;
    int exponent = 0;     ///< kGrid: -126..64, 0 for integers
    unsigned planes = 0;  ///< kGrid: 1..4
    PackCodec codec = PackCodec::kRaw;
    std::uint64_t offset = 0;          ///< of the block in the file
    std::uint64_t size = 0;            ///< stored bytes
    std::uint64_t raw_size = 0;        ///< bytes after decompression
    std::optional<std::uint32_t> crc;  ///< CRC-32 of the stored bytes; version 1 has none

    [[nodiscard]] std::uint64_t count() const;  ///< number of values N
};

/// What the head of a pack says.
struct PackIndex {
    unsigned version = 0;
    std::string name;         ///< of the set; empty in version 1
    std::string info;         ///< origin, licence and the like, for people; may be empty
    std::string fingerprint;  ///< as the writer computed it, hex; empty in version 1. See fingerprint().
    std::string data_sha256;  ///< of all blocks, hex; version 1 only
    std::uint64_t data_offset = 0;
    std::vector<PackEntry> entries;  ///< sorted by file and key, no two alike
};

/// Reads and checks the head of a pack of either version: afterwards every block lies inside the source, every shape
/// fits its sizes and the limits above hold. Throws Error{model, io}.
[[nodiscard]] PackIndex read_pack_index(const ByteSource& source);

/// Decodes every tensor and compares with what the pack says about its whole content: the SHA-256 of the data in
/// version 1, the fingerprint in version 2. Throws Error{model} when anything differs.
void verify_pack(const std::shared_ptr<const ByteSource>& pack);

/// Stored size before compression of a tensor in the given encoding, or nothing where the combination is not allowed.
[[nodiscard]] std::optional<std::uint64_t> pack_raw_size(const PackEntry& entry);

/// Decodes blocks; holds what decompression needs between calls. Not for use by two threads at once.
class BlockDecoder {
public:
    BlockDecoder();
    BlockDecoder(const BlockDecoder&) = delete;
    BlockDecoder& operator=(const BlockDecoder&) = delete;
    ~BlockDecoder();
    /// The tensor of a checked entry. Throws Error{model} with the block's offset when the block contradicts the entry.
    [[nodiscard]] Tensor decode(const ByteSource& source, const PackEntry& entry);

private:
    [[nodiscard]] std::span<const std::uint8_t> decompress(const ByteSource& source, const PackEntry& entry);
    void* context_ = nullptr;
    std::vector<std::uint8_t> stored_, raw_;
};

/// A weight set over one pack or several with different files; each file is decoded on first use.
/// `name` is that of the set where the packs carry none. Throws Error{model, io}.
[[nodiscard]] std::shared_ptr<const WeightSet> weights_from_packs(
    const std::vector<std::shared_ptr<const ByteSource>>& packs, const std::string& name = {});

}  // namespace jpegai
