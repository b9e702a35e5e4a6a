// The encoding part of the C interface.
#include <algorithm>
#include <array>
#include <memory>

#include "api/guarded.h"
#include "api/source.h"
#include "backend/select.h"
#include "encoder/effort.h"
#include "encoder/rate_control.h"

using namespace jpegai::api;

struct jpegai_encoder {
    std::unique_ptr<jpegai::Encoder> encoder;
};

namespace {

jpegai::EncodeOptions options_of(const jpegai_encode_options& in) {
    jpegai::EncodeOptions options;
    need(in.operating_point <= 2, "operating_point has to be 0, 1 or 2");
    need(in.effort <= static_cast<std::uint32_t>(jpegai::kMaxEffort), "effort has to be 1 to 9");
    options.synthesis = static_cast<jpegai::OperatingPoint>(in.operating_point);
    jpegai::apply_effort(options, static_cast<int>(in.effort));
    options.rate = {in.model, {in.beta[0], in.beta[1]}};
    options.lanes_z = options.lanes_q = in.lanes;
    options.lanes_r = {in.lanes, in.lanes};
    if (in.progress != nullptr) {
        options.progress = [call = in.progress, user = in.user](double fraction) { return call(user, fraction) == 0; };
    }
    return options;
}

jpegai::RateTarget target_of(const jpegai_encode_options& in) {
    using Kind = jpegai::RateTarget::Kind;
    constexpr std::array kKinds = {Kind::kQuality, Kind::kBitsPerSample, Kind::kBytes, Kind::kFixed};
    need(static_cast<unsigned>(in.rate_mode) <= JPEGAI_RATE_FIXED, "unknown rate_mode");
    jpegai::RateTarget target;
    target.kind = kKinds[static_cast<std::size_t>(in.rate_mode)];
    target.value = in.rate;
    target.best_effort = in.best_effort != 0;
    return target;
}

}  // namespace

extern "C" {

jpegai_error jpegai_encoder_create(const jpegai_models* models, jpegai_cpu cpu, uint32_t threads,
                                   jpegai_encoder** encoder) {
    return guarded([&] {
        need(models != nullptr && encoder != nullptr, "models or encoder is NULL");
        *encoder = new jpegai_encoder{
            std::make_unique<jpegai::Encoder>(models->weights, jpegai::make_backend({cpu_name(cpu), threads}))};
    });
}

jpegai_error jpegai_encoder_create_on(const jpegai_models* models, const char* device, uint32_t threads,
                                      jpegai_encoder** encoder) {
    return guarded([&] {
        need(models != nullptr && encoder != nullptr, "models or encoder is NULL");
        need(device != nullptr, "device is NULL");
        *encoder = new jpegai_encoder{
            std::make_unique<jpegai::Encoder>(models->weights, jpegai::make_backend({"auto", threads, device}))};
    });
}

void jpegai_encoder_free(jpegai_encoder* encoder) {
    delete encoder;
}

void jpegai_encode_options_init(jpegai_encode_options* options) {
    if (options == nullptr) return;
    *options = {};
    options->rate_mode = JPEGAI_RATE_QUALITY;
    options->rate = 50;
    options->model = 1;
    options->operating_point = 1;
    options->effort = static_cast<uint32_t>(jpegai::kDefaultEffort);
    options->lanes = 1;
}

jpegai_error jpegai_encode(const jpegai_encoder* encoder, const jpegai_source* source,
                           const jpegai_encode_options* options, uint8_t** data, size_t* size,
                           jpegai_encode_report* report) {
    return guarded([&] {
        need(encoder != nullptr && source != nullptr, "encoder or source is NULL");
        need(data != nullptr && size != nullptr, "data or size is NULL");
        jpegai_encode_options chosen;
        jpegai_encode_options_init(&chosen);
        if (options != nullptr) chosen = *options;
        const jpegai::TargetedResult result =
            jpegai::encode_to(*encoder->encoder, picture_of(*source), options_of(chosen), target_of(chosen));
        const auto& bytes = result.encoded.bytes;
        auto copy = std::make_unique<std::uint8_t[]>(bytes.size());
        std::copy(bytes.begin(), bytes.end(), copy.get());
        if (report != nullptr) {
            *report = {};
            report->bpp = 8 * static_cast<double>(bytes.size()) /
                          (static_cast<double>(source->width) * static_cast<double>(source->height));
            report->model = static_cast<uint32_t>(result.report.rate.model_id);
            report->beta[0] = result.report.rate.beta[jpegai::kPrimary];
            report->beta[1] = result.report.rate.beta[jpegai::kSecondary];
            report->trials = static_cast<uint32_t>(result.report.trials);
            report->analyses = static_cast<uint32_t>(result.report.analyses);
            report->reached = result.report.reached ? 1 : 0;
        }
        *size = bytes.size();
        *data = copy.release();
    });
}

void jpegai_data_free(uint8_t* data) {
    delete[] data;
}

}  // extern "C"
