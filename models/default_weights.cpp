#include "models/default_weights.h"

#include <cstdlib>

#include "models/places.h"

namespace jpegai {

std::string default_weights_path() {
    const char* const chosen = std::getenv("JPEGAI_MODELS");
    return chosen != nullptr && *chosen != '\0' ? chosen : built_in_models_folder();
}

std::shared_ptr<const WeightSet> open_default_weights() {
    return open_models({});
}

}  // namespace jpegai
