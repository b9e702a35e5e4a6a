// `jpegai decode --batch`: many files at a time.
#include <map>
#include <mutex>

#include <fmt/format.h>

#include "base/file.h"
#include "decoder/batch.h"
#include "tools/decode_arguments.h"
#include "tools/progress.h"

namespace jpegai::tools {
namespace {

class FileBatch final : public BatchSource {
public:
    FileBatch(const std::vector<DecodePaths>& jobs, const DecodeArguments& arguments, const CommonOptions& common)
        : jobs_(jobs),
          arguments_(arguments),
          common_(common),
          reports_(jobs.size()),
          done_(jobs.size()),
          line_(fmt::format("{} files", jobs.size()), !common.quiet) {}

    std::vector<std::uint8_t> read(std::size_t index) override { return read_stream_file(jobs_[index].first); }

    DecodeOptions options(std::size_t index) override {
        DecodeOptions options = decode_options(arguments_);
        options.colour = output_colour(arguments_, format_of(index));
        return options;
    }
    std::optional<unsigned> depth(std::size_t /*index*/) override { return output_depth(arguments_); }

    void write(std::size_t index, Picture picture) override {
        write_decoded(jobs_[index].second, format_of(index), picture);
        nlohmann::ordered_json report = {{"file", jobs_[index].first}, {"out", jobs_[index].second}};
        report_picture(report, picture);
        if (arguments_.md5) report["md5"] = plane_md5(picture);
        reports_[index] = std::move(report);
    }

    void done(std::size_t index, const Error* error) override {
        const std::lock_guard lock(mutex_);
        if (error != nullptr) {
            reports_[index] = {{"file", jobs_[index].first}, {"error", error_json(*error)}};
            errors_.emplace(index, *error);
        }
        done_[index] = true;
        ++finished_;
        line_.update(static_cast<double>(finished_) / static_cast<double>(jobs_.size()));
        // What is printed comes in the order of the files.
        for (; told_ < jobs_.size() && done_[told_]; ++told_) tell(told_);
    }

    ExitCode finish() {
        if (common_.json) print_json(reports_);
        return errors_.empty() ? kExitOk : kExitFailed;
    }

private:
    [[nodiscard]] PictureFormat format_of(std::size_t index) const {
        return output_format(jobs_[index].second, arguments_.format);
    }

    void tell(std::size_t index) {
        if (const auto error = errors_.find(index); error != errors_.end()) {
            print_error(jobs_[index].first, error->second);
            return;
        }
        if (common_.json) return;
        const auto& report = reports_[index];
        std::string text;
        if (arguments_.md5) {
            for (std::size_t i = 0; i < report["md5"].size(); ++i)
                text += fmt::format("{}  {} plane {}\n", report["md5"][i].get<std::string>(), jobs_[index].second, i);
        }
        if (common_.verbose) {
            text += fmt::format("{}: {}x{}, {} bit\n", jobs_[index].second, report["width"].get<std::size_t>(),
                                report["height"].get<std::size_t>(), report["bit_depth"].get<unsigned>());
        }
        if (!text.empty()) print_text(text);
    }

    const std::vector<DecodePaths>& jobs_;
    const DecodeArguments& arguments_;
    const CommonOptions& common_;
    std::vector<nlohmann::ordered_json> reports_;
    std::mutex mutex_;  ///< of what follows
    std::vector<bool> done_;
    std::map<std::size_t, Error> errors_;
    std::size_t finished_ = 0, told_ = 0;
    ProgressLine line_;
};

}  // namespace

ExitCode decode_files(const std::vector<std::shared_ptr<const Decoder>>& decoders, const std::vector<DecodePaths>& jobs,
                      const DecodeArguments& arguments, const CommonOptions& common) {
    std::vector<const Decoder*> pointers;
    for (const auto& decoder : decoders) pointers.push_back(decoder.get());
    FileBatch batch(jobs, arguments, common);
    decode_batch(pointers, jobs.size(), batch,
                 {.host_threads = arguments.jobs, .max_memory = arguments.max_memory << 20});
    return batch.finish();
}

}  // namespace jpegai::tools
