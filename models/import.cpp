#include "models/import.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "models/checkpoint_folder.h"
#include "models/weight_identity.h"
#include "models/weight_paths.h"

namespace jpegai {
namespace {

constexpr std::size_t kNamed = 5;  // files that a message names before it says "..."

[[noreturn]] void refuse(const std::string& folder, const std::vector<OfficialCheck>& wrong) {
    std::string named;
    for (std::size_t i = 0; i < std::min(wrong.size(), kNamed); ++i) {
        named += fmt::format(" {} ({})", wrong[i].name, official_status_name(wrong[i].status));
    }
    throw Error(JPEGAI_ERROR_MODEL, fmt::format("{}: {} files are not the official ones:{}{}", folder, wrong.size(),
                                                named, wrong.size() > kNamed ? " ..." : ""));
}

/// The files of the folder that are in the list, all of them checked; says what is missing and what was left out.
std::shared_ptr<const WeightSet> open_listed(const std::string& folder, const ImportOptions& options,
                                             ImportResult& result) {
    auto paths = find_checkpoints(folder);
    std::vector<OfficialCheck> wrong;
    std::map<std::string, std::string, std::less<>> taken;
    for (const OfficialCheck& check : verify_files(folder, options.list, options.verify_progress)) {
        if (check.status == OfficialStatus::kMissing) {
            result.missing.push_back(check.name);
        } else if (check.status == OfficialStatus::kOk) {
            taken.insert(paths.extract(check.name));
        } else {
            wrong.push_back(check);
        }
    }
    if (!wrong.empty()) refuse(folder, wrong);
    if (taken.empty()) {
        throw Error(JPEGAI_ERROR_MODEL,
                    fmt::format("{} holds none of the {} official checkpoints", folder, options.list.size()));
    }
    for (const auto& [name, path] : paths) result.ignored.push_back(name);
    return weights_from_checkpoints(folder, std::move(taken));
}

/// What the pack says about itself; only what has been compared with the official list may bear its name.
PackOptions pack_options(const ImportOptions& options) {
    PackOptions pack = options.pack;
    if (options.list.data() == official_files().data() && !options.list.empty()) {
        pack.name = kOfficialSetName;
    } else if (pack.name == kOfficialSetName) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "only the verified official checkpoints may be called \"official\"");
    }
    return pack;
}

}  // namespace

ImportResult import_folder(const std::string& folder, const std::string& out_pack, const ImportOptions& options) {
    ImportResult result;
    const auto set = options.list.empty() ? open_weights(folder) : open_listed(folder, options, result);
    const std::vector<std::uint8_t> pack = write_pack(*set, pack_options(options));
    write_file(out_pack, pack);
    const PackIndex index = read_pack_index(*memory_source(out_pack, pack));
    result.fingerprint = index.fingerprint;
    result.pack_bytes = pack.size();
    result.tensors = index.entries.size();
    for (std::size_t i = 0; i < index.entries.size(); ++i) {
        const PackEntry& entry = index.entries[i];
        result.bytes += entry.count() * dtype_size(entry.dtype);
        result.files += i == 0 || index.entries[i - 1].file != entry.file;
    }
    return result;
}

}  // namespace jpegai
