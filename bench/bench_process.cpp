// Whole `jpegai decode` processes on made-up streams: peak memory, and time beside that of the decode alone.
//   bench_process [--threads N] [--runs N] [--large]
// --large adds the pictures that take seconds. HOP runs with random weights, the rest with the default set.
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "models/default_weights.h"
#include "models/pack_writer.h"
#include "networks/registry.h"
#include "tests/support/made_up_stream.h"
#include "tests/support/random_network.h"

namespace jpegai {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kModel = 1;

struct Arguments {
    std::string threads = "1";
    int runs = 10;
    bool large = false;
};

Arguments parse(int count, char** words) {
    Arguments arguments;
    for (int i = 1; i < count; ++i) {
        const std::string word = words[i];
        if (word == "--large") {
            arguments.large = true;
        } else if (i + 1 < count && word == "--threads") {
            arguments.threads = words[++i];
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
    double seconds = std::numeric_limits<double>::infinity();
    double peak_mb = 0;
    std::string output;
};

/// Runs the program and waits for it.
Usage run(const std::vector<std::string>& words) {
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    int ends[2];
    if (::pipe(ends) != 0) throw Error(JPEGAI_ERROR_IO, "pipe");
    // The system counts what a child had before it ran the program.
    ::malloc_trim(0);
    const auto start = std::chrono::steady_clock::now();
    const pid_t child = ::fork();
    if (child == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::execv(JPEGAI_PROGRAM, arguments.data());
        ::_exit(127);
    }
    ::close(ends[1]);
    Usage usage;
    char buffer[4096];
    for (ssize_t got; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        usage.output.append(buffer, static_cast<std::size_t>(got));
    ::close(ends[0]);
    int status = 0;
    rusage used{};
    ::wait4(child, &status, 0, &used);
    usage.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    usage.peak_mb = static_cast<double>(used.ru_maxrss) * 1024 / 1e6;
    if (status != 0) throw Error(JPEGAI_ERROR_INTERNAL, "the program failed");
    return usage;
}

/// Milliseconds of all stages but the loading of weights, from --stats.
double decode_ms(const std::string& output) {
    double total = 0;
    for (std::size_t at = 0; at < output.size();) {
        const std::size_t end = std::min(output.find('\n', at), output.size());
        const std::string line = output.substr(at, end - at);
        at = end + 1;
        char name[64];
        double ms = 0;
        if (std::sscanf(line.c_str(), "  %24[a-zA-Z ] %lf ms", name, &ms) != 2) continue;
        if (std::strncmp(name, "total", 5) == 0) return total;
        if (std::strncmp(name, "load", 4) != 0) total += ms;
    }
    return total;
}

void measure(const Material& material, const Arguments& arguments, OperatingPoint point, std::uint32_t width,
             std::uint32_t height, const char* format) {
    constexpr const char* kNames[] = {"SOP", "BOP", "HOP"};
    test::MadeUpStream what;
    what.width = width;
    what.height = height;
    what.transforms = {point};
    write_file(material.path("stream.jai"), test::make_stream(*open_default_weights(), what));
    std::vector<std::string> words = {"jpegai",
                                      "decode",
                                      material.path("stream.jai"),
                                      material.path(std::string("out.") + format),
                                      "--threads",
                                      arguments.threads,
                                      "--stats"};
    if (point == OperatingPoint::kHop) words.insert(words.end(), {"--models", material.path("weights.jaiw")});
    const bool small = std::uint64_t{width} * height < 1'000'000 && point != OperatingPoint::kHop;
    double process = std::numeric_limits<double>::infinity(), decode = process, peak = 0;
    for (int i = 0; i < (small ? arguments.runs : 1); ++i) {
        const Usage usage = run(words);
        process = std::min(process, usage.seconds * 1e3);
        decode = std::min(decode, decode_ms(usage.output));
        peak = std::max(peak, usage.peak_mb);
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
        jpegai::run_all(jpegai::parse(argc, argv));
        return 0;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 1;
    }
}
