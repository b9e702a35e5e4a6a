# jpegai_library(NAME SOURCES ... DEPENDS ... [PRIVATE_DEPENDS ...]): the library of one folder, target jpegai_NAME.
# Its objects also become part of the one installed library (lib/, see jpegai_all_objects).
set_property(GLOBAL PROPERTY JPEGAI_LIBRARIES "")
function(jpegai_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS;PRIVATE_DEPENDS" ${ARGN})
  add_library(jpegai_${NAME} STATIC ${ARG_SOURCES})
  target_include_directories(jpegai_${NAME} PUBLIC ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)
  target_link_libraries(jpegai_${NAME} PUBLIC ${ARG_DEPENDS} PRIVATE ${ARG_PRIVATE_DEPENDS})
  set_property(GLOBAL APPEND PROPERTY JPEGAI_LIBRARIES jpegai_${NAME})
  if(JPEGAI_COVERAGE AND NAME MATCHES "^(${JPEGAI_COVERAGE})$")
    target_compile_options(jpegai_${NAME} PRIVATE --coverage -O0)
    target_link_options(jpegai_${NAME} PUBLIC --coverage)
  endif()
endfunction()

# All tests but those with the label heavy, and what they start: what a sanitizer run needs.
add_custom_target(light_tests)

# jpegai_test(NAME SOURCES ... DEPENDS ... [LABELS ...] [TIMEOUT S] [COST C]): one GoogleTest program, one ctest entry. Tests of
# a high cost (about their seconds) begin first.
function(jpegai_test NAME)
  cmake_parse_arguments(ARG "" "TIMEOUT;COST" "SOURCES;DEPENDS;LABELS" ${ARGN})
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPENDS} jpegai_test_support GTest::gtest_main)
  target_compile_options(${NAME} PRIVATE $<$<CONFIG:Release>:-O1>)  # compiles a quarter quicker; the libraries do the work
  set_target_properties(${NAME} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  add_test(NAME ${NAME} COMMAND ${NAME})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 1800)
  endif()
  set_tests_properties(${NAME} PROPERTIES TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}")
  if(ARG_COST)
    set_tests_properties(${NAME} PROPERTIES COST ${ARG_COST})
  endif()
  if(NOT "heavy" IN_LIST ARG_LABELS)
    add_dependencies(light_tests ${NAME})
  endif()
  if(CMAKE_CROSSCOMPILING)
    set_tests_properties(${NAME} PROPERTIES ENVIRONMENT "JPEGAI_EMULATED=1")
  endif()
endfunction()

# jpegai_fuzz(NAME SOURCE DEPENDS ...): one fuzz target; SOURCE defines LLVMFuzzerTestOneInput. Its seeds lie in fuzz/corpus/NAME,
# its dictionary in fuzz/NAME.dict and inputs that once failed in fuzz/regressions/NAME. With JPEGAI_BUILD_FUZZ it becomes the
# libFuzzer program fuzz_NAME, with JPEGAI_BUILD_TESTS the test test_fuzz_NAME, which replays seeds and regressions.
function(jpegai_fuzz NAME SOURCE)
  cmake_parse_arguments(ARG "" "" "DEPENDS" ${ARGN})
  if(JPEGAI_BUILD_FUZZ)
    add_executable(fuzz_${NAME} ${SOURCE})
    target_link_libraries(fuzz_${NAME} PRIVATE ${ARG_DEPENDS})
    target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
  endif()
  if(JPEGAI_BUILD_TESTS)
    jpegai_test(test_fuzz_${NAME} SOURCES ${SOURCE} ${PROJECT_SOURCE_DIR}/fuzz/replay.cpp DEPENDS ${ARG_DEPENDS} LABELS fuzz)
    target_compile_definitions(test_fuzz_${NAME} PRIVATE
      JPEGAI_FUZZ_FOLDER="${PROJECT_SOURCE_DIR}/fuzz" JPEGAI_FUZZ_NAME="${NAME}")
  endif()
endfunction()
