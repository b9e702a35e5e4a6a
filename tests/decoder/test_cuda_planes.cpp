// Every operation on planes of a device against the function of the host, bit for bit, on random shapes.
#include <gtest/gtest.h>

#include <limits>

#include "backend/cuda/picture_device_cuda.h"
#include "decoder/device_planes.h"
#include "decoder/filters/device_filters.h"
#include "decoder/filters/efe_linear.h"
#include "decoder/filters/efe_nonlinear.h"
#include "decoder/filters/lef.h"
#include "decoder/latents.h"
#include "tests/decoder/efe_support.h"
#include "tests/decoder/plane_support.h"
#include "tests/support/cuda_devices.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::random_plane;
using test::random_planes;
using test::same_bits;

constexpr ChromaFormat k444{1, 1}, k422{1, 2}, k420{2, 2};

class CudaPlanes : public testing::TestWithParam<std::size_t> {
protected:
    CudaPlanes() : pool_(test::cuda_devices().at(GetParam())), device_(pool_.take()) {}

    DevicePlanes upload(const Planes& planes) {
        DevicePlanes out;
        out.chroma = planes.chroma;
        out.rgb = planes.rgb;
        for (std::size_t i = 0; i < 3; ++i) out.plane[i] = device_->upload(planes.plane[i]);
        return out;
    }
    Array3<float> get(const DeviceArray& array) {
        Array3<float> values;
        device_->download(array, values);
        return values;
    }
    std::size_t draw(std::size_t low, std::size_t high) { return low + random_() % (high - low + 1); }
    /// Some samples that no network gives.
    void spoil(Array3<float>& plane) {
        constexpr float kOdd[] = {std::numeric_limits<float>::quiet_NaN(),
                                  std::numeric_limits<float>::infinity(),
                                  -std::numeric_limits<float>::infinity(),
                                  -0.0F,
                                  1e-42F,
                                  127.5F,
                                  254.5F};
        for (const float value : kOdd) plane.data()[random_() % plane.size()] = value;
    }

    std::mt19937 random_{17};
    cuda::PictureDevicePool pool_;
    std::shared_ptr<PictureDevice> device_;
};

TEST_P(CudaPlanes, RectanglesAndDecimation) {
    for (int trial = 0; trial < 12; ++trial) {
        const std::size_t rows = draw(1, 70), cols = draw(1, 150);
        const Size display{draw(1, rows), draw(1, cols)};
        const Array3<float> luma = random_plane(random_, rows, cols);
        Array3<float> chroma(2, rows, cols);
        for (float& value : chroma.span()) value = static_cast<float>(random_() % 1000);
        const ChromaFormat format = std::array{k444, k422, k420}[draw(0, 2)];
        const DevicePlanes made =
            make_planes(*device_, device_->upload(luma), device_->upload(chroma), display, format);
        EXPECT_TRUE(same_bits(download(*device_, made), make_planes(luma, chroma, display, format)));

        DeviceArray onto = device_->make({2, {rows + 3, cols + 5}});
        device_->zero(onto);
        device_->copy(device_->upload(chroma), 0, 0, onto, {2, 4, rows, cols});
        const Array3<float> pasted = get(onto);
        for (std::size_t c = 0; c < 2; ++c) {
            EXPECT_EQ(pasted(c, 1, 3), 0.0F);
            EXPECT_EQ(pasted(c, 2, 4), chroma(c, 0, 0));
            EXPECT_EQ(pasted(c, rows + 1, cols + 3), chroma(c, rows - 1, cols - 1));
        }
    }
    DeviceArray small = device_->make({1, {4, 4}});
    const DeviceArray from = device_->make({1, {8, 8}});
    EXPECT_EQ(test::thrown_code([&] { device_->copy(from, 0, 0, small, {1, 1, 4, 4}); }), JPEGAI_ERROR_INTERNAL);
    EXPECT_EQ(test::thrown_code([&] { device_->copy(from, 6, 0, small, {0, 0, 3, 4}); }), JPEGAI_ERROR_INTERNAL);
}

TEST_P(CudaPlanes, Resampling) {
    for (const auto& [in, out] : {std::pair{Size{1, 1}, Size{2, 2}},
                                  {Size{5, 1}, Size{10, 1}},
                                  {Size{7, 9}, Size{7, 18}},
                                  {Size{16, 33}, Size{31, 65}},
                                  {Size{31, 65}, Size{16, 33}},
                                  {Size{12, 40}, Size{12, 20}},
                                  {Size{101, 37}, Size{202, 73}}}) {
        const Array3<float> plane = random_plane(random_, in.rows, in.cols, -20, 280);
        const DeviceArray on_device = device_->upload(plane);
        EXPECT_TRUE(same_bits(get(device_->resample(on_device, out, true)), resample_bicubic(plane, out)));
        EXPECT_TRUE(same_bits(get(device_->resample(on_device, out, false)), resample_bilinear(plane, out)));
    }
}

