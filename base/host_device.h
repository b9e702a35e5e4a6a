// Marks functions that run on a CPU and inside a GPU kernel.
#pragma once

#if defined(__CUDACC__) || defined(__HIPCC__)
#define JPEGAI_HD __host__ __device__
#else
#define JPEGAI_HD
#endif
