set(TICKHOUSE_TEST_SECONDS 300)  # What a test program may take.

# TICKHOUSE_SANITIZE=address,undefined or thread: compiled and linked into everything of ours.
if(TICKHOUSE_SANITIZE)
  add_compile_options(-fsanitize=${TICKHOUSE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${TICKHOUSE_SANITIZE})
  set(TICKHOUSE_TEST_SECONDS 900)  # Instrumented and not optimized, seconds become minutes.
endif()

# What libraries of others keep until the end (the caches of fontconfig) is not ours to free.
if(TICKHOUSE_SANITIZE MATCHES "address")
  set(TICKHOUSE_TEST_ENVIRONMENT "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/cmake/leaks_of_others.txt:print_suppressions=0")
endif()
# DuckDB, which is not instrumented, hands memory from thread to thread by locks that the sanitizer does not see.
if(TICKHOUSE_SANITIZE STREQUAL "thread")
  set(TICKHOUSE_TEST_ENVIRONMENT "TSAN_OPTIONS=ignore_noninstrumented_modules=1")
endif()
