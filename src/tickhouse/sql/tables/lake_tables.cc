#include "tickhouse/sql/tables/lake_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "tickhouse/io/parquet/format/parquet_footer.h"
#include "tickhouse/lake/data/data_file_reader.h"
#include "tickhouse/lake/data/name_mapping.h"
#include "tickhouse/lake/data/parquet_metrics.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/scan/resolve_snapshot.h"
#include "tickhouse/sql/tables/bound_filter.h"

namespace tickhouse::sql {

namespace {

using lake::TypeKind;

Result<std::string> DuckType(const lake::Field& field) {
  switch (field.type.kind) {
    case TypeKind::kBoolean: return "BOOLEAN";
    case TypeKind::kInt: return "INTEGER";
    case TypeKind::kLong: return "BIGINT";
    case TypeKind::kFloat: return "FLOAT";
    case TypeKind::kDouble: return "DOUBLE";
    case TypeKind::kDecimal:
      return fmt::format("DECIMAL({},{})", field.type.precision, field.type.scale);
    case TypeKind::kDate: return "DATE";
    case TypeKind::kTime: return "TIME";
    case TypeKind::kTimestamp: return "TIMESTAMP";
    case TypeKind::kTimestampTz: return "TIMESTAMP WITH TIME ZONE";
    case TypeKind::kTimestampNs: return "TIMESTAMP_NS";
    case TypeKind::kString: return "VARCHAR";
    case TypeKind::kUuid: return "UUID";
    case TypeKind::kFixed:
    case TypeKind::kBinary: return "BLOB";
    default:
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("column {} is a {}, which SQL over the lake does not read yet",
                              field.name, field.type.ToString()));
  }
}

std::string Small(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

// They become part of the statement.
constexpr int64_t kMostDeleted = 5'000'000;

// A path, which is DuckDB's to open.
bool IsPath(const std::vector<std::string>& name) {
  return name.size() == 1 && name[0].find_first_of("/.*?") != std::string::npos;
}

class TableFiles {
 public:
  TableFiles(const LakeTables& tables, const lake::TableMetadata& metadata,
             const lake::Schema& schema)
      : tables_(tables), metadata_(metadata), schema_(schema) {}

  Result<ResolvedTable> Resolve(const std::vector<lake::ScanTask>& tasks) {
    ResolvedTable table;
    for (const lake::Field& field : schema_.fields) {
      TICKHOUSE_ASSIGN(std::string type, DuckType(field));
      table.columns.push_back({field.name, std::move(type)});
    }
    TICKHOUSE_TRY(ReadMapping());
    for (const lake::ScanTask& task : tasks) {
      TICKHOUSE_TRY(tables_.cancel.Check());
      TICKHOUSE_ASSIGN(ResolvedFile file, FileOf(task));
      table.files.push_back(std::move(file));
    }
    return table;
  }

 private:
  Status ReadMapping() {
    const std::string_view text = metadata_.Property("schema.name-mapping.default", "");
    if (text.empty()) return {};
    TICKHOUSE_ASSIGN(names_, lake::ParseNameMapping(text));
    return {};
  }

  Result<ResolvedFile> FileOf(const lake::ScanTask& task) const {
    if (task.data.format != "PARQUET" || !task.data.key_metadata.empty()) {
      return Fail(
          ErrorKind::kUnsupported,
          fmt::format("{}: only plain Parquet is read, this is {}{}", task.data.path,
                      task.data.format, task.data.key_metadata.empty() ? "" : ", encrypted"));
    }
    ResolvedFile file;
    file.location = task.data.path;
    TICKHOUSE_ASSIGN(file.path, lake::StoragePath(task.data.path));
    TICKHOUSE_TRY(AddDeletes(task, &file));
    TICKHOUSE_TRY(AddSources(task.data, &file));
    return file;
  }

  // Files of positions are DuckDB's to read, beside the rows. Vectors it does not know, and values
  // it compares by other rules than the format's: of those our own reader tells which rows are
  // left.
  Status AddDeletes(const lake::ScanTask& task, ResolvedFile* file) const {
    const bool positions_only =
        std::ranges::all_of(task.deletes, [](const lake::DataFile& deletes) {
          return deletes.content == lake::FileContent::kPositionDeletes &&
                 deletes.format == "PARQUET";
        });
    if (!positions_only) return FindDeleted(task, file);
    for (const lake::DataFile& deletes : task.deletes) {
      TICKHOUSE_ASSIGN(std::string path, lake::StoragePath(deletes.path));
      file->position_deletes.push_back(std::move(path));
    }
    return {};
  }

  Status FindDeleted(const lake::ScanTask& task, ResolvedFile* file) const {
    TICKHOUSE_ASSIGN(const auto reader,
                     lake::DataFileReader::Open(*tables_.files, metadata_, task.data, task.deletes,
                                                {.position_column = true}));
    io::ColumnBatch left;
    int64_t next = 0;
    const auto deleted_until = [&](int64_t position) {
      for (; next < position; ++next) file->deleted.push_back(next);
    };
    while (true) {
      TICKHOUSE_TRY(tables_.cancel.Check());
      TICKHOUSE_ASSIGN(const bool more, reader->Next(&left));
      if (!more) break;
      for (const int64_t position : std::get<std::vector<int64_t>>(left.columns.back().values)) {
        deleted_until(position);
        next = position + 1;
      }
      if (std::ssize(file->deleted) > kMostDeleted) break;
    }
    deleted_until(std::min(task.data.record_count, next + kMostDeleted + 1));
    if (std::ssize(file->deleted) <= kMostDeleted) return {};
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: more than {} of its rows are deleted by vectors or by equality; "
                            "`tickhouse lake compact` first",
                            task.data.path, kMostDeleted));
  }

