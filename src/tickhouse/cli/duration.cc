#include "tickhouse/cli/duration.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <utility>

namespace tickhouse::cli {

Result<Nanos> ParseDuration(std::string_view text) {
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"", 1}, {"ms", 1e-3}, {"s", 1}, {"m", 60}, {"min", 60}, {"h", 3600}, {"d", 86400}};
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error == std::errc()) {
    const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
    for (const auto& [name, seconds] : kUnits) {
      const double total = number * seconds;
      if (unit == name && total > 0 && total <= 366.0 * 86400) {
        return Nanos(std::llround(total * 1e9));
      }
    }
  }
  return Fail(
      ErrorKind::kInvalidArgument,
      fmt::format("'{}' is no length of time: give 500ms, 60s, 5min, 2h or 1d, more than zero",
                  text));
}

}  // namespace tickhouse::cli
