// A decoder under test: this build in-process, or any program by its command line.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "conformance/stages.h"
#include "conformance/suite.h"
#include "decoder/picture.h"

namespace jpegai::conformance {

/// What a decoder made of a stream.
struct Outcome {
    enum class Status : std::uint8_t {
        kDecoded,   ///< a picture, or the stages that were asked for
        kRefused,   ///< an error, reported in an orderly way
        kCrashed,   ///< ended by a signal
        kTimedOut,  ///< still running when its time was up, and ended
        kUnusable,  ///< it claims success, but there is no readable picture
    };
    Status status = Status::kDecoded;
    std::string error_class;  ///< kRefused: class of the error where it is known (docs/CLI.md), else empty
    std::string message;
    std::optional<Picture> picture;
    StageDumps stages;           ///< those that the decoder can dump
    std::optional<Json> header;  ///< header fields by name, where the decoder tells
    double seconds = 0;
};

class Device {
public:
    virtual ~Device() = default;
    [[nodiscard]] virtual std::string describe() const = 0;
    /// Whether it follows the numeric contract, so that float stages and samples have to be equal, too.
    [[nodiscard]] virtual bool bit_exact() const = 0;
    /// Whether it can look at headers without decoding (CaseKind::kAccept).
    [[nodiscard]] virtual bool reads_headers() const = 0;
    /// Whether it can be asked for less than the whole picture in this way.
    [[nodiscard]] virtual bool can_choose(const DecodeChoice& choice) const = 0;
    /// Runs one case. Never throws for what the decoder does; Error{io} when a file of the suite cannot be read.
    [[nodiscard]] virtual Outcome run(const std::string& suite_folder, const Case& test) const = 0;
};

/// This build's decoder with one set of weights and one backend.
struct InternalOptions {
    std::string cpu = "auto";  ///< as backend/select.h
    unsigned threads = 1;
    bool reference_quirks = false;
    std::string device = "cpu";  ///< as backend/select.h
    bool stages = true;  ///< keep intermediate tensors; without, decoding goes the shorter ways that programs take
};
[[nodiscard]] std::unique_ptr<Device> internal_device(std::shared_ptr<const WeightSet> weights,
                                                      const InternalOptions& options);

/// A program. In `command`, which /bin/sh runs, {in} stands for the stream, {out} for the picture to write, {dump} for
/// a folder to write stages to (NAME.npy), {width} and {height} for the displayed size, {depth} for the bit depth,
/// {channels}, {transform} and {window} for what a case asks for (DecodeChoice: "160,96", "sop", "0,0,64,64"); paths
/// are quoted. The picture is wanted as PNG for RGB and as raw planar YUV otherwise (8 bit, or 16 bit little endian).
struct ExternalOptions {
    std::string command;
    double timeout_seconds = 60;
};
[[nodiscard]] std::unique_ptr<Device> external_device(const ExternalOptions& options);

/// Header fields of a parsed stream by name; arrays of more than 64 values are given by number and CRC-32.
[[nodiscard]] Json header_json(const Codestream& stream);

/// The expected picture of a case. Throws Error{io, structure}.
[[nodiscard]] Picture load_expected_picture(const std::string& suite_folder, const ExpectedPicture& expected);
/// Stores a picture losslessly as the files that load_expected_picture reads and returns its description.
[[nodiscard]] ExpectedPicture store_expected_picture(const std::string& suite_folder, const std::string& name,
                                                     const Picture& picture);

}  // namespace jpegai::conformance
