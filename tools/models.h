// What the subcommands of `jpegai models` share.
#pragma once

#include <string>

#include "models/catalog.h"
#include "tools/common.h"

namespace jpegai::tools {

/// SET of the command line, as people read it: the argument, or "default" and the like where it is empty.
[[nodiscard]] std::string set_label(const std::string& argument);

/// "BOP" and the like of every transform that the predicate has for at least one complete model; "none".
struct ContentsText {
    std::string models, analysis, synthesis;
};
[[nodiscard]] ContentsText contents_text(const SetContents& contents);

/// {"models": [{"id", "analysis", "synthesis"}], "eicci"} of a set.
[[nodiscard]] nlohmann::ordered_json contents_json(const SetContents& contents);

/// "29.9 MB".
[[nodiscard]] std::string size_text(std::uint64_t bytes);

void add_models_info(CLI::App& models, Invocation& invocation);
void add_models_verify(CLI::App& models, Invocation& invocation);

}  // namespace jpegai::tools
