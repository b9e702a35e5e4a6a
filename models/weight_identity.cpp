#include "models/weight_identity.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "base/error.h"
#include "base/hash.h"
#include "models/checkpoint_reader.h"
#include "models/fingerprint.h"
#include "models/little_endian.h"

namespace jpegai {
namespace {

constexpr std::string_view kMagic = "JAIW";
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kMaxName = 63, kMaxParts = 16, kPartBytes = 9;

bool printable(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return c >= 32 && c < 127; });
}

bool valid(const WeightIdentity& identity) {
    const auto& parts = identity.parts;
    const bool ascending = std::adjacent_find(parts.begin(), parts.end(), [](const auto& a, const auto& b) {
                               return a.part >= b.part;
                           }) == parts.end();
    return identity.name.size() <= kMaxName && printable(identity.name) && !parts.empty() &&
           parts.size() <= kMaxParts && ascending;
}

std::array<std::string, kComponents> files_of(std::size_t model_id, WeightPart part) {
    if (model_id >= kModels) throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("there is no model {}", model_id));
    static constexpr std::array<const char*, 4> kStart = {"VM_common_int/", "VM_sop/decoder_", "VM_bop/decoder_",
                                                          "VM_hop/decoder_"};
    const char* const start = kStart.at(static_cast<std::size_t>(part));
    return {fmt::format("{}Y_{}", start, kModelBeta[model_id]), fmt::format("{}UV_{}", start, kModelBeta[model_id])};
}

bool has_files(const WeightSet& set, std::size_t model_id, WeightPart part) {
    const std::vector<std::string> have = set.files();
    const auto wanted = files_of(model_id, part);
    return std::all_of(wanted.begin(), wanted.end(),
                       [&](const std::string& file) { return std::binary_search(have.begin(), have.end(), file); });
}

/// The name as a record can hold it.
std::string short_name(const WeightSet& set) {
    std::string name = set.name().substr(0, kMaxName);
    std::replace_if(
        name.begin(), name.end(), [](char c) { return c < 32 || c >= 127; }, '?');
    return name;
}

bool is_official(const WeightSet& set, std::size_t model_id, std::span<const WeightPart> parts) {
    return std::all_of(parts.begin(), parts.end(), [&](WeightPart part) {
        const auto files = files_of(model_id, part);
        return std::all_of(files.begin(), files.end(), [&](const std::string& file) { return set.is_official(file); });
    });
}

std::string quoted(const std::string& name) {
    return name.empty() ? "without a name" : fmt::format("\"{}\"", name);
}

}  // namespace

const char* weight_part_name(WeightPart part) {
    switch (part) {
        case WeightPart::kCommon:
            return "common";
        case WeightPart::kSynthesisSop:
            return "SOP";
        case WeightPart::kSynthesisBop:
            return "BOP";
        case WeightPart::kSynthesisHop:
            return "HOP";
    }
    return "unknown";
}

WeightPart synthesis_part(OperatingPoint point) {
    switch (point) {
        case OperatingPoint::kSop:
            return WeightPart::kSynthesisSop;
        case OperatingPoint::kBop:
            return WeightPart::kSynthesisBop;
        default:
            return WeightPart::kSynthesisHop;
    }
}

std::vector<std::uint8_t> format_weight_identity(const WeightIdentity& identity) {
    if (!valid(identity)) throw Error(JPEGAI_ERROR_ARGUMENT, "a weight identity out of range");
    std::vector<std::uint8_t> out(kMagic.begin(), kMagic.end());
    out.push_back(kVersion);
    out.push_back(static_cast<std::uint8_t>(identity.name.size()));
    out.insert(out.end(), identity.name.begin(), identity.name.end());
    out.push_back(static_cast<std::uint8_t>(identity.parts.size()));
    for (const WeightIdentity::Part& part : identity.parts) {
        out.push_back(part.part);
        append_le(out, part.fingerprint);
    }
    return out;
}

std::optional<WeightIdentity> parse_weight_identity(std::span<const std::uint8_t> user_data) {
    constexpr std::size_t kHead = kMagic.size() + 2;
    if (user_data.size() < kHead || !std::equal(kMagic.begin(), kMagic.end(), user_data.begin()) ||
        user_data[kMagic.size()] != kVersion)
        return std::nullopt;
    const std::size_t name_size = user_data[kMagic.size() + 1];
    if (user_data.size() - kHead < name_size + 1) return std::nullopt;
    WeightIdentity identity;
    const auto name = user_data.subspan(kHead, name_size);
    identity.name.assign(name.begin(), name.end());
    const std::size_t count = user_data[kHead + name_size];
    const auto parts = user_data.subspan(kHead + name_size + 1);
    if (parts.size() < count * kPartBytes) return std::nullopt;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint8_t* const at = parts.data() + i * kPartBytes;
        identity.parts.push_back({at[0], load_le<std::uint64_t>(at + 1)});
    }
    return valid(identity) ? std::optional(std::move(identity)) : std::nullopt;
}

std::uint64_t part_fingerprint(const WeightSet& set, std::size_t model_id, WeightPart part) {
    std::vector<std::uint8_t> list;
    auto files = files_of(model_id, part);
    std::sort(files.begin(), files.end());
    for (const std::string& file : files) {
        for (const TensorInfo& tensor : set.list(file)) {
            if (!is_weight_key(tensor.key) || tensor.key.starts_with("hyper_encoder.")) continue;
            append_tensor_head(list, file, tensor.key, tensor.dtype, tensor.shape);
            append_le(list, set.value_hash(file, tensor.key));
        }
    }
    return xxh64(list);
}

std::vector<std::uint8_t> weight_user_data(const WeightSet& set, std::size_t model_id,
                                           std::span<const OperatingPoint> transforms) {
    std::vector<WeightPart> parts = {WeightPart::kCommon};
    for (const OperatingPoint point : transforms) {
        if (has_files(set, model_id, synthesis_part(point))) parts.push_back(synthesis_part(point));
    }
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    if (is_official(set, model_id, parts)) return {};
    WeightIdentity identity;
    identity.name = short_name(set);
    for (const WeightPart part : parts)
        identity.parts.push_back({static_cast<std::uint8_t>(part), part_fingerprint(set, model_id, part)});
    return format_weight_identity(identity);
}

void require_same_weights(const WeightIdentity& stream, const WeightSet& set, std::span<const WeightPart> parts,
                          const std::function<std::uint64_t(WeightPart)>& fingerprint_of) {
    for (const WeightIdentity::Part& wanted : stream.parts) {
        const auto part = std::find_if(parts.begin(), parts.end(),
                                       [&](WeightPart p) { return static_cast<std::uint8_t>(p) == wanted.part; });
        if (part == parts.end()) continue;
        const std::uint64_t have = fingerprint_of(*part);
        if (have == wanted.fingerprint) continue;
        throw Error(JPEGAI_ERROR_MODEL_MISMATCH,
                    fmt::format("the stream was coded with the weight set {} ({} weights {:016x}), and this is the set "
                                "{} ({:016x}, {}); name the right one with --models, or decode all the same with "
                                "--force-models",
                                quoted(stream.name), weight_part_name(*part), wanted.fingerprint, quoted(set.name()),
                                have, set.describe()));
    }
}

}  // namespace jpegai
