#include "tests/support/entropy_models.h"

#include <map>
#include <mutex>

#include "tests/support/synthetic_weights.h"

namespace jpegai::test {

EntropyModels entropy_models(bool trained, std::size_t model_id) {
    static std::mutex mutex;
    static std::map<std::pair<bool, std::size_t>, std::array<EntropyModel, kComponents>> models;
    const std::lock_guard lock(mutex);
    const auto [entry, is_new] = models.try_emplace({trained, model_id});
    if (is_new) {
        const auto weights = trained ? trained_weights() : synthetic_weights();
        for (const Component c : {kPrimary, kSecondary}) entry->second[c] = load_entropy_model(*weights, model_id, c);
    }
    return {&entry->second[kPrimary], &entry->second[kSecondary]};
}

bool uses_trained_weights(const std::filesystem::path& folder) {
    return folder.parent_path().parent_path().filename() == "models";
}

}  // namespace jpegai::test
