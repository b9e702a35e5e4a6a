#include "backend/cpu/plan.h"

#include <algorithm>

#include "backend/cpu/layer_contract.h"
#include "base/math.h"

namespace jpegai::cpu {

namespace {

constexpr std::size_t kNone = ~std::size_t{0};
constexpr std::size_t kLineFloats = 16;

/// Rows of a layer's output that one step should write, in bytes: enough to read its weights rarely, few enough to stay
/// in the second-level cache with those of its neighbours.
constexpr std::size_t kStepBytes = 256 * 1024;
/// So many threads get that much each. More of them share it, in parts of rows: memory would grow with their number.
constexpr std::size_t kMostStepThreads = 8;

/// Blocks are kept from lying a multiple of 4 KiB apart, where they would compete for the same places of the cache.
std::size_t block_stride(const ValueInfo& value, std::size_t cols) {
    constexpr std::size_t kPage = 1024;
    const std::size_t padded = checked_mul(ceil_div(cols, kBlock) * kBlock, value.planar ? 1 : kBlock);
    return padded % kPage == 0 ? padded + kLineFloats : padded;
}

class Planner {
public:
    Planner(const FusedNetwork& network, std::span<const Shape> shapes, std::size_t threads)
        : network_(network), shapes_(shapes), threads_(threads) {}

    Plan make() {
        collect_sizes();
        find_consumers();
        find_limits();
        for (const std::size_t value : network_.outputs) {
            const std::size_t layer = producer_[value];
            ensure(layer, limit_[layer]);
        }
        place_values();
        return std::move(plan_);
    }

private:
    struct Consumer {
        std::size_t layer, input;
    };
    /// Steps [first, last] during which memory is in use.
    struct Lifetime {
        std::size_t first = kNone, last = 0;
        void extend(std::size_t step) {
            first = std::min(first, step);
            last = std::max(last, step);
        }
    };
    struct Request {
        Lifetime life;
        std::size_t floats = 0;
        std::size_t* offset = nullptr;
    };

    void collect_sizes();
    void find_consumers();
    void find_limits();
    void ensure(std::size_t layer, std::size_t units);
    [[nodiscard]] std::size_t step_units(std::size_t layer) const;
    [[nodiscard]] std::size_t first_wanted_row(std::size_t value) const;
    void count_ring_rows(std::vector<Lifetime>& values, std::vector<Lifetime>& layers);
    void place_values();
    void place(std::vector<Request>& requests);
    [[nodiscard]] bool is_external(std::size_t value) const {
        return producer_[value] == kNone ||
               std::find(network_.outputs.begin(), network_.outputs.end(), value) != network_.outputs.end();
    }
    [[nodiscard]] const Layer& layer(std::size_t i) const { return *network_.layers[i]; }
    [[nodiscard]] Range rows_of(std::size_t i, Range units) const {
        return same_rows(units, layer(i).rows_per_unit, plan_.sizes[i].output);
    }

