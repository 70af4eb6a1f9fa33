#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <span>

#include "tickhouse/io/compress/byte_stream.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

namespace {

constexpr int kNewestVersion = 3;
constexpr int kFirstPartitionId = 1000;
constexpr std::size_t kMostUnpackedBytes = std::size_t{1} << 30;
constexpr std::string_view kDocument = "table metadata";
constexpr const char* kMain = "main";

Result<std::string> Unpacked(std::string_view packed) {
  const auto files = io::MakeMemoryFileSystem();
  TICKHOUSE_TRY(files->WriteWhole("table metadata", packed));
  TICKHOUSE_ASSIGN(auto file, files->OpenRead("table metadata"));
  TICKHOUSE_ASSIGN(const auto stream, io::OpenByteStream(std::move(file)));
  std::string text;
  std::array<std::byte, 1 << 16> block;
  while (true) {
    TICKHOUSE_ASSIGN(const std::size_t count, stream->Read(block));
    if (count == 0) return text;
    if (text.size() + count > kMostUnpackedBytes) {
      return Fail(ErrorKind::kCorrupt, "table metadata: unpacks to more than 1 GiB");
    }
    text.append(reinterpret_cast<const char*>(block.data()), count);
  }
}

Status ReadSnapshotLogEntry(JsonElement element, const JsonPath& path, SnapshotLogEntry* entry) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.Read("timestamp-ms", &entry->timestamp_ms));
  TICKHOUSE_TRY(object.Read("snapshot-id", &entry->snapshot_id));
  entry->unknown_members = object.UnknownMembers();
  return {};
}

Status ReadMetadataLogEntry(JsonElement element, const JsonPath& path, MetadataLogEntry* entry) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.Read("timestamp-ms", &entry->timestamp_ms));
  TICKHOUSE_TRY(object.Read("metadata-file", &entry->metadata_file));
  entry->unknown_members = object.UnknownMembers();
  return {};
}

// Reads one document; each step takes the members of one theme.
class MetadataReader {
 public:
  explicit MetadataReader(JsonObject object) : object_(std::move(object)) {}

  Result<TableMetadata> Read() && {
    TICKHOUSE_TRY(ReadVersion());
    TICKHOUSE_TRY(ReadTable());
    TICKHOUSE_TRY(ReadSchemas());
    TICKHOUSE_TRY(ReadSpecs());
    TICKHOUSE_TRY(ReadSortOrders());
    TICKHOUSE_TRY(ReadSnapshots());
    TICKHOUSE_TRY(ReadRefs());
    TICKHOUSE_TRY(ReadLogs());
    TICKHOUSE_TRY(ReadStatistics("statistics", &table_.statistics));
    TICKHOUSE_TRY(ReadStatistics("partition-statistics", &table_.partition_statistics));
    table_.unknown_members = object_.UnknownMembers();
    return std::move(table_);
  }

 private:
  bool IsV1() const { return table_.format_version == 1; }

