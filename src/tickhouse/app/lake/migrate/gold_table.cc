#include "tickhouse/app/lake/migrate/gold_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace tickhouse::app {

namespace {

using lake::PartitionField;
using lake::TransformKind;
using lake::TypeKind;

lake::Field Column(int id, std::string name, TypeKind kind) {
  lake::Field field{.id = id, .name = std::move(name), .required = false, .type = {}};
  field.type.kind = kind;
  return field;
}

Result<lake::PartitionSpec> SpecFor(const std::string& partition) {
  lake::PartitionSpec spec;
  if (partition == "none") return spec;
  const std::string unit = partition.empty() ? "year" : partition;
  if (unit != "year" && unit != "month" && unit != "day" && unit != "hour") {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("--partition {}: must be year, month, day, hour or none", partition));
  }
  spec.fields.push_back({.source_id = 1,
                         .field_id = 1000,
                         .name = "datetime_" + unit,
                         .transform = lake::ParseTransform(unit)});
  return spec;
}

lake::CreateTableRequest RequestFor(const lake::TableIdentifier& identifier,
                                    lake::PartitionSpec spec) {
  lake::CreateTableRequest request{.identifier = identifier, .schema = {}};
  request.schema.fields = {Column(1, "datetime", TypeKind::kTimestamp),
                           Column(2, "bid", TypeKind::kDouble),
                           Column(3, "ask", TypeKind::kDouble)};
  request.spec = std::move(spec);
  request.sort_order = {.id = 1, .fields = {{.source_id = 1, .transform = {}}}};
  const nlohmann::ordered_json mapping = {{{"field-id", 1}, {"names", {"datetime", "DateTime"}}},
                                          {{"field-id", 2}, {"names", {"bid", "Bid"}}},
                                          {{"field-id", 3}, {"names", {"ask", "Ask"}}}};
  request.properties = {{"write.parquet.compression-codec", "zstd"},
                        {std::string(kNameMappingKey), mapping.dump()}};
  return request;
}

bool SameLetters(std::string_view a, std::string_view b) {
  const auto small = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, small, small);
}

Result<int> ColumnId(const lake::LoadedTable& table, std::string_view name, TypeKind kind) {
  for (const lake::Field& field : table.metadata->CurrentSchema().fields) {
    if (!SameLetters(field.name, name)) continue;
    if (field.type.kind == kind) return field.id;
    return Fail(ErrorKind::kUnsupported,
                fmt::format("table {}: column {} is of type {}; ticks need {}",
                            table.identifier.ToString(), field.name, field.type.ToString(),
                            kind == TypeKind::kDouble ? "double" : "timestamp"));
  }
  return Fail(ErrorKind::kUnsupported,
              fmt::format("table {}: it has no column {}", table.identifier.ToString(), name));
}

bool IsTimeUnit(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth ||
         kind == TransformKind::kDay || kind == TransformKind::kHour;
}

Status CheckPartitioning(const GoldTable& table) {
  for (const PartitionField& field : table.metadata().DefaultSpec().fields) {
    if (field.transform.kind == TransformKind::kVoid) continue;
    if (field.source_id == table.datetime_id && IsTimeUnit(field.transform.kind)) continue;
    return Fail(
        ErrorKind::kUnsupported,
        fmt::format("table {}: it is partitioned by {} ({}); a migration can load tables "
                    "partitioned by year, month, day or hour of datetime",
                    table.loaded.identifier.ToString(), field.name, field.transform.ToString()));
  }
  for (const lake::Field& field : table.metadata().CurrentSchema().fields) {
    if (!field.required || field.id == table.datetime_id || field.id == table.bid_id ||
        field.id == table.ask_id) {
      continue;
    }
    return Fail(ErrorKind::kUnsupported,
                fmt::format("table {}: column {} is required, and ticks have nothing for it",
                            table.loaded.identifier.ToString(), field.name));
  }
  return {};
}

