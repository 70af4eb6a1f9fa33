// Checks of what the programmer promised. On in every build; a failed check prints where and why
// and aborts. Never reachable by user input: that is what `Result` is for.
#pragma once

namespace tickhouse {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition, const char* why);

}  // namespace tickhouse

#define TICKHOUSE_CHECK(condition, why)                              \
  do {                                                               \
    if (!(condition)) [[unlikely]] {                                 \
      ::tickhouse::CheckFailed(__FILE__, __LINE__, #condition, why); \
    }                                                                \
  } while (false)
