// The tensors of one `.pth` file as torch.save writes it (ZIP with data.pkl and one entry per storage).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/weight_set.h"
#include "models/zip_reader.h"

namespace jpegai {

/// True for keys that belong to the trained networks; false for what training leaves behind (optimizer, epoch,
/// best_loss, channel_wise_entropy, clip_thres) and for entropy.*, the tables of the float entropy model, which are
/// made again from formulas (03 section 1.1).
[[nodiscard]] bool is_weight_key(std::string_view key);

/// Where the values of one tensor lie.
struct TensorPlace {
    DType dtype = DType::kFloat32;
    std::vector<std::size_t> shape;
    std::vector<std::size_t> strides;  ///< in values, one per dimension
    std::size_t offset = 0;            ///< first value in the storage
    std::size_t storage_values = 0;    ///< length of the storage
    std::string storage;               ///< name of its entry in the archive

    [[nodiscard]] std::size_t count() const;  ///< number of values
    [[nodiscard]] std::size_t bytes() const;  ///< size of a dense copy
};

/// An open checkpoint: knows its tensors, reads values only when asked. Safe to use from several threads.
class CheckpointReader {
public:
    using Filter = std::function<bool(std::string_view)>;
    using Places = std::map<std::string, TensorPlace, std::less<>>;

    /// Parses the directory and data.pkl. The tensors are those of the top level dictionary, or of its entry
    /// "state_dict", "model_state_dict" or "model" where it has one; values that are no tensors are left out.
    /// Throws Error{model, io}; every view is checked against its storage and the file before anything is allocated.
    explicit CheckpointReader(std::shared_ptr<const ByteSource> source);

    [[nodiscard]] const Places& tensors() const noexcept { return tensors_; }
    /// Dense copies of the tensors whose key passes the filter. Each storage is read once. Throws Error{model, io}.
    [[nodiscard]] Checkpoint read(const Filter& wanted) const;

private:
    ZipReader zip_;
    Places tensors_;
};

}  // namespace jpegai
