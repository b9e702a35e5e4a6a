// The encoders that are compared, and the measured points of one picture.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "bench/rd/rate_search.h"
#include "metrics/metrics.h"

namespace jpegai::rd {

/// Points further from their target are marked.
inline constexpr double kOff = 0.05;

/// Programs of one codec. Commands may contain {in}, {out}, and {q} (searched setting) or {bpp} (the encoder controls
/// its rate itself).
struct Codec {
    std::string name, title;
    std::string encode, decode;
    std::string input = "png";    ///< extension of what the encoder reads: png or ppm
    std::string stream, decoded;  ///< extensions of its files and of what the decoder writes
    Setting setting;
    [[nodiscard]] bool controls_rate() const { return encode.find("{bpp}") != std::string::npos; }
};

/// libjpeg-turbo, WebP, AVIF and JPEG XL as Debian packages them.
[[nodiscard]] std::vector<Codec> classic_codecs();

/// `jpegai encode --point POINT --bpp ...` of this project; a rate out of reach gives the nearest.
[[nodiscard]] Codec our_codec(const std::string& program, const std::string& point);

/// "NAME=ENCODE;DECODE" with {bpp} in ENCODE: our encoder, or any other that takes a rate. Throws Error{argument}.
[[nodiscard]] Codec parse_codec(const std::string& text);

/// What one codec does to one picture at one target rate.
struct Point {
    double target = 0, bpp = 0, setting = 0;
    std::uint64_t bytes = 0;
    std::map<std::string, double> quality;  ///< by the metric's id
};

/// Measures pictures with codecs and remembers everything in a folder, so that a run can be interrupted and repeated.
class Measurer {
public:
    /// `cache` and `scratch` are folders, made when missing. `refresh` names codecs whose remembered results are
    /// ignored.
    Measurer(std::string cache, std::string scratch, std::vector<Metric> metrics, std::vector<std::string> refresh);

    /// Points in the order of the targets (bits per pixel).
    [[nodiscard]] std::vector<Point> measure(const Codec& codec, const std::string& picture,
                                             const std::vector<double>& targets);

private:
    struct Memory;
    struct Work;
    std::string cache_, scratch_;
    std::vector<Metric> metrics_;
    std::vector<std::string> refresh_;
};

}  // namespace jpegai::rd
