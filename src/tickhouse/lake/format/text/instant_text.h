// Days and times of day as ISO 8601 text, over the whole range that Iceberg's numbers can hold:
// years below 0 and above 9999 carry a sign, as Java and the specification's examples write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tickhouse::lake {

struct CivilDate {
  int64_t year = 1970;
  int month = 1;
  int day = 1;
};

CivilDate CivilOfDays(int64_t days);
/// "2017-11-16", "+12017-11-16", "-0044-03-15".
std::string DateText(int64_t days);
/// "2017", "-0044", "+12017".
std::string YearText(int64_t year);
/// "22:31:08.123456" with `digits` decimals; `units` of 10^-digits seconds within the day.
std::string TimeText(int64_t units, int digits);
/// "2017-11-16T22:31:08.123456".
std::string TimestampText(int64_t units, int digits);

// Each takes what it reads from the front of `*text`; nullopt when it does not stand there. Days
// that do not exist (31 February) and hour 24 do not read.
std::optional<int64_t> TakeDate(std::string_view* text);
/// "22:31[:08[.123]]": units of 10^-digits seconds; a fraction of more than `digits` does not read
/// unless the rest is zeros.
std::optional<int64_t> TakeTime(std::string_view* text, int digits);
/// "Z" or "+02:00": seconds east of UTC.
std::optional<int> TakeOffset(std::string_view* text);

}  // namespace tickhouse::lake
