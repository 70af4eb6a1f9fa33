#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <memory>
#include <utility>

#include "tickhouse/lake/avro/avro_file.h"
#include "tickhouse/lake/avro/avro_record.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/manifest/describe_manifest.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/manifest/partition_value.h"

namespace tickhouse::lake {
namespace {

using Partition = std::vector<std::optional<Value>>;
using FileMember = AvroMember<DataFile>;
using EntryMember = AvroMember<ManifestEntry>;

// No writer makes entries this small, so that a promise of many more is not believed.
constexpr std::size_t kLeastEntryBytes = 16;

template <typename T>
void SortById(ByFieldId<T>* values) {
  const auto before = [](const auto& a, const auto& b) { return a.first < b.first; };
  if (!std::ranges::is_sorted(*values, before)) std::ranges::stable_sort(*values, before);
  const auto twice =
      std::ranges::unique(*values, [](const auto& a, const auto& b) { return a.first == b.first; });
  values->erase(twice.begin(), twice.end());
}

/// The field ids that are wanted of maps by id; nullptr: all.
using WantedIds = std::shared_ptr<const std::vector<int>>;

bool IsWanted(const WantedIds& wanted, int64_t id) {
  // A few at most: a filter's columns.
  return wanted == nullptr || std::ranges::find(*wanted, id) != wanted->end();
}

template <typename T, typename Read>
void ReadMapById(AvroDecoder& in, const AvroSchema& written, const WantedIds& wanted,
                 ByFieldId<T>* out, Read read) {
  const bool pairs = written.kind == AvroKind::kArray &&
                     written.items[0].kind == AvroKind::kRecord &&
                     written.items[0].fields.size() == 2;
  if (!pairs) {
    in.SetFailure("another type than an array of keys and values, which is needed here");
    return;
  }
  const AvroSchema& key = written.items[0].fields[0].type;
  const AvroSchema& value = written.items[0].fields[1].type;
  for (int64_t count = in.BlockCount(); count > 0; count = in.BlockCount()) {
    // Each pair has two bytes at least, and the count was held against the bytes.
    if (wanted == nullptr) {
      out->reserve(out->size() + static_cast<std::size_t>(std::min<int64_t>(count, 4096)));
    }
    for (int64_t i = 0; i < count && !in.failed(); ++i) {
      const int64_t id = in.Integer(key);
      if (!std::in_range<int>(id)) in.SetFailure("a field id of more than 32 bits");
      const auto found = read(in, value);
      if (IsWanted(wanted, id)) out->emplace_back(static_cast<int>(id), found);
    }
  }
  SortById(out);
}

FileMember Counts(int id, std::string_view name, ByFieldId<int64_t> DataFile::* member,
                  WantedIds wanted = nullptr) {
  return {.id = id,
          .name = name,
          .read = [member, wanted = std::move(wanted)](AvroDecoder& in, const AvroSchema& written,
                                                       DataFile* out) {
            ReadMapById(in, written, wanted, &(out->*member),
                        [](AvroDecoder& d, const AvroSchema& type) { return d.Integer(type); });
          }};
}

FileMember Bounds(int id, std::string_view name, ByFieldId<std::string> DataFile::* member,
                  WantedIds wanted = nullptr) {
  return {.id = id,
          .name = name,
          .read = [member, wanted = std::move(wanted)](AvroDecoder& in, const AvroSchema& written,
                                                       DataFile* out) {
            ReadMapById(in, written, wanted, &(out->*member),
                        [](AvroDecoder& d, const AvroSchema& type) { return d.Text(type); });
          }};
}

FileMember Text(int id, std::string_view name, bool required, std::string DataFile::* member) {
  return {.id = id,
          .name = name,
          .required = required,
          .read = [member](AvroDecoder& in, const AvroSchema& written, DataFile* out) {
            out->*member = in.Text(written);
          }};
}

FileMember Amount(int id, std::string_view name, int64_t DataFile::* member) {
  return {.id = id,
          .name = name,
          .required = true,
          .read = [member](AvroDecoder& in, const AvroSchema& written, DataFile* out) {
            out->*member = in.Integer(written);
            if (out->*member < 0) in.SetFailure("a size or count below zero");
          }};
}

template <typename T>
FileMember OptionalNumber(int id, std::string_view name, std::optional<T> DataFile::* member) {
  return {.id = id,
          .name = name,
          .read = [member](AvroDecoder& in, const AvroSchema& written, DataFile* out) {
            const int64_t value = in.Integer(written);
            if (!std::in_range<T>(value)) in.SetFailure("an int of more than 32 bits");
            out->*member = static_cast<T>(value);
          }};
}

template <typename T>
FileMember List(int id, std::string_view name, std::vector<T> DataFile::* member) {
  return {.id = id,
          .name = name,
          .read = [member](AvroDecoder& in, const AvroSchema& written, DataFile* out) {
            ReadAvroArray(in, written, [&](const AvroSchema& element) {
              const int64_t value = in.Integer(element);
              if (!std::in_range<T>(value)) in.SetFailure("an int of more than 32 bits");
              (out->*member).push_back(static_cast<T>(value));
            });
          }};
}

template <typename Enum>
Enum ReadEnum(AvroDecoder& in, const AvroSchema& written, Enum greatest) {
  const int64_t value = in.Integer(written);
  if (value < 0 || value > static_cast<int64_t>(greatest)) {
    in.SetFailure("a status or content that the specification does not know");
    return {};
  }
  return static_cast<Enum>(value);
}

void ReadFormat(AvroDecoder& in, const AvroSchema& written, DataFile* out) {
  out->format = in.Text(written);
  for (char& c : out->format) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
}

// By any schema of the table that still has the column; nullopt leaves the word to the file.
std::optional<Type> WantedType(const PartitionField& field, const TableMetadata& metadata) {
  const Field* source = metadata.CurrentSchema().FindById(field.source_id);
  for (auto schema = metadata.schemas.rbegin();
       source == nullptr && schema != metadata.schemas.rend(); ++schema) {
    source = schema->FindById(field.source_id);
  }
  if (source == nullptr || field.transform.kind == TransformKind::kUnknown) return std::nullopt;
  auto type = field.transform.ResultType(source->type);
  if (!type || type->kind == TypeKind::kOpaque) return std::nullopt;
  return std::move(*type);
}

using PartitionReader = AvroRecordReader<Partition>;

Result<std::shared_ptr<const PartitionReader>> ResolvePartition(const AvroSchema& data_file,
                                                                const PartitionSpec& spec,
                                                                const TableMetadata& metadata) {
  std::vector<AvroMember<Partition>> members;
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    members.push_back({.id = spec.fields[i].field_id,
                       .name = spec.fields[i].name,
                       .read = [i, wanted = WantedType(spec.fields[i], metadata)](
                                   AvroDecoder& in, const AvroSchema& written, Partition* out) {
                         (*out)[i] = wanted ? ReadPartitionValue(in, written, *wanted)
                                            : ReadPartitionValue(in, written, TypeOfAvro(written));
                       }});
  }
  const AvroField* field = data_file.FindField(102);
  for (const AvroField& other : data_file.fields) {
    if (field == nullptr && !other.id && other.name == "partition") field = &other;
  }
  if (field == nullptr) return Fail(ErrorKind::kCorrupt, "Avro schema: no field 102 (partition)");
  TICKHOUSE_ASSIGN(auto reader, PartitionReader::Resolve(field->type, std::move(members)));
  return std::make_shared<const PartitionReader>(std::move(reader));
}

FileMember Content() {
  return {.id = 134,
          .name = "content",
          .read = [](AvroDecoder& in, const AvroSchema& written, DataFile* out) {
            out->content = ReadEnum(in, written, FileContent::kEqualityDeletes);
          }};
}

Result<FileMember> PartitionMember(const AvroSchema& schema, const PartitionSpec& spec,
                                   const TableMetadata& metadata) {
  TICKHOUSE_ASSIGN(auto partition, ResolvePartition(schema, spec, metadata));
  return FileMember{.id = 102,
                    .name = "partition",
                    .required = true,
                    .read = [partition = std::move(partition)](AvroDecoder& in, const AvroSchema&,
                                                               DataFile* out) {
                      partition->Read(in, &out->partition);
                    }};
}

/// Everything of a file.
std::vector<FileMember> WholeFile(FileMember partition) {
  return {Content(),
          Text(100, "file_path", true, &DataFile::path),
          {.id = 101, .name = "file_format", .required = true, .read = ReadFormat},
          std::move(partition),
          Amount(103, "record_count", &DataFile::record_count),
          Amount(104, "file_size_in_bytes", &DataFile::file_size),
          Counts(108, "column_sizes", &DataFile::column_sizes),
          Counts(109, "value_counts", &DataFile::value_counts),
          Counts(110, "null_value_counts", &DataFile::null_counts),
          Counts(137, "nan_value_counts", &DataFile::nan_counts),
          Bounds(125, "lower_bounds", &DataFile::lower_bounds),
          Bounds(128, "upper_bounds", &DataFile::upper_bounds),
          Text(131, "key_metadata", false, &DataFile::key_metadata),
          List(132, "split_offsets", &DataFile::split_offsets),
          List(135, "equality_ids", &DataFile::equality_ids),
          OptionalNumber(140, "sort_order_id", &DataFile::sort_order_id),
          OptionalNumber(142, "first_row_id", &DataFile::first_row_id),
          {.id = 143,
           .name = "referenced_data_file",
           .read = [](AvroDecoder& in, const AvroSchema& written,
                      DataFile* out) { out->referenced_data_file = in.Text(written); }},
          OptionalNumber(144, "content_offset", &DataFile::content_offset),
          OptionalNumber(145, "content_size_in_bytes", &DataFile::content_size)};
}

/// What EntryChoice::keep sees.
std::vector<FileMember> GlanceOfFile(FileMember partition, std::vector<int> columns) {
  const auto wanted = std::make_shared<const std::vector<int>>(std::move(columns));
  std::vector<FileMember> members = {Content(), std::move(partition),
                                     Amount(103, "record_count", &DataFile::record_count),
                                     Amount(104, "file_size_in_bytes", &DataFile::file_size),
                                     OptionalNumber(142, "first_row_id", &DataFile::first_row_id)};
  if (wanted->empty()) return members;
  members.push_back(Counts(109, "value_counts", &DataFile::value_counts, wanted));
  members.push_back(Counts(110, "null_value_counts", &DataFile::null_counts, wanted));
  members.push_back(Counts(137, "nan_value_counts", &DataFile::nan_counts, wanted));
  members.push_back(Bounds(125, "lower_bounds", &DataFile::lower_bounds, wanted));
  members.push_back(Bounds(128, "upper_bounds", &DataFile::upper_bounds, wanted));
  return members;
}

/// Ready for the next entry; what was allocated stays.
void ClearGlance(ManifestEntry* entry) {
  entry->snapshot_id = entry->sequence_number = entry->file_sequence_number = std::nullopt;
  DataFile& file = entry->file;
  file.content = FileContent::kData;
  file.first_row_id.reset();
  for (auto& value : file.partition) value.reset();
  for (auto* counts : {&file.value_counts, &file.null_counts, &file.nan_counts}) counts->clear();
  for (auto* bounds : {&file.lower_bounds, &file.upper_bounds}) bounds->clear();
}

EntryMember EntryNumber(int id, std::string_view name,
                        std::optional<int64_t> ManifestEntry::* member) {
  return {.id = id,
          .name = name,
          .read = [member](AvroDecoder& in, const AvroSchema& written, ManifestEntry* out) {
            out->*member = in.Integer(written);
          }};
}

using EntryReader = AvroRecordReader<ManifestEntry>;

/// `columns`: a glance only.
Result<EntryReader> ResolveEntry(const AvroSchema& schema, const PartitionSpec& spec,
                                 const TableMetadata& metadata,
                                 const std::optional<std::vector<int>>& columns = {}) {
  const AvroField* data_file = schema.FindField(2);
  for (const AvroField& field : schema.fields) {
    if (data_file == nullptr && !field.id && field.name == "data_file") data_file = &field;
  }
  if (data_file == nullptr) {
    return Fail(ErrorKind::kCorrupt, "Avro schema: no field 2 (data_file)");
  }
  TICKHOUSE_ASSIGN(auto partition, PartitionMember(data_file->type, spec, metadata));
  TICKHOUSE_ASSIGN(auto file,
                   AvroRecordReader<DataFile>::Resolve(
                       data_file->type, columns ? GlanceOfFile(std::move(partition), *columns)
                                                : WholeFile(std::move(partition))));
  std::vector<EntryMember> members = {
      {.id = 0,
       .name = "status",
       .required = true,
       .read =
           [](AvroDecoder& in, const AvroSchema& written, ManifestEntry* out) {
             out->status = ReadEnum(in, written, EntryStatus::kDeleted);
           }},
      EntryNumber(1, "snapshot_id", &ManifestEntry::snapshot_id),
      EntryNumber(3, "sequence_number", &ManifestEntry::sequence_number),
      EntryNumber(4, "file_sequence_number", &ManifestEntry::file_sequence_number),
      {.id = 2,
       .name = "data_file",
       .required = true,
       .read = [file = std::make_shared<const AvroRecordReader<DataFile>>(std::move(file))](
                   AvroDecoder& in, const AvroSchema&, ManifestEntry* out) {
         file->Read(in, &out->file);
       }}};
  return EntryReader::Resolve(schema, std::move(members));
}

/// A number of the file's metadata; `fallback` when it is not there.
Result<int> MetadataNumber(const AvroFileReader& file, const std::string& name,
                           const std::string& key, int fallback) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end()) return fallback;
  const std::string& text = found->second;
  int value = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code == std::errc() && end == text.data() + text.size()) return value;
  return Fail(ErrorKind::kCorrupt, fmt::format("{}: Avro metadata \"{}\" is no number", name, key));
}

