// JSON and JUnit reports.
#include "conformance/report.h"

#include <fmt/format.h>

namespace jpegai::conformance {
namespace {

std::string xml(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                // XML has no way to write other control characters.
                out += static_cast<unsigned char>(c) < 32 && c != '\n' && c != '\t' ? '?' : c;
        }
    }
    return out;
}

Json result_json(const CaseResult& result) {
    Json document = {{"name", result.test->name},
                     {"group", result.test->group},
                     {"kind", kind_name(result.test->kind)},
                     {"verdict", verdict_name(result.verdict)},
                     {"seconds", result.seconds}};
    if (result.verdict == Verdict::kFail) {
        document["stage"] = result.stage;
        document["clause"] = result.clause;
        document["message"] = result.message;
    }
    if (result.by_status_alone) document["by_status_alone"] = true;
    if (result.difference) {
        document["difference"] = {
            {"peak", result.difference->peak}, {"rms", result.difference->rms}, {"share", result.difference->share}};
        if (result.difference->any) {
            document["difference"]["first"] = {result.difference->plane, result.difference->row,
                                               result.difference->col};
        }
    }
    return document;
}

}  // namespace

Json report_json(const Suite& suite, const RunReport& report) {
    Json cases = Json::array();
    for (const CaseResult& result : report.results) cases.push_back(result_json(result));
    return {{"suite", suite.name},
            {"version", suite.version},
            {"device", report.device},
            {"passed", report.count(Verdict::kPass)},
            {"failed", report.count(Verdict::kFail)},
            {"skipped", report.count(Verdict::kSkipped)},
            {"seconds", report.seconds},
            {"cases", cases}};
}

std::string report_junit(const Suite& suite, const RunReport& report) {
    std::string text = fmt::format(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" "
        "skipped=\"{}\" "
        "time=\"{:.3f}\">\n",
        xml(suite.name), report.results.size(), report.count(Verdict::kFail), report.count(Verdict::kSkipped),
        report.seconds);
    for (const CaseResult& result : report.results) {
        text += fmt::format("  <testcase classname=\"{}.{}\" name=\"{}\" time=\"{:.3f}\"", xml(suite.name),
                            xml(result.test->group), xml(result.test->name), result.seconds);
        if (result.verdict == Verdict::kPass) {
            text += "/>\n";
        } else if (result.verdict == Verdict::kSkipped) {
            text += "><skipped/></testcase>\n";
        } else {
            text += fmt::format("><failure type=\"{}\" message=\"{}\">{} ({})</failure></testcase>\n",
                                xml(result.stage), xml(result.message), xml(result.stage), xml(result.clause));
        }
    }
    return text + "</testsuite>\n";
}

}  // namespace jpegai::conformance
