#include "tickhouse/lake/expression/row_filter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <type_traits>
#include <utility>

#include "tickhouse/core/time.h"
#include "tickhouse/lake/expression/column_facts.h"

namespace tickhouse::lake {

namespace {

/// A column of the batch and what it is compared as.
struct Source {
  const Predicate& leaf;
  const io::ColumnSchema& schema;
  const io::ColumnData& data;
  std::vector<uint8_t>* selected;

  std::unexpected<Error> Mismatch() const {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("column \"{}\" of the file cannot be read as {}", schema.name,
                            leaf.column.type.ToString()));
  }
};

template <typename T>
bool IsNan(const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value);
  } else {
    return false;
  }
}

template <typename T, typename Rows, typename Test>
void Mark(const Source& source, const Rows& rows, Test test) {
  std::vector<uint8_t>& selected = *source.selected;
  for (std::size_t i = 0; i < selected.size(); ++i) {
    selected[i] = static_cast<uint8_t>(!source.data.IsNull(i) && test(T(rows[i])));
  }
}

// NaN is above every literal: where "<" and "<=" are false of it, their opposites are true.
template <typename T, typename Rows>
void Compare(const Source& source, const Rows& rows, const std::vector<T>& literals) {
  const T& literal = literals[0];
  switch (source.leaf.op) {
    case PredicateOp::kEqual:
      return Mark<T>(source, rows, [&](const T& x) { return x == literal; });
    case PredicateOp::kNotEqual:
      return Mark<T>(source, rows, [&](const T& x) { return !(x == literal); });
    case PredicateOp::kLess: return Mark<T>(source, rows, [&](const T& x) { return x < literal; });
    case PredicateOp::kLessEqual:
      return Mark<T>(source, rows, [&](const T& x) { return x <= literal; });
    case PredicateOp::kGreater:
      return Mark<T>(source, rows, [&](const T& x) { return !(x <= literal); });
    case PredicateOp::kGreaterEqual:
      return Mark<T>(source, rows, [&](const T& x) { return !(x < literal); });
    default: break;
  }
  const bool wanted = source.leaf.op == PredicateOp::kIn;
  Mark<T>(source, rows, [&](const T& x) {
    return (!IsNan(x) && std::ranges::binary_search(literals, x)) == wanted;
  });
}

template <typename T, typename Rows>
void CompareAs(const Source& source, const Rows& rows) {
  std::vector<T> literals;
  for (const Value& literal : source.leaf.literals) {
    if constexpr (std::is_same_v<T, std::string_view>) {
      literals.emplace_back(std::get<std::string>(literal.data));
    } else if constexpr (std::is_same_v<T, uint8_t>) {
      literals.push_back(std::get<bool>(literal.data) ? 1 : 0);
    } else {
      literals.push_back(std::get<T>(literal.data));
    }
  }
  if constexpr (std::is_floating_point_v<T>) {
    if (source.leaf.op == PredicateOp::kIsNan) {
      return Mark<T>(source, rows, [](T x) { return std::isnan(x); });
    }
  }
  if constexpr (std::is_same_v<T, std::string_view>) {
    const std::string_view prefix = literals[0];
    if (source.leaf.op == PredicateOp::kStartsWith) {
      return Mark<T>(source, rows, [&](T x) { return x.starts_with(prefix); });
    }
    if (source.leaf.op == PredicateOp::kNotStartsWith) {
      return Mark<T>(source, rows, [&](T x) { return !x.starts_with(prefix); });
    }
  }
  Compare<T>(source, rows, literals);
}

int64_t NanosPerUnit(TypeKind kind) {
  return kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs ? 1 : kNanosPerMicro;
}

/// Values as units of the wanted type: floored to coarser ones, as the table's own values are.
Result<std::vector<int64_t>> Rescaled(const Source& source, std::span<const int64_t> values,
                                      int64_t unit_ns) {
  const int64_t wanted_ns = NanosPerUnit(source.leaf.column.type.kind);
  std::vector<int64_t> rescaled(values.begin(), values.end());
  if (unit_ns == wanted_ns) return rescaled;
  for (int64_t& value : rescaled) {
    if (unit_ns < wanted_ns) {
      value = FloorDiv(value, wanted_ns / unit_ns);
    } else if (__builtin_mul_overflow(value, unit_ns / wanted_ns, &value)) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("column \"{}\" of the file holds an instant outside of {}",
                              source.schema.name, source.leaf.column.type.ToString()));
    }
  }
  return rescaled;
}

Status CompareLongs(const Source& source) {
  const bool is_long = source.leaf.column.type.kind == TypeKind::kLong;
  const auto* wide = std::get_if<std::vector<int64_t>>(&source.data.values);
  const auto* narrow = std::get_if<std::vector<int32_t>>(&source.data.values);
  if (wide == nullptr && narrow == nullptr) return source.Mismatch();
  int64_t unit_ns = source.schema.type.unit_ns;
  if (source.schema.type.logical == io::LogicalKind::kDate) unit_ns = kNanosPerDay;
  if (!is_long && unit_ns == 0) return source.Mismatch();
  const bool as_is = is_long || unit_ns == NanosPerUnit(source.leaf.column.type.kind);
  if (as_is && wide != nullptr) {
    CompareAs<int64_t>(source, *wide);
    return {};
  }
  std::vector<int64_t> widened;
  if (narrow != nullptr) widened.assign(narrow->begin(), narrow->end());
  if (as_is) {
    CompareAs<int64_t>(source, widened);
    return {};
  }
  TICKHOUSE_ASSIGN(const auto rescaled,
                   Rescaled(source, wide != nullptr ? *wide : widened, unit_ns));
  CompareAs<int64_t>(source, rescaled);
  return {};
}