Result<AvroFileReader> OpenManifest(io::FileSystem& files, const std::string& location) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(std::string bytes, files.ReadWhole(path));
  TICKHOUSE_ASSIGN(AvroFileReader file, AvroFileReader::Open(std::move(bytes), location));
  TICKHOUSE_ASSIGN(const int version, MetadataNumber(file, location, "format-version", 1));
  if (version > 3) {
    return Fail(
        ErrorKind::kUnsupported,
        fmt::format("{}: a manifest of format version {}; 1 to 3 are read", location, version));
  }
  return file;
}

/// What entries inherit from their manifest, one after the other.
class Inheritance {
 public:
  explicit Inheritance(const ManifestFile& manifest)
      : manifest_(manifest), next_row_(manifest.first_row_id) {}

  /// False: a live entry has no sequence number.
  bool Apply(ManifestEntry* entry) {
    ++entries_;
    ApplyNumbers(entry);
    if (entry->status == EntryStatus::kDeleted) return true;
    if (!entry->sequence_number) return false;
    DataFile& file = entry->file;
    if (next_row_ && !file.first_row_id && file.content == FileContent::kData) {
      file.first_row_id = next_row_;
      *next_row_ += file.record_count;
    }
    return true;
  }

  /// The error for the entry that was applied last.
  std::unexpected<Error> NoSequenceNumber(std::string_view path) const {
    return Fail(
        ErrorKind::kCorrupt,
        fmt::format("{}: entry {}{} is not added here and has no sequence number", manifest_.path,
                    entries_ - 1, path.empty() ? "" : fmt::format(" ({})", path)));
  }

