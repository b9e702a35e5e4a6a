// Weights by name: one interface over every place they can come from (checkpoint folder, pack, embedded set).
// The names are those of the official checkpoint layout: file "VM_bop/decoder_Y_0.012", key "conv1.weight".
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jpegai {

enum class DType : std::uint8_t { kFloat32, kInt32, kInt64, kInt16, kInt8, kUint8, kBool, kFloat64, kFloat16 };
[[nodiscard]] const char* dtype_name(DType type);  ///< "float32", "int8" ...
[[nodiscard]] std::size_t dtype_size(DType type);

/// A dense tensor in C order, little-endian values.
struct Tensor {
    DType dtype = DType::kFloat32;
    std::vector<std::size_t> shape;
    std::vector<std::uint8_t> bytes;  ///< count() * dtype_size(dtype)

    [[nodiscard]] std::size_t count() const;
    /// The values; throws Error{model} when the tensor has another type. `what` names it in the message.
    [[nodiscard]] std::span<const float> floats(std::string_view what) const;
    [[nodiscard]] std::span<const std::int32_t> ints(std::string_view what) const;
    [[nodiscard]] std::span<const std::int8_t> bytes8(std::string_view what) const;
};

/// A tensor without its values.
struct TensorInfo {
    std::string key;
    DType dtype = DType::kFloat32;
    std::vector<std::size_t> shape;
};

/// The tensors of one checkpoint file by key, in stored order of keys sorted by name.
using Checkpoint = std::map<std::string, Tensor, std::less<>>;

/// A source of weights. Implementations load lazily and are safe to call from several threads.
class WeightSet {
public:
    virtual ~WeightSet() = default;
    /// One line for people, e.g. "folder /data/models" or "embedded default set 1".
    [[nodiscard]] virtual std::string describe() const = 0;
    /// Short name for people: of the pack, or of the file or folder. May be empty.
    [[nodiscard]] virtual std::string name() const { return {}; }
    /// Whether a file is known to be exactly that of the official set (official.h). May read all of it.
    [[nodiscard]] virtual bool is_official(std::string_view /*file*/) const { return false; }
    /// Checkpoint files that exist, without ".pth", sorted: "VM_bop/decoder_UV_0.002", ...
    [[nodiscard]] virtual std::vector<std::string> files() const = 0;
    /// The tensors of one file, loaded on first use and kept. Throws Error{model} when it is missing or malformed.
    [[nodiscard]] virtual const Checkpoint& load(std::string_view file) const = 0;
    /// The fingerprint that came with the set (a pack of version 2 carries one), or nothing. See fingerprint().
    [[nodiscard]] virtual std::string known_fingerprint() const { return {}; }
    /// One tensor, kept like those of load(), of which it may be the only one that is read. Throws Error{model} with
    /// file and key when it is missing.
    [[nodiscard]] virtual const Tensor& tensor(std::string_view file, std::string_view key) const;
    /// What load() would give, sorted by key. Throws as load().
    [[nodiscard]] virtual std::vector<TensorInfo> list(std::string_view file) const;
    /// XXH64 of the values of one tensor. Throws as tensor().
    [[nodiscard]] virtual std::uint64_t value_hash(std::string_view file, std::string_view key) const;
    /// A set over the same weights that has nothing loaded yet, so that what is loaded through it can be freed with it;
    /// null where that is not worth while, because the weights lie in memory anyway or are slow to read in part.
    [[nodiscard]] virtual std::shared_ptr<const WeightSet> reopen() const { return nullptr; }
};

/// Opens a folder of .pth files (the layout of the official checkpoints, with or without a leading "models/"), a folder
/// of .jaiw packs, or one pack file. `name` is what to call packs that carry no name (empty: as the file or folder).
/// Throws Error{io, model}.
[[nodiscard]] std::shared_ptr<const WeightSet> open_weights(const std::string& path, const std::string& name = {});

/// Weights held in memory under the same names (tests, training, fuzzing).
[[nodiscard]] std::shared_ptr<const WeightSet> weights_from_memory(
    std::string description, std::map<std::string, Checkpoint, std::less<>> files);

/// SHA-256 over all tensors of a set (file, key, dtype, shape, values; sorted), as hex: the same whatever container the
/// set is stored in. Buffers that carry no training result (entropy.*) and training state are left out. A pack of
/// version 2 is believed what it says about itself (its index is protected by a checksum; verify_pack() computes it
/// again); for every other set all files are loaded. The exact bytes that are hashed: docs/PACK_FORMAT.md.
[[nodiscard]] std::string fingerprint(const WeightSet& set);

}  // namespace jpegai
