// This build as the device under test.
#include <chrono>
#include <filesystem>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "conformance/device.h"
#include "conformance/recipe.h"
#include "decoder/decoder.h"
#include "decoder/dump.h"
#include "decoder/quality_map.h"
#include "decoder/scale_maps.h"
#include "models/crc32.h"
#include "profiles/profiles.h"

namespace jpegai::conformance {
namespace {

constexpr std::size_t kLongestArray = 64;

void add_fields(Json& document, const std::vector<HeaderField>& fields) {
    std::map<std::string, unsigned> seen;
    for (const HeaderField& field : fields) {
        std::string name = field.header + "." + field.name;
        if (const unsigned repetition = seen[name]++; repetition != 0) name += fmt::format("#{}", repetition);
        if (!field.is_array) {
            document[name] = field.values.at(0);
        } else if (field.values.size() <= kLongestArray) {
            document[name] = field.values;
        } else {
            const std::span bytes(reinterpret_cast<const std::uint8_t*>(field.values.data()),
                                  field.values.size() * sizeof(field.values[0]));
            document[name] = fmt::format("{} values, crc32 {:08x}", field.values.size(), crc32(bytes));
        }
    }
}

class InternalDevice final : public Device {
public:
    InternalDevice(const std::shared_ptr<const WeightSet>& weights, const InternalOptions& options)
        : options_(options),
          decoder_(weights, make_backend({options.cpu, options.threads, options.device})),
          store_(weights) {}

    [[nodiscard]] std::string describe() const override {
        const std::string kept = options_.stages ? "" : ", pictures only";
        if (options_.device != "cpu") return "jpegai, " + decoder_.backend().describe() + kept;
        return fmt::format("jpegai, cpu {}, {} thread{}{}", options_.cpu, options_.threads,
                           options_.threads == 1 ? "" : "s", kept);
    }
    [[nodiscard]] bool bit_exact() const override { return true; }
    [[nodiscard]] bool reads_headers() const override { return true; }
    [[nodiscard]] bool can_choose(const DecodeChoice& /*choice*/) const override { return true; }

    [[nodiscard]] Outcome run(const std::string& suite_folder, const Case& test) const override {
        const auto file = read_file((std::filesystem::path(suite_folder) / test.stream).string());
        Outcome outcome;
        const auto start = std::chrono::steady_clock::now();
        try {
            decode(file, test, outcome);
        } catch (const Error& error) {
            outcome.status = Outcome::Status::kRefused;
            outcome.error_class = jpegai_error_name(error.code());
            outcome.message = error.describe();
            if (options_.stages && error.code() == JPEGAI_ERROR_ENTROPY && test.kind == CaseKind::kDecode)
                keep_first_stages(file, outcome);
        } catch (const std::exception& error) {
            outcome.status = Outcome::Status::kCrashed;
            outcome.message = error.what();
        }
        outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return outcome;
    }

private:
    void decode(std::span<const std::uint8_t> file, const Case& test, Outcome& outcome) const {
        DecodeOptions options;
        options.limits.max_pixels = std::uint64_t{1} << 33;  // the rule about samples is the level's, not the caller's
        options.reference_quirks = options_.reference_quirks;
        if (options_.stages) options.dump = collect_stages(outcome.stages);
        apply(test.decode, options);
        if (test.kind != CaseKind::kReject) outcome.header = header_json(Decoder::parse(file, options));
        if (test.kind == CaseKind::kAccept) {
            const Codestream stream = Decoder::parse(file, options);
            require_conforming(stream.picture, stream.dialect);
            return;
        }
        if (test.kind == CaseKind::kDecode && !test.picture) {
            (void)decoder_.decode_entropy(Decoder::parse(file, options), file, options);
            return;
        }
        outcome.picture = decoder_.decode(file, options).to_picture();
    }

    static void apply(const DecodeChoice& choice, DecodeOptions& options) {
        if (choice.channels) options.max_channels = {(*choice.channels)[0], (*choice.channels)[1]};
        if (choice.transform) options.point = static_cast<OperatingPoint>(*choice.transform);
        if (choice.window) {
            const auto& [x, y, width, height] = *choice.window;
            options.window = PictureWindow{x, y, width, height};
        }
    }

    /// The stages in front of residual symbols that could not be decoded: a wrong scale or mask shows as an error only
    /// there, and would hide behind it.
    void keep_first_stages(std::span<const std::uint8_t> file, Outcome& outcome) const {
        const TensorSink sink = collect_stages(outcome.stages);
        try {
            const Codestream stream = parse_codestream(file);
            const PictureHeader& picture = stream.picture;
            const auto models = store_.models(picture.model_id);
            const auto bytes_of = [&](const LaneBlock& block) {
                std::vector<LaneBytes> lanes;
                for (const ByteRange& lane : block.lanes) lanes.push_back({lane.of(file), lane.offset});
                return lanes;
            };
            std::optional<Array3<std::int8_t>> map;
            if (stream.quality_map) map = decode_quality_map(picture, bytes_of(*stream.quality_map));
            if (map) dump(sink, "y.qp_map", *map);
            HyperDecoder hyper(bytes_of(stream.hyper));
            std::array<Array3<std::int8_t>, kComponents> z_hat;
            for (const Component c : {kPrimary, kSecondary}) {
                z_hat[c] = Array3<std::int8_t>(models[c]->channels(), picture.hyper_rows(), picture.hyper_cols());
                for (std::size_t k = 0; k < models[c]->channels(); ++k) {
                    hyper.decode_channel(models[c]->hyper_tables[k], {z_hat[c].plane(k), z_hat[c].plane_size()});
                }
                dump(sink, fmt::format("{}.z_hat", dump_prefix(c)), z_hat[c]);
            }
            for (const Component c : {kPrimary, kSecondary}) {
                const ScaleSetup setup = make_scale_setup(picture, c, *models[c], map ? &*map : nullptr);
                const ScaleMaps maps = compute_scale_maps(*models[c], setup, z_hat[c]);
                dump(sink, fmt::format("{}.skip_scale_log", dump_prefix(c)), maps.skip_scale_log);
                dump(sink, fmt::format("{}.scale_log", dump_prefix(c)), maps.scale_log);
                dump(sink, fmt::format("{}.mask", dump_prefix(c)), maps.mask);
            }
        } catch (const Error&) {
            return;  // what there is has been kept
        }
    }

    InternalOptions options_;
    Decoder decoder_;
    mutable ModelStore store_;
};

}  // namespace

Json header_json(const Codestream& stream) {
    Json document = Json::object();
    add_fields(document, list_fields(stream.picture, stream.dialect));
    if (stream.has_tools) add_fields(document, list_fields(stream.tools, stream.picture));
    if (stream.has_rendering) add_fields(document, list_fields(stream.rendering));
    return document;
}

std::unique_ptr<Device> internal_device(std::shared_ptr<const WeightSet> weights, const InternalOptions& options) {
    return std::make_unique<InternalDevice>(weights, options);
}

}  // namespace jpegai::conformance
