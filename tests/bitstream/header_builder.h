// Header payloads with chosen field values, legal or not: a valid header is listed, edited and packed again bit by bit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bitstream/header_syntax.h"

namespace jpegai::test {

/// The fields one after the other, zero padded to a byte.
[[nodiscard]] std::vector<std::uint8_t> pack_fields(const std::vector<HeaderField>& fields);

/// Sets element `element` of the `occurrence`-th field called `name` (both from 0). Throws std::out_of_range when there
/// is none.
void set_field(std::vector<HeaderField>& fields, const std::string& name, std::uint32_t value,
               std::size_t occurrence = 0, std::size_t element = 0);

/// Values of all fields called `name`, in order.
[[nodiscard]] std::vector<std::uint32_t> field_values(const std::vector<HeaderField>& fields, const std::string& name);

}  // namespace jpegai::test
