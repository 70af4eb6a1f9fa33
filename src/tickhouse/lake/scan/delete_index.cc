#include "tickhouse/lake/scan/delete_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tickhouse/lake/expression/metrics_filter.h"

namespace tickhouse::lake {
namespace {

/// Of the column `file_path` in position delete files.
constexpr int kFilePathId = 2147483546;

template <typename T>
void AppendRaw(const T& value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

void AppendValue(const Value& value, std::string* bytes) {
  bytes->push_back(static_cast<char>('0' + value.data.index()));
  std::visit(
      [bytes]<typename T>(const T& held) {
        if constexpr (std::is_same_v<T, std::string>) {
          AppendRaw(held.size(), bytes);
          *bytes += held;
        } else if constexpr (std::is_floating_point_v<T>) {
          AppendRaw(std::isnan(held) ? std::numeric_limits<T>::quiet_NaN() : held, bytes);
        } else {
          AppendRaw(held, bytes);
        }
      },
      value.data);
}

// Bounds of paths are written whole, but nothing obliges a writer to: what is cut ends elsewhere.
bool IsWholePath(std::string_view bound) {
  return bound.ends_with(".parquet") || bound.ends_with(".orc") || bound.ends_with(".avro");
}

const std::string* OnlyPath(const DataFile& deletes) {
  if (deletes.referenced_data_file) return &*deletes.referenced_data_file;
  const std::string* lower = FindByFieldId(deletes.lower_bounds, kFilePathId);
  const std::string* upper = FindByFieldId(deletes.upper_bounds, kFilePathId);
  const bool one = lower != nullptr && upper != nullptr && *lower == *upper && IsWholePath(*lower);
  return one ? lower : nullptr;
}

bool PathWithinBounds(const DataFile& deletes, std::string_view path) {
  const std::string* lower = FindByFieldId(deletes.lower_bounds, kFilePathId);
  const std::string* upper = FindByFieldId(deletes.upper_bounds, kFilePathId);
  // An upper bound may be cut without having been raised: compared over its own length only.
  if (lower != nullptr && path < *lower) return false;
  return upper == nullptr || path.substr(0, upper->size()) <= *upper;
}

bool IsPartitioned(const PartitionSpec& spec) {
  return std::ranges::any_of(spec.fields, [](const PartitionField& field) {
    return field.transform.kind != TransformKind::kVoid;
  });
}

std::vector<BoundColumn> ColumnsOf(const TableMetadata& metadata, const std::vector<int>& ids) {
  std::vector<BoundColumn> columns;
  for (const int id : ids) {
    const Field* field = metadata.CurrentSchema().FindById(id);
    for (auto schema = metadata.schemas.rbegin();
         field == nullptr && schema != metadata.schemas.rend(); ++schema) {
      field = schema->FindById(id);
    }
    if (field == nullptr || !field->type.IsPrimitive()) continue;
    columns.push_back({.field_id = id, .name = field->name, .type = field->type});
  }
  return columns;
}

bool HasOverlap(const ColumnFacts& a, const ColumnFacts& b) {
  if (a.may_have_nulls && b.may_have_nulls) return true;
  if (a.may_have_nans && b.may_have_nans) return true;
  if (!a.may_have_values || !b.may_have_values) return false;
  const bool below = a.upper && b.lower && a.upper->Compare(*b.lower) < 0;
  const bool above = a.lower && b.upper && b.upper->Compare(*a.lower) < 0;
  return !below && !above;
}

}  // namespace

std::string PartitionBytes(const DataFile& file) {
  std::string bytes;
  AppendRaw(file.spec_id, &bytes);
  for (const auto& value : file.partition) {
    if (value) {
      AppendValue(*value, &bytes);
    } else {
      bytes.push_back('n');
    }
  }
  return bytes;
}

Result<DeleteIndex> DeleteIndex::Build(const TableMetadata& metadata,
                                       std::vector<ManifestEntry> entries) {
  DeleteIndex index;
  index.deletes_.reserve(entries.size());
  for (ManifestEntry& entry : entries) {
    auto columns = ColumnsOf(metadata, entry.file.equality_ids);
    index.deletes_.push_back({.entry = std::move(entry), .equality_columns = std::move(columns)});
  }
  std::ranges::stable_sort(index.deletes_, [](const Delete& a, const Delete& b) {
    return std::forward_as_tuple(a.number(), a.entry.file.path) <
           std::forward_as_tuple(b.number(), b.entry.file.path);
  });
  for (std::size_t i = 0; i < index.deletes_.size(); ++i) {
    TICKHOUSE_TRY(index.Place(metadata, i));
  }
  return index;
}

Status DeleteIndex::Place(const TableMetadata& metadata, std::size_t number) {
  const DataFile& file = deletes_[number].entry.file;
  if (file.content == FileContent::kEqualityDeletes) {
    const PartitionSpec* const spec = metadata.FindSpec(file.spec_id);
    const bool global = spec == nullptr || !IsPartitioned(*spec);
    (global ? equality_of_all_ : equality_of_partition_[PartitionBytes(file)]).push_back(number);
    return {};
  }
  if (file.IsDeletionVector()) {
    if (!file.referenced_data_file) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{}: a deletion vector that names no data file", file.path));
    }
    const auto [other, is_new] = vectors_.emplace(*file.referenced_data_file, number);
    if (is_new) return {};
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{} and {}: two deletion vectors of {}",
                            deletes_[other->second].entry.file.path, file.path, other->first));
  }
  const std::string* const path = OnlyPath(file);
  auto& group =
      path != nullptr ? positions_of_file_[*path] : positions_of_partition_[PartitionBytes(file)];
  group.push_back(number);
  return {};
}

