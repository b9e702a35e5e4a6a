// The second half of a decode on a device: the same steps as decoder.cpp on planes that stay there.
#include <fmt/format.h>

#include "decoder/decode_state.h"
#include "decoder/device_planes.h"
#include "decoder/dump.h"
#include "decoder/filters/device_filters.h"
#include "decoder/reconstruct_steps.h"

namespace jpegai {
namespace {

/// Arrays of a device (reconstruct_steps.h).
struct DeviceMemory {
    using Array = DeviceArray;
    using Hyper = DeviceArray;

    class Part {
    public:
        Part(DeviceMemory& memory, const Array& whole, const Area& area) : array_(memory.part(whole, area)) {}
        [[nodiscard]] const Array* get() const { return &array_; }

    private:
        Array array_;
    };

    PictureDevice& device;

    static Shape shape(const Array& array) { return array.shape(); }
    static bool empty(const Array& array) { return array.empty(); }
    [[nodiscard]] Array zeros(const Shape& shape) const {
        Array array = device.make(shape);
        device.zero(array);
        return array;
    }
    [[nodiscard]] Array part(const Array& whole, const Area& area) const {
        if (covers(area, whole.rows, whole.cols)) return whole;
        Array copy = device.make({whole.channels, {area.rows, area.cols}});
        device.copy(whole, area.row, area.col, copy, {0, 0, area.rows, area.cols});
        return copy;
    }
    [[nodiscard]] Array hyper_input(const Hyper& hyper, const Area& area) const { return part(hyper, area); }
    void paste(const Array& from, std::size_t row, std::size_t col, Array& to, const Area& area) const {
        device.copy(from, row, col, to, area);
    }
    [[nodiscard]] Array run(const NetworkRunner& runner, std::span<const Array* const> inputs, Size nominal,
                            RunContext& context) const {
        std::vector<Array> values;
        for (const Array* input : inputs) values.push_back(*input);
        return std::move(device.run(runner, values, nominal, context).front());
    }
};

/// One decode: members are what its stages share. Chroma runs on a line beside that of luma.
class PictureDecode final : public DeviceDecode {
public:
    PictureDecode(const NetworkCache& networks, StartedDecode::State& decode, PictureDevice& device)
        : networks_(networks),
          decode_(decode),
          picture_(decode.stream.picture),
          device_(device),
          memory_{device},
          regions_(region_windows(picture_)) {}

    void hyper_decoded(Latents& latents) override {
        if (timed()) device_.mark("upload");
        hyper(latents, kPrimary);
        side(DeviceLine::kSide);
        hyper(latents, kSecondary);
        side(DeviceLine::kMain);
    }

    /// Memory that the component's own line uploads from without a copy.
    Array3<float> residual_memory(Component component, const Shape& shape) override {
        if (component == kSecondary) side(DeviceLine::kSide);
        Array3<float> memory = device_.uploadable(shape);
        side(DeviceLine::kMain);
        return memory;
    }

    void component_decoded(Latents& latents, Component component) override {
        if (component == kPrimary) {
            latent(latents, kPrimary);
            // Chroma waits for the latent of luma, not for what is queued next.
            side(DeviceLine::kSide);
            device_.wait_for_other_line();
            side(DeviceLine::kMain);
            luma_ = synthesis(kPrimary);
        } else {
            side(DeviceLine::kSide);
            latent(latents, kSecondary);
            chroma_ = synthesis(kSecondary);
            side(DeviceLine::kMain);
        }
    }

    DevicePlanes finish() override {
        DevicePlanes planes = merge();
        PostFilterInputs filters = decode_.filter_inputs();
        CachedEicciBank eicci(networks_, decode_.point);
        filters.eicci = &eicci;
        apply_post_filters(
            device_, planes, filters,
            [&](PostFilter filter, const DevicePlanes& filtered) {
                dump_all(fmt::format("filt.{}", post_filter_name(filter)), filtered);
                done(post_filter_name(filter));
            },
            context());
        finish_colour(device_, planes, decode_.colour_transform());
        dump_all("out", planes);
        if (decode_.options.colour == OutputColour::kRgb && !planes.rgb) yuv_to_rgb(device_, planes);
        if (const auto& w = decode_.options.window)
            planes = cut_window(device_, planes, {w->y, w->x, w->height, w->width});
        done("colour");
        if (timed()) note_times();
        return planes;
    }

private:
    [[nodiscard]] bool timed() const { return decode_.options.stats != nullptr; }
    [[nodiscard]] RunContext& context() { return decode_.job->context(); }

