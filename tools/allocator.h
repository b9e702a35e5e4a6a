// How the program gets memory from the system.
#pragma once

namespace jpegai::tools {

/// To be called before anything else. Decoding a small picture touches 50 MB, most of it once: with the defaults of the
/// C library that is a page fault per 4 KiB, several times for buffers that are given back and taken again, and a fifth
/// of the process's time. Afterwards freed memory is kept, and the first 64 MiB of the heap may lie in huge pages.
/// Does nothing where the system has none of this.
void tune_allocator();

}  // namespace jpegai::tools
