// The lake as a program, for tests that compare with other engines. Errors go to stderr, exit 1.
//   lake_peer manifests METADATA             the current snapshot's manifest list, a JSON line each
//   lake_peer entries METADATA               the entries of its manifests, a JSON line each
//   lake_peer rewrite METADATA FOLDER VERSION   writes manifests and list anew; prints its location
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {
namespace {

using Json = nlohmann::ordered_json;
using Words = std::span<const std::string>;

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json HexOrNull(const std::optional<std::string>& bytes) {
  return bytes ? Json(Hex(*bytes)) : Json();
}

template <typename T>
Json MapToJson(const ByFieldId<T>& values) {
  Json json = Json::object();
  for (const auto& [id, value] : values) {
    if constexpr (std::is_same_v<T, std::string>) {
      json[fmt::to_string(id)] = Hex(value);
    } else {
      json[fmt::to_string(id)] = value;
    }
  }
  return json;
}

Json ManifestToJson(const ManifestFile& manifest) {
  Json json = {{"path", manifest.path},
               {"length", manifest.length},
               {"spec_id", manifest.spec_id},
               {"content", static_cast<int>(manifest.content)},
               {"sequence_number", manifest.sequence_number},
               {"min_sequence_number", manifest.min_sequence_number},
               {"added_snapshot_id", OrNull(manifest.added_snapshot_id)},
               {"added_files", OrNull(manifest.added_files)},
               {"existing_files", OrNull(manifest.existing_files)},
               {"deleted_files", OrNull(manifest.deleted_files)},
               {"added_rows", OrNull(manifest.added_rows)},
               {"existing_rows", OrNull(manifest.existing_rows)},
               {"deleted_rows", OrNull(manifest.deleted_rows)}};
  json["partitions"] = Json::array();
  for (const PartitionSummary& summary : manifest.partitions) {
    json["partitions"].push_back({{"contains_null", summary.contains_null},
                                  {"contains_nan", OrNull(summary.contains_nan)},
                                  {"lower_bound", HexOrNull(summary.lower_bound)},
                                  {"upper_bound", HexOrNull(summary.upper_bound)}});
  }
  return json;
}

Result<Json> EntryToJson(const TableMetadata& table, const ManifestEntry& entry) {
  const DataFile& file = entry.file;
  Json json = {{"status", static_cast<int>(entry.status)},
               {"snapshot_id", OrNull(entry.snapshot_id)},
               {"sequence_number", OrNull(entry.sequence_number)},
               {"file_sequence_number", OrNull(entry.file_sequence_number)},
               {"content", static_cast<int>(file.content)},
               {"path", file.path},
               {"format", file.format},
               {"record_count", file.record_count},
               {"file_size", file.file_size},
               {"column_sizes", MapToJson(file.column_sizes)},
               {"value_counts", MapToJson(file.value_counts)},
               {"null_counts", MapToJson(file.null_counts)},
               {"nan_counts", MapToJson(file.nan_counts)},
               {"lower_bounds", MapToJson(file.lower_bounds)},
               {"upper_bounds", MapToJson(file.upper_bounds)},
               {"split_offsets", file.split_offsets},
               {"sort_order_id", OrNull(file.sort_order_id)}};
  json["partition"] = Json::array();
  const PartitionSpec* spec = table.FindSpec(file.spec_id);
  TICKHOUSE_ASSIGN(const Type type, spec->PartitionType(table.CurrentSchema()));
  for (std::size_t i = 0; i < file.partition.size(); ++i) {
    const auto& value = file.partition[i];
    json["partition"].push_back(value ? Json(Hex(ValueToBytes(type.fields[i].type, *value)))
                                      : Json());
  }
  return json;
}

struct Table {
  std::unique_ptr<io::FileSystem> files = io::MakeLocalFileSystem();
  TableMetadata metadata;
  std::vector<ManifestFile> manifests;
};

Result<Table> Load(const std::string& location) {
  Table table;
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(const std::string text, table.files->ReadWhole(path));
  TICKHOUSE_ASSIGN(table.metadata, ParseTableMetadata(text));
  if (const Snapshot* snapshot = table.metadata.CurrentSnapshot()) {
    TICKHOUSE_ASSIGN(table.manifests, ReadManifestList(*table.files, *snapshot));
  }
  return table;
}

Status PrintManifests(Words words) {
  TICKHOUSE_ASSIGN(const Table table, Load(words[0]));
  for (const ManifestFile& manifest : table.manifests) {
    fmt::print("{}\n", ManifestToJson(manifest).dump());
  }
  return {};
}

Status PrintEntries(Words words) {
  TICKHOUSE_ASSIGN(const Table table, Load(words[0]));
  for (const ManifestFile& manifest : table.manifests) {
    TICKHOUSE_ASSIGN(const auto entries, ReadManifest(*table.files, manifest, table.metadata));
    for (const ManifestEntry& entry : entries) {
      TICKHOUSE_ASSIGN(const Json json, EntryToJson(table.metadata, entry));
      fmt::print("{}\n", json.dump());
    }
  }
  return {};
}

Status Rewrite(Words words) {
  TICKHOUSE_ASSIGN(Table table, Load(words[0]));
  Snapshot snapshot = *table.metadata.CurrentSnapshot();
  snapshot.manifest_list = words[1] + "/list.avro";
  for (ManifestFile& manifest : table.manifests) {
    TICKHOUSE_ASSIGN(const auto entries, ReadManifest(*table.files, manifest, table.metadata));
    const std::string location =
        fmt::format("{}/m{}.avro", words[1], &manifest - &table.manifests[0]);
    const ManifestContext context{.schema = &table.metadata.CurrentSchema(),
                                  .spec = table.metadata.FindSpec(manifest.spec_id),
                                  .format_version = std::atoi(words[2].c_str()),
                                  .content = manifest.content};
    TICKHOUSE_ASSIGN(manifest,
                     WriteManifest(*table.files, location, context, snapshot.id, entries));
  }
  TICKHOUSE_TRY(
      WriteManifestList(*table.files, snapshot, std::atoi(words[2].c_str()), table.manifests));
  fmt::print("{}\n", snapshot.manifest_list);
  return {};
}

struct Subcommand {
  std::string_view name;
  std::size_t words;
  std::string_view usage;
  Status (*run)(Words words);
};

constexpr Subcommand kSubcommands[] = {
    {"manifests", 1, "METADATA", PrintManifests},
    {"entries", 1, "METADATA", PrintEntries},
    {"rewrite", 3, "METADATA FOLDER VERSION", Rewrite},
};

Status Run(const std::vector<std::string>& words) {
  std::string usage = "lake_peer SUBCOMMAND ...:";
  for (const Subcommand& subcommand : kSubcommands) {
    if (!words.empty() && words[0] == subcommand.name && words.size() == subcommand.words + 1) {
      return subcommand.run(Words(words).subspan(1));
    }
    usage += fmt::format(" {} {};", subcommand.name, subcommand.usage);
  }
  return Fail(ErrorKind::kInvalidArgument, usage);
}

}  // namespace
}  // namespace tickhouse::lake

int main(int argc, char** argv) {
  const tickhouse::Status done = tickhouse::lake::Run({argv + 1, argv + argc});
  if (done) return 0;
  fmt::print(stderr, "lake_peer: {}\n", done.error().ToString());
  return 1;
}
