#include "detection/traces/corpus.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "base/error.h"
#include "base/scratch_folder.h"
#include "detection/classic_codecs.h"
#include "detection/programs.h"
#include "detection/traces/resample.h"
#include "encoder/rate_control.h"
#include "picture_io/picture_io.h"

namespace jpegai::detection {
namespace {

Picture through_jxl(const Picture& picture, double distance) {
    const ScratchFolder folder("check");
    const std::string in = folder.path("in.png"), coded = folder.path("coded.jxl"), out = folder.path("out.png");
    write_picture(in, picture);
    run_program({"cjxl", "--num_threads=0", "-d", fmt::format("{:.2f}", distance), in, coded});
    run_program({"djxl", "--num_threads=0", coded, out});
    ReadOptions options;
    options.alpha = AlphaPolicy::kDrop;
    return read_picture(out, options);
}

Picture through_classic(const Picture& picture, ClassicCodec codec, double setting) {
    // Readers may give YUV or grey; attacks and detectors take RGB and grey.
    return to_plain(decode_classic(codec, encode_classic(codec, picture, static_cast<int>(setting))));
}

CorpusPicture through_jpeg_ai(const Encoder& encoder, const Picture& original, const CorpusEntry& entry) {
    EncodeOptions options;
    options.synthesis = entry.simple ? OperatingPoint::kSop : OperatingPoint::kBop;
    options.want_reconstruction = true;
    RateTarget target;
    target.kind = RateTarget::Kind::kBitsPerSample;
    target.value = entry.setting;
    target.tolerance = 0.05;
    target.best_effort = true;
    TargetedResult result = encode_to(encoder, original, options, target);
    CorpusPicture made;
    made.coded = true;
    made.rate = result.report.rate;
    made.bpp = result.report.value;
    made.picture = quantise(*result.encoded.reconstruction, 8);
    return made;
}

Picture attacked(const Picture& picture, const Attack& attack) {
    switch (attack.kind) {
        case Attack::Kind::kNone:
            break;
        case Attack::Kind::kJpeg:
            return through_classic(picture, ClassicCodec::kJpeg, attack.strength);
        case Attack::Kind::kResize: {
            const auto side = [&](std::size_t samples) {
                return static_cast<std::size_t>(std::lround(static_cast<double>(samples) * attack.strength));
            };
            return resize_picture(picture, {side(picture.rows()), side(picture.cols())});
        }
        case Attack::Kind::kCrop: {
            const auto cut = static_cast<std::size_t>(attack.strength);
            return cut_picture(picture, {cut, 2 * cut, picture.rows() - cut, picture.cols() - 2 * cut});
        }
    }
    return picture;
}

/// Two settings of each coder, strong and weak.
double other_setting(Coder coder, std::size_t turn) {
    switch (coder) {
        case Coder::kJpeg:
            return std::array{60.0, 90.0}[turn % 2];
        case Coder::kWebp:
            return std::array{50.0, 85.0}[turn % 2];
        case Coder::kAvif:
            return std::array{35.0, 20.0}[turn % 2];
        case Coder::kJxl:
            return std::array{3.0, 1.0}[turn % 2];
        default:
            return 0;
    }
}

std::vector<Coder> available_coders() {
    std::vector<Coder> coders;
    for (const Coder coder : kOtherCoders) {
        if (have_coder(coder)) coders.push_back(coder);
    }
    return coders;
}

}  // namespace

const char* coder_id(Coder coder) {
    switch (coder) {
        case Coder::kNone:
            return "none";
        case Coder::kJpegAi:
            return "jpeg-ai";
        case Coder::kJpeg:
            return "jpeg";
        case Coder::kWebp:
            return "webp";
        case Coder::kAvif:
            return "avif";
        case Coder::kJxl:
            break;
    }
    return "jxl";
}

bool have_coder(Coder coder) {
    switch (coder) {
        case Coder::kJpeg:
            return have_classic(ClassicCodec::kJpeg);
        case Coder::kWebp:
            return have_classic(ClassicCodec::kWebp);
        case Coder::kAvif:
            return have_classic(ClassicCodec::kAvif);
        case Coder::kJxl:
            return have_program("cjxl") && have_program("djxl");
        default:
            return true;
    }
}

std::string Attack::id() const {
    switch (kind) {
        case Kind::kNone:
            return "none";
        case Kind::kJpeg:
            return fmt::format("jpeg {:.0f}", strength);
        case Kind::kResize:
            return fmt::format("resize {:g}", strength);
        case Kind::kCrop:
            break;
    }
    return fmt::format("crop {:.0f}", strength);
}

const std::vector<Attack>& all_attacks() {
    static const std::vector<Attack> attacks = [] {
        std::vector<Attack> all = {{Attack::Kind::kNone, 0}};
        if (have_coder(Coder::kJpeg)) {
            for (const double quality : {95.0, 85.0, 75.0}) all.push_back({Attack::Kind::kJpeg, quality});
        }
        for (const double factor : {0.5, 0.9}) all.push_back({Attack::Kind::kResize, factor});
        all.push_back({Attack::Kind::kCrop, 5});
        return all;
    }();
    return attacks;
}

CorpusPicture make_corpus_picture(const Encoder& encoder, const Picture& original, const CorpusEntry& entry) {
    CorpusPicture made;
    switch (entry.coder) {
        case Coder::kNone:
            made.picture = original;
            break;
        case Coder::kJpegAi:
            made = through_jpeg_ai(encoder, original, entry);
            break;
        case Coder::kJpeg:
            made.picture = through_classic(original, ClassicCodec::kJpeg, entry.setting);
            break;
        case Coder::kWebp:
            made.picture = through_classic(original, ClassicCodec::kWebp, entry.setting);
            break;
        case Coder::kAvif:
            made.picture = decode_avif(encode_avif(original, static_cast<int>(entry.setting), false));
            break;
        case Coder::kJxl:
            made.picture = through_jxl(original, entry.setting);
            break;
    }
    made.picture = attacked(made.picture, entry.attack);
    return made;
}

std::vector<CorpusEntry> calibration_entries(std::size_t index, std::size_t count) {
    const std::vector<Coder> coders = available_coders();
    const std::vector<Attack>& attacks = all_attacks();
    std::vector<CorpusEntry> entries;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t turn = index * count + i;
        // Every third without attack, the others in turn.
        const Attack attack = turn % 3 == 0 ? attacks[0] : attacks[1 + (turn - turn / 3 - 1) % (attacks.size() - 1)];
        CorpusEntry coded{Coder::kJpegAi, kTraceRates[(turn + turn / 3) % kTraceRates.size()], turn % 4 == 3, attack};
        entries.push_back(coded);
        const Coder coder = coders[(turn + turn / coders.size()) % coders.size()];
        entries.push_back({coder, other_setting(coder, turn / coders.size()), false, attack});
    }
    return entries;
}

std::vector<CorpusEntry> measuring_entries(std::size_t index, std::size_t attacks) {
    const std::vector<Coder> coders = available_coders();
    const std::vector<Attack>& all = all_attacks();
    std::vector<CorpusEntry> entries;
    const auto add = [&](const Attack& attack, std::size_t others) {
        for (const double rate : kTraceRates) entries.push_back({Coder::kJpegAi, rate, index % 4 == 3, attack});
        for (std::size_t i = 0; i < std::min(others, coders.size()); ++i) {
            const Coder coder = coders[(index + i) % coders.size()];
            entries.push_back({coder, other_setting(coder, index / 2 + i), false, attack});
        }
    };
    constexpr std::size_t kOthersWithAttack = 3;
    add(all.front(), coders.size());
    for (std::size_t i = 0; i < std::min(attacks, all.size() - 1); ++i) {
        add(all[1 + (index + i) % (all.size() - 1)], kOthersWithAttack);
    }
    return entries;
}

}  // namespace jpegai::detection
