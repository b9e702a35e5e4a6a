// NumPy .npy files (format 1.0, C order), for intermediate tensors.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace jpegai {

/// One tensor as stored: `descr` is NumPy's type string ("<f4", "|i1", "<i2", "<i4", "|u1", "|b1", "<u2", "<i8",
/// "<f8").
struct Npy {
    std::string descr;
    std::vector<std::size_t> shape;
    std::vector<std::uint8_t> bytes;

    [[nodiscard]] std::size_t count() const;
    /// All values converted to T; throws Error{argument} for an unknown type.
    template <class T>
    [[nodiscard]] std::vector<T> as() const;
};

/// Reads a .npy file. Throws Error{io, structure, unsupported (Fortran order)}.
[[nodiscard]] Npy read_npy(const std::string& path);
/// Parses the bytes of a .npy file.
[[nodiscard]] Npy parse_npy(std::span<const std::uint8_t> file);
/// The bytes of a .npy file.
[[nodiscard]] std::vector<std::uint8_t> format_npy(const std::string& descr, std::span<const std::size_t> shape,
                                                   std::span<const std::uint8_t> data);

/// NumPy's type string of T.
template <class T>
[[nodiscard]] const char* npy_descr();

/// Writes values of T with the given shape (product = values.size()).
template <class T>
void write_npy(const std::string& path, std::span<const std::size_t> shape, std::span<const T> values);

}  // namespace jpegai