void DeleteIndex::AddPositions(const DataFile& data, int64_t sequence_number,
                               std::vector<DataFile>* found) const {
  if (const auto at = vectors_.find(data.path); at != vectors_.end()) {
    const Delete& vector = deletes_[at->second];
    if (vector.number() >= sequence_number) {
      found->push_back(vector.entry.file);
      return;
    }
  }
  Numbers numbers;
  if (const auto at = positions_of_file_.find(data.path); at != positions_of_file_.end()) {
    numbers = at->second;
  }
  if (!positions_of_partition_.empty()) {
    const auto at = positions_of_partition_.find(PartitionBytes(data));
    if (at != positions_of_partition_.end()) {
      std::ranges::copy_if(at->second, std::back_inserter(numbers), [&](std::size_t number) {
        return PathWithinBounds(deletes_[number].entry.file, data.path);
      });
    }
  }
  std::ranges::sort(numbers);
  for (const std::size_t number : numbers) {
    if (deletes_[number].number() < sequence_number) continue;
    found->push_back(deletes_[number].entry.file);
  }
}

void DeleteIndex::AddEquality(const Numbers& numbers, const DataFile& data, int64_t sequence_number,
                              std::vector<DataFile>* found) const {
  const auto first =
      std::ranges::upper_bound(numbers, sequence_number, {},
                               [this](std::size_t number) { return deletes_[number].number(); });
  for (auto at = first; at != numbers.end(); ++at) {
    const Delete& deletes = deletes_[*at];
    const DataFile& file = deletes.entry.file;
    const bool overlaps =
        std::ranges::all_of(deletes.equality_columns, [&](const BoundColumn& column) {
          return HasOverlap(FactsOfFile(data, column), FactsOfFile(file, column));
        });
    if (overlaps) found->push_back(file);
  }
}

std::vector<const DataFile*> DeleteIndex::Files() const {
  std::vector<const DataFile*> files;
  for (const Delete& deletes : deletes_) files.push_back(&deletes.entry.file);
  return files;
}

std::vector<DataFile> DeleteIndex::For(const DataFile& data, int64_t sequence_number) const {
  std::vector<DataFile> found;
  if (deletes_.empty()) return found;
  AddPositions(data, sequence_number, &found);
  if (!equality_of_partition_.empty()) {
    const auto at = equality_of_partition_.find(PartitionBytes(data));
    if (at != equality_of_partition_.end()) {
      AddEquality(at->second, data, sequence_number, &found);
    }
  }
  AddEquality(equality_of_all_, data, sequence_number, &found);
  return found;
}

}  // namespace tickhouse::lake