  Status ReadVersion() {
    TICKHOUSE_TRY(object_.Read("format-version", &table_.format_version));
    if (table_.format_version < 1) {
      return Fault("format-version", fmt::format("{} is no version", table_.format_version));
    }
    if (table_.format_version > kNewestVersion) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: format version {}; this program reads up to {}", kDocument,
                              table_.format_version, kNewestVersion));
    }
    // Kept where it is empty; keys mean files that this program cannot read.
    if (const auto keys = object_.Take("encryption-keys")) {
      simdjson::dom::array array;
      if (keys->get_array().get(array) != simdjson::SUCCESS || array.size() > 0) {
        return Fail(ErrorKind::kUnsupported, fmt::format("{}: the table is encrypted", kDocument));
      }
    }
    return {};
  }

  Status ReadTable() {
    if (IsV1()) {
      TICKHOUSE_TRY(object_.ReadIfThere("table-uuid", &table_.table_uuid));
      TICKHOUSE_TRY(object_.ReadIfThere("last-sequence-number", &table_.last_sequence_number));
    } else {
      TICKHOUSE_TRY(object_.Read("table-uuid", &table_.table_uuid));
      TICKHOUSE_TRY(object_.Read("last-sequence-number", &table_.last_sequence_number));
    }
    TICKHOUSE_TRY(object_.Read("location", &table_.location));
    while (table_.location.size() > 1 && table_.location.ends_with('/')) {
      table_.location.pop_back();
    }
    TICKHOUSE_TRY(object_.Read("last-updated-ms", &table_.last_updated_ms));
    TICKHOUSE_TRY(object_.Read("last-column-id", &table_.last_column_id));
    TICKHOUSE_TRY(object_.ReadIfThere("properties", &table_.properties));
    if (table_.format_version < 3) {
      return object_.ReadIfThere("next-row-id", &table_.next_row_id);
    }
    return object_.Read("next-row-id", &table_.next_row_id.emplace());
  }

  Status ReadSchemas() {
    const auto single = object_.Take("schema");
    const auto list = object_.Take("schemas");
    if (list) {
      TICKHOUSE_TRY(ReadJsonArray(*list, object_.At("schemas"), &table_.schemas, ReadSchema));
      TICKHOUSE_TRY(object_.Read("current-schema-id", &table_.current_schema_id));
    } else if (single && IsV1()) {
      Schema schema;
      TICKHOUSE_TRY(ReadSchema(*single, object_.At("schema"), &schema));
      table_.current_schema_id = schema.id;
      table_.schemas.push_back(std::move(schema));
      (void)object_.Take("current-schema-id");
    } else {
      return Fault("schemas", "missing");
    }
    TICKHOUSE_TRY(CheckUnique("schemas", table_.schemas));
    if (table_.FindSchema(table_.current_schema_id) != nullptr) return {};
    return Fault("current-schema-id", fmt::format("no schema {}", table_.current_schema_id));
  }

  Status ReadSpecs() {
    const auto single = object_.Take("partition-spec");
    const auto list = object_.Take("partition-specs");
    if (list) {
      TICKHOUSE_TRY(
          ReadJsonArray(*list, object_.At("partition-specs"), &table_.specs, ReadPartitionSpec));
      TICKHOUSE_TRY(object_.Read("default-spec-id", &table_.default_spec_id));
    } else if (single && IsV1()) {
      PartitionSpec spec;
      TICKHOUSE_TRY(
          ReadJsonArray(*single, object_.At("partition-spec"), &spec.fields, ReadPartitionField));
      table_.specs.push_back(std::move(spec));
      (void)object_.Take("default-spec-id");
    } else {
      return Fault("partition-specs", "missing");
    }
    TICKHOUSE_TRY(CheckUnique("partition-specs", table_.specs));
    if (table_.FindSpec(table_.default_spec_id) == nullptr) {
      return Fault("default-spec-id", fmt::format("no spec {}", table_.default_spec_id));
    }
    return NumberPartitionFields();
  }

  // Old v1 tables have no ids of partition fields: they count from 1000 in each spec.
  Status NumberPartitionFields() {
    int last = kFirstPartitionId - 1;
    for (std::size_t at = 0; at < table_.specs.size(); ++at) {
      int next = kFirstPartitionId;
      for (PartitionField& field : table_.specs[at].fields) {
        if (field.field_id <= 0 && !IsV1()) {
          return Fault("partition-specs",
                       fmt::format("[{}]: field {} has no field-id", at, field.name));
        }
        if (field.field_id <= 0) field.field_id = next;
        next = std::max(next, field.field_id) + (field.field_id < INT32_MAX ? 1 : 0);
        last = std::max(last, field.field_id);
      }
    }
    table_.last_partition_id = last;
    if (IsV1()) return object_.ReadIfThere("last-partition-id", &table_.last_partition_id);
    return object_.Read("last-partition-id", &table_.last_partition_id);
  }

  Status ReadSortOrders() {
    const auto list = object_.Take("sort-orders");
    if (!list && IsV1()) {
      (void)object_.Take("default-sort-order-id");
      table_.sort_orders.push_back({});
      return {};
    }
    if (!list) return Fault("sort-orders", "missing");
    TICKHOUSE_TRY(
        ReadJsonArray(*list, object_.At("sort-orders"), &table_.sort_orders, ReadSortOrder));
    TICKHOUSE_TRY(object_.Read("default-sort-order-id", &table_.default_sort_order_id));
    TICKHOUSE_TRY(CheckUnique("sort-orders", table_.sort_orders));
    if (table_.default_sort_order_id == 0 ||
        table_.FindSortOrder(table_.default_sort_order_id) != nullptr) {
      return {};
    }
    return Fault("default-sort-order-id", fmt::format("no order {}", table_.default_sort_order_id));
  }

  Status ReadSnapshots() {
    if (const auto list = object_.Take("snapshots")) {
      simdjson::dom::array array;
      const JsonPath path = object_.At("snapshots");
      if (list->get_array().get(array) != simdjson::SUCCESS) return JsonFault(path, "no array");
      table_.snapshots.reserve(array.size());
      for (const JsonElement each : array) {
        const JsonPath at{&path, {}, table_.snapshots.size()};
        Snapshot snapshot;
        TICKHOUSE_TRY(ReadSnapshot(each, at, &snapshot));
        table_.snapshots.push_back(std::move(snapshot));
      }
    }
    std::vector<int64_t> ids;
    ids.reserve(table_.snapshots.size());
    for (const Snapshot& snapshot : table_.snapshots) ids.push_back(snapshot.id);
    std::ranges::sort(ids);
    const auto twice = std::ranges::adjacent_find(ids);
    if (twice != ids.end()) {
      return Fault("snapshots", fmt::format("snapshot {} is there twice", *twice));
    }
    TICKHOUSE_TRY(object_.ReadIfThere("current-snapshot-id", &table_.current_snapshot_id));
    if (table_.current_snapshot_id == -1) table_.current_snapshot_id.reset();
    if (!table_.current_snapshot_id || table_.CurrentSnapshot() != nullptr) return {};
    return Fault("current-snapshot-id", fmt::format("no snapshot {}", *table_.current_snapshot_id));
  }

  Status ReadRefs() {
    if (const auto refs = object_.Take("refs")) {
      simdjson::dom::object object;
      const JsonPath path = object_.At("refs");
      if (refs->get_object().get(object) != simdjson::SUCCESS) return JsonFault(path, "no object");
      for (const auto member : object) {
        const JsonPath at{&path, member.key, 0};
        SnapshotRef ref;
        TICKHOUSE_TRY(ReadSnapshotRef(member.value, at, &ref));
        if (table_.FindSnapshot(ref.snapshot_id) == nullptr) {
          return JsonFault(at, fmt::format("no snapshot {}", ref.snapshot_id));
        }
        table_.refs.insert_or_assign(std::string(member.key), std::move(ref));
      }
    }
    const auto main = table_.refs.find(kMain);
    if (main == table_.refs.end()) {
      if (table_.current_snapshot_id) {
        table_.refs[kMain] = {.snapshot_id = *table_.current_snapshot_id};
      }
      return {};
    }
    if (main->second.snapshot_id == table_.current_snapshot_id && main->second.is_branch) return {};
    return Fault("refs", "main is not the branch of the current snapshot");
  }

  Status ReadLogs() {
    if (const auto log = object_.Take("snapshot-log")) {
      TICKHOUSE_TRY(ReadJsonArray(*log, object_.At("snapshot-log"), &table_.snapshot_log,
                                  ReadSnapshotLogEntry));
    }
    const auto log = object_.Take("metadata-log");
    if (!log) return {};
    return ReadJsonArray(*log, object_.At("metadata-log"), &table_.metadata_log,
                         ReadMetadataLogEntry);
  }

  Status ReadStatistics(std::string_view name, std::string* text) {
    const auto element = object_.Take(name);
    if (!element) return {};
    simdjson::dom::array array;
    if (element->get_array().get(array) != simdjson::SUCCESS) return Fault(name, "no array");
    if (array.size() > 0) *text = JsonTextOf(*element);
    return {};
  }

  template <typename T>
  Status CheckUnique(std::string_view name, const std::vector<T>& parts) const {
    std::set<int> ids;
    for (const T& part : parts) {
      if (!ids.insert(part.id).second) return Fault(name, fmt::format("id {} twice", part.id));
    }
    return {};
  }

  std::unexpected<Error> Fault(std::string_view member, std::string_view what) const {
    return JsonFault(object_.At(member), what);
  }

  JsonObject object_;
  TableMetadata table_;
};

}  // namespace

Result<TableMetadata> ParseTableMetadata(std::string_view text) {
  std::string unpacked;
  if (text.starts_with("\x1F\x8B")) {
    TICKHOUSE_ASSIGN(unpacked, Unpacked(text));
    text = unpacked;
  }
  const JsonPath root{nullptr, kDocument, 0};
  simdjson::dom::parser parser;
  TICKHOUSE_ASSIGN(const JsonElement element, ParseJson(text, root, &parser));
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, root));
  return MetadataReader(std::move(object)).Read();
}

}  // namespace tickhouse::lake
