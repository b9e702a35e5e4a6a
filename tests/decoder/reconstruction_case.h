// One folder of the reference vectors, as the tests of the reconstruction back end need it.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/array.h"
#include "bitstream/codestream.h"
#include "decoder/planes.h"

namespace jpegai::test {

struct ReconstructionCase {
    std::string name;
    std::filesystem::path folder;
    std::vector<std::uint8_t> file;
    Codestream stream;

    [[nodiscard]] bool has(const std::string& tensor) const;
    /// A float tensor of shape [C][H][W], e.g. "rec.a" for rec.a.npy.
    [[nodiscard]] Array3<float> load(const std::string& tensor) const;
    /// The planes PREFIX.a, .b, .c; those of `fallback` where a plane has no file of its own (a filter that leaves it
    /// alone).
    [[nodiscard]] Planes load_planes(const std::string& prefix, ChromaFormat chroma, bool rgb,
                                     const Planes* fallback = nullptr) const;
    [[nodiscard]] ChromaFormat source() const { return {stream.picture.s_ver, stream.picture.s_hor}; }
    [[nodiscard]] ChromaFormat coded() const { return {stream.picture.c_ver, stream.picture.c_hor}; }
};

/// Every case of shared/vectors and shared/models/vectors.
[[nodiscard]] std::vector<ReconstructionCase> reconstruction_cases();
/// One case below shared/, e.g. "vectors/bop_m1".
[[nodiscard]] ReconstructionCase load_reconstruction_case(const std::string& path);

/// Largest absolute difference; infinity when the sizes differ or one is not a number.
[[nodiscard]] double max_difference(const Array3<float>& a, const Array3<float>& b);

}  // namespace jpegai::test
