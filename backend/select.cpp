#include "backend/select.h"

#include "backend/cpu/cpu_backend.h"

namespace jpegai {

std::shared_ptr<const Backend> make_backend(const BackendRequest& request) {
    if (request.cpu == "contract") return make_contract_backend();
    return make_cpu_backend({parse_cpu_level(request.cpu), request.threads});
}

}  // namespace jpegai
