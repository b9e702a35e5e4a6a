// Pictures of known history: codings with JPEG AI and with other codecs, and what may happen to them afterwards.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "decoder/picture.h"
#include "encoder/encoder.h"

namespace jpegai::detection {

enum class Coder : std::uint8_t { kNone, kJpegAi, kJpeg, kWebp, kAvif, kJxl };
inline constexpr std::array<Coder, 5> kOtherCoders = {Coder::kNone, Coder::kJpeg, Coder::kWebp, Coder::kAvif,
                                                      Coder::kJxl};
/// "none", "jpeg-ai", "jpeg", "webp", "avif", "jxl".
[[nodiscard]] const char* coder_id(Coder coder);
/// Whether pictures can be made with it: JPEG and WebP need their library in the build, AVIF the programs avifenc and
/// avifdec, JPEG XL cjxl and djxl.
[[nodiscard]] bool have_coder(Coder coder);

/// What happens to a picture after it was coded.
struct Attack {
    enum class Kind : std::uint8_t { kNone, kJpeg, kResize, kCrop };
    Kind kind = Kind::kNone;
    double strength =
        0;  ///< quality of JPEG, factor of the resize; samples cut off at the top (twice that at the left)
    [[nodiscard]] std::string id() const;  ///< "none", "jpeg 75", "resize 0.5", "crop 5"
    bool operator==(const Attack&) const = default;
};
/// Those that a detector is measured with.
[[nodiscard]] const std::vector<Attack>& all_attacks();
inline constexpr std::array<double, 5> kTraceRates = {0.12, 0.25, 0.5, 0.75, 1.0};  ///< bits per sample position

/// One picture to make.
struct CorpusEntry {
    Coder coder = Coder::kNone;
    double setting = 0;   ///< bits per sample position for JPEG AI; a quality (JPEG, WebP), a quantiser (AVIF) or a
                          ///< distance (JPEG XL)
    bool simple = false;  ///< JPEG AI: the SOP instead of the BOP synthesis
    Attack attack;
    bool operator==(const CorpusEntry&) const = default;
};

struct CorpusPicture {
    Picture picture;
    bool coded = false;  ///< with JPEG AI
    RatePoint rate;      ///< if so
    double bpp = 0;      ///< of the JPEG AI stream
};

/// Makes the picture. `original` is RGB or grey. JPEG AI takes the model and displacement that meet the rate best, at
/// most 5 % off, or the nearest there is. Throws as encode_to and encode_classic, Error{io} when a program fails.
[[nodiscard]] CorpusPicture make_corpus_picture(const Encoder& encoder, const Picture& original,
                                                const CorpusEntry& entry);

/// Entries for picture number `index` to calibrate with: `count` of JPEG AI and as many others, with rates, settings
/// and attacks in turn (a third without attack), so that neighbouring pictures get different ones.
[[nodiscard]] std::vector<CorpusEntry> calibration_entries(std::size_t index, std::size_t count);

/// Entries to measure with: all rates, and all other coders, without attack; and likewise all rates and three of the
/// other coders with `attacks` of the attacks, in turn, so that neighbouring pictures begin with different ones.
[[nodiscard]] std::vector<CorpusEntry> measuring_entries(std::size_t index, std::size_t attacks);

}  // namespace jpegai::detection
