#include "models/pack_writer.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/error.h"
#include "models/checkpoint_reader.h"
#include "models/crc32.h"
#include "models/little_endian.h"
#include "models/pack_index_v2.h"

namespace jpegai {
namespace {

void check_options(const PackOptions& options) {
    const auto plain = [](char c) { return c >= 32 && c < 127; };
    if (options.name.size() > kMaxPackName || !std::all_of(options.name.begin(), options.name.end(), plain)) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "the name of a weight set is up to 255 printable ASCII characters");
    }
    if (options.info.size() > kMaxPackInfo) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "the description of a weight set is too long");
    }
    if (options.level < 1 || options.level > 19) throw Error(JPEGAI_ERROR_ARGUMENT, "the zstd level is 1 to 19");
}

}  // namespace

std::vector<std::uint8_t> write_pack(const WeightSet& set, const PackOptions& options) {
    check_options(options);
    PackIndex index;
    index.name = options.name;
    index.info = options.info;
    index.fingerprint = fingerprint(set);
    std::vector<std::uint8_t> blocks;
    const std::vector<std::string> files = set.files();
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (options.progress) options.progress(files[i], i, files.size());
        for (const auto& [key, tensor] : set.load(files[i])) {
            if (!is_weight_key(key)) continue;
            if (tensor.bytes.size() > kMaxPackTensorBytes || tensor.shape.size() > kMaxPackRank) {
                throw Error(JPEGAI_ERROR_LIMIT, fmt::format("{} {} is too large for a pack", files[i], key));
            }
            PackedTensor packed = pack_tensor(tensor, options.level);
            packed.entry.file = files[i];
            packed.entry.key = key;
            blocks.insert(blocks.end(), packed.block.begin(), packed.block.end());
            index.entries.push_back(std::move(packed.entry));
        }
    }
    const std::vector<std::uint8_t> head = format_pack_index(index);
    std::vector<std::uint8_t> pack;
    for (const char c : std::string_view("JAIWGT02")) pack.push_back(static_cast<std::uint8_t>(c));
    append_le(pack, static_cast<std::uint32_t>(head.size()));
    append_le(pack, crc32(head));
    pack.insert(pack.end(), head.begin(), head.end());
    pack.insert(pack.end(), blocks.begin(), blocks.end());
    // Whatever was written must be readable: catches names and totals beyond the limits of the format.
    (void)read_pack_index(*memory_source("new weight pack", pack));
    return pack;
}

}  // namespace jpegai
