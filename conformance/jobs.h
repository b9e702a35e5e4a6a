// Work on many cases by several threads.
#pragma once

#include <cstddef>
#include <functional>

namespace jpegai::conformance {

/// Calls `job(i)` for i = 0, 1, ... count - 1, on `threads` threads (at least one), each of which takes the next i that
/// is left; several calls run at a time, in any order. A job that gives false lets no further one begin. So does an
/// exception; when running jobs have ended the one of the smallest i is thrown.
void run_jobs(unsigned threads, std::size_t count, const std::function<bool(std::size_t)>& job);

}  // namespace jpegai::conformance
