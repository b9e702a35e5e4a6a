// Changes of single header fields in the bytes of a valid stream.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "conformance/recipe.h"

namespace jpegai::conformance {

/// Overwrites the coded value of a header field. `header` is PIH, TON or RDI; `name` as list_fields() gives it, `index`
/// the element of an array field, `occurrence` counts fields of the same name from 0. The other bits stay.
/// Throws Error{argument} when there is no such field or the value does not fit.
void patch_field(std::vector<std::uint8_t>& file, Marker header, const std::string& name, std::uint32_t value,
                 std::size_t index = 0, std::size_t occurrence = 0);

/// Changes the payload of the first substream with a marker; its size code is written anew.
/// Throws Error{argument} when there is none.
[[nodiscard]] std::vector<std::uint8_t>& payload_of(std::vector<Segment>& segments, Marker marker);

}  // namespace jpegai::conformance
