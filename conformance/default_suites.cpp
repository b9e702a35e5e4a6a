#include "conformance/default_suites.h"

namespace jpegai::conformance {
namespace {

constexpr std::uint8_t kEverything = 52;  ///< permits every model and the largest pictures

/// Groups and cases that depend on the level: its sizes, its models and what it forbids.
constexpr const char* kOfLevel =
    "limit,model,report_level*,reject_level*,reject_model*,reject_samples*,reject_independent*";
/// Groups that depend on the synthesis transforms of the profile, and everything that has to be refused.
constexpr const char* kOfProfile =
    "limit,model,size,format,regions,tiles,progressive,eicci,lef,all_tools*,reject,report";
/// Groups that depend on the dialect: headers and the grids of regions that they permit.
constexpr const char* kOfDialect =
    "limit,model,size,format,metadata,container,regions,tiles,progressive,reference-defect,reject,report";

}  // namespace

std::vector<DefaultSuite> default_suites() {
    std::vector<DefaultSuite> suites;
    for (const Profile& profile : kProfiles) {
        for (const std::uint8_t level : kLevels) {
            const bool base = profile.name == "base";
            std::string filter = kOfLevel;
            if (level == kEverything) filter = base ? "" : kOfProfile;
            suites.push_back({{profile.id, level, Dialect::kIs, 1}, std::move(filter)});
        }
    }
    suites.push_back({{1, 41, Dialect::kDis, 1}, kOfDialect});
    suites.push_back({{2, 10, Dialect::kDis, 1}, kOfLevel});
    return suites;
}

}  // namespace jpegai::conformance
