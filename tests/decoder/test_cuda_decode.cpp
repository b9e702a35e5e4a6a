// Whole decodes with planes on a device against those of the host, before any rounding: every stage, single pictures
// and batches. In the emulator small streams; on a GPU ($JPEGAI_CUDA_TEST=gpu) every stream that is there.
#include <gtest/gtest.h>

#include <map>
#include <mutex>

#include "backend/select.h"
#include "decoder/batch.h"
#include "decoder/decoder.h"
#include "models/default_weights.h"
#include "tests/support/cuda_devices.h"
#include "tests/support/hosted_networks.h"
#include "tests/support/made_up_stream.h"
#include "tests/support/random_network.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using Bytes = std::vector<std::uint8_t>;

bool on_gpu(const cuda::Device& device) {
    return device.info().index >= 0;
}

/// A stream with the weights it was made with.
struct Stream {
    std::string name;
    Bytes file;
    std::shared_ptr<const WeightSet> weights;
};

std::uint64_t coded_samples(const Bytes& file) {
    const PictureHeader picture = parse_codestream(file).picture;
    return std::uint64_t{picture.img_height} * picture.img_width;
}

std::vector<Stream> repository_streams() {
    std::vector<Stream> streams;
    const auto add = [&](const char* name, const std::shared_ptr<const WeightSet>& weights) {
        streams.push_back({name, test::load_bytes(test::data_path(std::string("streams/") + name + ".bits")), weights});
    };
    const auto trained = open_default_weights();
    for (const char* name : {"photo_odd", "photo_bop"}) add(name, trained);
    if (!test::have_shared()) return streams;  // the recipe of the other weights lies there
    for (const char* name : {"filters_all", "quality_map_threads4", "regions_dependent_1x2"})
        add(name, test::synthetic_weights());
    return streams;
}

std::vector<Stream> vector_streams(std::uint64_t most_samples) {
    std::vector<Stream> streams;
    if (!test::have_shared()) return streams;
    for (const char* collection : {"vectors", "models/vectors"}) {
        const bool trained = std::string(collection) != "vectors";
        for (const auto& folder : test::stream_cases(collection)) {
            const Bytes file = test::load_bytes(folder / "stream.bits");
            if (coded_samples(file) > most_samples) continue;
            streams.push_back(
                {folder.filename().string(), file, trained ? test::trained_weights() : test::synthetic_weights()});
        }
    }
    return streams;
}

std::string bits(const DecodedPicture& decoded) {
    return test::bits_hash(decoded.planes.plane);
}

/// Decoders for the weights of streams, on one backend.
class Decoders {
public:
    explicit Decoders(std::shared_ptr<const Backend> backend) : backend_(std::move(backend)) {}
    const Decoder& of(const Stream& stream) {
        auto& decoder = decoders_[stream.weights.get()];
        if (!decoder) decoder = std::make_unique<Decoder>(stream.weights, backend_);
        return *decoder;
    }

private:
    std::shared_ptr<const Backend> backend_;
    std::map<const WeightSet*, std::unique_ptr<Decoder>> decoders_;
};

/// Everything a decode hands to its sink, by name.
std::map<std::string, Bytes> dumps_of(const Decoder& decoder, const Bytes& file, DecodeOptions options) {
    std::map<std::string, Bytes> dumps;
    options.dump = [&](const std::string& name, const std::string&, std::span<const std::size_t>,
                       std::span<const std::uint8_t> bytes) { dumps[name].assign(bytes.begin(), bytes.end()); };
    (void)decoder.decode(file, options);
    return dumps;
}

/// Decodes with whatever the options say, on both, to floats and to samples.
void expect_same(const Decoder& host, const Decoder& device, const Stream& stream, const DecodeOptions& options) {
    SCOPED_TRACE(stream.name);
    const DecodedPicture wanted = host.decode(stream.file, options);
    EXPECT_EQ(bits(device.decode(stream.file, options)), bits(wanted));
    const Picture samples = device.decode_samples(stream.file, options);
    EXPECT_EQ(plane_md5(samples), plane_md5(wanted.to_picture()));
    EXPECT_EQ(samples.bit_depth, wanted.bit_depth);
}

/// Pictures in memory; checks what the batch promises.
class MemoryBatch final : public BatchSource {
public:
    explicit MemoryBatch(std::vector<Bytes> files)
        : files_(std::move(files)), pictures(files_.size()), codes(files_.size(), JPEGAI_OK), times(files_.size()) {}

