#include "models/lazy_set.h"

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {
namespace {

class MemorySet final : public WeightSet {
public:
    MemorySet(std::string description, std::map<std::string, Checkpoint, std::less<>> files)
        : description_(std::move(description)), files_(std::move(files)) {}
    [[nodiscard]] std::string describe() const override { return description_; }
    [[nodiscard]] std::string name() const override { return description_; }
    [[nodiscard]] std::vector<std::string> files() const override {
        std::vector<std::string> names;
        names.reserve(files_.size());
        for (const auto& [name, tensors] : files_) names.push_back(name);
        return names;
    }
    [[nodiscard]] const Checkpoint& load(std::string_view file) const override {
        const auto found = files_.find(file);
        if (found == files_.end()) {
            throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: no file \"{}\"", description_, file));
        }
        return found->second;
    }

private:
    std::string description_;
    std::map<std::string, Checkpoint, std::less<>> files_;
};

void check_sizes(const std::map<std::string, Checkpoint, std::less<>>& files) {
    for (const auto& [file, tensors] : files) {
        for (const auto& [key, tensor] : tensors) {
            if (tensor.bytes.size() != tensor.count() * dtype_size(tensor.dtype)) {
                throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: {}: values do not fill the shape", file, key));
            }
        }
    }
}

}  // namespace

LazySet::LazySet(const std::vector<std::string>& names) {
    for (const std::string& name : names) slots_.try_emplace(name);
}

std::vector<std::string> LazySet::files() const {
    std::vector<std::string> names;
    names.reserve(slots_.size());
    for (const auto& [name, slot] : slots_) names.push_back(name);
    return names;
}

const Checkpoint& LazySet::load(std::string_view file) const {
    const auto found = slots_.find(file);
    if (found == slots_.end()) throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: no file \"{}\"", describe(), file));
    Slot& slot = found->second;
    if (slot.loaded.load(std::memory_order_acquire)) return slot.tensors;
    const std::lock_guard lock(slot.mutex);
    if (!slot.loaded.load(std::memory_order_relaxed)) {
        slot.tensors = read(found->first);
        slot.loaded.store(true, std::memory_order_release);
    }
    return slot.tensors;
}

std::shared_ptr<const WeightSet> weights_from_memory(std::string description,
                                                     std::map<std::string, Checkpoint, std::less<>> files) {
    check_sizes(files);
    return std::make_shared<MemorySet>(std::move(description), std::move(files));
}

}  // namespace jpegai
