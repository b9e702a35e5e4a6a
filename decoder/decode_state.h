// A decode between its two halves: what decoder.cpp and device_decode.cpp share.
#pragma once

#include <algorithm>
#include <string>

#include "base/error.h"
#include "decoder/cost.h"
#include "decoder/decoder.h"
#include "decoder/device_planes.h"
#include "decoder/filters/post_filters.h"

namespace jpegai {

/// Timing, progress and cancelling of one decode.
class DecodeJob {
public:
    DecodeJob(const DecodeOptions& options, std::uint64_t total_macs) : options_(options), total_macs_(total_macs) {
        if (options.stats != nullptr) {
            time_ = options.stats->time;
            context_.time = time_;
            if (options.stats->want_layers) context_.timings = &options.stats->layers;
        }
        if (options.progress) context_.keep_going = [this] { return options_.progress(fraction_); };
        restart();
    }
    DecodeJob(const DecodeJob&) = delete;
    DecodeJob& operator=(const DecodeJob&) = delete;

    [[nodiscard]] RunContext& context() { return context_; }

    /// Ends a stage: notes its time and reports the share of the networks' work that is done.
    void done(const std::string& stage, std::uint64_t macs = 0) {
        const double now = clock_seconds(time_);
        if (options_.stats != nullptr) options_.stats->stages.push_back({stage, now - start_});
        start_ = now;
        report(macs);
    }
    /// The same for a stage whose time is measured elsewhere.
    void report(std::uint64_t macs) {
        macs_ += macs;
        if (total_macs_ != 0) fraction_ = std::min(1.0, static_cast<double>(macs_) / static_cast<double>(total_macs_));
        if (options_.progress && !options_.progress(fraction_)) throw Error(JPEGAI_ERROR_CANCELLED, "cancelled");
    }
    /// Leaves the time since the last stage out.
    void restart() { start_ = clock_seconds(time_); }

private:
    const DecodeOptions& options_;
    RunContext context_;
    std::uint64_t total_macs_, macs_ = 0;
    double fraction_ = 0;
    TimeKind time_ = TimeKind::kElapsed;
    double start_ = 0;
};

/// The second half of a decode on a device, in steps: its networks run while the entropy stage goes on with what they
/// do not need. Work is queued, not waited for.
class DeviceDecode : public LatentListener {
public:
    /// After kSecondary is decoded: finished planes, not rounded.
    [[nodiscard]] virtual DevicePlanes finish() = 0;
};

/// Everything that the second half needs.
struct StartedDecode::State {
    State(const DecodeOptions& wanted, Codestream parsed) : options(wanted), stream(std::move(parsed)) {}

    const DecodeOptions options;
    Codestream stream;
    OperatingPoint point = OperatingPoint::kBop;
    DecodeCost cost;
    Latents latents;
    std::optional<DecodeJob> job;
    /// Where networks begin ahead; `begun` is freed first.
    std::shared_ptr<PictureDevice> device;
    std::unique_ptr<DeviceDecode> begun;

    [[nodiscard]] unsigned bit_depth() const { return stream.picture.bit_depth_idc == 0 ? 8 : 10; }
    [[nodiscard]] ReferenceQuirks quirks() const {
        return options.reference_quirks ? ReferenceQuirks::all() : ReferenceQuirks{};
    }
    /// colour_transform_idx as the options want it.
    [[nodiscard]] unsigned colour_transform() const {
        return options.colour == OutputColour::kYuv ? 0 : stream.picture.colour_transform_idx;
    }
    /// Filter inputs without the eICCI bank and rows.
    [[nodiscard]] PostFilterInputs filter_inputs() const {
        PostFilterInputs inputs;
        inputs.picture = &stream.picture;
        inputs.tools = &stream.tools;
        inputs.synthesis = point;
        inputs.scale_log = &latents.component[kPrimary].scale_log;
        inputs.quirks = quirks();
        return inputs;
    }
    /// The window in coded samples that the networks have to produce.
    [[nodiscard]] Area wanted_area() const;
};

/// The eICCI bank of one synthesis transform, from the cache.
class CachedEicciBank : public EicciBank {
public:
    CachedEicciBank(const NetworkCache& networks, OperatingPoint point) : networks_(networks), point_(point) {}
    [[nodiscard]] const NetworkRunner& luma(std::size_t index) override {
        return networks_.eicci(point_, index, false);
    }
    [[nodiscard]] const NetworkRunner& chroma(std::size_t index) override {
        return networks_.eicci(point_, index, true);
    }

private:
    const NetworkCache& networks_;
    OperatingPoint point_;
};

/// The arguments have to outlive what is returned.
[[nodiscard]] std::unique_ptr<DeviceDecode> make_device_decode(const NetworkCache& networks,
                                                               StartedDecode::State& decode, PictureDevice& device);

}  // namespace jpegai
