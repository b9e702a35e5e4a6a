// Decodes on a GPU: time of every stage of single pictures, and pictures a second of batches, entropy decoding
// included.
//   bench_cuda_batch [--device cuda:0[,1...]] [--threads N] [--seconds S] [--size ROWSxCOLS] [--out DIR]
//                    [--stages 1,12,40] [--points sop,bop,hop] [--no-batch]
// Stages are measured on the device (events), one after the other, best of several decodes. "After entropy" is the time
// from the end of the entropy stage, before which nothing of the networks runs, until samples are on the device or in
// the host's memory. Whole decodes let the networks run ahead; what they take beyond an entropy stage alone comes after
// them. Batches decode one stream over and over: samples to memory, and with --out as PPM files, too. The streams are
// those of bench_decode. With --device cpu the same is measured on the processor.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <thread>

#include "backend/select.h"
#include "base/file.h"
#include "bench/bench_streams.h"
#include "decoder/batch.h"
#include "decoder/decoder.h"
#include "picture_io/picture_io.h"

namespace jpegai {
namespace {

using Bytes = std::vector<std::uint8_t>;
using Clock = std::chrono::steady_clock;

struct Arguments {
    std::string device = "cuda:0", size = "888x560", out;
    std::vector<std::size_t> megapixels = {1, 12, 40};
    std::vector<std::string> points = {"sop", "bop", "hop"};
    std::vector<std::size_t> per_device = {3, 6, 10, 16};
    std::size_t threads = std::max(1U, std::thread::hardware_concurrency());
    double seconds = 1;
    bool batch = true;
};

double since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

OperatingPoint point_of(const std::string& name) {
    return name == "sop" ? OperatingPoint::kSop : name == "hop" ? OperatingPoint::kHop : OperatingPoint::kBop;
}

/// Every picture is the same stream; counts and, when asked to, writes files.
class Repeated final : public BatchSource {
public:
    Repeated(const Bytes& file, OperatingPoint point, std::string out)
        : file_(file), point_(point), out_(std::move(out)) {}
    Bytes read(std::size_t) override { return file_; }
    DecodeOptions options(std::size_t) override {
        DecodeOptions options;
        options.point = point_;
        options.colour = OutputColour::kRgb;
        return options;
    }
    void write(std::size_t index, Picture picture) override {
        if (out_.empty()) return;
        const std::string path = (std::filesystem::path(out_) / fmt::format("{}.ppm", index % 512)).string();
        write_file(path, encode_picture(PictureFormat::kPnm, picture, {}));
    }
    void done(std::size_t, const Error* error) override {
        if (error == nullptr) return;
        if (failed++ == 0) fmt::print(stderr, "bench_cuda_batch: {}\n", error->describe());
    }
    std::atomic<std::size_t> failed = 0;

private:
    const Bytes& file_;
    OperatingPoint point_;
    std::string out_;
};

class Bench {
public:
    explicit Bench(const Arguments& arguments) : arguments_(arguments), weights_(bench::completed_weights()) {
        for (const std::string& device : split_devices(arguments.device)) {
            const unsigned threads = device == "cpu" ? static_cast<unsigned>(arguments.threads) : 1;
            decoders_.push_back(std::make_unique<Decoder>(weights_, make_backend({"auto", threads, device})));
            pointers_.push_back(decoders_.back().get());
        }
        fmt::print("{}{}, {} host threads\n", decoders_.front()->backend().describe(),
                   decoders_.size() > 1 ? fmt::format(" and {} more", decoders_.size() - 1) : "", arguments.threads);
    }

    void stages() {
        for (const std::size_t megapixels : arguments_.megapixels) {
            const std::size_t side = megapixels == 1 ? 1024 : megapixels == 12 ? 3000 : megapixels == 40 ? 5152 : 512;
            const std::size_t cols = megapixels == 12 ? 4000 : megapixels == 40 ? 7760 : side;
            const Bytes file = bench::make_photo_stream(*weights_, {side, cols});
            for (const std::string& point : arguments_.points) one_size(file, point, {side, cols});
        }
    }

