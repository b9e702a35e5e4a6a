// The functions of planes.h on planes that are on a device: same bits.
#pragma once

#include <array>

#include "backend/picture_device.h"
#include "decoder/planes.h"

namespace jpegai {

/// Planes on a device.
struct DevicePlanes {
    std::array<DeviceArray, 3> plane;
    ChromaFormat chroma;
    bool rgb = false;

    [[nodiscard]] std::size_t rows() const { return plane[0].rows; }
    [[nodiscard]] std::size_t cols() const { return plane[0].cols; }
    [[nodiscard]] Size size(std::size_t i) const;
};

[[nodiscard]] DevicePlanes make_planes(PictureDevice& device, const DeviceArray& luma, const DeviceArray& chroma,
                                       Size display, ChromaFormat coded);
void convert_chroma(PictureDevice& device, DevicePlanes& planes, ChromaFormat target);
void yuv_to_rgb(PictureDevice& device, DevicePlanes& planes);
void finish_colour(PictureDevice& device, DevicePlanes& planes, unsigned colour_transform_idx);

/// `window` of finished planes, in luma samples.
[[nodiscard]] DevicePlanes cut_window(PictureDevice& device, const DevicePlanes& planes, const Area& window);

[[nodiscard]] Planes download(PictureDevice& device, const DevicePlanes& planes);

/// The samples of quantise(); bytes for a depth of 8 unless `wide`. Throws Error{argument} for a depth outside 8..16.
[[nodiscard]] std::array<DeviceSamples, 3> quantise(PictureDevice& device, const DevicePlanes& planes,
                                                    unsigned bit_depth, bool wide);

}  // namespace jpegai
