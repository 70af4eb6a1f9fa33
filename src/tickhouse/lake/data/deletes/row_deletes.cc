#include "tickhouse/lake/data/deletes/row_deletes.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/table/table_reader.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/deletes/deletion_vector.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/format/location.h"

namespace tickhouse::lake {

namespace {

using io::BytesValues;
using io::ColumnBatch;
using io::ColumnData;
using io::FooterStats;
using io::ParquetFooter;
using io::ParquetTableReader;

std::optional<std::size_t> FindColumn(const ParquetFooter& footer, int field_id,
                                      std::string_view name) {
  std::optional<std::size_t> by_name;
  for (std::size_t i = 0; i < footer.columns.size(); ++i) {
    if (footer.columns[i].field_id == field_id) return i;
    if (!footer.columns[i].field_id && footer.columns[i].name == name) by_name = i;
  }
  return by_name;
}

/// Row groups whose paths may hold `path`.
std::vector<std::size_t> GroupsOf(const ParquetFooter& footer, std::size_t column,
                                  const std::string& path) {
  std::vector<std::size_t> groups;
  for (std::size_t i = 0; i < footer.row_groups.size(); ++i) {
    const FooterStats& stats = footer.row_groups[i].chunks[column].stats;
    const bool below = stats.min && path < *stats.min;
    const bool above = stats.max && path > *stats.max;
    if (stats.old_order || (!below && !above)) groups.push_back(i);
  }
  return groups;
}

Result<std::unique_ptr<io::ReadableFile>> OpenParquet(io::FileSystem& files, const DataFile& file) {
  if (file.format != "PARQUET" && file.format != "parquet") {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: delete files of format {} are not read", file.path, file.format));
  }
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(file.path));
  return files.OpenRead(path);
}

std::unexpected<Error> CorruptDeletes(const DataFile& file, std::string_view why) {
  return Fail(ErrorKind::kCorrupt, fmt::format("{}: {}", file.path, why));
}

Status AddPositions(const DataFile& file, const ColumnBatch& batch, const std::string& path,
                    RowSet* rows) {
  const auto* paths = std::get_if<BytesValues>(&batch.columns[0].values);
  const auto* positions = std::get_if<std::vector<int64_t>>(&batch.columns[1].values);
  if (paths == nullptr || positions == nullptr) {
    return CorruptDeletes(file, "its columns are not a path and a position");
  }
  for (std::size_t row = 0; row < batch.rows; ++row) {
    if (batch.columns[0].IsNull(row) || batch.columns[1].IsNull(row)) {
      return CorruptDeletes(file, "a path or position is null");
    }
    if ((*paths)[row] != path) continue;
    const int64_t position = (*positions)[row];
    if (position < 0) return CorruptDeletes(file, fmt::format("position {} is negative", position));
    if (position < rows->rows()) rows->Add(position);
  }
  return {};
}

Status AddPositionDeletes(io::FileSystem& files, const DataFile& file, const std::string& path,
                          RowSet* rows) {
  if (file.IsDeletionVector()) return ReadDeletionVector(files, file, rows);
  TICKHOUSE_ASSIGN(auto opened, OpenParquet(files, file));
  TICKHOUSE_ASSIGN(const ParquetFooter footer, ReadParquetFooter(*opened));
  const auto path_column = FindColumn(footer, kDeletedFileId, "file_path");
  const auto position_column = FindColumn(footer, kDeletedPositionId, "pos");
  if (!path_column || !position_column) {
    return CorruptDeletes(file, "it has no columns file_path and pos");
  }
  io::TableReadOptions options;
  options.columns = {*path_column, *position_column};
  options.row_groups = GroupsOf(footer, *path_column, path);
  TICKHOUSE_ASSIGN(auto reader, ParquetTableReader::Open(std::move(opened), options));
  ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    TICKHOUSE_TRY(AddPositions(file, batch, path, rows));
  }
}

template <typename T>
void AppendRaw(T value, std::string* key) {
  char bytes[sizeof(T)];
  std::memcpy(bytes, &value, sizeof(T));
  key->append(bytes, sizeof(T));
}

/// Numbers in their widest form, so that promotion changes no key.
void AppendToKey(const io::ColumnType& type, const ColumnData& column, std::size_t row,
                 std::string* key) {
  key->push_back(column.IsNull(row) ? 0 : 1);
  if (column.IsNull(row)) return;
  const bool is_decimal = type.logical == io::LogicalKind::kDecimal;
  std::visit(
      [&]<typename Held>(const Held& held) {
        if constexpr (std::is_same_v<Held, BytesValues>) {
          if (is_decimal) return AppendRaw(DecimalOf(held[row]), key);
          AppendRaw(held[row].size(), key);
          key->append(held[row]);
        } else if constexpr (std::is_floating_point_v<typename Held::value_type>) {
          const double value = held[row];
          AppendRaw(std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value, key);
        } else {
          if (is_decimal) return AppendRaw(static_cast<Int128>(held[row]), key);
          AppendRaw(static_cast<int64_t>(held[row]), key);
        }
      },
      column.values);
}

struct KeyColumn {
  io::ColumnType type;
  const ColumnData* data = nullptr;
};

std::string KeyOf(const std::vector<KeyColumn>& columns, std::size_t row) {
  std::string key;
  for (const KeyColumn& column : columns) AppendToKey(column.type, *column.data, row, &key);
  return key;
}

/// The equality columns of a delete file as the table's types.
struct EqualityColumns {
  std::vector<const Field*> fields;
  std::vector<std::size_t> columns;
};

