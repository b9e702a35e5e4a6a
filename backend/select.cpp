#include "backend/select.h"

#include <fmt/format.h>

#include "base/error.h"

namespace jpegai {

std::shared_ptr<const Backend> make_backend(const BackendRequest& request) {
    if (request.cpu == "contract" || request.cpu == "auto") return make_contract_backend();
    throw Error(
        JPEGAI_ERROR_ARGUMENT,
        fmt::format("\"{}\" is no instruction set; use auto, contract, scalar, avx2, avx512 or neon", request.cpu));
}

}  // namespace jpegai
