// Streams that name their weights: decoded with those, refused with others, decoded all the same on request.
#include <gtest/gtest.h>

#include "backend/select.h"
#include "decoder/decoder.h"
#include "models/default_weights.h"
#include "models/weight_identity.h"
#include "tests/support/partial_weights.h"
#include "tests/support/test_data.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

/// The stream of a photo, coded with model 1 of the default set for BOP, with other user data.
std::vector<std::uint8_t> photo_with(std::vector<std::uint8_t> user_data) {
    const std::vector<std::uint8_t> file = load_bytes(data_path("streams/photo_bop.bits"));
    CodestreamParts parts = take_parts(parse_codestream(file), file);
    parts.user_data = std::move(user_data);
    return write_codestream(parts);
}

std::vector<float> samples(const DecodedPicture& decoded) {
    std::vector<float> all;
    for (const auto& plane : decoded.planes.plane) all.insert(all.end(), plane.data(), plane.data() + plane.size());
    return all;
}

TEST(WeightMismatch, IsAnErrorUnlessForced) {
    const std::vector<OperatingPoint> listed = {OperatingPoint::kBop};
    const std::vector<std::uint8_t> record = weight_user_data(*open_default_weights(), 1, listed);
    const Decoder decoder(open_default_weights(), make_backend({}));
    const std::vector<float> expected = samples(decoder.decode(photo_with({})));
    EXPECT_EQ(samples(decoder.decode(photo_with(record))), expected);
    EXPECT_EQ(samples(decoder.decode(photo_with({'J', 'A', 'I', 'W', 9}))), expected) << "not a record";

    for (std::size_t part = 0; part < 2; ++part) {
        WeightIdentity other = parse_weight_identity(record).value();
        other.parts[part].fingerprint ^= 1;
        const std::vector<std::uint8_t> file = photo_with(format_weight_identity(other));
        DecodeOptions options;
        EXPECT_EQ(thrown_code([&] { (void)decoder.decode(file, options); }), JPEGAI_ERROR_MODEL_MISMATCH);
        const Codestream stream = Decoder::parse(file);
        EXPECT_EQ(thrown_code([&] { (void)decoder.decode_entropy(stream, file); }),
                  part == 0 ? JPEGAI_ERROR_MODEL_MISMATCH : JPEGAI_OK);
        options.force_models = true;
        EXPECT_EQ(samples(decoder.decode(file, options)), expected);
    }
}

TEST(WeightMismatch, MissingNetworksAreNamed) {
    const std::vector<std::uint8_t> file = photo_with({});
    const auto message_without = [&](const std::function<bool(const std::string&)>& hidden) {
        const Decoder decoder(std::make_shared<PartialWeights>(open_default_weights(), hidden), make_backend({}));
        EXPECT_EQ(thrown_code([&] { (void)decoder.decode(file); }), JPEGAI_ERROR_MODEL);
        return thrown_message([&] { (void)decoder.decode(file); });
    };
    const std::string bop = message_without([](const std::string& name) { return name == "VM_bop/decoder_UV_0.012"; });
    for (const char* part : {"lacks VM_bop/decoder_UV_0.012, which model 1 needs for BOP", "for models 0, 2 and 3",
                             "jpegai models add", "--point sop"})
        EXPECT_NE(bop.find(part), std::string::npos) << bop;
    const std::string model = message_without([](const std::string& name) { return name.ends_with("_0.012"); });
    EXPECT_NE(model.find("lacks VM_common_int/Y_0.012 and 3 more"), std::string::npos) << model;
    EXPECT_EQ(model.find("--point"), std::string::npos) << model;
}

}  // namespace
}  // namespace jpegai::test
