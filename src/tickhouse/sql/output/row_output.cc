#include "tickhouse/sql/output/row_output.h"

#include <utility>

namespace tickhouse::sql {

std::optional<RowFormat> RowFormatNamed(std::string_view word) {
  constexpr std::pair<std::string_view, RowFormat> kWords[] = {
      {"table", RowFormat::kTable}, {"csv", RowFormat::kCsv},
      {"json", RowFormat::kJson},   {"jsonl", RowFormat::kJsonLines},
      {"arrow", RowFormat::kArrow}, {"arrows", RowFormat::kArrowStream}};
  for (const auto& [known, format] : kWords) {
    if (word == known) return format;
  }
  return std::nullopt;
}

Result<int64_t> WriteRows(RowStream& rows, RowFormat format, const RowOutputOptions& options,
                          const ByteSink& sink) {
  switch (format) {
    case RowFormat::kTable: return WriteTable(rows, options, sink);
    case RowFormat::kCsv: return WriteCsv(rows, sink);
    case RowFormat::kJson: return WriteJson(rows, false, sink);
    case RowFormat::kJsonLines: return WriteJson(rows, true, sink);
    case RowFormat::kArrow: return WriteArrow(rows, false, sink);
    case RowFormat::kArrowStream: return WriteArrow(rows, true, sink);
  }
  return Fail(ErrorKind::kInvalidArgument, "no such format of rows");
}

}  // namespace tickhouse::sql
