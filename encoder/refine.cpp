#include "encoder/refine.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "decoder/gain.h"
#include "encoder/latent_gradient.h"

namespace jpegai {
namespace {

/// Of squared errors of U and V: about what they do to R, G and B.
constexpr float kChromaWeight = 1;
/// Bits count only a share of their price where symbols are chosen, by model; see Refiner::set_weights.
constexpr std::array<double, kModels> kPriceShare = {0.05, 0.07, 0.07, 0.07};
/// Part of Newton's step to begin with, and what is left of earlier steps.
constexpr float kFirstStep = 0.06F, kMemory = 0.95F;

using LatentPair = std::array<Array3<float>, kComponents>;

/// One set of symbols and what it is worth.
struct Candidate {
    QuantisedPicture quantised;
    LatentPair y_hat;
    Planes planes;
    double error = 0, bits = 0;
};

class Refiner {
public:
    Refiner(EncodeSession& session, const QuantisedPicture& plain, std::size_t attempts)
        : session_(session),
          attempts_(attempts),
          point_(session.options().synthesis),
          differentiable_(has_latent_gradient(point_)),
          chroma_(session.source().source == session.source().coded),
          share_(kPriceShare.at(plain.picture.model_id)) {
        current_ = evaluate(plain);
        price_ = current_.error / std::max(current_.bits, 1.0);
        refined_.model_id = plain.picture.model_id;
        for (const Component c : {kPrimary, kSecondary}) refined_.latent[c] = plain.analysed->component[c].y;
        if (differentiable_) {
            measure_curvature();
        } else {
            assume_curvature();
        }
    }

    std::optional<RefinedLatents> run() {
        bool better = false;
        float part = kFirstStep;
        for (std::size_t i = 0; i < attempts_; ++i) {
            const LatentPair before = refined_.latent;
            if (differentiable_) step(part);
            set_weights();
            Candidate next = evaluate(quantise_refined(session_, refined_, rate()));
            if (cost(next) < cost(current_)) {
                current_ = std::move(next);
                better = true;
                if (!differentiable_) break;  // nothing else to try
                continue;
            }
            refined_.latent = before;
            part = part / 2;
            if (!better) share_ = share_ / 2;
        }
        if (!better) return std::nullopt;
        set_weights();
        return std::move(refined_);
    }

private:
    [[nodiscard]] double cost(const Candidate& candidate) const { return candidate.error + price_ * candidate.bits; }

    Candidate evaluate(QuantisedPicture quantised) {
        Candidate candidate;
        candidate.y_hat = session_.latents(quantised);
        candidate.planes = session_.reconstruct(quantised, candidate.y_hat);
        candidate.bits = 8 * static_cast<double>(session_.code(quantised).size());
        candidate.error = error_of(candidate.planes);
        candidate.quantised = std::move(quantised);
        return candidate;
    }

    [[nodiscard]] static float weight(std::size_t plane) { return plane == 0 ? 1.0F : kChromaWeight; }

    [[nodiscard]] double error_of(const Planes& planes) const {
        double sum = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            const auto decoded = planes.plane[i].span(), original = session_.source().original.plane[i].span();
            double plane = 0;
            for (std::size_t k = 0; k < decoded.size(); ++k) {
                const double difference = static_cast<double>(decoded[k]) - static_cast<double>(original[k]);
                plane += difference * difference;
            }
            sum += static_cast<double>(weight(i)) * plane;
        }
        return sum;
    }

    /// Fills the samples that are displayed and coded: value(plane, row, column of the plane).
    template <class Value>
    [[nodiscard]] SampleGradient on_samples(const Planes& planes, const Value& value) const {
        const SourcePlanes& source = session_.source();
        SampleGradient gradient;
        gradient.luma = Array3<float>(1, source.height(), source.width());
        if (chroma_) gradient.chroma = Array3<float>(2, source.height(), source.width());
        for (std::size_t i = 0; i < (chroma_ ? 3U : 1U); ++i) {
            const Array3<float>& plane = planes.plane[i];
            const std::size_t ver = i == 0 ? 1 : source.coded.ver, hor = i == 0 ? 1 : source.coded.hor;
            for (std::size_t y = 0; y < plane.rows(); ++y) {
                float* out = i == 0 ? gradient.luma.row(0, y) : gradient.chroma.row(i - 1, y * ver);
                for (std::size_t x = 0; x < plane.cols(); ++x) out[x * hor] = value(i, y, x);
            }
        }
        return gradient;
    }

    LatentPair pull_back(const SampleGradient& gradient) {
        return jpegai::pull_back(session_.networks(), current_.quantised.picture, point_, current_.y_hat, gradient,
                                 session_.context());
    }

