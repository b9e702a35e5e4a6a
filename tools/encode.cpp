// `jpegai encode`: pictures to codestreams.
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <set>
#include <thread>

#include <fmt/format.h>

#include "backend/select.h"
#include "models/places.h"
#include "tools/commands.h"
#include "tools/encode_arguments.h"
#include "tools/encode_file.h"

namespace jpegai::tools {
namespace {

constexpr const char* kEncodeExamples =
    "  jpegai encode photo.png photo.jai                                quality 50\n"
    "  jpegai encode photo.png photo.jai --bpp 0.5                      half a bit per pixel\n"
    "  jpegai encode photo.png photo.jai --size 30000 --effort 7        at most 30,000 bytes, slower and better\n"
    "  jpegai encode photo.png photo.jai --target psnr=36               36 dB of luma\n"
    "  jpegai encode photo.png photo.jai --model 2 --beta -184,-100     fixed: luma, chroma\n"
    "  jpegai encode *.png --out-dir coded/ --quality 60 --jobs 4       several pictures\n"
    "  jpegai encode frame.yuv frame.jai --format 1920x1080_10bit_420 --bpp 0.3\n"
    "  jpegai encode photo.png photo.jai --roi face.png --roi-quality 4,-2 --bpp 0.2\n"
    "  jpegai encode photo.png photo.jai --profile simple --tools lsbs,lef --json";

struct EncodeJob {
    std::string in, out;
};

std::vector<EncodeJob> jobs_of(const EncodeArguments& arguments, bool json) {
    if (arguments.out_dir.empty()) {
        if (arguments.paths.size() != 2) {
            throw UsageError("give one input and one output, or several inputs with --out-dir");
        }
        if (json && arguments.paths[1] == "-")
            throw UsageError("--json and the codestream cannot share standard output");
        return {{arguments.paths[0], arguments.paths[1]}};
    }
    std::vector<EncodeJob> jobs;
    std::set<std::string> outputs;
    for (const std::string& in : arguments.paths) {
        const std::filesystem::path folder = arguments.out_dir;
        const std::string out = (folder / std::filesystem::path(in).stem()).string() + ".jai";
        if (!outputs.insert(out).second) throw UsageError(fmt::format("several inputs would be written to {}", out));
        jobs.push_back({in, out});
    }
    std::error_code failed;
    std::filesystem::create_directories(arguments.out_dir, failed);
    if (failed) throw Error(JPEGAI_ERROR_IO, fmt::format("cannot make {}: {}", arguments.out_dir, failed.message()));
    return jobs;
}

/// Several pictures, some at a time; the failure of one does not stop the others.
ExitCode encode_batch(const Encoder& encoder, const std::vector<EncodeJob>& jobs, const EncodeArguments& arguments,
                      const CommonOptions& common) {
    std::vector<nlohmann::ordered_json> reports(jobs.size());
    std::atomic<std::size_t> next = 0;
    std::atomic<bool> failed = false;
    std::mutex output;
    const auto work = [&] {
        for (std::size_t i = next++; i < jobs.size(); i = next++) {
            const auto note = [&](const Error& error) {
                const std::lock_guard lock(output);
                print_error(display_name(jobs[i].in), error);
                reports[i] = {{"in", jobs[i].in}, {"error", error_json(error)}};
                failed = true;
            };
            try {
                reports[i] = encode_file(encoder, jobs[i].in, jobs[i].out, arguments, common);
                const std::lock_guard lock(output);
                if (!common.json && !common.quiet) print_text(encode_text(reports[i], arguments.stats));
            } catch (const Error& error) {
                note(error);
            } catch (const std::bad_alloc&) {
                note(Error(JPEGAI_ERROR_MEMORY, "out of memory"));
            } catch (const std::exception& error) {
                note(Error(JPEGAI_ERROR_INTERNAL, error.what()));
            }
        }
    };
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min<std::size_t>(arguments.jobs, jobs.size()); ++i) threads.emplace_back(work);
    work();
    for (std::thread& thread : threads) thread.join();
    if (common.json) print_json({{"files", reports}});
    return failed ? kExitFailed : kExitOk;
}

ExitCode encode(const EncodeArguments& arguments, const CommonOptions& common) {
    {
        EncodeOptions unused;  // a command line that makes no sense fails before anything is read
        (void)rate_target(arguments, unused);
        (void)read_options(arguments);
    }
    const std::vector<EncodeJob> jobs = jobs_of(arguments, common.json);
    const auto weights = open_models(arguments.models);
    const unsigned threads =
        arguments.threads != 0 ? arguments.threads : std::max(1U, std::thread::hardware_concurrency() / arguments.jobs);
    const Encoder encoder(weights, make_backend({arguments.cpu, threads, arguments.device}));
    if (!arguments.out_dir.empty()) return encode_batch(encoder, jobs, arguments, common);
    const nlohmann::ordered_json report = encode_file(encoder, jobs.front().in, jobs.front().out, arguments, common);
    if (common.json) {
        print_json(report);
    } else if (jobs.front().out != "-" && !common.quiet) {
        print_text(encode_text(report, arguments.stats));
    }
    return kExitOk;
}

}  // namespace

void add_encode(CLI::App& program, Invocation& invocation) {
    auto arguments = std::make_shared<EncodeArguments>();
    CLI::App& command = *program.add_subcommand("encode", "Encode pictures to codestreams");
    declare_encode_options(command, *arguments);
    finish_command(command, invocation, kEncodeExamples,
                   [arguments, &invocation] { return encode(*arguments, invocation.common); });
}

}  // namespace jpegai::tools
