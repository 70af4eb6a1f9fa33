#include "tickhouse/lake/data/data_file_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "tickhouse/io/parquet/table/row_choice.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/deletes/row_deletes.h"
#include "tickhouse/lake/data/name_mapping.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/expression/metrics_filter.h"
#include "tickhouse/lake/expression/row_filter.h"
#include "tickhouse/lake/format/location.h"

namespace tickhouse::lake {

namespace {

using io::ColumnBatch;
using io::ColumnData;
using io::ColumnSchema;
using io::ParquetFooter;

/// A field that is read, and where its values come from.
struct ReadField {
  Field field;
  ColumnSchema stored;
  std::optional<std::size_t> column = {};  ///< Of the footer; else `constant`.
  std::optional<Value> constant = {};
};

void CollectColumns(const Predicate& predicate, std::vector<Field>* fields) {
  for (const Predicate& child : predicate.children) CollectColumns(child, fields);
  const BoundColumn& column = predicate.column;
  if (column.field_id == 0) return;
  fields->push_back(
      {.id = column.field_id, .name = column.name, .required = false, .type = column.type});
}

bool HasField(const std::vector<ReadField>& fields, int id) {
  return std::any_of(fields.begin(), fields.end(),
                     [id](const ReadField& read) { return read.field.id == id; });
}

/// A name mapping for files without ids.
Result<std::optional<NameMapping>> MappingOf(const TableMetadata& metadata) {
  const std::string_view text = metadata.Property("schema.name-mapping.default", "");
  if (text.empty()) return std::optional<NameMapping>();
  TICKHOUSE_ASSIGN(NameMapping mapping, ParseNameMapping(text));
  return std::optional<NameMapping>(std::move(mapping));
}

std::vector<std::size_t> AllGroups(const ParquetFooter& footer) {
  std::vector<std::size_t> groups(footer.row_groups.size());
  std::iota(groups.begin(), groups.end(), std::size_t{0});
  return groups;
}

}  // namespace

struct DataFileReader::State {
  const TableMetadata* metadata;  // While opening only.
  DataFile data;
  DataReadRequest request;
  std::optional<NameMapping> names = {};
  std::vector<ReadField> fields = {};  ///< The wanted ones first.
  std::size_t wanted = 0;
  std::vector<ColumnSchema> schema = {};
  RowDeletes deletes{.positions = RowSet(0)};
  std::unique_ptr<io::ParquetTableReader> reader = {};
  std::size_t groups = 0;
  ColumnBatch raw = {};

  Status AddField(const Field& field, const ParquetFooter& footer);
  Status AddFields(const ParquetFooter& footer);
  Result<std::optional<std::size_t>> FindColumn(const Field& field,
                                                const ParquetFooter& footer) const;
  Result<std::optional<Value>> MissingValue(const Field& field) const;
  std::vector<std::size_t> GroupsToRead(const ParquetFooter& footer) const;
  Status OpenReader(std::unique_ptr<io::ReadableFile> file, const ParquetFooter& footer);
  Result<ColumnBatch> Converted();
  void AddMetadataColumns(ColumnBatch* batch) const;
  std::unexpected<Error> InFile(const Error& error) const {
    return Fail(error.WithContext(data.path));
  }
};

Result<std::optional<std::size_t>> DataFileReader::State::FindColumn(
    const Field& field, const ParquetFooter& footer) const {
  const Schema one{.fields = {field}};
  std::optional<std::size_t> found;
  for (std::size_t i = 0; i < footer.columns.size(); ++i) {
    const io::FooterColumn& column = footer.columns[i];
    if (!column.flat) continue;
    if (FieldOfColumn(footer, i, one, names ? &*names : nullptr) == nullptr) continue;
    if (found) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{}: two columns stand for field {}", data.path, field.name));
    }
    if (!CanConvert(column, field.type)) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: column {} is {} and cannot be read as {}", data.path,
                              column.name, column.TypeName(), field.type.ToString()));
    }
    found = i;
  }
  return found;
}