    Bytes read(std::size_t index) override {
        if (files_[index].empty()) throw Error(JPEGAI_ERROR_IO, "no such file");
        return files_[index];
    }
    DecodeOptions options(std::size_t) override { return {}; }
    void write(std::size_t index, Picture picture) override {
        if (index == fails_to_write) throw std::runtime_error("disk full");
        pictures[index] = plane_md5(picture);
    }
    void done(std::size_t index, const Error* error) override {
        const std::lock_guard lock(mutex_);
        if (error != nullptr) codes[index] = error->code();
        ++times[index];
    }

private:
    std::vector<Bytes> files_;
    std::mutex mutex_;

public:
    std::vector<std::vector<std::string>> pictures;
    std::vector<jpegai_error> codes;
    std::vector<int> times;
    std::size_t fails_to_write = ~std::size_t{0};
};

class CudaDecode : public testing::TestWithParam<std::size_t> {
protected:
    CudaDecode()
        : device_(test::cuda_devices().at(GetParam())),
          host_(make_backend({"auto", on_gpu(*device_) ? 0U : 1U})),
          hosted_(std::make_shared<test::HostedBackend>(device_)) {}

    std::shared_ptr<cuda::Device> device_;
    Decoders host_, hosted_;
};

TEST_P(CudaDecode, StreamsOfTheRepository) {
    for (const Stream& stream : repository_streams()) expect_same(host_.of(stream), hosted_.of(stream), stream, {});
}

