#include "tests/tools/process.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

#include "base/file.h"

extern char** environ;

namespace jpegai::test {
namespace {

/// The three standard streams are files, so that no pipe can fill up and block.
class FileActions {
public:
    FileActions() { ::posix_spawn_file_actions_init(&actions_); }
    ~FileActions() { ::posix_spawn_file_actions_destroy(&actions_); }
    FileActions(const FileActions&) = delete;
    FileActions& operator=(const FileActions&) = delete;
    void open(int fd, const std::string& path, int flags) {
        ::posix_spawn_file_actions_addopen(&actions_, fd, path.c_str(), flags, 0600);
    }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const { return &actions_; }

private:
    posix_spawn_file_actions_t actions_{};
};

std::string text_of(const std::string& path) {
    const std::vector<std::uint8_t> bytes = read_file(path);
    return {bytes.begin(), bytes.end()};
}

}  // namespace

ProcessResult run_jpegai(const std::vector<std::string>& arguments, std::span<const std::uint8_t> input,
                         const std::string& stdout_path) {
    const TemporaryFolder folder;
    write_file(folder.path("in"), input);
    FileActions actions;
    actions.open(0, folder.path("in"), O_RDONLY);
    actions.open(1, stdout_path.empty() ? folder.path("out") : stdout_path, O_WRONLY | O_CREAT);
    actions.open(2, folder.path("err"), O_WRONLY | O_CREAT);

    std::vector<std::string> words = {JPEGAI_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);

    pid_t child = 0;
    if (::posix_spawnp(&child, argv.front(), actions.get(), nullptr, argv.data(), environ) != 0) {
        throw std::runtime_error("cannot start " JPEGAI_PROGRAM);
    }
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    ProcessResult result;
    if (WIFEXITED(status)) result.exit_code = WEXITSTATUS(status);
    if (stdout_path.empty()) result.out = text_of(folder.path("out"));
    result.err = text_of(folder.path("err"));
    return result;
}

TemporaryFolder::TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "jpegai-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    folder_ = name;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

std::vector<std::string> TemporaryFolder::list() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(folder_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

}  // namespace jpegai::test
