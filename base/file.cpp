#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {
namespace {

[[noreturn]] void fail(const std::string& path, const char* doing) {
    throw Error(JPEGAI_ERROR_IO, fmt::format("{} {}: {}", doing, path, std::strerror(errno)));
}

/// Closes what it was given.
class Descriptor {
public:
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (fd_ > 2) ::close(fd_);
    }
    [[nodiscard]] int get() const { return fd_; }

private:
    int fd_;
};

bool write_all(int fd, std::span<const std::uint8_t> bytes) {
    while (!bytes.empty()) {
        const ssize_t done = ::write(fd, bytes.data(), bytes.size());
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(done));
    }
    return true;
}

}  // namespace

std::vector<std::uint8_t> read_file(const std::string& path, std::uint64_t max_bytes) {
    const Descriptor file(path == "-" ? 0 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (file.get() < 0) fail(path, "cannot open");
    struct stat info {};
    std::vector<std::uint8_t> bytes;
    if (::fstat(file.get(), &info) == 0 && S_ISREG(info.st_mode)) {
        if (static_cast<std::uint64_t>(info.st_size) > max_bytes)
            throw Error(JPEGAI_ERROR_LIMIT, fmt::format("{} is larger than {} bytes", path, max_bytes));
        bytes.reserve(static_cast<std::size_t>(info.st_size) + 1);
    }
    for (;;) {
        const std::size_t have = bytes.size();
        // One byte beyond the known size is asked for, so that a regular file ends on the first short read.
        const std::size_t want = bytes.capacity() > have ? bytes.capacity() - have : std::size_t{1} << 16;
        bytes.resize(have + want);
        ssize_t got;
        do got = ::read(file.get(), bytes.data() + have, want);
        while (got < 0 && errno == EINTR);
        if (got < 0) fail(path, "cannot read");
        bytes.resize(have + static_cast<std::size_t>(got));
        if (got == 0) return bytes;
        if (bytes.size() > max_bytes)
            throw Error(JPEGAI_ERROR_LIMIT, fmt::format("{} is larger than {} bytes", path, max_bytes));
    }
}

OutputFile::OutputFile(std::string path) : path_(std::move(path)) {
    if (path_ == "-") {
        fd_ = 1;
        return;
    }
    struct stat info {};
    if (::stat(path_.c_str(), &info) == 0 && !S_ISREG(info.st_mode)) {  // a device or pipe cannot be renamed over
        fd_ = ::open(path_.c_str(), O_WRONLY | O_CLOEXEC);
    } else {
        std::string temporary = path_ + ".part-XXXXXX";
        fd_ = ::mkstemp(temporary.data());
        if (fd_ >= 0) temporary_ = std::move(temporary);
    }
    if (fd_ < 0) fail();
}

OutputFile::~OutputFile() {
    if (fd_ > 2) ::close(fd_);
    if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void OutputFile::fail() const {
    jpegai::fail(path_ == "-" ? "standard output" : path_, "cannot write");
}

void OutputFile::write(std::span<const std::uint8_t> bytes) {
    if (!write_all(fd_, bytes)) fail();
}

void OutputFile::commit() {
    if (!temporary_.empty()) {
        const mode_t mask = ::umask(0);
        ::umask(mask);
        if (::fchmod(fd_, 0666 & ~mask) != 0) fail();
    }
    const int fd = std::exchange(fd_, -1);
    if (fd > 2 && ::close(fd) != 0) fail();
    if (!temporary_.empty() && ::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
    temporary_.clear();
}

void write_file(const std::string& path, std::span<const std::uint8_t> bytes) {
    OutputFile file(path);
    file.write(bytes);
    file.commit();
}

}  // namespace jpegai