  Status AddSources(const lake::DataFile& data, ResolvedFile* file) const {
    TICKHOUSE_ASSIGN(const auto opened, tables_.files->OpenRead(file->path));
    const Result<io::ParquetFooter> footer = io::ReadParquetFooter(*opened);
    if (!footer) return Fail(footer.error().WithContext(file->path));
    for (const lake::Field& field : schema_.fields) {
      std::optional<std::string> source;
      for (std::size_t i = 0; i < footer->columns.size() && !source; ++i) {
        const lake::Field* found =
            lake::FieldOfColumn(*footer, i, schema_, names_ ? &*names_ : nullptr);
        if (found == &field) source = footer->columns[i].name;
      }
      if (!source) TICKHOUSE_TRY(MayBeNull(field, data));
      file->sources.push_back(std::move(source));
    }
    return {};
  }

  // A column that a file lacks is null, but for two sorts whose value stands elsewhere.
  Status MayBeNull(const lake::Field& field, const lake::DataFile& data) const {
    std::string_view why;
    if (field.initial_default) why = "its initial default";
    const lake::PartitionSpec* spec = metadata_.FindSpec(data.spec_id);
    for (std::size_t i = 0; spec != nullptr && i < spec->fields.size(); ++i) {
      const lake::PartitionField& part = spec->fields[i];
      const bool known = i < data.partition.size() && data.partition[i].has_value();
      if (part.source_id == field.id && part.transform.kind == lake::TransformKind::kIdentity &&
          known) {
        why = "its partition";
      }
    }
    if (why.empty()) return {};
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: column {} is not in the file and its value would be {}, which SQL "
                            "over the lake does not read yet",
                            data.path, field.name, why));
  }

  const LakeTables& tables_;
  const lake::TableMetadata& metadata_;
  const lake::Schema& schema_;
  std::optional<lake::NameMapping> names_;
};

Result<ResolvedTable> ReadTable(const LakeTables& tables, const lake::LoadedTable& loaded,
                                const std::vector<ColumnBound>& bounds) {
  const lake::TableMetadata& metadata = *loaded.metadata;
  TICKHOUSE_ASSIGN(const lake::ReadPoint point, lake::ResolveReadPoint(metadata, tables.at));
  const lake::ScanRequest request{.snapshot = point.snapshot,
                                  .schema = point.schema,
                                  .filter = FilterOf(bounds, *point.schema),
                                  .threads = tables.threads,
                                  .cancel = tables.cancel};
  TICKHOUSE_ASSIGN(const lake::ScanPlan plan, lake::PlanScan(*tables.files, metadata, request));
  TICKHOUSE_ASSIGN(ResolvedTable table,
                   TableFiles(tables, metadata, *point.schema).Resolve(plan.tasks));
  if (tables.on_read) {
    tables.on_read({loaded.identifier.ToString(),
                    point.snapshot == nullptr ? 0 : point.snapshot->id, plan.counters});
  }
  return table;
}

}  // namespace

lake::TableIdentifier IdentifierOf(const std::vector<std::string>& name) {
  lake::TableIdentifier identifier{{"gold"}, Small(name.back())};
  if (name.size() > 1) identifier.ns = {Small(name[name.size() - 2])};
  return identifier;
}

TableResolver ResolverOf(LakeTables tables) {
  return [tables = std::move(tables)](
             const TableRequest& request) -> Result<std::optional<ResolvedTable>> {
    if (!tables.catalog || request.name.empty() || IsPath(request.name)) return std::nullopt;
    TICKHOUSE_ASSIGN(lake::Catalog* const catalog, tables.catalog());
    if (catalog == nullptr) return std::nullopt;
    const lake::TableIdentifier identifier = IdentifierOf(request.name);
    TICKHOUSE_ASSIGN(const auto known, catalog->ListNamespaces({}));
    if (std::ranges::count(known, identifier.ns) == 0) return std::nullopt;
    TICKHOUSE_ASSIGN(const auto listed, catalog->ListTables(identifier.ns));
    if (std::ranges::count(listed, identifier) == 0) return std::nullopt;
    TICKHOUSE_ASSIGN(const lake::LoadedTable loaded, catalog->LoadTable(identifier));
    Result<ResolvedTable> table = ReadTable(tables, loaded, request.bounds);
    if (!table) return Fail(table.error().WithContext(identifier.ToString()));
    return *std::move(table);
  };
}

}  // namespace tickhouse::sql
