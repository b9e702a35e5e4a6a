#include "detection/traces/projection.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "decoder/cut.h"
#include "decoder/planes.h"
#include "decoder/reconstruct.h"
#include "encoder/header.h"

namespace jpegai::detection {
namespace {

constexpr std::size_t kLatentCell = 16, kMargin = 16;
constexpr std::size_t kSmallestWindow = 64;

double decibel(double mean_square) {
    constexpr double kFloor = 1e-6;
    return 10 * std::log10(255.0 * 255.0 / std::max(kFloor, mean_square));
}

Array3<float> run_one(const NetworkRunner& runner, const Array3<float>& input, Size nominal, RunContext& context) {
    const std::array<const Array3<float>*, 1> inputs = {&input};
    return std::move(runner.run(inputs, nominal, context).front());
}

/// The window of a grid search: subwindows of `side` samples begin up to 15 samples inside, and all are judged by the
/// same samples.
struct SearchWindow {
    Area area;
    std::size_t side = 0;
};

SearchWindow search_window(const Array3<float>& luma) {
    const std::size_t room = std::min(luma.rows(), luma.cols());
    if (room < kSmallestWindow + kLatentCell) return {};
    const std::size_t side = std::min(kGridWindow, (room - kLatentCell + 1) / kLatentCell * kLatentCell);
    const std::size_t whole = side + kLatentCell - 1;
    return {busiest_window(luma, whole, whole, kLatentCell), side};
}

/// PSNR between a part of the luma and its analysis and synthesis, over samples that all offsets share.
class Projector {
public:
    Projector(const NetworkCache& networks, std::size_t model_id, const Array3<float>& luma, const SearchWindow& window,
              RunContext& context)
        : analysis_(networks.network(NetworkKind::kAnalysis, OperatingPoint::kBop, kPrimary, model_id)),
          synthesis_(networks.network(NetworkKind::kSynthesis, OperatingPoint::kBop, kPrimary, model_id)),
          luma_(luma),
          window_(window),
          context_(context) {}

