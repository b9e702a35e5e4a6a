// How the plane operations of the decoder are spread over threads. Every operation computes each output row from its
// inputs alone, so that the result does not depend on how the rows are divided.
#pragma once

#include <cstddef>
#include <functional>

namespace jpegai {

/// Work on the rows [first, last).
using RowBody = std::function<void(std::size_t first, std::size_t last)>;

/// Calls the body for ranges that together make up [0, rows), each row once, in any order and from any threads, and
/// returns when all calls have returned. An exception of the body leaves the runner as one exception.
using RowRunner = std::function<void(std::size_t rows, const RowBody& body)>;

/// One call with all rows, on the calling thread.
inline void serial_rows(std::size_t rows, const RowBody& body) {
    if (rows > 0) body(0, rows);
}

}  // namespace jpegai
