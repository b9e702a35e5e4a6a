// The two weight sets that other tests build on. Hashes were computed by NumPy from make_weights.py and jaiw.py.
#include <gtest/gtest.h>

#include "base/hash.h"
#include "tests/support/synthetic_weights.h"
#include "tests/support/test_data.h"

namespace jpegai::test {
namespace {

struct Known {
    const char *file, *key;
    DType dtype;
    std::vector<std::size_t> shape;
    const char* sha256;
};

void expect_known(const WeightSet& set, const Known& known) {
    const Tensor& tensor = set.tensor(known.file, known.key);
    EXPECT_EQ(tensor.dtype, known.dtype) << known.file << " " << known.key;
    EXPECT_EQ(tensor.shape, known.shape) << known.file << " " << known.key;
    EXPECT_EQ(sha256_hex(tensor.bytes), known.sha256) << known.file << " " << known.key;
}

TEST(SyntheticWeights, EqualNumPyForEveryKindOfRecipe) {
    JPEGAI_NEEDS_SHARED();
    const auto set = synthetic_weights();
    EXPECT_EQ(set->files().size(), 68u);
    const std::vector<Known> tensors = {
        // float32 with one scale, a scale per row, with offset, a scale list without axis, along axis 1
        {"VM_bop/encoder_Y_0.002",
         "conv1.weight",
         DType::kFloat32,
         {128, 1, 3, 3},
         "117af86dd6af79e33024de8e4d3288290581be613a9bb68a85969a886aeea31f"},
        {"VM_bop/encoder_Y_0.002",
         "conv5.weight",
         DType::kFloat32,
         {160, 160, 1, 1},
         "97e3dbfb701b95adb55021186127f1c6a36f0b84a22751e432f9ce0316c99a58"},
        {"VM_hop/encoder_Y_0.002",
         "TAM.TABs.0.prep_data.norm1.weight",
         DType::kFloat32,
         {128},
         "b6b29cc228523cf330828bd9db6ca89cdf5f2fd38104d6e20368a9afea93e07a"},
        {"VM_common_int/Y_0.002",
         "hyper_encoder.conv5.bias",
         DType::kFloat32,
         {160},
         "bd89e91ff09f2fef861da08fa1817185766e6a2b20373b1d0bb32ce36e1f46f6"},
        {"VM_hop/decoder_Y_0.002",
         "conv4_t.weight",
         DType::kFloat32,
         {128, 1, 3, 3},
         "94b7dc67ac094a7b6d3b25e174014c62b74836cbe1dbd2d0c045820dcd79187c"},
        // int8, truth values, values listed in the recipe, a tensor without dimensions
        {"VM_common_int/UV_0.075",
         "hyper_scale_decoder.pointwise.weight",
         DType::kInt8,
         {1536, 96, 1, 1},
         "e7c79fc9051119b4010a20e7b22a694308d7632a9df84c159b683d5d79d88dbd"},
        {"VM_common_int/UV_0.075",
         "hyper_entropy.is_quantized",
         DType::kBool,
         {1},
         "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"},
        {"VM_common_int/UV_0.075",
         "entropy._cdf_length",
         DType::kInt32,
         {35},
         "41042438d8597be6cd25bb1536863015180d237dd649a7f5923d82fea74cfe0c"},
        {"VM_common_int/UV_0.075",
         "hyper_scale_decoder.pointwise.per_channel_shifts",
         DType::kInt8,
         {1, 1536, 1, 1},
         "9b26decd8b7368123c990da2252126f9422aa1097c9ffd030b72d3fed3bef940"},
        {"VM_common_int/UV_0.075",
         "vr_vec.c",
         DType::kFloat32,
         {96, 18},
         "8fdbfe8e44491cee901bda1b89e89e3597ad7296585459b643d4a35903bf8021"},
        {"VM_common_int/UV_0.075",
         "entropy._quantized_cdf",
         DType::kInt64,
         {35, 1223},
         "777a0c4290c4d78063887f9aa05433507aa1c2d3be530b6fdf3b800b56c0283d"},
        {"eICCI_bophop_2d020448_20240229/eicci_bop_mse012_300k",
         "BNY.num_batches_tracked",
         DType::kInt64,
         {},
         "26ab39150b6330152576e4c7fa7e0caa804b5e9db0476a3e48e6b53f1cda8279"},
    };
    for (const Known& tensor : tensors) expect_known(*set, tensor);
}

TEST(TrainedWeights, EqualNumPyForEveryEncoding) {
    JPEGAI_NEEDS_SHARED();
    const auto set = trained_weights();
    EXPECT_EQ(set->files().size(), 32u);
    const std::vector<Known> tensors = {
        {"VM_common_int/UV_0.075",
         "hyper_decoder.conv1.weight",
         DType::kFloat32,
         {96, 96, 1, 1},
         "8aed868af6667182379eeeb1173f16700e68fe475f40f4ea4db6364f7a3ecfd2"},
        {"VM_common_int/UV_0.075",
         "hyper_entropy.freqs_int",
         DType::kInt32,
         {96, 63},
         "c516e2cc178d6430388e3a9ac87aadb45fe59dadfd94eb979189a22733be39b5"},
        {"VM_common_int/UV_0.075",
         "hyper_scale_decoder.conv1.bias",
         DType::kInt32,
         {96},
         "6c134e31e2ef6076d314f0af5f3685ff682cd2569a47d936ca665569df97d987"},
        {"VM_common_int/UV_0.075",
         "hyper_scale_decoder.conv1.is_quantized",
         DType::kBool,
         {1},
         "4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a"},
        {"VM_common_int/UV_0.075",
         "hyper_scale_decoder.conv1.weight",
         DType::kInt8,
         {96, 96, 1, 1},
         "06e02819f7e129e554451ad77d82894d41db5faf87bc7bdb356cd172ca538b7e"},
        {"VM_common_int/UV_0.075",
         "vr_vec.c",
         DType::kFloat32,
         {96, 18},
         "dbadf37b259ad12676f0208d9204958901af191803baf2ed5066d2c578b869bf"},
        {"VM_sop/decoder_Y_0.5",
         "conv2_t.conv.weight",
         DType::kFloat32,
         {128, 64, 2, 2},
         "2dc8b47461b17bd2619d7ca376c147da063ad13e83f0b2c0994e1ff2985e8f7a"},
        {"VM_sop/decoder_Y_0.5",
         "conv3.bias",
         DType::kFloat32,
         {32},
         "579e31d7013740d763ab35b62023cbf59110f207b9f74738c654d90622aa6fea"},
    };
    for (const Known& tensor : tensors) expect_known(*set, tensor);
}

}  // namespace
}  // namespace jpegai::test
