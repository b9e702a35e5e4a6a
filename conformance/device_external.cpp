// Any program as the device under test.
#include <algorithm>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/file.h"
#include "base/scratch_folder.h"
#include "conformance/device.h"
#include "conformance/process.h"
#include "picture_io/picture_io.h"

namespace jpegai::conformance {
namespace {

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

/// The last line that is not empty: the one that says what went wrong.
std::string last_line(std::string output) {
    while (!output.empty() && (output.back() == '\n' || output.back() == ' ')) output.pop_back();
    const std::size_t start = output.rfind('\n');
    return start == std::string::npos ? output : output.substr(start + 1);
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
    [[nodiscard]] bool can_choose(const DecodeChoice& choice) const override {
        return (!choice.channels || names("{channels}")) && (!choice.transform || names("{transform}")) &&
               (!choice.window || names("{window}"));
    }

    [[nodiscard]] Outcome run(const std::string& suite_folder, const Case& test) const override {
        const ScratchFolder scratch("conformance");
        std::filesystem::create_directories(scratch.path("dump"));
        const std::string in = std::filesystem::absolute(std::filesystem::path(suite_folder) / test.stream).string();
        const std::string out = scratch.path(output_name(test));
        const CommandResult ran = run_command(command_line(test, in, out, scratch.path("dump")),
                                              options_.timeout_seconds, scratch.path("log"));
        Outcome outcome;
        outcome.seconds = ran.seconds;
        outcome.message = last_line(ran.output);
        if (ran.timed_out) {
            outcome.status = Outcome::Status::kTimedOut;
            outcome.message = fmt::format("no answer after {:.0f} s", options_.timeout_seconds);
        } else if (ran.signal != 0) {
            outcome.status = Outcome::Status::kCrashed;
            outcome.message = fmt::format("ended by signal {}: {}", ran.signal, outcome.message);
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

    [[nodiscard]] bool names(const char* placeholder) const {
        return options_.command.find(placeholder) != std::string::npos;
    }

    /// What a decoder is asked for as text; without a choice it is everything.
    static void replace_choices(std::string& command, const Case& test) {
        static constexpr std::array<const char*, 3> kTransforms = {"sop", "bop", "hop"};
        const auto channels = test.decode.channels.value_or(
            std::array<std::uint32_t, kComponents>{kLatentChannels[kPrimary], kLatentChannels[kSecondary]});
        replace_all(command, "{channels}", fmt::format("{},{}", channels[0], channels[1]));
        const std::size_t listed = test.header.value("pic_header.synthesis_transform_id[0]", std::size_t{0});
        replace_all(command, "{transform}", kTransforms[test.decode.transform.value_or(listed) % kTransforms.size()]);
        const auto whole = test.picture
                               ? std::array<std::uint32_t, 4>{0, 0, static_cast<std::uint32_t>(test.picture->width),
                                                              static_cast<std::uint32_t>(test.picture->height)}
                               : std::array<std::uint32_t, 4>{0, 0, 1, 1};
        replace_all(command, "{window}", fmt::format("{}", fmt::join(test.decode.window.value_or(whole), ",")));
    }

    [[nodiscard]] std::string command_line(const Case& test, const std::string& in, const std::string& out,
                                           const std::string& dump) const {
        std::string command = options_.command;
        replace_all(command, "{in}", shell_quoted(in));
        replace_all(command, "{out}", shell_quoted(out));
        replace_all(command, "{dump}", shell_quoted(dump));
        replace_choices(command, test);
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