Result<std::optional<Value>> DataFileReader::State::MissingValue(const Field& field) const {
  const PartitionSpec* spec = metadata->FindSpec(data.spec_id);
  for (std::size_t i = 0; spec != nullptr && i < spec->fields.size(); ++i) {
    const PartitionField& part = spec->fields[i];
    if (part.source_id == field.id && part.transform.kind == TransformKind::kIdentity &&
        i < data.partition.size()) {
      return data.partition[i];
    }
  }
  std::optional<std::string> text = field.initial_default;
  const Field* known = FindFieldOfAny(*metadata, field.id);
  if (!text && known != nullptr) text = known->initial_default;
  if (text && *text != "null") {
    TICKHOUSE_ASSIGN(Value value, ValueFromJson(field.type, *text));
    return std::optional<Value>(std::move(value));
  }
  if (field.required) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: required field {} is missing", data.path, field.name));
  }
  return std::optional<Value>();
}

Status DataFileReader::State::AddField(const Field& field, const ParquetFooter& footer) {
  ReadField read{.field = field, .stored = {}};
  TICKHOUSE_ASSIGN(read.stored, StoredColumnOf(field));
  TICKHOUSE_ASSIGN(read.column, FindColumn(field, footer));
  if (!read.column) {
    TICKHOUSE_ASSIGN(read.constant, MissingValue(field));
  }
  fields.push_back(std::move(read));
  return {};
}

Status DataFileReader::State::AddFields(const ParquetFooter& footer) {
  for (const Field& field : request.columns.fields) TICKHOUSE_TRY(AddField(field, footer));
  wanted = fields.size();
  for (const ReadField& read : fields) schema.push_back(read.stored);
  std::vector<Field> more;
  CollectColumns(request.residual, &more);
  for (const int id : deletes.FieldIds()) {
    const Field* field = FindFieldOfAny(*metadata, id);  // Known: the deletes were read by it.
    more.push_back({.id = id, .name = field->name, .required = false, .type = field->type});
  }
  for (const Field& field : more) {
    if (!HasField(fields, field.id)) TICKHOUSE_TRY(AddField(field, footer));
  }
  return {};
}

std::vector<std::size_t> DataFileReader::State::GroupsToRead(const ParquetFooter& footer) const {
  if (request.residual.IsTrue()) return AllGroups(footer);
  Schema judged;
  const std::set<int> ids = FieldIdsOf(request.residual);
  ParquetFooter one;
  one.columns = footer.columns;
  for (const ReadField& read : fields) {
    if (!read.column || !ids.contains(read.field.id)) continue;
    Field field = read.field;
    field.required = false;
    judged.fields.push_back(std::move(field));
  }
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < footer.row_groups.size(); ++i) {
    one.row_groups = {footer.row_groups[i]};
    one.rows = footer.row_groups[i].rows;
    // What metrics cannot tell of (dates read as timestamps) is read.
    const auto metrics = MetricsFromFooter(one, 0, judged, {.names = names ? &*names : nullptr});
    if (!metrics || MayMatch(request.residual, *metrics)) kept.push_back(i);
  }
  return kept;
}

Status DataFileReader::State::OpenReader(std::unique_ptr<io::ReadableFile> file,
                                         const ParquetFooter& footer) {
  io::TableReadOptions options{.batch_rows = request.batch_rows};
  options.columns.emplace();
  for (const ReadField& read : fields) {
    if (read.column) options.columns->push_back(*read.column);
  }
  options.row_groups = GroupsToRead(footer);
  groups = options.row_groups->size();
  TICKHOUSE_ASSIGN(reader, io::ParquetTableReader::Open(std::move(file), std::move(options)));
  return {};
}

