#include "bitstream/codestream.h"

#include <fmt/format.h>

#include <string>

#include "base/error.h"
#include "bitstream/bit_reader.h"

namespace jpegai {

namespace {

constexpr std::size_t kMarkerBytes = 2;

std::uint16_t be16(std::span<const std::uint8_t> file, std::size_t position) {
    return static_cast<std::uint16_t>(file[position] << 8 | file[position + 1]);
}

/// Splits the lanes of one block (01 section 4.1). `what` names the block in errors.
LaneBlock split_lanes(std::span<const std::uint8_t> file, ByteRange block, std::size_t lanes, const std::string& what,
                      bool strict) {
    BitReader bits(block.of(file), block.offset);
    std::vector<std::int64_t> deltas(lanes - 1);
    for (std::int64_t& delta : deltas) delta = bits.se();
    if (!bits.byte_align() && strict) {
        throw Error(JPEGAI_ERROR_ENTROPY, block.offset, fmt::format("{}: set bits pad the lane sizes", what));
    }
    std::uint64_t offset = block.offset + bits.bytes_used();
    std::uint64_t left = block.size - bits.bytes_used();
    const auto mean = static_cast<std::int64_t>(left / lanes);
    LaneBlock result{block, {}};
    result.lanes.reserve(lanes);
    for (const std::int64_t delta : deltas) {
        const std::int64_t size = mean - delta;
        if (size < 0 || static_cast<std::uint64_t>(size) > left) {
            throw Error(JPEGAI_ERROR_ENTROPY, block.offset,
                        fmt::format("{}: the lane sizes contradict the payload's size", what));
        }
        result.lanes.push_back({offset, static_cast<std::uint64_t>(size)});
        offset += static_cast<std::uint64_t>(size);
        left -= static_cast<std::uint64_t>(size);
    }
    result.lanes.push_back({offset, left});
    return result;
}

/// One pass over the file; the picture header comes first, so everything else can be split as it is met.
class CodestreamParser {
public:
    CodestreamParser(std::span<const std::uint8_t> file, const ParseOptions& options)
        : file_(file), options_(options) {}

    Codestream parse() {
        if (next_marker() != Marker::kSoc) fail(0, "the data do not start with SOC");
        while (true) {
            marker_offset_ = position_;
            const Marker marker = next_marker();
            if (marker == Marker::kEoc) break;
            take_substream(marker);
        }
        check_complete();
        stream_.size = position_;
        return std::move(stream_);
    }

private:
    [[noreturn]] static void fail(std::uint64_t offset, const std::string& message,
                                  jpegai_error code = JPEGAI_ERROR_STRUCTURE) {
        throw Error(code, offset, message);
    }

    Marker next_marker() {
        if (file_.size() - position_ < kMarkerBytes) {
            fail(file_.size(), "the data end where a marker is expected", JPEGAI_ERROR_TRUNCATED);
        }
        const auto marker = static_cast<Marker>(be16(file_, position_));
        position_ += kMarkerBytes;
        return marker;
    }

    /// Size code and payload of a substream (01 section 3.2).
    ByteRange next_payload(Marker marker) {
        BitReader bits(file_.subspan(position_), position_);
        const std::uint64_t code_offset = bits.file_offset();
        const std::uint32_t size = bits.ue();
        if (!bits.byte_align() && options_.header.strict) fail(code_offset, "set bits pad a substream's size");
        position_ += bits.bytes_used();
        if (size > file_.size() - position_) {
            fail(file_.size(),
                 fmt::format("{} at byte {} has {} bytes, of which {} are there", marker_name(marker), marker_offset_,
                             size, file_.size() - position_),
                 JPEGAI_ERROR_TRUNCATED);
        }
        const ByteRange payload{position_, size};
        position_ += size;
        return payload;
    }

