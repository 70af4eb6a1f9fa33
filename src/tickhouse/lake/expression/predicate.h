// Filters over rows: `Expression` as a person writes it, `Predicate` bound to the fields of a
// schema.
//
// The logic is SQL's, of three values: a comparison with null is unknown, and a row is chosen only
// where the whole is true. NaN equals NaN and is greater than every number (as in DuckDB, Spark and
// PostgreSQL); -0.0 equals 0.0. "is nan" and "is null" are never unknown.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/lake/format/type.h"
#include "tickhouse/lake/format/value.h"

namespace tickhouse::lake {

enum class PredicateOp {
  kTrue,
  kFalse,
  kAnd,
  kOr,
  kNot,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kNotIn,
  kIsNull,
  kNotNull,
  kIsNan,
  kNotNan,  ///< True of null too.
  kStartsWith,
  kNotStartsWith,
};

/// As written. kAnd and kOr have two children or more, kNot has one; kIn and kNotIn any number of
/// literals, comparisons and kStartsWith one.
struct Expression {
  PredicateOp op = PredicateOp::kTrue;
  std::string column = {};                 ///< Dotted path in the schema.
  std::vector<std::string> literals = {};  ///< As `ParseValue` reads them, without quotes.
  std::vector<Expression> children = {};
  bool operator==(const Expression& other) const;
};

struct BoundColumn {
  int field_id = 0;
  std::string name = {};
  Type type = {};
  bool required = false;                 ///< No row is null there.
  std::optional<Value> if_missing = {};  ///< What rows of files without the column hold.
};

/// Bound: never kNot. Literals are of the column's type, never NaN and never -0.0; those of kIn and
/// kNotIn ascend, each once.
struct Predicate {
  PredicateOp op = PredicateOp::kTrue;
  BoundColumn column = {};
  std::vector<Value> literals = {};
  std::vector<Predicate> children = {};

  bool IsTrue() const { return op == PredicateOp::kTrue; }
  bool IsFalse() const { return op == PredicateOp::kFalse; }
};

/// The operation that is true exactly where `op` is false; kAnd and kOr change places.
PredicateOp Negated(PredicateOp op);

// Constants are folded and children of the same operation taken in; without children kTrue, kFalse.
Predicate And(std::vector<Predicate> parts);
Predicate Or(std::vector<Predicate> parts);
/// True where `predicate` is false, unknown where that is unknown.
Predicate Negate(Predicate predicate);

std::set<int> FieldIdsOf(const Predicate& predicate);

/// What `ParseExpression` reads back to the same. A predicate's literals stand as `ValueToText`
/// writes them.
std::string ToText(const Expression& expression);
std::string ToText(const Predicate& predicate);

/// True for a word of the filter language, in any case: as a column it must be quoted.
bool IsFilterKeyword(std::string_view word);

}  // namespace tickhouse::lake
