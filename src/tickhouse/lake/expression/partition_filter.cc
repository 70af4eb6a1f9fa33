#include "tickhouse/lake/expression/partition_filter.h"

#include <string>
#include <utility>

#include "tickhouse/lake/expression/column_facts.h"
#include "tickhouse/lake/expression/metrics_filter.h"
#include "tickhouse/lake/expression/projection.h"

namespace tickhouse::lake {

namespace {

FactsOfLeaf FactsOfPartition(const PartitionValues& partition) {
  return [&partition](const Predicate& leaf) {
    const auto position = static_cast<std::size_t>(leaf.column.field_id);
    if (position >= partition.size()) return ColumnFacts{};
    return FactsOfValue(leaf.column.type, partition[position]);
  };
}

std::optional<Value> SummaryBound(const Type& type, const std::optional<std::string>& bytes) {
  if (!bytes || type.kind == TypeKind::kUuid) return std::nullopt;
  auto value = ValueFromBytes(type, *bytes);
  if (!value) return std::nullopt;
  return ToComparable(type, std::move(*value));
}

ColumnFacts FactsOfSummary(const Type& type, const PartitionSummary& summary) {
  const bool floating = type.kind == TypeKind::kFloat || type.kind == TypeKind::kDouble;
  ColumnFacts facts{.may_have_nulls = summary.contains_null,
                    .may_have_nans = floating && summary.contains_nan.value_or(true),
                    .lower = SummaryBound(type, summary.lower_bound),
                    .upper = SummaryBound(type, summary.upper_bound)};
  DropCrossedBounds(&facts);
  return facts;
}

bool IsJoined(const Predicate& predicate) {
  return predicate.op == PredicateOp::kAnd || predicate.op == PredicateOp::kOr;
}

}  // namespace

PartitionFilter::PartitionFilter(const Predicate& filter, const PartitionSpec& spec)
    : filter_(filter),
      fields_(spec.fields.size()),
      inclusive_(ProjectInclusive(filter, spec)),
      strict_(ProjectStrict(filter, spec)) {
  AddLeaves(filter, spec);
}

void PartitionFilter::AddLeaves(const Predicate& filter, const PartitionSpec& spec) {
  for (const Predicate& child : filter.children) AddLeaves(child, spec);
  if (IsJoined(filter)) return;
  leaves_.push_back(
      {.inclusive = ProjectInclusive(filter, spec), .strict = ProjectStrict(filter, spec)});
}

bool PartitionFilter::MayMatch(const ManifestFile& manifest) const {
  if (manifest.partitions.size() != fields_) return true;
  return lake::MayMatch(inclusive_, [&manifest](const Predicate& leaf) {
    const auto position = static_cast<std::size_t>(leaf.column.field_id);
    return FactsOfSummary(leaf.column.type, manifest.partitions[position]);
  });
}

bool PartitionFilter::MayMatch(const PartitionValues& partition) const {
  return lake::MayMatch(inclusive_, FactsOfPartition(partition));
}

bool PartitionFilter::AllMatch(const PartitionValues& partition) const {
  return lake::AllMatch(strict_, FactsOfPartition(partition));
}

Predicate PartitionFilter::Residual(const DataFile& file) const {
  std::size_t leaf = 0;
  return Reduce(filter_, file, &leaf);
}

Predicate PartitionFilter::Reduce(const Predicate& node, const DataFile& file,
                                  std::size_t* leaf) const {
  if (IsJoined(node)) {
    std::vector<Predicate> parts;
    parts.reserve(node.children.size());
    for (const Predicate& child : node.children) parts.push_back(Reduce(child, file, leaf));
    return node.op == PredicateOp::kAnd ? And(std::move(parts)) : Or(std::move(parts));
  }
  const Leaf& projected = leaves_[(*leaf)++];
  const FactsOfLeaf facts = FactsOfPartition(file.partition);
  if (lake::AllMatch(projected.strict, facts) || lake::AllMatch(node, file)) return Predicate{};
  if (!lake::MayMatch(projected.inclusive, facts) || !lake::MayMatch(node, file)) {
    return Predicate{.op = PredicateOp::kFalse};
  }
  return node;
}

}  // namespace tickhouse::lake
