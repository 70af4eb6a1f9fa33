#include "tickhouse/lake/expression/bind.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <utility>

#include "tickhouse/lake/expression/filter_literal.h"
#include "tickhouse/lake/expression/predicate_parser.h"

namespace tickhouse::lake {

namespace {

using Place = FilterLiteral::Place;

constexpr std::size_t kMaxNamesTold = 50;

bool SameIgnoringCase(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](char x, char y) {
    return std::tolower(static_cast<unsigned char>(x)) ==
           std::tolower(static_cast<unsigned char>(y));
  });
}

// Leaves of structs by dotted path; what lies in lists and maps has many values a row.
void ListColumns(const std::vector<Field>& fields, const std::string& prefix,
                 std::vector<std::pair<std::string, const Field*>>* columns) {
  for (const Field& field : fields) {
    std::string path = prefix + field.name;
    if (field.type.kind == TypeKind::kStruct) {
      ListColumns(field.type.fields, path + ".", columns);
    } else {
      columns->emplace_back(std::move(path), &field);
    }
  }
}

class Binder {
 public:
  explicit Binder(const Schema& schema) { ListColumns(schema.fields, "", &columns_); }

  Result<Predicate> Bind(const Expression& expression, bool negated) const {
    switch (expression.op) {
      case PredicateOp::kNot: return Bind(expression.children.front(), !negated);
      case PredicateOp::kAnd:
      case PredicateOp::kOr: return BindJoined(expression, negated);
      case PredicateOp::kTrue:
      case PredicateOp::kFalse:
        return Predicate{.op = negated ? Negated(expression.op) : expression.op};
      default: return BindLeaf(expression, negated ? Negated(expression.op) : expression.op);
    }
  }

 private:
  Result<Predicate> BindJoined(const Expression& expression, bool negated) const {
    std::vector<Predicate> parts;
    for (const Expression& child : expression.children) {
      TICKHOUSE_ASSIGN(Predicate part, Bind(child, negated));
      parts.push_back(std::move(part));
    }
    const bool is_and = (expression.op == PredicateOp::kAnd) != negated;
    return is_and ? And(std::move(parts)) : Or(std::move(parts));
  }

