// ICC profile and EXIF blocks small enough to be written out.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace jpegai::test {

/// An ICC profile with one tag, a copyright, as strict readers accept it; libpng refuses those that
/// compress to next to nothing.
[[nodiscard]] inline std::vector<std::uint8_t> tiny_icc_profile(std::string_view colours = "RGB ") {
    std::vector<std::uint8_t> profile(400);
    const auto put = [&](std::size_t at, std::string_view text) {
        for (std::size_t i = 0; i < text.size(); ++i) profile[at + i] = static_cast<std::uint8_t>(text[i]);
    };
    profile[2] = 400 >> 8;
    profile[3] = 400 & 0xFF;
    profile[8] = 4;
    put(12, "mntr");
    put(16, colours);
    put(20, "XYZ ");
    put(36, "acsp");
    put(68, std::string_view("\x00\x00\xF6\xD6\x00\x01\x00\x00\x00\x00\xD3\x2D", 12));  // D50
    profile[131] = 1;
    put(132, "cprt");
    profile[139] = 144;
    profile[143] = 252;
    put(144, "text");
    for (std::size_t i = 152; i < 395; ++i) profile[i] = static_cast<std::uint8_t>('!' + i * i % 89);
    return profile;
}

/// EXIF with nothing but an orientation.
[[nodiscard]] inline std::vector<std::uint8_t> tiny_exif(std::uint8_t orientation, bool big_endian = true) {
    if (big_endian) {
        return {'M', 'M', 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0};
    }
    return {'I', 'I', 42, 0, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0, 0, 0, 0, 0};
}

}  // namespace jpegai::test
