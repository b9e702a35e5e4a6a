#include "base/hash.h"

#include <gtest/gtest.h>

#include <string>

namespace jpegai {
namespace {

std::span<const std::uint8_t> bytes(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

// Published values: FIPS 180-4 and RFC 1321 examples.
TEST(Sha256, PublishedExamples) {
    EXPECT_EQ(sha256_hex(bytes("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    EXPECT_EQ(sha256_hex(bytes("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_EQ(sha256_hex(bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
              "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Md5, PublishedExamples) {
    EXPECT_EQ(md5_hex(bytes("")), "d41d8cd98f00b204e9800998ecf8427e");
    EXPECT_EQ(md5_hex(bytes("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
    EXPECT_EQ(md5_hex(bytes("12345678901234567890123456789012345678901234567890123456789012345678901234567890")),
              "57edf4a22be3c955ac49da2e2107b67a");
}

/// Bytes 0, 1, 2 ... of any length.
std::vector<std::uint8_t> counting(std::size_t size) {
    std::vector<std::uint8_t> out(size);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i);
    return out;
}

// Low halves of the last: what zstd frames carry as checksum of the same content.
TEST(Xxh64, KnownValues) {
    EXPECT_EQ(xxh64(bytes("")), 0xEF46DB3751D8E999U);
    EXPECT_EQ(xxh64(bytes("a")), 0xD24EC4F1A98C6E5BU);
    EXPECT_EQ(xxh64(bytes("abc")), 0x44BC2CF5AD770999U);
    const std::vector<std::pair<std::size_t, std::uint32_t>> low = {
        {3, 0x33BC65DD},  {7, 0x630C72D2},  {12, 0x1F08DCA5},  {31, 0x9B4D8EE1},  {32, 0x16FF32B4},
        {37, 0xEE5C24C9}, {63, 0xA95F8E4F}, {100, 0x32166597}, {1000, 0x0EBA4078}};
    for (const auto& [size, value] : low) EXPECT_EQ(static_cast<std::uint32_t>(xxh64(counting(size))), value) << size;
}

TEST(Hash, PiecewiseEqualsWhole) {
    const std::string text(1000, 'x');
    for (std::size_t cut = 0; cut <= 200; ++cut) {
        Sha256 sha;
        Md5 md5;
        for (const auto& part : {text.substr(0, cut), text.substr(cut)}) {
            sha.update(bytes(part));
            md5.update(bytes(part));
        }
        EXPECT_EQ(to_hex(sha.finish()), sha256_hex(bytes(text))) << cut;
        EXPECT_EQ(to_hex(md5.finish()), md5_hex(bytes(text))) << cut;
    }
}

}  // namespace
}  // namespace jpegai
