// The one place where a program chooses what runs its networks.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "backend/backend.h"

namespace jpegai {

struct BackendRequest {
    /// "auto" (the best this machine has), "contract" (the plain loops that define the arithmetic), or an instruction
    /// set: "scalar", "avx2", "avx512", "neon". All give the same bits.
    std::string cpu = "auto";
    unsigned threads = 0;  ///< 0: one per processor
    /// "cpu"; "cuda" or "cuda:N", a GPU; "auto", the first GPU where there is one that this build can use, else the CPU.
    /// All give the same bits. Programs that are linked with it also know "cuda:emulator".
    std::string device = "cpu";
};

/// Throws Error{argument} for an unknown name and Error{unsupported} for one that this machine cannot run.
[[nodiscard]] std::shared_ptr<const Backend> make_backend(const BackendRequest& request);

/// "cuda:0,2" -> "cuda:0" "cuda:2"; other names give themselves. Throws Error{argument} for a list that is none or names
/// a GPU twice.
[[nodiscard]] std::vector<std::string> split_devices(const std::string& devices);

}  // namespace jpegai
