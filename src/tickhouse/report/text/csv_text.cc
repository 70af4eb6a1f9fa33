#include "tickhouse/report/text/csv_text.h"

#include "tickhouse/report/text/display_text.h"

namespace tickhouse::report {

std::string CsvField(std::string_view field) {
  std::string text = ToUtf8(field);
  const bool outer_blank = !text.empty() && (text.front() == ' ' || text.back() == ' ');
  if (!outer_blank && text.find_first_of(",\"\r\n\t") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string CsvRow(const std::vector<std::string>& fields) {
  std::string row;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) row += ',';
    row += CsvField(fields[i]);
  }
  // A lone empty field would read as no row at all.
  if (fields.size() == 1 && row.empty()) row = "\"\"";
  return row + '\n';
}

}  // namespace tickhouse::report