Result<EqualityColumns> FindEqualityColumns(const TableMetadata& metadata, const DataFile& file,
                                            const ParquetFooter& footer,
                                            const std::vector<int>& field_ids) {
  EqualityColumns found;
  for (const int id : field_ids) {
    const Field* field = FindFieldOfAny(metadata, id);
    if (field == nullptr || !StoredTypeOf(field->type)) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: deletes by field {}, which no schema of the table has as a "
                              "plain column",
                              file.path, id));
    }
    const auto column = FindColumn(footer, id, field->name);
    if (!column) return CorruptDeletes(file, fmt::format("it has no column {}", field->name));
    if (!footer.columns[*column].flat || !CanConvert(footer.columns[*column], field->type)) {
      return Fail(
          ErrorKind::kUnsupported,
          fmt::format("{}: column {} is {} and cannot be read as {}", file.path, field->name,
                      footer.columns[*column].TypeName(), field->type.ToString()));
    }
    found.fields.push_back(field);
    found.columns.push_back(*column);
  }
  return found;
}

Status AddEqualityDeletes(io::FileSystem& files, const TableMetadata& metadata,
                          const DataFile& file, EqualityDeletes* deletes) {
  TICKHOUSE_ASSIGN(auto opened, OpenParquet(files, file));
  TICKHOUSE_ASSIGN(const ParquetFooter footer, ReadParquetFooter(*opened));
  TICKHOUSE_ASSIGN(const EqualityColumns found,
                   FindEqualityColumns(metadata, file, footer, deletes->field_ids));
  io::TableReadOptions options;
  options.columns = found.columns;
  TICKHOUSE_ASSIGN(auto reader, ParquetTableReader::Open(std::move(opened), options));
  ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    std::vector<KeyColumn> keys;
    for (std::size_t i = 0; i < found.fields.size(); ++i) {
      const Type& type = found.fields[i]->type;
      const Status converted = ConvertColumn(batch.schema[i].type, type, &batch.columns[i]);
      if (!converted) return Fail(converted.error().WithContext(file.path));
      keys.push_back({.type = *StoredTypeOf(type), .data = &batch.columns[i]});
    }
    for (std::size_t row = 0; row < batch.rows; ++row) deletes->keys.insert(KeyOf(keys, row));
  }
}

EqualityDeletes& DeletesBy(std::vector<int> field_ids, std::vector<EqualityDeletes>* all) {
  std::sort(field_ids.begin(), field_ids.end());
  for (EqualityDeletes& one : *all) {
    if (one.field_ids == field_ids) return one;
  }
  return all->emplace_back(EqualityDeletes{.field_ids = std::move(field_ids)});
}

std::vector<KeyColumn> KeyColumnsOf(const ColumnBatch& batch, const EqualityDeletes& deletes) {
  std::vector<KeyColumn> columns;
  for (const int id : deletes.field_ids) {
    for (std::size_t i = 0; i < batch.schema.size(); ++i) {
      if (batch.schema[i].field_id != id) continue;
      columns.push_back({.type = batch.schema[i].type, .data = &batch.columns[i]});
      break;
    }
  }
  TICKHOUSE_CHECK(columns.size() == deletes.field_ids.size(), "equality columns were read");
  return columns;
}

}  // namespace

const Field* FindFieldOfAny(const TableMetadata& metadata, int field_id) {
  if (const Field* field = metadata.CurrentSchema().FindById(field_id)) return field;
  for (auto schema = metadata.schemas.rbegin(); schema != metadata.schemas.rend(); ++schema) {
    if (const Field* field = schema->FindById(field_id)) return field;
  }
  return nullptr;
}

std::set<int> RowDeletes::FieldIds() const {
  std::set<int> ids;
  for (const EqualityDeletes& one : equalities) {
    ids.insert(one.field_ids.begin(), one.field_ids.end());
  }
  return ids;
}

Result<RowDeletes> LoadRowDeletes(io::FileSystem& files, const TableMetadata& metadata,
                                  const DataFile& data, std::span<const DataFile> deletes,
                                  int64_t rows) {
  constexpr int64_t kMostRows = int64_t{1} << 34;
  if (!deletes.empty() && rows > kMostRows) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: deletes of a file of {} rows", data.path, rows));
  }
  RowDeletes loaded{.positions = RowSet(rows)};
  for (const DataFile& file : deletes) {
    if (file.content == FileContent::kEqualityDeletes) {
      if (file.equality_ids.empty()) {
        return CorruptDeletes(file, "equality deletes without columns");
      }
      EqualityDeletes& by = DeletesBy(file.equality_ids, &loaded.equalities);
      TICKHOUSE_TRY(AddEqualityDeletes(files, metadata, file, &by));
      continue;
    }
    if (file.content != FileContent::kPositionDeletes) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{} is a data file, not one of deletes", file.path));
    }
    if (file.referenced_data_file && *file.referenced_data_file != data.path) continue;
    TICKHOUSE_TRY(AddPositionDeletes(files, file, data.path, &loaded.positions));
  }
  return loaded;
}

void ApplyRowDeletes(const RowDeletes& deletes, const ColumnBatch& batch, int64_t first_row,
                     std::vector<uint8_t>* keep) {
  if (!deletes.positions.empty()) {
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if (deletes.positions.Contains(first_row + static_cast<int64_t>(row))) (*keep)[row] = 0;
    }
  }
  for (const EqualityDeletes& one : deletes.equalities) {
    const std::vector<KeyColumn> columns = KeyColumnsOf(batch, one);
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if ((*keep)[row] != 0 && one.keys.contains(KeyOf(columns, row))) (*keep)[row] = 0;
    }
  }
}

}  // namespace tickhouse::lake
