#include "tickhouse/lake/update/snapshot_summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tickhouse::lake {
namespace {

std::weak_ordering Order(const std::optional<Value>& a, const std::optional<Value>& b) {
  if (!a || !b) return a.has_value() <=> b.has_value();
  // One spec under schemas of several ages may hold an int here and a long there.
  if (a->data.index() != b->data.index()) return a->data.index() <=> b->data.index();
  return a->Compare(*b);
}

std::optional<int64_t> TotalOf(const Snapshot* parent, const std::string& key) {
  if (parent == nullptr) return 0;
  const auto found = parent->summary.find(key);
  if (found == parent->summary.end()) return {};
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return {};
  return value;
}

}  // namespace

PartitionKey PartitionOf(const DataFile& file) {
  return {.spec_id = file.spec_id, .values = file.partition};
}

bool operator<(const PartitionKey& a, const PartitionKey& b) {
  if (a.spec_id != b.spec_id) return a.spec_id < b.spec_id;
  const std::size_t size = std::min(a.values.size(), b.values.size());
  for (std::size_t i = 0; i < size; ++i) {
    const auto order = Order(a.values[i], b.values[i]);
    if (order != 0) return order < 0;
  }
  return a.values.size() < b.values.size();
}

void SummaryCounts::Count(const DataFile& file, Side* side) {
  side->bytes += file.IsDeletionVector() ? file.content_size.value_or(0) : file.file_size;
  if (file.content == FileContent::kData) {
    ++side->data_files;
    side->records += file.record_count;
    return;
  }
  ++side->delete_files;
  if (file.content == FileContent::kEqualityDeletes) {
    ++side->equality_files;
    side->equality_deletes += file.record_count;
    return;
  }
  ++(file.IsDeletionVector() ? side->vectors : side->position_files);
  side->position_deletes += file.record_count;
}

void SummaryCounts::Add(const DataFile& file) {
  Count(file, &added_);
  partitions_.insert(PartitionOf(file));
}

void SummaryCounts::Remove(const DataFile& file) {
  Count(file, &removed_);
  partitions_.insert(PartitionOf(file));
}

std::map<std::string, std::string> SummaryCounts::Build(const Snapshot* parent) const {
  std::map<std::string, std::string> summary;
  const auto set = [&](const char* key, int64_t value) {
    if (value > 0) summary[key] = fmt::to_string(value);
  };
  set("added-data-files", added_.data_files);
  set("deleted-data-files", removed_.data_files);
  set("added-delete-files", added_.delete_files);
  set("removed-delete-files", removed_.delete_files);
  set("added-position-delete-files", added_.position_files);
  set("removed-position-delete-files", removed_.position_files);
  set("added-equality-delete-files", added_.equality_files);
  set("removed-equality-delete-files", removed_.equality_files);
  set("added-dvs", added_.vectors);
  set("removed-dvs", removed_.vectors);
  set("added-records", added_.records);
  set("deleted-records", removed_.records);
  set("added-files-size", added_.bytes);
  set("removed-files-size", removed_.bytes);
  set("added-position-deletes", added_.position_deletes);
  set("removed-position-deletes", removed_.position_deletes);
  set("added-equality-deletes", added_.equality_deletes);
  set("removed-equality-deletes", removed_.equality_deletes);
  summary["changed-partition-count"] = fmt::to_string(partitions_.size());
  const auto total = [&](const char* key, int64_t Side::* member) {
    const auto before = TotalOf(parent, key);
    if (!before) return;
    const int64_t now = *before + added_.*member - removed_.*member;
    if (now >= 0) summary[key] = fmt::to_string(now);
  };
  total("total-data-files", &Side::data_files);
  total("total-delete-files", &Side::delete_files);
  total("total-records", &Side::records);
  total("total-files-size", &Side::bytes);
  total("total-position-deletes", &Side::position_deletes);
  total("total-equality-deletes", &Side::equality_deletes);
  return summary;
}

}  // namespace tickhouse::lake
