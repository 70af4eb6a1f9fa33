# tickhouse_room(NAME LINKS ... FOLDERS ...): one static library from every source of the folder (and of
# the sub-folders named), one test program from every *_test.cc, one fuzzer from each *_fuzz.cc. A file
# belongs to its folder: there is no list to forget it in.
function(tickhouse_room name)
  cmake_parse_arguments(ROOM "" "" "LINKS;TEST_LINKS;FOLDERS" ${ARGN})
  list(TRANSFORM ROOM_FOLDERS APPEND "/*.cc")
  file(GLOB sources CONFIGURE_DEPENDS *.cc ${ROOM_FOLDERS})
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  set(fuzzers ${sources})
  list(FILTER fuzzers INCLUDE REGEX "_fuzz\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_(test|fuzz|bench)\\.cc$|/main\\.cc$")
  if(sources)
    add_library(tickhouse_${name} STATIC ${sources})
    target_include_directories(tickhouse_${name} PUBLIC ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(tickhouse_${name} PUBLIC ${ROOM_LINKS} PRIVATE tickhouse_warnings)
    if(TARGET tickhouse_product_headers)
      target_precompile_headers(tickhouse_${name} REUSE_FROM tickhouse_product_headers)
    endif()
  else()
    add_library(tickhouse_${name} INTERFACE)
    target_include_directories(tickhouse_${name} INTERFACE ${CMAKE_SOURCE_DIR}/src)
    target_link_libraries(tickhouse_${name} INTERFACE ${ROOM_LINKS})
  endif()
  if(TICKHOUSE_TESTS AND tests)
    add_executable(${name}_test ${tests})
    target_link_libraries(${name}_test PRIVATE tickhouse_${name} ${ROOM_TEST_LINKS}
      GTest::gmock GTest::gtest_main tickhouse_warnings)
    target_compile_options(${name}_test PRIVATE ${TICKHOUSE_TEST_OPTIONS})
    target_precompile_headers(${name}_test REUSE_FROM tickhouse_test_headers)
    tickhouse_add_gtest(${name}_test)
  endif()
  if(TICKHOUSE_FUZZ)
    foreach(fuzzer ${fuzzers})
      get_filename_component(stem ${fuzzer} NAME_WE)
      add_executable(${stem} ${fuzzer})
      target_compile_options(${stem} PRIVATE -fsanitize=fuzzer)
      target_link_options(${stem} PRIVATE -fsanitize=fuzzer)
      target_link_libraries(${stem} PRIVATE tickhouse_${name} ${ROOM_TEST_LINKS} tickhouse_warnings)
      set_property(GLOBAL APPEND PROPERTY TICKHOUSE_FUZZERS ${stem})
    endforeach()
  endif()
endfunction()

# One ctest entry a program: starting a process for each of a thousand tests costs more than running
# them. Tests are shuffled, so that none leans on another; results land as XML for tools/run_tests.py.
function(tickhouse_add_gtest target)
  add_test(NAME ${target}
    COMMAND ${target} --gtest_shuffle --gtest_brief=1
            --gtest_output=xml:${CMAKE_BINARY_DIR}/results/${target}.xml
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
  set_tests_properties(${target} PROPERTIES TIMEOUT ${TICKHOUSE_TEST_SECONDS} ENVIRONMENT "${TICKHOUSE_TEST_ENVIRONMENT}")
endfunction()
