// Any program as the device under test.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

#include "base/file.h"
#include "conformance/device.h"
#include "conformance/process.h"
#include "picture_io/picture_io.h"

namespace jpegai::conformance {
namespace {

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

/// The word that follows `"code":` or "jpegai: error: ... <class> error" in what the program printed, when it is one of
/// the classes of docs/CLI.md; empty otherwise.
std::string reported_class(const std::string& output) {
    for (int code = JPEGAI_ERROR_ARGUMENT; code <= JPEGAI_ERROR_INTERNAL; ++code) {
        const std::string name = jpegai_error_name(static_cast<jpegai_error>(code));
        if (output.find("\"code\": \"" + name + "\"") != std::string::npos ||
            output.find(" " + name + " error") != std::string::npos) {
            return name;
        }
    }
    return {};
}

/// Samples of another depth than the expected one: programs that know nothing of sBIT store 10 bit content as 16 bit.
void adapt_depth(Picture& picture, unsigned wanted) {
    if (picture.bit_depth <= wanted) return;
    const unsigned shift = picture.bit_depth - wanted;
    for (auto& plane : picture.planes) {
        for (std::uint16_t& sample : plane.span()) sample = static_cast<std::uint16_t>(sample >> shift);
    }
    picture.bit_depth = wanted;
}

ChromaFormat format_of(const ExpectedPicture& expected) {
    if (expected.format == "4:2:0") return {2, 2};
    return expected.format == "4:2:2" ? ChromaFormat{1, 2} : ChromaFormat{1, 1};
}

Picture read_output(const std::string& path, const ExpectedPicture& expected) {
    ReadOptions options;
    if (!expected.rgb) {
        options.raw = RawLayout{expected.height, expected.width, format_of(expected), false, expected.bit_depth};
    }
    Picture picture = read_picture(path, options);
    adapt_depth(picture, expected.bit_depth);
    return picture;
}

class ExternalDevice final : public Device {
public:
    explicit ExternalDevice(ExternalOptions options) : options_(std::move(options)) {
        if (options_.command.find("{in}") == std::string::npos) {
            throw Error(JPEGAI_ERROR_ARGUMENT, "the decoder's command has no {in}");
        }
    }

    [[nodiscard]] std::string describe() const override { return options_.command; }
    [[nodiscard]] bool bit_exact() const override { return false; }
    [[nodiscard]] bool reads_headers() const override { return false; }

    [[nodiscard]] Outcome run(const std::string& suite_folder, const Case& test) const override {
        const ScratchFolder scratch;
        std::filesystem::create_directories(scratch.path("dump"));
        const std::string in = std::filesystem::absolute(std::filesystem::path(suite_folder) / test.stream).string();
        const std::string out = scratch.path(output_name(test));
        const CommandResult ran = run_command(command_line(test, in, out, scratch.path("dump")),
                                              options_.timeout_seconds, scratch.path("log"));
        Outcome outcome;
        outcome.seconds = ran.seconds;
        outcome.message = ran.output;
        if (ran.timed_out) {
            outcome.status = Outcome::Status::kTimedOut;
            outcome.message = fmt::format("no answer after {:.0f} s", options_.timeout_seconds);
        } else if (ran.signal != 0) {
            outcome.status = Outcome::Status::kCrashed;
            outcome.message = fmt::format("ended by signal {}: {}", ran.signal, ran.output);
        } else if (ran.exit_status != 0) {
            outcome.status = Outcome::Status::kRefused;
            outcome.error_class = reported_class(ran.output);
        } else {
            take_results(test, out, outcome);
        }
        take_stages(scratch.path("dump"), outcome);
        return outcome;
    }

private:
    static std::string output_name(const Case& test) {
        if (!test.picture || test.picture->rgb) return "out.png";
        const ExpectedPicture& picture = *test.picture;
        std::string format = picture.format;
        std::erase(format, ':');
        return fmt::format("out_{}x{}_{}bit_{}.yuv", picture.width, picture.height, picture.bit_depth, format);
    }

    [[nodiscard]] std::string command_line(const Case& test, const std::string& in, const std::string& out,
                                           const std::string& dump) const {
        std::string command = options_.command;
        replace_all(command, "{in}", shell_quoted(in));
        replace_all(command, "{out}", shell_quoted(out));
        replace_all(command, "{dump}", shell_quoted(dump));
        replace_all(command, "{width}", std::to_string(test.picture ? test.picture->width : 0));
        replace_all(command, "{height}", std::to_string(test.picture ? test.picture->height : 0));
        replace_all(command, "{depth}", std::to_string(test.picture ? test.picture->bit_depth : 8));
        return command;
    }

    static void take_results(const Case& test, const std::string& out, Outcome& outcome) {
        if (!test.picture) return;
        try {
            outcome.picture = read_output(out, *test.picture);
        } catch (const Error& error) {
            outcome.status = Outcome::Status::kUnusable;
            outcome.message = fmt::format("exit status 0, but no readable picture: {}", error.what());
        }
    }

    static void take_stages(const std::string& folder, Outcome& outcome) {
        for (const auto& entry : std::filesystem::directory_iterator(folder)) {
            if (entry.path().extension() != ".npy" || find_stage(entry.path().stem().string()) == nullptr) continue;
            try {
                outcome.stages[entry.path().stem().string()] = read_npy(entry.path().string());
            } catch (const Error&) {
                continue;  // a dump cut short by a crash says nothing
            }
        }
    }

    ExternalOptions options_;
};

}  // namespace

std::unique_ptr<Device> external_device(const ExternalOptions& options) {
    return std::make_unique<ExternalDevice>(options);
}

}  // namespace jpegai::conformance
