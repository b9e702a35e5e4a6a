// What the default set holds: the one place to change when packs join it or leave it.
#pragma once

#include "networks/availability.h"

namespace jpegai::test {

/// The models that it has the HOP synthesis of, in packs model_N_hop.jaiw. All models have BOP and SOP; HOP analysis is
/// in none.
inline constexpr ModelMask kDefaultHop = {true, true, true, true};

}  // namespace jpegai::test