    void take_substream(Marker marker) {
        switch (marker) {
            case Marker::kPictureHeader:
            case Marker::kToolHeader:
            case Marker::kRenderingInfo:
            case Marker::kHyper:
            case Marker::kResidualPrimary:
            case Marker::kResidualSecondary:
            case Marker::kQualityMap:
            case Marker::kUserData:
                break;
            default:
                fail(marker_offset_,
                     fmt::format("{:04X} is not a marker that may stand here", static_cast<unsigned>(marker)));
        }
        if (stream_.substreams.empty() != (marker == Marker::kPictureHeader)) {
            fail(marker_offset_, marker == Marker::kPictureHeader ? "a second PIH" : "the first substream is not PIH");
        }
        const ByteRange payload = next_payload(marker);
        stream_.substreams.push_back({marker, marker_offset_, payload, std::nullopt});
        switch (marker) {
            case Marker::kPictureHeader:
                take_picture_header(payload);
                break;
            case Marker::kToolHeader:
                once(stream_.has_tools, marker);
                stream_.tools = parse_tool_header(payload.of(file_), stream_.picture, payload.offset, options_.header);
                if (const char* misfit = tools_misfit(stream_.tools, stream_.picture)) {
                    fail(payload.offset, misfit, JPEGAI_ERROR_HEADER);
                }
                break;
            case Marker::kRenderingInfo:
                once(stream_.has_rendering, marker);
                stream_.rendering = parse_rendering_info(payload.of(file_), payload.offset, options_.header);
                break;
            case Marker::kUserData:
                take_user_data(payload);
                break;
            case Marker::kHyper:
                once(has_hyper_, marker);
                stream_.hyper = lanes(payload, stream_.picture.num_threads_z, "SOZ");
                break;
            case Marker::kQualityMap:
                once(has_quality_map_, marker);
                if (!stream_.picture.gain_3d_enable_flag) fail(marker_offset_, "SOQ without gain_3D_enable_flag");
                stream_.quality_map = lanes(payload, stream_.picture.num_threads_q, "SOQ");
                break;
            case Marker::kResidualPrimary:
                take_residual(kPrimary, payload);
                break;
            default:
                take_residual(kSecondary, payload);
                break;
        }
    }

    void once(bool& seen, Marker marker) const {
        if (seen) fail(marker_offset_, fmt::format("a second {}", marker_name(marker)));
        seen = true;
    }

    LaneBlock lanes(ByteRange block, std::size_t count, const std::string& what) const {
        return split_lanes(file_, block, count, what, options_.header.strict);
    }

    void take_picture_header(ByteRange payload) {
        stream_.dialect = options_.dialect ? *options_.dialect : detect_dialect(payload.of(file_), payload.offset);
        stream_.picture = parse_picture_header(payload.of(file_), stream_.dialect, payload.offset, options_.header);
        const std::uint64_t pixels = std::uint64_t{stream_.picture.img_width} * stream_.picture.img_height;
        if (pixels > options_.max_pixels) {
            fail(payload.offset,
                 fmt::format("{} x {} samples exceed the limit of {}", stream_.picture.img_width,
                             stream_.picture.img_height, options_.max_pixels),
                 JPEGAI_ERROR_LIMIT);
        }
        for (auto& regions : stream_.residual) regions.resize(stream_.picture.region_count());
    }

    void take_user_data(ByteRange payload) {
        once(stream_.has_user_data, Marker::kUserData);
        if (payload.size > options_.max_user_data) {
            fail(payload.offset,
                 fmt::format("{} bytes of user data exceed the limit of {}", payload.size, options_.max_user_data),
                 JPEGAI_ERROR_LIMIT);
        }
        const auto bytes = payload.of(file_);
        stream_.user_data.assign(bytes.begin(), bytes.end());
    }

    void take_residual(Component component, ByteRange payload) {
        if (stream_.picture.independent_regions()) {
            take_independent_region(component, payload);
        } else {
            take_dependent_regions(component, payload);
        }
    }

    std::string region_name(Component component, std::size_t region) const {
        return fmt::format("{} region {}", component == kPrimary ? "SORP" : "SORS", region);
    }

