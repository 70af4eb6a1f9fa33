#include "tickhouse/lake/expression/metrics_filter.h"

#include <string>

namespace tickhouse::lake {

namespace {

std::optional<Value> Bound(const ByFieldId<std::string>& bounds, const BoundColumn& column) {
  if (column.type.kind == TypeKind::kUuid) return std::nullopt;
  const std::string* bytes = FindByFieldId(bounds, column.field_id);
  if (bytes == nullptr) return std::nullopt;
  auto value = ValueFromBytes(column.type, *bytes);
  if (!value) return std::nullopt;
  return ToComparable(column.type, std::move(*value));
}

}  // namespace

ColumnFacts FactsOfFile(const DataFile& file, const BoundColumn& column) {
  const int64_t* rows = FindByFieldId(file.value_counts, column.field_id);
  const int64_t* nulls = FindByFieldId(file.null_counts, column.field_id);
  const int64_t* nans = FindByFieldId(file.nan_counts, column.field_id);
  const bool floating =
      column.type.kind == TypeKind::kFloat || column.type.kind == TypeKind::kDouble;
  ColumnFacts facts;
  facts.may_have_nulls = nulls != nullptr ? *nulls != 0 : !column.required;
  facts.may_have_nans = floating && (nans == nullptr || *nans != 0);
  if (rows != nullptr && nulls != nullptr) {
    const int64_t present = *rows - *nulls;
    if (present == 0) facts.may_have_nans = false;
    const bool only_nans = facts.may_have_nans && nans != nullptr && *nans == present;
    facts.may_have_values = present != 0 && !only_nans;
  }
  facts.lower = Bound(file.lower_bounds, column);
  facts.upper = Bound(file.upper_bounds, column);
  DropCrossedBounds(&facts);
  return facts;
}

bool MayMatch(const Predicate& predicate, const DataFile& file) {
  if (file.record_count == 0) return false;
  return MayMatch(predicate,
                  [&file](const Predicate& leaf) { return FactsOfFile(file, leaf.column); });
}

bool AllMatch(const Predicate& predicate, const DataFile& file) {
  if (file.record_count == 0) return true;
  return AllMatch(predicate,
                  [&file](const Predicate& leaf) { return FactsOfFile(file, leaf.column); });
}

}  // namespace tickhouse::lake