    [[nodiscard]] double psnr(std::size_t row, std::size_t col) const {
        const Area area = {window_.area.row + row, window_.area.col + col, window_.side, window_.side};
        const Size nominal = {window_.side, window_.side};
        const Array3<float> samples = cut(luma_, area);
        const Array3<float> back =
            run_one(synthesis_, run_one(analysis_, samples, nominal, context_), nominal, context_);
        // Common to all offsets: [kLatentCell - 1 + kMargin, side - kMargin) of the search window.
        const std::size_t end = window_.side - kMargin;
        double sum = 0;
        std::size_t count = 0;
        for (std::size_t y = kLatentCell - 1 + kMargin; y < end; ++y) {
            for (std::size_t x = kLatentCell - 1 + kMargin; x < end; ++x, ++count) {
                const double difference =
                    static_cast<double>(samples(0, y - row, x - col)) - static_cast<double>(back(0, y - row, x - col));
                sum += difference * difference;
            }
        }
        return decibel(sum / static_cast<double>(count));
    }

private:
    const NetworkRunner& analysis_;
    const NetworkRunner& synthesis_;
    const Array3<float>& luma_;
    const SearchWindow& window_;
    RunContext& context_;
};

}  // namespace

Area busiest_window(const Array3<float>& luma, std::size_t rows, std::size_t cols, std::size_t step) {
    rows = std::min(rows, luma.rows());
    cols = std::min(cols, luma.cols());
    // Sums over cells of `step` x `step`, then over windows of cells.
    const std::size_t cell_rows = luma.rows() / step, cell_cols = luma.cols() / step;
    std::vector<double> sums((cell_rows + 1) * (cell_cols + 1));
    const auto at = [&](std::size_t y, std::size_t x) -> double& { return sums[y * (cell_cols + 1) + x]; };
    for (std::size_t y = 0; y < cell_rows; ++y) {
        for (std::size_t x = 0; x < cell_cols; ++x) {
            double sum = 0;
            for (std::size_t i = y * step + 1; i < (y + 1) * step; ++i) {
                const float* here = luma.row(0, i);
                const float* above = luma.row(0, i - 1);
                for (std::size_t k = x * step + 1; k < (x + 1) * step; ++k) {
                    const float change = std::abs(here[k] - above[k]) + std::abs(here[k] - here[k - 1]);
                    sum += static_cast<double>(change);
                }
            }
            at(y + 1, x + 1) = sum + at(y, x + 1) + at(y + 1, x) - at(y, x);
        }
    }
    Area best = {0, 0, rows, cols};
    double most = -1;
    for (std::size_t y = 0; y * step + rows <= luma.rows(); ++y) {
        const std::size_t bottom = std::min(cell_rows, y + rows / step);
        for (std::size_t x = 0; x * step + cols <= luma.cols(); ++x) {
            const std::size_t right = std::min(cell_cols, x + cols / step);
            if (y > cell_rows || x > cell_cols) continue;
            const double sum = at(bottom, right) - at(y, right) - at(bottom, x) + at(y, x);
            if (sum <= most) continue;
            most = sum;
            best = {y * step, x * step, rows, cols};
        }
    }
    return best;
}

GridOffset find_grid(const NetworkCache& networks, std::size_t model_id, const Array3<float>& luma,
                     RunContext& context) {
    const SearchWindow window = search_window(luma);
    if (window.side == 0) return {};
    const Projector projector(networks, model_id, luma, window, context);
    GridOffset found;
    double best = -1, sum = 0;
    constexpr std::size_t kOffsets = 4;
    for (std::size_t row = 0; row < kOffsets; ++row) {
        for (std::size_t col = 0; col < kOffsets; ++col) {
            const double psnr = projector.psnr(row, col);
            sum += psnr;
            if (psnr <= best) continue;
            best = psnr;
            found.row = row;
            found.col = col;
        }
    }
    found.gain = best - (sum - best) / (kOffsets * kOffsets - 1);
    return found;  // the window begins at a multiple of the cell, so its offset is that of the picture
}

AnalysedPicture shift_latents(const NetworkCache& networks, const AnalysedPicture& analysed, std::size_t rows,
                              std::size_t cols, RunContext& context) {
    AnalysedPicture result;
    result.model_id = analysed.model_id;
    for (const Component c : {kPrimary, kSecondary}) {
        const Array3<float>& y = analysed.component[c].y;
        AnalysedComponent& out = result.component[c];
        out.y = cut(y, {rows, cols, y.rows() - rows, y.cols() - cols});
        const Size nominal = {out.y.rows() * kLatentCell, out.y.cols() * kLatentCell};
        const auto network = [&](NetworkKind kind) -> const NetworkRunner& {
            return networks.network(kind, OperatingPoint::kBop, c, analysed.model_id);
        };
        out.z_hat = quantise_hyper(run_one(network(NetworkKind::kHyperEncoder), out.y, nominal, context));
        Array3<float> z(out.z_hat.channels(), out.z_hat.rows(), out.z_hat.cols());
        std::copy_n(out.z_hat.data(), z.size(), z.data());
        out.psi = run_one(network(NetworkKind::kHyperDecoder), z, nominal, context);
    }
    return result;
}

AnalysedPicture sharpen_latents(const NetworkCache& networks, EncodeSession& session, std::size_t model_id,
                                RunContext& context) {
    const auto analysed = session.analyse(model_id);
    EncodeOptions options;
    options.rate.model_id = model_id;
    PictureHeader header = make_picture_header(options, session.source(), 8);
    set_rate_point(header, options.rate, options);
    const Area all = {0, 0, header.img_height, header.img_width};
    const auto& [luma, chroma] = analysed->component;
    Planes planes =
        make_planes(synthesise(networks, header, OperatingPoint::kBop, kPrimary, luma.y, nullptr, all, context),
                    synthesise(networks, header, OperatingPoint::kBop, kSecondary, luma.y, &chroma.y, all, context),
                    {header.img_height, header.img_width}, {1, 1});
    finish_colour(planes, 1);
    EncodeSession again(networks, quantise(planes, 16), options);
    const auto projected = again.analyse(model_id);
    AnalysedPicture sharp = *analysed;
    for (const Component c : {kPrimary, kSecondary}) {
        const auto from = analysed->component[c].y.span(), other = projected->component[c].y.span();
        float* to = sharp.component[c].y.data();
        for (std::size_t i = 0; i < from.size(); ++i) to[i] = from[i] + (from[i] - other[i]);
    }
    return sharp;
}

double recompression_psnr(EncodeSession& session, const RatePoint& rate) {
    const Planes coded = session.reconstruct(session.quantise(rate));
    const auto a = coded.plane[0].span(), b = session.source().original.plane[0].span();
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const double difference = static_cast<double>(a[i]) - static_cast<double>(b[i]);
        sum += difference * difference;
    }
    return decibel(sum / static_cast<double>(a.size()));
}

double recompression_peak(EncodeSession& session, const RatePoint& rate, int distance) {
    const auto at = [&](int moved) {
        RatePoint point = rate;
        for (int& beta : point.beta) beta = std::clamp(beta + moved, kBetaMin, kBetaMax);
        return recompression_psnr(session, point);
    };
    return at(0) - (at(-distance) + at(distance)) / 2;
}

}  // namespace jpegai::detection
