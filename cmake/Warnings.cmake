# Warnings are errors. Third-party headers are SYSTEM and exempt.
add_library(tickhouse_warnings INTERFACE)
target_compile_options(tickhouse_warnings INTERFACE
  -Wall -Wextra -Werror
  -Wshadow=local              # a hidden local is a misread local
  -Wconversion                # a lost digit is a bug of the first order here
  -Wno-missing-field-initializers  # a designated initializer leaves out what keeps its default
  -Wno-sign-conversion        # indices into the standard library would drown the rest
  -Wnon-virtual-dtor -Woverloaded-virtual
  -Wcast-align -Wundef)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # libstdc++ 12 itself uses what it deprecates.
  target_compile_options(tickhouse_warnings INTERFACE
    -Wno-unknown-warning-option -Wno-shadow -Wno-deprecated-declarations -Wreserved-identifier)
endif()
