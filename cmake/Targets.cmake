# tw_library, tw_executable, tw_test: the only ways to add a target.

# tw_library(<name> SOURCES a.cc ... DEPS lib ...)   headers are found from the repository root: #include "core/base/x.h"
function(tw_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_include_directories(${name} PUBLIC ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PUBLIC ${ARG_DEPS} PRIVATE tw_warnings)
endfunction()

# tw_executable(<name> SOURCES main.cc ... DEPS lib ...)
function(tw_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} tw_warnings)
  target_compile_definitions(${name} PRIVATE TUNEWARD_VERSION="${PROJECT_VERSION}")
  # Where a library holds CUDA code too, its runtime is linked by name and nvcc does not link.
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin LINKER_LANGUAGE CXX)
endfunction()

# tw_test(<name> SOURCES x_test.cc ... DEPS lib ... LABELS unit|pg|torch|e2e|slow ... [TIMEOUT seconds])
# One executable per area, not per file: linking is what costs. TUNEWARD_SOURCE_DIR is defined for test data.
function(tw_test name)
  if(NOT TUNEWARD_BUILD_TESTS)
    return()
  endif()
  cmake_parse_arguments(ARG "" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${name} PRIVATE ${ARG_DEPS} tw_test_main tw_warnings)
  target_compile_definitions(${name} PRIVATE TUNEWARD_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                             TUNEWARD_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests LINKER_LANGUAGE CXX)
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT ${ARG_TIMEOUT} SKIP_RETURN_CODE 77)
endfunction()

# tw_torch(<target>): this target's units include torch: precompiled header, at most two at once.
function(tw_torch target)
  target_link_libraries(${target} PRIVATE tp::torch)
  target_precompile_headers(${target} PRIVATE ${PROJECT_SOURCE_DIR}/worker/engine/torch_pch.h)
  target_compile_options(${target} PRIVATE -fpch-preprocess)
  set_target_properties(${target} PROPERTIES JOB_POOL_COMPILE torch)
endfunction()
