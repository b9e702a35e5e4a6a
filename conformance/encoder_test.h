// An encoder under test: any program by its command line.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "conformance/device.h"
#include "conformance/runner.h"
#include "conformance/verify.h"

namespace jpegai::conformance {

/// In `command`, which /bin/sh runs once per picture and rate, {in} stands for the picture (PNG for RGB, raw planar YUV
/// named in_WIDTHxHEIGHT_DEPTHbit_FORMAT.yuv otherwise), {out} for the stream to write, {bpp} for the rate to meet, and
/// {width}, {height}, {depth}, {format}, {profile} ("base"), {level} ("5.2") and {dialect} ("is") for what they say.
/// Paths are quoted. Without {bpp} every picture is coded once and rates are not judged.
struct EncoderOptions {
    std::string command;
    double timeout_seconds = 300;
    double rate_tolerance = 0.05;  ///< largest deviation of the stream's size from the rate asked for, as a share
    double least_psnr = 18;        ///< dB over all samples; a decoder that misreads the stream gives far less
    std::string filter;            ///< as `selects` reads it; groups are "rgb" and "yuv"
    std::function<void(const CaseResult&)> done;  ///< called after each case
};

/// What an encoder was asked for (cases without streams) and what came of it.
struct EncoderReport {
    Suite suite;
    RunReport report;
};

/// Codes the pictures of encoder_pictures.h. Each stream has to be there, to be in the suite's dialect and to conform
/// to its profile and level in every rule of verify_stream, those of encoders included, to decode to a picture of the
/// source's size, depth, colours and chroma format, no worse than the least PSNR, and to meet the rate.
/// The first stage of a failing case is "encoder", "crash", "time limit", "stream", "decoding", "picture", "quality" or
/// "rate". `weights` are the encoder's; with null, payloads are neither decoded nor judged.
/// Throws Error{argument} when the command does not name {in} and {out}, Error{io}; nothing that the encoder does.
[[nodiscard]] EncoderReport test_encoder(const Suite& suite, std::shared_ptr<const WeightSet> weights,
                                         const EncoderOptions& options);

}  // namespace jpegai::conformance
