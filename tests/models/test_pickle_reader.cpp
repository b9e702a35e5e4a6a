#include <gtest/gtest.h>

#include "base/error.h"
#include "models/pickle_reader.h"
#include "tests/models/archive_builder.h"
#include "tests/support/thrown.h"

namespace jpegai::test {
namespace {

using namespace std::string_view_literals;

Bytes pickled(std::string_view opcodes) {
    return PickleBuilder().protocol().raw(opcodes).stop();
}

/// The root of a stream that is fine.
PickleValue root_of(std::string_view opcodes) {
    return Pickle(pickled(opcodes), 0).root();
}

jpegai_error code_of(const Bytes& stream) {
    return thrown_code([&] { (void)Pickle(stream, 0); });
}

TEST(PickleReader, ReadsPlainValues) {
    EXPECT_EQ(root_of("N").kind, PickleKind::kNone);
    EXPECT_EQ(root_of("\x88").number, 1);
    EXPECT_EQ(root_of("\x89").kind, PickleKind::kBool);
    EXPECT_EQ(root_of("K\xFF").number, 255);
    EXPECT_EQ(root_of("M\xFF\xFF").number, 65535);
    EXPECT_EQ(root_of("J\xFE\xFF\xFF\xFF").number, -2);
    EXPECT_EQ(root_of("\x8A\x00"sv).number, 0);
    EXPECT_EQ(root_of("\x8A\x01\xFF"sv).number, -1);
    EXPECT_EQ(root_of("\x8A\x08\x00\x00\x00\x00\x00\x00\x00\x80"sv).number, INT64_MIN);
    EXPECT_EQ(root_of("\x8A\x09\x00\x00\x00\x00\x00\x00\x00\x00\x01"sv).kind, PickleKind::kOpaque);
    EXPECT_EQ(root_of("G\xBF\xC0\x00\x00\x00\x00\x00\x00"sv).real, -0.125);
    const Pickle words(PickleBuilder().protocol().text("hello").stop(), 0);
    EXPECT_EQ(words.root().text, "hello");
}

TEST(PickleReader, ReadsContainers) {
    EXPECT_EQ(root_of(")").kind, PickleKind::kTuple);
    EXPECT_EQ(root_of("(K\x01K\x02t").items.size(), 2u);
    EXPECT_EQ(root_of("K\x01K\x02K\x03\x87").items.size(), 3u);
    EXPECT_EQ(root_of("](K\x01K\x02"
                      "eK\x03"
                      "a")
                  .items.size(),
              3u);
    EXPECT_EQ(root_of("(K\x01l").kind, PickleKind::kList);
    EXPECT_EQ(root_of("}(K\x01K\x02uK\x03K\x04s").items.size(), 4u);
    EXPECT_EQ(root_of("(K\x01K\x02"
                      "d")
                  .kind,
              PickleKind::kDict);
    EXPECT_EQ(root_of("}}b").kind, PickleKind::kDict) << "attributes of a dictionary are dropped";
}

TEST(PickleReader, FollowsTheMemo) {
    const Pickle pickle(pickled("(K\x05q\x03h\x03r\x00\x02\x00\x00j\x00\x02\x00\x00t"sv), 0);
    ASSERT_EQ(pickle.root().items.size(), 3u);
    for (const std::uint32_t id : pickle.root().items) EXPECT_EQ(pickle[id].number, 5);
}

TEST(PickleReader, ContainerMayHoldItself) {
    EXPECT_EQ(root_of("]q\x00h\x00"
                      "a"sv)
                  .kind,
              PickleKind::kList);
}

TEST(PickleReader, KnowsTensors) {
    const Pickle pickle(PickleBuilder().protocol().tensor("ShortStorage", "12", 100, 4, {2, 3}, {3, 1}).stop(), 0);
    const PickleValue& tensor = pickle.root();
    ASSERT_EQ(tensor.kind, PickleKind::kTensor);
    EXPECT_EQ(tensor.number, 4);
    EXPECT_EQ(pickle[tensor.items[0]].text, "12");
    EXPECT_EQ(pickle[tensor.items[0]].number, 100);
    EXPECT_EQ(pickle[tensor.items[0]].dtype, DType::kInt16);
    EXPECT_EQ(pickle[tensor.items[1]].items.size(), 2u);
}

TEST(PickleReader, RefusesEveryOtherOpcode) {
    // The two opcodes that end or begin a stream and those read above; all others, in each state they might work in.
    const std::string_view known = ".(NJKMGX)tlaed}]subqrhjcRQ\x80\x85\x86\x87\x88\x89\x8A";
    for (int opcode = 0; opcode < 256; ++opcode) {
        const auto byte = static_cast<char>(opcode);
        if (known.find(byte) != std::string_view::npos) continue;
        PickleBuilder builder;
        builder.protocol().raw("N(NN").raw({&byte, 1}).raw("os\nsystem\n0123456789");
        EXPECT_EQ(code_of(builder.stop()), JPEGAI_ERROR_MODEL) << opcode;
    }
}

TEST(PickleReader, RefusesNamesThatAreNotOnTheList) {
    const std::pair<const char*, const char*> names[] = {{"os", "system"},
                                                         {"builtins", "eval"},
                                                         {"__builtin__", "eval"},
                                                         {"torch", "load"},
                                                         {"torch", "BFloat16Storage"},
                                                         {"collections", "OrderedDict2"},
                                                         {"collections ", "OrderedDict"},
                                                         {"", ""},
                                                         {"torch", "_utils _rebuild_tensor_v2"},
                                                         {"numpy.core.multiarray", "scalar"}};
    for (const auto& [module, name] : names) {
        EXPECT_EQ(code_of(PickleBuilder().protocol().global(module, name).stop()), JPEGAI_ERROR_MODEL) << name;
    }
    EXPECT_EQ(code_of(PickleBuilder().protocol().global("collections", "OrderedDict").stop()), JPEGAI_OK);
}

TEST(PickleReader, RefusesCallsThatMakeNoTensor) {
    const Bytes streams[] = {
        pickled("N)R"),
        pickled("K\x01K\x02R"),
        pickled("ctorch\nFloatStorage\n)R"),
        pickled("ccollections\nOrderedDict\n(K\x01tR"),
        pickled("ccollections\nOrderedDict\nNR"),
        pickled("ctorch._utils\n_rebuild_tensor_v2\n)R"),
        pickled("ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR"),
        pickled("ctorch._utils\n_rebuild_parameter\n(NtR"),
        pickled("ctorch\nSize\n(K\x01tR"),
        pickled("NQ"),
        pickled(")Q"),
        pickled("(NNNNNtQ"),
        PickleBuilder()
            .protocol()
            .raw("(")
            .text("module")
            .global("torch", "FloatStorage")
            .text("0")
            .text("cpu")
            .number(1)
            .raw("tQ")
            .stop(),
        PickleBuilder()
            .protocol()
            .raw("(")
            .text("storage")
            .global("torch", "Size")
            .text("0")
            .text("cpu")
            .number(1)
            .raw("tQ")
            .stop(),
    };
    for (const Bytes& stream : streams) EXPECT_EQ(code_of(stream), JPEGAI_ERROR_MODEL);
}

TEST(PickleReader, RefusesStackAndMemoFaults) {
    for (const std::string_view opcodes : {""sv,
                                           "NN"sv,
                                           "("sv,
                                           "N("sv,
                                           "t"sv,
                                           "\x85"sv,
                                           "N(\x85"sv,
                                           "a"sv,
                                           "]a"sv,
                                           "](e"sv,
                                           "N(a"sv,
                                           "]t"sv,
                                           "}(Nu"sv,
                                           "(Nd"sv,
                                           "}Ns"sv,
                                           "NNNs"sv,
                                           "]NNs"sv,
                                           "Nb"sv,
                                           "]Nb"sv,
                                           "N(b"sv,
                                           "q\x00"sv,
                                           "N(q\x00t"sv,
                                           "h\x00"sv,
                                           "Nq\x01h\x00"sv,
                                           "(Nq\x01h\x00t"sv,
                                           "j\xFF\xFF\xFF\xFF"sv,
                                           "Nr\xFF\xFF\xFF\xFF"sv,
                                           "R"sv,
                                           "Q"sv,
                                           "e"sv,
                                           "u"sv,
                                           "s"sv}) {
        if (opcodes == "](e"sv) continue;  // appending nothing is allowed
        EXPECT_EQ(code_of(pickled(opcodes)), JPEGAI_ERROR_MODEL) << opcodes;
    }
    EXPECT_EQ(code_of(to_bytes(std::string_view("\x80\x03N."))), JPEGAI_ERROR_MODEL) << "protocol 3";
    EXPECT_EQ(code_of(to_bytes(std::string_view("\x80\x04\x95"))), JPEGAI_ERROR_MODEL) << "protocol 4";
}

TEST(PickleReader, EveryTruncationIsReported) {
    const Bytes stream = PickleBuilder()
                             .protocol()
                             .tensor("FloatStorage", "0", 6, 0, {2, 3}, {3, 1})
                             .raw("\x8A\x02\x01\x02G01234567\x87")
                             .stop();
    EXPECT_EQ(code_of(stream), JPEGAI_OK);
    for (std::size_t length = 0; length < stream.size(); ++length) {
        const Bytes part(stream.begin(), stream.begin() + static_cast<std::ptrdiff_t>(length));
        EXPECT_EQ(code_of(part), JPEGAI_ERROR_MODEL) << length;
    }
}

TEST(PickleReader, CountsWhatItMakes) {
    Bytes many = PickleBuilder().protocol().raw("]").bytes();
    for (std::size_t i = 0; i < Pickle::kMaxValues; ++i) {
        many.push_back('N');
        many.push_back('a');
    }
    many.push_back('.');
    EXPECT_EQ(code_of(many), JPEGAI_ERROR_MODEL);
    EXPECT_EQ(code_of(pickled("X\xFF\xFF\xFF\xFFhello"sv)), JPEGAI_ERROR_MODEL) << "a text longer than the stream";
}

TEST(PickleReader, SaysWhereTheFaultLies) {
    try {
        (void)Pickle(pickled("NN\x01"), 1000);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.offset(), 1004u);
    }
}

}  // namespace
}  // namespace jpegai::test
