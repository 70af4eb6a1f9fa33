// Rows of a lake as a program, for tests that compare with other engines. Errors: stderr, exit 1.
//   rows_peer create LAKE TABLE [SCHEMA SPEC]           as JSON; else gold.ticks's, of every type
//   rows_peer append LAKE TABLE FILE                    rows of a Parquet file, columns by name
//   rows_peer delete LAKE TABLE FILTER                  by copy on write
//   rows_peer delete-rows LAKE TABLE FILTER             by position deletes
// LAKE: {"catalog": FILE or postgresql://..., "name": ..., "warehouse": ..., "seed": NUMBER}
//   rows_peer scan METADATA [FILTER]                    live rows, a JSON array a line
//   rows_peer read METADATA FILES [FILTER]              of {"data": FILE, "deletes": [...]}
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/app/files.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/lake/catalog/stored_catalog.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/copy_on_write.h"
#include "tickhouse/lake/data/data_file_reader.h"
#include "tickhouse/lake/data/data_file_writer.h"
#include "tickhouse/lake/data/deletes/position_delete_writer.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/expression/metrics_filter.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/file_changes.h"

namespace tickhouse::lake {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::span<const std::string>;

Field FieldOf(int id, std::string name, std::string_view type) {
  return {.id = id, .name = std::move(name), .type = *ParsePrimitiveType(type)};
}

/// A catalog and all that a change of one table needs.
struct Lake {
  SystemClock clock;
  std::unique_ptr<io::HttpClient> http = io::MakeCurlHttpClient();
  std::unique_ptr<io::FileSystem> files = app::MakeFiles(http.get(), &clock, CancelToken());
  Random random{0};
  std::unique_ptr<Catalog> catalog;
  TableIdentifier table;
  UpdateSession session;

  Status Open(const std::string& described, const std::string& table_name) {
    const Json json = Json::parse(described);
    const std::string address = json.at("catalog");
    random = Random(json.at("seed").get<uint64_t>());
    TICKHOUSE_ASSIGN(table, ParseTableIdentifier(table_name));
    const auto open = address.starts_with("postgresql:") ? OpenPostgresCatalog : OpenSqliteCatalog;
    TICKHOUSE_ASSIGN(catalog, open(address, {.name = json.at("name"),
                                             .warehouse = json.at("warehouse"),
                                             .files = files.get(),
                                             .clock = &clock,
                                             .random = random.Fork(1)}));
    session.catalog = catalog.get();
    session.files = files.get();
    session.clock = &clock;
    session.random = &random;
    return {};
  }
  Result<MetadataPtr> Table() {
    TICKHOUSE_ASSIGN(const LoadedTable loaded, catalog->LoadTable(table));
    return loaded.metadata;
  }
};

Status CreateAs(Lake& lake, const std::string& schema, const std::string& spec) {
  CreateTableRequest request{.identifier = lake.table, .schema = {}};
  TICKHOUSE_ASSIGN(request.schema, ParseSchema(schema));
  TICKHOUSE_ASSIGN(request.spec, ParsePartitionSpec(spec));
  TICKHOUSE_ASSIGN(const LoadedTable made, lake.catalog->CreateTable(request));
  fmt::print("{}\n", made.metadata_location);
  return {};
}

Status Create(Lake& lake) {
  TICKHOUSE_TRY(lake.catalog->CreateNamespace(lake.table.ns, {}));
  CreateTableRequest request{.identifier = lake.table, .schema = {}};
  request.schema.fields = {FieldOf(1, "id", "long"),
                           FieldOf(2, "at", "timestamp"),
                           FieldOf(3, "zoned", "timestamptz"),
                           FieldOf(4, "side", "string"),
                           FieldOf(5, "bid", "double"),
                           FieldOf(6, "real", "float"),
                           FieldOf(7, "lots", "int"),
                           FieldOf(8, "fee", "decimal(9, 2)"),
                           FieldOf(9, "total", "decimal(30, 4)"),
                           FieldOf(10, "day", "date"),
                           FieldOf(11, "clock", "time"),
                           FieldOf(12, "flag", "boolean"),
                           FieldOf(13, "raw", "binary"),
                           FieldOf(14, "tag", "fixed[3]")};
  request.spec.fields = {{.source_id = 2,
                          .field_id = 1000,
                          .name = "at_day",
                          .transform = {.kind = TransformKind::kDay}},
                         {.source_id = 4, .field_id = 1001, .name = "side", .transform = {}}};
  TICKHOUSE_ASSIGN(const LoadedTable made, lake.catalog->CreateTable(request));
  fmt::print("{}\n", made.metadata_location);
  return {};
}

Status Append(Lake& lake, const std::string& path) {
  TICKHOUSE_ASSIGN(const MetadataPtr table, lake.Table());
  TICKHOUSE_ASSIGN(const auto reader,
                   DataFileReader::Open(*lake.files, *table, {.path = path}, {},
                                        {.columns = table->CurrentSchema(), .batch_rows = 500}));
  TICKHOUSE_ASSIGN(const auto writer,
                   DataFileWriter::Open(*lake.files, *table, lake.random, {.row_group_rows = 100}));
  io::ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) break;
    TICKHOUSE_TRY(writer->Write(batch));
  }
  TICKHOUSE_ASSIGN(std::vector<DataFile> written, writer->Close());
  TICKHOUSE_ASSIGN(const auto done, AppendFiles(lake.session, lake.table, std::move(written)));
  fmt::print("{}\n", done.table.metadata_location);
  return {};
}

