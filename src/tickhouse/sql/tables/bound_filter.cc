#include "tickhouse/sql/tables/bound_filter.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tickhouse/core/time.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/sql/engine/cell_text.h"

namespace tickhouse::sql {

namespace {

using lake::PredicateOp;
using lake::TypeKind;

PredicateOp OpOf(BoundKind kind) {
  switch (kind) {
    case BoundKind::kLess: return PredicateOp::kLess;
    case BoundKind::kLessOrEqual: return PredicateOp::kLessEqual;
    case BoundKind::kGreater: return PredicateOp::kGreater;
    case BoundKind::kGreaterOrEqual: return PredicateOp::kGreaterEqual;
    case BoundKind::kEqual: break;
  }
  return PredicateOp::kEqual;
}

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(
      a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// A name that fits two columns is DuckDB's to complain about.
const lake::Field* FieldNamed(const lake::Schema& schema, std::string_view name) {
  const lake::Field* found = nullptr;
  for (const lake::Field& field : schema.fields) {
    if (!SameName(field.name, name)) continue;
    if (found != nullptr) return nullptr;
    found = &field;
  }
  return found;
}

bool IsWhole(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<lake::Expression> Understood(const ColumnBound& bound, const lake::Field& field) {
  lake::Expression expression{.op = OpOf(bound.kind), .column = field.name};
  switch (field.type.kind) {
    case TypeKind::kInt:
    case TypeKind::kLong:
    case TypeKind::kDecimal:
      // DuckDB rounds '1.5' to the column's type; a filter of ours does not.
      if (!IsWhole(bound.text)) return std::nullopt;
      expression.literals = {bound.text};
      return expression;
    case TypeKind::kDouble: expression.literals = {bound.text}; return expression;
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
      if (!bound.time_us) return std::nullopt;
      expression.literals = {TimestampTextOfMicros(*bound.time_us)};
      expression.literals[0][10] = 'T';
      if (field.type.kind == TypeKind::kTimestampTz) expression.literals[0] += 'Z';
      return expression;
    case TypeKind::kDate: {
      if (!bound.time_us) return std::nullopt;
      constexpr int64_t kMicrosPerDay = 86'400'000'000;
      const int64_t day = FloorDiv(*bound.time_us, kMicrosPerDay);
      expression.literals = {DateText(static_cast<int32_t>(day))};
      // Of a time within the day, the day itself is below.
      if (bound.kind == BoundKind::kLess) expression.op = PredicateOp::kLessEqual;
      return expression;
    }
    default: return std::nullopt;
  }
}

// Years that need a sign are written differently by the two rooms.
bool HasFourDigitYear(const ColumnBound& bound) {
  constexpr int64_t kYear1 = -62'135'596'800'000'000;
  constexpr int64_t kYear10000 = 253'402'300'800'000'000;
  return !bound.time_us || (*bound.time_us >= kYear1 && *bound.time_us < kYear10000);
}

}  // namespace

lake::Predicate FilterOf(const std::vector<ColumnBound>& bounds, const lake::Schema& schema) {
  std::vector<lake::Predicate> parts;
  for (const ColumnBound& bound : bounds) {
    const lake::Field* field = FieldNamed(schema, bound.column);
    if (field == nullptr || !HasFourDigitYear(bound)) continue;
    const std::optional<lake::Expression> expression = Understood(bound, *field);
    if (!expression) continue;
    Result<lake::Predicate> predicate = lake::Bind(*expression, schema);
    if (predicate) parts.push_back(*std::move(predicate));
  }
  return lake::And(std::move(parts));
}

}  // namespace tickhouse::sql