    /// Chroma runs beside luma, except where stages are timed or dumped one by one.
    void side(DeviceLine line) {
        if (!timed() && !decode_.options.dump) device_.queue_on(line);
    }

    /// Ends a stage whose work may still be queued.
    void done(const std::string& stage) {
        if (timed()) device_.mark(stage);
        decode_.job->report(decode_.cost.macs_of(stage));
    }

    void note_times() {
        for (const auto& [stage, seconds] : device_.take_marks())
            decode_.options.stats->stages.push_back({stage, seconds});
        decode_.job->restart();
    }

    void dump_one(const std::string& name, const DeviceArray& array) {
        if (!decode_.options.dump) return;
        Array3<float> values;
        device_.download(array, values);
        dump(decode_.options.dump, name, values);
    }
    void dump_all(const std::string& stage, const DevicePlanes& planes) {
        if (decode_.options.dump) dump_planes(decode_.options.dump, stage, download(device_, planes));
    }

    /// Hyper decoder of one component.
    void hyper(const Latents& latents, Component c) {
        const DeviceArray z_hat = device_.upload(latents.component[c].z_hat);
        psi_[c] = steps::psi(memory_, networks_, picture_, c, regions_, z_hat, context());
        const std::string prefix = dump_prefix(c);
        dump_one(prefix + ".psi", psi_[c]);
        done("hyper decoder " + prefix);
    }

    /// Context model and LSBS of one component.
    void latent(Latents& latents, Component c) {
        LatentComponent& from = latents.component[c];
        const std::string prefix = dump_prefix(c);
        const DeviceArray residual = device_.upload(from.residual);
        from.residual = {};
        y_hat_[c] = steps::latent(memory_, networks_, picture_, c, regions_, psi_[c], residual, context());
        psi_[c] = {};
        dump_one(prefix + ".y_hat_pre_lsbs", y_hat_[c]);
        if (decode_.stream.tools.lsbs_enable_flag[c])
            device_.lsbs(y_hat_[c], residual, device_.upload(from.rvs_likely), lsbs_factors(picture_.model_id));
        dump_one(prefix + ".y_hat", y_hat_[c]);
        done("latent " + prefix);
    }

    [[nodiscard]] DeviceArray synthesis(Component c) {
        DeviceArray planes =
            steps::synthesis(memory_, networks_, picture_, decode_.point, c, y_hat_[kPrimary],
                             c == kSecondary ? &y_hat_[kSecondary] : nullptr, decode_.wanted_area(), context());
        done(std::string("synthesis ") + dump_prefix(c));
        return planes;
    }

    /// Both components, chroma in the source format.
    DevicePlanes merge() {
        device_.wait_for_other_line();
        y_hat_ = {};
        DevicePlanes planes =
            make_planes(device_, luma_, chroma_, {picture_.display_height(), picture_.display_width()},
                        {picture_.c_ver, picture_.c_hor});
        luma_ = chroma_ = {};
        if (decode_.options.dump) dump_synthesis(decode_.options.dump, download(device_, planes));
        convert_chroma(device_, planes, {picture_.s_ver, picture_.s_hor});
        dump_all("rec", planes);
        return planes;
    }

    const NetworkCache& networks_;
    StartedDecode::State& decode_;
    const PictureHeader& picture_;
    PictureDevice& device_;
    DeviceMemory memory_;
    std::vector<RegionWindow> regions_;
    std::array<DeviceArray, kComponents> psi_, y_hat_;
    DeviceArray luma_, chroma_;
};

}  // namespace

std::unique_ptr<DeviceDecode> make_device_decode(const NetworkCache& networks, StartedDecode::State& decode,
                                                 PictureDevice& device) {
    return std::make_unique<PictureDecode>(networks, decode, device);
}

}  // namespace jpegai
