#include <fmt/format.h>

#include <memory>
#include <utility>

#include "tickhouse/lake/avro/avro_file.h"
#include "tickhouse/lake/avro/avro_record.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/manifest/avro_column.h"
#include "tickhouse/lake/manifest/describe_manifest.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {
namespace {

using ListColumns = std::vector<AvroColumn<ManifestFile>>;
using ListMember = AvroMember<ManifestFile>;
using OptionalCount = std::optional<int64_t> ManifestFile::*;

AvroSchema Long() {
  return AvroPrimitive(AvroKind::kLong);
}
AvroSchema Int() {
  return AvroPrimitive(AvroKind::kInt);
}
AvroSchema Bytes() {
  return AvroPrimitive(AvroKind::kBytes);
}

// A count is a number in versions 2 and 3 (checked to be there), and may be unknown in version 1.
AvroColumn<ManifestFile> NumberColumn(int version, int id, std::string_view name, AvroSchema type,
                                      OptionalCount member) {
  if (version == 1) {
    return {OptionalField(id, name, std::move(type)),
            [member](const ManifestFile& file, AvroEncoder* out) {
              WriteOptionalLong(file.*member, out);
            }};
  }
  return {RequiredField(id, name, std::move(type)),
          [member](const ManifestFile& file, AvroEncoder* out) {
            out->Long((file.*member).value_or(0));
          }};
}

void WriteOptionalBytes(const std::optional<std::string>& bytes, AvroEncoder* out) {
  if (WritePresence(bytes.has_value(), out)) out->Bytes(*bytes);
}

std::vector<AvroColumn<PartitionSummary>> SummaryColumns() {
  return {
      {RequiredField(509, "contains_null", AvroPrimitive(AvroKind::kBoolean)),
       [](const PartitionSummary& s, AvroEncoder* out) { out->Boolean(s.contains_null); }},
      {OptionalField(518, "contains_nan", AvroPrimitive(AvroKind::kBoolean)),
       [](const PartitionSummary& s, AvroEncoder* out) {
         if (WritePresence(s.contains_nan.has_value(), out)) out->Boolean(*s.contains_nan);
       }},
      {OptionalField(510, "lower_bound", Bytes()),
       [](const PartitionSummary& s, AvroEncoder* out) { WriteOptionalBytes(s.lower_bound, out); }},
      {OptionalField(511, "upper_bound", Bytes()), [](const PartitionSummary& s, AvroEncoder* out) {
         WriteOptionalBytes(s.upper_bound, out);
       }}};
}

AvroColumn<ManifestFile> SummariesColumn() {
  auto columns = SummaryColumns();
  AvroSchema list{.kind = AvroKind::kArray, .element_id = 508};
  list.items.push_back(RecordSchema("r508", columns));
  return {OptionalField(507, "partitions", std::move(list)),
          [columns = std::move(columns)](const ManifestFile& file, AvroEncoder* out) {
            if (!WritePresence(!file.partitions.empty(), out)) return;
            out->Long(static_cast<int64_t>(file.partitions.size()));
            for (const PartitionSummary& summary : file.partitions) {
              WriteRecord(columns, summary, out);
            }
            out->Long(0);
          }};
}

void AddSequenceColumns(ListColumns* columns) {
  columns->push_back(
      {RequiredField(517, "content", Int()), [](const ManifestFile& file, AvroEncoder* out) {
         out->Int(static_cast<int>(file.content));
       }});
  columns->push_back(
      {RequiredField(515, "sequence_number", Long()),
       [](const ManifestFile& file, AvroEncoder* out) { out->Long(file.sequence_number); }});
  columns->push_back(
      {RequiredField(516, "min_sequence_number", Long()),
       [](const ManifestFile& file, AvroEncoder* out) { out->Long(file.min_sequence_number); }});
}

ListColumns MakeColumns(int version) {
  ListColumns columns = {
      {RequiredField(500, "manifest_path", AvroPrimitive(AvroKind::kString)),
       [](const ManifestFile& file, AvroEncoder* out) { out->Bytes(file.path); }},
      {RequiredField(501, "manifest_length", Long()),
       [](const ManifestFile& file, AvroEncoder* out) { out->Long(file.length); }},
      {RequiredField(502, "partition_spec_id", Int()),
       [](const ManifestFile& file, AvroEncoder* out) { out->Int(file.spec_id); }}};
  if (version >= 2) AddSequenceColumns(&columns);
  const auto number = [&](int id, std::string_view name, AvroSchema type, OptionalCount member) {
    columns.push_back(NumberColumn(version, id, name, std::move(type), member));
  };
  number(503, "added_snapshot_id", Long(), &ManifestFile::added_snapshot_id);
  number(504, "added_files_count", Int(), &ManifestFile::added_files);
  number(505, "existing_files_count", Int(), &ManifestFile::existing_files);
  number(506, "deleted_files_count", Int(), &ManifestFile::deleted_files);
  number(512, "added_rows_count", Long(), &ManifestFile::added_rows);
  number(513, "existing_rows_count", Long(), &ManifestFile::existing_rows);
  number(514, "deleted_rows_count", Long(), &ManifestFile::deleted_rows);
  columns.push_back(SummariesColumn());
  columns.push_back(
      {OptionalField(519, "key_metadata", Bytes()), [](const ManifestFile& file, AvroEncoder* out) {
         if (WritePresence(!file.key_metadata.empty(), out)) {
           out->Bytes(file.key_metadata);
         }
       }});
  if (version >= 3) {
    columns.push_back(NumberColumn(1, 520, "first_row_id", Long(), &ManifestFile::first_row_id));
  }
  return columns;
}

std::unexpected<Error> Refuse(const ManifestFile& manifest, std::string_view why) {
  return Fail(ErrorKind::kInvalidArgument, fmt::format("manifest {}: {}", manifest.path, why));
}

Status CheckManifest(const ManifestFile& manifest, int version) {
  if (version == 1) {
    if (manifest.content == ManifestContent::kData) return {};
    return Refuse(manifest, "delete files need format version 2");
  }
  const bool known = manifest.added_snapshot_id && manifest.added_files &&
                     manifest.existing_files && manifest.deleted_files && manifest.added_rows &&
                     manifest.existing_rows && manifest.deleted_rows;
  if (known) return {};
  return Refuse(manifest, fmt::format("its counts are not known, which version {} needs: rewrite "
                                      "the manifest",
                                      version));
}

/// The manifest as this snapshot lists it.
Result<ManifestFile> Assign(const Snapshot& snapshot, int version, ManifestFile manifest,
                            int64_t* next_row_id) {
  TICKHOUSE_TRY(CheckManifest(manifest, version));
  if (manifest.sequence_number == kAssignedByList) {
    if (manifest.added_snapshot_id != snapshot.id) {
      return Refuse(manifest,
                    "another snapshot added it, so that its sequence number must be known");
    }
    manifest.sequence_number = snapshot.sequence_number;
  }
  if (manifest.min_sequence_number == kAssignedByList) {
    manifest.min_sequence_number = manifest.sequence_number;
  }
  if (version >= 3 && manifest.content == ManifestContent::kData && !manifest.first_row_id) {
    manifest.first_row_id = *next_row_id;
    *next_row_id += *manifest.added_rows + *manifest.existing_rows;
  }
  return manifest;
}

ListMember Number(int id, std::string_view name, int64_t ManifestFile::* member,
                  bool required = false) {
  return {.id = id,
          .name = name,
          .required = required,
          .read = [member](AvroDecoder& in, const AvroSchema& written, ManifestFile* out) {
            out->*member = in.Integer(written);
            if (out->*member < 0) in.SetFailure("a length or sequence number below zero");
          }};
}

ListMember Count(int id, std::string_view name, OptionalCount member) {
  return {.id = id,
          .name = name,
          .read = [member](AvroDecoder& in, const AvroSchema& written, ManifestFile* out) {
            const int64_t count = in.Integer(written);
            if (count < 0) in.SetFailure("a count below zero");
            out->*member = count;
          }};
}

std::vector<AvroMember<PartitionSummary>> SummaryMembers() {
  return {{.id = 509,
           .name = "contains_null",
           .required = true,
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      PartitionSummary* out) { out->contains_null = in.Truth(written); }},
          {.id = 518,
           .name = "contains_nan",
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      PartitionSummary* out) { out->contains_nan = in.Truth(written); }},
          {.id = 510,
           .name = "lower_bound",
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      PartitionSummary* out) { out->lower_bound = in.Text(written); }},
          {.id = 511,
           .name = "upper_bound",
           .read = [](AvroDecoder& in, const AvroSchema& written, PartitionSummary* out) {
             out->upper_bound = in.Text(written);
           }}};
}

