// Random rows and filters, and a plain judge of them, for tests of everything that prunes. Tests
// only.
#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/core/check.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/lake/expression/predicate.h"
#include "tickhouse/lake/manifest/manifest.h"

namespace tickhouse::lake {

using TestRow = std::vector<std::optional<Value>>;

inline Schema FilterTestSchema() {
  const auto field = [](int id, std::string name, TypeKind kind) {
    Field made{.id = id, .name = std::move(name), .required = false, .type = {}};
    made.type.kind = kind;
    return made;
  };
  Schema schema{.id = 0, .fields = {}};
  schema.fields = {field(1, "i", TypeKind::kInt),     field(2, "l", TypeKind::kLong),
                   field(3, "d", TypeKind::kDouble),  field(4, "f", TypeKind::kFloat),
                   field(5, "s", TypeKind::kString),  field(6, "t", TypeKind::kTimestamp),
                   field(7, "day", TypeKind::kDate),  field(8, "p", TypeKind::kDecimal),
                   field(9, "b", TypeKind::kBoolean), field(10, "n", TypeKind::kTimestampNs),
                   field(11, "x", TypeKind::kBinary)};
  schema.fields[7].type.precision = 9;
  schema.fields[7].type.scale = 2;
  return schema;
}

inline std::string RandomText(Random* random) {
  constexpr const char* kLetters[] = {"a", "b", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
  std::string text = random->Below(3) == 0 ? "aaaaaaaaaaaaaaaa" : "";
  for (uint64_t i = random->Below(4); i > 0; --i) text += kLetters[random->Below(5)];
  return text;
}

/// Few values, so that rows meet literals; the ends of the ranges among them.
inline Value RandomValue(const Type& type, Random* random) {
  const auto small = static_cast<int64_t>(random->Below(13)) - 6;
  const bool extreme = random->Below(20) == 0;
  const bool low = random->Below(2) == 0;
  switch (type.kind) {
    case TypeKind::kBoolean: return Value{random->Below(2) == 0};
    case TypeKind::kInt: {
      using Limits = std::numeric_limits<int32_t>;
      if (extreme) return Value{low ? Limits::min() : Limits::max()};
      return Value{static_cast<int32_t>(small)};
    }
    case TypeKind::kDate: return Value{static_cast<int32_t>(small * 17)};
    case TypeKind::kLong: {
      using Limits = std::numeric_limits<int64_t>;
      if (extreme) return Value{low ? Limits::min() + (small + 6) : Limits::max()};
      return Value{small};
    }
    case TypeKind::kDouble:
    case TypeKind::kFloat: {
      double number = static_cast<double>(small) / 2;
      if (extreme) number = low ? std::nan("") : std::numeric_limits<double>::infinity();
      if (small == 0 && low) number = -0.0;
      if (type.kind == TypeKind::kFloat) return Value{static_cast<float>(number)};
      return Value{number};
    }
    case TypeKind::kDecimal: return Value{static_cast<Int128>(small * 25)};
    // Around 1970, in steps that fall on and beside the hours.
    case TypeKind::kTimestamp: return Value{small * 1'800'000'000 + (low ? -1 : 0)};
    case TypeKind::kTimestampNs: return Value{small * 1'800'000'000'000 + (low ? -1 : 0)};
    default: return Value{RandomText(random)};
  }
}

inline TestRow RandomRow(const Schema& schema, Random* random) {
  TestRow row;
  for (const Field& field : schema.fields) {
    row.push_back(random->Below(8) == 0 ? std::nullopt
                                        : std::optional(RandomValue(field.type, random)));
  }
  return row;
}

inline Expression RandomLeaf(const Schema& schema, Random* random) {
  const Field& field = schema.fields[random->Below(schema.fields.size())];
  const bool floating = field.type.kind == TypeKind::kFloat || field.type.kind == TypeKind::kDouble;
  const bool text = field.type.kind == TypeKind::kString;
  std::vector<PredicateOp> ops = {PredicateOp::kEqual,   PredicateOp::kNotEqual,
                                  PredicateOp::kLess,    PredicateOp::kLessEqual,
                                  PredicateOp::kGreater, PredicateOp::kGreaterEqual,
                                  PredicateOp::kIn,      PredicateOp::kNotIn,
                                  PredicateOp::kIsNull,  PredicateOp::kNotNull};
  if (floating) ops.insert(ops.end(), {PredicateOp::kIsNan, PredicateOp::kNotNan});
  if (text) ops.insert(ops.end(), {PredicateOp::kStartsWith, PredicateOp::kNotStartsWith});
  Expression leaf{.op = ops[random->Below(ops.size())], .column = field.name};
  std::size_t literals = 1;
  if (leaf.op == PredicateOp::kIn || leaf.op == PredicateOp::kNotIn) literals = random->Below(4);
  const bool bare = leaf.op == PredicateOp::kIsNull || leaf.op == PredicateOp::kNotNull ||
                    leaf.op == PredicateOp::kIsNan || leaf.op == PredicateOp::kNotNan;
  if (bare) literals = 0;
  for (; literals > 0; --literals) {
    leaf.literals.push_back(ValueToText(field.type, RandomValue(field.type, random)));
  }
  return leaf;
}

inline Expression RandomExpression(const Schema& schema, Random* random, int depth = 3) {
  if (depth == 0 || random->Below(3) == 0) return RandomLeaf(schema, random);
  constexpr PredicateOp kOps[] = {PredicateOp::kAnd, PredicateOp::kOr, PredicateOp::kNot};
  Expression joined{.op = kOps[random->Below(3)]};
  const uint64_t children = joined.op == PredicateOp::kNot ? 1 : 2 + random->Below(2);
  for (uint64_t i = 0; i < children; ++i) {
    joined.children.push_back(RandomExpression(schema, random, depth - 1));
  }
  return joined;
}

/// -1, 0, 1, NaN above all and equal to itself, -0.0 as 0.0.
inline int JudgeOrder(const Value& a, const Value& b) {
  return std::visit(
      [&b]<typename T>(const T& mine) {
        const T& theirs = std::get<T>(b.data);
        if constexpr (std::is_floating_point_v<T>) {
          if (std::isnan(mine) || std::isnan(theirs)) {
            return static_cast<int>(std::isnan(mine)) - static_cast<int>(std::isnan(theirs));
          }
        }
        if constexpr (std::is_same_v<T, std::string>) {
          const int order = mine.compare(theirs);
          return static_cast<int>(order > 0) - static_cast<int>(order < 0);
        }
        return static_cast<int>(mine > theirs) - static_cast<int>(mine < theirs);
      },
      a.data);
}

/// Of three values: nothing is unknown. Literals must be exact.
inline std::optional<bool> JudgeLeaf(const Expression& leaf, const Type& type,
                                     const std::optional<Value>& value) {
  switch (leaf.op) {
    case PredicateOp::kIsNull: return !value;
    case PredicateOp::kNotNull: return value.has_value();
    case PredicateOp::kIsNan: return value && value->IsNan();
    case PredicateOp::kNotNan: return !(value && value->IsNan());
    default: break;
  }
  if (!value) return std::nullopt;
  const auto order = [&](std::size_t i) {
    const auto literal = ParseValue(type, leaf.literals[i]);
    TICKHOUSE_CHECK(literal.has_value(), "the judge knows exact literals only");
    return JudgeOrder(*value, *literal);
  };
  bool among = false;
  switch (leaf.op) {
    case PredicateOp::kEqual: return order(0) == 0;
    case PredicateOp::kNotEqual: return order(0) != 0;
    case PredicateOp::kLess: return order(0) < 0;
    case PredicateOp::kLessEqual: return order(0) <= 0;
    case PredicateOp::kGreater: return order(0) > 0;
    case PredicateOp::kGreaterEqual: return order(0) >= 0;
    case PredicateOp::kStartsWith:
      return std::get<std::string>(value->data).starts_with(leaf.literals[0]);
    case PredicateOp::kNotStartsWith:
      return !std::get<std::string>(value->data).starts_with(leaf.literals[0]);
    default: break;
  }
  for (std::size_t i = 0; i < leaf.literals.size(); ++i) among = among || order(i) == 0;
  return among == (leaf.op == PredicateOp::kIn);
}

inline std::optional<bool> JudgeRow(const Expression& expression, const Schema& schema,
                                    const TestRow& row) {
  if (expression.op == PredicateOp::kTrue) return true;
  if (expression.op == PredicateOp::kFalse) return false;
  if (expression.op == PredicateOp::kNot) {
    const auto inner = JudgeRow(expression.children[0], schema, row);
    return inner ? std::optional(!*inner) : std::nullopt;
  }
  if (!expression.children.empty()) {
    const bool decisive = expression.op == PredicateOp::kOr;
    std::optional<bool> truth = !decisive;
    for (const Expression& child : expression.children) {
      const auto part = JudgeRow(child, schema, row);
      if (part == decisive) return decisive;
      if (!part) truth = std::nullopt;
    }
    return truth;
  }
  const Field* field = schema.FindByName(expression.column);
  const auto at = static_cast<std::size_t>(field - schema.fields.data());
  return JudgeLeaf(expression, field->type, row[at]);
}

inline io::ColumnType ColumnTypeOf(const Type& type) {
  using io::LogicalKind;
  using io::PhysicalType;
  switch (type.kind) {
    case TypeKind::kBoolean: return {.physical = PhysicalType::kBoolean};
    case TypeKind::kInt: return {.physical = PhysicalType::kInt32};
    case TypeKind::kDate: return {.physical = PhysicalType::kInt32, .logical = LogicalKind::kDate};
    case TypeKind::kFloat: return {.physical = PhysicalType::kFloat};
    case TypeKind::kDouble: return {.physical = PhysicalType::kDouble};
    case TypeKind::kDecimal:
      return {.physical = PhysicalType::kInt64,
              .logical = LogicalKind::kDecimal,
              .precision = type.precision,
              .scale = type.scale};
    case TypeKind::kTimestamp: return {.logical = LogicalKind::kTimestamp, .unit_ns = 1'000};
    case TypeKind::kTimestampNs: return {.logical = LogicalKind::kTimestamp, .unit_ns = 1};
    case TypeKind::kLong: return {};
    default: return {.physical = PhysicalType::kByteArray};
  }
}

inline void AppendValue(const std::optional<Value>& value, io::ColumnData* column) {
  column->valid.push_back(value ? 1 : 0);
  std::visit(
      [&value]<typename Held>(Held& held) {
        if constexpr (std::is_same_v<Held, io::BytesValues>) {
          held.Append(value ? std::string_view(std::get<std::string>(value->data)) : "");
        } else {
          using T = typename Held::value_type;
          T plain{};
          if (value) {
            std::visit(
                [&plain]<typename V>(const V& v) {
                  if constexpr (!std::is_same_v<V, std::string>) plain = static_cast<T>(v);
                },
                value->data);
          }
          held.push_back(plain);
        }
      },
      column->values);
}

inline io::ColumnBatch BatchOf(const Schema& schema, const std::vector<TestRow>& rows) {
  io::ColumnBatch batch;
  batch.rows = rows.size();
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const Field& field = schema.fields[i];
    const io::ColumnType type = ColumnTypeOf(field.type);
    batch.schema.push_back({.name = field.name, .type = type, .field_id = field.id});
    io::ColumnData& column = batch.columns.emplace_back();
    column.values = io::EmptyValues(type.physical);
    for (const TestRow& row : rows) AppendValue(row[i], &column);
  }
  return batch;
}

/// What a truthful writer may say of the rows: each count and bound now and then left out, strings
/// cut to `cut` code points.
inline DataFile FileOf(const Schema& schema, const std::vector<TestRow>& rows, Random* random,
                       int cut = 2) {
  DataFile file{.path = "file.parquet"};
  file.record_count = static_cast<int64_t>(rows.size());
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const Field& field = schema.fields[i];
    int64_t nulls = 0, nans = 0;
    std::optional<Value> lower, upper;
    for (const TestRow& row : rows) {
      if (!row[i]) ++nulls;
      if (row[i] && row[i]->IsNan()) ++nans;
      if (!row[i] || row[i]->IsNan()) continue;
      if (!lower || row[i]->Compare(*lower) < 0) lower = row[i];
      if (!upper || row[i]->Compare(*upper) > 0) upper = row[i];
    }
    if (field.type.kind == TypeKind::kString && lower) {
      const Transform truncate{.kind = TransformKind::kTruncate, .parameter = cut};
      lower = truncate.Apply(field.type, lower);
      const auto shorter = truncate.Apply(field.type, upper);
      if (!(*shorter == *upper)) upper = Value{std::get<std::string>(shorter->data) + "\xFF"};
    }
    const auto said = [random] { return random->Below(6) != 0; };
    if (said()) file.value_counts.emplace_back(field.id, file.record_count);
    if (said()) file.null_counts.emplace_back(field.id, nulls);
    if (said()) file.nan_counts.emplace_back(field.id, nans);
    if (lower && said()) {
      file.lower_bounds.emplace_back(field.id, ValueToBytes(field.type, *lower));
    }
    if (upper && said()) {
      file.upper_bounds.emplace_back(field.id, ValueToBytes(field.type, *upper));
    }
  }
  return file;
}

}  // namespace tickhouse::lake