    /// 01 section 4.4: one substream per region, its index in front.
    void take_independent_region(Component component, ByteRange payload) {
        if (payload.size == 0)
            fail(payload.offset, "a residual substream without its region index", JPEGAI_ERROR_TRUNCATED);
        const std::uint8_t region = file_[static_cast<std::size_t>(payload.offset)];
        stream_.substreams.back().region = region;
        auto& regions = stream_.residual[component];
        if (region >= regions.size()) {
            fail(payload.offset, fmt::format("{} does not exist: there are {} regions", region_name(component, region),
                                             regions.size()));
        }
        if (regions[region]) fail(payload.offset, fmt::format("a second {}", region_name(component, region)));
        regions[region] =
            lanes({payload.offset + 1, payload.size - 1}, threads(component), region_name(component, region));
    }

    /// 01 section 4.3: all regions in one substream, behind the sizes of all but the last.
    void take_dependent_regions(Component component, ByteRange payload) {
        auto& regions = stream_.residual[component];
        if (regions[0]) fail(marker_offset_, component == kPrimary ? "a second SORP" : "a second SORS");
        BitReader bits(payload.of(file_), payload.offset);
        std::vector<std::uint64_t> sizes(regions.size() - 1);  // of all but the last
        for (std::uint64_t& size : sizes) size = bits.ue();
        if (!bits.byte_align() && options_.header.strict) fail(payload.offset, "set bits pad the region sizes");
        std::uint64_t offset = payload.offset + bits.bytes_used();
        std::uint64_t left = payload.size - bits.bytes_used();
        for (std::size_t r = 0; r < regions.size(); ++r) {
            const std::uint64_t size = r < sizes.size() ? sizes[r] : left;
            if (size > left) fail(payload.offset, fmt::format("{} exceeds its substream", region_name(component, r)));
            regions[r] = lanes({offset, size}, threads(component), region_name(component, r));
            offset += size;
            left -= size;
        }
    }

    std::size_t threads(Component component) const { return stream_.picture.component[component].num_threads_r; }

    /// What EOC must not come before (01 section 3.4). Regions may be missing only where each is a substream of its
    /// own.
    void check_complete() const {
        if (stream_.substreams.empty()) fail(marker_offset_, "EOC before PIH");
        if (!has_hyper_) fail(marker_offset_, "EOC before SOZ");
        if (stream_.picture.gain_3d_enable_flag && !has_quality_map_) fail(marker_offset_, "EOC before SOQ");
        if (stream_.picture.independent_regions()) return;
        if (!stream_.residual[kPrimary][0]) fail(marker_offset_, "EOC before SORP");
        if (!stream_.residual[kSecondary][0]) fail(marker_offset_, "EOC before SORS");
    }

    std::span<const std::uint8_t> file_;
    const ParseOptions& options_;
    Codestream stream_;
    std::size_t position_ = 0;
    std::uint64_t marker_offset_ = 0;
    bool has_hyper_ = false, has_quality_map_ = false;
};

}  // namespace

const char* marker_name(Marker marker) {
    switch (marker) {
        case Marker::kSoc:
            return "SOC";
        case Marker::kEoc:
            return "EOC";
        case Marker::kPictureHeader:
            return "PIH";
        case Marker::kToolHeader:
            return "TON";
        case Marker::kRenderingInfo:
            return "RDI";
        case Marker::kHyper:
            return "SOZ";
        case Marker::kResidualPrimary:
            return "SORP";
        case Marker::kResidualSecondary:
            return "SORS";
        case Marker::kQualityMap:
            return "SOQ";
        case Marker::kUserData:
            return "UDI";
    }
    return "unknown";
}

Codestream parse_codestream(std::span<const std::uint8_t> file, const ParseOptions& options) {
    return CodestreamParser(file, options).parse();
}

bool looks_like_codestream(std::span<const std::uint8_t> file) {
    return file.size() >= 2 * kMarkerBytes && be16(file, 0) == static_cast<std::uint16_t>(Marker::kSoc) &&
           be16(file, kMarkerBytes) == static_cast<std::uint16_t>(Marker::kPictureHeader);
}

}  // namespace jpegai
