#include "tickhouse/sql/spark/spark_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "tickhouse/sql/engine/cell_text.h"

namespace tickhouse::sql {

namespace {

constexpr std::size_t kBatchRows = 8'192;

// Big-endian two's complement, at most 16 bytes.
__int128 WholeOf(std::string_view bytes) {
  unsigned __int128 value = 0;
  if (!bytes.empty() && (static_cast<unsigned char>(bytes[0]) & 0x80U) != 0) value = ~value;
  for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
  return static_cast<__int128>(value);
}

std::string TimeText(const io::ColumnType& type, int64_t value) {
  if (type.unit_ns == 1) return TimestampText(value);
  return TimestampTextOfMicros(type.unit_ns == 1'000'000 ? value * 1'000 : value);
}

// Writes a value of one representation; nothing: not one of this kind.
struct CellWriter {
  const Column& column;
  const io::ColumnType& type;

  Cell Of(uint8_t value) const {
    if (column.kind != ColumnKind::kBoolean) return std::nullopt;
    return value != 0 ? "true" : "false";
  }
  Cell Of(int32_t value) const {
    if (column.kind == ColumnKind::kInteger) return fmt::format("{}", value);
    if (column.kind == ColumnKind::kDate) return DateText(value);
    if (column.kind == ColumnKind::kDecimal) return DecimalText(value, type.scale);
    return std::nullopt;
  }
  Cell Of(int64_t value) const {
    if (column.kind == ColumnKind::kInteger) return fmt::format("{}", value);
    if (column.kind == ColumnKind::kDecimal) return DecimalText(value, type.scale);
    const bool time =
        column.kind == ColumnKind::kTimestamp || column.kind == ColumnKind::kTimestampTz;
    if (time && type.logical == io::LogicalKind::kTimestamp) return TimeText(type, value);
    return std::nullopt;
  }
  Cell Of(float value) const {
    return column.kind == ColumnKind::kReal ? Cell(RealText(value)) : std::nullopt;
  }
  Cell Of(double value) const {
    return column.kind == ColumnKind::kReal ? Cell(RealText(value)) : std::nullopt;
  }
  Cell Of(std::string_view value) const {
    if (column.kind == ColumnKind::kText || column.kind == ColumnKind::kOther) {
      return std::string(value);
    }
    if (column.kind != ColumnKind::kDecimal || value.size() > sizeof(__int128)) return std::nullopt;
    return DecimalText(WholeOf(value), type.scale);
  }
};

}  // namespace

Result<std::vector<Cell>> SparkCells(const Column& column, const io::ColumnSchema& stored,
                                     const io::ColumnData& data) {
  const CellWriter writer{column, stored.type};
  std::vector<Cell> cells(data.size());
  const bool written = std::visit(
      [&](const auto& values) {
        for (std::size_t row = 0; row < cells.size(); ++row) {
          if (data.IsNull(row)) continue;
          cells[row] = writer.Of(values[row]);
          if (!cells[row]) return false;
        }
        return true;
      },
      data.values);
  if (written) return cells;
  return Fail(ErrorKind::kCorrupt,
              fmt::format("column {}: Spark stored no {} there", column.name, column.type));
}

Result<SparkFiles> SparkFiles::Open(io::FileSystem& files, const std::string& folder) {
  TICKHOUSE_ASSIGN(const std::vector<io::FileInfo> found, files.ListFiles(folder));
  std::vector<std::string> paths;
  for (const io::FileInfo& info : found) {
    const std::string_view name = io::BaseName(info.path);
    if (name.starts_with("part-") && name.ends_with(".parquet")) paths.push_back(info.path);
  }
  if (paths.empty()) {
    return Fail(ErrorKind::kCorrupt, fmt::format("{}: Spark left no rows there", folder));
  }
  // "part-00012-...", and "part-100000-..." after a hundred thousand.
  std::ranges::sort(paths, [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return SparkFiles(files, std::move(paths));
}

Status SparkFiles::OpenNext(std::size_t columns) {
  TICKHOUSE_ASSIGN(auto file, files_->OpenRead(paths_[next_]));
  TICKHOUSE_ASSIGN(reader_,
                   io::ParquetTableReader::Open(std::move(file), {.batch_rows = kBatchRows}));
  if (reader_->schema().size() == columns) return {};
  return Fail(ErrorKind::kCorrupt, fmt::format("{}: Spark left {} columns, {} were meant",
                                               paths_[next_], reader_->schema().size(), columns));
}

Result<std::optional<RowBatch>> SparkFiles::Next(const std::vector<Column>& columns) {
  io::ColumnBatch read;
  while (next_ < paths_.size()) {
    if (!reader_) TICKHOUSE_TRY(OpenNext(columns.size()));
    TICKHOUSE_ASSIGN(const bool more, reader_->Next(&read));
    if (!more) {
      reader_.reset();
      ++next_;
      continue;
    }
    if (read.rows == 0) continue;
    RowBatch batch;
    batch.rows = read.rows;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      TICKHOUSE_ASSIGN(auto cells, SparkCells(columns[i], read.schema[i], read.columns[i]));
      batch.columns.push_back(std::move(cells));
    }
    return batch;
  }
  return std::nullopt;
}

}  // namespace tickhouse::sql
