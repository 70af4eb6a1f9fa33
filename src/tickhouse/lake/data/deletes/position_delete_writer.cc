#include "tickhouse/lake/data/deletes/position_delete_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tickhouse/io/parquet/table/table_writer.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/deletes/row_deletes.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/data/partition/data_location.h"
#include "tickhouse/lake/format/location.h"

namespace tickhouse::lake {

namespace {

constexpr std::size_t kBatchRows = 65'536;
// Longer than any path.
constexpr std::size_t kWholeBounds = std::size_t{1} << 20;

Schema DeleteSchema() {
  Schema schema;
  schema.fields.push_back({.id = kDeletedFileId,
                           .name = "file_path",
                           .required = true,
                           .type = {.kind = TypeKind::kString, .fields = {}}});
  schema.fields.push_back({.id = kDeletedPositionId,
                           .name = "pos",
                           .required = true,
                           .type = {.kind = TypeKind::kLong, .fields = {}}});
  return schema;
}

Status SortPositions(PositionsByFile* positions) {
  std::erase_if(*positions, [](const auto& file) { return file.second.empty(); });
  if (positions->empty()) {
    return Fail(ErrorKind::kInvalidArgument, "a delete file without positions");
  }
  for (auto& [path, rows] : *positions) {
    std::sort(rows.begin(), rows.end());
    rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
    if (rows.front() < 0) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: position {} is negative", path, rows.front()));
    }
  }
  return {};
}

Status WriteRows(const PositionsByFile& positions, const std::vector<io::ColumnSchema>& schema,
                 io::ParquetTableWriter* writer) {
  for (const auto& [path, rows] : positions) {
    for (std::size_t begin = 0; begin < rows.size(); begin += kBatchRows) {
      const std::size_t count = std::min(kBatchRows, rows.size() - begin);
      io::BytesValues paths;
      for (std::size_t i = 0; i < count; ++i) paths.Append(path);
      const auto from = rows.begin() + static_cast<std::ptrdiff_t>(begin);
      io::ColumnBatch batch{.schema = schema, .columns = {}, .rows = count};
      batch.columns.push_back({.values = std::move(paths)});
      batch.columns.push_back(
          {.values = std::vector<int64_t>(from, from + static_cast<std::ptrdiff_t>(count))});
      TICKHOUSE_TRY(writer->Write(batch));
    }
  }
  return {};
}

}  // namespace

Result<DataFile> WritePositionDeletes(io::FileSystem& files, const TableMetadata& metadata,
                                      int spec_id, const PartitionTuple& partition,
                                      std::string_view name, PositionsByFile positions) {
  TICKHOUSE_TRY(SortPositions(&positions));
  const PartitionSpec* spec = metadata.FindSpec(spec_id);
  if (spec == nullptr) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("the table has no partition spec {}", spec_id));
  }
  const Schema schema = DeleteSchema();
  TICKHOUSE_ASSIGN(const std::vector<io::ColumnSchema> columns, StoredColumnsOf(schema));
  TICKHOUSE_ASSIGN(
      const std::string location,
      DataLocation(metadata, *spec, partition, fmt::format("{}-deletes.parquet", name)));
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(auto created, files.Create(path, {.must_not_exist = true}));
  TICKHOUSE_ASSIGN(auto writer,
                   io::ParquetTableWriter::Open(
                       std::move(created), columns,
                       {.metadata = {{"delete-type", "position"}}, .bound_bytes = kWholeBounds}));
  TICKHOUSE_TRY(WriteRows(positions, columns, writer.get()));
  TICKHOUSE_ASSIGN(const io::WrittenTable written, writer->Close());
  TICKHOUSE_ASSIGN(DataFile file, MetricsFromFooter(written.footer, written.bytes, schema));
  file.content = FileContent::kPositionDeletes;
  file.path = location;
  file.spec_id = spec_id;
  file.partition = partition;
  for (auto& [id, bound] : file.lower_bounds) {
    if (id == kDeletedFileId) bound = positions.begin()->first;
  }
  for (auto& [id, bound] : file.upper_bounds) {
    if (id == kDeletedFileId) bound = positions.rbegin()->first;
  }
  if (positions.size() == 1) file.referenced_data_file = positions.begin()->first;
  return file;
}

}  // namespace tickhouse::lake
