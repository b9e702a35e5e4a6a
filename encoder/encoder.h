// The complete encoder: from a picture to the bytes of a codestream (standard/05-encoder.md section 2).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "backend/backend.h"
#include "decoder/network_cache.h"
#include "decoder/picture.h"
#include "encoder/options.h"
#include "encoder/session.h"
#include "models/weight_set.h"

namespace jpegai {

struct EncodeResult {
    std::vector<std::uint8_t> bytes;
    PictureHeader picture;  ///< as written
    ToolHeader tools;
    /// What a decoder gives for `bytes` before rounding, bit for bit, with the colour model the stream signals; only
    /// when asked for.
    std::optional<Planes> reconstruction;
};

/// Encodes pictures with one weight set on one backend. The bytes are the same on every backend and number of threads.
/// Networks are loaded and packed on first use and kept. One object may be used from several threads at a time.
class Encoder {
public:
    Encoder(std::shared_ptr<const WeightSet> weights, std::shared_ptr<const Backend> backend);

    /// Encodes at options.rate. Throws Error{argument} for options that contradict each other or the picture,
    /// Error{unsupported} for formats that cannot be coded, Error{model} when the weight set lacks a network,
    /// Error{conformance} when no level permits the picture, Error{cancelled, memory}.
    [[nodiscard]] EncodeResult encode(const Picture& picture, const EncodeOptions& options = {}) const;

    /// The same in steps. The encoder has to outlive the session.
    [[nodiscard]] EncodeSession session(const Picture& picture, const EncodeOptions& options) const;

    /// The models that the weight set has all networks for, those of the decoder included; where it has the synthesis
    /// transform of no model, those that can be analysed. Throws Error{model} when there are none.
    [[nodiscard]] ModelMask usable_models(const EncodeOptions& options) const;

    [[nodiscard]] const NetworkCache& networks() const { return networks_; }

private:
    NetworkCache networks_;
};

}  // namespace jpegai
