// jpegai: what JPEG AI did to a picture. C++ interface, a thin RAII layer over check.h. SPDX-License-Identifier:
// BSD-3-Clause
#ifndef JPEGAI_CHECK_HPP
#define JPEGAI_CHECK_HPP

#include <optional>

#include "jpegai/check.h"
#include "jpegai/jpegai.hpp"

namespace jpegai_api {

/// Options with the library's defaults; `progress` is called with 0..1 and returns false to cancel.
struct ArtifactOptions {
    ArtifactOptions() { jpegai_artifact_options_init(&c); }
    jpegai_artifact_options c;
    std::vector<jpegai_box> text;  ///< regions of text that are known
    std::function<bool(double)> progress;
};

/// What the detectors of artifacts say.
class Artifacts {
public:
    explicit Artifacts(jpegai_artifacts* artifacts) : artifacts_(artifacts) {}
    [[nodiscard]] bool found() const { return jpegai_artifacts_found(artifacts_.get()) != 0; }
    /// Texts and map are valid while this object lives.
    [[nodiscard]] jpegai_finding finding(jpegai_detector detector) const {
        jpegai_finding finding;
        detail::check(jpegai_artifacts_finding(artifacts_.get(), detector, &finding));
        return finding;
    }
    [[nodiscard]] std::string json() const { return jpegai_artifacts_json(artifacts_.get()); }

private:
    std::unique_ptr<jpegai_artifacts, detail::Deleter<jpegai_artifacts_free>> artifacts_;
};

/// Options with the library's defaults; `progress` is called with 0..1 and returns false to cancel.
struct TraceOptions {
    TraceOptions() {
        jpegai_trace_options_init(&c);
        scales.assign(c.scales, c.scales + c.scale_count);
    }
    jpegai_trace_options c;
    std::vector<double> scales;             ///< used in place of those in `c`
    std::optional<std::string> classifier;  ///< JSON that `jpegai check calibrate --out` wrote
    std::function<bool(double)> progress;
};

/// Whether and how a picture was coded.
class Traces {
public:
    explicit Traces(jpegai_traces* traces) : traces_(traces) {}
    [[nodiscard]] jpegai_trace_summary summary() const {
        jpegai_trace_summary summary;
        detail::check(jpegai_traces_summary(traces_.get(), &summary));
        return summary;
    }
    [[nodiscard]] std::string verdict() const { return jpegai_traces_verdict(traces_.get()); }
    [[nodiscard]] std::string json() const { return jpegai_traces_json(traces_.get()); }
    /// Where the traces show, and where in the picture the map begins; needs `keep_map`.
    struct Map {
        std::uint32_t x, y;
        jpegai_plane plane;  ///< float samples, valid while the object lives
    };
    [[nodiscard]] Map map() const {
        Map map;
        detail::check(jpegai_traces_map(traces_.get(), &map.x, &map.y, &map.plane));
        return map;
    }

private:
    std::unique_ptr<jpegai_traces, detail::Deleter<jpegai_traces_free>> traces_;
};

class Checker {
public:
    /// For pairs of pictures only.
    explicit Checker(jpegai_cpu cpu = JPEGAI_CPU_AUTO, std::uint32_t threads = 0) : Checker(nullptr, cpu, threads) {}
    explicit Checker(const Models& models, jpegai_cpu cpu = JPEGAI_CPU_AUTO, std::uint32_t threads = 0)
        : Checker(models.get(), cpu, threads) {}

    void add_models(const Models& models, const std::string& name) {
        detail::check(jpegai_checker_add_models(checker_.get(), models.get(), name.c_str()));
    }
    /// `classic` may be null. Throws Error.
    [[nodiscard]] Artifacts find_artifacts(const jpegai_source& original, const jpegai_source& decode,
                                           const jpegai_source* classic = nullptr,
                                           const ArtifactOptions& options = {}) const {
        const jpegai_artifact_options c = c_options(options);
        jpegai_artifacts* artifacts = nullptr;
        detail::check(jpegai_find_artifacts(checker_.get(), &original, &decode, classic, &c, &artifacts));
        return Artifacts(artifacts);
    }
    /// The same with a codestream as the decode. Throws Error.
    [[nodiscard]] Artifacts find_stream_artifacts(const jpegai_source& original, std::span<const std::uint8_t> stream,
                                                  const jpegai_source* classic = nullptr,
                                                  const ArtifactOptions& options = {}) const {
        const jpegai_artifact_options c = c_options(options);
        jpegai_artifacts* artifacts = nullptr;
        detail::check(jpegai_find_stream_artifacts(checker_.get(), &original, stream.data(), stream.size(), classic, &c,
                                                   &artifacts));
        return Artifacts(artifacts);
    }
    /// Throws Error.
    [[nodiscard]] Traces find_traces(const jpegai_source& picture, const TraceOptions& options = {}) const {
        jpegai_trace_options c = options.c;
        c.scales = options.scales.data();
        c.scale_count = options.scales.size();
        if (options.classifier) c.classifier = options.classifier->c_str();
        set_progress(c, options.progress);
        jpegai_traces* traces = nullptr;
        detail::check(jpegai_find_traces(checker_.get(), &picture, &c, &traces));
        return Traces(traces);
    }

private:
    Checker(const jpegai_models* models, jpegai_cpu cpu, std::uint32_t threads) {
        jpegai_checker* checker = nullptr;
        detail::check(jpegai_checker_create(models, cpu, threads, &checker));
        checker_.reset(checker);
    }
    /// Refers to `progress`.
    template <class Options>
    static void set_progress(Options& c, const std::function<bool(double)>& progress) {
        if (!progress) return;
        c.user = const_cast<std::function<bool(double)>*>(&progress);
        c.progress = [](void* user, double fraction) {
            return (*static_cast<std::function<bool(double)>*>(user))(fraction) ? 0 : 1;
        };
    }
    static jpegai_artifact_options c_options(const ArtifactOptions& options) {
        jpegai_artifact_options c = options.c;
        if (!options.text.empty()) {
            c.text = options.text.data();
            c.text_count = options.text.size();
        }
        set_progress(c, options.progress);
        return c;
    }
    std::unique_ptr<jpegai_checker, detail::Deleter<jpegai_checker_free>> checker_;
};

}  // namespace jpegai_api

#endif
