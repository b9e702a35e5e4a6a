#include "decoder/device_planes.h"

#include <fmt/format.h>

#include "base/error.h"
#include "base/math.h"

namespace jpegai {
namespace {

/// `area` of one-channel values; shares them when that is all of them.
DeviceArray part_of(PictureDevice& device, const DeviceArray& whole, const Area& area) {
    if (area == Area{0, 0, whole.rows, whole.cols}) return whole;
    DeviceArray part = device.make({whole.channels, {area.rows, area.cols}});
    device.copy(whole, area.row, area.col, part, {0, 0, area.rows, area.cols});
    return part;
}

}  // namespace

Size DevicePlanes::size(std::size_t i) const {
    return plane_size({rows(), cols()}, chroma, i);
}

DevicePlanes make_planes(PictureDevice& device, const DeviceArray& luma, const DeviceArray& chroma, Size display,
                         ChromaFormat coded) {
    check_synthesised(luma.shape(), chroma.shape(), display, coded);
    DevicePlanes planes;
    planes.chroma = coded;
    planes.plane[0] = part_of(device, luma, {0, 0, display.rows, display.cols});
    for (std::size_t i = 1; i < 3; ++i) {
        if (coded.is_444()) {
            planes.plane[i] = part_of(device, chroma.channel(i - 1), {0, 0, display.rows, display.cols});
            continue;
        }
        planes.plane[i] = device.make({1, planes.size(i)});
        device.decimate(chroma.channel(i - 1), coded.ver, coded.hor, planes.plane[i]);
    }
    return planes;
}

void convert_chroma(PictureDevice& device, DevicePlanes& planes, ChromaFormat target) {
    if (planes.chroma == target) return;
    require_conversion(planes.chroma, target);
    planes.chroma = target;
    for (std::size_t i = 1; i < 3; ++i)
        planes.plane[i] = device.resample(planes.plane[i], planes.size(i), target.is_444());
}

void yuv_to_rgb(PictureDevice& device, DevicePlanes& planes) {
    if (planes.rgb) throw Error(JPEGAI_ERROR_ARGUMENT, "planes are RGB already");
    const bool upsample = !planes.chroma.is_444();
    if (upsample) {
        for (std::size_t i = 1; i < 3; ++i) device.divide(planes.plane[i], 255.0F);
        convert_chroma(device, planes, {1, 1});
    }
    device.to_rgb(planes.plane, upsample);
    planes.rgb = true;
}

void finish_colour(PictureDevice& device, DevicePlanes& planes, unsigned colour_transform_idx) {
    require_colour_transform(colour_transform_idx);
    if (colour_transform_idx == 1) return yuv_to_rgb(device, planes);
    for (DeviceArray& plane : planes.plane) device.clamp_scale(plane, 255.0F, 1.0F);
}

DevicePlanes cut_window(PictureDevice& device, const DevicePlanes& planes, const Area& window) {
    DevicePlanes out;
    out.chroma = planes.chroma;
    out.rgb = planes.rgb;
    for (std::size_t i = 0; i < 3; ++i)
        out.plane[i] = part_of(device, planes.plane[i], window_of_plane(window, planes.chroma, i));
    return out;
}

Planes download(PictureDevice& device, const DevicePlanes& planes) {
    Planes out;
    out.chroma = planes.chroma;
    out.rgb = planes.rgb;
    for (std::size_t i = 0; i < 3; ++i) device.download(planes.plane[i], out.plane[i]);
    return out;
}

std::array<DeviceSamples, 3> quantise(PictureDevice& device, const DevicePlanes& planes, unsigned bit_depth,
                                      bool wide) {
    const float max = quantise_max(planes.rgb, bit_depth);
    std::array<DeviceSamples, 3> samples;
    for (std::size_t i = 0; i < 3; ++i) samples[i] = device.quantise(planes.plane[i], max, wide || bit_depth > 8);
    return samples;
}

}  // namespace jpegai
