#include "detection/artifacts/text.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace jpegai::detection {
namespace {

constexpr double kConfident = 0.7;
constexpr std::size_t kMaxRegions = 64;
constexpr std::size_t kGap = 12;  ///< samples between two strokes of one line at most

struct Candidate {
    Box box;
    double confidence = 0;
};

/// Means of 2x2 samples.
Plane halved(const Plane& in) {
    Plane out = Plane::uninitialized(1, in.rows() / 2, in.cols() / 2);
    for (std::size_t y = 0; y < out.rows(); ++y) {
        const float *a = in.row(0, 2 * y), *b = in.row(0, 2 * y + 1);
        for (std::size_t x = 0; x < out.cols(); ++x)
            out(0, y, x) = (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]) / 4;
    }
    return out;
}

/// 1 where a row's slope turns from strong in one direction to strong in the other within a stroke's width.
Plane alternations(const Plane& luma) {
    constexpr float kStrong = 0.12F;
    Plane out(1, luma.rows(), luma.cols());
    for (std::size_t y = 0; y < luma.rows(); ++y) {
        const float* row = luma.row(0, y);
        float last = 0;
        std::size_t at = 0;
        for (std::size_t x = 1; x + 1 < luma.cols(); ++x) {
            const float slope = row[x + 1] - row[x - 1];
            if (std::fabs(slope) < kStrong) continue;
            if (last * slope < 0 && x - at <= kGap) out(0, y, x) = 1;
            last = slope;
            at = x;
        }
    }
    return out;
}

/// Dense alternations with gaps within a row closed.
Array3<std::uint8_t> dense_areas(const Plane& turns, const RowRunner& rows) {
    constexpr float kDense = 0.06F;
    const Plane density = box_mean(turns, 12, rows);
    Array3<std::uint8_t> mask(1, turns.rows(), turns.cols());
    for (std::size_t y = 0; y < turns.rows(); ++y) {
        std::size_t last = turns.cols();
        for (std::size_t x = 0; x < turns.cols(); ++x) {
            if (density(0, y, x) < kDense) continue;
            const std::size_t from = last < x && x - last <= kGap ? last : x;
            std::fill(mask.row(0, y) + from, mask.row(0, y) + x + 1, std::uint8_t{1});
            last = x;
        }
    }
    return mask;
}

/// Bounding boxes of what is connected over four neighbours; clears the mask.
std::vector<Box> components(Array3<std::uint8_t>& mask) {
    std::vector<Box> boxes;
    std::vector<std::size_t> open;
    const std::size_t cols = mask.cols();
    for (std::size_t start = 0; start < mask.size(); ++start) {
        if (mask.data()[start] == 0) continue;
        std::size_t left = cols, right = 0, top = mask.rows(), bottom = 0;
        open.assign(1, start);
        mask.data()[start] = 0;
        while (!open.empty()) {
            const std::size_t at = open.back(), x = at % cols, y = at / cols;
            open.pop_back();
            left = std::min(left, x), right = std::max(right, x);
            top = std::min(top, y), bottom = std::max(bottom, y);
            const auto visit = [&](bool inside, std::size_t next) {
                if (!inside || mask.data()[next] == 0) return;
                mask.data()[next] = 0;
                open.push_back(next);
            };
            visit(x > 0, at - 1);
            visit(x + 1 < cols, at + 1);
            visit(y > 0, at - cols);
            visit(y + 1 < mask.rows(), at + cols);
        }
        boxes.push_back({left, top, right - left + 1, bottom - top + 1});
    }
    return boxes;
}

/// Lines of a box: runs of rows that have their share of alternations.
std::vector<Box> lines_of(const Box& box, const Plane& turns) {
    std::vector<float> profile(box.height);
    for (std::size_t y = 0; y < box.height; ++y) {
        const float* row = turns.row(0, box.y + y) + box.x;
        for (std::size_t x = 0; x < box.width; ++x) profile[y] += row[x];
    }
    const float least = *std::max_element(profile.begin(), profile.end()) * 0.15F;
    std::vector<Box> lines;
    for (std::size_t y = 0; y < box.height;) {
        std::size_t end = y;
        while (end < box.height && profile[end] > least) ++end;
        if (end > y) lines.push_back({box.x, box.y + y, box.width, end - y});
        y = end + 1;
    }
    return lines;
}

