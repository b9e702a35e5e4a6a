#include "detection/traces/classifier.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "detection/traces.h"
#include "detection/traces/classifier_json.h"

namespace jpegai::detection {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFormat = "jpegai trace classifier";
constexpr int kVersion = 1;

double sigmoid(double x) {
    return 1 / (1 + std::exp(-x));
}

/// Solves a symmetric positive definite system by Cholesky's method.
std::vector<double> solve(std::vector<std::vector<double>> a, std::vector<double> b) {
    const std::size_t n = b.size();
    for (std::size_t j = 0; j < n; ++j) {
        for (std::size_t k = 0; k < j; ++k) a[j][j] -= a[j][k] * a[j][k];
        a[j][j] = std::sqrt(std::max(a[j][j], 1e-12));
        for (std::size_t i = j + 1; i < n; ++i) {
            for (std::size_t k = 0; k < j; ++k) a[i][j] -= a[i][k] * a[j][k];
            a[i][j] /= a[j][j];
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (std::size_t i = n; i-- > 0;) {
        for (std::size_t k = i + 1; k < n; ++k) b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
    return b;
}

/// What the features may weigh: those of the samples themselves depend on the subject more than on the history, and a
/// corpus of few pictures would teach the difference between its subjects.
double penalty_of(std::size_t feature) {
    constexpr std::size_t kOfLatents = 5;
    return feature < kOfLatents ? 0.5 : 20;
}

/// One Newton step per round on the penalised log likelihood; the last column of `x` is 1 and not penalised.
std::vector<double> newton(const std::vector<std::vector<double>>& x, const std::vector<double>& label,
                           const std::vector<double>& weight) {
    constexpr int kRounds = 50;
    constexpr double kLargestStep = 2;
    const std::size_t n = x.front().size();
    std::vector<double> w(n);
    for (int round = 0; round < kRounds; ++round) {
        std::vector<std::vector<double>> hessian(n, std::vector<double>(n));
        std::vector<double> gradient(n);
        for (std::size_t r = 0; r < x.size(); ++r) {
            double sum = 0;
            for (std::size_t i = 0; i < n; ++i) sum += w[i] * x[r][i];
            const double p = sigmoid(sum), slope = weight[r] * std::max(p * (1 - p), 1e-6);
            for (std::size_t i = 0; i < n; ++i) {
                gradient[i] += weight[r] * (label[r] - p) * x[r][i];
                for (std::size_t j = 0; j <= i; ++j) hessian[i][j] += slope * x[r][i] * x[r][j];
            }
        }
        for (std::size_t i = 0; i < n; ++i) {
            const double penalty = i + 1 < n ? penalty_of(i) : 1e-6;
            hessian[i][i] += penalty;
            gradient[i] -= penalty * w[i];
        }
        const std::vector<double> step = solve(std::move(hessian), std::move(gradient));
        double change = 0;
        for (std::size_t i = 0; i < n; ++i) {
            w[i] += std::clamp(step[i], -kLargestStep, kLargestStep);
            change = std::max(change, std::abs(step[i]));
        }
        if (change < 1e-8) break;
    }
    return w;
}

double standardised(double value, double mean, double scale) {
    constexpr double kLimit = 4;  // far outside of what was seen, one feature must not decide alone
    return std::isfinite(value) ? std::clamp((value - mean) / scale, -kLimit, kLimit) : 0;
}

}  // namespace

TraceClassifier TraceClassifier::built_in() {
    return from_json(kClassifierJson);
}

TraceClassifier TraceClassifier::from_json(const std::string& text) {
    TraceClassifier result;
    try {
        const Json json = Json::parse(text);
        if (json.at("format") != kFormat || json.at("version") != kVersion) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "not the parameters of a trace classifier");
        }
        result.recipe = json.at("recipe").get<std::string>();
        result.bias_ = json.at("bias").get<double>();
        for (const Json& feature : json.at("features")) {
            const std::size_t i = result.mean_.size();
            if (i >= trace_features().size() || feature.at("id") != trace_features()[i].id) {
                throw Error(JPEGAI_ERROR_ARGUMENT, "the parameters are for other features; calibrate again");
            }
            result.mean_.push_back(feature.at("mean").get<double>());
            result.scale_.push_back(feature.at("scale").get<double>());
            result.weight_.push_back(feature.at("weight").get<double>());
            if (!(result.scale_.back() > 0)) throw Error(JPEGAI_ERROR_ARGUMENT, "a scale is not positive");
        }
        for (std::size_t m = 0; m < kModels; ++m) {
            result.shift.luma[m] = json.at("shift").at("luma").at(m).get<double>();
            result.shift.chroma[m] = json.at("shift").at("chroma").at(m).get<double>();
        }
    } catch (const Json::exception& error) {
        throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("parameters of the trace classifier: {}", error.what()));
    }
    if (result.mean_.size() != trace_features().size()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "the parameters are for other features; calibrate again");
    }
    return result;
}