    void batches() {
        const std::size_t rows = std::stoul(arguments_.size);
        const std::size_t cols = std::stoul(arguments_.size.substr(arguments_.size.find('x') + 1));
        const Bytes file = bench::make_photo_stream(*weights_, {rows, cols});
        for (const std::string& point : arguments_.points) {
            if (point == "hop") continue;
            double best = 0;
            std::size_t best_places = arguments_.per_device.front();
            for (const std::size_t places : arguments_.per_device) {
                const double rate = throughput(file, point_of(point), places, arguments_.threads, "");
                fmt::print("{} {} bytes {}: {:8.1f} pictures/s, {} a device, {} host threads, samples to memory\n",
                           arguments_.size, file.size(), point, rate, places, arguments_.threads);
                std::fflush(stdout);
                if (rate > best) {
                    best = rate;
                    best_places = places;
                }
            }
            for (std::size_t threads = 1; threads < arguments_.threads; threads *= 4) {
                fmt::print("{} {}: {:8.1f} pictures/s, {} a device, {} host threads, samples to memory\n",
                           arguments_.size, point, throughput(file, point_of(point), best_places, threads, ""),
                           best_places, threads);
            }
            if (!arguments_.out.empty()) {
                std::filesystem::create_directories(arguments_.out);
                fmt::print("{} {}: {:8.1f} pictures/s, {} a device, {} host threads, PPM files in {}\n",
                           arguments_.size, point,
                           throughput(file, point_of(point), best_places, arguments_.threads, arguments_.out),
                           best_places, arguments_.threads, arguments_.out);
            }
            std::fflush(stdout);
        }
    }

private:
    void one_size(const Bytes& file, const std::string& point, Size size) {
        const int runs = size.rows * size.cols < 2'000'000 ? 20 : 5;
        const Decoder& decoder = *decoders_.front();
        DecodeOptions options;
        options.point = point_of(point);
        options.colour = OutputColour::kRgb;
        std::vector<std::string> order;
        std::map<std::string, double> best;
        const auto note = [&](const std::string& stage, double seconds) {
            const auto [found, fresh] = best.emplace(stage, seconds);
            if (fresh) order.push_back(stage);
            found->second = std::min(found->second, seconds);
        };
        double entropy = 1e9, device = 1e9, samples = 1e9, whole = 1e9, whole_device = 1e9;
        for (int run = 0; run <= runs + 2; ++run) {
            DecodeStats stats;
            options.stats = &stats;
            (void)decoder.decode_samples(file, options);
            options.stats = nullptr;
            const auto start = Clock::now();
            StartedDecode started = decoder.start(file, options);
            const auto begun = Clock::now();
            (void)decoder.finish_samples(std::move(started));
            const double to_host = since(begun);
            StartedDecode second = decoder.start(file, options);
            const auto second_begun = Clock::now();
            decoder.finish_on_device(std::move(second)).device->wait();
            const double on_device = since(second_begun);
            const auto third = Clock::now();
            (void)decoder.decode_samples(file, options);
            const double decoded = since(third);
            const auto fourth = Clock::now();
            decoder.decode_on_device(file, options).device->wait();
            const double decoded_on_device = since(fourth);
            if (run < 3) continue;  // loads, plans and records graphs
            entropy = std::min(entropy, std::chrono::duration<double>(begun - start).count());
            samples = std::min(samples, on_device);
            device = std::min(device, to_host);
            whole = std::min(whole, decoded);
            whole_device = std::min(whole_device, decoded_on_device);
            for (const StageTiming& stage : stats.stages) note(stage.stage, stage.seconds);
        }
        double networks = 0;
        fmt::print("\n{} {} rows x {} columns ({:.2f} MP), {} bytes\n", point, size.rows, size.cols,
                   static_cast<double>(size.rows * size.cols) / 1e6, file.size());
        for (const std::string& stage : order) {
            fmt::print("  {:<24}{:>10.3f} ms\n", stage, best[stage] * 1e3);
            if (stage != "parse" && stage != "load" && stage != "entropy" && stage != "download")
                networks += best[stage];
        }
        fmt::print("  {:<24}{:>10.3f} ms\n", "stages on the device", networks * 1e3);
        fmt::print("  {:<24}{:>10.3f} ms\n", "after entropy, on device", samples * 1e3);
        fmt::print("  {:<24}{:>10.3f} ms\n", "after entropy, to host", device * 1e3);
        fmt::print("  {:<24}{:>10.3f} ms, {:.3f} beyond parsing and entropy\n", "whole decode, on device",
                   whole_device * 1e3, (whole_device - entropy) * 1e3);
        fmt::print("  {:<24}{:>10.3f} ms, {:.3f} beyond\n", "whole decode, to host", whole * 1e3,
                   (whole - entropy) * 1e3);
        std::fflush(stdout);
    }

    double throughput(const Bytes& file, OperatingPoint point, std::size_t places, std::size_t threads,
                      const std::string& out) {
        const BatchOptions options{.host_threads = threads, .per_device = places};
        Repeated source(file, point, out);
        // As many as a second of work has, after some that load, plan and record.
        std::size_t count = 4 * (threads + places * decoders_.size());
        decode_batch(pointers_, count, source, options);
        double best = 0;
        for (int round = 0; round < 2; ++round) {
            const auto start = Clock::now();
            decode_batch(pointers_, count, source, options);
            const double rate = static_cast<double>(count) / since(start);
            if (round > 0) best = std::max(best, rate);
            count = std::max(count, static_cast<std::size_t>(rate * arguments_.seconds));
        }
        return source.failed == 0 ? best : 0;
    }

    const Arguments& arguments_;
    std::shared_ptr<const WeightSet> weights_;
    std::vector<std::unique_ptr<Decoder>> decoders_;
    std::vector<const Decoder*> pointers_;
};

}  // namespace
}  // namespace jpegai

int main(int count, char** values) {
    jpegai::Arguments arguments;
    CLI::App app("Times decodes on a GPU, single ones by stage and batches.");
    app.add_option("--device", arguments.device, "cuda:N[,M...] or cpu");
    app.add_option("--threads", arguments.threads, "host threads of batches")->check(CLI::Range(1, 1024));
    app.add_option("--seconds", arguments.seconds, "length of each measurement of a batch");
    app.add_option("--size", arguments.size, "ROWSxCOLS of the pictures of batches");
    app.add_option("--out", arguments.out, "folder for picture files: batches are measured with them, too");
    app.add_option("--stages", arguments.megapixels, "megapixels of single pictures: 1, 12, 40; 0: 512x512")
        ->delimiter(',');
    app.add_option("--points", arguments.points, "sop, bop, hop")->delimiter(',');
    app.add_option("--per-device", arguments.per_device, "pictures on a device at a time")->delimiter(',');
    app.add_flag("!--no-batch", arguments.batch, "single pictures only");
    CLI11_PARSE(app, count, values);
    try {
        jpegai::Bench bench(arguments);
        if (arguments.batch) bench.batches();
        bench.stages();
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "bench_cuda_batch: {}\n", error.what());
        return 1;
    }
}
