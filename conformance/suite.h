// A conformance suite as data: suite.json, one descriptor per case (docs/CONFORMANCE.md, suite.schema.json).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "bitstream/headers.h"

namespace jpegai::conformance {

using Json = nlohmann::ordered_json;

inline constexpr const char* kSuiteFormat = "jpegai-conformance-suite";
inline constexpr int kSuiteVersion = 1;

/// What a decoder has to do with a stream.
enum class CaseKind : std::uint8_t {
    kDecode,  ///< decode it: stages and picture as stated
    kAccept,  ///< accept its headers; the payload is empty and nothing is decoded
    kReject,  ///< refuse it
    kReport,  ///< decode it all the same, while `verify` reports the stated rules
};
[[nodiscard]] const char* kind_name(CaseKind kind);

/// How far an output picture may be from the expected one, in steps of the output's bit depth.
struct PictureLimits {
    double peak = 1;      ///< largest difference of a sample
    double rms = 0.05;    ///< root of the mean square difference over all samples
    double share = 2e-3;  ///< share of samples that differ at all
};

/// An intermediate tensor under the name of the reference's dumps.
struct ExpectedStage {
    std::string name;                ///< "y.z_hat"
    std::string descr;               ///< NumPy type, "|i1"
    std::vector<std::size_t> shape;  ///< [channel][row][col]
    std::string sha256;              ///< of the values in C order, little endian
    /// Exact in every conforming decoder; otherwise float, and only decoders that follow the numeric contract have
    /// these bits.
    bool exact = true;
    std::string channel_crcs;  ///< four hexadecimal digits per channel (low half of the CRC-32); may be empty
};

struct ExpectedPicture {
    std::vector<std::string> files;  ///< one PNG (RGB), or one grey PNG per plane (YUV), relative to the suite
    std::size_t width = 0, height = 0;
    unsigned bit_depth = 8;
    bool rgb = true;
    std::string format = "4:4:4";  ///< chroma format of YUV
    std::vector<std::string> md5;  ///< per plane as `jpegai decode --md5` prints them
    std::optional<PictureLimits> limits;
};

/// What a decoder is asked for where that is not the whole picture as it is: choices that streams leave to decoders.
struct DecodeChoice {
    std::optional<std::array<std::uint32_t, kComponents>> channels;  ///< residual channels to decode (03 section 16)
    std::optional<std::uint8_t> transform;                           ///< one of the listed synthesis transforms
    std::optional<std::array<std::uint32_t, 4>> window;              ///< x, y, width, height of the part wanted

    [[nodiscard]] bool any() const { return channels || transform || window; }
};

/// One case; `file` members are relative to the suite's folder.
struct Case {
    std::string name, title, group;
    CaseKind kind = CaseKind::kDecode;
    bool large = false;  ///< takes long or much memory; left out unless asked for
    std::string stream, sha256;
    std::uint64_t size = 0;
    std::vector<std::string> clauses, elements;
    DecodeChoice decode;           ///< run on decoders only that can be asked for it
    Json header = Json::object();  ///< expected header fields: name -> value or array of values
    std::vector<ExpectedStage> stages;
    std::optional<ExpectedPicture> picture;
    std::vector<std::string> errors;  ///< kReject: acceptable error classes (docs/CLI.md)
    std::vector<std::string> rules;   ///< kReport, kReject: rules that `verify` reports
    std::string change;               ///< kReject, kReport: how it differs from the valid stream that it was made from
};

/// Largest absolute difference of a float stage that an external decoder's dump may have before it is named as the
/// cause of a failing picture; by the beginning of the stage's name, the longest match counts.
using StageTolerances = std::map<std::string, double>;

struct Suite {
    std::string name, version = "1";
    Dialect dialect = Dialect::kIs;
    std::uint8_t profile = 1, level = 52;
    std::uint64_t seed = 1;
    std::string weights, weights_fingerprint;
    std::vector<std::string> synthetic_weights;
    PictureLimits limits8{1, 0.05, 2e-3}, limits10{4, 0.3, 2e-2};  ///< by bit depth, where a case states none
    StageTolerances tolerances;
    std::vector<Case> cases;
    Json coverage = Json::object();  ///< syntax element -> {min, max, cases}

    [[nodiscard]] const PictureLimits& limits_of(const ExpectedPicture& picture) const {
        if (picture.limits) return *picture.limits;
        return picture.bit_depth <= 8 ? limits8 : limits10;
    }
};

/// Writes suite.json and cases/NAME.json into a folder. Streams and pictures are written by the generator.
/// Throws Error{io}.
void save_suite(const Suite& suite, const std::string& folder);

/// Reads a suite. Throws Error{io}, and Error{structure} naming file and member when a document does not have the form
/// of the schema, for names that leave the folder, or for a version that is not known.
[[nodiscard]] Suite load_suite(const std::string& folder);

[[nodiscard]] Json to_json(const Case& test);
[[nodiscard]] Case case_from_json(const Json& document);

}  // namespace jpegai::conformance
