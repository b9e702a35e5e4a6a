#include "models/import.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "models/official.h"
#include "models/weight_identity.h"

namespace jpegai {
namespace {

void require_official(const std::string& folder, const ImportOptions& options) {
    constexpr std::size_t kNamed = 5;
    std::string named;
    std::size_t wrong = 0;
    for (const OfficialCheck& check : verify_official(folder, options.verify_progress)) {
        if (check.status == OfficialStatus::kOk) continue;
        if (++wrong <= kNamed) named += fmt::format(" {} ({})", check.name, official_status_name(check.status));
    }
    if (wrong > 0) {
        throw Error(JPEGAI_ERROR_MODEL,
                    fmt::format("{} does not hold the official checkpoints; {} of {} differ:{}{}", folder, wrong,
                                official_files().size(), named, wrong > kNamed ? " ..." : ""));
    }
}

}  // namespace

ImportResult import_folder(const std::string& folder, const std::string& out_pack, const ImportOptions& options) {
    PackOptions pack_options = options.pack;
    if (options.verify_official) {
        require_official(folder, options);
        if (pack_options.name.empty()) pack_options.name = kOfficialSetName;
    } else if (pack_options.name == kOfficialSetName) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "only the verified official checkpoints may have that name");
    }
    const auto set = open_weights(folder);
    const std::vector<std::uint8_t> pack = write_pack(*set, pack_options);
    write_file(out_pack, pack);
    const PackIndex index = read_pack_index(*memory_source(out_pack, pack));
    ImportResult result;
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
