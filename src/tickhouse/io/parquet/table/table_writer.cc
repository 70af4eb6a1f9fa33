#include "tickhouse/io/parquet/table/table_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/parquet_file_builder.h"
#include "tickhouse/io/parquet/table/value_decoder.h"
#include "tickhouse/io/parquet/table/value_encoder.h"

namespace tickhouse::io {

namespace {

// Between looks at the bytes that are buffered.
constexpr std::size_t kStepRows = 4096;

std::unexpected<Error> BadColumn(const ColumnSchema& column, std::string_view why) {
  return Fail(ErrorKind::kInvalidArgument, fmt::format("column {} {}", column.name, why));
}

bool IsStoredAs(const ColumnType& type, std::initializer_list<PhysicalType> kinds) {
  return std::find(kinds.begin(), kinds.end(), type.physical) != kinds.end();
}

bool IsTimeUnit(int64_t unit_ns, const ColumnType& type) {
  if (unit_ns == 1'000'000) return true;
  return (unit_ns == 1'000 || unit_ns == 1) && type.physical == PhysicalType::kInt64;
}

// Digits that so many bytes of two's complement hold.
int DigitsOf(const ColumnType& type) {
  if (type.physical == PhysicalType::kInt32) return 9;
  if (type.physical == PhysicalType::kInt64) return 18;
  if (type.physical == PhysicalType::kByteArray) return 1'000;
  return static_cast<int>((8 * type.length - 1) * 0.30103);
}

bool IsKnownType(const ColumnType& type) {
  using enum PhysicalType;
  const bool integer = IsStoredAs(type, {kInt32, kInt64});
  switch (type.logical) {
    case LogicalKind::kNone: return true;
    case LogicalKind::kString: return type.physical == kByteArray;
    case LogicalKind::kDecimal:
      return IsStoredAs(type, {kInt32, kInt64, kByteArray, kFixedBytes}) && type.precision > 0 &&
             type.scale >= 0 && type.scale <= type.precision && type.precision <= DigitsOf(type);
    case LogicalKind::kDate: return type.physical == kInt32;
    case LogicalKind::kTime:
      return integer && IsTimeUnit(type.unit_ns, type) &&
             (type.physical == kInt32) == (type.unit_ns == 1'000'000);
    case LogicalKind::kTimestamp: return type.physical == kInt64 && IsTimeUnit(type.unit_ns, type);
    case LogicalKind::kUuid: return type.physical == kFixedBytes && type.length == 16;
    case LogicalKind::kSigned:
    case LogicalKind::kUnsigned: return integer;
    default: return false;
  }
}

Status CheckSchema(const std::vector<ColumnSchema>& schema) {
  if (schema.empty()) return Fail(ErrorKind::kInvalidArgument, "a Parquet file needs a column");
  std::set<std::string_view> names;
  for (const ColumnSchema& column : schema) {
    if (!names.insert(column.name).second) return BadColumn(column, "is there twice");
    if (column.type.logical == LogicalKind::kOther) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("column {} has an annotation that is not known", column.name));
    }
    const bool sized = column.type.physical != PhysicalType::kFixedBytes || column.type.length > 0;
    if (column.type.physical == PhysicalType::kInt96 || !sized || !IsKnownType(column.type)) {
      return BadColumn(column, "has a type that Parquet does not know");
    }
  }
  return {};
}

Status CheckBytes(const ColumnSchema& column, const ColumnData& data, std::size_t begin,
                  std::size_t end) {
  const auto* held = std::get_if<BytesValues>(&data.values);
  if (held == nullptr) return {};
  const bool fixed = column.type.physical == PhysicalType::kFixedBytes;
  for (std::size_t row = begin; row < end; ++row) {
    const auto size = static_cast<int64_t>((*held)[row].size());
    if (data.IsNull(row)) continue;
    if (fixed && size != column.type.length) {
      return BadColumn(
          column, fmt::format("holds {} bytes in row {}, not {}", size, row, column.type.length));
    }
    if (size > kMaxPageText / 2) {
      return BadColumn(column,
                       fmt::format("holds {} bytes in row {}, more than fit a page", size, row));
    }
    if (column.type.logical == LogicalKind::kDecimal && size == 0) {
      return BadColumn(column, fmt::format("holds a decimal of no bytes in row {}", row));
    }
  }
  return {};
}

Status CheckColumn(const ColumnSchema& column, const ColumnSchema& given, const ColumnData& data,
                   std::size_t rows) {
  if (given.type != column.type) return BadColumn(column, "comes with another type");
  if (data.values.index() != EmptyValues(column.type.physical).index() || data.size() != rows ||
      (!data.valid.empty() && data.valid.size() != rows)) {
    return BadColumn(column, "is not shaped as its batch says");
  }
  return {};
}

Status CheckNulls(const ColumnSchema& column, const ColumnData& data, std::size_t begin,
                  std::size_t end) {
  if (!column.required || data.valid.empty()) return {};
  const auto at = data.valid.begin();
  const auto from = at + static_cast<std::ptrdiff_t>(begin);
  const auto to = at + static_cast<std::ptrdiff_t>(end);
  const auto found = std::find(from, to, uint8_t{0});
  if (found == to) return {};
  return BadColumn(column, fmt::format("is required, and null in row {}", found - at));
}

int64_t BytesOf(const ColumnValues& values, std::size_t begin, std::size_t end) {
  return std::visit(
      [&](const auto& held) -> int64_t {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, BytesValues>) {
          return held.offsets[end] - held.offsets[begin] + static_cast<int64_t>(8 * (end - begin));
        } else {
          return static_cast<int64_t>((end - begin) * sizeof(held[0]));
        }
      },
      values);
}

}  // namespace

