#include "tools/common.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <new>
#include <string_view>

#include <fmt/format.h>

#include "base/file.h"

namespace jpegai::tools {
namespace {

using Json = nlohmann::ordered_json;

/// First bytes of formats that people give by mistake.
struct Signature {
    std::size_t offset;
    std::string_view bytes;
    std::string_view format;
};
constexpr std::array<Signature, 13> kSignatures = {{
    {0, "\x89PNG", "a PNG picture"},
    {0, "\xFF\xD8\xFF", "a JPEG picture (of the 1992 standard)"},
    {0, "\xFF\x0A", "a JPEG XL codestream"},
    {4, "JXL \r\n", "a JPEG XL file"},
    {4, "jP  \r\n", "a JPEG 2000 file"},
    {0, "\xFF\x4F\xFF\x51", "a JPEG 2000 codestream"},
    {0, "GIF8", "a GIF picture"},
    {8, "WEBP", "a WebP picture"},
    {4, "ftyp", "an ISO media file (AVIF, HEIF, MP4)"},
    {0, "P6", "a PPM picture"},
    {0, "P5", "a PGM picture"},
    {0, "PK\x03\x04", "a ZIP archive"},
    {0, "\x93NUMPY", "a NumPy array"},
}};

std::string_view other_format(std::span<const std::uint8_t> file) {
    for (const Signature& signature : kSignatures) {
        if (file.size() < signature.offset + signature.bytes.size()) continue;
        const auto start = file.begin() + static_cast<std::ptrdiff_t>(signature.offset);
        const bool same = std::equal(signature.bytes.begin(), signature.bytes.end(), start,
                                     [](char a, std::uint8_t b) { return static_cast<std::uint8_t>(a) == b; });
        if (same) return signature.format;
    }
    return {};
}

void report(const Invocation& invocation, const std::string& file, const Error& error) {
    print_error(file, error);
    if (invocation.common.json) {
        Json document;
        if (!file.empty()) document["file"] = file;
        document["error"] = error_json(error);
        print_json(document);
    }
}

/// "info", "models list": the words that name a subcommand.
std::string full_name(const CLI::App& command) {
    const CLI::App* const parent = command.get_parent();
    const bool nested = parent != nullptr && parent->get_parent() != nullptr;
    return nested ? full_name(*parent) + ' ' + command.get_name() : command.get_name();
}

ExitCode run_action(const Invocation& invocation) {
    try {
        return invocation.action();
    } catch (const UsageError& error) {
        fmt::print(stderr, "jpegai: error: {}\nTry 'jpegai {} --help'.\n", error.what(), invocation.command);
        if (invocation.common.json) print_json({{"error", usage_json(error.what())}});
        return kExitUsage;
    } catch (const FileError& error) {
        report(invocation, error.file(), error);
    } catch (const Error& error) {
        report(invocation, "", error);
    } catch (const std::bad_alloc&) {
        report(invocation, "", Error(JPEGAI_ERROR_MEMORY, "out of memory"));
    } catch (const std::exception& error) {
        report(invocation, "", Error(JPEGAI_ERROR_INTERNAL, error.what()));
    }
    return kExitFailed;
}

}  // namespace

void finish_command(CLI::App& command, Invocation& invocation, const std::string& examples,
                    std::function<ExitCode()> action) {
    command.add_flag("--json", invocation.common.json, "Print one JSON document instead of text");
    auto* quiet = command.add_flag("-q,--quiet", invocation.common.quiet, "Print errors only");
    command.add_flag("-v,--verbose", invocation.common.verbose, "Print more")->excludes(quiet);
    command.footer("Examples:\n" + examples);
    command.callback([&invocation, name = full_name(command), run = std::move(action)] {
        invocation.command = name;
        invocation.action = run;
    });
}

ExitCode run_guarded(const Invocation& invocation) {
    const ExitCode code = run_action(invocation);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    print_error("", Error(JPEGAI_ERROR_IO, "cannot write standard output"));
    return code == kExitOk ? kExitFailed : code;
}

Json error_json(const Error& error) {
    Json offset = nullptr;
    if (error.offset() != kNoOffset) offset = error.offset();
    return {{"code", jpegai_error_name(error.code())}, {"offset", offset}, {"message", error.what()}};
}

Json usage_json(const std::string& message) {
    return {{"code", "usage"}, {"offset", nullptr}, {"message", message}};
}

void print_error(const std::string& file, const Error& error) {
    // Messages about opening and writing name the file themselves.
    const bool named = file.empty() || std::string_view(error.what()).find(file) != std::string_view::npos;
    fmt::print(stderr, "jpegai: error: {}{}\n", named ? "" : display_name(file) + ": ", error.describe());
}

void print_warning(const CommonOptions& options, const std::string& message) {
    if (!options.quiet) fmt::print(stderr, "jpegai: warning: {}\n", message);
}

void print_json(const Json& document) {
    // Names and previews may hold any bytes; what is not UTF-8 is replaced rather than refused.
    print_text(document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n');
}

void print_text(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);  // run_guarded looks at the stream's error state
}

std::string display_name(const std::string& path) {
    return path == "-" ? "standard input" : path;
}

std::vector<std::uint8_t> read_stream_file(const std::string& path) {
    std::vector<std::uint8_t> file = read_file(path);
    if (file.empty()) throw Error(JPEGAI_ERROR_TRUNCATED, 0, "the file is empty");
    if (const std::string_view format = other_format(file); !format.empty())
        throw Error(JPEGAI_ERROR_STRUCTURE, 0, fmt::format("not a JPEG AI codestream: this is {}", format));
    return file;
}

LoadedStream load_stream(const std::string& path, const ParseOptions& options) {
    LoadedStream loaded;
    loaded.path = path;
    try {
        loaded.file = read_stream_file(path);
        loaded.stream = parse_codestream(loaded.file, options);
    } catch (const Error& error) {
        throw FileError(path, error);
    }
    return loaded;
}

const char* dialect_id(Dialect dialect) {
    return dialect == Dialect::kIs ? "is" : "dis";
}

}  // namespace jpegai::tools