// As --partition says it: "none", "year", ...
std::string PartitioningOf(const GoldTable& table) {
  std::string text;
  for (const PartitionField& field : table.metadata().DefaultSpec().fields) {
    if (field.transform.kind == TransformKind::kVoid) continue;
    if (!text.empty()) text += ", ";
    text += field.transform.ToString();
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::vector<std::optional<lake::Value>> GoldTable::PartitionOf(int64_t time_us) const {
  std::vector<std::optional<lake::Value>> values;
  const lake::Type type{.kind = TypeKind::kTimestamp, .fields = {}};
  for (const PartitionField& field : metadata().DefaultSpec().fields) {
    values.push_back(field.transform.Apply(type, lake::Value{time_us}));
  }
  return values;
}

std::string GoldTable::PartitionPath(
    const std::vector<std::optional<lake::Value>>& partition) const {
  std::string path;
  const lake::Type type{.kind = TypeKind::kTimestamp, .fields = {}};
  const auto& fields = metadata().DefaultSpec().fields;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    path +=
        fmt::format("{}={}/", fields[i].name, fields[i].transform.ResultToText(type, partition[i]));
  }
  return path;
}

Result<GoldTable> DescribeGoldTable(lake::LoadedTable loaded) {
  GoldTable table;
  table.loaded = std::move(loaded);
  TICKHOUSE_ASSIGN(table.datetime_id, ColumnId(table.loaded, "datetime", TypeKind::kTimestamp));
  TICKHOUSE_ASSIGN(table.bid_id, ColumnId(table.loaded, "bid", TypeKind::kDouble));
  TICKHOUSE_ASSIGN(table.ask_id, ColumnId(table.loaded, "ask", TypeKind::kDouble));
  TICKHOUSE_TRY(CheckPartitioning(table));
  const lake::TableMetadata& metadata = table.metadata();
  const lake::SortOrder* const order = metadata.FindSortOrder(metadata.default_sort_order_id);
  if (order != nullptr && order->fields.size() == 1 && order->fields[0].ascending &&
      order->fields[0].source_id == table.datetime_id &&
      order->fields[0].transform.kind == TransformKind::kIdentity) {
    table.sort_order_id = order->id;
  }
  return table;
}

Result<GoldTable> OpenGoldTable(lake::Catalog& catalog, const lake::TableIdentifier& identifier,
                                const std::string& partition) {
  TICKHOUSE_ASSIGN(lake::PartitionSpec spec, SpecFor(partition));
  Result<lake::LoadedTable> loaded = catalog.LoadTable(identifier);
  if (!loaded && loaded.error().kind == ErrorKind::kNotFound) {
    const Status made = catalog.CreateNamespace(identifier.ns, {});
    if (!made && made.error().kind != ErrorKind::kAlreadyExists) return Fail(made.error());
    Result<lake::LoadedTable> created =
        catalog.CreateTable(RequestFor(identifier, std::move(spec)));
    if (created) return DescribeGoldTable(std::move(*created));
    // Another migration may have been first. Where the pointer leads to nothing, the message of the
    // first look says so.
    if (created.error().kind != ErrorKind::kAlreadyExists) return Fail(created.error());
    Result<lake::LoadedTable> again = catalog.LoadTable(identifier);
    if (again) loaded = std::move(again);
  }
  if (!loaded) return Fail(loaded.error());
  TICKHOUSE_ASSIGN(GoldTable table, DescribeGoldTable(std::move(*loaded)));
  if (const std::string is = PartitioningOf(table); !partition.empty() && partition != is) {
    return Fail(ErrorKind::kConflict,
                fmt::format("table {}: it is partitioned by {}, not {}; leave --partition out, or "
                            "change the table with `tickhouse lake evolve`",
                            identifier.ToString(), is, partition));
  }
  return table;
}

Result<std::optional<std::string>> ExtendedNameMapping(const GoldTable& table,
                                                       const std::vector<TickColumnNames>& names) {
  using Json = nlohmann::ordered_json;
  const std::string text(table.metadata().Property(kNameMappingKey, "[]"));
  Json mapping = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  const auto corrupt = [&] {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("table {}: property {} is no name mapping; set it anew",
                            table.loaded.identifier.ToString(), kNameMappingKey));
  };
  if (!mapping.is_array()) return corrupt();
  bool changed = false;
  const auto add = [&](int id, const std::string& name) -> Status {
    Json* of_id = nullptr;
    for (Json& entry : mapping) {
      if (!entry.is_object() || !entry.contains("names") || !entry["names"].is_array()) {
        return corrupt();
      }
      const auto own = entry.find("field-id");
      const bool same = own != entry.end() && *own == id;
      if (same) of_id = &entry;
      if (std::ranges::find(entry["names"], Json(name)) == entry["names"].end()) continue;
      if (same) return {};
      return Fail(ErrorKind::kConflict,
                  fmt::format("table {}: by its name mapping, {} is another column",
                              table.loaded.identifier.ToString(), name));
    }
    changed = true;
    if (of_id != nullptr) {
      (*of_id)["names"].push_back(name);
    } else {
      mapping.push_back({{"field-id", id}, {"names", Json::array({name})}});
    }
    return {};
  };
  for (const TickColumnNames& file : names) {
    TICKHOUSE_TRY(add(table.datetime_id, file.datetime));
    TICKHOUSE_TRY(add(table.bid_id, file.bid));
    TICKHOUSE_TRY(add(table.ask_id, file.ask));
  }
  if (!changed) return std::optional<std::string>();
  return std::optional(mapping.dump());
}

}  // namespace tickhouse::app
