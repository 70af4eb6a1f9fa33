#include "tickhouse/lake/expression/projection.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>

#include "tickhouse/core/time.h"

namespace tickhouse::lake {

namespace {

bool IsTime(TransformKind kind) {
  return kind == TransformKind::kYear || kind == TransformKind::kMonth ||
         kind == TransformKind::kDay || kind == TransformKind::kHour;
}

/// The next value in direction `step` of a type whose values are whole units; itself for others
/// and at the end of the range.
Value Neighbour(const Value& value, int step) {
  return std::visit(
      [step]<typename T>(const T& held) -> Value {
        if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t>) {
          using Limits = std::numeric_limits<T>;
          const T end = step < 0 ? Limits::min() : Limits::max();
          return Value{held == end ? held : static_cast<T>(held + step)};
        } else if constexpr (std::is_same_v<T, Int128>) {
          return Value{held + step};
        } else {
          return Value{held};
        }
      },
      value.data);
}

/// Hours of microseconds outgrow their 32 bits 245,000 years from now.
bool Overflows(const Transform& transform, const Type& source, const Value& value) {
  const bool micros = source.kind == TypeKind::kTimestamp || source.kind == TypeKind::kTimestampTz;
  if (transform.kind != TransformKind::kHour || !micros) return false;
  constexpr int64_t kMicrosPerHour = kNanosPerHour / 1'000;
  const int64_t hours = FloorDiv(std::get<int64_t>(value.data), kMicrosPerHour);
  return hours != static_cast<int32_t>(hours);
}

void Keep(std::vector<Value>* values, Value value) {
  const auto at = std::ranges::lower_bound(
      *values, value, [](const Value& a, const Value& b) { return a.Compare(b) < 0; });
  if (at == values->end() || !(*at == value)) values->insert(at, std::move(value));
}

class LeafProjection {
 public:
  LeafProjection(const Predicate& leaf, const PartitionField& field, int position, Type result)
      : leaf_(leaf), transform_(field.transform), source_(leaf.column.type) {
    projected_.op = leaf.op;
    projected_.column = {.field_id = position, .name = field.name, .type = std::move(result)};
  }

  /// Nothing when the partition says nothing of the leaf.
  std::optional<Predicate> Project() {
    if (leaf_.op == PredicateOp::kIsNull || leaf_.op == PredicateOp::kNotNull) return projected_;
    if (transform_.kind == TransformKind::kIdentity) {
      projected_.literals = leaf_.literals;
      return projected_;
    }
    for (const Value& literal : leaf_.literals) {
      if (Overflows(transform_, source_, literal)) return std::nullopt;
    }
    switch (leaf_.op) {
      case PredicateOp::kEqual:
      case PredicateOp::kIn: return ProjectSet();
      case PredicateOp::kLess:
      case PredicateOp::kLessEqual:
      case PredicateOp::kGreater:
      case PredicateOp::kGreaterEqual:
        return transform_.PreservesOrder() ? ProjectOrder() : std::nullopt;
      case PredicateOp::kStartsWith:
      case PredicateOp::kNotStartsWith: return ProjectPrefix();
      default: return std::nullopt;
    }
  }

 private:
  Value Apply(const Value& value) const { return *transform_.Apply(source_, value); }

  // Old writers rounded instants before 1970 towards it: their rows may lie one unit too high.
  bool MayLieHigher(const Value& partition) const {
    return IsTime(transform_.kind) && std::get<int32_t>(partition.data) < 0;
  }

  Predicate ProjectSet() {
    for (const Value& literal : leaf_.literals) {
      Value value = Apply(literal);
      if (MayLieHigher(value)) Keep(&projected_.literals, Neighbour(value, 1));
      Keep(&projected_.literals, std::move(value));
    }
    projected_.op = projected_.literals.size() == 1 ? PredicateOp::kEqual : PredicateOp::kIn;
    return projected_;
  }

