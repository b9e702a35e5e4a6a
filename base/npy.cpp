#include "base/npy.h"

#include <cstring>
#include <functional>
#include <numeric>

#include <fmt/format.h>

#include "base/error.h"
#include "base/file.h"
#include "base/math.h"

namespace jpegai {
namespace {

std::size_t item_size(const std::string& descr) {
    return descr.size() == 3 && descr[2] >= '1' && descr[2] <= '8' ? static_cast<std::size_t>(descr[2] - '0') : 0;
}

[[noreturn]] void malformed(const char* what) {
    throw Error(JPEGAI_ERROR_STRUCTURE, fmt::format("not a readable .npy file: {}", what));
}

/// Text after `'key':` in the header dictionary, leading blanks removed.
std::string_view value_of(std::string_view header, std::string_view key) {
    const std::size_t at = header.find(fmt::format("'{}':", key));
    if (at == std::string_view::npos) malformed("header");
    std::string_view rest = header.substr(at + key.size() + 3);
    rest.remove_prefix(std::min(rest.size(), rest.find_first_not_of(' ')));
    return rest;
}

template <class From, class T>
std::vector<T> convert(const Npy& npy) {
    std::vector<T> values(npy.count());
    for (std::size_t i = 0; i < values.size(); ++i) {
        From value;
        std::memcpy(&value, npy.bytes.data() + i * sizeof(From), sizeof(From));
        values[i] = static_cast<T>(value);
    }
    return values;
}

}  // namespace

std::size_t Npy::count() const {
    return std::accumulate(shape.begin(), shape.end(), std::size_t{1},
                           [](std::size_t a, std::size_t b) { return checked_mul(a, b); });
}

template <class T>
std::vector<T> Npy::as() const {
    if (descr == "<f4") return convert<float, T>(*this);
    if (descr == "<f8") return convert<double, T>(*this);
    if (descr == "|i1") return convert<std::int8_t, T>(*this);
    if (descr == "|u1" || descr == "|b1") return convert<std::uint8_t, T>(*this);
    if (descr == "<i2") return convert<std::int16_t, T>(*this);
    if (descr == "<u2") return convert<std::uint16_t, T>(*this);
    if (descr == "<i4") return convert<std::int32_t, T>(*this);
    if (descr == "<i8") return convert<std::int64_t, T>(*this);
    throw Error(JPEGAI_ERROR_UNSUPPORTED, fmt::format(".npy type {} is not supported", descr));
}
template std::vector<float> Npy::as<float>() const;
template std::vector<double> Npy::as<double>() const;
template std::vector<std::int8_t> Npy::as<std::int8_t>() const;
template std::vector<std::uint8_t> Npy::as<std::uint8_t>() const;
template std::vector<std::int16_t> Npy::as<std::int16_t>() const;
template std::vector<std::int32_t> Npy::as<std::int32_t>() const;

Npy parse_npy(std::span<const std::uint8_t> file) {
    if (file.size() < 10 || std::memcmp(file.data(), "\x93NUMPY", 6) != 0) malformed("magic");
    const bool wide = file[6] >= 2;
    std::size_t length = file[8] | static_cast<std::size_t>(file[9]) << 8;
    std::size_t start = 10;
    if (wide) {
        if (file.size() < 12) malformed("length");
        length |= static_cast<std::size_t>(file[10]) << 16 | static_cast<std::size_t>(file[11]) << 24;
        start = 12;
    }
    if (file.size() - start < length) malformed("length");
    const std::string_view header(reinterpret_cast<const char*>(file.data()) + start, length);
    Npy npy;
    const std::string_view descr = value_of(header, "descr");
    const std::size_t quote = descr.find('\'', 1);
    if (descr.empty() || descr[0] != '\'' || quote == std::string_view::npos) malformed("descr");
    npy.descr = descr.substr(1, quote - 1);
    if (value_of(header, "fortran_order").substr(0, 5) != "False")
        throw Error(JPEGAI_ERROR_UNSUPPORTED, ".npy in Fortran order");
    std::string_view shape = value_of(header, "shape");
    if (shape.empty() || shape[0] != '(') malformed("shape");
    for (std::size_t i = 1; i < shape.size() && shape[i] != ')'; ++i) {
        if (shape[i] < '0' || shape[i] > '9') continue;
        std::size_t value = 0;
        for (; i < shape.size() && shape[i] >= '0' && shape[i] <= '9'; ++i)
            value = checked_add(checked_mul(value, 10), static_cast<std::size_t>(shape[i] - '0'));
        npy.shape.push_back(value);
        --i;
    }
    const std::size_t bytes = checked_mul(npy.count(), item_size(npy.descr));
    if (item_size(npy.descr) == 0 || file.size() - start - length < bytes) malformed("data");
    const auto data = file.subspan(start + length, bytes);
    npy.bytes.assign(data.begin(), data.end());
    return npy;
}

Npy read_npy(const std::string& path) {
    return parse_npy(read_file(path));
}

std::vector<std::uint8_t> format_npy(const std::string& descr, std::span<const std::size_t> shape,
                                     std::span<const std::uint8_t> data) {
    std::string dims;
    for (const std::size_t n : shape) dims += fmt::format("{}, ", n);
    if (shape.size() > 1)
        dims.resize(dims.size() - 2);
    else if (shape.size() == 1)
        dims.resize(dims.size() - 1);
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, dims);
    header.append((64 - (10 + header.size() + 1) % 64) % 64, ' ');
    header += '\n';
    std::vector<std::uint8_t> file = {0x93,
                                      'N',
                                      'U',
                                      'M',
                                      'P',
                                      'Y',
                                      1,
                                      0,
                                      static_cast<std::uint8_t>(header.size()),
                                      static_cast<std::uint8_t>(header.size() >> 8)};
    file.insert(file.end(), header.begin(), header.end());
    file.insert(file.end(), data.begin(), data.end());
    return file;
}

template <>
const char* npy_descr<float>() {
    return "<f4";
}
template <>
const char* npy_descr<std::int8_t>() {
    return "|i1";
}
template <>
const char* npy_descr<std::uint8_t>() {
    return "|u1";
}
template <>
const char* npy_descr<std::int16_t>() {
    return "<i2";
}
template <>
const char* npy_descr<std::uint16_t>() {
    return "<u2";
}
template <>
const char* npy_descr<std::int32_t>() {
    return "<i4";
}

template <class T>
void write_npy(const std::string& path, std::span<const std::size_t> shape, std::span<const T> values) {
    write_file(path, format_npy(npy_descr<T>(), shape,
                                {reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()}));
}
template void write_npy<float>(const std::string&, std::span<const std::size_t>, std::span<const float>);
template void write_npy<std::int8_t>(const std::string&, std::span<const std::size_t>, std::span<const std::int8_t>);
template void write_npy<std::uint8_t>(const std::string&, std::span<const std::size_t>, std::span<const std::uint8_t>);
template void write_npy<std::int16_t>(const std::string&, std::span<const std::size_t>, std::span<const std::int16_t>);
template void write_npy<std::uint16_t>(const std::string&, std::span<const std::size_t>,
                                       std::span<const std::uint16_t>);
template void write_npy<std::int32_t>(const std::string&, std::span<const std::size_t>, std::span<const std::int32_t>);

}  // namespace jpegai
