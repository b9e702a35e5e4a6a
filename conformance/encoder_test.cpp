#include "conformance/encoder_test.h"

#include <chrono>
#include <cmath>
#include <filesystem>

#include <fmt/format.h>

#include "backend/select.h"
#include "base/file.h"
#include "base/scratch_folder.h"
#include "conformance/encoder_pictures.h"
#include "conformance/process.h"
#include "decoder/decoder.h"
#include "picture_io/picture_io.h"
#include "profiles/profiles.h"

namespace jpegai::conformance {
namespace {

/// "420".
std::string short_name(ChromaFormat format) {
    std::string name = format.name();
    std::erase(name, ':');
    return name;
}

std::string input_name(const EncoderPicture& picture) {
    if (picture.model == ColourModel::kRgb) return "in.png";
    return fmt::format("in_{}x{}_{}bit_{}.yuv", picture.width, picture.height, picture.bit_depth,
                       short_name(picture.chroma));
}

std::string describe(ColourModel model, ChromaFormat chroma, unsigned depth, std::size_t cols, std::size_t rows) {
    const std::string colours = model == ColourModel::kRgb   ? "RGB"
                                : model == ColourModel::kYuv ? "YUV " + std::string(chroma.name())
                                                             : "grey";
    return fmt::format("{} of {}x{} samples of {} bits", colours, cols, rows, depth);
}

/// One picture at one rate.
struct Task {
    const EncoderPicture* picture = nullptr;
    std::optional<double> rate;
};

class EncoderTest {
public:
    EncoderTest(const Suite& suite, const std::shared_ptr<const WeightSet>& weights, const EncoderOptions& options)
        : options_(options), weights_(weights) {
        for (const char* needed : {"{in}", "{out}"}) {
            if (!names(needed))
                throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("the encoder's command has no {}", needed));
        }
        if (weights_ != nullptr) decoder_ = std::make_unique<Decoder>(weights_, make_backend({}));
        Suite& own = result_.suite;
        own.name = "encoder " + suite.name;
        own.dialect = suite.dialect;
        own.profile = suite.profile;
        own.level = suite.level;
    }

    EncoderReport run() {
        const std::vector<Task> tasks = list_tasks();
        RunReport& report = result_.report;
        report.device = options_.command;
        report.results.resize(tasks.size());
        const auto start = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < tasks.size(); ++i) {
            current_ = &report.results[i];
            current_->test = &result_.suite.cases[i];
            judge(tasks[i]);
            if (options_.done) options_.done(*current_);
        }
        report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
        return std::move(result_);
    }

private:
    [[nodiscard]] bool names(const char* placeholder) const {
        return options_.command.find(placeholder) != std::string::npos;
    }

    std::vector<Task> list_tasks() {
        std::vector<Task> tasks;
        for (const EncoderPicture& picture : encoder_pictures()) {
            std::vector<std::optional<double>> rates(picture.rates.begin(), picture.rates.end());
            if (!names("{bpp}")) rates = {std::nullopt};
            for (const auto& rate : rates) {
                Case test;
                test.name = "encode_" + picture.name + (rate ? fmt::format("_{:g}bpp", *rate) : "");
                test.title = picture.title;
                test.group = picture.model == ColourModel::kRgb ? "rgb" : "yuv";
                test.clauses = {"05"};
                if (!selects(options_.filter, test.name, test.group)) continue;
                result_.suite.cases.push_back(std::move(test));
                tasks.push_back({&picture, rate});
            }
        }
        return tasks;
    }

    void fail(const char* stage, const std::string& clause, const std::string& message) {
        current_->verdict = Verdict::kFail;
        current_->stage = stage;
        current_->clause = clause;
        current_->message = message;
    }
    [[nodiscard]] bool failed() const { return current_->verdict == Verdict::kFail; }

    void judge(const Task& task) {
        const ScratchFolder scratch("conformance");
        const Picture source = draw(*task.picture);
        const std::string out = scratch.path("out.jai");
        encode(task, scratch, source, out);
        if (failed()) return;
        std::vector<std::uint8_t> stream;
        try {
            stream = read_file(out);
        } catch (const Error&) {
            fail("encoder", "", "exit status 0, but no stream");
            return;
        }
        judge_stream(stream);
        if (!failed() && decoder_ != nullptr) judge_picture(source, stream);
        if (!failed() && task.rate) judge_rate(task, stream.size());
    }