Status Delete(Lake& lake, const std::string& text) {
  TICKHOUSE_ASSIGN(const MetadataPtr table, lake.Table());
  TICKHOUSE_ASSIGN(const Predicate filter, BindText(text, table->CurrentSchema()));
  const BindFilter binder = [filter](const TableMetadata&) -> Result<FileFilter> {
    return FileFilter{
        .may_match = [filter](const DataFile& file) { return MayMatch(filter, file); },
        .must_match = [filter](const DataFile& file) { return AllMatch(filter, file); }};
  };
  TICKHOUSE_ASSIGN(const auto done,
                   DeleteByFilter(lake.session, lake.table, binder,
                                  MakeCopyOnWrite(*lake.files, table, filter, lake.random)));
  fmt::print("{}\n", done.table.metadata_location);
  return {};
}

/// A data file and the deletes that apply to it.
struct Task {
  DataFile data;
  std::vector<DataFile> deletes;
};

Result<std::vector<Task>> TasksOf(io::FileSystem& files, const TableMetadata& table) {
  std::vector<Task> tasks;
  if (table.CurrentSnapshot() == nullptr) return tasks;
  TICKHOUSE_ASSIGN(const auto entries, LiveEntries(files, table, *table.CurrentSnapshot()));
  for (const ManifestEntry& data : entries) {
    if (data.file.content != FileContent::kData) continue;
    Task& task = tasks.emplace_back(Task{.data = data.file, .deletes = {}});
    for (const ManifestEntry& entry : entries) {
      const bool by_position = entry.file.content == FileContent::kPositionDeletes;
      const int64_t needed = *data.sequence_number + (by_position ? 0 : 1);
      if (entry.file.content == FileContent::kData || *entry.sequence_number < needed) continue;
      if (entry.file.spec_id == data.file.spec_id && entry.file.partition == data.file.partition) {
        task.deletes.push_back(entry.file);
      }
    }
  }
  return tasks;
}

Status DeleteRows(Lake& lake, const std::string& text) {
  TICKHOUSE_ASSIGN(const MetadataPtr table, lake.Table());
  TICKHOUSE_ASSIGN(const Predicate filter, BindText(text, table->CurrentSchema()));
  TICKHOUSE_ASSIGN(const std::vector<Task> tasks, TasksOf(*lake.files, *table));
  RowDelta delta;
  for (const Task& task : tasks) {
    TICKHOUSE_ASSIGN(const auto reader,
                     DataFileReader::Open(*lake.files, *table, task.data, task.deletes,
                                          {.residual = filter, .position_column = true}));
    std::vector<int64_t> positions;
    io::ColumnBatch batch;
    while (true) {
      TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
      if (!more) break;
      const auto& found = std::get<std::vector<int64_t>>(batch.columns[0].values);
      positions.insert(positions.end(), found.begin(), found.end());
    }
    if (positions.empty()) continue;
    TICKHOUSE_ASSIGN(
        DataFile written,
        WritePositionDeletes(*lake.files, *table, task.data.spec_id, task.data.partition,
                             fmt::to_string(lake.random.Next()), {{task.data.path, positions}}));
    delta.added_deletes.push_back(std::move(written));
    delta.referenced_files.insert(task.data.path);
  }
  TICKHOUSE_ASSIGN(const auto done,
                   CommitRowDelta(lake.session, lake.table, delta, PlannedOnHead(*table)));
  fmt::print("{}\n", done.table.metadata_location);
  return {};
}

