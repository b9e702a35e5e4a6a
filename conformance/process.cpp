#include "conformance/process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/file.h"

extern char** environ;

namespace jpegai::conformance {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kKeptOutput = 4000;

/// Starts the command as the leader of a new process group.
pid_t start(const std::string& command, const std::string& log) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files, 1, log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ::posix_spawn_file_actions_adddup2(&files, 1, 2);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    std::string shell = "sh", option = "-c", text = command;
    const std::array<char*, 4> argv = {shell.data(), option.data(), text.data(), nullptr};
    pid_t child = 0;
    const int failed = ::posix_spawn(&child, "/bin/sh", &files, &attributes, argv.data(), environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
    if (failed != 0) throw Error(JPEGAI_ERROR_IO, "cannot start /bin/sh");
    return child;
}

std::string tail_of(const std::string& log) {
    const std::vector<std::uint8_t> bytes = read_file(log);
    const std::size_t first = bytes.size() > kKeptOutput ? bytes.size() - kKeptOutput : 0;
    return {bytes.begin() + static_cast<std::ptrdiff_t>(first), bytes.end()};
}

}  // namespace

CommandResult run_command(const std::string& command, double timeout_seconds, const std::string& log) {
    const auto begin = Clock::now();
    const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - begin).count(); };
    const pid_t child = start(command, log);
    CommandResult result;
    int status = 0;
    while (true) {
        const pid_t ended = ::waitpid(child, &status, WNOHANG);
        if (ended == child) break;
        if (!result.timed_out && elapsed() > timeout_seconds) {
            result.timed_out = true;
            ::kill(-child, SIGKILL);
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    result.seconds = elapsed();
    if (!result.timed_out) {
        // A shell that waits for a program reports its signal as 128 + number.
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        result.signal = code > 128 && code < 128 + 65 ? code - 128 : 0;
        if (result.signal == 0) result.exit_status = code;
    }
    result.output = tail_of(log);
    return result;
}

std::string shell_quoted(const std::string& text) {
    std::string quoted = "'";
    for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

void replace_all(std::string& text, const std::string& what, const std::string& by) {
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
        text.replace(at, what.size(), by);
    }
}

}  // namespace jpegai::conformance
