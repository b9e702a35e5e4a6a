#include "conformance/stages.h"

#include <algorithm>
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "base/hash.h"
#include "models/crc32.h"

namespace jpegai::conformance {
namespace {

/// In the order of decoding.
constexpr std::array<StageInfo, 18> kStages = {{
    {"qp_map", "02 section 7.3", "quality map", true, false},
    {"z_hat", "02 sections 3 and 5", "hyper latent symbols", true, true},
    {"skip_scale_log", "02 sections 6, 7.1 and 7.2", "scale before RVS and GRFS", true, false},
    {"rvs_likely", "02 section 7.4", "block analysis", true, false},
    {"scale_log", "02 section 7.4", "scale", true, true},
    {"mask", "02 section 8, 01 section 6.1", "skip mask and cube flags", true, true},
    {"residual_quant", "02 section 9, 01 section 4", "residual symbols", true, true},
    {"residual", "02 section 10", "dequantised residual", true, false},
    {"psi", "03 sections 6 and 13", "hyper decoder", false, false},
    {"y_hat_pre_lsbs", "03 sections 8, 9 and 13", "context model and chroma mean", false, false},
    {"y_hat", "02 section 11", "LSBS", false, false},
    {"syn.", "03 sections 10, 14 and 17.1", "synthesis", false, false},
    {"rec.", "03 section 17.2", "chroma format conversion", false, false},
    {"filt.EFElinear.", "04 section 3", "EFE linear", false, false},
    {"filt.eICCI.", "04 section 4", "eICCI", false, false},
    {"filt.EFEnonlinear.", "04 section 5", "EFE non-linear", false, false},
    {"filt.LEF.", "04 section 6", "LEF", false, false},
    {"out.", "04 section 7", "colour", false, false},
}};

bool matches(const StageInfo& stage, std::string_view name) {
    if (stage.pattern.ends_with('.')) return name.starts_with(stage.pattern);
    return name == "y." + std::string(stage.pattern) || name == "uv." + std::string(stage.pattern);
}

std::string position_text(const std::vector<std::size_t>& position) {
    std::string text;
    for (const std::size_t index : position) text += fmt::format("[{}]", index);
    return text;
}

}  // namespace

const StageInfo* find_stage(std::string_view name) {
    const auto found =
        std::find_if(kStages.begin(), kStages.end(), [&](const StageInfo& stage) { return matches(stage, name); });
    return found != kStages.end() ? &*found : nullptr;
}

std::size_t stage_rank(std::string_view name) {
    const StageInfo* stage = find_stage(name);
    if (stage == nullptr) return 2 * kStages.size();
    return 2 * static_cast<std::size_t>(stage - kStages.data()) + (name.starts_with("uv.") ? 1U : 0U);
}

TensorSink collect_stages(StageDumps& dumps) {
    return [&dumps](const std::string& name, const std::string& descr, std::span<const std::size_t> shape,
                    std::span<const std::uint8_t> bytes) {
        if (find_stage(name) == nullptr) return;
        dumps[name] = {descr, {shape.begin(), shape.end()}, {bytes.begin(), bytes.end()}};
    };
}

std::string channel_crcs(const Npy& tensor) {
    std::string text;
    if (tensor.shape.empty() || tensor.shape[0] == 0) return text;
    const std::size_t stride = tensor.bytes.size() / tensor.shape[0];
    for (std::size_t c = 0; c < tensor.shape[0]; ++c) {
        text += fmt::format("{:04x}", crc32(std::span(tensor.bytes).subspan(c * stride, stride)) & 0xFFFFU);
    }
    return text;
}

ExpectedStage describe_stage(const std::string& name, const Npy& tensor) {
    const StageInfo* info = find_stage(name);
    ExpectedStage stage;
    stage.name = name;
    stage.descr = tensor.descr;
    stage.shape = tensor.shape;
    stage.sha256 = sha256_hex(tensor.bytes);
    stage.exact = info != nullptr && info->exact;
    if (info != nullptr && info->per_plane) stage.channel_crcs = channel_crcs(tensor);
    return stage;
}

std::vector<ExpectedStage> describe_stages(const StageDumps& dumps) {
    std::vector<ExpectedStage> stages;
    for (const auto& [name, tensor] : dumps) stages.push_back(describe_stage(name, tensor));
    std::stable_sort(stages.begin(), stages.end(), [](const ExpectedStage& a, const ExpectedStage& b) {
        return stage_rank(a.name) < stage_rank(b.name);
    });
    return stages;
}

std::optional<StageDifference> compare_tensors(const Npy& expected, const Npy& found) {
    if (expected.shape != found.shape) throw Error(JPEGAI_ERROR_ARGUMENT, "tensors of different shapes");
    const std::vector<double> a = expected.as<double>(), b = found.as<double>();
    StageDifference difference;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
        if (difference.count++ == 0) {
            difference.expected = a[i];
            difference.found = b[i];
            difference.position.assign(expected.shape.size(), 0);
            std::size_t rest = i;
            for (std::size_t axis = expected.shape.size(); axis-- > 0; rest /= expected.shape[axis]) {
                difference.position[axis] = rest % expected.shape[axis];
            }
        }
        const double distance = std::abs(a[i] - b[i]);
        difference.largest = std::isnan(distance) ? HUGE_VAL : std::max(difference.largest, distance);
    }
    if (difference.count == 0) return std::nullopt;
    return difference;
}

std::string describe(const StageDifference& difference, std::size_t values) {
    return fmt::format("{}: {:.9g} instead of {:.9g}; {} of {} values differ, by {:.3g} at most",
                       position_text(difference.position), difference.found, difference.expected, difference.count,
                       values, difference.largest);
}

}  // namespace jpegai::conformance
