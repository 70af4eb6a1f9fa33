#include "tickhouse/io/parquet/table/table_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/table/column_reader.h"

namespace tickhouse::io {

struct ParquetTableReader::State {
  std::unique_ptr<ReadableFile> file;
  ParquetFooter footer;
  TableReadOptions options;
  std::vector<std::size_t> columns;
  std::vector<std::size_t> groups;
  std::vector<ColumnSchema> schema;

  std::size_t next_group = 0;  // Of `groups`.
  int64_t rows_left = 0;       // Of the group at hand.
  int64_t next_row = 0;        // In the file.
  int64_t first_row = 0;
  std::vector<ColumnReader> readers;

  Status Choose();
  Status OpenGroup();
};

namespace {

std::vector<std::size_t> AllOf(std::size_t count) {
  std::vector<std::size_t> all(count);
  std::iota(all.begin(), all.end(), std::size_t{0});
  return all;
}

}  // namespace

ColumnSchema ToColumnSchema(const FooterColumn& column) {
  ColumnSchema schema{.name = column.name, .field_id = column.field_id};
  schema.required = !column.optional;
  schema.type = {.physical = column.type,
                 .logical = column.logical,
                 .unit_ns = column.time_unit_ns,
                 .utc = column.adjusted_utc,
                 .precision = column.decimal_precision,
                 .scale = column.is_decimal ? column.decimal_scale : 0,
                 .length = column.type == PhysicalType::kFixedBytes ? column.type_length : 0};
  if (column.type == PhysicalType::kInt96) {
    schema.type = {.physical = PhysicalType::kInt64,
                   .logical = LogicalKind::kTimestamp,
                   .unit_ns = 1,
                   .utc = true};
  }
  return schema;
}

Status ParquetTableReader::State::Choose() {
  columns = options.columns.value_or(AllOf(footer.columns.size()));
  groups = options.row_groups.value_or(AllOf(footer.row_groups.size()));
  for (const std::size_t index : columns) {
    if (index >= footer.columns.size()) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: there is no column {} among {}", file->path(), index,
                              footer.columns.size()));
    }
    if (!footer.columns[index].flat) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: column {} is nested; only flat columns can be read",
                              file->path(), footer.columns[index].name));
    }
    schema.push_back(ToColumnSchema(footer.columns[index]));
  }
  for (const std::size_t group : groups) {
    if (group < footer.row_groups.size()) continue;
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: there is no row group {} among {}", file->path(), group,
                            footer.row_groups.size()));
  }
  return {};
}

Status ParquetTableReader::State::OpenGroup() {
  const std::size_t index = groups[next_group++];
  const FooterRowGroup& group = footer.row_groups[index];
  rows_left = group.rows;
  next_row = 0;
  for (std::size_t i = 0; i < index; ++i) next_row += footer.row_groups[i].rows;
  readers.clear();
  for (const std::size_t column : columns) {
    const FooterChunk& chunk = group.chunks[column];
    if (!chunk.readable) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: row group {}, column {} is encrypted or in another file",
                              file->path(), index, footer.columns[column].name));
    }
    readers.emplace_back(PageSource::Source{.file = file.get(),
                                            .column = &footer.columns[column],
                                            .chunk = &chunk,
                                            .rows = group.rows,
                                            .row_group = index,
                                            .verify_checksums = options.verify_checksums});
  }
  return {};
}

ParquetTableReader::ParquetTableReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
ParquetTableReader::~ParquetTableReader() = default;

Result<std::unique_ptr<ParquetTableReader>> ParquetTableReader::Open(
    std::unique_ptr<ReadableFile> file, TableReadOptions options) {
  TICKHOUSE_CHECK(options.batch_rows > 0, "batches of at least one row");
  auto state = std::make_unique<State>();
  state->file = std::move(file);
  state->options = std::move(options);
  TICKHOUSE_ASSIGN(state->footer, ReadParquetFooter(*state->file));
  TICKHOUSE_TRY(state->Choose());
  return std::unique_ptr<ParquetTableReader>(new ParquetTableReader(std::move(state)));
}

const ParquetFooter& ParquetTableReader::footer() const {
  return state_->footer;
}
const std::vector<ColumnSchema>& ParquetTableReader::schema() const {
  return state_->schema;
}
int64_t ParquetTableReader::first_row() const {
  return state_->first_row;
}

Result<bool> ParquetTableReader::Next(ColumnBatch* batch) {
  State& state = *state_;
  while (state.rows_left == 0) {
    if (state.next_group == state.groups.size()) return false;
    TICKHOUSE_TRY(state.OpenGroup());
  }
  const auto rows = static_cast<std::size_t>(
      std::min(state.rows_left, static_cast<int64_t>(state.options.batch_rows)));
  batch->schema = state.schema;
  batch->columns.resize(state.columns.size());
  batch->rows = rows;
  for (std::size_t i = 0; i < state.columns.size(); ++i) {
    ColumnData& column = batch->columns[i];
    column.values = EmptyValues(state.schema[i].type.physical);
    column.valid.clear();
    TICKHOUSE_TRY(state.readers[i].Append(rows, &column));
  }
  state.first_row = state.next_row;
  state.next_row += static_cast<int64_t>(rows);
  state.rows_left -= static_cast<int64_t>(rows);
  return true;
}

}  // namespace tickhouse::io
