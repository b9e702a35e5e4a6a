#include "base/scratch_folder.h"

#include <cstdlib>

#include "base/error.h"

namespace jpegai {

ScratchFolder::ScratchFolder(const std::string& use) {
    std::string name = (std::filesystem::temp_directory_path() / ("jpegai-" + use + "-XXXXXX")).string();
    if (::mkdtemp(name.data()) == nullptr) throw Error(JPEGAI_ERROR_IO, "cannot make a temporary folder");
    folder_ = name;
}

ScratchFolder::~ScratchFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
}

}  // namespace jpegai
