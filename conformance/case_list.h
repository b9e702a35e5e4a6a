// The cases of a suite before their streams are made. One file per group of cases (cases_*.cpp).
#pragma once

#include <string>
#include <vector>

#include "conformance/recipe.h"
#include "profiles/profiles.h"

namespace jpegai::conformance {

/// Which suite: everything that the list of cases depends on.
struct SuiteChoice {
    std::uint8_t profile = 1, level = 52;
    Dialect dialect = Dialect::kIs;
    std::uint64_t seed = 1;
};

/// Collects recipes and knows what profile and level permit.
class CaseList {
public:
    explicit CaseList(const SuiteChoice& choice);

    /// A recipe of a `width` x `height` picture with everything optional off: all channels coded, the next of the
    /// permitted models and the next of the profile's synthesis transforms in turn, unless they are set afterwards.
    CaseRecipe& add(const std::string& group, const std::string& name, const std::string& title, std::uint32_t width,
                    std::uint32_t height);
    [[nodiscard]] const std::vector<std::uint8_t>& models() const { return models_; }
    [[nodiscard]] const std::vector<std::uint8_t>& transforms() const { return transforms_; }
    [[nodiscard]] const SuiteChoice& choice() const { return choice_; }
    [[nodiscard]] std::uint64_t max_samples() const { return max_samples_; }
    [[nodiscard]] std::vector<CaseRecipe> take() { return std::move(recipes_); }
    /// The list of synthesis transforms with `id` in front.
    [[nodiscard]] std::vector<std::uint8_t> transforms_from(std::uint8_t id) const;
    /// An earlier recipe by name.
    [[nodiscard]] const CaseRecipe& find(const std::string& name) const;

private:
    SuiteChoice choice_;
    std::vector<std::uint8_t> models_, transforms_;
    std::uint64_t max_samples_ = 0;
    std::vector<CaseRecipe> recipes_;
    std::size_t next_model_ = 0, next_transform_ = 0;
};

void add_picture_cases(CaseList& list);      ///< sizes, formats, depths, models, transforms, metadata, containers
void add_entropy_cases(CaseList& list);      ///< lanes, channels, cube flags, RVS, GRFS, quality map, escapes, gains
void add_region_cases(CaseList& list);       ///< regions, overlaps, synthesis tiles
void add_progressive_cases(CaseList& list);  ///< partial decodes: channels, transforms, windows
void add_filter_cases(CaseList& list);       ///< post-filters, each alone
void add_pair_cases(CaseList& list);         ///< all tools in pairs
void add_negative_cases(CaseList& list);     ///< streams to refuse or to report, one per rule
void add_defect_cases(CaseList& list);       ///< where the reference software is known to be wrong

/// The tool of each name for a picture, used alone and in pairs. Each changes headers only.
struct ToolSetter {
    const char* name;
    const char* clause;
    std::vector<std::string> elements;
    void (*apply)(CaseRecipe& recipe, Random& random);
};
[[nodiscard]] const std::vector<ToolSetter>& tool_setters();

/// A set of EFE linear filters near the identity for the given candidates (0: none) and filter lengths of U and V.
[[nodiscard]] EfeLinearSet efe_set(std::array<std::uint8_t, 2> candidate, std::array<std::uint8_t, 2> length,
                                   std::size_t phases, Random& random);
/// EFE non-linear for a picture, `tiles` of tile_width x tile_height chroma samples.
[[nodiscard]] EfeNonlinearHeader efe_nonlinear(const PictureHeader& picture, std::array<bool, 2> enabled,
                                               std::array<bool, 2> masks, std::uint16_t tile_width,
                                               std::uint16_t tile_height, std::uint16_t block, Random& random);

/// Short list of the suite's cases: all groups in their order.
[[nodiscard]] std::vector<CaseRecipe> make_cases(const SuiteChoice& choice);

}  // namespace jpegai::conformance