Int128 FromBigEndian(std::string_view bytes) {
  const bool negative = !bytes.empty() && (bytes.front() & 0x80) != 0;
  unsigned __int128 value = negative ? ~static_cast<unsigned __int128>(0) : 0;
  for (const char c : bytes) value = (value << 8) | static_cast<unsigned char>(c);
  return static_cast<Int128>(value);
}

Status CompareDecimals(const Source& source) {
  if (source.schema.type.scale != source.leaf.column.type.scale) return source.Mismatch();
  std::vector<Int128> values(source.selected->size());
  const bool known = std::visit(
      [&values]<typename Held>(const Held& held) {
        if constexpr (std::is_same_v<Held, io::BytesValues>) {
          for (std::size_t i = 0; i < values.size(); ++i) values[i] = FromBigEndian(held[i]);
          return true;
        } else if constexpr (std::is_same_v<Held, std::vector<int32_t>> ||
                             std::is_same_v<Held, std::vector<int64_t>>) {
          std::ranges::copy(held, values.begin());
          return true;
        } else {
          return false;
        }
      },
      source.data.values);
  if (!known) return source.Mismatch();
  CompareAs<Int128>(source, values);
  return {};
}

/// Compares where the column holds `Held` values, as `T`.
template <typename T, typename Held>
Status CompareHeld(const Source& source) {
  const auto* held = std::get_if<Held>(&source.data.values);
  if (held == nullptr) return source.Mismatch();
  CompareAs<T>(source, *held);
  return {};
}

Status CompareColumn(const Source& source) {
  switch (source.leaf.column.type.kind) {
    case TypeKind::kBoolean: return CompareHeld<uint8_t, std::vector<uint8_t>>(source);
    case TypeKind::kInt:
    case TypeKind::kDate: return CompareHeld<int32_t, std::vector<int32_t>>(source);
    case TypeKind::kFloat: return CompareHeld<float, std::vector<float>>(source);
    case TypeKind::kDouble:
      if (std::holds_alternative<std::vector<float>>(source.data.values)) {
        return CompareHeld<double, std::vector<float>>(source);
      }
      return CompareHeld<double, std::vector<double>>(source);
    case TypeKind::kDecimal: return CompareDecimals(source);
    case TypeKind::kLong:
    case TypeKind::kTime:
    case TypeKind::kTimestamp:
    case TypeKind::kTimestampTz:
    case TypeKind::kTimestampNs:
    case TypeKind::kTimestampTzNs: return CompareLongs(source);
    default: return CompareHeld<std::string_view, io::BytesValues>(source);
  }
}

Status FilterLeaf(const Predicate& leaf, const io::ColumnBatch& batch,
                  std::vector<uint8_t>* selected) {
  const auto found = std::ranges::find(batch.schema, std::optional(leaf.column.field_id),
                                       &io::ColumnSchema::field_id);
  if (found == batch.schema.end()) {
    const bool matches = MayMatch(leaf, [](const Predicate& of) {
      return FactsOfValue(of.column.type, of.column.if_missing);
    });
    selected->assign(batch.rows, matches ? 1 : 0);
    return {};
  }
  const io::ColumnData& data =
      batch.columns[static_cast<std::size_t>(found - batch.schema.begin())];
  selected->resize(batch.rows);
  if (leaf.op == PredicateOp::kIsNull || leaf.op == PredicateOp::kNotNull) {
    const bool wanted = leaf.op == PredicateOp::kIsNull;
    for (std::size_t i = 0; i < batch.rows; ++i) {
      (*selected)[i] = data.IsNull(i) == wanted ? 1 : 0;
    }
    return {};
  }
  if (leaf.op != PredicateOp::kNotNan) return CompareColumn({leaf, *found, data, selected});
  // True of null: the opposite of a test that is never unknown.
  Predicate is_nan = leaf;
  is_nan.op = PredicateOp::kIsNan;
  TICKHOUSE_TRY(CompareColumn({is_nan, *found, data, selected}));
  for (uint8_t& byte : *selected) byte ^= 1;
  return {};
}

}  // namespace

Status FilterRows(const Predicate& predicate, const io::ColumnBatch& batch,
                  std::vector<uint8_t>* selected) {
  if (predicate.IsTrue() || predicate.IsFalse()) {
    selected->assign(batch.rows, predicate.IsTrue() ? 1 : 0);
    return {};
  }
  if (predicate.children.empty()) return FilterLeaf(predicate, batch, selected);
  const bool is_and = predicate.op == PredicateOp::kAnd;
  selected->assign(batch.rows, is_and ? 1 : 0);
  std::vector<uint8_t> part;
  for (const Predicate& child : predicate.children) {
    TICKHOUSE_TRY(FilterRows(child, batch, &part));
    for (std::size_t i = 0; i < batch.rows; ++i) {
      (*selected)[i] = is_and ? (*selected)[i] & part[i] : (*selected)[i] | part[i];
    }
  }
  return {};
}

}  // namespace tickhouse::lake
