#include "models/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {
namespace {

class FileSource final : public ByteSource {
public:
    explicit FileSource(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {
        if (fd_ < 0) throw Error(JPEGAI_ERROR_IO, fmt::format("cannot open {}: {}", path, std::strerror(errno)));
        struct stat info {};
        if (::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) {
            ::close(fd_);
            throw Error(JPEGAI_ERROR_IO, fmt::format("{} is not a regular file", path));
        }
        size_ = static_cast<std::uint64_t>(info.st_size);
    }
    FileSource(const FileSource&) = delete;
    FileSource& operator=(const FileSource&) = delete;
    ~FileSource() override { ::close(fd_); }

    [[nodiscard]] const std::string& name() const override { return path_; }
    [[nodiscard]] std::uint64_t size() const override { return size_; }
    void read(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        check_range(offset, out.size());
        while (!out.empty()) {
            const ssize_t got = ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
            if (got < 0 && errno == EINTR) continue;
            if (got < 0) throw Error(JPEGAI_ERROR_IO, fmt::format("cannot read {}: {}", path_, std::strerror(errno)));
            if (got == 0) throw Error(JPEGAI_ERROR_IO, offset, fmt::format("{} has become shorter", path_));
            out = out.subspan(static_cast<std::size_t>(got));
            offset += static_cast<std::uint64_t>(got);
        }
    }
    [[nodiscard]] std::span<const std::uint8_t> view(std::uint64_t offset, std::uint64_t size,
                                                     std::vector<std::uint8_t>& buffer) const override {
        check_range(offset, size);
        buffer.resize(static_cast<std::size_t>(size));
        read(offset, buffer);
        return buffer;
    }

private:
    std::string path_;
    int fd_;
    std::uint64_t size_ = 0;
};

class MemorySource final : public ByteSource {
public:
    MemorySource(std::string name, std::span<const std::uint8_t> bytes) : name_(std::move(name)), bytes_(bytes) {}
    [[nodiscard]] const std::string& name() const override { return name_; }
    [[nodiscard]] std::uint64_t size() const override { return bytes_.size(); }
    void read(std::uint64_t offset, std::span<std::uint8_t> out) const override {
        check_range(offset, out.size());
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), out.size(), out.begin());
    }
    [[nodiscard]] std::span<const std::uint8_t> view(std::uint64_t offset, std::uint64_t size,
                                                     std::vector<std::uint8_t>& /*buffer*/) const override {
        check_range(offset, size);
        return bytes_.subspan(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
    }

private:
    std::string name_;
    std::span<const std::uint8_t> bytes_;
};

}  // namespace

void ByteSource::check_range(std::uint64_t offset, std::uint64_t wanted) const {
    if (offset > size() || wanted > size() - offset) {
        throw Error(JPEGAI_ERROR_MODEL, std::min(offset, size()),
                    fmt::format("{} ends too early: {} bytes wanted at {} of {}", name(), wanted, offset, size()));
    }
}

std::shared_ptr<const ByteSource> file_source(const std::string& path) {
    return std::make_shared<FileSource>(path);
}

std::shared_ptr<const ByteSource> memory_source(std::string name, std::span<const std::uint8_t> bytes) {
    return std::make_shared<MemorySource>(std::move(name), bytes);
}

}  // namespace jpegai
