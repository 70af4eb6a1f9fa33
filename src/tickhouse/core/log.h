// Lines for the person running the program, on standard error.
#pragma once

#include <fmt/format.h>

#include <string_view>

namespace tickhouse {

enum class LogLevel { kDebug, kInfo, kWarn, kError };

/// Lines below the level are dropped. Default kInfo. Safe for several threads.
void SetLogLevel(LogLevel level);
LogLevel GetLogLevel();
void LogLine(LogLevel level, std::string_view line);

template <typename... Args>
void LogInfo(fmt::format_string<Args...> format, Args&&... args) {
  if (GetLogLevel() <= LogLevel::kInfo) {
    LogLine(LogLevel::kInfo, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void LogWarn(fmt::format_string<Args...> format, Args&&... args) {
  if (GetLogLevel() <= LogLevel::kWarn) {
    LogLine(LogLevel::kWarn, fmt::format(format, std::forward<Args>(args)...));
  }
}
template <typename... Args>
void LogDebug(fmt::format_string<Args...> format, Args&&... args) {
  if (GetLogLevel() <= LogLevel::kDebug) {
    LogLine(LogLevel::kDebug, fmt::format(format, std::forward<Args>(args)...));
  }
}

}  // namespace tickhouse
