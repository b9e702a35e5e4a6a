// What every subcommand shares: options, error reports, exit codes, input of codestreams.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "bitstream/codestream.h"

namespace jpegai::tools {

/// Exit status of the program.
enum ExitCode : int {
    kExitOk = 0,
    kExitFailed = 1,  ///< the command was understood but could not do its work
    kExitUsage = 2,   ///< the command line makes no sense
};

/// A command line that makes no sense whatever the files contain; ends the program with kExitUsage.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

/// Options that every subcommand has.
struct CommonOptions {
    bool json = false;
    bool quiet = false;
    bool verbose = false;
};

/// Set by the subcommand that the command line names, run by main.
struct Invocation {
    CommonOptions common;
    std::string command;               ///< "info", "models list"
    std::function<ExitCode()> action;  ///< may throw
};

/// Adds --json, --quiet and --verbose, `examples` as the end of the help text, and makes `action` what the program does
/// when the subcommand is named.
void finish_command(CLI::App& command, Invocation& invocation, const std::string& examples,
                    std::function<ExitCode()> action);

/// Runs the action and reports what it throws. Also fails when standard output cannot be written.
[[nodiscard]] ExitCode run_guarded(const Invocation& invocation);

/// {"code", "offset", "message"} of a failure; offset is null when it has no place in a file.
[[nodiscard]] nlohmann::ordered_json error_json(const Error& error);
/// {"code": "usage", "offset": null, "message"}.
[[nodiscard]] nlohmann::ordered_json usage_json(const std::string& message);

/// "jpegai: error: <file>: <typed error> at byte N: message" on standard error; `file` may be empty.
void print_error(const std::string& file, const Error& error);
/// "jpegai: warning: ..." on standard error, unless --quiet.
void print_warning(const CommonOptions& options, const std::string& message);

/// The document on standard output, indented, with a final newline.
void print_json(const nlohmann::ordered_json& document);
/// Text on standard output as it is.
void print_text(const std::string& text);

/// An Error that remembers which file it is about.
class FileError : public Error {
public:
    FileError(std::string file, const Error& error)
        : Error(error.code(), error.offset(), error.what()), file_(std::move(file)) {}
    [[nodiscard]] const std::string& file() const noexcept { return file_; }

private:
    std::string file_;
};

/// "standard input" for "-", the path otherwise.
[[nodiscard]] std::string display_name(const std::string& path);

/// A codestream and the bytes it was parsed from.
struct LoadedStream {
    std::string path;
    std::vector<std::uint8_t> file;
    Codestream stream;
};

/// The bytes of a codestream; "-" is standard input. Throws Error{io}, Error{truncated} for an empty file, and
/// Error{structure} that says what the file seems to be when it is of another well-known format.
[[nodiscard]] std::vector<std::uint8_t> read_stream_file(const std::string& path);

/// Reads and parses a codestream. Throws FileError around what read_stream_file() and parse_codestream() throw.
[[nodiscard]] LoadedStream load_stream(const std::string& path, const ParseOptions& options);

/// "is" or "dis".
[[nodiscard]] const char* dialect_id(Dialect dialect);

}  // namespace jpegai::tools
