#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/lake/avro/avro_file.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/manifest/avro_column.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/manifest/partition_value.h"

namespace tickhouse::lake {
namespace {

using EntryColumns = std::vector<AvroColumn<ManifestEntry>>;
using FileColumns = std::vector<AvroColumn<DataFile>>;

constexpr int64_t kV1BlockSize = 64 << 20;  // A required field that nobody uses.

AvroSchema Long() {
  return AvroPrimitive(AvroKind::kLong);
}
AvroSchema Int() {
  return AvroPrimitive(AvroKind::kInt);
}

AvroSchema ArrayOf(AvroSchema item) {
  AvroSchema schema{.kind = AvroKind::kArray};
  schema.items.push_back(std::move(item));
  return schema;
}

// Avro's own maps have text as keys, so that a map by field id is an array of pairs.
AvroSchema MapById(int key_id, int value_id, AvroSchema value) {
  AvroSchema pair{.kind = AvroKind::kRecord, .name = fmt::format("k{}_v{}", key_id, value_id)};
  pair.fields.push_back(RequiredField(key_id, "key", Int()));
  pair.fields.push_back(RequiredField(value_id, "value", std::move(value)));
  AvroSchema schema = ArrayOf(std::move(pair));
  schema.logical_type = "map";
  return schema;
}

template <typename T, typename Write>
void WriteArray(const std::vector<T>& values, AvroEncoder* out, Write write) {
  if (!values.empty()) {
    out->Long(static_cast<int64_t>(values.size()));
    for (const T& value : values) write(value);
  }
  out->Long(0);
}

AvroColumn<DataFile> CountsColumn(int id, std::string_view name, int key_id,
                                  ByFieldId<int64_t> DataFile::* member) {
  return {OptionalField(id, name, MapById(key_id, key_id + 1, Long())),
          [member](const DataFile& file, AvroEncoder* out) {
            const ByFieldId<int64_t>& counts = file.*member;
            if (!WritePresence(!counts.empty(), out)) return;
            WriteArray(counts, out, [out](const auto& pair) {
              out->Int(pair.first);
              out->Long(pair.second);
            });
          }};
}

AvroColumn<DataFile> BoundsColumn(int id, std::string_view name, int key_id,
                                  ByFieldId<std::string> DataFile::* member) {
  return {OptionalField(id, name, MapById(key_id, key_id + 1, AvroPrimitive(AvroKind::kBytes))),
          [member](const DataFile& file, AvroEncoder* out) {
            const ByFieldId<std::string>& bounds = file.*member;
            if (!WritePresence(!bounds.empty(), out)) return;
            WriteArray(bounds, out, [out](const auto& pair) {
              out->Int(pair.first);
              out->Bytes(pair.second);
            });
          }};
}

template <typename T>
AvroColumn<DataFile> ListColumn(int id, std::string_view name, int element_id, AvroSchema element,
                                std::vector<T> DataFile::* member) {
  AvroSchema list = ArrayOf(std::move(element));
  list.element_id = element_id;
  return {OptionalField(id, name, std::move(list)),
          [member](const DataFile& file, AvroEncoder* out) {
            const std::vector<T>& values = file.*member;
            if (!WritePresence(!values.empty(), out)) return;
            WriteArray(values, out, [out](T value) { out->Long(value); });
          }};
}

template <typename T>
AvroColumn<DataFile> OptionalNumber(int id, std::string_view name, AvroSchema type,
                                    std::optional<T> DataFile::* member) {
  return {
      OptionalField(id, name, std::move(type)),
      [member](const DataFile& file, AvroEncoder* out) { WriteOptionalLong(file.*member, out); }};
}

Result<AvroColumn<DataFile>> PartitionColumn(const PartitionSpec& spec, const Type& type) {
  AvroSchema record{.kind = AvroKind::kRecord, .name = "r102"};
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const int id = spec.fields[i].field_id;
    TICKHOUSE_ASSIGN(AvroSchema value, AvroTypeOf(type.fields[i].type, id));
    const std::string& name = spec.fields[i].name;
    AvroField field = OptionalField(id, AvroSafeName(name), std::move(value));
    if (field.name != name) field.iceberg_field_name = name;
    record.fields.push_back(std::move(field));
  }
  return AvroColumn<DataFile>{RequiredField(102, "partition", std::move(record)),
                              [type](const DataFile& file, AvroEncoder* out) {
                                for (std::size_t i = 0; i < type.fields.size(); ++i) {
                                  const auto& value = file.partition[i];
                                  if (!WritePresence(value.has_value(), out)) continue;
                                  WritePartitionValue(type.fields[i].type, *value, out);
                                }
                              }};
}

void AddPathColumns(int version, FileColumns* columns) {
  if (version >= 2) {
    columns->push_back(
        {RequiredField(134, "content", Int()),
         [](const DataFile& file, AvroEncoder* out) { out->Int(static_cast<int>(file.content)); }});
  }
  columns->push_back({RequiredField(100, "file_path", AvroPrimitive(AvroKind::kString)),
                      [](const DataFile& file, AvroEncoder* out) { out->Bytes(file.path); }});
  columns->push_back({RequiredField(101, "file_format", AvroPrimitive(AvroKind::kString)),
                      [](const DataFile& file, AvroEncoder* out) { out->Bytes(file.format); }});
}

void AddStatisticsColumns(int version, FileColumns* columns) {
  columns->push_back(
      {RequiredField(103, "record_count", Long()),
       [](const DataFile& file, AvroEncoder* out) { out->Long(file.record_count); }});
  columns->push_back({RequiredField(104, "file_size_in_bytes", Long()),
                      [](const DataFile& file, AvroEncoder* out) { out->Long(file.file_size); }});
  if (version == 1) {
    columns->push_back({RequiredField(105, "block_size_in_bytes", Long()),
                        [](const DataFile&, AvroEncoder* out) { out->Long(kV1BlockSize); }});
  }
  columns->push_back(CountsColumn(108, "column_sizes", 117, &DataFile::column_sizes));
  columns->push_back(CountsColumn(109, "value_counts", 119, &DataFile::value_counts));
  columns->push_back(CountsColumn(110, "null_value_counts", 121, &DataFile::null_counts));
  columns->push_back(CountsColumn(137, "nan_value_counts", 138, &DataFile::nan_counts));
  columns->push_back(BoundsColumn(125, "lower_bounds", 126, &DataFile::lower_bounds));
  columns->push_back(BoundsColumn(128, "upper_bounds", 129, &DataFile::upper_bounds));
}

void AddLateColumns(int version, FileColumns* columns) {
  columns->push_back({OptionalField(131, "key_metadata", AvroPrimitive(AvroKind::kBytes)),
                      [](const DataFile& file, AvroEncoder* out) {
                        if (WritePresence(!file.key_metadata.empty(), out)) {
                          out->Bytes(file.key_metadata);
                        }
                      }});
  columns->push_back(ListColumn(132, "split_offsets", 133, Long(), &DataFile::split_offsets));
  if (version >= 2) {
    columns->push_back(ListColumn(135, "equality_ids", 136, Int(), &DataFile::equality_ids));
  }
  columns->push_back(OptionalNumber(140, "sort_order_id", Int(), &DataFile::sort_order_id));
  if (version >= 3) {
    columns->push_back(OptionalNumber(142, "first_row_id", Long(), &DataFile::first_row_id));
  }
  if (version >= 2) {
    columns->push_back(
        {OptionalField(143, "referenced_data_file", AvroPrimitive(AvroKind::kString)),
         [](const DataFile& file, AvroEncoder* out) {
           if (WritePresence(file.referenced_data_file.has_value(), out)) {
             out->Bytes(*file.referenced_data_file);
           }
         }});
  }
  if (version >= 3) {
    columns->push_back(OptionalNumber(144, "content_offset", Long(), &DataFile::content_offset));
    columns->push_back(
        OptionalNumber(145, "content_size_in_bytes", Long(), &DataFile::content_size));
  }
}

Result<EntryColumns> MakeEntryColumns(const ManifestContext& context, const Type& partition_type,
                                      int64_t snapshot_id) {
  const int version = context.format_version;
  FileColumns file;
  AddPathColumns(version, &file);
  TICKHOUSE_ASSIGN(auto partition, PartitionColumn(*context.spec, partition_type));
  file.push_back(std::move(partition));
  AddStatisticsColumns(version, &file);
  AddLateColumns(version, &file);

  EntryColumns entry;
  entry.push_back({RequiredField(0, "status", Int()), [](const ManifestEntry& e, AvroEncoder* out) {
                     out->Int(static_cast<int>(e.status));
                   }});
  if (version == 1) {
    entry.push_back({RequiredField(1, "snapshot_id", Long()),
                     [snapshot_id](const ManifestEntry& e, AvroEncoder* out) {
                       out->Long(e.snapshot_id.value_or(snapshot_id));
                     }});
  } else {
    entry.push_back({OptionalField(1, "snapshot_id", Long()),
                     [snapshot_id](const ManifestEntry& e, AvroEncoder* out) {
                       WriteOptionalLong(std::optional(e.snapshot_id.value_or(snapshot_id)), out);
                     }});
    entry.push_back(
        {OptionalField(3, "sequence_number", Long()), [](const ManifestEntry& e, AvroEncoder* out) {
           WriteOptionalLong(e.sequence_number, out);
         }});
    entry.push_back({OptionalField(4, "file_sequence_number", Long()),
                     [](const ManifestEntry& e, AvroEncoder* out) {
                       WriteOptionalLong(e.file_sequence_number, out);
                     }});
  }
  entry.push_back(
      {RequiredField(2, "data_file", RecordSchema("r2", file)),
       [file](const ManifestEntry& e, AvroEncoder* out) { WriteRecord(file, e.file, out); }});
  return entry;
}

std::unexpected<Error> Refuse(const ManifestEntry& entry, std::string_view why) {
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("a manifest entry for {}: {}", entry.file.path, why));
}