TEST_P(CudaDecode, ReferenceStreams) {
    JPEGAI_NEEDS_SHARED();
    for (const Stream& stream : vector_streams(on_gpu(*device_) ? ~std::uint64_t{0} : 20'000))
        expect_same(host_.of(stream), hosted_.of(stream), stream, {});
}

TEST_P(CudaDecode, EveryStageIsDumpedAlike) {
    JPEGAI_NEEDS_SHARED();
    for (const Stream& stream : repository_streams()) {
        if (stream.name != "filters_all" && stream.name != "regions_dependent_1x2") continue;
        const auto wanted = dumps_of(host_.of(stream), stream.file, {});
        const auto got = dumps_of(hosted_.of(stream), stream.file, {});
        EXPECT_EQ(wanted.size(), got.size());
        for (const auto& [name, bytes] : wanted) {
            ASSERT_TRUE(got.contains(name)) << name;
            EXPECT_TRUE(got.at(name) == bytes) << stream.name << ' ' << name;
        }
    }
}

TEST_P(CudaDecode, Options) {
    const Stream photo = repository_streams().front();
    const Decoder &host = host_.of(photo), &device = hosted_.of(photo);
    DecodeOptions options;
    options.max_channels = {40, 20};
    expect_same(host, device, photo, options);
    options = {};
    options.window = PictureWindow{10, 20, 33, 41};
    expect_same(host, device, photo, options);
    for (const OutputColour colour : {OutputColour::kYuv, OutputColour::kRgb}) {
        options.colour = colour;
        expect_same(host, device, photo, options);
    }
    options = {};
    DecodeStats stats;
    options.stats = &stats;
    (void)device.decode(photo.file, options);
    std::vector<std::string> stages;
    for (const StageTiming& stage : stats.stages) stages.push_back(stage.stage);
    EXPECT_EQ(stages, (std::vector<std::string>{"parse", "load", "entropy", "hyper decoder y", "hyper decoder uv",
                                                "latent y", "synthesis y", "latent uv", "synthesis uv", "colour"}));
}

TEST_P(CudaDecode, TilesRegionsAndFormats) {
    const auto weights = open_default_weights();
    for (const bool yuv420 : {false, true}) {
        test::MadeUpStream what;
        what.width = 337;
        what.height = 290;
        what.region_rows = what.region_cols = 2;
        what.tile_size = 128;
        what.lef = what.lsbs = true;
        what.yuv420 = yuv420;
        const Stream stream{yuv420 ? "4:2:0" : "4:4:4", test::make_stream(*weights, what), weights};
        expect_same(host_.of(stream), hosted_.of(stream), stream, {});
    }
}

TEST_P(CudaDecode, FailuresLeaveNothingBehind) {
    const Stream photo = repository_streams().front();
    const Decoder& decoder = hosted_.of(photo);
    const std::string wanted = bits(decoder.decode(photo.file));
    const std::size_t before = device_->bytes_in_use();
    DecodeOptions options;
    for (const int last : {2, 4, 6}) {  // before, while and after networks run ahead of the entropy stage
        int calls = 0;
        options.progress = [&](double) { return ++calls <= last; };
        EXPECT_EQ(test::thrown_code([&] { (void)decoder.decode(photo.file, options); }), JPEGAI_ERROR_CANCELLED);
    }
    options = {};
    options.admit = [](std::uint64_t bytes) { throw Error(JPEGAI_ERROR_LIMIT, std::to_string(bytes)); };
    EXPECT_EQ(test::thrown_code([&] { (void)decoder.decode(photo.file, options); }), JPEGAI_ERROR_LIMIT);
    Bytes cut = photo.file;
    cut.resize(cut.size() / 2);
    EXPECT_EQ(test::thrown_code([&] { (void)decoder.decode(cut); }), JPEGAI_ERROR_TRUNCATED);
    Bytes corrupt = photo.file;  // where luma is on its way through the networks by then
    const ByteRange chroma = parse_codestream(corrupt).residual[kSecondary].at(0).value().lanes.at(0);
    std::fill_n(corrupt.begin() + static_cast<std::ptrdiff_t>(chroma.offset), chroma.size, std::uint8_t{0x5A});
    EXPECT_EQ(test::thrown_code([&] { (void)decoder.decode(corrupt); }), JPEGAI_ERROR_ENTROPY);
    EXPECT_EQ(device_->bytes_in_use(), before);
    EXPECT_EQ(bits(decoder.decode(photo.file)), wanted);
    EXPECT_EQ(bits(decoder.finish(decoder.start(photo.file))), wanted);
}

TEST_P(CudaDecode, PicturesThatStay) {
    const Stream photo = repository_streams().front();
    const Decoder& decoder = hosted_.of(photo);
    const Picture wanted = decoder.decode_samples(photo.file);
    const DevicePicture picture = decoder.decode_on_device(photo.file);
    const Stream other{"other", test::make_stream(*photo.weights, {.width = 112, .height = 90}), photo.weights};
    for (const Bytes& file : {photo.file, other.file}) (void)decoder.decode_samples(file);  // others do not disturb it
    EXPECT_EQ(plane_md5(wanted), plane_md5(host_.of(photo).decode_samples(photo.file)));
    for (std::size_t i = 0; i < 3; ++i) {
        Bytes bytes(picture.samples[i].bytes());
        std::uint8_t* const to = bytes.data();
        picture.device->download({&picture.samples[i], 1}, {&to, 1});
        ASSERT_EQ(bytes.size(), wanted.planes[i].size());
        EXPECT_TRUE(std::equal(bytes.begin(), bytes.end(), wanted.planes[i].data()));
    }
    EXPECT_EQ(test::thrown_code([&] {
                  const Decoder& host = host_.of(photo);
                  (void)host.finish_on_device(host.start(photo.file));
              }),
              JPEGAI_ERROR_UNSUPPORTED);
}

/// Networks on the device, too.
class CudaWholeDecode : public CudaDecode {
protected:
    CudaWholeDecode() : cuda_(make_backend({"auto", 1, on_gpu(*device_) ? "cuda:0" : "cuda:emulator"})) {}
    Decoders cuda_;
};

TEST_P(CudaWholeDecode, StreamsOfTheRepository) {
    if (!on_gpu(*device_)) {
        const auto weights = open_default_weights();
        const Stream tiny{"tiny", test::make_stream(*weights, {.width = 72, .height = 65, .lsbs = true}), weights};
        DecodeOptions options;
        options.point = OperatingPoint::kSop;
        expect_same(host_.of(tiny), cuda_.of(tiny), tiny, options);
        return;
    }
    for (const Stream& stream : repository_streams()) {
        for (int repetition = 0; repetition < 3; ++repetition)  // plan, record, replay
            expect_same(host_.of(stream), cuda_.of(stream), stream, {});
    }
}

TEST_P(CudaWholeDecode, ReferenceStreams) {
    JPEGAI_NEEDS_SHARED();
    for (const Stream& stream : vector_streams(on_gpu(*device_) ? ~std::uint64_t{0} : 64 * 64)) {
        if (!on_gpu(*device_) && !stream.name.ends_with("_64x64")) continue;  // one of each operating point
        expect_same(host_.of(stream), cuda_.of(stream), stream, {});
        DecodeOptions options;
        options.reference_quirks = true;
        const auto& points = parse_codestream(stream.file).picture.synthesis_transform_id;
        options.point = static_cast<OperatingPoint>(points.back());
        expect_same(host_.of(stream), cuda_.of(stream), stream, options);
    }
}

TEST_P(CudaWholeDecode, BatchesOfAllKinds) {
    if (!on_gpu(*device_)) GTEST_SKIP() << "networks of whole pictures take minutes in the emulator";
    std::vector<Stream> streams = repository_streams();
    const auto weights = streams[0].weights;
    streams.resize(2);
    streams.push_back({"made up", test::make_stream(*weights, {.width = 300, .height = 200, .lef = true}), weights});
    std::vector<Bytes> files;
    std::vector<std::vector<std::string>> wanted;
    for (const Stream& stream : streams) wanted.push_back(plane_md5(host_.of(stream).decode_samples(stream.file)));
    for (int i = 0; i < 60; ++i) files.push_back(streams[static_cast<std::size_t>(i) % streams.size()].file);
    const std::array<const Decoder*, 1> decoders = {&cuda_.of(streams[0])};
    MemoryBatch batch(files);
    decode_batch(decoders, files.size(), batch, {.host_threads = 8, .per_device = 4});
    for (std::size_t i = 0; i < files.size(); ++i) {
        EXPECT_EQ(batch.codes[i], JPEGAI_OK) << i;
        EXPECT_EQ(batch.pictures[i], wanted[i % streams.size()]) << i;
    }
}

// --- batches ---------------------------------------------------------------------------------------------------------

TEST_P(CudaDecode, BatchesGiveThePicturesOfSingleDecodes) {
    const Stream photo = repository_streams().front();
    const auto weights = photo.weights;
    const Bytes small = test::make_stream(*weights, {.width = 96, .height = 80});
    std::vector<Bytes> files;
    for (int i = 0; i < 4; ++i) {
        files.push_back(photo.file);
        files.push_back(small);
    }
    files.insert(files.begin() + 2, Bytes{});
    files.insert(files.begin() + 5, Bytes(photo.file.begin(), photo.file.begin() + 300));
    const std::vector<std::string> wanted[] = {plane_md5(host_.of(photo).decode_samples(photo.file)),
                                               plane_md5(host_.of(photo).decode_samples(small))};
    const Decoder first(weights, std::make_shared<test::HostedBackend>(device_)),
        second(weights, std::make_shared<test::HostedBackend>(device_));
    const std::array<const Decoder*, 1> processor = {&host_.of(photo)};
    const std::array<const Decoder*, 2> devices = {&first, &second};
    for (const std::span<const Decoder* const> decoders :
         {std::span<const Decoder* const>(processor), std::span<const Decoder* const>(devices)}) {
        for (const std::size_t threads : {1U, 5U}) {
            for (const std::uint64_t memory : {std::uint64_t{0}, std::uint64_t{160} << 20}) {
                MemoryBatch batch(files);
                batch.fails_to_write = 7;
                decode_batch(decoders, files.size(), batch,
                             {.host_threads = threads, .per_device = 2, .max_memory = memory});
                for (std::size_t i = 0; i < files.size(); ++i) {
                    EXPECT_EQ(batch.times[i], 1);
                    const jpegai_error code = i == 2   ? JPEGAI_ERROR_IO
                                              : i == 5 ? JPEGAI_ERROR_TRUNCATED
                                              : i == 7 ? JPEGAI_ERROR_INTERNAL
                                                       : JPEGAI_OK;
                    EXPECT_EQ(batch.codes[i], code) << i;
                    if (code != JPEGAI_OK) continue;
                    EXPECT_EQ(batch.pictures[i], wanted[files[i] == small ? 1 : 0]) << i;
                }
            }
        }
    }
}

TEST_P(CudaDecode, BatchesStayWithinTheirMemory) {
    const Stream photo = repository_streams().front();
    const Decoder decoder(photo.weights, std::make_shared<test::HostedBackend>(device_));
    const std::uint64_t one = decoder.start(photo.file).memory();
    const std::array<const Decoder*, 1> decoders = {&decoder};

    /// Counts what becomes of the pictures.
    class Counting final : public BatchSource {
    public:
        explicit Counting(const Bytes& file) : file_(file) {}
        Bytes read(std::size_t) override { return file_; }
        DecodeOptions options(std::size_t) override { return {}; }
        void write(std::size_t, Picture) override {
            const std::lock_guard lock(mutex_);
            ++written;
        }
        void done(std::size_t, const Error* error) override {
            const std::lock_guard lock(mutex_);
            if (error != nullptr && error->code() == JPEGAI_ERROR_LIMIT) ++refused;
        }
        int written = 0, refused = 0;

    private:
        const Bytes& file_;
        std::mutex mutex_;
    };
    for (const std::uint64_t memory : {one, 2 * one + 1}) {
        Counting batch(photo.file);
        decode_batch(decoders, 6, batch, {.host_threads = 4, .per_device = 4, .max_memory = memory});
        EXPECT_EQ(batch.written, 6);
    }
    Counting batch(photo.file);
    decode_batch(decoders, 3, batch, {.host_threads = 4, .max_memory = one - 1});
    EXPECT_EQ(batch.refused, 3);
}

std::string device_name(const testing::TestParamInfo<std::size_t>& info) {
    return on_gpu(*test::cuda_devices().at(info.param)) ? "gpu" : "emulator";
}
INSTANTIATE_TEST_SUITE_P(Devices, CudaDecode, testing::Range(std::size_t{0}, test::cuda_devices().size()), device_name);

INSTANTIATE_TEST_SUITE_P(Devices, CudaWholeDecode, testing::Range(std::size_t{0}, test::cuda_devices().size()),
                         device_name);

}  // namespace
}  // namespace jpegai