/// The rows at hand, every field in its stored type.
Result<ColumnBatch> DataFileReader::State::Converted() {
  ColumnBatch batch{.schema = {}, .columns = {}, .rows = raw.rows};
  std::size_t next = 0;
  for (const ReadField& read : fields) {
    batch.schema.push_back(read.stored);
    if (!read.column) {
      batch.columns.push_back(ConstantColumn(read.field.type, read.constant, raw.rows));
      continue;
    }
    ColumnData& column = batch.columns.emplace_back(std::move(raw.columns[next]));
    const Status done = ConvertColumn(raw.schema[next].type, read.field.type, &column);
    if (!done) return InFile(done.error().WithContext("column " + read.field.name));
    ++next;
  }
  return batch;
}

void DataFileReader::State::AddMetadataColumns(ColumnBatch* batch) const {
  if (request.file_column) {
    io::BytesValues paths;
    for (std::size_t row = 0; row < batch->rows; ++row) paths.Append(data.path);
    batch->columns.push_back({.values = std::move(paths)});
  }
  if (request.position_column) {
    std::vector<int64_t> positions(batch->rows);
    std::iota(positions.begin(), positions.end(), reader->first_row());
    batch->columns.push_back({.values = std::move(positions)});
  }
}

DataFileReader::DataFileReader(std::unique_ptr<State> state) : state_(std::move(state)) {}
DataFileReader::~DataFileReader() = default;

Result<std::unique_ptr<DataFileReader>> DataFileReader::Open(io::FileSystem& files,
                                                             const TableMetadata& metadata,
                                                             const DataFile& data,
                                                             std::span<const DataFile> deletes,
                                                             DataReadRequest request) {
  if (data.content != FileContent::kData) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{} holds deletes, no rows", data.path));
  }
  if (data.format != "PARQUET" && data.format != "parquet") {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: data files of format {} are not read", data.path, data.format));
  }
  auto state = std::make_unique<State>(State{&metadata, data, std::move(request)});
  TICKHOUSE_ASSIGN(state->names, MappingOf(metadata));
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(data.path));
  TICKHOUSE_ASSIGN(auto file, files.OpenRead(path));
  TICKHOUSE_ASSIGN(const ParquetFooter footer, io::ReadParquetFooter(*file));
  TICKHOUSE_ASSIGN(state->deletes, LoadRowDeletes(files, metadata, data, deletes, footer.rows));
  TICKHOUSE_TRY(state->AddFields(footer));
  TICKHOUSE_TRY(state->OpenReader(std::move(file), footer));
  std::vector<ColumnSchema>& schema = state->schema;
  if (state->request.file_column) {
    schema.push_back(
        {.name = "_file",
         .type = {.physical = io::PhysicalType::kByteArray, .logical = io::LogicalKind::kString},
         .field_id = kFileColumnId,
         .required = true});
  }
  if (state->request.position_column) {
    schema.push_back({.name = "_pos", .field_id = kPositionColumnId, .required = true});
  }
  return std::unique_ptr<DataFileReader>(new DataFileReader(std::move(state)));
}

const std::vector<ColumnSchema>& DataFileReader::schema() const {
  return state_->schema;
}

std::size_t DataFileReader::row_groups_read() const {
  return state_->groups;
}

Result<bool> DataFileReader::Next(ColumnBatch* batch) {
  State& state = *state_;
  std::vector<uint8_t> keep;
  std::vector<uint8_t> selected;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, state.reader->Next(&state.raw));
    if (!more) return false;
    TICKHOUSE_ASSIGN(ColumnBatch rows, state.Converted());
    keep.assign(rows.rows, 1);
    ApplyRowDeletes(state.deletes, rows, state.reader->first_row(), &keep);
    if (!state.request.residual.IsTrue()) {
      TICKHOUSE_TRY(FilterRows(state.request.residual, rows, &selected));
      for (std::size_t row = 0; row < rows.rows; ++row) keep[row] &= selected[row];
    }
    if (std::find(keep.begin(), keep.end(), 1) == keep.end()) continue;
    rows.columns.resize(state.wanted);
    state.AddMetadataColumns(&rows);
    rows.schema = state.schema;
    io::KeepRows(keep, &rows);
    *batch = std::move(rows);
    return true;
  }
}

}  // namespace tickhouse::lake
