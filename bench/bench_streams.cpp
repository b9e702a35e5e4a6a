#include "bench/bench_streams.h"

#include <algorithm>
#include <array>
#include <map>
#include <mutex>

#include "decoder/entropy_model.h"
#include "decoder/latents.h"
#include "decoder/scale_maps.h"
#include "encoder/latent_coder.h"
#include "models/default_weights.h"
#include "networks/registry.h"
#include "profiles/profiles.h"
#include "tests/support/random_network.h"
#include "tests/support/test_data.h"

namespace jpegai::bench {
namespace {

/// The default weights, and made-up synthesis networks where they have none.
class CompletedWeights final : public WeightSet {
public:
    explicit CompletedWeights(std::shared_ptr<const WeightSet> base) : base_(std::move(base)), files_(base_->files()) {}
    std::string describe() const override { return base_->describe() + ", completed"; }
    std::vector<std::string> files() const override { return files_; }
    const Checkpoint& load(std::string_view file) const override {
        if (std::find(files_.begin(), files_.end(), file) != files_.end()) return base_->load(file);
        const std::lock_guard lock(mutex_);
        const auto found = made_.find(file);
        if (found != made_.end()) return found->second->load("random");
        for (const Component component : {kPrimary, kSecondary}) {
            for (std::size_t model = 0; model < kModels; ++model) {
                if (network_file(NetworkKind::kSynthesis, OperatingPoint::kHop, component, model) != file) continue;
                const Graph graph = network_graph(NetworkKind::kSynthesis, OperatingPoint::kHop, component);
                return (made_[std::string(file)] = test::random_weights(graph, 1))->load("random");
            }
        }
        return base_->load(file);  // throws
    }

private:
    std::shared_ptr<const WeightSet> base_;
    std::vector<std::string> files_;
    mutable std::mutex mutex_;
    mutable std::map<std::string, std::shared_ptr<const WeightSet>, std::less<>> made_;
};

/// `to` filled with repetitions of `from`.
template <class T>
void repeat(const Array3<T>& from, Array3<T>& to) {
    for (std::size_t c = 0; c < to.channels(); ++c) {
        for (std::size_t y = 0; y < to.rows(); ++y) {
            for (std::size_t x = 0; x < to.cols(); ++x) to(c, y, x) = from(c, y % from.rows(), x % from.cols());
        }
    }
}

}  // namespace

std::shared_ptr<const WeightSet> completed_weights() {
    return std::make_shared<CompletedWeights>(open_default_weights());
}

std::vector<std::uint8_t> make_photo_stream(const WeightSet& weights, Size size) {
    const std::vector<std::uint8_t> file = test::load_bytes(test::data_path("streams/photo_bop.bits"));
    const Codestream stream = parse_codestream(file);
    std::array<std::shared_ptr<const EntropyModel>, kComponents> held;
    std::array<const EntropyModel*, kComponents> models{};
    for (const Component c : {kPrimary, kSecondary}) {
        held[c] = std::make_shared<const EntropyModel>(load_entropy_model(weights, stream.picture.model_id, c));
        models[c] = held[c].get();
    }
    const Latents latents = decode_latents(stream, file, models);
    CodestreamParts parts;
    parts.picture = stream.picture;
    parts.picture.img_height = static_cast<std::uint32_t>(size.rows);
    parts.picture.img_width = static_cast<std::uint32_t>(size.cols);
    parts.picture.synthesis_transform_id = {2, 1, 0};
    PictureNeeds needs;
    needs.img_width = parts.picture.img_width;
    needs.img_height = parts.picture.img_height;
    needs.synthesis_transforms = parts.picture.synthesis_transform_id;
    needs.model_id = parts.picture.model_id;
    needs.dialect = stream.dialect;
    const ProfileLevel smallest = smallest_profile_level(needs);
    parts.picture.decoder_profile_id = smallest.decoder_profile_id;
    parts.picture.level_idc = smallest.level_idc;
    for (ComponentHeader& header : parts.picture.component) {
        header.use_cube_flags = false;
        header.cube_flag.clear();
        header.literal_one_groups.clear();
    }
    std::array<Array3<std::int8_t>, kComponents> z_hat;
    std::array<Array3<std::int16_t>, kComponents> residual;
    LatentSymbols symbols;
    for (const Component c : {kPrimary, kSecondary}) {
        const LatentComponent& from = latents.component[c];
        z_hat[c] = Array3<std::int8_t>(from.z_hat.channels(), parts.picture.hyper_rows(), parts.picture.hyper_cols());
        residual[c] = Array3<std::int16_t>(from.residual_quant.channels(), parts.picture.latent_rows(),
                                           parts.picture.latent_cols());
        repeat(from.z_hat, z_hat[c]);
        repeat(from.residual_quant, residual[c]);
        // Where repetitions meet, other positions are coded.
        const ScaleMaps maps =
            compute_scale_maps(*models[c], make_scale_setup(parts.picture, c, *models[c], nullptr), z_hat[c]);
        for (std::size_t i = 0; i < maps.mask.size(); ++i) {
            if (maps.mask.data()[i] == 0) residual[c].data()[i] = 0;
        }
        symbols.z_hat[c] = &z_hat[c];
        symbols.residual_quant[c] = &residual[c];
    }
    set_lanes(parts, encode_latents(parts.picture, models, symbols));
    return write_codestream(parts);
}

}  // namespace jpegai::bench
