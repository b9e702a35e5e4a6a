// Every writer read back, the exact bytes of small files, and what must be refused.
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <random>

#include "base/file.h"
#include "base/npy.h"
#include "picture_io/picture_io.h"
#include "tests/support/thrown.h"

namespace jpegai {
namespace {

using test::thrown_code;

constexpr ChromaFormat k444{1, 1}, k422{1, 2}, k420{2, 2};

Picture random_picture(ColourModel model, ChromaFormat chroma, unsigned depth, std::size_t rows, std::size_t cols) {
    std::mt19937 random(static_cast<unsigned>(rows * 1000 + cols * 10 + depth));
    Picture picture = make_picture(model, chroma, depth, rows, cols);
    for (auto& plane : picture.planes) {
        for (std::uint16_t& sample : plane.span())
            sample = static_cast<std::uint16_t>(random() % (picture.max_value() + 1));
        plane.data()[0] = static_cast<std::uint16_t>(picture.max_value());
    }
    return picture;
}

void expect_same(const Picture& actual, const Picture& expected) {
    EXPECT_EQ(actual.model, expected.model);
    EXPECT_EQ(actual.chroma, expected.chroma);
    EXPECT_EQ(actual.bit_depth, expected.bit_depth);
    ASSERT_EQ(actual.planes.size(), expected.planes.size());
    for (std::size_t i = 0; i < actual.planes.size(); ++i) {
        ASSERT_EQ(actual.planes[i].rows(), expected.planes[i].rows());
        ASSERT_EQ(actual.planes[i].cols(), expected.planes[i].cols());
        EXPECT_TRUE(std::equal(actual.planes[i].data(), actual.planes[i].data() + actual.planes[i].size(),
                               expected.planes[i].data()));
    }
}

std::vector<std::uint8_t> bytes_of(const std::string& text) {
    return {text.begin(), text.end()};
}

TEST(PictureFormats, RoundTripGreyAndRgb) {
    for (const PictureFormat format : {PictureFormat::kPng, PictureFormat::kPnm, PictureFormat::kPam}) {
        for (const ColourModel model : {ColourModel::kGrey, ColourModel::kRgb}) {
            for (const unsigned depth : {8U, 9U, 10U, 12U, 15U, 16U}) {
                for (const auto& [rows, cols] : {std::pair{1U, 1U}, {3U, 5U}, {40U, 33U}}) {
                    SCOPED_TRACE(testing::Message() << format_name(format) << " " << depth << " " << rows);
                    const Picture picture = random_picture(model, k444, depth, rows, cols);
                    const auto file = encode_picture(format, picture);
                    EXPECT_EQ(format_of_bytes(file), format);
                    const Picture read = decode_picture(format, file);
                    expect_same(read, picture);
                    EXPECT_EQ(read.range, SampleRange::kFull);
                }
            }
        }
    }
}

TEST(PictureFormats, RoundTripPlanar) {
    for (const unsigned depth : {8U, 10U, 12U, 16U}) {
        for (const ChromaFormat chroma : {k444, k422, k420}) {
            for (const auto& [rows, cols] : {std::pair{1U, 1U}, {7U, 9U}, {16U, 32U}}) {
                Picture picture = random_picture(ColourModel::kYuv, chroma, depth, rows, cols);
                picture.range = SampleRange::kFull;
                const Picture y4m = decode_picture(PictureFormat::kY4m, encode_picture(PictureFormat::kY4m, picture));
                expect_same(y4m, picture);
                EXPECT_EQ(y4m.range, SampleRange::kFull);
                ReadOptions options;
                options.raw = RawLayout{rows, cols, chroma, false, depth};
                expect_same(decode_picture(PictureFormat::kYuv, encode_picture(PictureFormat::kYuv, picture), options),
                            picture);
            }
        }
        const Picture grey = random_picture(ColourModel::kGrey, k444, depth, 5, 6);
        expect_same(decode_picture(PictureFormat::kY4m, encode_picture(PictureFormat::kY4m, grey)), grey);
        ReadOptions options;
        options.raw = RawLayout{5, 6, k420, true, depth};
        expect_same(decode_picture(PictureFormat::kYuv, encode_picture(PictureFormat::kYuv, grey), options), grey);
    }
}

TEST(PictureFormats, ExactBytes) {
    Picture picture = make_picture(ColourModel::kRgb, k444, 8, 1, 2);
    for (std::size_t p = 0; p < 3; ++p) {
        picture.planes[p].data()[0] = static_cast<std::uint16_t>('a' + p);
        picture.planes[p].data()[1] = static_cast<std::uint16_t>('A' + p);
    }
    EXPECT_EQ(encode_picture(PictureFormat::kPnm, picture), bytes_of("P6\n2 1\n255\nabcABC"));
    EXPECT_EQ(encode_picture(PictureFormat::kPam, picture),
              bytes_of("P7\nWIDTH 2\nHEIGHT 1\nDEPTH 3\nMAXVAL 255\nTUPLTYPE RGB\nENDHDR\nabcABC"));
    const Npy npy = parse_npy(encode_picture(PictureFormat::kNpy, picture));
    EXPECT_EQ(npy.descr, "|u1");
    EXPECT_EQ(npy.shape, (std::vector<std::size_t>{3, 1, 2}));
    EXPECT_EQ(npy.bytes, bytes_of("aAbBcC"));

    Picture grey = make_picture(ColourModel::kGrey, k444, 10, 1, 1);
    grey.planes[0].data()[0] = 0x161;
    EXPECT_EQ(encode_picture(PictureFormat::kPnm, grey), bytes_of("P5\n1 1\n1023\n\x01"
                                                                  "a"));
    EXPECT_EQ(encode_picture(PictureFormat::kYuv, grey), bytes_of("a\x01"));
    EXPECT_EQ(encode_picture(PictureFormat::kY4m, grey),
              bytes_of("YUV4MPEG2 W1 H1 F25:1 Ip A1:1 Cmono10\nFRAME\na\x01"));
    EXPECT_EQ(parse_npy(encode_picture(PictureFormat::kNpy, grey)).descr, "<u2");

    Picture yuv = make_picture(ColourModel::kYuv, k420, 8, 2, 2);
    yuv.range = SampleRange::kLimited;
    const std::string expected("YUV4MPEG2 W2 H2 F25:1 Ip A1:1 C420 XCOLORRANGE=LIMITED\nFRAME\n\0\0\0\0\0\0", 67);
    EXPECT_EQ(encode_picture(PictureFormat::kY4m, yuv), bytes_of(expected));
}

TEST(PictureFormats, ColourSpaceTagsOfY4m) {
    const auto tag = [](ChromaFormat chroma, unsigned depth) {
        const auto file = encode_picture(PictureFormat::kY4m, make_picture(ColourModel::kYuv, chroma, depth, 2, 2));
        const std::string text(file.begin(), file.end());
        const std::size_t at = text.find(" C") + 2;
        return text.substr(at, text.find_first_of(" \n", at) - at);
    };
    EXPECT_EQ(tag(k420, 8), "420");
    EXPECT_EQ(tag(k422, 8), "422");
    EXPECT_EQ(tag(k444, 8), "444");
    EXPECT_EQ(tag(k420, 10), "420p10");
    EXPECT_EQ(tag(k422, 10), "422p10");
    EXPECT_EQ(tag(k444, 16), "444p16");
}

TEST(PictureFormats, WhatAFormatCannotHold) {
    const Picture rgb = make_picture(ColourModel::kRgb, k444, 8, 2, 2),
                  yuv = make_picture(ColourModel::kYuv, k420, 8, 2, 2);
    const auto code = [](PictureFormat format, const Picture& picture) {
        return thrown_code([&] { (void)encode_picture(format, picture); });
    };
    for (const PictureFormat format : {PictureFormat::kPng, PictureFormat::kPnm, PictureFormat::kPam}) {
        EXPECT_EQ(code(format, yuv), JPEGAI_ERROR_ARGUMENT);
    }
    for (const PictureFormat format : {PictureFormat::kYuv, PictureFormat::kY4m})
        EXPECT_EQ(code(format, rgb), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(code(PictureFormat::kNpy, yuv), JPEGAI_ERROR_ARGUMENT);
    Picture broken = rgb;
    broken.planes[0](0, 0, 0) = 256;
    EXPECT_EQ(code(PictureFormat::kPng, broken), JPEGAI_ERROR_ARGUMENT);
    WriteOptions options;
    options.png_level = 10;
    EXPECT_EQ(thrown_code([&] { (void)encode_picture(PictureFormat::kPng, rgb, options); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { (void)decode_picture(PictureFormat::kNpy, encode_picture(PictureFormat::kNpy, rgb)); }),
              JPEGAI_ERROR_ARGUMENT);
}

TEST(PictureFormats, EveryTruncationIsAnError) {
    for (const PictureFormat format :
         {PictureFormat::kPng, PictureFormat::kPnm, PictureFormat::kPam, PictureFormat::kY4m}) {
        const bool yuv = format == PictureFormat::kY4m;
        const auto file =
            encode_picture(format, random_picture(yuv ? ColourModel::kYuv : ColourModel::kRgb, k444, 10, 4, 5));
        for (std::size_t size = 0; size < file.size(); ++size) {
            const jpegai_error code = thrown_code([&] { (void)decode_picture(format, std::span(file).first(size)); });
            EXPECT_EQ(code, JPEGAI_ERROR_TRUNCATED)
                << format_name(format) << " cut to " << size << " of " << file.size();
        }
    }
}

jpegai_error decode_error(PictureFormat format, const std::string& text, const ReadOptions& options = {}) {
    return thrown_code([&] { (void)decode_picture(format, bytes_of(text), options); });
}

TEST(Pnm, HeadersThatAreAllowed) {
    const auto decode = [](const std::string& text) { return decode_picture(PictureFormat::kPnm, bytes_of(text)); };
    EXPECT_EQ(decode("P5 # a comment\n# another\n 2\t1\r\n255\nab").planes[0](0, 0, 1), 'b');
    EXPECT_EQ(decode("P6 1 1 255 abctrailing").planes[2](0, 0, 0), 'c');
    EXPECT_EQ(decode("P5\n1 1\n65535\nab").planes[0](0, 0, 0), 'a' * 256 + 'b');
}

TEST(Pnm, Errors) {
    const auto code = [](const std::string& text) { return decode_error(PictureFormat::kPnm, text); };
    EXPECT_EQ(code("P3 1 1 255 1 2 3"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("P8 1 1 255 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("Q5 1 1 255 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 0 1 255 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 -1 1 255 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 1x 1 255 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 99999999999999999999 1 255 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 1000000 1000000 255 a"), JPEGAI_ERROR_LIMIT);
    EXPECT_EQ(code("P5 1 1 0 a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 1 1 65536 aa"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("P5 1 1 100 a"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("P5 1 1 127 a"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("P5 1 1 300 aa"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("P5 1 1 1023 \xff\xff"), JPEGAI_ERROR_STRUCTURE) << "sample above the largest value";
    EXPECT_EQ(code("P5" + std::string(70000, ' ') + "1 1 255 a"), JPEGAI_ERROR_STRUCTURE) << "endless header";
}

TEST(Pam, TupleTypesAndErrors) {
    const auto pam = [](int depth, const std::string& tuple, const std::string& samples) {
        return "P7\n# c\nWIDTH 1\nHEIGHT 1\nDEPTH " + std::to_string(depth) + "\nMAXVAL 255\n" + tuple + "ENDHDR\n" +
               samples;
    };
    const auto code = [&](int depth, const std::string& tuple, const std::string& samples,
                          const ReadOptions& options = {}) {
        return decode_error(PictureFormat::kPam, pam(depth, tuple, samples), options);
    };
    EXPECT_EQ(code(1, "TUPLTYPE GRAYSCALE\n", "a"), JPEGAI_OK);
    EXPECT_EQ(code(3, "", "abc"), JPEGAI_OK) << "the tuple type is optional";
    EXPECT_EQ(code(2, "TUPLTYPE GRAYSCALE_ALPHA\n", "a\xff"), JPEGAI_OK) << "opaque";
    EXPECT_EQ(code(4, "TUPLTYPE RGB_ALPHA\n", "abc\xfe"), JPEGAI_ERROR_UNSUPPORTED) << "transparent";
    ReadOptions drop;
    drop.alpha = AlphaPolicy::kDrop;
    EXPECT_EQ(code(4, "TUPLTYPE RGB_ALPHA\n", "abc\xfe", drop), JPEGAI_OK);
    EXPECT_EQ(code(1, "TUPLTYPE BLACKANDWHITE\n", "a"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code(1, "TUPLTYPE RGB\n", "abc"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code(5, "", "abcde"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code(1, "COLOUR blue\n", "a"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(decode_error(PictureFormat::kPam, "P7\nENDHDR\n"), JPEGAI_ERROR_UNSUPPORTED);
}

TEST(Y4m, HeadersThatAreAllowed) {
    const auto decode = [](const std::string& text) { return decode_picture(PictureFormat::kY4m, bytes_of(text)); };
    const Picture picture = decode("YUV4MPEG2 H2 W2\nFRAME Ixyz\nabcdUV");
    EXPECT_EQ(picture.chroma, k420) << "the default";
    EXPECT_EQ(picture.planes[2](0, 0, 0), 'V');
    EXPECT_EQ(picture.range, SampleRange::kUnspecified);
    for (const char* tag : {"420", "420jpeg", "420paldv", "420mpeg2"}) {
        EXPECT_EQ(decode(std::string("YUV4MPEG2 W2 H2 C") + tag + " F30:1\nFRAME\nabcdUV").chroma, k420) << tag;
    }
    EXPECT_EQ(decode("YUV4MPEG2 W1 H1 C444 XYSCSS=444 XCOLORRANGE=LIMITED\nFRAME\naUV").range, SampleRange::kLimited);
    EXPECT_EQ(decode("YUV4MPEG2 W1 H1 Cmono\nFRAME\naFRAME\nb").model, ColourModel::kGrey);
}

TEST(Y4m, Errors) {
    const auto code = [](const std::string& text) { return decode_error(PictureFormat::kY4m, text); };
    EXPECT_EQ(code("YUV4MPEG2 W2 H2 C411\nFRAME\nabcdUV"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2 C444alpha\nFRAME\nabcdUV"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2 C420p8\nFRAME\nabcdUV"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2 C420p17\nFRAME\nabcdUV"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2 It\nFRAME\nabcdUV"), JPEGAI_ERROR_UNSUPPORTED);
    EXPECT_EQ(code("YUV4MPEG2 W2\nFRAME\nabcdUV"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2\nFROME\nabcdUV"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("YUV4MPEG2 Wa H2\nFRAME\nabcdUV"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2\nFRAME\nabcdU"), JPEGAI_ERROR_TRUNCATED);
    EXPECT_EQ(code("YUV4MPEG2 W2 H2" + std::string(70000, ' ')), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("YUV4MPEG2 W1 H1 Cmono10\nFRAME\n\xff\xff"), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(code("YUV4MPEG2 W1000000000000 H1000000000000\nFRAME\n"), JPEGAI_ERROR_LIMIT);
}

TEST(RawYuv, LayoutFromTheName) {
    EXPECT_EQ(raw_layout_of_name("dir_9x9/in_128x96_10bit_422.yuv"), (RawLayout{96, 128, k422, false, 10}));
    EXPECT_EQ(raw_layout_of_name("in_75x101_8bit_420.yuv"), (RawLayout{101, 75, k420, false, 8}));
    EXPECT_EQ(raw_layout_of_name("a-1920x1080-444-12b.yuv"), (RawLayout{1080, 1920, k444, false, 12}));
    EXPECT_EQ(raw_layout_of_name("16x8.400.yuv"), (RawLayout{8, 16, k420, true, 8}));
    EXPECT_EQ(raw_layout_of_name("nothing_420_10bit.yuv"), std::nullopt);
    EXPECT_EQ(raw_layout_of_name("0x5.yuv"), std::nullopt);
    EXPECT_EQ(raw_layout_of_name("x.yuv"), std::nullopt);
    EXPECT_EQ(raw_layout_of_name(""), std::nullopt);
}

TEST(RawYuv, Errors) {
    ReadOptions options;
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdUV", options), JPEGAI_ERROR_ARGUMENT);
    options.raw = RawLayout{2, 2, k420, false, 8};
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdUV", options), JPEGAI_OK);
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdUVabcdUV", options), JPEGAI_OK) << "the first of two frames";
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdUVa", options), JPEGAI_ERROR_STRUCTURE);
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdU", options), JPEGAI_ERROR_TRUNCATED);
    options.max_pixels = 3;
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdUV", options), JPEGAI_ERROR_LIMIT);
    options = {};
    options.raw = RawLayout{2, 2, {2, 1}, false, 8};
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "abcdUV", options), JPEGAI_ERROR_ARGUMENT);
    options.raw = RawLayout{1, 1, k444, true, 10};
    EXPECT_EQ(decode_error(PictureFormat::kYuv, "\xff\xff", options), JPEGAI_ERROR_STRUCTURE);
}

TEST(PictureFormats, PartsMakeTheFile) {
    // Large enough for several parts, with a part that ends within a row.
    for (const PictureFormat format : {PictureFormat::kPng, PictureFormat::kPnm, PictureFormat::kPam,
                                       PictureFormat::kYuv, PictureFormat::kY4m, PictureFormat::kNpy}) {
        const bool yuv = format == PictureFormat::kYuv || format == PictureFormat::kY4m;
        for (const unsigned depth : {8U, 10U}) {
            SCOPED_TRACE(testing::Message() << format_name(format) << " " << depth);
            const Picture picture =
                random_picture(yuv ? ColourModel::kYuv : ColourModel::kRgb, yuv ? k420 : k444, depth, 700, 611);
            WriteOptions options;
            options.png_photo = depth == 8;
            std::vector<std::uint8_t> file;
            std::size_t parts = 0, largest = 0;
            encode_picture(format, picture, options, [&](std::span<const std::uint8_t> part) {
                file.insert(file.end(), part.begin(), part.end());
                ++parts;
                largest = std::max(largest, part.size());
            });
            EXPECT_GT(parts, 2U);
            EXPECT_LE(largest, std::size_t{1} << 20);
            if (format == PictureFormat::kNpy) {
                EXPECT_EQ(parse_npy(file).as<int>().back(), picture.planes[2](0, 699, 610));
                continue;
            }
            ReadOptions read;
            if (format == PictureFormat::kYuv) read.raw = RawLayout{700, 611, k420, false, depth};
            expect_same(decode_picture(format, file, read), picture);
            const auto refuse = [](std::span<const std::uint8_t>) { throw Error(JPEGAI_ERROR_IO, "full"); };
            EXPECT_EQ(thrown_code([&] { encode_picture(format, picture, options, refuse); }), JPEGAI_ERROR_IO);
        }
    }
}

TEST(PictureFiles, ByNameAndByContent) {
    const auto folder = std::filesystem::temp_directory_path() / ("jpegai_pictures_" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    const Picture rgb = random_picture(ColourModel::kRgb, k444, 8, 6, 7),
                  yuv = random_picture(ColourModel::kYuv, k420, 10, 6, 8);
    for (const char* name : {"a.png", "a.PPM", "a.pam"}) {
        write_picture((folder / name).string(), rgb);
        expect_same(read_picture((folder / name).string()), rgb);
    }
    write_picture((folder / "b_8x6_10bit_420.yuv").string(), yuv);
    expect_same(read_picture((folder / "b_8x6_10bit_420.yuv").string()), yuv);
    std::filesystem::rename(folder / "a.png", folder / "a.jpg");
    expect_same(read_picture((folder / "a.jpg").string()), rgb);
    EXPECT_EQ(thrown_code([&] { write_picture((folder / "a.tif").string(), rgb); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_EQ(thrown_code([&] { write_picture((folder / "c.png").string(), yuv); }), JPEGAI_ERROR_ARGUMENT);
    EXPECT_FALSE(std::filesystem::exists(folder / "c.png")) << "nothing is left of a failed write";
    EXPECT_EQ(thrown_code([&] { (void)read_picture((folder / "none.png").string()); }), JPEGAI_ERROR_IO);
    write_file((folder / "d.txt").string(), bytes_of("hello"));
    EXPECT_EQ(thrown_code([&] { (void)read_picture((folder / "d.txt").string()); }), JPEGAI_ERROR_UNSUPPORTED);
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace jpegai