 private:
  void ApplyNumbers(ManifestEntry* entry) const {
    if (!entry->snapshot_id) entry->snapshot_id = manifest_.added_snapshot_id;
    // Version 1 has no numbers: everything there is of number 0.
    if (entry->status != EntryStatus::kAdded && manifest_.sequence_number != 0) return;
    if (!entry->sequence_number) entry->sequence_number = manifest_.sequence_number;
    if (!entry->file_sequence_number) entry->file_sequence_number = manifest_.sequence_number;
  }

  const ManifestFile& manifest_;
  std::optional<int64_t> next_row_;
  std::size_t entries_ = 0;
};

Result<const PartitionSpec*> SpecOf(const ManifestFile& manifest, const TableMetadata& metadata) {
  if (const PartitionSpec* found = metadata.FindSpec(manifest.spec_id)) return found;
  return Fail(ErrorKind::kCorrupt, fmt::format("{}: partition spec {}, which the table lacks",
                                               manifest.path, manifest.spec_id));
}

std::size_t ExpectedEntries(const ManifestFile& manifest, std::size_t bytes) {
  const int64_t claimed = manifest.added_files.value_or(0) + manifest.existing_files.value_or(0) +
                          manifest.deleted_files.value_or(0);
  return static_cast<std::size_t>(
      std::clamp<int64_t>(claimed, 0, static_cast<int64_t>(bytes / kLeastEntryBytes)));
}

}  // namespace

