// Valid streams on which the reference software is known to fail (01 section 14, 02 section 15, 03 section 22, 04
// section 11). A decoder that was made from it may share the defect; the name says which one.
#include <fmt/format.h>

#include "conformance/case_list.h"

namespace jpegai::conformance {
namespace {

CaseRecipe& add(CaseList& list, const char* name, const char* title, std::vector<std::string> clauses,
                std::uint32_t width = 88, std::uint32_t height = 72) {
    CaseRecipe& recipe = list.add("reference-defect", fmt::format("defect_{}", name), title, width, height);
    recipe.clauses = std::move(clauses);
    recipe.parts.picture.synthesis_transform_id = list.transforms_from(list.transforms().back());
    recipe.style = {2, 12, 10, 0};
    return recipe;
}

EicciHeader::Tile tile(bool y, bool uv, std::uint8_t index_y, std::uint8_t index_uv) {
    return {{y, uv, uv}, false, index_y, index_uv};
}

}  // namespace

void add_defect_cases(CaseList& list) {
    Random random(list.choice().seed, "defects");
    CaseRecipe& map = add(list, "quality_map", "Its decoder cannot parse the header of a quality map (01 D1)",
                          {"02 section 7.3", "01 section 14 D1"});
    map.parts.picture.gain_3d_enable_flag = true;
    map.parts.picture.num_threads_q = 4;
    map.parts.picture.quality_map_entropy_index = 4;

    const bool dis = list.choice().dialect == Dialect::kDis;
    CaseRecipe& mask = add(list, "region_mask", "Its decoder reads the mask of a region with a wrong stride (01 D3)",
                           {"02 section 9", "01 section 14 D3"}, dis ? 200 : 600, 64);
    mask.parts.picture.regions = RegionHeader{1, 2, false, 2, 8};
    CaseRecipe& psi =
        add(list, "region_overlaps",
            "Overlaps of hyper decoder and context model that do not match misplace psi (03 section 22, 1)",
            {"03 section 13.3"}, 72, dis ? 200 : 300);
    psi.parts.picture.regions = RegionHeader{2, 1, false, 1, 1};

    CaseRecipe& metadata =
        add(list, "dynamic_metadata", "Dynamic metadata of more than 4 bytes, zeros in front (01 D7)",
            {"01 section 8", "01 section 14 D7"});
    metadata.parts.rendering->dm = RenderingInfo::DynamicMetadata{1, {0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8}};
    CaseRecipe& luminance =
        add(list, "mastering_luminance", "Luminance of 2^31 and more (01 D7)", {"01 section 8", "01 section 14 D7"});
    luminance.parts.rendering->mdcv = RenderingInfo::MasteringDisplay{{}, {}, 0x80000000U, 0x80000001U};

    CaseRecipe& rvs =
        add(list, "rvs_without_grfs", "RVS alone raises with newer versions of its library (04 section 11, 13)",
            {"02 section 7.4", "02 section 10"});
    for (ComponentHeader& component : rvs.parts.picture.component) component.rvs_enable_flag = true;

    CaseRecipe& tiles = add(list, "eicci_per_tile", "The selection of the first tile is used for all (04 section 4.3)",
                            {"04 section 4.3"}, 384, 384);
    tiles.parts.tools->eicci = EicciHeader{
        true,
        16,
        3,
        {tile(true, false, 2, 0), tile(false, false, 0, 0), tile(true, true, 6, 1), tile(false, true, 0, 8)}};

    CaseRecipe& v_mask = add(list, "mask_of_v_alone", "A mask for V without one for U is ignored (04 section 3.4)",
                             {"04 section 3.4", "04 section 5.2"});
    EfeLinearHeader linear;
    linear.b1 = {12800, 12800};
    linear.upsampled = efe_set({1, 1}, {2, 2}, 1, random);
    linear.main = efe_set({1, 1}, {1, 1}, 1, random);
    v_mask.parts.tools->efe_linear = linear;
    v_mask.parts.tools->efe_nonlinear =
        efe_nonlinear(v_mask.parts.picture, {true, true}, {false, true}, 100, 100, 16, random);

    for (const std::uint32_t width : {64U, 184U}) {
        CaseRecipe& empty = add(list, width == 64 ? "empty_regions_small" : "empty_regions_184",
                                "Empty regions of EFE linear raise (04 section 3.5)", {"04 section 3.5"}, width, 68);
        empty.parts.tools->efe_linear = EfeLinearHeader{{12800, 12800}, {}, efe_set({4, 8}, {3, 4}, 1, random)};
    }
    CaseRecipe& escapes =
        add(list, "escape_limits", "Escapes up to both ends of int16 (02 section 15, 5)", {"02 section 3.4"});
    escapes.style = {4, 50, 60, 60};
    escapes.picture = false;
    CaseRecipe& lsbs =
        add(list, "small_lef", "LEF on a displayed picture below 3x3 raises (04 section 6)", {"04 section 6"}, 64, 64);
    lsbs.parts.picture.diff_display_img_width = lsbs.parts.picture.diff_display_img_height = 62;
    lsbs.parts.tools->lef_ch_idx = 5;
}

}  // namespace jpegai::conformance
