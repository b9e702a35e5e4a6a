#include "decoder/memory_account.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "backend/backend.h"
#include "base/math.h"
#include "decoder/geometry.h"
#include "spec/constants.h"

namespace jpegai {
namespace {

constexpr std::uint64_t kFloat = sizeof(float);

/// Code that is used for the first time, tables, headers, what the allocator leaves between blocks.
constexpr std::uint64_t kOverhead = 8 << 20;

/// Bytes alive now and at most.
class Account {
public:
    void hold(std::uint64_t bytes) { during(bytes), alive_ += bytes; }
    void release(std::uint64_t bytes) { alive_ -= bytes; }
    void during(std::uint64_t bytes) { peak_ = std::max(peak_, alive_ + bytes); }
    [[nodiscard]] std::uint64_t peak() const { return peak_; }

private:
    std::uint64_t alive_ = 0, peak_ = 0;
};

/// A decode in the order of decoder.cpp.
class DecodeAccount {
public:
    explicit DecodeAccount(const MemoryInputs& inputs)
        : inputs_(inputs),
          stream_(*inputs.stream),
          picture_(stream_.picture),
          regions_(region_windows(picture_).size()),
          samples_(std::uint64_t{picture_.img_width} * picture_.img_height),
          display_(std::uint64_t{picture_.display_width()} * picture_.display_height()) {
        for (const auto& [part, bytes] : inputs.workspace) kept_ = std::max(kept_, bytes);
        kept_ = std::min<std::uint64_t>(kept_, kKeptWorkspace);
    }

    std::uint64_t peak() {
        account_.hold(stream_.size);
        entropy();
        account_.hold(kept_);
        for (const Component c : {kPrimary, kSecondary}) latent(c);
        synthesis();
        planes();
        filters();
        colour();
        return account_.peak();
    }

private:
    [[nodiscard]] std::uint64_t latents(Component c) const {
        return std::uint64_t{picture_.latent_rows()} * picture_.latent_cols() * kLatentChannels[c];
    }
    [[nodiscard]] std::uint64_t psi_bytes(Component c) const {
        return ceil_div<std::uint64_t>(picture_.img_height, kPsiStep) *
               ceil_div<std::uint64_t>(picture_.img_width, kPsiStep) * 4 * kLatentChannels[c] * kFloat;
    }
    /// What a run needs beyond the memory that the backend has kept from earlier ones.
    [[nodiscard]] std::uint64_t workspace(const std::string& part) const {
        const auto found = inputs_.workspace.find(part);
        return found == inputs_.workspace.end() ? 0 : found->second - std::min(found->second, kept_);
    }
    [[nodiscard]] std::uint64_t chroma_samples(std::size_t ver, std::size_t hor) const {
        return ceil_div<std::uint64_t>(picture_.display_height(), ver) *
               ceil_div<std::uint64_t>(picture_.display_width(), hor);
    }

    /// Symbols and distributions while a component is decoded; its residual and hyper latent afterwards.
    void entropy() {
        constexpr std::uint64_t kSymbol = sizeof(std::int16_t) + 1, kMaps = 3 * sizeof(std::int16_t) + 1;
        for (const Component c : {kPrimary, kSecondary}) {
            const std::uint64_t analysis = latents(c) / 32, hyper = latents(c) / 8;
            account_.hold(latents(c) * kFloat + hyper + analysis);
            if (inputs_.keep_intermediates) account_.hold(latents(c) * kMaps);
            account_.during(latents(c) * kSymbol);
        }
        if (!inputs_.keep_intermediates) return;
        for (const Component c : {kPrimary, kSecondary}) account_.release(latents(c) * kMaps);
        if (stream_.tools.lef_ch_idx) account_.hold(latents(kPrimary) * sizeof(std::int16_t));
    }

