// Whole `jpegai decode` processes on made-up streams: peak memory, and time beside that of the decode alone, which is
// the same decode in this process with the models loaded, the two in turn.
//   bench_process [--threads N] [--runs N] [--large] [--cpu-time]
// --large adds the pictures that take seconds. HOP runs with random weights, the rest with the default set. --cpu-time:
// processor time of user and system, for busy machines.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/file.h"
#include "decoder/decoder.h"
#include "models/default_weights.h"
#include "models/pack_writer.h"
#include "networks/registry.h"
#include "tests/support/made_up_stream.h"
#include "tests/support/random_network.h"
#include "tools/allocator.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kModel = 1;

struct Arguments {
    unsigned threads = 1;
    int runs = 10;
    bool large = false;
    TimeKind time = TimeKind::kElapsed;
};

Arguments parse(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--large") {
            arguments.large = true;
        } else if (word == "--cpu-time") {
            arguments.time = TimeKind::kProcessor;
        } else if (i + 1 < count && word == "--threads") {
            arguments.threads = static_cast<unsigned>(std::stoul(words[++i]));
        } else if (i + 1 < count && word == "--runs") {
            arguments.runs = std::stoi(words[++i]);
        } else {
            throw Error(JPEGAI_ERROR_ARGUMENT, "unknown argument " + word);
        }
    }
    return arguments;
}

/// A folder with a pack of one model that has all three synthesis transforms; gone at the end.
class Material {
public:
    Material() {
        std::string pattern = (fs::temp_directory_path() / "jpegai-bench-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw Error(JPEGAI_ERROR_IO, "cannot make a temporary folder");
        folder_ = pattern;
        const auto weights = open_default_weights();
        std::map<std::string, Checkpoint, std::less<>> files;
        for (const Component c : {kPrimary, kSecondary}) {
            files[common_file(c, kModel)] = weights->load(common_file(c, kModel));
            for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop}) {
                const Graph graph = network_graph(NetworkKind::kSynthesis, point, c);
                files[network_file(NetworkKind::kSynthesis, point, c, kModel)] =
                    test::random_weights(graph, 1)->load("random");
            }
        }
        PackOptions options;
        options.level = 1;
        write_file(path("weights.jaiw"), write_pack(*weights_from_memory("random", std::move(files)), options));
    }
    ~Material() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    Material(const Material&) = delete;
    Material& operator=(const Material&) = delete;
    [[nodiscard]] std::string path(const std::string& name) const { return (folder_ / name).string(); }

private:
    fs::path folder_;
};

struct Usage {
    double seconds = 0, peak_mb = 0;
};

/// Runs the program and waits for it.
Usage run(const std::vector<std::string>& words, TimeKind time) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const double start = clock_seconds(TimeKind::kElapsed);
    const pid_t child = ::fork();
    if (child == 0) {
        ::execv(JPEGAI_PROGRAM, arguments.data());
        ::_exit(127);
    }
    int status = 0;
    rusage used{};
    ::wait4(child, &status, 0, &used);
    if (status != 0) throw Error(JPEGAI_ERROR_INTERNAL, "the program failed");
    const auto seconds = [](const timeval& t) {
        return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6;
    };
    const double processor = seconds(used.ru_utime) + seconds(used.ru_stime);
    return {time == TimeKind::kProcessor ? processor : clock_seconds(time) - start,
            static_cast<double>(used.ru_maxrss) * 1024 / 1e6};
}

/// Seconds that a decode to samples takes.
double time_decode(const Decoder& decoder, const std::vector<std::uint8_t>& file, TimeKind time) {
    DecodeOptions options;
    options.colour = OutputColour::kRgb;
    const double start = clock_seconds(time);
    (void)decoder.decode(file, options).to_picture(std::nullopt, decoder.rows());
    return clock_seconds(time) - start;
}

void measure(const Material& material, const Arguments& arguments, OperatingPoint point, std::uint32_t width,
             std::uint32_t height, const char* format) {
    constexpr const char* kNames[] = {"SOP", "BOP", "HOP"};
    test::MadeUpStream what;
    what.width = width;
    what.height = height;
    what.transforms = {point};
    const std::vector<std::uint8_t> file = test::make_stream(*open_default_weights(), what);
    write_file(material.path("stream.jai"), file);
    const std::string threads = std::to_string(arguments.threads);
    const std::string out = material.path(std::string("out.") + format);
    std::vector<std::string> words = {"jpegai", "decode", material.path("stream.jai"), out, "--threads", threads};
    if (point == OperatingPoint::kHop) words.insert(words.end(), {"--models", material.path("weights.jaiw")});
    const bool small = std::uint64_t{width} * height < 1'000'000 && point != OperatingPoint::kHop;
    const int runs = small ? arguments.runs : 1;
    // The system counts what a child had before it ran the program: this process should hold little.
    ::malloc_trim(0);
    const double peak = run(words, arguments.time).peak_mb;
    double process = std::numeric_limits<double>::infinity(), decode = process;
    {
        const auto weights = point == OperatingPoint::kHop ? open_weights(material.path("weights.jaiw"))
                                                           : open_default_weights();
        const Decoder decoder(weights, make_backend({"auto", arguments.threads}));
        (void)time_decode(decoder, file, arguments.time);  // loads the weights
        for (int i = 0; i < runs; ++i) {
            process = std::min(process, run(words, arguments.time).seconds * 1e3);
            decode = std::min(decode, time_decode(decoder, file, arguments.time) * 1e3);
        }
    }
    fmt::print("{:<4} {:>5}x{:<5} to {:<4} {:>9.1f} MB {:>11.1f} ms process {:>11.1f} ms decode {:>7.2f}\n",
               kNames[static_cast<int>(point)], width, height, format, peak, process, decode, process / decode);
    std::fflush(stdout);
}

void run_all(const Arguments& arguments) {
    const Material material;
    for (const OperatingPoint point : {OperatingPoint::kSop, OperatingPoint::kBop, OperatingPoint::kHop})
        measure(material, arguments, point, 560, 888, "png");
    measure(material, arguments, OperatingPoint::kBop, 560, 888, "ppm");
    if (!arguments.large) return;
    measure(material, arguments, OperatingPoint::kHop, 2096, 1400, "png");
    measure(material, arguments, OperatingPoint::kBop, 7680, 5120, "png");
}

}  // namespace
}  // namespace jpegai

int main(int argc, char** argv) {
    try {
        jpegai::tools::tune_allocator();  // the program's memory for the decodes here
        jpegai::run_all(jpegai::parse(argc, argv));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
