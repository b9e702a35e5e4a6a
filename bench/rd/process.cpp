#include "bench/rd/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sstream>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"

extern char** environ;

namespace jpegai::rd {
namespace {

std::string tail_of(const std::string& path) {
    const std::vector<std::uint8_t> bytes = read_file(path);
    const std::string text(bytes.begin(), bytes.end());
    return text.size() > 500 ? text.substr(text.size() - 500) : text;
}

}  // namespace

std::vector<std::string> command_words(const std::string& pattern,
                                       const std::vector<std::pair<std::string, std::string>>& replacements) {
    std::vector<std::string> words;
    std::istringstream stream(pattern);
    for (std::string word; stream >> word;) {
        for (const auto& [name, value] : replacements) {
            const std::string mark = "{" + name + "}";
            const std::size_t at = word.find(mark);
            if (at != std::string::npos) word.replace(at, mark.size(), value);
        }
        words.push_back(word);
    }
    return words;
}

void run_program(const std::vector<std::string>& words, const std::string& log) {
    if (words.empty()) throw Error(JPEGAI_ERROR_ARGUMENT, "an empty command");
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    pid_t child = 0;
    const int failed = posix_spawnp(&child, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw Error(JPEGAI_ERROR_IO, fmt::format("cannot run {}", words[0]));
    int status = 0;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw Error(JPEGAI_ERROR_IO, fmt::format("{} failed: {}", words[0], tail_of(log)));
}

}  // namespace jpegai::rd
