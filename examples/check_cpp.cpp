// Says what JPEG AI did to a picture: check_cpp PICTURE.ppm [ORIGINAL.ppm]
#include <fstream>
#include <iostream>
#include <jpegai/check.hpp>
#include <vector>

/// A binary PPM file of 8 bit as three planes.
struct Ppm {
    explicit Ppm(const char* path) {
        std::ifstream in(path, std::ios::binary);
        std::string magic;
        unsigned max = 0;
        in >> magic >> source.width >> source.height >> max;
        if (!in || magic != "P6" || max != 255) throw std::runtime_error(std::string(path) + " is no PPM file of 8 bit");
        in.get();
        const std::size_t count = std::size_t{source.width} * source.height;
        samples.resize(3 * count);
        for (std::size_t i = 0; i < 3 * count; ++i) samples[i % 3 * count + i / 3] = static_cast<std::uint8_t>(in.get());
        source.colour = JPEGAI_RGB;
        source.bit_depth = 8;
        for (std::size_t i = 0; i < 3; ++i) source.samples[i] = &samples[i * count], source.stride[i] = source.width;
    }
    std::vector<std::uint8_t> samples;
    jpegai_source source{};
};

int main(int argc, char** argv) try {
    if (argc < 2 || argc > 3) return std::cerr << "usage: check_cpp PICTURE.ppm [ORIGINAL.ppm]\n", 2;
    const Ppm picture(argv[1]);
    const jpegai_api::Models models;  // the default weights
    const jpegai_api::Checker checker(models);
    const jpegai_api::Traces traces = checker.find_traces(picture.source);
    std::cout << traces.verdict() << "\nprobability " << traces.summary().probability << '\n';
    if (argc == 2) return 0;
    const Ppm original(argv[2]);
    const jpegai_api::Artifacts artifacts = checker.find_artifacts(original.source, picture.source);
    std::cout << (artifacts.found() ? "artifacts found\n" : "no artifact found\n") << artifacts.json() << '\n';
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
