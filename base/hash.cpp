#include "base/hash.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace jpegai {
namespace {

// Both hashes cut their input into 64-byte blocks and close with 0x80, zeros and the bit length.
template <class Block>
void feed(std::array<std::uint8_t, 64>& pending, std::uint64_t& length, std::span<const std::uint8_t> bytes,
          Block block) {
    std::size_t held = length % 64;
    length += bytes.size();
    if (held != 0) {
        const std::size_t take = std::min(bytes.size(), 64 - held);
        std::copy_n(bytes.begin(), take, pending.begin() + static_cast<std::ptrdiff_t>(held));
        bytes = bytes.subspan(take);
        if (held + take < 64) return;
        block(pending.data());
    }
    for (; bytes.size() >= 64; bytes = bytes.subspan(64)) block(bytes.data());
    std::copy(bytes.begin(), bytes.end(), pending.begin());
}

template <class Hash>
void close(Hash& hash, std::uint64_t length, bool big_endian) {
    std::array<std::uint8_t, 72> tail{0x80};
    const std::size_t zeros = (119 - length % 64) % 64;
    for (std::size_t i = 0; i < 8; ++i) {
        const std::size_t shift = 8 * (big_endian ? 7 - i : i);
        tail[1 + zeros + i] = static_cast<std::uint8_t>((length * 8) >> shift);
    }
    hash.update({tail.data(), 1 + zeros + 8});
}

constexpr std::array<std::uint32_t, 64> kSha = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

std::array<std::uint32_t, 64> md5_constants() {
    std::array<std::uint32_t, 64> k{};
    for (int i = 0; i < 64; ++i)
        k[static_cast<std::size_t>(i)] =
            static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
    return k;
}

// The primes of XXH64.
constexpr std::uint64_t kXx1 = 0x9E3779B185EBCA87, kXx2 = 0xC2B2AE3D27D4EB4F, kXx3 = 0x165667B19E3779F9,
                        kXx4 = 0x85EBCA77C2B2AE63, kXx5 = 0x27D4EB2F165667C5;

template <class T>
T load_little(const std::uint8_t* at) {
    static_assert(std::endian::native == std::endian::little);
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
}

std::uint64_t xx_round(std::uint64_t lane, std::uint64_t word) {
    return std::rotl(lane + word * kXx2, 31) * kXx1;
}

/// Four lanes over whole 32-byte stripes, then joined. Takes the stripes off `bytes`.
std::uint64_t xx_stripes(std::span<const std::uint8_t>& bytes) {
    std::array<std::uint64_t, 4> lanes = {kXx1 + kXx2, kXx2, 0, 0 - kXx1};
    for (; bytes.size() >= 32; bytes = bytes.subspan(32)) {
        for (std::size_t i = 0; i < 4; ++i)
            lanes[i] = xx_round(lanes[i], load_little<std::uint64_t>(bytes.data() + 8 * i));
    }
    std::uint64_t hash =
        std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12) + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes) hash = (hash ^ xx_round(0, lane)) * kXx1 + kXx4;
    return hash;
}

}  // namespace

std::uint64_t xxh64(std::span<const std::uint8_t> bytes) {
    const std::uint64_t length = bytes.size();
    std::uint64_t hash = length >= 32 ? xx_stripes(bytes) : kXx5;
    hash += length;
    for (; bytes.size() >= 8; bytes = bytes.subspan(8))
        hash = std::rotl(hash ^ xx_round(0, load_little<std::uint64_t>(bytes.data())), 27) * kXx1 + kXx4;
    if (bytes.size() >= 4) {
        hash = std::rotl(hash ^ (load_little<std::uint32_t>(bytes.data()) * kXx1), 23) * kXx2 + kXx3;
        bytes = bytes.subspan(4);
    }
    for (const std::uint8_t byte : bytes) hash = std::rotl(hash ^ (byte * kXx5), 11) * kXx1;
    hash = (hash ^ (hash >> 33)) * kXx2;
    hash = (hash ^ (hash >> 29)) * kXx3;
    return hash ^ (hash >> 32);
}