    const FusedNetwork& network_;
    std::span<const Shape> shapes_;
    std::size_t threads_;
    Plan plan_;
    std::vector<std::size_t> producer_;             ///< layer per value
    std::vector<std::vector<Consumer>> consumers_;  ///< per value
    std::vector<std::size_t> limit_, done_;         ///< units per layer: wanted at all, produced so far
};

void Planner::collect_sizes() {
    for (const auto& layer : network_.layers) {
        LayerSizes sizes;
        for (const View& view : layer->inputs) sizes.inputs.push_back(shapes_[view.node].size);
        sizes.output = shapes_[network_.values[layer->output].size_node].size;
        plan_.sizes.push_back(std::move(sizes));
    }
}

void Planner::find_consumers() {
    producer_.assign(network_.values.size(), kNone);
    consumers_.resize(network_.values.size());
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
        producer_[layer(i).output] = i;
        if (layer(i).copy != Layer::kNoValue) producer_[layer(i).copy] = i;
        for (std::size_t k = 0; k < layer(i).inputs.size(); ++k) {
            for (const View::Part& part : layer(i).inputs[k].parts) {
                auto& list = consumers_[part.value];
                if (list.empty() || list.back().layer != i || list.back().input != k) list.push_back({i, k});
            }
        }
    }
}

/// Units that anybody needs: crops make the last ones superfluous.
void Planner::find_limits() {
    limit_.assign(network_.layers.size(), 0);
    done_.assign(network_.layers.size(), 0);
    for (const std::size_t value : network_.outputs) {
        limit_[producer_[value]] = layer(producer_[value]).units(plan_.sizes[producer_[value]]);
    }
    for (std::size_t i = network_.layers.size(); i-- > 0;) {
        if (limit_[i] == 0) continue;
        for (std::size_t k = 0; k < layer(i).inputs.size(); ++k) {
            const std::size_t rows = layer(i).needs(k, {limit_[i] - 1, limit_[i]}, plan_.sizes[i]).end;
            for (const View::Part& part : layer(i).inputs[k].parts) {
                const std::size_t from = producer_[part.value];
                if (from != kNone) limit_[from] = std::max(limit_[from], ceil_div(rows, layer(from).rows_per_unit));
            }
        }
    }
}

std::size_t Planner::step_units(std::size_t i) const {
    const auto row_bytes = [](std::size_t channels, Size size) {
        return ceil_div(std::max<std::size_t>(1, channels), kBlock) * kBlock * size.cols * sizeof(float);
    };
    const std::size_t units = layer(i).units(plan_.sizes[i]);
    const Size in = plan_.sizes[i].inputs[0], out = plan_.sizes[i].output;
    const std::size_t read = row_bytes(layer(i).inputs[0].channels, in) * in.rows / units;
    const std::size_t written = row_bytes(network_.values[layer(i).output].channels, out) * out.rows / units;
    return std::max(layer(i).least_units(), std::min(threads_, kMostStepThreads) * kStepBytes / std::max(read, written));
}

/// Makes sure that `units` units of a layer have been produced, a step at a time with everything it needs before it.
void Planner::ensure(std::size_t i, std::size_t units) {
    while (done_[i] < units) {
        const std::size_t end = std::min(done_[i] + step_units(i), limit_[i]);
        for (std::size_t k = 0; k < layer(i).inputs.size(); ++k) {
            const std::size_t rows = layer(i).needs(k, {done_[i], end}, plan_.sizes[i]).end;
            for (const View::Part& part : layer(i).inputs[k].parts) {
                const std::size_t from = producer_[part.value];
                if (from != kNone) ensure(from, std::min(limit_[from], ceil_div(rows, layer(from).rows_per_unit)));
            }
        }
        plan_.steps.push_back({i, {done_[i], end}});
        done_[i] = end;
    }
}

/// The first row of a value that a consumer still needs for its next unit.
std::size_t Planner::first_wanted_row(std::size_t value) const {
    std::size_t first = kNone;
    for (const Consumer& consumer : consumers_[value]) {
        const std::size_t next = done_[consumer.layer];
        if (next >= limit_[consumer.layer]) continue;
        const Range rows = layer(consumer.layer).needs(consumer.input, {next, next + 1}, plan_.sizes[consumer.layer]);
        first = std::min(first, rows.first);
    }
    return first;
}

/// Goes through the steps once more: how many rows must each value keep, and when is which memory in use?
void Planner::count_ring_rows(std::vector<Lifetime>& values, std::vector<Lifetime>& layers) {
    std::fill(done_.begin(), done_.end(), 0);
    for (std::size_t s = 0; s < plan_.steps.size(); ++s) {
        const Step& step = plan_.steps[s];
        const Layer& current = layer(step.layer);
        plan_.max_units[step.layer] = std::max(plan_.max_units[step.layer], step.units.count());
        layers[step.layer].extend(s);
        if (current.partner != Layer::kNoValue) layers[current.partner].extend(s);
        for (const View& view : current.inputs) {
            for (const View::Part& part : view.parts) values[part.value].extend(s);
        }
        const Range written = rows_of(step.layer, step.units);
        for (const std::size_t value : {current.output, current.copy}) {
            if (value == Layer::kNoValue) continue;
            values[value].extend(s);
            const std::size_t kept = written.end - std::min(first_wanted_row(value), written.first);
            plan_.places[value].ring_rows = std::max(plan_.places[value].ring_rows, kept);
        }
        done_[step.layer] = step.units.end;
    }
}

void Planner::place_values() {
    plan_.places.resize(network_.values.size());
    plan_.scratch.assign(network_.layers.size(), 0);
    plan_.max_units.assign(network_.layers.size(), 0);
    std::vector<Lifetime> values(network_.values.size()), layers(network_.layers.size());
    count_ring_rows(values, layers);
    std::vector<Request> requests;
    for (std::size_t v = 0; v < network_.values.size(); ++v) {
        if (is_external(v) || values[v].first == kNone) continue;
        const ValueInfo& value = network_.values[v];
        Plan::Place& place = plan_.places[v];
        place.block_stride = block_stride(value, shapes_[value.size_node].size.cols);
        place.row_stride = checked_mul(place.block_stride, value.blocks());
        requests.push_back({values[v], checked_mul(place.row_stride, place.ring_rows), &place.offset});
    }
    for (std::size_t i = 0; i < network_.layers.size(); ++i) {
        if (plan_.max_units[i] == 0) continue;
        const std::size_t floats = layer(i).scratch_floats(plan_.sizes[i], plan_.max_units[i]);
        requests.push_back({layers[i], floats, &plan_.scratch[i]});
        if (const auto* contract = dynamic_cast<const ContractLayer*>(&layer(i))) {
            plan_.extra_bytes = std::max(plan_.extra_bytes, contract->workspace_bytes(plan_.sizes[i]));
        }
    }
    place(requests);
    plan_.floats = checked_add(plan_.floats, kLineFloats);  // kernels may load (not use) a vector beyond a row
}

/// Largest first, each at the lowest address that is free during its life.
void Planner::place(std::vector<Request>& requests) {
    std::stable_sort(requests.begin(), requests.end(),
                     [](const Request& a, const Request& b) { return a.floats > b.floats; });
    for (std::size_t i = 0; i < requests.size(); ++i) {
        Request& request = requests[i];
        request.floats = checked_add(request.floats, kLineFloats - 1) / kLineFloats * kLineFloats;
        std::vector<std::pair<std::size_t, std::size_t>> taken;
        for (std::size_t k = 0; k < i; ++k) {
            const Request& other = requests[k];
            const bool together = other.life.first <= request.life.last && request.life.first <= other.life.last;
            if (together) taken.emplace_back(*other.offset, checked_add(*other.offset, other.floats));
        }
        std::sort(taken.begin(), taken.end());
        std::size_t offset = 0;
        for (const auto& [first, end] : taken) {
            if (first >= checked_add(offset, request.floats)) break;
            offset = std::max(offset, end);
        }
        *request.offset = offset;
        plan_.floats = std::max(plan_.floats, checked_add(offset, request.floats));
    }
}

}  // namespace

Plan make_plan(const FusedNetwork& network, std::span<const Shape> shapes, std::size_t threads) {
    return Planner(network, shapes, threads).make();
}

}  // namespace jpegai::cpu