Status CheckEntry(const ManifestContext& context, const Type& partition_type,
                  const ManifestEntry& entry) {
  const DataFile& file = entry.file;
  if ((file.content != FileContent::kData) != (context.content == ManifestContent::kDeletes)) {
    return Refuse(entry, "data files and delete files lie in manifests of their own");
  }
  if (context.format_version < 3 && (file.IsDeletionVector() || file.content_offset)) {
    return Refuse(entry, "deletion vectors need format version 3");
  }
  if (file.partition.size() != partition_type.fields.size()) {
    return Refuse(entry, fmt::format("{} partition values for a spec of {}", file.partition.size(),
                                     partition_type.fields.size()));
  }
  for (std::size_t i = 0; i < file.partition.size(); ++i) {
    const Field& field = partition_type.fields[i];
    if (file.partition[i] && !FitsType(field.type, *file.partition[i])) {
      return Refuse(entry, fmt::format("the value of partition field {} is no {}", field.name,
                                       field.type.ToString()));
    }
  }
  if (entry.status == EntryStatus::kAdded) return {};
  if (entry.status == EntryStatus::kExisting && !entry.snapshot_id) {
    return Refuse(entry, "an existing file needs the snapshot that added it");
  }
  if (context.format_version >= 2 && !entry.sequence_number) {
    return Refuse(entry, "only an added file may inherit its sequence number");
  }
  return {};
}