struct ParquetTableWriter::State {
  std::unique_ptr<ParquetFileBuilder> builder;
  std::vector<ColumnSchema> schema;
  TableWriteOptions options;
  std::vector<ColumnData> buffer;
  std::size_t buffered_rows = 0;
  int64_t buffered_bytes = 0;
  std::vector<int64_t> nan_counts;

  void Clear();
  void Take(const ColumnBatch& batch, std::size_t begin, std::size_t count);
  Status Check(const ColumnBatch& batch, std::size_t begin, std::size_t end) const;
};

void ParquetTableWriter::State::Clear() {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    // Buffers of numbers keep their memory for the next row group.
    std::visit(
        [](auto& held) {
          if constexpr (std::is_same_v<std::decay_t<decltype(held)>, BytesValues>) {
            held.bytes.clear();
            held.offsets.resize(1);
          } else {
            held.clear();
          }
        },
        buffer[i].values);
    buffer[i].valid.clear();
  }
  buffered_rows = 0;
  buffered_bytes = 0;
}

void ParquetTableWriter::State::Take(const ColumnBatch& batch, std::size_t begin,
                                     std::size_t count) {
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const ColumnData& from = batch.columns[i];
    ColumnData& to = buffer[i];
    AppendRows(from.values, begin, count, &to.values);
    buffered_bytes += BytesOf(from.values, begin, begin + count);
    if (from.valid.empty() && to.valid.empty()) continue;
    to.valid.resize(buffered_rows, 1);
    for (std::size_t row = begin; row < begin + count; ++row) {
      to.valid.push_back(from.IsNull(row) ? 0 : 1);
    }
  }
  buffered_rows += count;
}

Status ParquetTableWriter::State::Check(const ColumnBatch& batch, std::size_t begin,
                                        std::size_t end) const {
  if (batch.columns.size() != schema.size() || batch.schema.size() != schema.size()) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("a batch of {} columns for a file of {}",
                                                         batch.columns.size(), schema.size()));
  }
  for (std::size_t i = 0; i < schema.size(); ++i) {
    TICKHOUSE_TRY(CheckColumn(schema[i], batch.schema[i], batch.columns[i], batch.rows));
    TICKHOUSE_TRY(CheckNulls(schema[i], batch.columns[i], begin, end));
    TICKHOUSE_TRY(CheckBytes(schema[i], batch.columns[i], begin, end));
  }
  return {};
}

