# nvcc for backend/cuda. JPEGAI_WITH_CUDA: AUTO uses it where it is found, ON demands it, OFF ignores it. Sets JPEGAI_CUDA.
# JPEGAI_CUDA_ARCHITECTURES: compute capabilities to compile for; "90" alone makes quick builds.
set(JPEGAI_WITH_CUDA AUTO CACHE STRING "Build the CUDA backend: AUTO, ON or OFF")
set_property(CACHE JPEGAI_WITH_CUDA PROPERTY STRINGS AUTO ON OFF)
set(JPEGAI_CUDA_ARCHITECTURES "80;90;100" CACHE STRING "Compute capabilities of the CUDA code")

set(JPEGAI_CUDA FALSE)
# Sanitizers of the host compiler cannot see device code; the emulator has the same kernels.
if(JPEGAI_WITH_CUDA STREQUAL "ON" OR (JPEGAI_WITH_CUDA STREQUAL "AUTO" AND NOT JPEGAI_SANITIZE AND NOT CMAKE_CROSSCOMPILING))
  find_package(CUDAToolkit QUIET)
  if(CUDAToolkit_FOUND AND CUDAToolkit_NVCC_EXECUTABLE)
    list(TRANSFORM JPEGAI_CUDA_ARCHITECTURES APPEND "-real" OUTPUT_VARIABLE CMAKE_CUDA_ARCHITECTURES)
    set(CMAKE_CUDA_COMPILER ${CUDAToolkit_NVCC_EXECUTABLE})
    if(CCACHE_PROGRAM)
      set(CMAKE_CUDA_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
    endif()
    enable_language(CUDA)
    set(CMAKE_CUDA_STANDARD 20)
    if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake 3.25 does not know it of CUDA 13
      set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
    endif()
    set(JPEGAI_CUDA TRUE)
  elseif(JPEGAI_WITH_CUDA STREQUAL "ON")
    message(FATAL_ERROR "jpegai: CUDA toolkit with nvcc not found")
  endif()
endif()
if(NOT JPEGAI_CUDA)
  message(STATUS "jpegai: no CUDA compiler, or not wanted: the GPU backend is left out")
endif()