PartitionSummary Summarize(const Type& type, std::size_t index,
                           const std::vector<ManifestEntry>& entries) {
  PartitionSummary summary;
  const Value* lower = nullptr;
  const Value* upper = nullptr;
  if (type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble) {
    summary.contains_nan = false;
  }
  for (const ManifestEntry& entry : entries) {
    const std::optional<Value>& value = entry.file.partition[index];
    if (!value) {
      summary.contains_null = true;
    } else if (summary.contains_nan && value->IsNan()) {
      summary.contains_nan = true;
    } else {
      if (lower == nullptr || value->Compare(*lower) < 0) lower = &*value;
      if (upper == nullptr || value->Compare(*upper) > 0) upper = &*value;
    }
  }
  if (lower != nullptr) summary.lower_bound = ValueToBytes(type, *lower);
  if (upper != nullptr) summary.upper_bound = ValueToBytes(type, *upper);
  return summary;
}

void CountEntries(const std::vector<ManifestEntry>& entries, ManifestFile* manifest) {
  int64_t files[3] = {}, rows[3] = {};
  std::optional<int64_t> least;
  for (const ManifestEntry& entry : entries) {
    const auto status = static_cast<std::size_t>(entry.status);
    ++files[status];
    rows[status] += entry.file.record_count;
    if (entry.status == EntryStatus::kDeleted || !entry.sequence_number) continue;
    least = std::min(least.value_or(*entry.sequence_number), *entry.sequence_number);
  }
  manifest->existing_files = files[0];
  manifest->added_files = files[1];
  manifest->deleted_files = files[2];
  manifest->existing_rows = rows[0];
  manifest->added_rows = rows[1];
  manifest->deleted_rows = rows[2];
  manifest->min_sequence_number = least.value_or(kAssignedByList);
}

