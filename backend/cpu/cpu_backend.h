// The float networks on the CPU: every instruction set gives the bits of the contract (spec/numeric_contract.md), on
// any number of threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "backend/backend.h"

namespace jpegai {

/// Instruction sets with kernels of their own.
enum class CpuLevel : std::uint8_t { kAuto, kScalar, kAvx2, kAvx512, kNeon };

/// "auto", "scalar", "avx2", "avx512" or "neon".
[[nodiscard]] const char* cpu_level_name(CpuLevel level);
/// The level of that name; throws Error{argument} when there is none.
[[nodiscard]] CpuLevel parse_cpu_level(std::string_view name);
/// Levels that this CPU can run, fastest first; never empty and never kAuto.
[[nodiscard]] std::vector<CpuLevel> available_cpu_levels();

struct CpuBackendOptions {
    CpuLevel level = CpuLevel::kAuto;  ///< kAuto: the fastest available one
    std::size_t threads = 0;           ///< the caller included; 0: one per logical core
    bool library_fma = false;          ///< kScalar: as on an x86-64 processor without fused multiply-add (for tests)
};

/// A backend whose runners share one set of threads; runs that find them busy use the calling thread alone.
/// Throws Error{argument} when the level is not available here.
[[nodiscard]] std::unique_ptr<Backend> make_cpu_backend(const CpuBackendOptions& options = {});

}  // namespace jpegai
