# Options and compiler settings of every target.
option(JPEGAI_BUILD_TESTS "Build the tests" ON)
option(JPEGAI_BUILD_BENCH "Build the benchmarks" ON)
option(JPEGAI_BUILD_FUZZ "Build the libFuzzer targets (needs clang)" OFF)
set(JPEGAI_COVERAGE "" CACHE STRING "Folders whose executed lines and branches are counted (gcov), separated by |")
option(JPEGAI_WERROR "Treat warnings as errors" ON)
option(JPEGAI_UNITY "Compile several source files at a time: half the work for a whole build, more for a small change" OFF)
set(CMAKE_UNITY_BUILD ${JPEGAI_UNITY})
set(JPEGAI_SANITIZE "" CACHE STRING "Sanitizers, as given to -fsanitize=")
set(JPEGAI_SHARED_DIR "${CMAKE_CURRENT_SOURCE_DIR}/../shared" CACHE PATH
    "Folder with the large reference vectors; tests that need it are skipped where it is absent")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
endif()

# The numeric contract (spec/numeric_contract.md): no contraction, no fast math, on any target.
add_compile_options(
  "$<$<COMPILE_LANGUAGE:C,CXX>:-ffp-contract=off;-fno-fast-math;-Wall;-Wextra;-Wpedantic;-Wshadow;-Wnon-virtual-dtor>"
  $<$<COMPILE_LANGUAGE:CXX>:-Wold-style-cast> "$<$<COMPILE_LANGUAGE:C,CXX>:-Wconversion;-Wsign-conversion>")
add_compile_options("$<$<COMPILE_LANGUAGE:CUDA>:--fmad=false;-ftz=false;-prec-div=true;-prec-sqrt=true>"
  "$<$<COMPILE_LANGUAGE:CUDA>:SHELL:-Xcompiler -ffp-contract=off,-Wall,-Wextra>")
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # GCC 12 reports accesses inside std::vector that cannot happen (GCC bugs 105329, 107852).
  add_compile_options(
    "$<$<COMPILE_LANGUAGE:C,CXX>:-Wno-array-bounds;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-restrict>")
endif()
if(JPEGAI_WERROR)
  add_compile_options($<$<COMPILE_LANGUAGE:C,CXX>:-Werror> $<$<COMPILE_LANGUAGE:CUDA>:-Werror=all-warnings>)
endif()
if(JPEGAI_SANITIZE)
  add_compile_options(-fsanitize=${JPEGAI_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    add_compile_options(-Wno-pass-failed)  # checks inside a loop may keep it from being vectorised
  endif()
  add_link_options(-fsanitize=${JPEGAI_SANITIZE})
  # Tests and programs that tests start are linked to fixed addresses: two million relocations would take half of the
  # time that a start of the program takes.
  add_link_options("$<$<STREQUAL:$<TARGET_PROPERTY:TYPE>,EXECUTABLE>:-no-pie>")
endif()
# Commands, suites and tests hold mostly code of CLI11, JSON and GoogleTest. The checks of every single access leave them out,
# which halves their time to compile and a start of the program: the address sanitizer sees what such accesses would do.
set(JPEGAI_LIGHT_SANITIZE "")
if(JPEGAI_SANITIZE MATCHES "undefined")
  set(JPEGAI_LIGHT_SANITIZE
    "-fno-sanitize=null,alignment,vptr,object-size,pointer-overflow,returns-nonnull-attribute,nonnull-attribute")
endif()