TEST_P(CudaPlanes, ColourAndRounding) {
    for (const ChromaFormat format : {k444, k422, k420}) {
        for (int trial = 0; trial < 3; ++trial) {
            Planes planes = random_planes(random_, draw(1, 40), draw(1, 90), format, -30, 290);
            for (Array3<float>& plane : planes.plane) {
                for (const float value : {-0.0F, 1e-42F, 127.5F, 254.5F})
                    plane.data()[random_() % plane.size()] = value;
            }
            for (const unsigned transform : {0U, 1U}) {
                Planes host = planes;
                DevicePlanes device = upload(planes);
                finish_colour(host, transform);
                finish_colour(*device_, device, transform);
                EXPECT_TRUE(same_bits(download(*device_, device), host));
                for (const unsigned depth : {8U, 10U, 16U}) {
                    const Picture picture = quantise(host, depth);
                    for (const bool wide : {true, false}) {
                        const auto samples = quantise(*device_, device, depth, wide);
                        for (std::size_t i = 0; i < 3; ++i) {
                            std::vector<std::uint8_t> bytes(samples[i].bytes());
                            std::uint8_t* const to = bytes.data();
                            device_->download({&samples[i], 1}, {&to, 1});
                            const auto* shorts = reinterpret_cast<const std::uint16_t*>(bytes.data());
                            for (std::size_t k = 0; k < picture.planes[i].size(); ++k)
                                ASSERT_EQ(samples[i].sample_bytes == 2 ? shorts[k] : bytes[k],
                                          picture.planes[i].data()[k]);
                        }
                    }
                }
            }
        }
    }
    Array3<float> odd = random_plane(random_, 9, 31);
    spoil(odd);
    Planes host{{odd, odd, odd}, k444, false};
    const DevicePlanes device = upload(host);
    const Picture picture = quantise(host, 10);
    const auto samples = quantise(*device_, device, 10, true);
    std::vector<std::uint16_t> values(odd.size());
    auto* const to = reinterpret_cast<std::uint8_t*>(values.data());
    device_->download({samples.data(), 1}, {&to, 1});
    EXPECT_TRUE(std::equal(values.begin(), values.end(), picture.planes[0].data()));
}

TEST_P(CudaPlanes, Lsbs) {
    for (const Size size : {Size{1, 1}, Size{8, 8}, Size{9, 17}, Size{23, 40}}) {
        Array3<float> y(5, size.rows, size.cols), residual(5, size.rows, size.cols);
        Array3<std::int16_t> likely(5, ceil_div<std::size_t>(size.rows, 8), ceil_div<std::size_t>(size.cols, 8));
        std::normal_distribution<float> normal(0, 5);
        for (float& value : y.span()) value = normal(random_);
        for (float& value : residual.span()) value = random_() % 2 == 0 ? 0.0F : normal(random_);
        for (std::int16_t& value : likely.span()) value = static_cast<std::int16_t>(1300 + random_() % 200);
        for (std::size_t model = 0; model < kModels; ++model) {
            Array3<float> host = y;
            apply_lsbs(host, residual, likely, model);
            DeviceArray device = device_->upload(y);
            device_->lsbs(device, device_->upload(residual), device_->upload(likely), lsbs_factors(model));
            EXPECT_TRUE(same_bits(get(device), host));
        }
    }
}

TEST_P(CudaPlanes, Lef) {
    for (const Size size : {Size{1, 1}, Size{2, 9}, Size{3, 3}, Size{33, 71}, Size{48, 64}}) {
        const Array3<float> luma = random_plane(random_, size.rows, size.cols, -10, 270);
        Array3<std::int16_t> scales(3, ceil_div<std::size_t>(size.rows, 16) + 1, ceil_div<std::size_t>(size.cols, 16));
        for (std::int16_t& scale : scales.span()) scale = static_cast<std::int16_t>(random_() % 3968);
        Array3<std::int16_t> one(1, scales.rows(), scales.cols());
        std::copy_n(scales.plane(2), one.size(), one.data());
        for (std::size_t model = 0; model < kModels; ++model) {
            Array3<float> host = luma;
            apply_lef(host, scales, 2, model);
            const DeviceArray device = device_->lef(device_->upload(luma), device_->upload(one), lef_steps(model));
            EXPECT_TRUE(same_bits(get(device), host));
        }
    }
}

