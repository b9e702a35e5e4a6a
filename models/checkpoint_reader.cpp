#include "models/checkpoint_reader.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include <fmt/format.h>

#include "base/error.h"
#include "models/pickle_reader.h"

namespace jpegai {
namespace {

constexpr std::uint64_t kMaxPickleBytes = 16 << 20;
constexpr std::uint64_t kMaxTensorBytes = std::uint64_t{1} << 30;
constexpr std::size_t kMaxRank = 8;
/// Views may repeat the values of a storage, but not so often that a small file fills the memory.
constexpr std::uint64_t kMaxExpansion = 16;

[[noreturn]] void fail(const ByteSource& source, const std::string& message) {
    throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: {}", source.name(), message));
}

/// "archive/" of the one entry "archive/data.pkl".
std::string find_root(const ZipReader& zip) {
    std::optional<std::string> root;
    for (const auto& [name, entry] : zip.entries()) {
        const std::size_t slash = name.find('/');
        if (slash == std::string::npos || std::string_view(name).substr(slash) != "/data.pkl") continue;
        if (root) fail(zip.source(), "two data.pkl: not a checkpoint");
        root = name.substr(0, slash + 1);
    }
    if (!root) fail(zip.source(), "no data.pkl: not a checkpoint");
    return *root;
}

void check_byte_order(const ZipReader& zip, const std::string& root) {
    const std::string name = root + "byteorder";
    if (!zip.entries().contains(name)) return;
    const std::vector<std::uint8_t> order = zip.read(name, 16).bytes;
    if (std::string_view(reinterpret_cast<const char*>(order.data()), order.size()) != "little") {
        fail(zip.source(), "values that are not little-endian");
    }
}

bool holds_tensors(const Pickle& pickle, const PickleValue& value) {
    if (value.kind != PickleKind::kDict) return false;
    for (std::size_t i = 1; i < value.items.size(); i += 2) {
        if (pickle[value.items[i]].kind == PickleKind::kTensor) return true;
    }
    return false;
}

/// The dictionary from names to tensors.
const PickleValue& find_state(const Pickle& pickle, const ByteSource& source) {
    const PickleValue& root = pickle.root();
    if (root.kind != PickleKind::kDict) fail(source, "the checkpoint is no dictionary");
    for (std::size_t i = 0; i < root.items.size(); i += 2) {
        const PickleValue& key = pickle[root.items[i]];
        const PickleValue& value = pickle[root.items[i + 1]];
        if (key.kind == PickleKind::kText && holds_tensors(pickle, value) &&
            (key.text == "state_dict" || key.text == "model_state_dict" || key.text == "model")) {
            return value;
        }
    }
    return root;
}

/// Turns pickled tensors into places and checks every number on the way.
class PlaceMaker {
public:
    PlaceMaker(const Pickle& pickle, const ZipReader& zip, std::string root)
        : pickle_(pickle), zip_(zip), root_(std::move(root)) {}

    TensorPlace make(const PickleValue& tensor, std::string_view key) {
        key_ = key;
        const PickleValue& storage = pickle_[tensor.items[0]];
        TensorPlace place;
        place.dtype = storage.dtype;
        place.storage = fmt::format("{}data/{}", root_, storage.text);
        place.storage_values = whole(storage);
        place.offset = whole(tensor);
        place.shape = sides(pickle_[tensor.items[1]]);
        place.strides = sides(pickle_[tensor.items[2]]);
        check_storage(place);
        check_view(place);
        return place;
    }

private:
    [[noreturn]] void complain(const char* what) const { fail(zip_.source(), fmt::format("{}: {}", key_, what)); }

    std::size_t whole(const PickleValue& value) const {
        constexpr std::int64_t kLargest = std::int64_t{1} << 40;
        if (value.number < 0 || value.number > kLargest) complain("a size or offset is out of range");
        return static_cast<std::size_t>(value.number);
    }
    std::vector<std::size_t> sides(const PickleValue& tuple) const {
        if (tuple.items.size() > kMaxRank) complain("too many dimensions");
        std::vector<std::size_t> numbers;
        for (const std::uint32_t id : tuple.items) {
            if (pickle_[id].kind != PickleKind::kInt) complain("a size or stride is no integer");
            numbers.push_back(whole(pickle_[id]));
        }
        return numbers;
    }
    void check_storage(const TensorPlace& place) const {
        const auto entry = zip_.entries().find(place.storage);
        if (entry == zip_.entries().end()) complain("its storage is not in the archive");
        std::uint64_t bytes = 0;
        if (__builtin_mul_overflow(place.storage_values, dtype_size(place.dtype), &bytes) ||
            bytes != entry->second.size) {
            complain("its storage does not have the size that was declared");
        }
    }
    void check_view(const TensorPlace& place) {
        if (place.shape.size() != place.strides.size()) complain("sizes and strides differ in number");
        std::uint64_t bytes = dtype_size(place.dtype), last = place.offset;
        bool empty = false;
        for (std::size_t d = 0; d < place.shape.size(); ++d) {
            empty |= place.shape[d] == 0;
            std::uint64_t reach = 0;
            if (__builtin_mul_overflow(bytes, std::max<std::uint64_t>(place.shape[d], 1), &bytes) ||
                bytes > kMaxTensorBytes ||
                __builtin_mul_overflow(std::max<std::uint64_t>(place.shape[d], 1) - 1, place.strides[d], &reach) ||
                __builtin_add_overflow(last, reach, &last)) {
                complain("the tensor is too large");
            }
        }
        if (empty) return;
        if (last >= place.storage_values) complain("the tensor reaches beyond its storage");
        total_ += bytes;
        if (total_ > kMaxExpansion * zip_.source().size()) complain("the tensors are far larger than the file");
    }

