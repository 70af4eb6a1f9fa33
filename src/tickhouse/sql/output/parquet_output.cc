#include "tickhouse/sql/output/parquet_output.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/io/parquet/table/table_writer.h"
#include "tickhouse/sql/output/cell_value.h"

namespace tickhouse::sql {

namespace {

using io::ColumnType;
using io::LogicalKind;
using io::PhysicalType;

constexpr int kDecimalBytes = 16;

ColumnType DecimalType(const Column& column) {
  const auto digits = DecimalDigits(column.type);
  if (!digits) return {.physical = PhysicalType::kByteArray, .logical = LogicalKind::kString};
  const auto [precision, scale] = *digits;
  ColumnType type{.physical = PhysicalType::kFixedBytes, .logical = LogicalKind::kDecimal};
  type.precision = precision;
  type.scale = scale;
  if (precision <= 18) {
    type.physical = precision <= 9 ? PhysicalType::kInt32 : PhysicalType::kInt64;
  } else {
    type.length = kDecimalBytes;
  }
  return type;
}

ColumnType TypeOf(const Column& column) {
  const std::string word = TypeWord(column);
  switch (column.kind) {
    case ColumnKind::kBoolean: return {.physical = PhysicalType::kBoolean};
    case ColumnKind::kInteger: {
      const bool narrow =
          word == "tinyint" || word == "smallint" || word == "integer" || word == "int";
      return {.physical = narrow ? PhysicalType::kInt32 : PhysicalType::kInt64};
    }
    case ColumnKind::kReal: {
      const bool narrow = word == "real" || word == "float";
      return {.physical = narrow ? PhysicalType::kFloat : PhysicalType::kDouble};
    }
    case ColumnKind::kDecimal: return DecimalType(column);
    case ColumnKind::kDate:
      return {.physical = PhysicalType::kInt32, .logical = LogicalKind::kDate};
    case ColumnKind::kTimestamp:
    case ColumnKind::kTimestampTz:
      return {.physical = PhysicalType::kInt64,
              .logical = LogicalKind::kTimestamp,
              .unit_ns = HasNanoseconds(column) ? 1 : 1'000,
              .utc = column.kind == ColumnKind::kTimestampTz};
    case ColumnKind::kText:
    case ColumnKind::kOther: break;
  }
  return {.physical = PhysicalType::kByteArray, .logical = LogicalKind::kString};
}

std::string BigEndian(__int128 value) {
  std::string bytes(kDecimalBytes, '\0');
  for (int i = kDecimalBytes - 1; i >= 0; --i, value >>= 8) {
    bytes[static_cast<std::size_t>(i)] = static_cast<char>(value & 0xFF);
  }
  return bytes;
}

template <typename Stored, typename Value>
bool Put(io::ColumnValues* values, const std::optional<Value>& value) {
  if (!value) return false;
  std::get<std::vector<Stored>>(*values).push_back(static_cast<Stored>(*value));
  return true;
}

bool PutText(const ColumnType& type, std::string_view text, io::ColumnValues* values) {
  const bool decimal = type.logical == LogicalKind::kDecimal;
  switch (type.physical) {
    case PhysicalType::kBoolean: return Put<uint8_t>(values, std::optional(text == "true"));
    case PhysicalType::kInt32:
      if (decimal) return Put<int32_t>(values, DecimalOf(text, type.precision, type.scale));
      if (type.logical == LogicalKind::kDate) return Put<int32_t>(values, DayOf(text));
      return Put<int32_t>(values, NumberOf<int32_t>(text));
    case PhysicalType::kInt64:
      if (decimal) return Put<int64_t>(values, DecimalOf(text, type.precision, type.scale));
      if (type.logical == LogicalKind::kTimestamp) {
        return Put<int64_t>(values, InstantOf(text, type.unit_ns == 1 ? 9 : 6));
      }
      return Put<int64_t>(values, NumberOf<int64_t>(text));
    case PhysicalType::kFloat: return Put<float>(values, RealOf<float>(text));
    case PhysicalType::kDouble: return Put<double>(values, RealOf<double>(text));
    case PhysicalType::kFixedBytes: {
      const auto value = DecimalOf(text, type.precision, type.scale);
      if (value) std::get<io::BytesValues>(*values).Append(BigEndian(*value));
      return value.has_value();
    }
    default: std::get<io::BytesValues>(*values).Append(text); return true;
  }
}

void PutNull(io::ColumnValues* values) {
  std::visit(
      [](auto& held) {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, io::BytesValues>) {
          held.Append("");
        } else {
          held.push_back({});
        }
      },
      *values);
}

Result<io::ColumnData> DataOf(const io::ColumnSchema& column, const std::vector<Cell>& cells,
                              int64_t first_row) {
  io::ColumnData data{.values = io::EmptyValues(column.type.physical)};
  data.valid.reserve(cells.size());
  for (std::size_t row = 0; row < cells.size(); ++row) {
    data.valid.push_back(cells[row] ? 1 : 0);
    if (!cells[row]) {
      PutNull(&data.values);
    } else if (!PutText(column.type, *cells[row], &data.values)) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("row {}, column {}: its type in Parquet cannot hold {}",
                              first_row + static_cast<int64_t>(row), column.name, *cells[row]));
    }
  }
  return data;
}

}  // namespace

Result<int64_t> WriteParquet(RowStream& rows, std::unique_ptr<io::WritableFile> file) {
  io::ColumnBatch out;
  for (const Column& column : rows.columns()) {
    out.schema.push_back({.name = column.name, .type = TypeOf(column)});
  }
  TICKHOUSE_ASSIGN(const auto writer, io::ParquetTableWriter::Open(std::move(file), out.schema));
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, rows.Next());
    if (!batch) break;
    out.rows = batch->rows;
    out.columns.clear();
    for (std::size_t i = 0; i < batch->columns.size(); ++i) {
      TICKHOUSE_ASSIGN(io::ColumnData data,
                       DataOf(out.schema[i], batch->columns[i], writer->rows_written() + 1));
      out.columns.push_back(std::move(data));
    }
    TICKHOUSE_TRY(writer->Write(out));
  }
  TICKHOUSE_ASSIGN(const io::WrittenTable written, writer->Close());
  return written.rows;
}

}  // namespace tickhouse::sql