TEST_P(CudaPlanes, EfeLinear) {
    for (const auto& [source, coded] :
         {std::pair{k444, k444}, {k444, k420}, {k444, k422}, {k422, k422}, {k420, k420}}) {
        for (int trial = 0; trial < 6; ++trial) {
            const Planes planes = random_planes(random_, draw(1, 140), draw(1, 200), source);
            const bool same = source == coded;
            const auto candidate = [&] { return static_cast<std::uint8_t>(draw(same ? 1 : 0, kEfeSplits)); };
            const auto length = [&] { return static_cast<std::uint8_t>(draw(1, 4)); };
            const EfeLinearSet set =
                test::random_efe_set(random_, {candidate(), candidate()}, {length(), length()}, same);
            const std::array<std::uint16_t, 2> b1 = {12801, 12733};
            const auto host = apply_efe_linear(planes, b1, set, coded);
            const DevicePlanes device = upload(planes);
            for (std::size_t p = 0; p < 2; ++p) {
                const EfeLinearPlane filter = efe_linear_plane(planes.size(0), source, coded, b1[p], set, p);
                EXPECT_TRUE(same_bits(get(device_->efe_linear(device.plane[0], device.plane[p + 1], filter)), host[p]))
                    << planes.rows() << 'x' << planes.cols() << ' ' << source.name() << ' ' << p;
            }
        }
    }
}

TEST_P(CudaPlanes, ChainOfFilters) {
    for (const ChromaFormat source : {k444, k422, k420}) {
        const std::size_t rows = draw(64, 120), cols = draw(64, 150);
        PictureHeader picture;
        picture.img_width = static_cast<std::uint32_t>(cols);
        picture.img_height = static_cast<std::uint32_t>(rows);
        picture.s_ver = picture.c_ver = source.ver;
        picture.s_hor = picture.c_hor = source.hor;
        Planes host = random_planes(random_, rows, cols, source);
        ToolHeader tools;
        tools.efe_linear = EfeLinearHeader{{12800, 12700},
                                           test::random_efe_set(random_, {1, 1}, {1, 1}, true),
                                           test::random_efe_set(random_, {6, 3}, {3, 2}, true)};
        tools.efe_nonlinear = test::random_efe_nonlinear(random_, host.size(1), 40, 64, 16);
        tools.lef_ch_idx = std::uint8_t{140};
        Array3<std::int16_t> scales(160, 5, 7);
        for (std::int16_t& scale : scales.span()) scale = static_cast<std::int16_t>(random_() % 3968);
        PostFilterInputs inputs;
        inputs.picture = &picture;
        inputs.tools = &tools;
        inputs.scale_log = &scales;
        DevicePlanes device = upload(host);
        RunContext context;
        std::vector<std::string> order;
        apply_post_filters(
            *device_, device, inputs,
            [&](PostFilter filter, const DevicePlanes&) { order.emplace_back(post_filter_name(filter)); }, context);
        apply_post_filters(host, inputs, context);
        EXPECT_TRUE(same_bits(download(*device_, device), host)) << source.name();
        EXPECT_EQ(order, (std::vector<std::string>{"EFElinear", "EFEnonlinear", "LEF"}));
    }
}

TEST_P(CudaPlanes, MemoryIsUsedAgainAndGivenBack) {
    const std::shared_ptr<cuda::Device> device = test::cuda_devices().at(GetParam());
    const std::size_t before = device->bytes_in_use();
    DeviceSamples samples;
    {
        const auto picture = cuda::PictureDevicePool(device).take();
        for (int i = 0; i < 100; ++i) {
            DeviceArray plane = picture->make({1, {64, 64}});
            picture->zero(plane);
            (void)picture->resample(plane, {128, 128}, true);
        }
        EXPECT_LT(device->bytes_in_use() - before, std::size_t{1} << 20) << "a hundred planes, two at a time";
        DeviceArray plane = picture->make({1, {8, 8}});
        picture->zero(plane);
        samples = picture->quantise(plane, 0, false);
    }
    EXPECT_GT(device->bytes_in_use(), before) << "samples outlive the device they were made with";
    samples = {};
    EXPECT_EQ(device->bytes_in_use(), before);
}

void fill(Array3<float>& array, float first) {
    for (std::size_t i = 0; i < array.size(); ++i) array.data()[i] = first + static_cast<float>(i);
}
bool counts_from(const Array3<float>& array, float first) {
    Array3<float> wanted = array;
    fill(wanted, first);
    return same_bits(array, wanted);
}