    /// Means over each channel of the diagonal of transposed Jacobian times Jacobian: what random signs on the samples
    /// give, squared (Hutchinson's estimator).
    void measure_curvature() {
        std::uint32_t random = 1;
        const SampleGradient signs = on_samples(current_.planes, [&](std::size_t i, std::size_t, std::size_t) {
            constexpr std::uint32_t kFactor = 1664525, kIncrement = 1013904223;
            random = random * kFactor + kIncrement;
            const float size = std::sqrt(weight(i));
            return (random >> 31) != 0 ? size : -size;
        });
        const LatentPair responses = pull_back(signs);
        for (const Component c : {kPrimary, kSecondary}) {
            std::vector<float>& curvature = curvature_[c];
            curvature.resize(responses[c].channels());
            float largest = 0;
            for (std::size_t k = 0; k < curvature.size(); ++k) {
                const float* values = responses[c].plane(k);
                double sum = 0;
                for (std::size_t i = 0; i < responses[c].plane_size(); ++i)
                    sum += static_cast<double>(values[i]) * static_cast<double>(values[i]);
                curvature[k] = static_cast<float>(sum / static_cast<double>(responses[c].plane_size()));
                largest = std::max(largest, curvature[k]);
            }
            // Channels that do nothing here may do something elsewhere.
            constexpr float kLeast = 1e-3F;
            for (float& value : curvature) value = std::max(value, kLeast * largest);
        }
    }

    /// Without derivatives: a step of every channel is worth the same.
    void assume_curvature() {
        constexpr double kBitsPerStep = 8;  // that the square of a step is worth
        const PictureHeader& picture = current_.quantised.picture;
        for (const Component c : {kPrimary, kSecondary}) {
            const EntropyModel& model = session_.networks().entropy(picture.model_id, c);
            curvature_[c].resize(refined_.latent[c].channels());
            for (std::size_t k = 0; k < curvature_[c].size(); ++k) {
                const float scaler = gain_scaler(model.gain_vector_log[k] + picture.beta_displacement_log[c]);
                curvature_[c][k] = static_cast<float>(kBitsPerStep * share_ * price_) * scaler * scaler;
            }
        }
    }

    [[nodiscard]] RatePoint rate() const {
        const PictureHeader& picture = current_.quantised.picture;
        return {picture.model_id, {picture.beta_displacement_log[kPrimary], picture.beta_displacement_log[kSecondary]}};
    }

    /// A channel's curvature is what changes of a single latent cost. Changes of many at a time cost more, since the
    /// context model and the overlap of what they do to the samples couple them: bits count only a share of their
    /// price.
    void set_weights() {
        for (const Component c : {kPrimary, kSecondary}) {
            refined_.weights[c] = curvature_[c];
            for (float& value : refined_.weights[c])
                value = static_cast<float>(static_cast<double>(value) / (share_ * price_));
        }
    }

    /// Moves the latents against the derivative of the error, by a part of Newton's step of each channel alone and at
    /// most half a quantiser step, and a little towards what the symbols made of them.
    void step(float part) {
        const Planes& original = session_.source().original;
        const LatentPair gradient =
            pull_back(on_samples(current_.planes, [&](std::size_t i, std::size_t y, std::size_t x) {
                return weight(i) * (current_.planes.plane[i](0, y, x) - original.plane[i](0, y, x));
            }));
        const PictureHeader& picture = current_.quantised.picture;
        for (const Component c : {kPrimary, kSecondary}) {
            const EntropyModel& model = session_.networks().entropy(picture.model_id, c);
            for (std::size_t k = 0; k < gradient[c].channels(); ++k) {
                const float most = 0.5F / gain_scaler(model.gain_vector_log[k] + picture.beta_displacement_log[c]);
                const float factor = part / curvature_[c][k];
                const float* by_latent = gradient[c].plane(k);
                const float* y_hat = current_.y_hat[c].plane(k);
                float* latent = refined_.latent[c].plane(k);
                for (std::size_t i = 0; i < gradient[c].plane_size(); ++i) {
                    const float kept = y_hat[i] + kMemory * (latent[i] - y_hat[i]);
                    latent[i] = kept - std::clamp(factor * by_latent[i], -most, most);
                }
            }
        }
    }

    EncodeSession& session_;
    std::size_t attempts_;
    OperatingPoint point_;
    bool differentiable_, chroma_;
    double share_, price_ = 1;
    Candidate current_;  ///< the best so far
    RefinedLatents refined_;
    std::array<std::vector<float>, kComponents> curvature_;  ///< squared error per square of a latent's unit
};

}  // namespace

std::optional<RefinedLatents> refine(EncodeSession& session, const QuantisedPicture& plain, std::size_t attempts) {
    return Refiner(session, plain, attempts).run();
}

QuantisedPicture quantise_refined(EncodeSession& session, const RefinedLatents& refined, const RatePoint& rate) {
    LatentTargets targets;
    for (const Component c : {kPrimary, kSecondary}) {
        targets.latent[c] = &refined.latent[c];
        targets.weights[c] = refined.weights[c];
    }
    return session.quantise(rate, targets);
}

}  // namespace jpegai