    /// psi, then y_hat in place of psi and the residual; of a region its inputs and outputs, too.
    void latent(Component c) {
        const std::string prefix = c == kPrimary ? "y" : "uv";
        const std::uint64_t psi = psi_bytes(c), y_hat = latents(c) * kFloat;
        const std::uint64_t merged = regions_ > 1 ? 1 : 0;
        account_.during(workspace("hyper decoder " + prefix) + latents(c) / 4 + merged * psi);
        account_.hold(psi);
        account_.during(workspace("latent " + prefix) + merged * (psi + 2 * y_hat));
        account_.hold(y_hat);
        account_.release(psi + y_hat);  // psi and the residual
    }

    void synthesis() {
        const std::uint64_t y_hat = (latents(kPrimary) + latents(kSecondary)) * kFloat;
        for (const Component c : {kPrimary, kSecondary}) {
            const std::uint64_t out = samples_ * kFloat * (c == kPrimary ? 1 : 2);
            const bool tiled = synthesis_tiles(picture_, c).size() > 1;
            const std::uint64_t parts = c == kPrimary ? latents(kPrimary) * kFloat : y_hat;
            account_.during(workspace(c == kPrimary ? "synthesis y" : "synthesis uv") + (tiled ? out + parts : 0));
            account_.hold(out);
        }
        account_.release(y_hat);
    }

    /// Cut to the displayed size, chroma in its coded and then in its source format; what has its size already stays.
    void planes() {
        const std::uint64_t coded = 2 * chroma_samples(picture_.c_ver, picture_.c_hor) * kFloat;
        chroma_ = 2 * chroma_samples(picture_.s_ver, picture_.s_hor) * kFloat;
        if (display_ != samples_ || picture_.c_ver != 1 || picture_.c_hor != 1) {
            account_.during((display_ != samples_ ? display_ * kFloat : 0) + coded);
            account_.release(samples_ * kFloat * 3);
            account_.hold(display_ * kFloat + coded);
        }
        if (picture_.s_ver == picture_.c_ver && picture_.s_hor == picture_.c_hor) return;
        account_.during(chroma_);
        account_.release(coded);
        account_.hold(chroma_);
    }

    void filters() {
        const std::uint64_t full = display_ * kFloat;
        if (stream_.tools.efe_linear) account_.during(2 * chroma_);
        if (stream_.tools.efe_linear && stream_.tools.efe_nonlinear) account_.hold(chroma_);  // the second picture
        if (stream_.tools.eicci) {
            account_.hold(2 * full);  // both chroma planes at the luma resolution
            // A tile's inputs beside its run.
            for (const char* part : {"eICCI y", "eICCI uv"}) account_.during(workspace(part) + 3 * full);
            account_.release(2 * full);
        }
        if (stream_.tools.efe_nonlinear) account_.during(full);
        if (stream_.tools.lef_ch_idx) account_.during(full);
    }

    /// Chroma at the luma resolution, then integers of two bytes.
    void colour() {
        const std::uint64_t full = display_ * kFloat;
        if (chroma_ != 2 * full) {
            account_.during(2 * full);
            account_.release(chroma_);
            account_.hold(2 * full);
        }
        account_.during(3 * display_ * sizeof(std::uint16_t));
    }

    const MemoryInputs& inputs_;
    const Codestream& stream_;
    const PictureHeader& picture_;
    std::size_t regions_;
    std::uint64_t samples_, display_, chroma_ = 0, kept_ = 0;
    Account account_;
};

}  // namespace

std::uint64_t peak_memory(const MemoryInputs& inputs) {
    const std::uint64_t parameters =
        std::accumulate(inputs.parameters.begin(), inputs.parameters.end(), std::uint64_t{0});
    // Packed weights have a few more channels than the network. While networks are loaded, nothing of the picture is
    // there yet, but tensors and what packing needs.
    const std::uint64_t packed = parameters * kFloat * 9 / 8;
    const std::uint64_t loading = 2 * packed;
    const std::uint64_t peak = DecodeAccount(inputs).peak();
    // The C library keeps freed blocks that later ones do not fit into.
    return std::max(packed + peak + peak / 6, packed + loading) + kOverhead;
}

}  // namespace jpegai
