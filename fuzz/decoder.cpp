// The whole decoder on small pictures with generated weights: any bytes give a picture of the promised size or a typed
// error. Input: a byte of options, then a codestream. With the lowest bit set the lanes of the stream are coded anew
// from plain symbols, so that hostile headers get past the entropy stage, which few changed lanes do.
#include <cstddef>
#include <cstdint>

#include "backend/select.h"
#include "base/error.h"
#include "decoder/decoder.h"
#include "encoder/latent_coder.h"
#include "fuzz/require.h"
#include "models/weight_identity.h"
#include "tests/support/tiny_weights.h"

namespace {

using namespace jpegai;
using fuzz::require;

constexpr std::uint64_t kMaxPixels = 256 * 256;
constexpr std::uint64_t kMaxMacs = 1'000'000'000;

const Decoder& decoder() {
    static const Decoder instance(test::tiny_weights(), make_backend({"auto", 1}));
    return instance;
}

const std::array<const EntropyModel*, kComponents>& entropy_models() {
    static const std::array<EntropyModel, kComponents> models = {
        load_entropy_model(*test::tiny_weights(), 0, kPrimary),
        load_entropy_model(*test::tiny_weights(), 0, kSecondary)};
    static const std::array<const EntropyModel*, kComponents> pointers = {&models[0], &models[1]};
    return pointers;
}

DecodeOptions options_of(std::uint8_t bits) {
    DecodeOptions options;
    options.limits.max_pixels = kMaxPixels;
    options.limits.max_macs = kMaxMacs;
    options.limits.max_memory = std::uint64_t{1} << 30;
    options.reference_quirks = (bits & 2) != 0;
    options.strict = (bits & 4) != 0;
    if ((bits & 8) != 0) options.max_channels = {16, 5};
    if ((bits & 16) != 0) options.window = PictureWindow{6, 4, 40, 33};
    if ((bits & 32) != 0) options.colour = OutputColour::kRgb;
    if ((bits & 64) != 0) options.colour = OutputColour::kYuv;
    options.force_models = (bits & 128) != 0;
    return options;
}

/// The same headers with lanes of plain symbols.
std::vector<std::uint8_t> coded_anew(std::span<const std::uint8_t> file, const DecodeOptions& options) {
    const Codestream stream = Decoder::parse(file, options);
    CodestreamParts parts = take_parts(stream, file);
    const PictureHeader& picture = parts.picture;
    std::array<Array3<std::int8_t>, kComponents> z_hat;
    std::array<Array3<std::int16_t>, kComponents> residual;
    const Array3<std::int8_t> qp_map(1, picture.latent_rows(), picture.latent_cols());
    LatentSymbols symbols;
    for (const Component c : {kPrimary, kSecondary}) {
        z_hat[c] = Array3<std::int8_t>(kLatentChannels[c], picture.hyper_rows(), picture.hyper_cols());
        for (std::size_t i = 0; i < z_hat[c].size(); ++i) z_hat[c].data()[i] = static_cast<std::int8_t>(i % 7) - 3;
        residual[c] = Array3<std::int16_t>(kLatentChannels[c], picture.latent_rows(), picture.latent_cols());
        symbols.z_hat[c] = &z_hat[c];
        symbols.residual_quant[c] = &residual[c];
    }
    if (picture.gain_3d_enable_flag) symbols.qp_map = &qp_map;
    set_lanes(parts, encode_latents(picture, entropy_models(), symbols));
    return write_codestream(parts);
}

void check_result(const DecodedPicture& decoded, const PictureHeader& picture, const DecodeOptions& options) {
    const Planes& planes = decoded.planes;
    const std::size_t rows = options.window ? options.window->height : picture.display_height(),
                      cols = options.window ? options.window->width : picture.display_width();
    require(planes.rows() == rows && planes.cols() == cols, "the picture has the promised size");
    for (const Array3<float>& plane : planes.plane) {
        for (const float sample : plane.span()) require(sample >= 0.0F && sample <= 255.0F, "samples are 0..255");
    }
    require(decoded.to_picture().planes.size() == 3, "samples become integers");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const DecodeOptions options = options_of(data[0]);
    try {
        std::vector<std::uint8_t> file(data + 1, data + size);
        if ((data[0] & 1) != 0) file = coded_anew(file, options);
        const DecodedPicture decoded = decoder().decode(file, options);
        check_result(decoded, Decoder::parse(file, options).picture, options);
    } catch (const Error& error) {
        require(error.code() != JPEGAI_ERROR_INTERNAL, "a stream is never a defect of the library");
    }
    return 0;
}