Json TraceClassifier::to_json() const {
    const auto rounded = [](double value) { return std::round(value * 1e5) / 1e5; };
    Json json = {{"format", kFormat}, {"version", kVersion}, {"recipe", recipe}, {"bias", rounded(bias_)}};
    for (std::size_t i = 0; i < mean_.size(); ++i) {
        json["features"].push_back({{"id", trace_features()[i].id},
                                    {"mean", rounded(mean_[i])},
                                    {"scale", rounded(scale_[i])},
                                    {"weight", rounded(weight_[i])}});
    }
    for (std::size_t m = 0; m < kModels; ++m) {
        json["shift"]["luma"].push_back(rounded(shift.luma[m]));
        json["shift"]["chroma"].push_back(rounded(shift.chroma[m]));
    }
    return json;
}

TraceClassifier TraceClassifier::fit(std::span<const LabelledRow> rows) {
    std::array<double, 2> total{};
    for (const LabelledRow& row : rows) total[row.coded ? 1 : 0] += row.weight;
    if (!(total[0] > 0 && total[1] > 0)) throw Error(JPEGAI_ERROR_ARGUMENT, "both kinds of pictures are needed");
    const std::size_t count = rows.front().features.size();
    TraceClassifier result;
    for (std::size_t i = 0; i < count; ++i) {
        double n = 0, sum = 0, squares = 0;
        for (const LabelledRow& row : rows) {
            if (!std::isfinite(row.features[i])) continue;
            n += 1;
            sum += row.features[i];
            squares += row.features[i] * row.features[i];
        }
        const double mean = n > 0 ? sum / n : 0, variance = n > 0 ? squares / n - mean * mean : 0;
        result.mean_.push_back(mean);
        result.scale_.push_back(std::max(1e-4, std::sqrt(std::max(0.0, variance))));
    }
    std::vector<std::vector<double>> x;
    std::vector<double> label, weight;
    for (const LabelledRow& row : rows) {
        std::vector<double>& line = x.emplace_back();
        for (std::size_t i = 0; i < count; ++i) {
            line.push_back(standardised(row.features[i], result.mean_[i], result.scale_[i]));
        }
        line.push_back(1);
        label.push_back(row.coded ? 1 : 0);
        const double share = total[row.coded ? 1 : 0];
        weight.push_back(row.weight * (total[0] + total[1]) / (2 * share));
    }
    std::vector<double> w = newton(x, label, weight);
    result.bias_ = w.back();
    w.pop_back();
    result.weight_ = std::move(w);
    return result;
}

double TraceClassifier::probability(std::span<const double> features) const {
    if (features.size() != weight_.size()) throw Error(JPEGAI_ERROR_ARGUMENT, "wrong number of features");
    double sum = bias_;
    for (std::size_t i = 0; i < features.size(); ++i) {
        sum += weight_[i] * standardised(features[i], mean_[i], scale_[i]);
    }
    return sigmoid(sum);
}

}  // namespace jpegai::detection