  Result<const std::pair<std::string, const Field*>*> Find(std::string_view name) const {
    const std::pair<std::string, const Field*>* found = nullptr;
    int alike = 0;
    for (const auto& column : columns_) {
      if (column.first == name) return &column;
      if (!SameIgnoringCase(column.first, name)) continue;
      found = &column;
      ++alike;
    }
    if (alike == 1) return found;
    std::vector<std::string_view> known;
    for (const auto& column : columns_) {
      if (known.size() < kMaxNamesTold) known.emplace_back(column.first);
    }
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("filter: {} column \"{}\"; the table has {}{}",
                            alike > 1 ? "more than one" : "no", name, fmt::join(known, ", "),
                            columns_.size() > known.size() ? ", ..." : ""));
  }

  Result<BoundColumn> BindColumn(std::string_view name) const {
    TICKHOUSE_ASSIGN(const auto* found, Find(name));
    const Field& field = *found->second;
    if (!field.type.IsPrimitive() || field.type.kind == TypeKind::kOpaque) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("filter: column \"{}\" is a {}; rows are not filtered by that",
                              found->first, field.type.ToString()));
    }
    BoundColumn column{.field_id = field.id, .name = found->first, .type = field.type};
    // A required member of a struct that is null is null all the same.
    column.required = field.required && found->first == field.name;
    if (field.initial_default && *field.initial_default != "null") {
      TICKHOUSE_ASSIGN(column.if_missing, ValueFromJson(field.type, *field.initial_default));
    }
    return column;
  }

  Result<Predicate> BindLeaf(const Expression& leaf, PredicateOp op) const {
    TICKHOUSE_ASSIGN(BoundColumn column, BindColumn(leaf.column));
    Predicate bound{.op = op, .column = std::move(column)};
    switch (op) {
      case PredicateOp::kIsNull:
        return bound.column.required ? Predicate{.op = PredicateOp::kFalse} : bound;
      case PredicateOp::kNotNull: return NotNull(std::move(bound));
      case PredicateOp::kIsNan:
      case PredicateOp::kNotNan: return BindNan(std::move(bound));
      case PredicateOp::kIn:
      case PredicateOp::kNotIn: return BindList(leaf, std::move(bound));
      case PredicateOp::kStartsWith:
      case PredicateOp::kNotStartsWith: return BindPrefix(leaf, std::move(bound));
      default: return BindComparison(leaf, std::move(bound));
    }
  }

  static Predicate NotNull(Predicate bound) {
    if (bound.column.required) return Predicate{};
    bound.op = PredicateOp::kNotNull;
    bound.literals.clear();
    return bound;
  }

  static Result<Predicate> BindNan(Predicate bound) {
    const TypeKind kind = bound.column.type.kind;
    if (kind == TypeKind::kFloat || kind == TypeKind::kDouble) return bound;
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("filter: column \"{}\" is a {}; only float and double hold NaN",
                            bound.column.name, bound.column.type.ToString()));
  }

  static Result<Predicate> BindPrefix(const Expression& leaf, Predicate bound) {
    if (bound.column.type.kind != TypeKind::kString) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("filter: column \"{}\" is a {}; \"starts with\" takes a string",
                              bound.column.name, bound.column.type.ToString()));
    }
    const std::string& prefix = leaf.literals.front();
    if (prefix.empty()) {
      return bound.op == PredicateOp::kStartsWith ? NotNull(std::move(bound))
                                                  : Predicate{.op = PredicateOp::kFalse};
    }
    bound.literals = {Value{prefix}};
    return bound;
  }

  static Result<FilterLiteral> Literal(const BoundColumn& column, std::string_view text) {
    auto literal = ReadFilterLiteral(column.type, text);
    if (literal) return literal;
    return Fail(literal.error().WithContext(fmt::format("filter: column \"{}\"", column.name)));
  }

  static Result<Predicate> BindComparison(const Expression& leaf, Predicate bound) {
    TICKHOUSE_ASSIGN(FilterLiteral literal, Literal(bound.column, leaf.literals.front()));
    if (literal.place == Place::kOn && literal.value.IsNan()) return AgainstNan(std::move(bound));
    if (literal.place == Place::kOn) {
      bound.literals = {std::move(literal.value)};
      return bound;
    }
    const bool less = bound.op == PredicateOp::kLess || bound.op == PredicateOp::kLessEqual;
    const bool greater =
        bound.op == PredicateOp::kGreater || bound.op == PredicateOp::kGreaterEqual;
    if (literal.place == Place::kAfter && (less || greater)) {
      bound.op = less ? PredicateOp::kLessEqual : PredicateOp::kGreater;
      bound.literals = {std::move(literal.value)};
      return bound;
    }
    const bool all = bound.op == PredicateOp::kNotEqual ||
                     (literal.place == Place::kAboveAll && less) ||
                     (literal.place == Place::kBelowAll && greater);
    return all ? NotNull(std::move(bound)) : Predicate{.op = PredicateOp::kFalse};
  }

  // NaN is the greatest value there is.
  static Predicate AgainstNan(Predicate bound) {
    switch (bound.op) {
      case PredicateOp::kEqual:
      case PredicateOp::kGreaterEqual: bound.op = PredicateOp::kIsNan; return bound;
      case PredicateOp::kGreater: return Predicate{.op = PredicateOp::kFalse};
      case PredicateOp::kLessEqual: return NotNull(std::move(bound));
      default: break;
    }
    Predicate number = bound;
    number.op = PredicateOp::kNotNan;
    return And({NotNull(std::move(bound)), std::move(number)});
  }

  static Result<Predicate> BindList(const Expression& leaf, Predicate bound) {
    bool with_nan = false;
    std::vector<Value>& values = bound.literals;
    for (const std::string& text : leaf.literals) {
      TICKHOUSE_ASSIGN(FilterLiteral literal, Literal(bound.column, text));
      if (literal.place != Place::kOn) continue;
      with_nan = with_nan || literal.value.IsNan();
      if (!literal.value.IsNan()) values.push_back(std::move(literal.value));
    }
    std::ranges::sort(values, [](const Value& a, const Value& b) { return a.Compare(b) < 0; });
    values.erase(std::ranges::unique(values).begin(), values.end());
    const bool is_in = bound.op == PredicateOp::kIn;
    Predicate nan{.op = is_in ? PredicateOp::kIsNan : PredicateOp::kNotNan, .column = bound.column};
    if (values.empty()) {
      bound = is_in ? Predicate{.op = PredicateOp::kFalse} : NotNull(std::move(bound));
    } else if (values.size() == 1) {
      bound.op = is_in ? PredicateOp::kEqual : PredicateOp::kNotEqual;
    }
    if (!with_nan) return bound;
    return is_in ? Or({std::move(nan), std::move(bound)}) : And({std::move(nan), std::move(bound)});
  }

  std::vector<std::pair<std::string, const Field*>> columns_;
};

}  // namespace

Result<Predicate> Bind(const Expression& expression, const Schema& schema) {
  return Binder(schema).Bind(expression, /*negated=*/false);
}

Result<Predicate> BindText(std::string_view filter, const Schema& schema) {
  if (filter.find_first_not_of(" \t\r\n") == std::string_view::npos) return Predicate{};
  TICKHOUSE_ASSIGN(const Expression expression, ParseExpression(filter));
  return Bind(expression, schema);
}

}  // namespace tickhouse::lake