Status PrintRows(io::FileSystem& files, const TableMetadata& table, const Task& task,
                 const std::string& text) {
  const Schema& schema = table.CurrentSchema();
  TICKHOUSE_ASSIGN(const Predicate filter, BindText(text, schema));
  TICKHOUSE_ASSIGN(const auto reader,
                   DataFileReader::Open(files, table, task.data, task.deletes,
                                        {.columns = schema, .residual = filter}));
  io::ColumnBatch batch;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, reader->Next(&batch));
    if (!more) return {};
    for (std::size_t row = 0; row < batch.rows; ++row) {
      Json line = Json::array();
      for (std::size_t c = 0; c < batch.columns.size(); ++c) {
        const Type& type = schema.fields[c].type;
        const auto value = ValueAt(type, batch.columns[c], row);
        line.push_back(value ? Json(ValueToText(type, *value)) : Json());
      }
      fmt::print("{}\n", line.dump());
    }
  }
}

DataFile DeleteFileOf(const Json& json) {
  DataFile file;
  file.path = json.at("path");
  file.content = static_cast<FileContent>(json.at("content").get<int>());
  file.format = json.value("format", "PARQUET");
  file.record_count = json.value("record_count", int64_t{0});
  file.equality_ids = json.value("equality_ids", std::vector<int>());
  if (json.contains("content_offset")) file.content_offset = json.at("content_offset");
  if (json.contains("content_size")) file.content_size = json.at("content_size");
  return file;
}

Status Read(Words words) {
  SystemClock clock;
  const auto http = io::MakeCurlHttpClient();
  const auto files = app::MakeFiles(http.get(), &clock, CancelToken());
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(words[1]));
  TICKHOUSE_ASSIGN(const std::string json, files->ReadWhole(path));
  TICKHOUSE_ASSIGN(const TableMetadata table, ParseTableMetadata(json));
  const bool scan = words[0] == "scan";
  const std::string filter = words.size() > (scan ? 2U : 3U) ? words.back() : "";
  if (scan) {
    TICKHOUSE_ASSIGN(const std::vector<Task> tasks, TasksOf(*files, table));
    for (const Task& task : tasks) TICKHOUSE_TRY(PrintRows(*files, table, task, filter));
    return {};
  }
  const Json named = Json::parse(words[2]);
  Task task{.data = {.path = named.at("data")}, .deletes = {}};
  for (const Json& one : named.at("deletes")) task.deletes.push_back(DeleteFileOf(one));
  return PrintRows(*files, table, task, filter);
}

Status Run(Words words) {
  if (words.size() >= 2 && (words[0] == "scan" || (words[0] == "read" && words.size() >= 3))) {
    return Read(words);
  }
  if (words.size() < 3) return Fail(ErrorKind::kInvalidArgument, "rows_peer COMMAND ...");
  Lake lake;
  TICKHOUSE_TRY(lake.Open(words[1], words[2]));
  if (words[0] == "create" && words.size() == 5) return CreateAs(lake, words[3], words[4]);
  if (words[0] == "create") return Create(lake);
  if (words.size() == 4 && words[0] == "append") return Append(lake, words[3]);
  if (words.size() == 4 && words[0] == "delete") return Delete(lake, words[3]);
  if (words.size() == 4 && words[0] == "delete-rows") return DeleteRows(lake, words[3]);
  return Fail(ErrorKind::kInvalidArgument, "unknown command " + words[0]);
}

}  // namespace
}  // namespace tickhouse::lake

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const tickhouse::Status status = tickhouse::lake::Run(words);
  if (status) return 0;
  fmt::print(stderr, "{}\n", status.error().ToString());
  return 1;
}
