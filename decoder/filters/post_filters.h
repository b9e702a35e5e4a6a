// The chain of post-filters between synthesis and colour conversion (standard/04-postfilters.md sections 1 and 2):
// EFE-linear, eICCI, EFE-nonlinear, LEF, each where the tool header has it.
#pragma once

#include <functional>

#include "backend/backend.h"
#include "bitstream/headers.h"
#include "decoder/filters/eicci.h"
#include "decoder/planes.h"

namespace jpegai {

/// Where the reference decoder does something else than its syntax and documentation say, this decoder follows the
/// evident meaning, and the reference where a flag here is set. For bit streams of the reference encoder a set flag
/// gives the pictures of the reference decoder (and of the reference encoder's own reconstruction, which runs the same
/// code).
///
/// Not selectable, because the reference cannot run the case at all:
/// * empty regions of EFE-linear (halves of phase planes up to 32 samples, thirds up to 64 or 91..96) raise there and
/// are
///   skipped here (04 section 3.5);
/// * `best_cand_idx = 0` with chroma coded at the source's resolution raises there and is Error{header} here;
/// * LEF on displayed pictures below 3x3 raises there; here every sample is border;
/// * masks of EFE-nonlinear without a second picture raise there and are Error{header} here;
/// * eICCI tiling of a single row or column below 176 raises there and is Error{header} here.
///
/// Taken literally although it looks like an oversight, because encoder and decoder of the reference agree on it: the
/// DCT-IF of EFE-linear on top of the bicubic resampling when chroma is coded at lower resolution (04 section 3.3), the
/// aligned corners of that resampling against the top-left decimation, the eICCI layout of the coded rather than the
/// displayed size, and the scale map of LEF stretched over the displayed size.
struct ReferenceQuirks {
    /// eICCI: the selection of the first tile is used for all tiles (04 section 4.3).
    bool eicci_first_tile_only = false;
    /// EFE-nonlinear: a mask for V counts only if there is one for U (04 section 3.4).
    bool efe_lone_v_mask_ignored = false;

    [[nodiscard]] static ReferenceQuirks all() { return {true, true}; }
    bool operator==(const ReferenceQuirks&) const = default;
};

/// Names in the order of application, as the reference's dumps use them.
enum class PostFilter : std::uint8_t { kEfeLinear, kEicci, kEfeNonlinear, kLef };
[[nodiscard]] const char* post_filter_name(PostFilter filter);

/// What the filters need beside the planes. The headers are those of one codestream.
struct PostFilterInputs {
    const PictureHeader* picture = nullptr;
    const ToolHeader* tools = nullptr;
    OperatingPoint synthesis = OperatingPoint::kBop;  ///< transform in use, which may not be the first of the header
    const Array3<std::int16_t>* scale_log = nullptr;  ///< final luma scale map; needed by LEF only
    EicciBank* eicci = nullptr;                       ///< needed by eICCI only
    ReferenceQuirks quirks;
    RowRunner rows = serial_rows;
    std::function<void(PostFilter, const Planes&)> done;  ///< called after each filter that ran, when set
};

/// Whether there is a second picture of EFE-linear: EFE-nonlinear switches to it and the header has a filter for it
/// (04 section 3.4).
[[nodiscard]] bool has_second_picture(const ToolHeader& tools, const ReferenceQuirks& quirks);

/// Everything about the filters that can be wrong in the headers, checked without a plane: to be called before any
/// network runs. Throws Error{header, unsupported}.
void check_post_filters(const PictureHeader& picture, const ToolHeader& tools, OperatingPoint synthesis,
                        const ReferenceQuirks& quirks = {});

/// Runs the filters on planes in the source's chroma format and displayed size. The result is not clamped unless a
/// filter does so (04 section 1). Throws as check_post_filters, Error{argument} when an input is missing or the planes
/// do not fit the header, Error{cancelled}, and what networks throw.
void apply_post_filters(Planes& planes, const PostFilterInputs& inputs, RunContext& context);

}  // namespace jpegai
