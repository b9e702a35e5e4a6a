#include "tests/encoder/filter_case.h"

#include <algorithm>
#include <map>

#include "base/npy.h"
#include "decoder/cut.h"
#include "decoder/decoder.h"
#include "picture_io/picture_io.h"
#include "tests/support/backends.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

template <class T>
Array3<T> to_array(const Npy& npy) {
    const std::vector<T> values = npy.as<T>();
    auto array = Array3<T>::uninitialized(npy.shape.at(0), npy.shape.at(1), npy.shape.at(2));
    std::copy(values.begin(), values.end(), array.data());
    return array;
}

/// BT.709 full range YUV, 0..255, of 8 bit RGB.
Planes yuv_of_rgb(const Picture& picture) {
    Planes planes;
    for (auto& plane : planes.plane) plane = Array3<float>(1, picture.rows(), picture.cols());
    for (std::size_t i = 0; i < picture.planes[0].size(); ++i) {
        const auto part = [&](std::size_t c) { return static_cast<float>(picture.planes[c].data()[i]) / 255.0F; };
        const float r = part(0), g = part(1), b = part(2);
        const float y = (0.2126F * r + 0.7152F * g) + 0.0722F * b;
        planes.plane[0].data()[i] = y * 255.0F;
        planes.plane[1].data()[i] = ((b - y) / 1.8556F + 0.5F) * 255.0F;
        planes.plane[2].data()[i] = ((r - y) / 1.5748F + 0.5F) * 255.0F;
    }
    return planes;
}

/// Raw YUV samples on the scale 0..255.
Planes planes_of_yuv(const Picture& picture) {
    Planes planes;
    planes.chroma = picture.chroma;
    for (std::size_t p = 0; p < 3; ++p) {
        const Array3<std::uint16_t>& in = picture.planes[p];
        planes.plane[p] = Array3<float>(1, in.rows(), in.cols());
        for (std::size_t i = 0; i < in.size(); ++i) {
            planes.plane[p].data()[i] =
                static_cast<float>(in.data()[i]) / static_cast<float>(picture.max_value()) * 255.0F;
        }
    }
    return planes;
}

Planes load_original(const nlohmann::json& description) {
    if (!description.contains("source")) {
        const std::string path = (shared_dir() / "vectors" / description.at("image").get<std::string>()).string();
        ReadOptions options;
        options.raw = raw_layout_of_name(path);
        const Picture picture = read_picture(path, options);
        return picture.model == ColourModel::kYuv ? planes_of_yuv(picture) : yuv_of_rgb(picture);
    }
    const nlohmann::json& source = description.at("source");
    Picture picture = read_picture((shared_dir() / "testimages" / source.at("picture").get<std::string>()).string());
    if (const auto found = source.find("crop_x_y_w_h"); found != source.end() && !found->is_null()) {
        const std::vector<std::size_t> crop = *found;
        for (auto& plane : picture.planes) plane = cut(plane, Area{crop[1], crop[0], crop[3], crop[2]});
    }
    return yuv_of_rgb(picture);
}

}  // namespace

FilterCase load_filter_case(const std::string& path) {
    const std::filesystem::path folder = shared_dir() / path;
    const std::vector<std::uint8_t> file = load_bytes(folder / "stream.bits");
    FilterCase c;
    c.name = folder.filename().string();
    c.stream_bytes = file.size();
    c.stream = parse_codestream(file);
    std::map<std::string, Npy> dumps;
    DecodeOptions options;
    options.colour = OutputColour::kYuv;
    options.dump = [&](const std::string& name, const std::string& descr, std::span<const std::size_t> shape,
                       std::span<const std::uint8_t> bytes) {
        if (name.starts_with("rec.") || name == "y.scale_log")
            dumps[name] = Npy{descr, {shape.begin(), shape.end()}, {bytes.begin(), bytes.end()}};
    };
    const bool trained = path.starts_with("models/");
    const Decoder decoder(trained ? trained_weights() : synthetic_weights(), fast_backend());
    static_cast<void>(decoder.decode(file, options));
    c.reconstruction.chroma = {c.stream.picture.s_ver, c.stream.picture.s_hor};
    constexpr const char* kNames[] = {"rec.a", "rec.b", "rec.c"};
    for (std::size_t p = 0; p < 3; ++p) c.reconstruction.plane[p] = to_array<float>(dumps.at(kNames[p]));
    c.scale_log = to_array<std::int16_t>(dumps.at("y.scale_log"));
    c.original = load_original(load_json(folder / "case.json"));
    return c;
}

}  // namespace jpegai::test
