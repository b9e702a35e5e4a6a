// The one place where a program chooses what runs its networks.
#pragma once

#include <memory>
#include <string>

#include "backend/backend.h"

namespace jpegai {

struct BackendRequest {
    /// "auto" (the best this machine has), "contract" (the plain loops that define the arithmetic), or an instruction
    /// set: "scalar", "avx2", "avx512", "neon". All give the same bits.
    std::string cpu = "auto";
    unsigned threads = 0;  ///< 0: one per processor
};

/// Throws Error{argument} for an unknown name and Error{unsupported} for one that this machine cannot run.
[[nodiscard]] std::shared_ptr<const Backend> make_backend(const BackendRequest& request);

}  // namespace jpegai