  std::optional<Predicate> ProjectOrder() {
    const Value& literal = leaf_.literals[0];
    switch (leaf_.op) {
      case PredicateOp::kLess: return AtMost(Neighbour(literal, -1));
      case PredicateOp::kLessEqual: return AtMost(literal);
      case PredicateOp::kGreater: return AtLeast(Neighbour(literal, 1));
      default: return AtLeast(literal);
    }
  }

  Predicate AtMost(const Value& value) {
    Value bound = Apply(value);
    if (MayLieHigher(bound)) bound = Neighbour(bound, 1);
    projected_.op = PredicateOp::kLessEqual;
    projected_.literals = {std::move(bound)};
    // Truncation of the very least integers wraps around to a great one.
    const auto least = LeastValue();
    if (!least || !Wraps(*least)) return projected_;
    Predicate wrapped = projected_;
    wrapped.op = PredicateOp::kEqual;
    wrapped.literals = {Apply(*least)};
    return Or({std::move(projected_), std::move(wrapped)});
  }

  std::optional<Predicate> AtLeast(const Value& value) {
    if (Wraps(value)) return std::nullopt;
    projected_.op = PredicateOp::kGreaterEqual;
    projected_.literals = {Apply(value)};
    return projected_;
  }

  std::optional<Value> LeastValue() const {
    if (transform_.kind != TransformKind::kTruncate) return std::nullopt;
    if (source_.kind == TypeKind::kInt) return Value{std::numeric_limits<int32_t>::min()};
    if (source_.kind == TypeKind::kLong) return Value{std::numeric_limits<int64_t>::min()};
    return std::nullopt;
  }
  bool Wraps(const Value& value) const { return LeastValue() && Apply(value).Compare(value) > 0; }

  std::optional<Predicate> ProjectPrefix() {
    if (transform_.kind != TransformKind::kTruncate) return std::nullopt;
    // What begins with the prefix begins with its truncation; what is cut and begins with the whole
    // prefix did so before the cut.
    const bool is_positive = leaf_.op == PredicateOp::kStartsWith;
    projected_.literals = {is_positive ? Apply(leaf_.literals[0]) : leaf_.literals[0]};
    return projected_;
  }

  const Predicate& leaf_;
  const Transform& transform_;
  const Type& source_;
  Predicate projected_;
};

Predicate ProjectLeaf(const Predicate& leaf, const PartitionSpec& spec) {
  std::vector<Predicate> parts;
  for (std::size_t i = 0; i < spec.fields.size(); ++i) {
    const PartitionField& field = spec.fields[i];
    const bool silent = field.transform.kind == TransformKind::kVoid ||
                        field.transform.kind == TransformKind::kUnknown;
    if (field.source_id != leaf.column.field_id || silent) continue;
    auto type = field.transform.ResultType(leaf.column.type);
    if (!type) continue;
    auto part = LeafProjection(leaf, field, static_cast<int>(i), std::move(*type)).Project();
    if (part) parts.push_back(std::move(*part));
  }
  return And(std::move(parts));
}

}  // namespace

Predicate ProjectInclusive(const Predicate& predicate, const PartitionSpec& spec) {
  if (predicate.IsTrue() || predicate.IsFalse()) return Predicate{.op = predicate.op};
  if (predicate.children.empty()) return ProjectLeaf(predicate, spec);
  std::vector<Predicate> parts;
  parts.reserve(predicate.children.size());
  for (const Predicate& child : predicate.children) parts.push_back(ProjectInclusive(child, spec));
  return predicate.op == PredicateOp::kAnd ? And(std::move(parts)) : Or(std::move(parts));
}

// All rows of a partition match when none can match the opposite. Null rows match neither, but lie
// in null partitions, of which the negated projection is not true.
Predicate ProjectStrict(const Predicate& predicate, const PartitionSpec& spec) {
  return Negate(ProjectInclusive(Negate(predicate), spec));
}

}  // namespace tickhouse::lake
