// The `jpegai` program: finds the subcommand and turns its result into an exit status.
#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "tools/allocator.h"
#include "tools/commands.h"

namespace {

using namespace jpegai::tools;

constexpr const char* kDescription = "jpegai - JPEG AI (Rec. ITU-T T.840.1 | ISO/IEC 6048-1) codec and tools";
constexpr const char* kFooter =
    "Exit status: 0 done, 1 failed, 2 wrong usage. \"-\" stands for standard input or output.\n"
    "'jpegai COMMAND --help' explains a command with examples.";

/// Reports a command line that cannot be parsed, or prints the help or version that was asked for.
int answer(const CLI::App& program, const CLI::ParseError& error, std::string_view first_word, bool json) {
    if (error.get_exit_code() == 0) return program.exit(error);  // --help, --version
    const auto named = program.get_subcommands();
    const std::string command = named.empty() ? "" : ' ' + named.front()->get_name();
    const std::string message = named.empty() && !first_word.empty() && first_word.front() != '-'
                                    ? fmt::format("there is no command \"{}\"", first_word)
                                    : error.what();
    fmt::print(stderr, "jpegai: error: {}\nTry 'jpegai{} --help'.\n", message, command);
    if (json) print_json({{"error", usage_json(message)}});
    return kExitUsage;
}

}  // namespace

int main(int argc, char** argv) {
    tune_allocator();
    CLI::App program(kDescription, "jpegai");
    program.set_version_flag("--version", "jpegai " JPEGAI_VERSION);
    program.require_subcommand(1);
    program.footer(kFooter);

    Invocation invocation;
    add_check(program, invocation);
    add_conformance(program, invocation);
    add_decode(program, invocation);
    add_encode(program, invocation);
    add_info(program, invocation);
    add_extract(program, invocation);
    add_models(program, invocation);
    add_compare(program, invocation);

    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const bool json =
            std::any_of(argv + 1, argv + argc, [](const char* word) { return std::string_view(word) == "--json"; });
        return answer(program, error, argc > 1 ? argv[1] : "", json);
    }
    return run_guarded(invocation);
}
