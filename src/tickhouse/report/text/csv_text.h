// CSV that every reader takes: RFC 4180 with LF line ends, UTF-8.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tickhouse::report {

/// Quoted when it holds a comma, quote, line end or outer blank; bytes that are no UTF-8 as `\xNN`.
std::string CsvField(std::string_view field);

/// Fields joined by commas, ended by LF.
std::string CsvRow(const std::vector<std::string>& fields);

}  // namespace tickhouse::report
