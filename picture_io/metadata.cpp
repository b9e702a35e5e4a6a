#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "picture_io/foreign.h"

namespace jpegai {
namespace {

constexpr unsigned kOrientationTag = 0x112, kShort = 3;

/// Numbers of a TIFF structure in its own byte order; 0 beyond the end.
class TiffNumbers {
public:
    explicit TiffNumbers(std::span<const std::uint8_t> bytes)
        : bytes_(bytes), little_(!bytes.empty() && bytes[0] == 'I') {}
    [[nodiscard]] std::uint32_t at(std::uint64_t offset, unsigned width) const {
        if (offset > bytes_.size() || bytes_.size() - offset < width) return 0;
        std::uint32_t value = 0;
        for (unsigned i = 0; i < width; ++i) {
            const std::uint32_t byte = bytes_[static_cast<std::size_t>(offset) + (little_ ? width - 1 - i : i)];
            value = value << 8 | byte;
        }
        return value;
    }

private:
    std::span<const std::uint8_t> bytes_;
    bool little_;
};

}  // namespace

unsigned exif_orientation(std::span<const std::uint8_t> exif) {
    const TiffNumbers numbers(exif);
    if (exif.size() < 8 || numbers.at(2, 2) != 42) return 1;
    const std::uint64_t directory = numbers.at(4, 4);
    const std::uint32_t count = numbers.at(directory, 2);
    for (std::uint32_t i = 0; i < count; ++i) {
        const std::uint64_t entry = directory + 2 + std::uint64_t{12} * i;
        if (numbers.at(entry, 2) != kOrientationTag || numbers.at(entry + 2, 2) != kShort) continue;
        const std::uint32_t value = numbers.at(entry + 8, 2);
        return value >= 1 && value <= 8 ? value : 1;
    }
    return 1;
}

namespace picture_formats {

std::vector<std::uint8_t> exif_of(std::span<const std::uint8_t> bytes) {
    constexpr std::string_view kPrefix("Exif\0\0", 6);
    if (bytes.size() > kPrefix.size() && std::equal(kPrefix.begin(), kPrefix.end(), bytes.begin()))
        bytes = bytes.subspan(kPrefix.size());
    const bool marked = bytes.size() >= 8 && bytes[0] == bytes[1] && (bytes[0] == 'I' || bytes[0] == 'M');
    return marked ? std::vector<std::uint8_t>(bytes.begin(), bytes.end()) : std::vector<std::uint8_t>{};
}

void note_orientation(PictureMetadata& metadata) {
    const unsigned orientation = exif_orientation(metadata.exif);
    if (orientation != 1) {
        metadata.notes.push_back(
            fmt::format("EXIF asks for orientation {}, which is not applied to the samples", orientation));
    }
}

}  // namespace picture_formats
}  // namespace jpegai
