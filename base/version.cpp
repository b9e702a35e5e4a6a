#include "base/version.h"

namespace jpegai {

const char* version() {
    return JPEGAI_VERSION;
}

}  // namespace jpegai