Sha256::Sha256()
    : state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19} {}

void Sha256::update(std::span<const std::uint8_t> bytes) {
    feed(pending_, length_, bytes, [this](const std::uint8_t* data) { block(data); });
}

void Sha256::block(const std::uint8_t* bytes) {
    std::array<std::uint32_t, 64> w;
    for (std::size_t i = 0; i < 16; ++i) {
        w[i] = static_cast<std::uint32_t>(bytes[4 * i]) << 24 | static_cast<std::uint32_t>(bytes[4 * i + 1]) << 16 |
               static_cast<std::uint32_t>(bytes[4 * i + 2]) << 8 | bytes[4 * i + 3];
    }
    for (std::size_t i = 16; i < 64; ++i) {
        const std::uint32_t s0 = std::rotr(w[i - 15], 7) ^ std::rotr(w[i - 15], 18) ^ (w[i - 15] >> 3);
        const std::uint32_t s1 = std::rotr(w[i - 2], 17) ^ std::rotr(w[i - 2], 19) ^ (w[i - 2] >> 10);
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    auto [a, b, c, d, e, f, g, h] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
        const std::uint32_t t1 =
            h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) + ((e & f) ^ (~e & g)) + kSha[i] + w[i];
        const std::uint32_t t2 =
            (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1, d = c, c = b, b = a, a = t1 + t2;
    }
    const std::array<std::uint32_t, 8> add = {a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state_[i] += add[i];
}

std::array<std::uint8_t, 32> Sha256::finish() {
    close(*this, length_, true);
    std::array<std::uint8_t, 32> digest;
    for (std::size_t i = 0; i < 32; ++i) digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (24 - 8 * (i % 4)));
    return digest;
}

Md5::Md5() : state_{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476} {}

void Md5::update(std::span<const std::uint8_t> bytes) {
    feed(pending_, length_, bytes, [this](const std::uint8_t* data) { block(data); });
}

void Md5::block(const std::uint8_t* bytes) {
    static const std::array<std::uint32_t, 64> k = md5_constants();
    static constexpr std::array<int, 16> kShift = {7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
    std::array<std::uint32_t, 16> m;
    std::memcpy(m.data(), bytes, 64);
    auto [a, b, c, d] = state_;
    for (std::size_t i = 0; i < 64; ++i) {
        std::uint32_t f;
        std::size_t index;
        switch (i / 16) {
            case 0:
                f = (b & c) | (~b & d), index = i;
                break;
            case 1:
                f = (d & b) | (~d & c), index = (5 * i + 1) % 16;
                break;
            case 2:
                f = b ^ c ^ d, index = (3 * i + 5) % 16;
                break;
            default:
                f = c ^ (b | ~d), index = (7 * i) % 16;
                break;
        }
        const std::uint32_t rotated = std::rotl(a + f + k[i] + m[index], kShift[i / 16 * 4 + i % 4]);
        a = d, d = c, c = b, b += rotated;
    }
    state_[0] += a, state_[1] += b, state_[2] += c, state_[3] += d;
}

std::array<std::uint8_t, 16> Md5::finish() {
    close(*this, length_, false);
    std::array<std::uint8_t, 16> digest;
    for (std::size_t i = 0; i < 16; ++i) digest[i] = static_cast<std::uint8_t>(state_[i / 4] >> (8 * (i % 4)));
    return digest;
}

std::string to_hex(std::span<const std::uint8_t> bytes) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

std::string sha256_hex(std::span<const std::uint8_t> bytes) {
    Sha256 hash;
    hash.update(bytes);
    return to_hex(hash.finish());
}

std::string md5_hex(std::span<const std::uint8_t> bytes) {
    Md5 hash;
    hash.update(bytes);
    return to_hex(hash.finish());
}

}  // namespace jpegai
