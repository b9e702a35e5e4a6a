// The functions that exist once per instruction set, as a table in the manner of dav1d. Everything here is plain data,
// so that the files compiled with other flags share no code with the rest of the program.
//
// Values of 16 and more channels are stored in blocks of 16: [row][block][column][16]. Smaller ones are planar.
#pragma once

#include <cstddef>

namespace jpegai::cpu {

inline constexpr std::size_t kBlock = 16;  ///< channels of a block

/// What happens to a sum before it is stored; `other` is a second value at the same positions.
enum class Finish : unsigned char {
    kNone,
    kRelu,
    kRelu6,
    kLeakyRelu,
    kAdd,      ///< other + sum
    kReluAdd,  ///< other + relu(sum)
    kGate,     ///< other * (1 + sum)
};

/// Sums for consecutive tiles: runs of output positions, up to kMaxTileBlocks blocks of 16 output channels each.
inline constexpr std::size_t kMaxTileBlocks = 4;
struct ConvTiles {
    std::size_t count;         ///< tiles, side by side
    const float* const* rows;  ///< [block of input channels][kernel row]: column 0 of the input rows that exist
    std::ptrdiff_t first;      ///< floats from there to the leftmost tap of the first position; may be negative
    const float* weights;  ///< [input channel][kernel row][kernel column][16 * blocks], at the first row that exists
    std::size_t channel_step;    ///< floats between the weights of consecutive input channels
    std::size_t channels;        ///< input channels to sum
    std::size_t kernel_rows;     ///< of those, how many exist
    bool skip_left;              ///< the leftmost tap of the first tile lies outside the picture
    bool skip_right;             ///< the rightmost tap of the last tile does
    const float* start;          ///< 16 * blocks values to start from (bias or zeros); null to continue from `out`
    float* out[kMaxTileBlocks];  ///< first position of each block
    std::size_t out_step;        ///< floats between output positions: 16, or 32 where another phase lies between
    const float* other[kMaxTileBlocks];  ///< first position of each block, with the same step as `out`
    float* relu6[kMaxTileBlocks];        ///< where to store a second copy after ReLU6; relu6[0] null for none
    Finish finish;
};
using ConvTileFunction = void (*)(const ConvTiles& tiles);

/// Shapes of kernel rows that have unrolled code. Any number of kernel rows is possible with each.
enum class ConvShape : unsigned char {
    k1,               ///< one column, stride 1
    k2,               ///< two columns, stride 1, taken from left to right
    k2Descending,     ///< two columns, taken from right to left (transposed convolutions)
    k3,               ///< three columns, stride 1
    k3Stride2,        ///< three columns, stride 2
    k3Stride2Planar,  ///< the same on planar input (a "block" is one channel)
};
inline constexpr std::size_t kConvShapes = 6;
inline constexpr std::size_t kMaxTilePositions = 28;

/// One output position and one block, any kernel and stride: the slow path for borders and unusual layers.
struct ConvPoint {
    const float* const* rows;                         ///< as in ConvTiles
    std::ptrdiff_t first;                             ///< floats from column 0 to the first tap that exists
    std::size_t tap_step;                             ///< floats between neighbouring columns: 16 or 1
    const float* weights;                             ///< at the first tap that exists
    std::size_t channel_step, row_step, column_step;  ///< floats between weights
    std::size_t channels, lanes;                      ///< input channels, and how many of them a row pointer serves
    std::size_t kernel_rows, kernel_cols;             ///< taps that exist
    const float* start;
    float* out;
};

/// Depthwise 3x3 convolution, stride 1, padding 1, of one block of channels and one row.
struct DepthwiseRow {
    const float* rows[3];  ///< input rows y - 1, y, y + 1 of the block; null outside the picture
    const float* weights;  ///< [ky][kx][16]
    const float* start;    ///< 16 values
    float* out;
    std::size_t cols;        ///< of the whole row
    std::size_t begin, end;  ///< columns to compute
};

/// Elementwise operations on n floats. `parameter` repeats every 16 floats where an operation has one per channel.
enum class Elementwise : unsigned char {
    kCopy,
    kRelu,
    kRelu6,
    kLeakyRelu,
    kSigmoid,
    kAbs,
    kNormalise,
    kDenormalise,
    kScale,      ///< a * b[0]
    kBatchNorm,  ///< fma(a, b[lane], b[16 + lane]): one block of channels
    kAdd,        ///< a + b
    kMul,        ///< a * b
    kGate,       ///< a * (1 + b)
    kEluGate,    ///< elu(a) * b
};
inline constexpr std::size_t kElementwiseOps = 14;
/// out = op(a, b) for n floats, a multiple of 16; out may be a or b.
using ElementwiseFunction = void (*)(float* out, const float* a, const float* b, std::size_t n);

/// Layer norm of `positions` positions (a multiple of 16; blocks of x and out have that much room).
struct LayerNormRow {
    const float* x;
    float* out;
    std::size_t x_block_step, out_block_step;  ///< floats between blocks
    std::size_t blocks, positions;
    const float* weight;
    const float* bias;
};

/// Partial sums of channel attention over `count` positions of one row, one head of D = 16 * blocks channels.
struct AttentionSegment {
    const float* q[8];  ///< first position of each block of the head
    const float* k[8];
    std::size_t blocks, count;
    float* qk;  ///< [i][j], D x D
    float* qq;  ///< [D]
    float* kk;  ///< [D]
};

/// Both output rows 2y, 2y + 1 of a transposed convolution k3 s2 p1 op1 for one output channel, planar.
struct NarrowTransposed {
    const float* upper;          ///< input row y of channel 0
    const float* lower;          ///< input row y + 1, null outside the picture
    std::size_t channel_stride;  ///< floats between channels
    std::size_t channels, cols;
    std::size_t begin, end;  ///< input columns to compute, begin a multiple of 16
    const float* weights;    ///< [channel][ky][kx]
    float start;
    float* out[2];  ///< both output rows, from column 2 * begin on
    bool denormalise;
};

struct CpuKernels {
    ConvTileFunction conv[kConvShapes][kMaxTileBlocks + 1]
                         [kMaxTilePositions + 1];  ///< [shape][blocks][positions], or null
    void (*conv_point)(const ConvPoint& point);
    void (*depthwise)(const DepthwiseRow& row);
    /// a.out = elu(a) * b; both have the same columns.
    void (*depthwise_gate)(const DepthwiseRow& a, const DepthwiseRow& b);
    ElementwiseFunction elementwise[kElementwiseOps];
    void (*layer_norm)(const LayerNormRow& row);
    void (*attention_segment)(const AttentionSegment& segment);
    void (*softmax)(float* row, std::size_t n);
    void (*narrow_transposed)(const NarrowTransposed& row);
    /// in[r * in_stride + c] -> out[c * out_stride + r] for r, c < 16.
    void (*transpose16)(const float* in, std::size_t in_stride, float* out, std::size_t out_stride);
    /// Floating-point operations of `rounds` rounds of independent fused multiply-adds, for measuring the peak.
    double (*peak)(std::size_t rounds, float* sink);
};

extern const CpuKernels kScalarKernels;
#if defined(__x86_64__)
extern const CpuKernels kScalarFmaKernels;
extern const CpuKernels kAvx2Kernels;
extern const CpuKernels kAvx512Kernels;
#elif defined(__aarch64__)
extern const CpuKernels kNeonKernels;
#endif

}  // namespace jpegai::cpu