    void encode(const Task& task, const ScratchFolder& scratch, const Picture& source, const std::string& out) {
        const EncoderPicture& picture = *task.picture;
        const std::string in = scratch.path(input_name(picture));
        write_picture(in, source);
        std::string command = options_.command;
        replace_all(command, "{in}", shell_quoted(in));
        replace_all(command, "{out}", shell_quoted(out));
        replace_all(command, "{bpp}", task.rate ? fmt::format("{:g}", *task.rate) : "");
        replace_all(command, "{width}", std::to_string(picture.width));
        replace_all(command, "{height}", std::to_string(picture.height));
        replace_all(command, "{depth}", std::to_string(picture.bit_depth));
        replace_all(command, "{format}", short_name(picture.chroma));
        replace_all(command, "{profile}", profile_name(result_.suite.profile));
        replace_all(command, "{level}", level_name(result_.suite.level));
        replace_all(command, "{dialect}", result_.suite.dialect == Dialect::kIs ? "is" : "dis");
        const CommandResult ran = run_command(command, options_.timeout_seconds, scratch.path("log"));
        current_->seconds = ran.seconds;
        if (ran.timed_out) {
            fail("time limit", "", fmt::format("no answer after {:.0f} s", options_.timeout_seconds));
        } else if (ran.signal != 0) {
            fail("crash", "", fmt::format("ended by signal {}: {}", ran.signal, ran.output));
        } else if (ran.exit_status != 0) {
            fail("encoder", "", fmt::format("exit status {}: {}", ran.exit_status, ran.output));
        }
    }

    void judge_stream(std::span<const std::uint8_t> stream) {
        VerifyOptions verify;
        verify.profile = result_.suite.profile;
        verify.level = result_.suite.level;
        verify.weights = weights_;
        const std::vector<Finding> findings = verify_stream(stream, verify);
        if (!findings.empty()) {
            const Finding& first = findings.front();
            std::string message = first.rule + ": " + first.message;
            if (findings.size() > 1) message += fmt::format(", and {} more", findings.size() - 1);
            fail("stream", first.clause, message);
            return;
        }
        if (parse_codestream(stream).dialect != result_.suite.dialect) {
            fail("stream", "01 section 1", "the picture header is written in the other dialect");
        }
    }

    void judge_picture(const Picture& source, std::span<const std::uint8_t> stream) {
        Picture found;
        try {
            found = decoder_->decode(stream).to_picture();
        } catch (const Error& error) {
            fail("decoding", "", error.describe());
            return;
        }
        const std::string wanted =
            describe(source.model, source.chroma, source.bit_depth, source.cols(), source.rows());
        const std::string got = describe(found.model, found.chroma, found.bit_depth, found.cols(), found.rows());
        if (got != wanted) {
            fail("picture", "01 sections 6 and 11", got + " instead of " + wanted);
            return;
        }
        current_->difference = compare_pictures(source, found);
        const double rms = std::max(current_->difference->rms, 1e-6);
        const double psnr = 20 * std::log10(source.max_value() / rms);
        if (psnr < options_.least_psnr) {
            fail("quality", "05",
                 fmt::format("a PSNR of {:.1f} dB, at least {:.1f} are expected", psnr, options_.least_psnr));
            current_->picture = std::move(found);
        }
    }

    void judge_rate(const Task& task, std::size_t bytes) {
        const double samples = static_cast<double>(task.picture->width) * task.picture->height;
        const double rate = 8.0 * static_cast<double>(bytes) / samples;
        // A byte cannot be split: very small files may be off by some.
        const double slack = options_.rate_tolerance * *task.rate + 16.0 / samples;
        if (std::abs(rate - *task.rate) <= slack) return;
        fail("rate", "05",
             fmt::format("{:.4f} bits per pixel instead of {:g}, {:.1f} % are allowed", rate, *task.rate,
                         100 * options_.rate_tolerance));
    }

    const EncoderOptions& options_;
    std::shared_ptr<const WeightSet> weights_;
    std::unique_ptr<Decoder> decoder_;
    EncoderReport result_;
    CaseResult* current_ = nullptr;
};

}  // namespace

EncoderReport test_encoder(const Suite& suite, std::shared_ptr<const WeightSet> weights,
                           const EncoderOptions& options) {
    return EncoderTest(suite, weights, options).run();
}

}  // namespace jpegai::conformance
