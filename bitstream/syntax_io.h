// The three ways to go through a header's syntax: read it, write it, list it. Each header is described once, as a
// template over one of the classes below (picture_syntax.cpp, tool_syntax.cpp, rendering_syntax.cpp).
//
// A syntax function takes the header by reference; it is const except for SyntaxReader. `Io::kReads` tells which.
#pragma once

#include <fmt/format.h>

#include <bit>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "bitstream/bit_reader.h"
#include "bitstream/bit_writer.h"
#include "bitstream/header_syntax.h"

namespace jpegai::syntax {

/// A field's name with up to two indices, put together only where somebody wants to see it.
struct FieldName {
    const char* pattern;  ///< "{}" stands for an index
    std::size_t i = 0, j = 0;
    FieldName(const char* text, std::size_t first = 0, std::size_t second = 0) : pattern(text), i(first), j(second) {}
    [[nodiscard]] std::string text() const { return fmt::format(fmt::runtime(pattern), i, j); }
};

/// Parses a payload. Errors are Error{truncated} and Error{header} with the offset in the file.
class SyntaxReader {
public:
    static constexpr bool kReads = true;

    SyntaxReader(std::span<const std::uint8_t> payload, std::uint64_t offset, const char* header, bool strict)
        : bits_(payload, offset), header_(header), strict_(strict), field_offset_(offset) {}

    [[nodiscard]] bool strict() const { return strict_; }

    /// The next `bits` bits.
    [[nodiscard]] std::uint32_t value(const FieldName& name, unsigned bits, std::int64_t /*coded*/) {
        need(name, bits);
        field_offset_ = bits_.file_offset();
        return bits_.u(bits);
    }

    /// Throws unless `bits` more bits are there: the check before every allocation whose size the header states.
    void need(const FieldName& name, std::uint64_t bits) const {
        if (bits > bits_.bits_left()) {
            throw Error(JPEGAI_ERROR_TRUNCATED, bits_.end_offset(),
                        fmt::format("{} ends before {}", header_, name.text()));
        }
    }

    /// Elements of an array field; each at most `max`. The caller has made sure that the span's size is affordable.
    template <class T>
    void elements(const FieldName& name, unsigned bits, std::span<T> values, std::uint32_t max) {
        need(name, std::uint64_t{values.size()} * bits);
        for (T& element : values) {
            field_offset_ = bits_.file_offset();
            const std::uint32_t coded = bits_.u(bits);
            if (coded > max) require(false, name, "has an element that is too large");
            element = static_cast<T>(coded);
        }
    }

    /// A rule about the field that was read last.
    void require(bool holds, const FieldName& name, const char* rule, jpegai_error code = JPEGAI_ERROR_HEADER) const {
        if (!holds) throw Error(code, field_offset_, fmt::format("{}: {} {}", header_, name.text(), rule));
    }

    /// What follows the last field: ignored, or in strict mode less than a byte of zeros.
    void finish() {
        if (!strict_) return;
        field_offset_ = bits_.file_offset();
        require(bits_.bits_left() < 8, "payload", "goes on after the last field");
        require(bits_.byte_align(), "payload", "has set bits after the last field");
    }

private:
    BitReader bits_;
    const char* header_;
    bool strict_;
    std::uint64_t field_offset_;
};

/// What writing and listing have in common: the values come from the caller, so a bad one is an Error{argument}.
class SyntaxSource {
public:
    static constexpr bool kReads = false;
    explicit SyntaxSource(const char* header) : header_(header) {}

    [[nodiscard]] static bool strict() { return false; }
    static void need(const FieldName& /*name*/, std::uint64_t /*bits*/) {}
    void require(bool holds, const FieldName& name, const char* rule, jpegai_error = JPEGAI_ERROR_ARGUMENT) const {
        if (!holds) throw Error(JPEGAI_ERROR_ARGUMENT, fmt::format("{}: {} {}", header_, name.text(), rule));
    }

protected:
    [[nodiscard]] std::uint32_t checked(const FieldName& name, unsigned bits, std::int64_t coded) const {
        require(coded >= 0 && coded < std::int64_t{1} << bits, name, "does not fit its field");
        return static_cast<std::uint32_t>(coded);
    }
    const char* header_;
};

/// Writes a payload.
class SyntaxWriter : public SyntaxSource {
public:
    using SyntaxSource::SyntaxSource;

