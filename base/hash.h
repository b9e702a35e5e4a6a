// SHA-256, MD5 and XXH64, for fingerprints and picture checks; not used for any security decision beyond file identity.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace jpegai {

/// Incremental SHA-256 (FIPS 180-4).
class Sha256 {
public:
    Sha256();
    void update(std::span<const std::uint8_t> bytes);
    /// Digest of all bytes given so far; the object must not be used afterwards.
    [[nodiscard]] std::array<std::uint8_t, 32> finish();

private:
    void block(const std::uint8_t* bytes);
    std::array<std::uint32_t, 8> state_;
    std::array<std::uint8_t, 64> pending_{};
    std::uint64_t length_ = 0;
};

/// Incremental MD5 (RFC 1321).
class Md5 {
public:
    Md5();
    void update(std::span<const std::uint8_t> bytes);
    [[nodiscard]] std::array<std::uint8_t, 16> finish();

private:
    void block(const std::uint8_t* bytes);
    std::array<std::uint32_t, 4> state_;
    std::array<std::uint8_t, 64> pending_{};
    std::uint64_t length_ = 0;
};

/// XXH64 with seed 0 (github.com/Cyan4973/xxHash, doc/xxhash_spec.md): 64 bits at memory speed, against accidents only.
[[nodiscard]] std::uint64_t xxh64(std::span<const std::uint8_t> bytes);

/// Lower-case hexadecimal.
[[nodiscard]] std::string to_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string sha256_hex(std::span<const std::uint8_t> bytes);
[[nodiscard]] std::string md5_hex(std::span<const std::uint8_t> bytes);

}  // namespace jpegai
