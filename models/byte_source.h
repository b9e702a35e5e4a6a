// Random access to the bytes of a weight container: a file read piece by piece, or memory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace jpegai {

/// Immutable bytes of known length; safe to read from several threads.
class ByteSource {
public:
    virtual ~ByteSource() = default;
    /// For messages: the path of a file, or what the maker of a memory source said.
    [[nodiscard]] virtual const std::string& name() const = 0;
    [[nodiscard]] virtual std::uint64_t size() const = 0;
    /// Fills `out` from `offset`. Throws Error{model} with the offset when the range is not inside the source,
    /// Error{io} when the file cannot be read (or has shrunk since it was opened).
    virtual void read(std::uint64_t offset, std::span<std::uint8_t> out) const = 0;
    /// The same bytes without a copy where they lie in memory, else read into `buffer`; valid as long as both live.
    [[nodiscard]] virtual std::span<const std::uint8_t> view(std::uint64_t offset, std::uint64_t size,
                                                             std::vector<std::uint8_t>& buffer) const = 0;

protected:
    /// Throws Error{model} unless [offset, offset + size) lies inside the source.
    void check_range(std::uint64_t offset, std::uint64_t size) const;
};

/// Opens a regular file. It is read with pread, not mapped, so that a file cut short later gives an error and no
/// signal. Throws Error{io}.
[[nodiscard]] std::shared_ptr<const ByteSource> file_source(const std::string& path);

/// Bytes that stay where they are as long as the source lives (embedded data).
[[nodiscard]] std::shared_ptr<const ByteSource> memory_source(std::string name, std::span<const std::uint8_t> bytes);

}  // namespace jpegai
