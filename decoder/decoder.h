// The complete decoder: from the bytes of a codestream to a picture (standard/03-networks.md section 1).
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/npy.h"
#include "bitstream/codestream.h"
#include "decoder/latents.h"
#include "decoder/planes.h"
#include "models/weight_set.h"

namespace jpegai {

/// What a decode may cost; checked before any network runs.
struct DecodeLimits {
    std::uint64_t max_pixels = 200'000'000;  ///< coded luma samples
    std::uint64_t max_memory = 0;            ///< bytes the decoder may allocate; 0: half of the machine's memory
    std::uint64_t max_macs = 0;              ///< multiply-accumulates of all networks together; 0: no limit
};

/// Rectangle of the displayed picture in luma samples.
struct PictureWindow {
    std::size_t x = 0, y = 0, width = 0, height = 0;
};

/// Receives intermediate tensors under the names of the reference dumps ("y.z_hat", "syn.Y", "filt.LEF.a", ...).
using TensorSink = std::function<void(const std::string& name, const std::string& descr,
                                      std::span<const std::size_t> shape, std::span<const std::uint8_t> bytes)>;

/// Time and memory of one stage of a decode.
struct StageTiming {
    std::string stage;  ///< "parse", "load", "entropy", "hyper decoder y", "latent y", "synthesis y" ...
    double seconds = 0;
};

struct DecodeStats {
    std::vector<StageTiming> stages;
    std::vector<LayerTiming> layers;  ///< filled when want_layers
    bool want_layers = false;
    std::uint64_t estimated_memory = 0, macs = 0;
};

/// Colour model of the decoded picture.
enum class OutputColour : std::uint8_t {
    kAsSignalled,  ///< RGB where colour_transform_idx says so, else YUV in the source format
    kYuv,          ///< YUV in the source format, without the colour transform
    kRgb,          ///< RGB always; YUV streams are converted with BT.709
};

struct DecodeOptions {
    OutputColour colour = OutputColour::kAsSignalled;
    /// Synthesis transform to use instead of synthesis_transform_id[0]; has to be listed in the picture header.
    std::optional<OperatingPoint> point;
    /// Decode only so many residual channels per component (progressive decoding).
    std::array<std::size_t, kComponents> max_channels = kLatentChannels;
    /// Return only this part of the displayed picture; the same samples as a full decode gives there.
    std::optional<PictureWindow> window;
    bool strict = false;  ///< also reject what every decoder copes with (notes of check_picture, trailing bits)
    bool reference_quirks = false;  ///< do as the reference software does where it departs from the evident intent
    bool force_models = false;      ///< decode although the stream names another weight set (models/weight_identity.h)
    DecodeLimits limits;
    std::function<bool(double)> progress;  ///< called with 0..1 from the decoding thread; returns false to cancel
    TensorSink dump;
    DecodeStats* stats = nullptr;
};

/// A decoded picture before rounding, with what the stream says about it.
struct DecodedPicture {
    Planes planes;           ///< YUV in the source format or RGB, 0..255 whatever the depth
    unsigned bit_depth = 8;  ///< as signalled: 8 or 10
    RenderingInfo rendering;
    std::vector<std::uint8_t> user_data;

    /// Integer samples of the signalled depth, or of another one.
    [[nodiscard]] Picture to_picture(std::optional<unsigned> depth = std::nullopt,
                                     const RowRunner& rows = serial_rows) const;
};

/// Decodes pictures with one weight set on one backend, which also has the threads that filters and colour use.
/// Networks are loaded and packed on first use and kept. One object may be used from several threads at a time.
class Decoder {
public:
    Decoder(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend);
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Throws Error of any code; nothing is returned then.
    [[nodiscard]] DecodedPicture decode(std::span<const std::uint8_t> file, const DecodeOptions& options = {}) const;

    /// The codestream of a file, parsed under the options' limits.
    [[nodiscard]] static Codestream parse(std::span<const std::uint8_t> file, const DecodeOptions& options = {});

    /// Only the entropy stage (no float network); dumps its tensors.
    [[nodiscard]] Latents decode_entropy(const Codestream& stream, std::span<const std::uint8_t> file,
                                         const DecodeOptions& options = {}) const;

    /// The threads of the backend, for work on planes. Lives as long as the decoder.
    [[nodiscard]] RowRunner rows() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jpegai
