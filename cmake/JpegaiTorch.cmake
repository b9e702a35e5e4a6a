# LibTorch, for tests and benchmarks only. JPEGAI_WITH_TORCH: AUTO uses it where it is found (not under sanitizers, which
# cannot see into it and report its threads), ON demands it, OFF ignores it. Sets JPEGAI_TORCH.
set(JPEGAI_WITH_TORCH AUTO CACHE STRING "Build the LibTorch backend for tests and benchmarks: AUTO, ON or OFF")
set_property(CACHE JPEGAI_WITH_TORCH PROPERTY STRINGS AUTO ON OFF)

# In a function, so that the variables of Torch's configuration and of those it includes stay here. Its imported targets
# are visible everywhere, but only jpegai_torch links them, so that its flags reach no other target.
function(jpegai_find_torch)
  set(CMAKE_MESSAGE_LOG_LEVEL WARNING)
  find_package(Torch QUIET)
  set(JPEGAI_TORCH ${Torch_FOUND} PARENT_SCOPE)
endfunction()

set(JPEGAI_TORCH FALSE)
if(JPEGAI_WITH_TORCH STREQUAL "ON" OR (JPEGAI_WITH_TORCH STREQUAL "AUTO" AND NOT JPEGAI_SANITIZE))
  jpegai_find_torch()
  if(JPEGAI_WITH_TORCH STREQUAL "ON" AND NOT JPEGAI_TORCH)
    message(FATAL_ERROR "jpegai: LibTorch not found (Debian: libtorch-dev)")
  endif()
endif()
if(NOT JPEGAI_TORCH)
  message(STATUS "jpegai: LibTorch not found or not wanted: the float oracle backend is left out")
endif()
