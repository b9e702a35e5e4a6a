// Builds ZIP archives and pickles byte by byte, in the ways torch.save could have written them and in ways it would
// not.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace jpegai::test {

using Bytes = std::vector<std::uint8_t>;

[[nodiscard]] Bytes to_bytes(std::string_view text);

/// How ZipBuilder writes an entry or the end of an archive.
struct ZipStyle {
    bool zip64 = false;            ///< sizes and offsets in ZIP64 fields
    bool data_descriptor = false;  ///< sizes and CRC after the content, zero in the local header
    std::size_t alignment = 1;     ///< content begins at a multiple, by padding in the local extra field
    std::uint16_t method = 0;      ///< 8 would be deflate
    std::uint16_t flags = 0;
    std::int64_t declared_extra = 0;  ///< added to the size that is declared
};

class ZipBuilder {
public:
    void add(const std::string& name, const Bytes& content, const ZipStyle& style = {});
    /// The archive; only `zip64` of the style counts here.
    [[nodiscard]] Bytes finish(const ZipStyle& style = {}, const std::string& comment = "");

private:
    Bytes bytes_, directory_;
    std::uint64_t entries_ = 0;
};

/// Appends pickle opcodes.
class PickleBuilder {
public:
    PickleBuilder& raw(std::string_view opcodes);
    PickleBuilder& protocol() { return raw(std::string_view("\x80\x02", 2)); }
    PickleBuilder& global(const std::string& module, const std::string& name);
    PickleBuilder& text(const std::string& words);
    PickleBuilder& number(std::int32_t value);
    /// _rebuild_tensor_v2 of a storage of this class, key and length.
    PickleBuilder& tensor(const std::string& storage_class, const std::string& key, std::int32_t length,
                          std::int32_t offset, const std::vector<std::int32_t>& sizes,
                          const std::vector<std::int32_t>& strides);
    [[nodiscard]] const Bytes& bytes() const { return bytes_; }
    /// With STOP at the end.
    [[nodiscard]] Bytes stop();

private:
    PickleBuilder& tuple(const std::vector<std::int32_t>& numbers);
    Bytes bytes_;
};

}  // namespace jpegai::test
