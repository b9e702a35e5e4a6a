// Helpers of the cases that have to be refused or reported.
#pragma once

#include "conformance/case_list.h"
#include "conformance/patch.h"

namespace jpegai::conformance {

using ByteChange = std::function<void(std::vector<std::uint8_t>&, Random&)>;

/// Adds a stream to refuse: a small valid one, changed at its end. Headers may be set in the result.
inline CaseRecipe& add_rejected(CaseList& list, const std::string& name, const std::string& change,
                                std::vector<std::string> clauses, std::vector<std::string> errors, ByteChange finish) {
    CaseRecipe& recipe = list.add("reject", "reject_" + name, "Has to be refused", 64, 64);
    recipe.kind = CaseKind::kReject;
    recipe.change = change;
    recipe.clauses = std::move(clauses);
    recipe.errors = std::move(errors);
    recipe.finish = std::move(finish);
    recipe.picture = false;
    return recipe;
}

/// One field of a header set to a value that it must not have.
inline CaseRecipe& add_bad_field(CaseList& list, const std::string& name, Marker header, const std::string& field,
                                 std::uint32_t value, const char* clause, std::vector<std::string> errors,
                                 std::size_t index = 0, std::size_t occurrence = 0) {
    const auto patch = [=](std::vector<std::uint8_t>& file, Random&) {
        patch_field(file, header, field, value, index, occurrence);
    };
    CaseRecipe& recipe =
        add_rejected(list, name, field + " is " + std::to_string(value), {clause}, std::move(errors), patch);
    recipe.elements = {field};
    return recipe;
}

void add_header_rejections(CaseList& list);     ///< PIH
void add_tool_rejections(CaseList& list);       ///< TON and RDI
void add_container_rejections(CaseList& list);  ///< markers, sizes, regions, lanes
void add_entropy_rejections(CaseList& list);    ///< payloads
void add_reported(CaseList& list);              ///< decoded, but reported by `verify`

}  // namespace jpegai::conformance
