#include "backend/cpu/cpu_level.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"

namespace jpegai {

namespace {

constexpr std::array<const char*, 5> kLevelNames = {"auto", "scalar", "avx2", "avx512", "neon"};

}  // namespace

const char* cpu_level_name(CpuLevel level) {
    return kLevelNames[static_cast<std::size_t>(level)];
}

CpuLevel parse_cpu_level(std::string_view name) {
    const auto found = std::find(kLevelNames.begin(), kLevelNames.end(), name);
    if (found == kLevelNames.end()) {
        throw Error(JPEGAI_ERROR_ARGUMENT, "no CPU level is named \"" + std::string(name) +
                                               "\" (there are auto, scalar, avx2, avx512 and neon)");
    }
    return static_cast<CpuLevel>(found - kLevelNames.begin());
}

std::vector<CpuLevel> available_cpu_levels() {
    std::vector<CpuLevel> levels;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (avx2 && __builtin_cpu_supports("avx512f")) levels.push_back(CpuLevel::kAvx512);
    if (avx2) levels.push_back(CpuLevel::kAvx2);
#elif defined(__aarch64__)
    levels.push_back(CpuLevel::kNeon);
#endif
    levels.push_back(CpuLevel::kScalar);
    return levels;
}

namespace cpu {

namespace {

const CpuKernels& scalar_kernels([[maybe_unused]] bool library_fma) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!library_fma && __builtin_cpu_supports("fma")) return kScalarFmaKernels;
#endif
    return kScalarKernels;
}

}  // namespace

CpuLevel resolve_level(CpuLevel level) {
    return level == CpuLevel::kAuto ? available_cpu_levels().front() : level;
}

const CpuKernels& kernels_of(CpuLevel level, bool library_fma) {
    const CpuLevel wanted = resolve_level(level);
    const std::vector<CpuLevel> available = available_cpu_levels();
    if (std::find(available.begin(), available.end(), wanted) == available.end()) {
        throw Error(JPEGAI_ERROR_ARGUMENT,
                    std::string("this CPU cannot run the level \"") + cpu_level_name(wanted) + "\"");
    }
    switch (wanted) {
#if defined(__x86_64__)
        case CpuLevel::kAvx512:
            return kAvx512Kernels;
        case CpuLevel::kAvx2:
            return kAvx2Kernels;
#elif defined(__aarch64__)
        case CpuLevel::kNeon:
            return kNeonKernels;
#endif
        default:
            return scalar_kernels(library_fma);
    }
}

}  // namespace cpu
}  // namespace jpegai
