// Dense [channel][row][column] arrays, 64-byte aligned, the one container for planes and latents.
#pragma once

#include <algorithm>
#include <cstddef>
#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/math.h"
#include "base/memory.h"

namespace jpegai {

/// Owns channels * rows * cols values of T in C order (column fastest), aligned to 64 bytes.
/// T is a plain number type; values start as zero unless made with `uninitialized`.
template <class T>
class Array3 {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    Array3() = default;
    Array3(std::size_t channels, std::size_t rows, std::size_t cols) : Array3(uninitialized(channels, rows, cols)) {
        std::fill_n(data_.get(), size(), T{});
    }
    [[nodiscard]] static Array3 uninitialized(std::size_t channels, std::size_t rows, std::size_t cols) {
        Array3 array;
        array.channels_ = channels;
        array.rows_ = rows;
        array.cols_ = cols;
        const std::size_t bytes = checked_mul(checked_mul(checked_mul(channels, rows), cols), sizeof(T));
        auto memory = allocate_aligned(bytes);
        const FreeAligned free = memory.get_deleter();
        array.data_.reset(static_cast<T*>(memory.release()), free);
        return array;
    }
    /// An array in memory of somebody else, which is kept as long as the array: room for channels * rows * cols values,
    /// aligned to 64 bytes.
    [[nodiscard]] static Array3 in_memory(std::shared_ptr<T[]> memory, std::size_t channels, std::size_t rows,
                                          std::size_t cols) noexcept {
        Array3 array;
        array.channels_ = channels;
        array.rows_ = rows;
        array.cols_ = cols;
        array.data_ = std::move(memory);
        return array;
    }
    Array3(const Array3& other) : Array3(uninitialized(other.channels_, other.rows_, other.cols_)) {
        std::copy_n(other.data(), size(), data_.get());
    }
    Array3& operator=(const Array3& other) {
        if (this != &other) *this = Array3(other);
        return *this;
    }
    Array3(Array3&& other) noexcept { swap(other); }
    Array3& operator=(Array3&& other) noexcept {
        Array3 taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~Array3() = default;

    [[nodiscard]] std::size_t channels() const noexcept { return channels_; }
    [[nodiscard]] std::size_t rows() const noexcept { return rows_; }
    [[nodiscard]] std::size_t cols() const noexcept { return cols_; }
    [[nodiscard]] std::size_t plane_size() const noexcept { return rows_ * cols_; }
    [[nodiscard]] std::size_t size() const noexcept { return channels_ * rows_ * cols_; }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    [[nodiscard]] T* data() noexcept { return data_.get(); }
    [[nodiscard]] const T* data() const noexcept { return data_.get(); }
    [[nodiscard]] std::span<T> span() noexcept { return {data(), size()}; }
    [[nodiscard]] std::span<const T> span() const noexcept { return {data(), size()}; }
    [[nodiscard]] T* plane(std::size_t c) noexcept { return data() + c * plane_size(); }
    [[nodiscard]] const T* plane(std::size_t c) const noexcept { return data() + c * plane_size(); }
    [[nodiscard]] T* row(std::size_t c, std::size_t y) noexcept { return plane(c) + y * cols_; }
    [[nodiscard]] const T* row(std::size_t c, std::size_t y) const noexcept { return plane(c) + y * cols_; }
    [[nodiscard]] T& operator()(std::size_t c, std::size_t y, std::size_t x) noexcept { return row(c, y)[x]; }
    [[nodiscard]] const T& operator()(std::size_t c, std::size_t y, std::size_t x) const noexcept {
        return row(c, y)[x];
    }

    /// One array of one channel for each channel, without a copy where channels begin on 64-byte boundaries: they
    /// then lie in the memory of `array`, which is free when the last of them is gone. Each alone owns its samples.
    [[nodiscard]] static std::vector<Array3> split_channels(Array3 array) {
        std::vector<Array3> parts;
        for (std::size_t c = 0; c < array.channels_; ++c) {
            Array3& part = parts.emplace_back();
            if (array.plane_size() * sizeof(T) % kMemoryLine == 0) {
                part = in_memory(std::shared_ptr<T[]>(array.data_, array.plane(c)), 1, array.rows_, array.cols_);
            } else {
                part = uninitialized(1, array.rows_, array.cols_);
                std::copy_n(array.plane(c), part.size(), part.data());
            }
        }
        return parts;
    }

private:
    void swap(Array3& other) noexcept {
        std::swap(channels_, other.channels_);
        std::swap(rows_, other.rows_);
        std::swap(cols_, other.cols_);
        std::swap(data_, other.data_);
    }
    std::size_t channels_ = 0, rows_ = 0, cols_ = 0;
    std::shared_ptr<T[]> data_;  // shared only by parts of a split array, and with who gave the memory
};

}  // namespace jpegai