    std::uint32_t value(const FieldName& name, unsigned bits, std::int64_t coded) {
        const std::uint32_t checked_value = checked(name, bits, coded);
        bits_.u(checked_value, bits);
        return checked_value;
    }
    template <class T>
    void elements(const FieldName& name, unsigned bits, std::span<T> values, std::uint32_t max) {
        for (const T element : values) {
            require(element <= max, name, "has an element that is too large");
            value(name, bits, element);
        }
    }
    [[nodiscard]] std::vector<std::uint8_t> take() && { return std::move(bits_).take(); }

private:
    BitWriter bits_;
};

/// Lists the fields.
class SyntaxLister : public SyntaxSource {
public:
    using SyntaxSource::SyntaxSource;

    std::uint32_t value(const FieldName& name, unsigned bits, std::int64_t coded) {
        const std::uint32_t checked_value = checked(name, bits, coded);
        fields_.push_back({header_, name.text(), static_cast<int>(bits), {checked_value}, false});
        return checked_value;
    }
    template <class T>
    void elements(const FieldName& name, unsigned bits, std::span<T> values, std::uint32_t max) {
        HeaderField field{header_, name.text(), static_cast<int>(bits), {}, true};
        field.values.reserve(values.size());
        for (const T element : values) {
            require(element <= max, name, "has an element that is too large");
            field.values.push_back(checked(name, bits, element));
        }
        fields_.push_back(std::move(field));
    }
    [[nodiscard]] std::vector<HeaderField> take() && { return std::move(fields_); }

private:
    std::vector<HeaderField> fields_;
};

// ---- descriptors built on the three classes above ----

/// u(bits); the field's value is the coded one plus `bias`.
template <class Io, class T>
void code(Io& io, const FieldName& name, unsigned bits, T& field, std::int64_t bias = 0) {
    const std::uint32_t coded = io.value(name, bits, static_cast<std::int64_t>(field) - bias);
    if constexpr (Io::kReads) field = static_cast<T>(static_cast<std::int64_t>(coded) + bias);
}

/// A value that is not coded: set when reading, checked otherwise.
template <class Io, class T>
void infer(Io& io, const FieldName& name, T& field, std::uint32_t value) {
    if constexpr (Io::kReads) {
        field = static_cast<T>(value);
    } else {
        io.require(field == static_cast<T>(value), name, "contradicts its inferred value");
    }
}

/// A flag that says whether `field` is present.
template <class Io, class Optional>
[[nodiscard]] bool present(Io& io, const FieldName& name, Optional& field) {
    bool flag = field.has_value();
    code(io, name, 1, flag);
    if constexpr (Io::kReads) {
        if (flag) field.emplace(typename Optional::value_type{});
    }
    return flag;
}

/// Gives an array its length: allocated when reading (if the payload can hold it), checked otherwise.
template <class Io, class Vector>
void size_array(Io& io, const FieldName& name, unsigned bits, Vector& values, std::size_t count) {
    if constexpr (Io::kReads) {
        io.need(name, std::uint64_t{count} * bits);
        values.resize(count);
    } else {
        io.require(values.size() == count, name, "has the wrong number of elements");
    }
}

/// An array of `count` u(bits), each at most `max`.
template <class Io, class Vector>
void code_array(Io& io, const FieldName& name, unsigned bits, Vector& values, std::size_t count, std::uint32_t max) {
    size_array(io, name, bits, values, count);
    io.elements(name, bits, std::span(values), max);
}

/// A lane count 1, 2, 4, 8 or 16: flag, then log2 - 1 in u(2) (01 section 6, fields 18 and 19).
template <class Io, class T>
void code_threads(Io& io, const FieldName& flag_name, const FieldName& log_name, T& threads) {
    io.require(threads == 1 || threads == 2 || threads == 4 || threads == 8 || threads == 16, flag_name,
               "stands for a number of threads that cannot be coded");
    bool several = threads > 1;
    code(io, flag_name, 1, several);
    unsigned log2_minus1 = several && !Io::kReads ? static_cast<unsigned>(std::bit_width(unsigned{threads})) - 2 : 0;
    if (several) code(io, log_name, 2, log2_minus1);
    if constexpr (Io::kReads) threads = static_cast<T>(several ? 2U << log2_minus1 : 1U);
}

}  // namespace jpegai::syntax