Result<std::vector<ManifestEntry>> ReadManifest(io::FileSystem& files, const ManifestFile& manifest,
                                                const TableMetadata& metadata) {
  TICKHOUSE_ASSIGN(const PartitionSpec* const spec, SpecOf(manifest, metadata));
  TICKHOUSE_ASSIGN(AvroFileReader file, OpenManifest(files, manifest.path));
  auto reader = ResolveEntry(file.schema(), *spec, metadata);
  if (!reader) return Fail(reader.error().WithContext(manifest.path + ": byte 4"));
  std::vector<ManifestEntry> entries;
  entries.reserve(ExpectedEntries(manifest, file.size()));
  TICKHOUSE_TRY(file.ForEachRecord([&](AvroDecoder& in) {
    ManifestEntry& entry = entries.emplace_back();
    entry.file.spec_id = manifest.spec_id;
    entry.file.partition.resize(spec->fields.size());
    reader->Read(in, &entry);
  }));
  Inheritance inheritance(manifest);
  for (ManifestEntry& entry : entries) {
    if (!inheritance.Apply(&entry)) return inheritance.NoSequenceNumber(entry.file.path);
  }
  return entries;
}

Result<std::vector<ManifestEntry>> ReadChosenEntries(io::FileSystem& files,
                                                     const ManifestFile& manifest,
                                                     const TableMetadata& metadata,
                                                     const EntryChoice& choice) {
  TICKHOUSE_ASSIGN(const PartitionSpec* const spec, SpecOf(manifest, metadata));
  TICKHOUSE_ASSIGN(AvroFileReader file, OpenManifest(files, manifest.path));
  const auto at_a_glance = ResolveEntry(file.schema(), *spec, metadata, choice.columns);
  const auto whole = ResolveEntry(file.schema(), *spec, metadata);
  for (const auto* reader : {&at_a_glance, &whole}) {
    if (!*reader) return Fail(reader->error().WithContext(manifest.path + ": byte 4"));
  }
  std::vector<ManifestEntry> entries;
  Inheritance inheritance(manifest);
  bool has_numbers = true;
  ManifestEntry glance;
  glance.file.spec_id = manifest.spec_id;
  glance.file.partition.resize(spec->fields.size());
  const Status read = file.ForEachRecord([&](AvroDecoder& in) {
    AvroDecoder again = in;
    ClearGlance(&glance);
    at_a_glance->Read(in, &glance);
    if (in.failed()) return;
    has_numbers = inheritance.Apply(&glance);
    if (!has_numbers) return in.SetFailure("an entry without a sequence number");
    if (glance.status == EntryStatus::kDeleted || !choice.keep(glance)) return;
    ManifestEntry& entry = entries.emplace_back();
    entry.file.partition.resize(spec->fields.size());
    whole->Read(again, &entry);
    in = again;  // Where it failed, if it did; else where it was.
    entry.snapshot_id = glance.snapshot_id;
    entry.sequence_number = glance.sequence_number;
    entry.file_sequence_number = glance.file_sequence_number;
    entry.file.first_row_id = glance.file.first_row_id;
    entry.file.spec_id = manifest.spec_id;
  });
  if (!has_numbers) return inheritance.NoSequenceNumber("");
  TICKHOUSE_TRY(read);
  return entries;
}

Result<ManifestFile> DescribeManifest(io::FileSystem& files, const std::string& location) {
  TICKHOUSE_ASSIGN(const AvroFileReader file, OpenManifest(files, location));
  TICKHOUSE_ASSIGN(const int spec_id, MetadataNumber(file, location, "partition-spec-id", 0));
  return ManifestFile{
      .path = location, .length = static_cast<int64_t>(file.size()), .spec_id = spec_id};
}

}  // namespace tickhouse::lake
