#include "models/fingerprint.h"

#include "base/hash.h"
#include "models/checkpoint_reader.h"
#include "models/little_endian.h"

namespace jpegai {
namespace {

void append_text(std::vector<std::uint8_t>& out, std::string_view text) {
    append_le(out, static_cast<std::uint32_t>(text.size()));
    out.insert(out.end(), text.begin(), text.end());
}

}  // namespace

void append_tensor_head(std::vector<std::uint8_t>& out, std::string_view file, std::string_view key, DType dtype,
                        std::span<const std::size_t> shape) {
    append_text(out, file);
    append_text(out, key);
    append_text(out, dtype_name(dtype));
    append_le(out, static_cast<std::uint32_t>(shape.size()));
    for (const std::size_t side : shape) append_le(out, static_cast<std::uint64_t>(side));
}

std::string compute_fingerprint(const WeightSet& set) {
    Sha256 hash;
    for (const std::string& file : set.files()) {
        for (const auto& [key, tensor] : set.load(file)) {
            if (!is_weight_key(key)) continue;
            std::vector<std::uint8_t> head;
            append_tensor_head(head, file, key, tensor.dtype, tensor.shape);
            hash.update(head);
            hash.update(tensor.bytes);
        }
    }
    return to_hex(hash.finish());
}

std::string fingerprint(const WeightSet& set) {
    const std::string known = set.known_fingerprint();
    return known.empty() ? compute_fingerprint(set) : known;
}

}  // namespace jpegai
