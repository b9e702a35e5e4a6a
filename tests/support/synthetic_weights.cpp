#include "tests/support/synthetic_weights.h"

#include <cstring>
#include <stdexcept>

#include "models/lazy_set.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

using nlohmann::json;

enum class Kind { kUniform, kInt8, kConstant, kData };

/// How to make one tensor; the formulas are those of make_weights.py.
struct Recipe {
    Kind kind = Kind::kUniform;
    DType dtype = DType::kFloat32;
    std::vector<std::size_t> shape;
    std::size_t axis = 0;
    std::vector<float> scale, offset;  ///< one value, or one per index along `axis`; offset may be empty
    std::vector<double> values;        ///< kConstant: one; kData: all
};

using Recipes = std::map<std::string, std::map<std::string, Recipe>>;

std::uint64_t fnv1a64(const std::string& text) {
    std::uint64_t hash = 0xCBF29CE484222325u;
    for (const char c : text) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001B3u;
    return hash;
}

/// The upper 24 bits of the i-th pseudo-random number of a key.
std::int32_t random24(std::uint64_t seed, std::uint64_t i) {
    std::uint64_t h = seed + (i + 1) * 0x9E3779B97F4A7C15u;
    h = (h ^ (h >> 30)) * 0xBF58476D1CE4E5B9u;
    h = (h ^ (h >> 27)) * 0x94D049BB133111EBu;
    return static_cast<std::int32_t>((h ^ (h >> 31)) >> 40);
}

DType parse_dtype(const std::string& name) {
    for (const DType type : {DType::kFloat32, DType::kInt32, DType::kInt64, DType::kInt8, DType::kBool}) {
        if (name == dtype_name(type)) return type;
    }
    throw std::runtime_error("unknown type in the weights recipe: " + name);
}

Kind parse_kind(const std::string& name) {
    if (name == "u") return Kind::kUniform;
    if (name == "i8") return Kind::kInt8;
    if (name == "const") return Kind::kConstant;
    if (name == "data") return Kind::kData;
    throw std::runtime_error("unknown kind in the weights recipe: " + name);
}

void flatten(const json& value, std::vector<double>& out) {
    if (value.is_array()) {
        for (const json& item : value) flatten(item, out);
    } else {
        out.push_back(value.is_boolean() ? (value.get<bool>() ? 1.0 : 0.0) : value.get<double>());
    }
}

std::vector<float> floats(const json& value) {
    std::vector<double> numbers;
    flatten(value, numbers);
    return {numbers.begin(), numbers.end()};
}

Recipe parse_recipe(const json& item) {
    Recipe recipe;
    recipe.kind = parse_kind(item.at("kind"));
    recipe.dtype = parse_dtype(item.at("dtype"));
    recipe.shape = item.at("shape").get<std::vector<std::size_t>>();
    recipe.axis = item.value("axis", std::size_t{0});
    if (item.contains("scale")) recipe.scale = floats(item.at("scale"));
    if (item.contains("offset")) recipe.offset = floats(item.at("offset"));
    if (item.contains("value")) flatten(item.at("value"), recipe.values);
    return recipe;
}

Recipes parse_recipes(const json& document) {
    Recipes recipes;
    for (const auto& [file, tensors] : document.at("files").items()) {
        auto& list = recipes[file.substr(0, file.rfind(".pth"))];
        for (const auto& [key, item] : tensors.items()) list.emplace(key, parse_recipe(item));
    }
    return recipes;
}

template <class T>
void store(Tensor& tensor, std::size_t i, T value) {
    std::memcpy(tensor.bytes.data() + i * sizeof(T), &value, sizeof(T));
}

void store_number(Tensor& tensor, std::size_t i, double value) {
    switch (tensor.dtype) {
        case DType::kFloat32:
            return store(tensor, i, static_cast<float>(value));
        case DType::kInt32:
            return store(tensor, i, static_cast<std::int32_t>(value));
        case DType::kInt64:
            return store(tensor, i, static_cast<std::int64_t>(value));
        default:
            return store(tensor, i, static_cast<std::int8_t>(value));
    }
}

void fill_uniform(Tensor& tensor, const Recipe& recipe, std::uint64_t seed) {
    // Values along the axis change every `inner` elements.
    std::size_t inner = 1;
    for (std::size_t d = recipe.axis + 1; d < tensor.shape.size(); ++d) inner *= tensor.shape[d];
    const std::size_t outer = tensor.count() / inner;
    for (std::size_t block = 0; block < outer; ++block) {
        const float scale = recipe.scale[block % recipe.scale.size()];
        for (std::size_t i = block * inner; i < (block + 1) * inner; ++i) {
            float value = static_cast<float>(random24(seed, i) - (1 << 23)) * 0x1p-23f * scale;
            if (!recipe.offset.empty()) value += recipe.offset[block % recipe.offset.size()];
            store(tensor, i, value);
        }
    }
}

Tensor make_tensor(const Recipe& recipe, const std::string& name) {
    Tensor tensor;
    tensor.dtype = recipe.dtype;
    tensor.shape = recipe.shape;
    const std::size_t count = tensor.count();
    tensor.bytes.resize(count * dtype_size(tensor.dtype));
    const std::uint64_t seed = fnv1a64(name);
    switch (recipe.kind) {
        case Kind::kUniform:
            fill_uniform(tensor, recipe, seed);
            break;
        case Kind::kInt8:
            for (std::size_t i = 0; i < count; ++i) {
                store(tensor, i, static_cast<std::int8_t>(random24(seed, i) % 255 - 127));
            }
            break;
        case Kind::kConstant:
            for (std::size_t i = 0; i < count; ++i) store_number(tensor, i, recipe.values.at(0));
            break;
        case Kind::kData:
            for (std::size_t i = 0; i < count; ++i) store_number(tensor, i, recipe.values.at(i));
            break;
    }
    return tensor;
}

class SyntheticSet final : public LazySet {
public:
    explicit SyntheticSet(Recipes recipes) : LazySet(names(recipes)), recipes_(std::move(recipes)) {}
    [[nodiscard]] std::string describe() const override { return "synthetic weights of the reference vectors"; }

private:
    static std::vector<std::string> names(const Recipes& recipes) {
        std::vector<std::string> list;
        for (const auto& [file, tensors] : recipes) list.push_back(file);
        return list;
    }
    [[nodiscard]] Checkpoint read(const std::string& file) const override {
        Checkpoint tensors;
        for (const auto& [key, recipe] : recipes_.at(file)) {
            tensors.emplace_hint(tensors.end(), key, make_tensor(recipe, file + ".pth:" + key));
        }
        return tensors;
    }

    Recipes recipes_;
};

}  // namespace

std::shared_ptr<const WeightSet> synthetic_weights() {
    static const std::shared_ptr<const WeightSet> set =
        std::make_shared<SyntheticSet>(parse_recipes(load_json(shared_dir() / "vectors" / "weights-recipe.json")));
    return set;
}

std::shared_ptr<const WeightSet> trained_weights() {
    static const std::shared_ptr<const WeightSet> set = open_weights((shared_dir() / "models").string());
    return set;
}

}  // namespace jpegai::test
