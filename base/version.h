// Version of the library.
#pragma once

namespace jpegai {

/// "1.2.3".
[[nodiscard]] const char* version();

}  // namespace jpegai