AvroMetadata MakeMetadata(const ManifestContext& context) {
  const auto spec = nlohmann::ordered_json::parse(PartitionSpecToJson(*context.spec));
  AvroMetadata metadata = {{"schema", SchemaToJson(*context.schema)},
                           {"schema-id", fmt::to_string(context.schema->id)},
                           {"partition-spec", spec.at("fields").dump()},
                           {"partition-spec-id", fmt::to_string(context.spec->id)},
                           {"format-version", fmt::to_string(context.format_version)}};
  if (context.format_version >= 2) {
    metadata["content"] = context.content == ManifestContent::kData ? "data" : "deletes";
  }
  return metadata;
}

}  // namespace

Result<ManifestFile> WriteManifest(io::FileSystem& files, const std::string& location,
                                   const ManifestContext& context, int64_t snapshot_id,
                                   const std::vector<ManifestEntry>& entries) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(const Type type, context.spec->PartitionType(*context.schema));
  if (context.format_version < 1 || context.format_version > 3) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: format version {}", location, context.format_version));
  }
  for (const ManifestEntry& entry : entries) TICKHOUSE_TRY(CheckEntry(context, type, entry));
  TICKHOUSE_ASSIGN(const EntryColumns columns, MakeEntryColumns(context, type, snapshot_id));
  AvroFileWriter writer(AvroSchemaToJson(RecordSchema("manifest_entry", columns)),
                        MakeMetadata(context), AvroCodec::kDeflate);
  for (const ManifestEntry& entry : entries) {
    WriteRecord(columns, entry, &writer.encoder());
    writer.EndRecord();
  }
  const std::string bytes = writer.Finish();
  TICKHOUSE_TRY(files.WriteWhole(path, bytes, {.must_not_exist = true}));

  ManifestFile manifest{.path = location,
                        .length = static_cast<int64_t>(bytes.size()),
                        .spec_id = context.spec->id,
                        .content = context.content,
                        .sequence_number = context.format_version == 1 ? 0 : kAssignedByList,
                        .added_snapshot_id = snapshot_id};
  CountEntries(entries, &manifest);
  if (context.format_version == 1) manifest.min_sequence_number = 0;
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    manifest.partitions.push_back(Summarize(type.fields[i].type, i, entries));
  }
  return manifest;
}

}  // namespace tickhouse::lake
