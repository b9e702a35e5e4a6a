// What a codec did to a picture: detectors of visual artifacts that compare a decode with its original, and where a
// codestream is at hand name the likely cause.
//
// Four detectors follow the description of "JPEG AI Image Compression Visual Artifacts: Detection Methods and Dataset"
// (arXiv 2411.06810; artifacts/class_maps.h); the others are this project's own (artifacts/local_maps.h, global.h).
// Each gives a score, most a map of the picture whose maximum is the score, and a box around the maximum. With a decode
// of a classic codec of about the same rate at hand the four are comparative: what that codec does as well does not
// count. Results depend neither on the machine nor on the number of threads.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "decoder/picture.h"
#include "decoder/rows.h"
#include "detection/artifacts/plane_ops.h"

namespace jpegai::detection {

enum class Detector : std::uint8_t {
    kColour,    ///< published: CIEDE2000 between 3 and 8 over an area
    kBoundary,  ///< published: gradients on edges turned
    kTexture,   ///< published: structure of textured areas lost
    kText,      ///< published: FSIM of text regions
    kHue,       ///< colour of a patch shifted
    kEdges,     ///< edges gone or displaced
    kDetail,    ///< fine detail of a patch lost
    kSeam,      ///< a straight step in the error, as between tiles
    kClipping,  ///< samples at the end of the range that are not there in the original
    kShift,     ///< colour of the whole picture shifted
};
inline constexpr std::size_t kDetectorCount = 10;

struct DetectorInfo {
    Detector detector;
    const char* id;     ///< "colour", as the command line and JSON name it
    const char* title;  ///< "Colour patches (CIEDE2000)"
    const char* unit;   ///< "" where the score is a plain number
    /// The score above which an artifact counts as found: without and with a classic decode. Fitted on pictures of
    /// this project's training corpus (docs/CHECK.md).
    double threshold, comparative_threshold;
};
[[nodiscard]] const std::array<DetectorInfo, kDetectorCount>& all_detectors();
[[nodiscard]] const DetectorInfo& detector_info(Detector detector);
/// By its id; nullopt for others.
[[nodiscard]] std::optional<Detector> detector_by_id(const std::string& id);

struct Point {
    double x = 0, y = 0;
};
/// A region of text: its corners in samples, clockwise from the upper left as one reads it.
struct TextRegion {
    std::array<Point, 4> corners;
    double confidence = 1;  ///< 0..1; 1 for regions that a user gave
};
[[nodiscard]] TextRegion text_region(const Box& box);
/// The smallest box that holds the corners, inside the picture. Throws Error{argument} when that is empty.
[[nodiscard]] Box bounds(const TextRegion& region, std::size_t rows, std::size_t cols);

struct Finding {
    Detector detector{};
    std::optional<double> score;  ///< nullopt where the detector does not apply
    std::string reason;           ///< why not
    double threshold = 0;
    bool comparative = false;  ///< the score is the difference to the classic decode
    bool found = false;        ///< score above threshold
    std::size_t x = 0, y = 0;  ///< where the map is largest
    std::optional<Box> box;    ///< 300x300 around it, or the text region; nullopt when it is about the whole picture
    std::string detail;        ///< "vertical seam at x = 256", "L* +1.2, a* 0.1, b* -0.4"
    std::string cause;         ///< likely cause, where a codestream tells (artifacts/causes.h)
    Plane map;                 ///< [1][rows][cols]; empty without
};

struct ArtifactOptions {
    std::vector<TextRegion> text;  ///< regions of text that are known
    bool find_text = true;         ///< also look for text in the original
    /// Columns and rows (in samples) at which tiles or regions of the decode meet; seams there count from half the
    /// threshold on.
    std::vector<std::size_t> border_columns, border_rows;
    /// Thresholds instead of the built-in ones; NaN keeps these.
    std::array<double, kDetectorCount> thresholds = unchanged();
    std::vector<Detector> only;  ///< run only these; all when empty
    bool keep_maps = true;
    std::function<bool(double)> progress;  ///< called with 0..1 from the calling thread; returns false to cancel

    [[nodiscard]] static std::array<double, kDetectorCount> unchanged();
};

struct ArtifactReport {
    std::size_t width = 0, height = 0;
    std::vector<Finding> findings;  ///< one per detector that ran, in the order of Detector
    std::vector<TextRegion> text;   ///< regions that were compared
    [[nodiscard]] bool found() const;
    /// A limitation that the scores of this picture suffer from, in words; mostly empty.
    [[nodiscard]] std::string note() const;
};

/// Runs the detectors on `decode` against `original`, comparatively where `classic` is not null. Pictures may be grey
/// (one grey and one with colour: both count as grey), RGB or YUV, of 8 to 16 bit, each of its own depth; alpha does
/// not exist here. The colour detectors do not apply to grey. Detectors whose window is larger than the picture still
/// run; the samples that the window misses count as without artifact. Throws Error{argument} when the sizes differ or a
/// picture contradicts itself, Error{cancelled, memory}.
[[nodiscard]] ArtifactReport find_artifacts(const Picture& original, const Picture& decode, const Picture* classic,
                                            const ArtifactOptions& options = {}, const RowRunner& rows = serial_rows);

}  // namespace jpegai::detection