/// How well two groups of samples explain the box (Otsu: variance between them over the whole), and how far apart they
/// are.
struct Groups {
    double share = 0, contrast = 0;
};
Groups two_groups(const Plane& luma, const Box& box) {
    constexpr std::size_t kBins = 64;
    std::array<double, kBins> histogram{};
    double count = 0, sum = 0, squares = 0;
    for (std::size_t y = box.y; y < box.y + box.height; ++y) {
        for (std::size_t x = box.x; x < box.x + box.width; ++x) {
            const auto value = static_cast<double>(std::clamp(luma(0, y, x), 0.0F, 1.0F));
            histogram[static_cast<std::size_t>(value * (kBins - 1) + 0.5)] += 1;
            count += 1, sum += value, squares += value * value;
        }
    }
    const double variance = squares / count - sum * sum / count / count;
    Groups best;
    if (variance < 1e-6) return best;
    double below = 0, below_sum = 0;
    for (std::size_t i = 0; i + 1 < kBins; ++i) {
        below += histogram[i];
        below_sum += histogram[i] * static_cast<double>(i) / (kBins - 1);
        if (below == 0 || below == count) continue;
        const double apart = (sum - below_sum) / (count - below) - below_sum / below;
        const double share = below * (count - below) / count / count * apart * apart / variance;
        if (share > best.share) best = {share, apart};
    }
    return best;
}

double confidence_of(const Plane& luma, const Plane& turns, const Box& line) {
    const auto height = static_cast<double>(line.height), width = static_cast<double>(line.width);
    if (height < 6 || height > 48 || width < 16 || width < 1.5 * height) return 0;
    const Groups groups = two_groups(luma, line);
    double number = 0;
    for (std::size_t y = line.y; y < line.y + line.height; ++y) {
        for (std::size_t x = line.x; x < line.x + line.width; ++x) number += static_cast<double>(turns(0, y, x));
    }
    const double strokes = number / width;  // per row on a length of the line's height
    const auto ramp = [](double value, double from, double to) {
        return std::clamp((value - from) / (to - from), 0.0, 1.0);
    };
    return ramp(groups.share, 0.62, 0.8) * ramp(groups.contrast, 0.12, 0.3) * ramp(strokes, 0.5, 1.5);
}

void add_lines(const Plane& luma, std::size_t scale, const RowRunner& rows, std::vector<Candidate>& found) {
    if (luma.rows() < 8 || luma.cols() < 16) return;
    const Plane turns = alternations(luma);
    Array3<std::uint8_t> mask = dense_areas(turns, rows);
    for (const Box& component : components(mask)) {
        for (const Box& line : lines_of(component, turns)) {
            const double confidence = confidence_of(luma, turns, line);
            if (confidence < kConfident) continue;
            found.push_back({{line.x * scale, line.y * scale, line.width * scale, line.height * scale}, confidence});
        }
    }
}

bool overlap(const Box& a, const Box& b) {
    const auto shared = [](std::size_t p, std::size_t m, std::size_t q, std::size_t n) {
        const std::size_t from = std::max(p, q), to = std::min(p + m, q + n);
        return to > from ? static_cast<double>(to - from) : 0.0;
    };
    const double area = shared(a.x, a.width, b.x, b.width) * shared(a.y, a.height, b.y, b.height);
    return area > 0.3 * static_cast<double>(std::min(a.width * a.height, b.width * b.height));
}

double distance(const Point& a, const Point& b) {
    return std::hypot(a.x - b.x, a.y - b.y);
}

/// Coefficients of (u, v) in the unit square -> ((a u + b v + c) / (g u + h v + 1), ...): Heckbert's closed form.
struct Projection {
    double a, b, c, d, e, f, g, h;
    explicit Projection(const std::array<Point, 4>& p) {
        const double dx1 = p[1].x - p[2].x, dx2 = p[3].x - p[2].x, sx = p[0].x - p[1].x + p[2].x - p[3].x;
        const double dy1 = p[1].y - p[2].y, dy2 = p[3].y - p[2].y, sy = p[0].y - p[1].y + p[2].y - p[3].y;
        const double det = dx1 * dy2 - dx2 * dy1;
        if (!(std::fabs(det) > 1e-9)) throw Error(JPEGAI_ERROR_ARGUMENT, "a text region has no area");
        g = (sx * dy2 - dx2 * sy) / det;
        h = (dx1 * sy - sx * dy1) / det;
        a = p[1].x - p[0].x + g * p[1].x, b = p[3].x - p[0].x + h * p[3].x, c = p[0].x;
        d = p[1].y - p[0].y + g * p[1].y, e = p[3].y - p[0].y + h * p[3].y, f = p[0].y;
    }
    [[nodiscard]] Point operator()(double u, double v) const {
        const double w = g * u + h * v + 1;
        return {(a * u + b * v + c) / w, (d * u + e * v + f) / w};
    }
};

