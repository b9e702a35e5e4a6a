// The single metrics behind metrics.h. Planes have one channel and samples 0..1; both have the same size, which the
// caller has checked against the metric's min_side.
#pragma once

#include <array>

#include "base/array.h"
#include "decoder/picture.h"

namespace jpegai::metrics {

using Plane = Array3<float>;

/// A picture as the metrics want it.
struct Prepared {
    bool colour = false;       ///< three planes; otherwise only yuv[0]
    bool has_rgb = false;      ///< rgb is filled
    ChromaFormat chroma;       ///< of yuv
    std::array<Plane, 3> rgb;  ///< rounded to the internal depth
    std::array<Plane, 3> yuv;  ///< clamped and rounded to the internal depth
};

/// Scale, round, convert (05 section 10.3; the matrix is that of 03 section 18.1).
[[nodiscard]] Prepared prepare(const Picture& picture, unsigned internal_depth);

/// Sum over all samples of (a - b)^2.
[[nodiscard]] double squared_error(const Plane& a, const Plane& b);

/// -10 log10(mean squared error), peak 1; 100 where the planes are equal. With samples on the grid of the internal
/// depth this is 20 log10(2^depth - 1) - 10 log10(MSE) of the integers.
[[nodiscard]] double psnr(const Plane& a, const Plane& b);

/// Mean of the SSIM map: Wang et al., "Image Quality Assessment: From Error Visibility to Structural Similarity", IEEE
/// TIP 13(4), 2004. Gaussian window 11x11, sigma 1.5, positions where it lies inside; K 0.01 and 0.03; no
/// down-sampling; negative contrast-structure terms count as 0 (package IQA_pytorch).
[[nodiscard]] double ssim(const Plane& a, const Plane& b);

/// Where a negative contrast-structure term becomes 0: in the mean of a scale (package pytorch_msssim, the reference
/// tree), or in every position of the map (package IQA_pytorch).
enum class MsSsimClamp { kMean, kMap };

/// Wang, Simoncelli, Bovik, "Multiscale structural similarity for image quality assessment", Asilomar 2003. Five scales
/// by 2x2 means (odd sides get a row or column of zeros on both ends), weights .0448 .2856 .3001 .2363 .1333. Sides
/// shorter than 164 are first extended to 164 with zeros at the bottom and right.
[[nodiscard]] double ms_ssim(const Plane& a, const Plane& b, MsSsimClamp clamp = MsSsimClamp::kMean);

/// Pixel-domain visual information fidelity: Sheikh, Bovik, "Image Information and Visual Quality", IEEE TIP 15(2),
/// 2006, in the multi-scale spatial form of package IQA_pytorch (VIFs): four scales, Gaussian windows 17, 9, 5, 3 with
/// sigma N / 5, noise variance 2 on the scale 0..255. A reference without any variation gives 1.
[[nodiscard]] double vif(const Plane& reference, const Plane& distorted);

/// Normalised Laplacian pyramid distance: Laparra, Balle, Berardino, Simoncelli, "Perceptual image quality assessment
/// using a normalized Laplacian pyramid", HVEI 2016, with the six levels, filters and constants of package IQA_pytorch.
[[nodiscard]] double nlpd(const Plane& a, const Plane& b);

/// Information content weighted SSIM: Wang, Li, "Information Content Weighting for Perceptual Image Quality
/// Assessment", IEEE TIP 20(5), 2011: Laplacian pyramid of 5 scales (binomial filter, L2 norm 1), 3x3 blocks with
/// parent, noise 0.4.
[[nodiscard]] double iw_ssim(const Plane& reference, const Plane& distorted);

struct HvsResult {
    double hvs, hvs_m;  ///< dB, at most 100
};
/// PSNR-HVS: Egiazarian et al., "New full-reference quality metrics based on HVS", VPQM 2006; PSNR-HVS-M, with contrast
/// masking: Ponomarenko et al., "On between-coefficient contrast masking of DCT basis functions", VPQM 2007. 8x8 blocks
/// that do not overlap; the last row and column are repeated up to a multiple of 8.
[[nodiscard]] HvsResult psnr_hvs(const Plane& a, const Plane& b);

/// Feature similarity with colour (FSIMc) of RGB planes, or of one luma plane: Zhang, Zhang, Mou, Zhang, "FSIM: A
/// Feature Similarity Index for Image Quality Assessment", IEEE TIP 20(8), 2011, as package IQA_pytorch computes it.
/// Pictures without any phase congruency count every position alike.
[[nodiscard]] double fsim(const std::array<Plane, 3>& a, const std::array<Plane, 3>& b);
[[nodiscard]] double fsim(const Plane& a, const Plane& b);

}  // namespace jpegai::metrics