TEST_P(CudaPlanes, UploadableArraysAreReadInPlace) {
    constexpr Shape kShape{3, {40, 70}};
    const std::shared_ptr<cuda::Device> device = test::cuda_devices().at(GetParam());
    cuda::PictureDevicePool pool(device);
    auto picture = pool.take();
    const std::size_t before = device->bytes_in_use();
    const float* memory = nullptr;
    {
        // Dropped at once, and others asked for: the first stays until the device has read it.
        DeviceArray arrays[3];
        for (std::size_t i = 0; i < 3; ++i) {
            Array3<float> values = picture->uploadable(kShape);
            EXPECT_TRUE(i == 0 || values.data() != memory);
            memory = values.data();
            fill(values, 1e4F * static_cast<float>(i));
            arrays[i] = picture->upload(values);
        }
        Array3<float> got;
        for (std::size_t i = 0; i < 3; ++i) {
            picture->download(arrays[i], got);
            EXPECT_TRUE(counts_from(got, 1e4F * static_cast<float>(i))) << i;
        }
    }
    {
        // No copy, which shows where the device reads late: in the emulator.
        Array3<float> values = picture->uploadable(kShape), got;
        fill(values, 1);
        const DeviceArray array = picture->upload(values);
        if (device->info().index < 0) fill(values, 2);
        picture->download(array, got);
        EXPECT_TRUE(counts_from(got, device->info().index < 0 ? 2 : 1));
        // After a wait it is an array like any other: it may be changed after its upload, and nobody else gets its
        // memory.
        fill(values, 3);
        const DeviceArray again = picture->upload(values);
        fill(values, 4);
        EXPECT_NE(picture->uploadable(kShape).data(), values.data());
        picture->download(again, got);
        EXPECT_TRUE(counts_from(got, 3));
        // The same on the other line.
        Array3<float> other = picture->uploadable(kShape);
        fill(other, 5);
        picture->queue_on(DeviceLine::kSide);
        const DeviceArray aside = picture->upload(other);
        fill(other, 6);
        picture->queue_on(DeviceLine::kMain);
        picture->wait_for_other_line();
        picture->download(aside, got);
        EXPECT_TRUE(counts_from(got, 5));
    }
    picture->wait();
    EXPECT_EQ(picture->uploadable({0, {3, 3}}).data(), nullptr);
    Array3<float> kept = picture->uploadable(kShape);
    picture.reset();
    EXPECT_EQ(device->bytes_in_use(), before);
    fill(kept, 7);  // outlives the device it was made for
    EXPECT_NE(pool.take()->uploadable(kShape).data(), kept.data());
    memory = kept.data();
    kept = {};
    cuda::Buffer all[8];
    bool given_back = false;
    for (cuda::Buffer& buffer : all) {
        buffer = device->pinned(kShape.channels * kShape.size.rows * kShape.size.cols * sizeof(float));
        given_back = given_back || buffer.data() == memory;
    }
    EXPECT_TRUE(given_back);
}

TEST_P(CudaPlanes, WhatWasDownloadedKeepsItsMemory) {
    std::vector<Array3<float>> wanted, floats;
    std::vector<std::vector<Array3<std::uint16_t>>> samples;
    for (int i = 0; i < 3; ++i) {
        wanted.push_back(random_plane(random_, 30, 50));
        const DeviceArray array = device_->upload(wanted.back());
        device_->download(array, floats.emplace_back());
        const std::array<DeviceSamples, 2> both = {device_->quantise(array, 255, true),
                                                   device_->quantise(array, 1023, true)};
        samples.push_back(device_->download(both));
        const DeviceSamples bytes = device_->quantise(array, 255, false);
        EXPECT_EQ(test::thrown_code([&] { (void)device_->download({&bytes, 1}); }), JPEGAI_ERROR_INTERNAL);
    }
    device_.reset();
    for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(same_bits(floats[i], wanted[i]));
        Planes planes;
        for (Array3<float>& plane : planes.plane) plane = wanted[i];
        ASSERT_EQ(samples[i].size(), 2U);
        const auto host = quantise(planes, 8).planes[0], deep = quantise(planes, 10).planes[0];
        EXPECT_TRUE(std::ranges::equal(samples[i][0].span(), host.span()));
        EXPECT_TRUE(std::ranges::equal(samples[i][1].span(), deep.span()));
    }
}

std::string device_name(const testing::TestParamInfo<std::size_t>& info) {
    return test::cuda_devices().at(info.param)->info().index < 0 ? "emulator" : "gpu";
}
INSTANTIATE_TEST_SUITE_P(Devices, CudaPlanes, testing::Range(std::size_t{0}, test::cuda_devices().size()), device_name);

}  // namespace
}  // namespace jpegai