float sample_at(const Plane& luma, Point p) {
    const double x = std::clamp(p.x, 0.0, static_cast<double>(luma.cols() - 1)),
                 y = std::clamp(p.y, 0.0, static_cast<double>(luma.rows() - 1));
    const auto x0 = static_cast<std::size_t>(x), y0 = static_cast<std::size_t>(y);
    const std::size_t x1 = std::min(x0 + 1, luma.cols() - 1), y1 = std::min(y0 + 1, luma.rows() - 1);
    const auto fx = static_cast<float>(x - static_cast<double>(x0)),
               fy = static_cast<float>(y - static_cast<double>(y0));
    const float upper = luma(0, y0, x0) + fx * (luma(0, y0, x1) - luma(0, y0, x0));
    const float lower = luma(0, y1, x0) + fx * (luma(0, y1, x1) - luma(0, y1, x0));
    return upper + fy * (lower - upper);
}

}  // namespace

TextRegion text_region(const Box& box) {
    const auto left = static_cast<double>(box.x), top = static_cast<double>(box.y);
    const double right = left + static_cast<double>(box.width), bottom = top + static_cast<double>(box.height);
    return {{{{left, top}, {right, top}, {right, bottom}, {left, bottom}}}, 1};
}

Box bounds(const TextRegion& region, std::size_t rows, std::size_t cols) {
    double left = 1e9, right = -1e9, top = 1e9, bottom = -1e9;
    for (const Point& corner : region.corners) {
        left = std::min(left, corner.x), right = std::max(right, corner.x);
        top = std::min(top, corner.y), bottom = std::max(bottom, corner.y);
    }
    const auto inside = [](double value, std::size_t most) {
        return static_cast<std::size_t>(std::clamp(std::isfinite(value) ? value : 0.0, 0.0, static_cast<double>(most)));
    };
    const std::size_t x = inside(std::floor(left), cols), y = inside(std::floor(top), rows);
    const std::size_t x1 = inside(std::ceil(right), cols), y1 = inside(std::ceil(bottom), rows);
    if (x1 <= x || y1 <= y) throw Error(JPEGAI_ERROR_ARGUMENT, "a text region lies outside the picture or has no area");
    return {x, y, x1 - x, y1 - y};
}

std::vector<TextRegion> find_text(const Plane& luma, const RowRunner& rows) {
    std::vector<Candidate> found;
    add_lines(luma, 1, rows, found);
    add_lines(halved(luma), 2, rows, found);
    std::stable_sort(found.begin(), found.end(),
                     [](const Candidate& a, const Candidate& b) { return a.confidence > b.confidence; });
    std::vector<Candidate> kept;
    for (const Candidate& candidate : found) {
        const bool taken = std::any_of(kept.begin(), kept.end(),
                                       [&](const Candidate& other) { return overlap(candidate.box, other.box); });
        if (!taken && kept.size() < kMaxRegions) kept.push_back(candidate);
    }
    std::vector<TextRegion> regions;
    for (const auto& [box, confidence] : kept) {
        constexpr std::size_t kMargin = 2;
        const std::size_t x = box.x - std::min(kMargin, box.x), y = box.y - std::min(kMargin, box.y);
        const Box grown{x, y, std::min(box.x + box.width + kMargin, luma.cols()) - x,
                        std::min(box.y + box.height + kMargin, luma.rows()) - y};
        regions.push_back(text_region(grown));
        regions.back().confidence = confidence;
    }
    return regions;
}

Plane rectify(const Plane& luma, const TextRegion& region) {
    const auto& p = region.corners;
    const auto side = [](double a, double b) {
        return static_cast<std::size_t>(std::clamp(std::round(std::max(a, b)), 8.0, 4096.0));
    };
    const std::size_t width = side(distance(p[0], p[1]), distance(p[3], p[2])),
                      height = side(distance(p[0], p[3]), distance(p[1], p[2]));
    const Projection projection(p);
    Plane out = Plane::uninitialized(1, height, width);
    for (std::size_t y = 0; y < height; ++y) {
        for (std::size_t x = 0; x < width; ++x) {
            const Point at = projection((static_cast<double>(x) + 0.5) / static_cast<double>(width),
                                        (static_cast<double>(y) + 0.5) / static_cast<double>(height));
            out(0, y, x) = sample_at(luma, {at.x - 0.5, at.y - 0.5});
        }
    }
    return out;
}

}  // namespace jpegai::detection