using SummaryReader = AvroRecordReader<PartitionSummary>;

/// The array of summaries, if the file has them.
Result<std::shared_ptr<const SummaryReader>> ResolveSummaries(const AvroSchema& schema) {
  const AvroField* field = schema.FindField(507);
  for (const AvroField& other : schema.fields) {
    if (field == nullptr && !other.id && other.name == "partitions") field = &other;
  }
  if (field == nullptr) return nullptr;
  const AvroSchema* list = &field->type;
  for (const AvroSchema& branch : field->type.items) {
    if (field->type.kind == AvroKind::kUnion && branch.kind == AvroKind::kArray) list = &branch;
  }
  if (list->kind != AvroKind::kArray) {
    return Fail(ErrorKind::kCorrupt, "Avro schema: field 507 (partitions) is no list");
  }
  TICKHOUSE_ASSIGN(auto reader, SummaryReader::Resolve(list->items[0], SummaryMembers()));
  return std::make_shared<const SummaryReader>(std::move(reader));
}

std::vector<ListMember> ListMembers(std::shared_ptr<const SummaryReader> summaries) {
  return {{.id = 500,
           .name = "manifest_path",
           .required = true,
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      ManifestFile* out) { out->path = in.Text(written); }},
          Number(501, "manifest_length", &ManifestFile::length, true),
          {.id = 502,
           .name = "partition_spec_id",
           .required = true,
           .read =
               [](AvroDecoder& in, const AvroSchema& written, ManifestFile* out) {
                 const int64_t id = in.Integer(written);
                 if (!std::in_range<int>(id)) in.SetFailure("an int of more than 32 bits");
                 out->spec_id = static_cast<int>(id);
               }},
          {.id = 517,
           .name = "content",
           .read =
               [](AvroDecoder& in, const AvroSchema& written, ManifestFile* out) {
                 const int64_t content = in.Integer(written);
                 if (content < 0 || content > 1) in.SetFailure("a content that is neither 0 nor 1");
                 out->content = content == 1 ? ManifestContent::kDeletes : ManifestContent::kData;
               }},
          Number(515, "sequence_number", &ManifestFile::sequence_number),
          Number(516, "min_sequence_number", &ManifestFile::min_sequence_number),
          {.id = 503,
           .name = "added_snapshot_id",
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      ManifestFile* out) { out->added_snapshot_id = in.Integer(written); }},
          Count(504, "added_files_count", &ManifestFile::added_files),
          Count(505, "existing_files_count", &ManifestFile::existing_files),
          Count(506, "deleted_files_count", &ManifestFile::deleted_files),
          Count(512, "added_rows_count", &ManifestFile::added_rows),
          Count(513, "existing_rows_count", &ManifestFile::existing_rows),
          Count(514, "deleted_rows_count", &ManifestFile::deleted_rows),
          {.id = 507,
           .name = "partitions",
           .read =
               [summaries = std::move(summaries)](AvroDecoder& in, const AvroSchema& written,
                                                  ManifestFile* out) {
                 ReadAvroArray(in, written, [&](const AvroSchema&) {
                   summaries->Read(in, &out->partitions.emplace_back());
                 });
               }},
          {.id = 519,
           .name = "key_metadata",
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      ManifestFile* out) { out->key_metadata = in.Text(written); }},
          Count(520, "first_row_id", &ManifestFile::first_row_id)};
}

}  // namespace