    const Pickle& pickle_;
    const ZipReader& zip_;
    std::string root_;
    std::string_view key_;
    std::uint64_t total_ = 0;
};

bool valid_key(std::string_view key) {
    return !key.empty() && key.size() <= 255 &&
           std::all_of(key.begin(), key.end(), [](char c) { return c > 32 && c < 127; });
}

CheckpointReader::Places find_tensors(const ZipReader& zip) {
    const std::string root = find_root(zip);
    check_byte_order(zip, root);
    ZipContent data = zip.read(root + "data.pkl", kMaxPickleBytes);
    const Pickle pickle(std::move(data.bytes), data.offset);
    const PickleValue& state = find_state(pickle, zip.source());
    PlaceMaker maker(pickle, zip, root);
    CheckpointReader::Places places;
    for (std::size_t i = 0; i < state.items.size(); i += 2) {
        const PickleValue& key = pickle[state.items[i]];
        const PickleValue& value = pickle[state.items[i + 1]];
        if (key.kind != PickleKind::kText || value.kind != PickleKind::kTensor) continue;
        if (!valid_key(key.text)) fail(zip.source(), "a tensor has a name that cannot be used");
        places.insert_or_assign(std::string(key.text), maker.make(value, key.text));
    }
    return places;
}

bool is_dense(const TensorPlace& place) {
    std::size_t expected = 1;
    for (std::size_t d = place.shape.size(); d-- > 0;) {
        if (place.shape[d] != 1 && place.strides[d] != expected) return false;
        expected *= place.shape[d];
    }
    return true;
}

/// Copies the values of a view in C order; all indices are known to lie inside the storage.
template <class T>
void gather(const TensorPlace& place, const std::uint8_t* storage, std::uint8_t* out) {
    const std::size_t rank = place.shape.size(), count = place.count();
    std::vector<std::size_t> index(rank, 0);
    std::size_t from = place.offset;
    for (std::size_t i = 0; i < count; ++i) {
        std::memcpy(out + i * sizeof(T), storage + from * sizeof(T), sizeof(T));
        for (std::size_t d = rank; d-- > 0;) {
            from += place.strides[d];
            if (++index[d] < place.shape[d]) break;
            from -= place.strides[d] * place.shape[d];
            index[d] = 0;
        }
    }
}

void copy_view(const TensorPlace& place, const std::vector<std::uint8_t>& storage, std::vector<std::uint8_t>& out) {
    out.resize(place.bytes());
    if (out.empty()) return;
    const std::size_t size = dtype_size(place.dtype);
    if (is_dense(place)) {
        std::memcpy(out.data(), storage.data() + place.offset * size, out.size());
        return;
    }
    switch (size) {
        case 1:
            return gather<std::uint8_t>(place, storage.data(), out.data());
        case 2:
            return gather<std::uint16_t>(place, storage.data(), out.data());
        case 4:
            return gather<std::uint32_t>(place, storage.data(), out.data());
        default:
            return gather<std::uint64_t>(place, storage.data(), out.data());
    }
}

bool is_whole_storage(const TensorPlace& place) {
    return place.offset == 0 && place.count() == place.storage_values && is_dense(place);
}

}  // namespace

bool is_weight_key(std::string_view key) {
    for (const std::string_view prefix : {"entropy", "optimizer", "epoch", "best_loss", "channel_wise_entropy",
                                          "clip_thres", "hyper_encoder.clip_thres"}) {
        if (key.starts_with(prefix) && (key.size() == prefix.size() || key[prefix.size()] == '.')) return false;
    }
    return true;
}

std::size_t TensorPlace::count() const {
    std::size_t product = 1;
    for (const std::size_t side : shape) product *= side;
    return product;
}

std::size_t TensorPlace::bytes() const {
    return count() * dtype_size(dtype);
}

CheckpointReader::CheckpointReader(std::shared_ptr<const ByteSource> source)
    : zip_(std::move(source)), tensors_(find_tensors(zip_)) {}

Checkpoint CheckpointReader::read(const Filter& wanted) const {
    std::map<std::string_view, std::vector<Places::const_pointer>> by_storage;
    for (const auto& tensor : tensors_) {
        if (wanted(tensor.first)) by_storage[tensor.second.storage].push_back(&tensor);
    }
    Checkpoint tensors;
    for (const auto& [name, views] : by_storage) {
        std::vector<std::uint8_t> storage = zip_.read(name, kMaxTensorBytes).bytes;
        for (const auto* view : views) {
            const TensorPlace& place = view->second;
            Tensor& tensor = tensors[view->first];
            tensor.dtype = place.dtype;
            tensor.shape = place.shape;
            if (views.size() == 1 && is_whole_storage(place)) {
                tensor.bytes = std::move(storage);
            } else {
                copy_view(place, storage, tensor.bytes);
            }
            if (place.dtype == DType::kBool &&
                std::any_of(tensor.bytes.begin(), tensor.bytes.end(), [](std::uint8_t b) { return b > 1; })) {
                fail(zip_.source(), fmt::format("{}: not a truth value", view->first));
            }
        }
    }
    return tensors;
}

}  // namespace jpegai
