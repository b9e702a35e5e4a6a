// Pickle protocol 2, as far as torch.save uses it for tensors. The stream is only read as data: names of classes and
// functions are compared with a short list, nothing is looked up, imported or called.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "models/weight_set.h"

namespace jpegai {

enum class PickleKind : std::uint8_t {
    kNone,
    kBool,     ///< number is 0 or 1
    kInt,      ///< number
    kFloat,    ///< real
    kText,     ///< text
    kTuple,    ///< items
    kList,     ///< items
    kDict,     ///< items: key, value, key, value ... in stored order (OrderedDict too)
    kGlobal,   ///< a known class or function; appears in a document only where a class itself was pickled
    kStorage,  ///< reference to the values of tensors: dtype, text = its key, number = its length in values
    kTensor,   ///< items: storage, sizes (tuple), strides (tuple); number = offset in values
    kOpaque,   ///< something without use here, e.g. a very long integer
};

enum class PickleGlobal : std::uint8_t { kNone, kOrderedDict, kRebuildTensor, kRebuildParameter, kSize, kStorageClass };

struct PickleValue {
    PickleKind kind = PickleKind::kNone;
    PickleGlobal global = PickleGlobal::kNone;
    DType dtype = DType::kFloat32;  ///< kStorage, and kGlobal of a storage class
    std::int64_t number = 0;
    double real = 0.0;
    std::string_view text;
    std::vector<std::uint32_t> items;  ///< ids of values
};

/// A parsed pickle: values by id. Containers may hold one value several times, and (in a hostile file) themselves, so
/// whoever walks a document has to bound its depth.
class Pickle {
public:
    static constexpr std::size_t kMaxValues = 1 << 20;

    /// Parses `bytes`, which lie at `offset` of their file. Throws Error{model} with the byte's offset for opcodes,
    /// names or arguments outside the list above, and for anything malformed.
    Pickle(std::vector<std::uint8_t> bytes, std::uint64_t offset);

    [[nodiscard]] const PickleValue& operator[](std::uint32_t id) const { return values_[id]; }
    [[nodiscard]] const PickleValue& root() const { return values_[root_]; }

private:
    std::vector<std::uint8_t> bytes_;  ///< texts are views of it
    std::vector<PickleValue> values_;
    std::uint32_t root_ = 0;
};

}  // namespace jpegai
