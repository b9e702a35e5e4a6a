#include "tests/bitstream/header_builder.h"

#include <stdexcept>

#include "bitstream/bit_writer.h"

namespace jpegai::test {

std::vector<std::uint8_t> pack_fields(const std::vector<HeaderField>& fields) {
    BitWriter bits;
    for (const HeaderField& field : fields) {
        for (const std::uint32_t value : field.values) bits.u(value, static_cast<unsigned>(field.bits));
    }
    return std::move(bits).take();
}

void set_field(std::vector<HeaderField>& fields, const std::string& name, std::uint32_t value, std::size_t occurrence,
               std::size_t element) {
    for (HeaderField& field : fields) {
        if (field.name != name || occurrence-- > 0) continue;
        field.values.at(element) = value;
        return;
    }
    throw std::out_of_range("no field " + name);
}

std::vector<std::uint32_t> field_values(const std::vector<HeaderField>& fields, const std::string& name) {
    std::vector<std::uint32_t> values;
    for (const HeaderField& field : fields) {
        if (field.name == name) values.insert(values.end(), field.values.begin(), field.values.end());
    }
    return values;
}

}  // namespace jpegai::test
