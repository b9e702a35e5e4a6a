#include "networks/availability.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "models/weight_identity.h"
#include "networks/registry.h"

namespace jpegai {
namespace {

const char* point_name(OperatingPoint point) {
    return weight_part_name(synthesis_part(point));
}

/// "HOP", or "HOP analysis and BOP synthesis".
std::string transform_names(const TransformNeeds& needs) {
    if (!needs.analysis) return needs.synthesis ? point_name(*needs.synthesis) : "any transform";
    if (!needs.synthesis) return fmt::format("{} analysis", point_name(*needs.analysis));
    if (*needs.synthesis == *needs.analysis) return point_name(*needs.synthesis);
    return fmt::format("{} analysis and {} synthesis", point_name(*needs.analysis), point_name(*needs.synthesis));
}

std::string file_list(const std::vector<std::string>& files) {
    if (files.size() == 1) return files[0];
    if (files.size() == 2) return files[0] + " and " + files[1];
    return fmt::format("{} and {} more", files[0], files.size() - 1);
}

}  // namespace

std::vector<std::string> missing_files(const WeightSet& set, std::size_t model_id, const TransformNeeds& needs) {
    const std::vector<std::string> have = set.files();
    std::vector<std::string> missing;
    const auto want = [&](const std::string& file) {
        if (!std::binary_search(have.begin(), have.end(), file)) missing.push_back(file);
    };
    for (const Component c : {kPrimary, kSecondary}) {
        want(common_file(c, model_id));
        if (needs.analysis) want(network_file(NetworkKind::kAnalysis, *needs.analysis, c, model_id));
        if (needs.synthesis) want(network_file(NetworkKind::kSynthesis, *needs.synthesis, c, model_id));
    }
    return missing;
}

ModelMask complete_models(const WeightSet& set, const TransformNeeds& needs) {
    ModelMask complete{};
    for (std::size_t m = 0; m < kModels; ++m) complete[m] = missing_files(set, m, needs).empty();
    return complete;
}

std::string model_list(const ModelMask& models) {
    std::vector<std::string> ids;
    for (std::size_t m = 0; m < kModels; ++m) {
        if (models[m]) ids.push_back(std::to_string(m));
    }
    if (ids.empty()) return "no model";
    if (ids.size() == 1) return "model " + ids[0];
    const std::string last = ids.back();
    ids.pop_back();
    return fmt::format("models {} and {}", fmt::join(ids, ", "), last);
}

void require_files(const WeightSet& set, std::size_t model_id, const TransformNeeds& needs, const std::string& advice) {
    const std::vector<std::string> missing = missing_files(set, model_id, needs);
    if (missing.empty()) return;
    throw Error(JPEGAI_ERROR_MODEL,
                fmt::format("{} lacks {}, which model {} needs for {}; it has all of them for {}; {}", set.describe(),
                            file_list(missing), model_id, transform_names(needs),
                            model_list(complete_models(set, needs)), advice));
}

}  // namespace jpegai