Status WriteManifestList(io::FileSystem& files, const Snapshot& snapshot, int format_version,
                         const std::vector<ManifestFile>& manifests) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(snapshot.manifest_list));
  if (format_version < 1 || format_version > 3) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: format version {}", snapshot.manifest_list, format_version));
  }
  AvroMetadata metadata = {
      {"format-version", fmt::to_string(format_version)},
      {"snapshot-id", fmt::to_string(snapshot.id)},
      {"parent-snapshot-id", snapshot.parent_id ? fmt::to_string(*snapshot.parent_id) : "null"}};
  int64_t next_row_id = snapshot.first_row_id.value_or(0);
  if (format_version >= 2) metadata["sequence-number"] = fmt::to_string(snapshot.sequence_number);
  if (format_version >= 3) metadata["first-row-id"] = fmt::to_string(next_row_id);
  const ListColumns columns = MakeColumns(format_version);
  AvroFileWriter writer(AvroSchemaToJson(RecordSchema("manifest_file", columns)), metadata,
                        AvroCodec::kDeflate);
  for (const ManifestFile& manifest : manifests) {
    TICKHOUSE_ASSIGN(const ManifestFile listed,
                     Assign(snapshot, format_version, manifest, &next_row_id));
    WriteRecord(columns, listed, &writer.encoder());
    writer.EndRecord();
  }
  return files.WriteWhole(path, writer.Finish(), {.must_not_exist = true});
}

Result<std::vector<ManifestFile>> ReadManifestList(io::FileSystem& files,
                                                   const Snapshot& snapshot) {
  std::vector<ManifestFile> manifests;
  if (snapshot.manifest_list.empty()) {
    for (const std::string& location : snapshot.manifests) {
      TICKHOUSE_ASSIGN(manifests.emplace_back(), DescribeManifest(files, location));
    }
    return manifests;
  }
  const std::string& location = snapshot.manifest_list;
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(std::string bytes, files.ReadWhole(path));
  TICKHOUSE_ASSIGN(AvroFileReader file, AvroFileReader::Open(std::move(bytes), location));
  auto summaries = ResolveSummaries(file.schema());
  if (!summaries) return Fail(summaries.error().WithContext(location + ": byte 4"));
  const auto reader =
      AvroRecordReader<ManifestFile>::Resolve(file.schema(), ListMembers(std::move(*summaries)));
  if (!reader) return Fail(reader.error().WithContext(location + ": byte 4"));
  TICKHOUSE_TRY(
      file.ForEachRecord([&](AvroDecoder& in) { reader->Read(in, &manifests.emplace_back()); }));
  return manifests;
}

}  // namespace tickhouse::lake
