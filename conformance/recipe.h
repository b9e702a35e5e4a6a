// How one stream of a suite is made: headers, symbols and a last change of its bytes.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bitstream/codestream.h"
#include "conformance/random.h"
#include "conformance/suite.h"
#include "decoder/entropy_model.h"
#include "models/weight_set.h"

namespace jpegai::conformance {

/// How symbols are drawn. Percentages are those of values that are not 0.
struct SymbolStyle {
    int z_range = 2;
    unsigned z_percent = 12;
    unsigned residual_percent = 20;  ///< values up to the bound of their distribution, mostly small
    unsigned escape_percent = 0;     ///< values beyond the bound, up to the ends of int16
    bool last_z_escapes = false;     ///< the last hyper latent of chroma has a value without a place in its table
};

enum class MapStyle : std::uint8_t { kFlat, kSteps, kNoise, kExtremes };

struct CaseRecipe {
    std::string name, title, group;
    std::vector<std::string> clauses, elements;
    CodestreamParts parts;  ///< headers and metadata; lanes are made from the style
    SymbolStyle style;
    MapStyle map = MapStyle::kSteps;
    std::array<std::vector<bool>, kComponents> regions;               ///< independent regions to write; empty: all
    std::function<void(CodestreamParts&, Random&)> finish_parts;      ///< change of headers or lanes; may be empty
    std::function<void(std::vector<std::uint8_t>&, Random&)> finish;  ///< last change of the bytes; may be empty
    CaseKind kind = CaseKind::kDecode;
    bool empty_payload = false;  ///< lanes without a byte: enough for headers
    bool picture = true;         ///< expect a picture, not only stages
    bool large = false;
    std::vector<std::string> errors, rules;
    std::string change;
    DecodeChoice decode;  ///< for cases that want less than the whole picture
};

/// Entropy models of one weight set, loaded when they are needed; may be used from several threads.
class ModelStore {
public:
    explicit ModelStore(std::shared_ptr<const WeightSet> weights) : weights_(std::move(weights)) {}
    [[nodiscard]] std::array<const EntropyModel*, kComponents> models(std::size_t model_id);

private:
    std::shared_ptr<const WeightSet> weights_;
    std::mutex mutex_;
    std::array<std::array<std::unique_ptr<EntropyModel>, kComponents>, kModels> loaded_;
};

/// The bytes of the stream; a function of the recipe and `seed` only.
/// Throws Error{argument} when headers contradict themselves.
[[nodiscard]] std::vector<std::uint8_t> make_stream(const CaseRecipe& recipe, ModelStore& models, std::uint64_t seed);

/// A codestream as a list of its substreams, to be taken apart and put together wrongly.
struct Segment {
    std::uint16_t marker = 0;
    std::vector<std::uint8_t> payload;
};
[[nodiscard]] std::vector<Segment> split_segments(std::span<const std::uint8_t> file);
/// SOC, the segments with their sizes, EOC.
[[nodiscard]] std::vector<std::uint8_t> join_segments(const std::vector<Segment>& segments);

}  // namespace jpegai::conformance
