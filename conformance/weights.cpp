#include "conformance/weights.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/hash.h"
#include "conformance/random.h"
#include "models/lazy_set.h"
#include "networks/eicci.h"
#include "networks/registry.h"

namespace jpegai::conformance {
namespace {

/// Graphs whose parameters one file holds.
using FileGraphs = std::map<std::string, std::vector<Graph>, std::less<>>;

/// Files that a decoder may read and that can be made up: float networks only. Hyper networks and entropy tables have
/// to be trained, or nothing could be coded sensibly.
FileGraphs known_files() {
    FileGraphs files;
    for (std::size_t model = 0; model < kModels; ++model) {
        for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
            for (const Component component : {kPrimary, kSecondary}) {
                files[network_file(NetworkKind::kSynthesis, point, component, model)] = {
                    network_graph(NetworkKind::kSynthesis, point, component)};
            }
        }
    }
    for (const OperatingPoint point : {OperatingPoint::kBop, OperatingPoint::kHop}) {
        for (std::size_t k = 0; k < kEicciNetworks; ++k) {
            files[eicci_file(point, k)] = {eicci_luma_graph(), eicci_chroma_graph()};
        }
    }
    return files;
}

/// Values of a tensor are offset + scale * u, u in [-1, 1).
struct Range {
    float offset, scale;
};

Range range_of(const Parameter& parameter, const Graph& graph) {
    const Node& node = graph.nodes[parameter.node];
    const bool eicci = graph.name.starts_with("eicci.");
    if (parameter.key.ends_with(".running_var")) return {1.0F, 0.5F};
    if (parameter.key.ends_with(".bias") || parameter.key.ends_with(".running_mean")) return {0.0F, 0.0625F};
    if (node.op == Op::kScale) return {eicci ? 0.03125F : 1.0F, 0.015625F};  // eICCI only corrects a little
    if (node.op != Op::kConv && node.op != Op::kConvTranspose) return {1.0F, 0.25F};
    const std::size_t terms = node.op == Op::kConv ? parameter.shape[1] * parameter.shape[2] * parameter.shape[3]
                                                   : parameter.shape[0] * parameter.shape[2] * parameter.shape[3] / 4;
    // Few samples may saturate, or differences would hide.
    const bool last = graph.name.starts_with("synthesis.") && parameter.key.starts_with("conv4");
    return {0.0F, std::sqrt(3.0F / static_cast<float>(terms)) * (last ? 0.03125F : 1.0F)};
}

Tensor make_tensor(const std::string& file, const Parameter& parameter, const Graph& graph) {
    Tensor tensor;
    tensor.shape = parameter.shape;
    const Range range = range_of(parameter, graph);
    Random random(0, file + ":" + parameter.key);
    std::vector<float> values(tensor.count());
    for (float& value : values) {
        value = std::nearbyint((range.offset + range.scale * random.unit()) * 4096.0F) * 0x1p-12F;
    }
    tensor.bytes.resize(values.size() * sizeof(float));
    std::memcpy(tensor.bytes.data(), values.data(), tensor.bytes.size());
    return tensor;
}

/// The made-up files.
class SyntheticSet final : public LazySet {
public:
    explicit SyntheticSet(FileGraphs files) : LazySet(names(files)), graphs_(std::move(files)) {}
    [[nodiscard]] std::string describe() const override { return kSyntheticRecipe; }

private:
    static std::vector<std::string> names(const FileGraphs& files) {
        std::vector<std::string> list;
        for (const auto& [file, graphs] : files) list.push_back(file);
        return list;
    }
    [[nodiscard]] Checkpoint read(const std::string& file) const override {
        Checkpoint tensors;
        for (const Graph& graph : graphs_.at(file)) {
            for (const Parameter& parameter : list_parameters(graph)) {
                tensors.emplace(parameter.key, make_tensor(file, parameter, graph));
            }
        }
        return tensors;
    }

    FileGraphs graphs_;
};

/// Two sets as one; no file is in both.
class JoinedSet final : public WeightSet {
public:
    JoinedSet(std::shared_ptr<const WeightSet> base, std::shared_ptr<const WeightSet> more)
        : base_(std::move(base)), more_(std::move(more)) {
        more_files_ = more_->files();
    }
    [[nodiscard]] std::string describe() const override { return base_->describe() + " + " + more_->describe(); }
    [[nodiscard]] std::vector<std::string> files() const override {
        std::vector<std::string> list = base_->files();
        list.insert(list.end(), more_files_.begin(), more_files_.end());
        std::sort(list.begin(), list.end());
        return list;
    }
    [[nodiscard]] const Checkpoint& load(std::string_view file) const override {
        return std::binary_search(more_files_.begin(), more_files_.end(), file) ? more_->load(file) : base_->load(file);
    }

private:
    std::shared_ptr<const WeightSet> base_, more_;
    std::vector<std::string> more_files_;
};

FileGraphs missing_files(const WeightSet& base) {
    FileGraphs files = known_files();
    for (const std::string& file : base.files()) files.erase(file);
    return files;
}

}  // namespace

std::vector<std::string> synthetic_files(const WeightSet& base) {
    std::vector<std::string> names;
    for (const auto& [file, graphs] : missing_files(base)) names.push_back(file);
    return names;
}

std::shared_ptr<const WeightSet> complete_weights(std::shared_ptr<const WeightSet> base) {
    FileGraphs missing = missing_files(*base);
    if (missing.empty()) return base;
    return std::make_shared<JoinedSet>(std::move(base), std::make_shared<SyntheticSet>(std::move(missing)));
}

std::string suite_fingerprint(const WeightSet& base) {
    std::string text = fingerprint(base) + "\n" + kSyntheticRecipe + "\n";
    for (const std::string& file : synthetic_files(base)) text += file + "\n";
    return sha256_hex({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

}  // namespace jpegai::conformance
