# What nearly every source parses first, parsed once. Product sources of an ordinary build do without, so that each
# header still proves to compile alone as the first line of its source; builds with sanitizers only look for faults.
set(TICKHOUSE_COMMON_HEADERS
  <algorithm> <array> <cmath> <cstdint> <cstring> <functional> <limits> <map> <memory> <mutex> <optional> <set> <span>
  <string> <string_view> <utility> <vector> <fmt/format.h>)

# tickhouse_precompiled_headers(NAME LINKS ... OPTIONS ... HEADERS ...): compiled with what its users are compiled with.
function(tickhouse_precompiled_headers name)
  cmake_parse_arguments(PCH "" "" "LINKS;OPTIONS;HEADERS" ${ARGN})
  file(GENERATE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "// The target needs a source.\n")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_link_libraries(${name} PRIVATE ${PCH_LINKS} tickhouse_warnings)
  # Without a time in it, the same headers give the same file, and ccache knows it in every clone.
  target_compile_options(${name} PRIVATE ${PCH_OPTIONS}
    $<$<CXX_COMPILER_ID:Clang>:SHELL:-Xclang -fno-pch-timestamp>)
  target_precompile_headers(${name} PRIVATE ${TICKHOUSE_COMMON_HEADERS} ${PCH_HEADERS})
endfunction()

if(TICKHOUSE_TESTS)
  # Tests of a release are compiled half as long with fewer optimizations; what they test keeps its own.
  set(TICKHOUSE_TEST_OPTIONS $<$<CONFIG:Release>:-O1>)
  tickhouse_precompiled_headers(tickhouse_test_headers
    LINKS fmt::fmt Threads::Threads spdlog::spdlog GTest::gmock
    OPTIONS ${TICKHOUSE_TEST_OPTIONS} -fPIE
    HEADERS <gtest/gtest.h> <gmock/gmock.h>)
  set_target_properties(tickhouse_test_headers PROPERTIES POSITION_INDEPENDENT_CODE OFF)
endif()
if(TICKHOUSE_SANITIZE)
  tickhouse_precompiled_headers(tickhouse_product_headers LINKS fmt::fmt Threads::Threads spdlog::spdlog)
endif()
