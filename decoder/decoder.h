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
#include "backend/picture_device.h"
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
    TimeKind time = TimeKind::kElapsed;  ///< of stages and layers
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
    /// Called once with the memory estimate (DecodeCost::memory) when all checks have passed, before anything of that
    /// size is allocated; may wait or throw.
    std::function<void(std::uint64_t bytes)> admit;
    TensorSink dump;
    DecodeStats* stats = nullptr;
};

/// Half of the machine's memory: the limit where DecodeLimits has none.
[[nodiscard]] std::uint64_t default_memory_limit();

/// A decoded picture before rounding, with what the stream says about it.
struct DecodedPicture {
    Planes planes;           ///< YUV in the source format or RGB, 0..255 whatever the depth
    unsigned bit_depth = 8;  ///< as signalled: 8 or 10
    RenderingInfo rendering;
    std::vector<std::uint8_t> user_data;

    /// Integer samples of the signalled depth, or of another one.
    [[nodiscard]] Picture to_picture(std::optional<unsigned> depth = std::nullopt,
                                     const RowRunner& rows = serial_rows) const&;
    /// The same, and frees each plane when its samples are made.
    [[nodiscard]] Picture to_picture(std::optional<unsigned> depth = std::nullopt,
                                     const RowRunner& rows = serial_rows) &&;
};

/// The first half of a decode, done: everything that needs no float network (see Decoder::start). The bytes of the file
/// are no longer needed.
class StartedDecode {
public:
    StartedDecode(StartedDecode&&) noexcept;
    StartedDecode& operator=(StartedDecode&&) noexcept;
    ~StartedDecode();
    /// Upper bound of the bytes that the whole decode has at a time.
    [[nodiscard]] std::uint64_t memory() const;

    struct State;

private:
    friend class Decoder;
    explicit StartedDecode(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// A decoded picture whose samples lie on the device that ran the networks. The memory is given back with the last copy
/// of the samples.
struct DevicePicture {
    std::shared_ptr<PictureDevice> device;  ///< work on the samples is done when its wait() returns
    std::array<DeviceSamples, 3> samples;   ///< Y U V or R G B
    ColourModel model = ColourModel::kRgb;
    ChromaFormat chroma;
    unsigned bit_depth = 8;
    RenderingInfo rendering;
    std::vector<std::uint8_t> user_data;
};

/// Decodes pictures with one weight set on one backend, which also has the threads that filters and colour use.
/// Networks are loaded and packed on first use and kept. One object may be used from several threads at a time.
class Decoder {
public:
    Decoder(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend);
    ~Decoder();
    Decoder(const Decoder&) = delete;
    Decoder& operator=(const Decoder&) = delete;

    /// Throws Error of any code; nothing is returned then. Where networks run on a device, they begin while the entropy
    /// stage goes on (unless stages are timed or dumped), in this and the other functions named decode.
    [[nodiscard]] DecodedPicture decode(std::span<const std::uint8_t> file, const DecodeOptions& options = {}) const;

    /// The same with integer samples, as DecodedPicture::to_picture makes them. Quicker where networks run on a device:
    /// only samples come back. They lie in memory that the device wrote (page-locked), until the picture is dropped.
    [[nodiscard]] Picture decode_samples(std::span<const std::uint8_t> file, const DecodeOptions& options = {},
                                         std::optional<unsigned> depth = std::nullopt) const;

    /// decode() in two halves, for those who overlap the halves of several pictures: the first one is serial code on
    /// the calling thread, the second one runs the networks. Both throw what decode() does. A decode may be finished by
    /// another decoder with the same weights.
    [[nodiscard]] StartedDecode start(std::span<const std::uint8_t> file, const DecodeOptions& options = {}) const;
    [[nodiscard]] DecodedPicture finish(StartedDecode decode) const;
    [[nodiscard]] Picture finish_samples(StartedDecode decode, std::optional<unsigned> depth = std::nullopt) const;

    /// Leaves the samples on the device: bytes for a depth of 8, else two bytes each. The work may still be queued.
    /// Throws Error{unsupported} when the backend has no device.
    [[nodiscard]] DevicePicture finish_on_device(StartedDecode decode,
                                                 std::optional<unsigned> depth = std::nullopt) const;
    [[nodiscard]] DevicePicture decode_on_device(std::span<const std::uint8_t> file, const DecodeOptions& options = {},
                                                 std::optional<unsigned> depth = std::nullopt) const;

    /// The codestream of a file, parsed under the options' limits.
    [[nodiscard]] static Codestream parse(std::span<const std::uint8_t> file, const DecodeOptions& options = {});

    /// Only the entropy stage (no float network); dumps its tensors.
    [[nodiscard]] Latents decode_entropy(const Codestream& stream, std::span<const std::uint8_t> file,
                                         const DecodeOptions& options = {}, LatentListener* listener = nullptr) const;

    [[nodiscard]] const Backend& backend() const;

    /// The threads of the backend, for work on planes. Lives as long as the decoder.
    [[nodiscard]] RowRunner rows() const;

private:
    struct Impl;
    [[nodiscard]] StartedDecode start(std::span<const std::uint8_t> file, const DecodeOptions& options,
                                      bool networks_ahead) const;
    std::unique_ptr<Impl> impl_;
};

}  // namespace jpegai
