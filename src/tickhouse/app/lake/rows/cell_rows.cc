#include "tickhouse/app/lake/rows/cell_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "tickhouse/io/parquet/table/row_choice.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/format/value.h"
#include "tickhouse/sql/engine/cell_text.h"

namespace tickhouse::app {

namespace {

using io::ColumnBatch;
using io::ColumnData;
using lake::Type;
using lake::TypeKind;
using sql::Cell;
using sql::ColumnKind;

Result<std::pair<std::string, ColumnKind>> WordOf(const lake::Field& field) {
  const auto word = [](std::string text, ColumnKind kind) {
    return std::pair(std::move(text), kind);
  };
  switch (field.type.kind) {
    case TypeKind::kBoolean: return word("BOOLEAN", ColumnKind::kBoolean);
    case TypeKind::kInt: return word("INTEGER", ColumnKind::kInteger);
    case TypeKind::kLong: return word("BIGINT", ColumnKind::kInteger);
    case TypeKind::kFloat: return word("FLOAT", ColumnKind::kReal);
    case TypeKind::kDouble: return word("DOUBLE", ColumnKind::kReal);
    case TypeKind::kDecimal:
      return word(fmt::format("DECIMAL({},{})", field.type.precision, field.type.scale),
                  ColumnKind::kDecimal);
    case TypeKind::kDate: return word("DATE", ColumnKind::kDate);
    case TypeKind::kTime: return word("TIME", ColumnKind::kOther);
    case TypeKind::kTimestamp: return word("TIMESTAMP", ColumnKind::kTimestamp);
    case TypeKind::kTimestampNs: return word("TIMESTAMP_NS", ColumnKind::kTimestamp);
    case TypeKind::kTimestampTz: return word("TIMESTAMP WITH TIME ZONE", ColumnKind::kTimestampTz);
    case TypeKind::kTimestampTzNs: return word("TIMESTAMPTZ_NS", ColumnKind::kTimestampTz);
    case TypeKind::kString: return word("VARCHAR", ColumnKind::kText);
    case TypeKind::kUuid: return word("UUID", ColumnKind::kOther);
    case TypeKind::kFixed:
    case TypeKind::kBinary: return word("BLOB", ColumnKind::kOther);
    default: break;
  }
  return Fail(ErrorKind::kUnsupported,
              fmt::format("column {} is a {}, whose values are not read yet; --columns chooses "
                          "others",
                          field.name, field.type.ToString()));
}

std::string HexText(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

template <typename T>
std::string NumberText(const Type& type, T value) {
  if constexpr (std::is_floating_point_v<T>) {
    return sql::RealText(value);
  } else if constexpr (std::is_same_v<T, uint8_t>) {
    return value != 0 ? "true" : "false";
  } else {
    switch (type.kind) {
      case TypeKind::kDate: return sql::DateText(static_cast<int32_t>(value));
      case TypeKind::kTimestamp:
      case TypeKind::kTimestampTz: return sql::TimestampTextOfMicros(value);
      case TypeKind::kTimestampNs:
      case TypeKind::kTimestampTzNs: return sql::TimestampText(value);
      case TypeKind::kTime: return lake::ValueToText(type, lake::Value{value});
      default: return fmt::to_string(value);
    }
  }
}

std::string BytesText(const Type& type, std::string_view bytes) {
  if (type.kind == TypeKind::kString) return std::string(bytes);
  if (type.kind == TypeKind::kUuid) {
    return lake::ValueToText(type, lake::Value{std::string(bytes)});
  }
  return HexText(bytes);
}

std::string TextAt(const Type& type, const ColumnData& column, std::size_t row) {
  if (type.kind == TypeKind::kDecimal) {
    const auto value = lake::ValueAt(type, column, row);
    return sql::DecimalText(std::get<lake::Int128>(value->data), type.scale);
  }
  return std::visit(
      [&]<typename Held>(const Held& held) {
        if constexpr (std::is_same_v<Held, io::BytesValues>) {
          return BytesText(type, held[row]);
        } else {
          return NumberText(type, held[row]);
        }
      },
      column.values);
}

}  // namespace

Result<std::vector<sql::Column>> CellColumnsOf(const lake::Schema& schema) {
  std::vector<sql::Column> columns;
  for (const lake::Field& field : schema.fields) {
    TICKHOUSE_ASSIGN(auto word, WordOf(field));
    columns.push_back({.name = field.name, .type = std::move(word.first), .kind = word.second});
  }
  return columns;
}

sql::RowBatch CellsOf(const lake::Schema& schema, const ColumnBatch& batch) {
  sql::RowBatch cells{.rows = batch.rows, .columns = {}};
  for (std::size_t c = 0; c < schema.fields.size(); ++c) {
    const ColumnData& column = batch.columns[c];
    std::vector<Cell>& out = cells.columns.emplace_back();
    out.reserve(batch.rows);
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if (column.IsNull(row)) {
        out.emplace_back();
      } else {
        out.emplace_back(TextAt(schema.fields[c].type, column, row));
      }
    }
  }
  return cells;
}

Result<std::unique_ptr<CellRows>> CellRows::Make(const RowReading& reading, lake::Schema schema,
                                                 std::vector<RowFile> files,
                                                 std::optional<int64_t> limit) {
  std::unique_ptr<CellRows> rows(new CellRows());
  TICKHOUSE_ASSIGN(rows->columns_, CellColumnsOf(schema));
  rows->reading_ = reading;
  if (limit) {
    const int64_t most = std::max<int64_t>(*limit, 1);
    rows->reading_.batch_rows = std::min(reading.batch_rows, static_cast<std::size_t>(most));
  }
  rows->schema_ = std::move(schema);
  rows->files_ = std::move(files);
  rows->left_ = limit;
  return rows;
}

Result<std::optional<sql::RowBatch>> CellRows::Next() {
  ColumnBatch batch;
  while (!left_ || *left_ > 0) {
    if (!source_) {
      if (next_ == files_.size()) return std::nullopt;
      TICKHOUSE_ASSIGN(source_, OpenRows(reading_, files_[next_++], schema_));
    }
    TICKHOUSE_ASSIGN(const bool more, source_->Next(&batch));
    if (!more) {
      source_.reset();
      continue;
    }
    if (left_ && static_cast<int64_t>(batch.rows) > *left_) {
      std::vector<uint32_t> places(static_cast<std::size_t>(*left_));
      std::iota(places.begin(), places.end(), 0U);
      batch = io::TakeRows(batch, places);
    }
    if (left_) *left_ -= static_cast<int64_t>(batch.rows);
    return CellsOf(schema_, batch);
  }
  return std::nullopt;
}

}  // namespace tickhouse::app