ParquetTableWriter::ParquetTableWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetTableWriter::~ParquetTableWriter() = default;

Result<std::unique_ptr<ParquetTableWriter>> ParquetTableWriter::Open(
    std::unique_ptr<WritableFile> file, std::vector<ColumnSchema> schema,
    TableWriteOptions options) {
  TICKHOUSE_CHECK(options.row_group_rows > 0 && options.row_group_bytes > 0,
                  "row groups of at least one row");
  TICKHOUSE_TRY(CheckSchema(schema));
  auto state = std::make_unique<State>();
  TICKHOUSE_ASSIGN(state->builder, ParquetFileBuilder::Open(std::move(file), schema));
  state->schema = std::move(schema);
  state->options = std::move(options);
  state->nan_counts.resize(state->schema.size());
  for (const ColumnSchema& column : state->schema) {
    state->buffer.push_back({.values = EmptyValues(column.type.physical)});
  }
  return std::unique_ptr<ParquetTableWriter>(new ParquetTableWriter(std::move(state)));
}

Status ParquetTableWriter::Write(const ColumnBatch& batch) {
  return Write(batch, 0, batch.rows);
}

Status ParquetTableWriter::Write(const ColumnBatch& batch, std::size_t begin, std::size_t count) {
  TICKHOUSE_CHECK(begin <= batch.rows && count <= batch.rows - begin, "rows of the batch");
  State& state = *state_;
  const std::size_t end = begin + count;
  TICKHOUSE_TRY(state.Check(batch, begin, end));
  const auto most = static_cast<std::size_t>(state.options.row_group_rows);
  while (begin < end) {
    // Steps end at the same rows of the row group whatever the batches were.
    const std::size_t step = kStepRows - state.buffered_rows % kStepRows;
    const std::size_t rows = std::min({step, end - begin, most - state.buffered_rows});
    state.Take(batch, begin, rows);
    begin += rows;
    const bool at_step = state.buffered_rows % kStepRows == 0;
    const bool heavy = at_step && state.buffered_bytes >= state.options.row_group_bytes;
    if (heavy || state.buffered_rows == most) TICKHOUSE_TRY(EndRowGroup());
  }
  return {};
}

Status ParquetTableWriter::EndRowGroup() {
  State& state = *state_;
  if (state.buffered_rows == 0) return {};
  std::vector<EncodedColumn> columns;
  for (std::size_t i = 0; i < state.schema.size(); ++i) {
    if (!state.buffer[i].valid.empty()) state.buffer[i].valid.resize(state.buffered_rows, 1);
    EncodedValues encoded =
        EncodeColumn(state.schema[i], state.buffer[i], state.options.bound_bytes);
    state.nan_counts[i] += encoded.nans;
    columns.push_back(std::move(encoded.column));
  }
  state.Clear();
  return state.builder->AppendRowGroup(std::move(columns));
}

int64_t ParquetTableWriter::rows_written() const {
  return state_->builder->rows_written() + static_cast<int64_t>(state_->buffered_rows);
}

int64_t ParquetTableWriter::bytes_written() const {
  return state_->builder->bytes_written();
}

int64_t ParquetTableWriter::buffered_bytes() const {
  return state_->buffered_bytes;
}

Result<WrittenTable> ParquetTableWriter::Close() {
  State& state = *state_;
  TICKHOUSE_TRY(EndRowGroup());
  TICKHOUSE_TRY(state.builder->Close(state.options.metadata));
  const WrittenParquet& written = state.builder->written();
  return WrittenTable{.rows = state.builder->rows_written(),
                      .bytes = written.bytes,
                      .footer = written.footer,
                      .nan_counts = state.nan_counts};
}

}  // namespace tickhouse::io
