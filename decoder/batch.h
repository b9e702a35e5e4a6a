// Many pictures at a time on one or more backends: reading, entropy decoding and writing on host threads, overlapped
// with the networks of other pictures, within a limit of memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "decoder/decoder.h"

namespace jpegai {

/// What the caller does for each picture; called from several threads at a time, for each index from one at a time.
class BatchSource {
public:
    virtual ~BatchSource() = default;
    [[nodiscard]] virtual std::vector<std::uint8_t> read(std::size_t index) = 0;
    /// `admit` and the memory limit are set by the batch.
    [[nodiscard]] virtual DecodeOptions options(std::size_t index) = 0;
    /// Bits per sample of the result; nothing: as coded.
    [[nodiscard]] virtual std::optional<unsigned> depth(std::size_t /*index*/) { return std::nullopt; }
    virtual void write(std::size_t index, Picture picture) = 0;
    /// Called once for each picture, after write() or with what any of the above or the decode threw.
    virtual void done(std::size_t index, const Error* error) = 0;
};

struct BatchOptions {
    std::size_t host_threads = 0;  ///< that read, decode entropy and write; 0: one per processor
    /// Pictures whose networks run on one backend with a memory of its own at a time. Networks that run on the host's
    /// processors are part of the work of the host threads.
    std::size_t per_device = 6;
    /// Bytes that the pictures in work may have together, as DecodeCost::memory estimates them; 0: half of the
    /// machine's memory. A picture that needs more alone fails with Error{limit}.
    std::uint64_t max_memory = 0;
};

/// Decodes pictures 0 .. count - 1, each on the decoder that is free first; the results do not depend on which. The
/// decoders have the same weights. Pictures are begun in order. Failures of one do not stop the others.
void decode_batch(std::span<const Decoder* const> decoders, std::size_t count, BatchSource& source,
                  const BatchOptions& options);

}  // namespace jpegai
