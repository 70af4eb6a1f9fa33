#include "tickhouse/lake/data/parquet_metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tickhouse/lake/data/bound.h"

namespace tickhouse::lake {

namespace {

using io::FooterColumn;
using io::LogicalKind;
using io::ParquetFooter;
using io::PhysicalType;

struct Bounds {
  bool whole = true;  // Every row group that has values has bounds.
  std::optional<std::string> lower, upper;
};

void Widen(const FooterColumn& column, const Type& type, const io::FooterStats& stats,
           Bounds* bounds) {
  const bool bytes =
      column.type == PhysicalType::kByteArray || column.type == PhysicalType::kFixedBytes;
  std::optional<std::string> lower, upper;
  if (!(bytes && stats.old_order)) {
    if (stats.min) lower = BoundFromParquet(column, type, BoundSide::kLower, *stats.min);
    if (stats.max) upper = BoundFromParquet(column, type, BoundSide::kUpper, *stats.max);
  }
  if (!lower || !upper) {
    bounds->whole = false;
    return;
  }
  if (!bounds->lower || BoundLess(type, *lower, *bounds->lower)) bounds->lower = std::move(lower);
  if (!bounds->upper || BoundLess(type, *bounds->upper, *upper)) bounds->upper = std::move(upper);
}

void AddColumn(const ParquetFooter& footer, std::size_t index, const Field& field,
               bool nan_are_nulls, DataFile* file) {
  const FooterColumn& column = footer.columns[index];
  int64_t bytes = 0;
  std::optional<int64_t> nulls = 0;
  Bounds bounds;
  for (const io::FooterRowGroup& group : footer.row_groups) {
    const io::FooterChunk& chunk = group.chunks[index];
    bytes += chunk.bytes;
    std::optional<int64_t> here = chunk.stats.nulls;
    if (!column.optional) here = 0;
    nulls = nulls && here ? std::optional(*nulls + *here) : std::nullopt;
    if (here != chunk.values) Widen(column, field.type, chunk.stats, &bounds);
  }
  file->column_sizes.emplace_back(field.id, bytes);
  file->value_counts.emplace_back(field.id, footer.rows);
  if (nulls) file->null_counts.emplace_back(field.id, *nulls);
  const bool real = field.type.kind == TypeKind::kFloat || field.type.kind == TypeKind::kDouble;
  if (real && nan_are_nulls) file->nan_counts.emplace_back(field.id, 0);
  if (!bounds.whole || !bounds.lower) return;
  file->lower_bounds.emplace_back(field.id, *bounds.lower);
  file->upper_bounds.emplace_back(field.id, *bounds.upper);
}

void AddSplits(const ParquetFooter& footer, DataFile* file) {
  for (const io::FooterRowGroup& group : footer.row_groups) {
    if (group.chunks.empty()) continue;
    const auto first = std::min_element(
        group.chunks.begin(), group.chunks.end(),
        [](const io::FooterChunk& a, const io::FooterChunk& b) { return a.begin < b.begin; });
    file->split_offsets.push_back(first->begin);
  }
  std::sort(file->split_offsets.begin(), file->split_offsets.end());
}

bool IsDecimalOf(const FooterColumn& column, const Type& type) {
  return column.is_decimal && column.decimal_scale == type.scale &&
         column.decimal_precision <= type.precision;
}

}  // namespace

bool CanReadAs(const FooterColumn& column, const Type& type) {
  const PhysicalType physical = column.type;
  const bool integer = physical == PhysicalType::kInt32 || physical == PhysicalType::kInt64;
  const bool plain = column.logical == LogicalKind::kNone || column.logical == LogicalKind::kSigned;
  const bool bytes = physical == PhysicalType::kByteArray;
  switch (type.kind) {
    case TypeKind::kBoolean: return physical == PhysicalType::kBoolean;
    case TypeKind::kInt: return physical == PhysicalType::kInt32 && plain;
    case TypeKind::kLong: return integer && plain;
    case TypeKind::kFloat: return physical == PhysicalType::kFloat;
    case TypeKind::kDouble:
      return physical == PhysicalType::kFloat || physical == PhysicalType::kDouble;
    case TypeKind::kDecimal: return IsDecimalOf(column, type);
    case TypeKind::kDate:
      return physical == PhysicalType::kInt32 && column.logical == LogicalKind::kDate;
    case TypeKind::kTime: return integer && column.logical == LogicalKind::kTime;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampNs:
      return physical == PhysicalType::kInt64 && column.logical == LogicalKind::kTimestamp &&
             !column.adjusted_utc;
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampTzNs:
      return physical == PhysicalType::kInt64 && column.logical == LogicalKind::kTimestamp &&
             column.adjusted_utc;
    case TypeKind::kString: return bytes && column.logical == LogicalKind::kString;
    case TypeKind::kBinary: return bytes;
    case TypeKind::kUuid: return physical == PhysicalType::kFixedBytes && column.type_length == 16;
    case TypeKind::kFixed:
      return physical == PhysicalType::kFixedBytes && column.type_length == type.length;
    default: return false;
  }
}

const Field* FieldOfColumn(const ParquetFooter& footer, std::size_t column, const Schema& schema,
                           const NameMapping* names) {
  const FooterColumn& wanted = footer.columns[column];
  const bool has_ids = std::any_of(footer.columns.begin(), footer.columns.end(),
                                   [](const FooterColumn& c) { return c.field_id.has_value(); });
  std::optional<int> id = wanted.field_id;
  if (!has_ids && names != nullptr) id = names->Find(wanted.name);
  const bool by_name = !has_ids && names == nullptr;
  for (const Field& field : schema.fields) {
    if (by_name ? field.name == wanted.name : id == field.id) return &field;
  }
  return nullptr;
}

Result<DataFile> MetricsFromFooter(const ParquetFooter& footer, int64_t file_bytes,
                                   const Schema& schema, const MetricsOptions& options) {
  DataFile file;
  file.record_count = footer.rows;
  file.file_size = file_bytes;
  std::vector<std::pair<const Field*, std::size_t>> matched;
  for (std::size_t i = 0; i < footer.columns.size(); ++i) {
    if (!footer.columns[i].flat) continue;
    const Field* field = FieldOfColumn(footer, i, schema, options.names);
    if (field == nullptr || !field->type.IsPrimitive()) continue;
    if (!CanReadAs(footer.columns[i], field->type)) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("column {} is {} and cannot be read as field {} of the table",
                              footer.columns[i].name, footer.columns[i].TypeName(), field->name));
    }
    matched.emplace_back(field, i);
  }
  for (const Field& field : schema.fields) {
    const bool found = std::any_of(matched.begin(), matched.end(),
                                   [&](const auto& pair) { return pair.first == &field; });
    if (field.required && field.type.IsPrimitive() && !found) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("required field {} is missing from the file", field.name));
    }
  }
  std::sort(matched.begin(), matched.end(),
            [](const auto& a, const auto& b) { return a.first->id < b.first->id; });
  for (std::size_t i = 1; i < matched.size(); ++i) {
    if (matched[i].first != matched[i - 1].first) continue;
    return Fail(ErrorKind::kUnsupported,
                fmt::format("two columns stand for field {}", matched[i].first->name));
  }
  for (const auto& [field, column] : matched) {
    AddColumn(footer, column, *field, options.nan_are_nulls, &file);
  }
  AddSplits(footer, &file);
  return file;
}

}  // namespace tickhouse::lake
