// Normative constants of JPEG AI that more than one part needs; each names its place in standard/.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace jpegai {

/// Component index: primary (luma) and secondary (both chroma planes jointly). 01 section 2.
enum Component : std::size_t { kPrimary = 0, kSecondary = 1 };
inline constexpr std::size_t kComponents = 2;

/// Latent channels of y and z per component (02 section 1).
inline constexpr std::array<std::size_t, kComponents> kLatentChannels = {160, 96};

/// Luma samples per latent sample of y, psi and z (02 section 1).
inline constexpr std::size_t kLatentStep = 16, kPsiStep = 32, kHyperStep = 64;

/// Trained quality models; model_id 0..3, beta 0.002, 0.012, 0.075, 0.5 (01 section 6, field 17).
inline constexpr std::size_t kModels = 4;
inline constexpr std::array<const char*, kModels> kModelBeta = {"0.002", "0.012", "0.075", "0.5"};

/// Synthesis transforms by synthesis_transform_id (01 section 12).
enum class OperatingPoint : std::uint8_t { kSop = 0, kBop = 1, kHop = 2 };

inline constexpr std::uint32_t kMinPictureSide = 64;  ///< img_width and img_height are coded minus 64
inline constexpr std::size_t kMaxLanes = 16;          ///< entropy coding threads of one substream (02 section 15, 14)
inline constexpr std::size_t kMaxIndependentRegions = 256;  ///< one-byte region index (01 section 4.4)

/// z_hat range and escape symbol (02 section 5).
inline constexpr int kHyperOffset = 31, kHyperSymbols = 63;
/// Sigma index scale: 7 fractional bits, 32 tables, skip threshold, clip of the hyper scale decoder (02 sections 4, 6, 8).
inline constexpr int kSigmaPrecision = 7, kSigmaTables = 32, kSkipThreshold = 382, kScaleLogMax = 3967;
/// RVS / LSBS block analysis (02 section 7.4).
inline constexpr int kAnalysisBlock = 8, kAnalysisPad = 1411, kAnalysisMax = 4351;
/// Cube side in samples of one polyphase component, phases, flags per group (02 section 8).
inline constexpr std::size_t kCubeSide = 8, kCubePhases = 4, kCubeGroup = 8;

/// Code lane entry of a latent that carries no symbol (see bitstream/me_tans.h).
inline constexpr std::uint8_t kNotCoded = 0xFF;

}  // namespace jpegai
