#include "detection/artifacts/causes.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>

#include <fmt/format.h>

#include "decoder/geometry.h"
#include "encoder/encoder.h"

namespace jpegai::detection {
namespace {

void add_once(std::vector<std::size_t>& list, std::size_t value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

/// Where the cores of tiles begin, apart from the picture's border.
void add_borders(std::span<const Tile> tiles, std::vector<std::size_t>& columns, std::vector<std::size_t>& rows) {
    for (const Tile& tile : tiles) {
        if (tile.core.col > 0) add_once(columns, tile.core.col);
        if (tile.core.row > 0) add_once(rows, tile.core.row);
    }
}

/// A tensor that the decoder handed out.
template <class T>
Array3<T> array_of(std::span<const std::size_t> shape, std::span<const std::uint8_t> bytes) {
    auto array = Array3<T>::uninitialized(shape[0], shape[1], shape[2]);
    std::memcpy(array.data(), bytes.data(), std::min(bytes.size(), array.size() * sizeof(T)));
    return array;
}

Plane share_coded(const Array3<std::uint8_t>& mask) {
    Plane share(1, mask.rows(), mask.cols());
    for (std::size_t c = 0; c < mask.channels(); ++c) {
        for (std::size_t i = 0; i < share.size(); ++i) share.data()[i] += mask.plane(c)[i];
    }
    for (float& value : share.span()) value /= static_cast<float>(mask.channels());
    return share;
}

/// A change of the headers that a decoder understands without another payload.
struct Variant {
    std::string name;
    std::function<void(CodestreamParts&)> apply;
};

std::vector<Variant> variants_of(const Codestream& stream) {
    std::vector<Variant> variants;
    const auto& component = stream.picture.component;
    if (std::any_of(component.begin(), component.end(), [](const auto& c) { return c.synthesis_tile_enable; })) {
        variants.push_back({"synthesis tiles", [](CodestreamParts& parts) {
                                for (ComponentHeader& header : parts.picture.component)
                                    header.synthesis_tile_enable = false;
                            }});
    }
    const ToolHeader& tools = stream.tools;
    if (tools.efe_linear)
        variants.push_back({"the filter EFE linear", [](CodestreamParts& parts) { parts.tools->efe_linear.reset(); }});
    if (tools.efe_nonlinear) {
        variants.push_back(
            {"the filter EFE nonlinear", [](CodestreamParts& parts) { parts.tools->efe_nonlinear.reset(); }});
    }
    if (tools.eicci)
        variants.push_back({"the filter eICCI", [](CodestreamParts& parts) { parts.tools->eicci.reset(); }});
    if (tools.lef_ch_idx)
        variants.push_back({"the filter LEF", [](CodestreamParts& parts) { parts.tools->lef_ch_idx.reset(); }});
    if (tools.lsbs_enable_flag[0] || tools.lsbs_enable_flag[1])
        variants.push_back({"LSBS", [](CodestreamParts& parts) { parts.tools->lsbs_enable_flag = {}; }});
    return variants;
}

/// Mean of a latent-sized plane under a box of samples.
double mean_under(const Plane& latent, const Box& box) {
    if (latent.empty()) return 1;
    const auto index = [](std::size_t at, std::size_t count) { return std::min(at / kLatentStep, count - 1); };
    double sum = 0, count = 0;
    for (std::size_t y = index(box.y, latent.rows()); y <= index(box.y + box.height - 1, latent.rows()); ++y) {
        for (std::size_t x = index(box.x, latent.cols()); x <= index(box.x + box.width - 1, latent.cols()); ++x) {
            sum += static_cast<double>(latent(0, y, x));
            count += 1;
        }
    }
    return sum / count;
}

bool near(std::span<const std::size_t> borders, std::size_t at, std::size_t reach) {
    return std::any_of(borders.begin(), borders.end(),
                       [&](std::size_t border) { return at + reach >= border && at <= border + reach; });
}

std::string of_place(const Finding& finding, const DecodedStream& stream) {
    const std::size_t reach = finding.detector == Detector::kSeam ? 2 : 16;
    const bool seam = finding.detector == Detector::kSeam;
    const bool vertical = !seam || finding.detail.starts_with("vertical"), horizontal = !seam || !vertical;
    if ((vertical && near(stream.region_columns, finding.x, reach)) ||
        (horizontal && near(stream.region_rows, finding.y, reach)))
        return "a border of regions";
    if ((vertical && near(stream.tile_columns, finding.x, reach)) ||
        (horizontal && near(stream.tile_rows, finding.y, reach)))
        return "a border of synthesis tiles";
    const bool colour = finding.detector == Detector::kColour || finding.detector == Detector::kHue ||
                        finding.detector == Detector::kShift;
    const PictureHeader& picture = stream.stream.picture;
    const std::size_t component = colour ? kSecondary : kPrimary;
    const Box place = box_around(finding.x, finding.y, 64, stream.picture.rows(), stream.picture.cols());
    const Box all{0, 0, stream.picture.cols(), stream.picture.rows()};
    const bool whole = finding.detector == Detector::kShift;
    const double coded = mean_under(stream.coded[component], whole ? all : place),
                 usual = mean_under(stream.coded[component], all);
    const char* name = colour ? "chroma" : "luma";
    if (coded < 0.01)
        return fmt::format("skipped latents: {:.1f} % of {} are coded here ({:.1f} % in the picture)", 100 * coded,
                           name, 100 * usual);
    if (colour && picture.c_ver * picture.c_hor > 1)
        return fmt::format("the chroma model: chroma is coded at {}", picture.c_ver > 1 ? "4:2:0" : "4:2:2");
    if (colour && picture.component[kSecondary].coded_channels(kSecondary) < kLatentChannels[kSecondary])
        return fmt::format("the chroma model: {} of {} latent channels are coded",
                           picture.component[kSecondary].coded_channels(kSecondary), kLatentChannels[kSecondary]);
    if (coded < usual / 2)
        return fmt::format("skipped latents: {:.1f} % of {} are coded here ({:.1f} % in the picture)", 100 * coded,
                           name, 100 * usual);
    return fmt::format("quantisation of {} ({:.1f} % of its latents are coded here)", name, 100 * coded);
}

}  // namespace

DecodedStream decode_with_notes(const Decoder& decoder, std::vector<std::uint8_t> file, DecodeOptions options) {
    DecodedStream result;
    result.stream = Decoder::parse(file, options);
    options.colour = OutputColour::kRgb;
    options.dump = [&](const std::string& name, const std::string&, std::span<const std::size_t> shape,
                       std::span<const std::uint8_t> bytes) {
        for (const std::size_t c : {std::size_t{kPrimary}, std::size_t{kSecondary}}) {
            const std::string prefix = c == kPrimary ? "y." : "uv.";
            if (name == prefix + "y_hat") result.y_hat[c] = array_of<float>(shape, bytes);
            if (name == prefix + "mask") result.coded[c] = share_coded(array_of<std::uint8_t>(shape, bytes));
        }
    };
    result.picture = decoder.decode(file, options).to_picture(std::nullopt, decoder.rows());
    result.bpp =
        8 * static_cast<double>(file.size()) / static_cast<double>(result.picture.rows() * result.picture.cols());
    const PictureHeader& picture = result.stream.picture;
    for (const Component component : {kPrimary, kSecondary}) {
        if (picture.component[component].synthesis_tile_enable)
            add_borders(synthesis_tiles(picture, component), result.tile_columns, result.tile_rows);
    }
    if (picture.regions) {
        for (const RegionWindow& window : region_windows(picture)) {
            if (window.y_write.col > 0) add_once(result.region_columns, window.y_write.col * kLatentStep);
            if (window.y_write.row > 0) add_once(result.region_rows, window.y_write.row * kLatentStep);
        }
    }
    result.file = std::move(file);
    return result;
}

void note_borders(const DecodedStream& stream, ArtifactOptions& options) {
    for (const auto* list : {&stream.tile_columns, &stream.region_columns}) {
        for (const std::size_t at : *list) add_once(options.border_columns, at);
    }
    for (const auto* list : {&stream.tile_rows, &stream.region_rows}) {
        for (const std::size_t at : *list) add_once(options.border_rows, at);
    }
}

void name_causes(ArtifactReport& report, const Picture& original, const Picture* classic,
                 const ArtifactOptions& options, const Decoder& decoder, const DecodedStream& stream,
                 const DecodeOptions& decode_options, const RowRunner& rows) {
    ArtifactOptions again = options;
    again.keep_maps = false;
    again.only.clear();
    for (const Finding& finding : report.findings) {
        if (finding.found) again.only.push_back(finding.detector);
    }
    if (again.only.empty()) return;
    std::vector<double> least(kDetectorCount);
    for (const Finding& finding : report.findings)
        least[static_cast<std::size_t>(finding.detector)] = finding.score.value_or(0) * 0.75;
    for (const Variant& variant : variants_of(stream.stream)) {
        CodestreamParts parts = take_parts(stream.stream, stream.file);
        variant.apply(parts);
        Picture picture;
        try {
            DecodeOptions without = decode_options;
            without.colour = OutputColour::kRgb;
            picture = decoder.decode(write_codestream(parts), without).to_picture(std::nullopt, decoder.rows());
        } catch (const Error&) {
            continue;  // this tool cannot be left out of this stream
        }
        const ArtifactReport other = find_artifacts(original, picture, classic, again, rows);
        for (const Finding& now : other.findings) {
            double& lowest = least[static_cast<std::size_t>(now.detector)];
            if (!now.score || *now.score >= lowest) continue;
            lowest = *now.score;
            for (Finding& finding : report.findings) {
                if (finding.detector == now.detector)
                    finding.cause = fmt::format("{}: without, the score is {:.3g}", variant.name, *now.score);
            }
        }
    }
    for (Finding& finding : report.findings) {
        if (finding.found && finding.cause.empty()) finding.cause = of_place(finding, stream);
    }
}

std::vector<ChannelEnergy> latent_energies(const std::shared_ptr<const WeightSet>& weights,
                                           const std::shared_ptr<const Backend>& backend, const Picture& original,
                                           const DecodedStream& stream) {
    if (original.rows() != stream.picture.rows() || original.cols() != stream.picture.cols())
        throw Error(JPEGAI_ERROR_ARGUMENT, "the sizes of original and codestream differ");
    const Encoder encoder(weights, backend);
    EncodeSession session = encoder.session(original, {});
    const auto analysed = session.analyse(stream.stream.picture.model_id);
    const auto energy = [](const Array3<float>& latent, std::size_t channel) {
        double sum = 0, squares = 0;
        const float* plane = latent.plane(channel);
        for (std::size_t i = 0; i < latent.plane_size(); ++i) {
            const auto value = static_cast<double>(plane[i]);
            sum += value, squares += value * value;
        }
        const auto count = static_cast<double>(latent.plane_size());
        return std::max(squares / count - sum / count * (sum / count), 0.0);
    };
    std::vector<ChannelEnergy> energies;
    for (const Component component : {kPrimary, kSecondary}) {
        const Array3<float>& before = analysed->component[component].y;
        const Array3<float>& after = stream.y_hat[component];
        for (std::size_t c = 0; c < std::min(before.channels(), after.channels()); ++c)
            energies.push_back({component, c, energy(before, c), energy(after, c)});
    }
    return energies;
}

EnergyLoss energy_loss(std::span<const ChannelEnergy> energies, Component component) {
    double before = 0, after = 0;
    for (const ChannelEnergy& e : energies) {
        if (e.component != component) continue;
        before += e.original, after += e.decode;
    }
    EnergyLoss loss;
    if (before <= 0) return loss;
    loss.share = std::max(1 - after / before, 0.0);
    double most = -1;
    for (const ChannelEnergy& e : energies) {
        if (e.component != component || e.original < before / 1000) continue;
        ++loss.channels;
        if (e.decode <= e.original / 100) ++loss.silent;
        if (e.original - e.decode <= most) continue;
        most = e.original - e.decode;
        loss.worst = e.channel;
        loss.worst_decibels = 10 * std::log10(e.original / std::max(e.decode, e.original * 1e-6));
    }
    return loss;
}

}  // namespace jpegai::detection
