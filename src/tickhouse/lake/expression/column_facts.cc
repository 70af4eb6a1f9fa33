#include "tickhouse/lake/expression/column_facts.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

namespace tickhouse::lake {

namespace {

bool Below(const Value& a, const Value& b) {
  return a.Compare(b) < 0;
}

bool IsOnly(const ColumnFacts& facts, const Value& value) {
  return facts.lower && facts.upper && *facts.lower == value && *facts.upper == value;
}

bool MayHold(const ColumnFacts& facts, const Value& value) {
  return !(facts.lower && Below(value, *facts.lower)) &&
         !(facts.upper && Below(*facts.upper, value));
}

bool MayHoldAny(const ColumnFacts& facts, const std::vector<Value>& ascending) {
  if (!facts.lower) return !facts.upper || MayHold(facts, ascending.front());
  const auto first = std::ranges::lower_bound(ascending, *facts.lower, Below);
  return first != ascending.end() && MayHold(facts, *first);
}

bool IsOnlyOneOf(const ColumnFacts& facts, const std::vector<Value>& ascending) {
  return facts.lower && IsOnly(facts, *facts.lower) &&
         std::ranges::binary_search(ascending, *facts.lower, Below);
}

// Of truncated bounds too: they lie outside of the values, and a prefix's strings are one stretch.
bool MayHoldPrefix(const ColumnFacts& facts, const std::string& prefix) {
  if (facts.upper && std::get<std::string>(facts.upper->data) < prefix) return false;
  return !facts.lower ||
         std::get<std::string>(facts.lower->data).compare(0, prefix.size(), prefix) <= 0;
}

bool HoldsOnlyPrefix(const ColumnFacts& facts, const std::string& prefix) {
  return facts.lower && facts.upper &&
         std::get<std::string>(facts.lower->data).starts_with(prefix) &&
         std::get<std::string>(facts.upper->data).starts_with(prefix);
}

bool MayMatchValues(const Predicate& leaf, const ColumnFacts& facts) {
  const auto& literals = leaf.literals;
  switch (leaf.op) {
    case PredicateOp::kEqual: return MayHold(facts, literals[0]);
    case PredicateOp::kNotEqual: return !IsOnly(facts, literals[0]);
    case PredicateOp::kLess: return !facts.lower || Below(*facts.lower, literals[0]);
    case PredicateOp::kLessEqual: return !facts.lower || !Below(literals[0], *facts.lower);
    case PredicateOp::kGreater: return !facts.upper || Below(literals[0], *facts.upper);
    case PredicateOp::kGreaterEqual: return !facts.upper || !Below(*facts.upper, literals[0]);
    case PredicateOp::kIn: return MayHoldAny(facts, literals);
    case PredicateOp::kNotIn: return !IsOnlyOneOf(facts, literals);
    case PredicateOp::kStartsWith:
      return MayHoldPrefix(facts, std::get<std::string>(literals[0].data));
    case PredicateOp::kNotStartsWith:
      return !HoldsOnlyPrefix(facts, std::get<std::string>(literals[0].data));
    default: return true;
  }
}

bool MatchesNan(PredicateOp op) {
  return op == PredicateOp::kGreater || op == PredicateOp::kGreaterEqual ||
         op == PredicateOp::kNotEqual || op == PredicateOp::kNotIn;
}

bool MayMatchLeaf(const Predicate& leaf, const ColumnFacts& facts) {
  switch (leaf.op) {
    case PredicateOp::kTrue: return true;
    case PredicateOp::kFalse: return false;
    case PredicateOp::kIsNull: return facts.may_have_nulls;
    case PredicateOp::kNotNull: return facts.may_have_values || facts.may_have_nans;
    case PredicateOp::kIsNan: return facts.may_have_nans;
    case PredicateOp::kNotNan: return facts.may_have_values || facts.may_have_nulls;
    default: break;
  }
  if (facts.may_have_nans && MatchesNan(leaf.op)) return true;
  return facts.may_have_values && MayMatchValues(leaf, facts);
}

bool IsNeverUnknown(PredicateOp op) {
  switch (op) {
    case PredicateOp::kTrue:
    case PredicateOp::kFalse:
    case PredicateOp::kIsNull:
    case PredicateOp::kNotNull:
    case PredicateOp::kIsNan:
    case PredicateOp::kNotNan: return true;
    default: return false;
  }
}

// Every row: none is unknown, and none makes the opposite true.
bool AllMatchLeaf(const Predicate& leaf, const ColumnFacts& facts) {
  if (facts.may_have_nulls && !IsNeverUnknown(leaf.op)) return false;
  Predicate opposite = leaf;
  opposite.op = Negated(leaf.op);
  return !MayMatchLeaf(opposite, facts);
}

}  // namespace

std::optional<Value> ToComparable(const Type& type, Value value) {
  if (value.IsNan()) return std::nullopt;
  const auto* const whole = std::get_if<int32_t>(&value.data);
  const auto* const single = std::get_if<float>(&value.data);
  switch (type.kind) {
    case TypeKind::kLong:
      if (whole != nullptr) return Value{int64_t{*whole}};
      [[fallthrough]];
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs:
      return std::holds_alternative<int64_t>(value.data) ? std::optional(std::move(value))
                                                         : std::nullopt;
    case TypeKind::kInt:
    case TypeKind::kDate: return whole != nullptr ? std::optional(std::move(value)) : std::nullopt;
    // Adding 0.0 turns -0.0 into 0.0.
    case TypeKind::kFloat:
      return single != nullptr ? std::optional(Value{*single + 0.0F}) : std::nullopt;
    case TypeKind::kDouble: {
      if (single != nullptr) return Value{static_cast<double>(*single) + 0.0};
      const auto* const real = std::get_if<double>(&value.data);
      return real != nullptr ? std::optional(Value{*real + 0.0}) : std::nullopt;
    }
    case TypeKind::kBoolean:
      return std::holds_alternative<bool>(value.data) ? std::optional(std::move(value))
                                                      : std::nullopt;
    case TypeKind::kDecimal:
      return std::holds_alternative<Int128>(value.data) ? std::optional(std::move(value))
                                                        : std::nullopt;
    default:
      return std::holds_alternative<std::string>(value.data) ? std::optional(std::move(value))
                                                             : std::nullopt;
  }
}

void DropCrossedBounds(ColumnFacts* facts) {
  if (!facts->lower || !facts->upper || !Below(*facts->upper, *facts->lower)) return;
  facts->lower.reset();
  facts->upper.reset();
}

ColumnFacts FactsOfValue(const Type& type, const std::optional<Value>& value) {
  ColumnFacts facts{.may_have_nulls = !value,
                    .may_have_nans = value && value->IsNan(),
                    .may_have_values = value && !value->IsNan()};
  if (!facts.may_have_values) return facts;
  facts.lower = ToComparable(type, *value);
  facts.upper = facts.lower;
  return facts;
}

bool MayMatch(const Predicate& predicate, const FactsOfLeaf& facts) {
  const auto may = [&](const Predicate& child) { return MayMatch(child, facts); };
  if (predicate.op == PredicateOp::kAnd) return std::ranges::all_of(predicate.children, may);
  if (predicate.op == PredicateOp::kOr) return std::ranges::any_of(predicate.children, may);
  if (predicate.IsTrue() || predicate.IsFalse()) return predicate.IsTrue();
  return MayMatchLeaf(predicate, facts(predicate));
}

bool AllMatch(const Predicate& predicate, const FactsOfLeaf& facts) {
  const auto all = [&](const Predicate& child) { return AllMatch(child, facts); };
  if (predicate.op == PredicateOp::kAnd) return std::ranges::all_of(predicate.children, all);
  if (predicate.op == PredicateOp::kOr) return std::ranges::any_of(predicate.children, all);
  if (predicate.IsTrue() || predicate.IsFalse()) return predicate.IsTrue();
  return AllMatchLeaf(predicate, facts(predicate));
}

}  // namespace tickhouse::lake
