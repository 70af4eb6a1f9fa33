// What is known of a column over many rows, and what that says of a predicate.
#pragma once

#include <functional>
#include <optional>

#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

/// The default says nothing. Bounds are of the values that are neither null nor NaN, may be wider
/// than these, and went through `ToComparable`.
struct ColumnFacts {
  bool may_have_nulls = true;
  bool may_have_nans = true;
  bool may_have_values = true;
  std::optional<Value> lower = {};
  std::optional<Value> upper = {};
};

/// `value` so that `Compare` with literals of `type` has the order of filters: widened where a
/// column was promoted, -0.0 as 0.0. Nothing for NaN and for what does not fit the type.
std::optional<Value> ToComparable(const Type& type, Value value);

/// Lower above upper says nothing: both are dropped.
void DropCrossedBounds(ColumnFacts* facts);

/// Facts of one value.
ColumnFacts FactsOfValue(const Type& type, const std::optional<Value>& value);

using FactsOfLeaf = std::function<ColumnFacts(const Predicate& leaf)>;

/// False only when no row can make `predicate` true.
bool MayMatch(const Predicate& predicate, const FactsOfLeaf& facts);
/// True only when every row makes `predicate` true.
bool AllMatch(const Predicate& predicate, const FactsOfLeaf& facts);

}  // namespace tickhouse::lake
