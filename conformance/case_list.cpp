#include "conformance/case_list.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai::conformance {

CaseList::CaseList(const SuiteChoice& choice) : choice_(choice) {
    const Profile* profile = find_profile(choice.profile);
    const auto permitted = permitted_models(choice.level, choice.dialect);
    if (profile == nullptr || !permitted) throw Error(JPEGAI_ERROR_ARGUMENT, "no such profile or level");
    for (std::uint8_t model = 0; model < kModels; ++model) {
        if (permitted->contains(model)) models_.push_back(model);
    }
    transforms_.assign(profile->written_transforms.begin(),
                       profile->written_transforms.begin() + static_cast<std::ptrdiff_t>(profile->written_count));
    max_samples_ = *jpegai::max_samples(choice.level);
}

std::vector<std::uint8_t> CaseList::transforms_from(std::uint8_t id) const {
    std::vector<std::uint8_t> list = {id};
    for (const std::uint8_t other : transforms_) {
        if (other != id) list.push_back(other);
    }
    return list;
}

CaseRecipe& CaseList::add(const std::string& group, const std::string& name, const std::string& title,
                          std::uint32_t width, std::uint32_t height) {
    CaseRecipe& recipe = recipes_.emplace_back();
    recipe.group = group;
    recipe.name = name;
    recipe.title = title;
    recipe.parts.dialect = choice_.dialect;
    PictureHeader& picture = recipe.parts.picture;
    picture.decoder_profile_id = choice_.profile;
    picture.level_idc = choice_.level;
    picture.synthesis_transform_id = transforms_from(transforms_[next_transform_++ % transforms_.size()]);
    picture.model_id = models_[next_model_++ % models_.size()];
    picture.img_width = width;
    picture.img_height = height;
    for (std::size_t c = 0; c < kComponents; ++c) {
        picture.component[c].num_chs = static_cast<std::uint8_t>(kLatentChannels[c]);
    }
    return recipe;
}

const CaseRecipe& CaseList::find(const std::string& name) const {
    const auto found =
        std::find_if(recipes_.begin(), recipes_.end(), [&](const CaseRecipe& r) { return r.name == name; });
    if (found == recipes_.end()) throw Error(JPEGAI_ERROR_INTERNAL, "there is no case " + name);
    return *found;
}

std::vector<CaseRecipe> make_cases(const SuiteChoice& choice) {
    CaseList list(choice);
    add_picture_cases(list);
    add_entropy_cases(list);
    add_region_cases(list);
    add_progressive_cases(list);
    add_filter_cases(list);
    add_pair_cases(list);
    add_defect_cases(list);
    add_negative_cases(list);
    return list.take();
}

}  // namespace jpegai::conformance
