# Every library the project uses, found here and nowhere else. Optional ones say in one line what is missing without them.
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
find_package(CLI11 REQUIRED)
find_package(PNG REQUIRED)

# Picture formats that are read besides PNG, PPM, PAM, Y4M and raw YUV.
find_package(JPEG QUIET)
find_package(TIFF QUIET)
pkg_check_modules(WEBP QUIET IMPORTED_TARGET libwebp)
foreach(FORMAT JPEG WEBP TIFF)
  if(NOT ${FORMAT}_FOUND)
    message(STATUS "jpegai: no library for ${FORMAT}: such pictures are not read")
  endif()
endforeach()

include(JpegaiTorch)
include(JpegaiCuda)

if(JPEGAI_BUILD_TESTS)
  find_package(GTest REQUIRED)
endif()
if(JPEGAI_BUILD_BENCH)
  find_package(benchmark REQUIRED)
endif()
