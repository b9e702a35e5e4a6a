// Decodes a JPEG AI file to a PPM: decode_cpp IN.jai OUT.ppm
#include <fstream>
#include <iostream>
#include <iterator>
#include <jpegai/jpegai.hpp>

int main(int argc, char** argv) {
    if (argc != 3) return std::cerr << "usage: decode_cpp IN.jai OUT.ppm\n", 2;
    std::ifstream in(argv[1], std::ios::binary);
    const std::vector<std::uint8_t> data{std::istreambuf_iterator<char>(in), {}};
    try {
        const jpegai_api::Models models;  // the default weights
        const jpegai_api::Decoder decoder(models);
        const jpegai_api::Picture picture = decoder.decode(data);
        if (!picture.is_rgb() || picture.bit_depth() != 8) return std::cerr << "not 8-bit RGB\n", 1;
        const jpegai_plane plane[3] = {picture.plane(0), picture.plane(1), picture.plane(2)};
        std::ofstream out(argv[2], std::ios::binary);
        out << "P6\n" << plane[0].width << ' ' << plane[0].height << "\n255\n";
        for (std::uint32_t y = 0; y < plane[0].height; ++y) {
            for (std::uint32_t x = 0; x < plane[0].width; ++x) {
                for (const jpegai_plane& p : plane) out.put(static_cast<const char*>(p.samples)[y * p.stride + x]);
            }
        }
        return out.flush() ? 0 : 1;
    } catch (const jpegai_api::Error& error) {
        std::cerr << jpegai_error_name(error.code()) << ": " << error.what() << '\n';
        return 1;
    }
}
