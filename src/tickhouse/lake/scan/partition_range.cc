#include "tickhouse/lake/scan/partition_range.h"

#include <string>
#include <utility>

#include "tickhouse/lake/expression/column_facts.h"

namespace tickhouse::lake {
namespace {

std::optional<Value> BoundOf(const Type& type, const std::optional<std::string>& bytes) {
  if (!bytes) return std::nullopt;
  auto value = ValueFromBytes(type, *bytes);
  if (!value) return std::nullopt;
  return ToComparable(type, std::move(*value));
}

}  // namespace

PartitionRange::PartitionRange(const TableMetadata& metadata, const DeleteIndex& deletes) {
  everywhere_ = deletes.AppliesToAllPartitions();
  for (const DataFile* file : deletes.Files()) {
    auto& sides = by_spec_[file->spec_id];
    if (sides.empty()) {
      sides.resize(file->partition.size());
      const PartitionSpec* const spec = metadata.FindSpec(file->spec_id);
      const auto type =
          spec != nullptr ? spec->PartitionType(metadata.CurrentSchema()) : Result<Type>(Type{});
      for (std::size_t i = 0; i < sides.size(); ++i) {
        const bool known = type && i < type->fields.size();
        if (known) sides[i].type = type->fields[i].type;
        // Writers disagree on the order of UUIDs.
        sides[i].open = !known || !sides[i].type.IsPrimitive() ||
                        sides[i].type.kind == TypeKind::kUuid ||
                        sides[i].type.kind == TypeKind::kOpaque;
      }
    }
    Extend(*file, &sides);
  }
}

void PartitionRange::Extend(const DataFile& file, std::vector<Side>* sides) const {
  for (std::size_t i = 0; i < sides->size() && i < file.partition.size(); ++i) {
    Side& side = (*sides)[i];
    if (!file.partition[i]) {
      side.null = true;
      continue;
    }
    auto value = side.open ? std::nullopt : ToComparable(side.type, *file.partition[i]);
    if (!value) {  // NaN, or of another type than the spec's by now.
      side.open = true;
      continue;
    }
    if (!side.least || value->Compare(*side.least) < 0) side.least = value;
    if (!side.greatest || value->Compare(*side.greatest) > 0) side.greatest = std::move(value);
  }
}

bool PartitionRange::MayMeet(const Side& side, const PartitionSummary& summary) {
  if (side.open || (side.null && summary.contains_null)) return true;
  if (!side.least) return false;
  const auto lower = BoundOf(side.type, summary.lower_bound);
  const auto upper = BoundOf(side.type, summary.upper_bound);
  const bool below = upper && upper->Compare(*side.least) < 0;
  const bool above = lower && side.greatest->Compare(*lower) < 0;
  return !below && !above;
}

bool PartitionRange::MayHold(const ManifestFile& manifest) const {
  if (everywhere_) return true;
  const auto found = by_spec_.find(manifest.spec_id);
  if (found == by_spec_.end()) return false;
  const auto& sides = found->second;
  if (manifest.partitions.size() != sides.size()) return true;
  for (std::size_t i = 0; i < sides.size(); ++i) {
    if (!MayMeet(sides[i], manifest.partitions[i])) return false;
  }
  return true;
}

}  // namespace tickhouse::lake
