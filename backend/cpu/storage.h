// Where the samples of a value lie: rows of blocks of 16 channels, or planes; all rows of it or a window that moves
// down.
#pragma once

#include <cstddef>
#include <vector>

#include "backend/cpu/kernels.h"
#include "networks/graph.h"

namespace jpegai::cpu {

/// Memory of one value. A "block" of a planar value is one channel. Row y lies in slot y mod ring_rows.
struct Storage {
    float* base = nullptr;
    std::size_t row_stride = 0, block_stride = 0;  ///< floats
    std::size_t ring_rows = 0;

    [[nodiscard]] float* row(std::size_t block, std::size_t y) const {
        const std::size_t slot = y < ring_rows ? y : y % ring_rows;
        return base + slot * row_stride + block * block_stride;
    }
};

/// What a layer produces and other layers read.
struct ValueInfo {
    std::size_t channels = 0;
    bool planar = false;
    std::size_t size_node = 0;  ///< graph node whose size the stored samples have

    [[nodiscard]] std::size_t blocks() const { return planar ? channels : (channels + kBlock - 1) / kBlock; }
};

/// Channels of one or more values in order, as one layer reads them: slices and concatenations cost nothing.
struct View {
    struct Part {
        std::size_t value = 0;
        std::size_t first_block = 0, blocks = 0;
    };
    std::vector<Part> parts;
    std::size_t channels = 0;
    bool planar = false;
    std::size_t node = 0;  ///< graph node whose size it has: crops cost nothing either
};

/// A view bound to memory.
class BoundView {
public:
    BoundView() = default;
    BoundView(const View& view, const std::vector<Storage>& storage, Size size);

    [[nodiscard]] const float* row(std::size_t block, std::size_t y) const {
        const Block& b = blocks_[block];
        return b.storage->row(b.index, y);
    }
    [[nodiscard]] std::size_t blocks() const { return blocks_.size(); }
    [[nodiscard]] Size size() const { return size_; }
    [[nodiscard]] bool planar() const { return planar_; }
    /// Floats between neighbouring columns.
    [[nodiscard]] std::size_t step() const { return planar_ ? 1 : kBlock; }
    /// Column 0 of a channel's row; its samples lie step() apart.
    [[nodiscard]] const float* channel_row(std::size_t channel, std::size_t y) const {
        return planar_ ? row(channel, y) : row(channel / kBlock, y) + channel % kBlock;
    }

private:
    struct Block {
        const Storage* storage;
        std::size_t index;
    };
    std::vector<Block> blocks_;
    Size size_;
    bool planar_ = false;
};

}  // namespace jpegai::cpu
