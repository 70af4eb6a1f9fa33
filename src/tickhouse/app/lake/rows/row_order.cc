#include "tickhouse/app/lake/rows/row_order.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <limits>
#include <numeric>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "tickhouse/lake/data/column_values.h"

namespace tickhouse::app {

namespace {

using io::BytesValues;
using io::ColumnBatch;
using io::ColumnData;
using lake::TransformKind;
using lake::TypeKind;

// Integers in the order of -NaN < -inf < ... < -0.0 < 0.0 < ... < NaN.
int64_t OrderedBits(double value) {
  const auto bits = std::bit_cast<int64_t>(value);
  return bits < 0 ? bits ^ std::numeric_limits<int64_t>::max() : bits;
}
int32_t OrderedBits(float value) {
  const auto bits = std::bit_cast<int32_t>(value);
  return bits < 0 ? bits ^ std::numeric_limits<int32_t>::max() : bits;
}

template <typename T>
int Compared(const T& a, const T& b) {
  return a < b ? -1 : b < a ? 1 : 0;
}

// Bytes as the type has them: decimals are big-endian and signed, all of one length.
int ComparedBytes(std::string_view a, std::string_view b, bool is_signed) {
  if (is_signed && !a.empty() && !b.empty()) {
    const auto first = static_cast<signed char>(a[0]);
    const auto other = static_cast<signed char>(b[0]);
    if (first != other) return Compared(first, other);
  }
  return Compared(a.compare(b), 0);
}

int CompareStored(const ColumnData& a, std::size_t i, const ColumnData& b, std::size_t j,
                  bool is_signed) {
  return std::visit(
      [&]<typename Held>(const Held& held) {
        const Held& other = std::get<Held>(b.values);
        if constexpr (std::is_same_v<Held, BytesValues>) {
          return ComparedBytes(held[i], other[j], is_signed);
        } else if constexpr (std::is_floating_point_v<typename Held::value_type>) {
          return Compared(OrderedBits(held[i]), OrderedBits(other[j]));
        } else {
          return Compared(held[i], other[j]);
        }
      },
      a.values);
}

int CompareNulls(bool a, bool b, bool nulls_first) {
  if (a == b) return 0;
  return a == nulls_first ? -1 : 1;
}

int CompareTransformed(const OrderColumn& by, const ColumnData& a, std::size_t i,
                       const ColumnData& b, std::size_t j) {
  const auto value = by.transform.Apply(by.type, lake::ValueAt(by.type, a, i));
  const auto other = by.transform.Apply(by.type, lake::ValueAt(by.type, b, j));
  if (!value || !other) return CompareNulls(!value, !other, by.nulls_first);
  const auto compared = value->Compare(*other);
  const int sign = compared < 0 ? -1 : compared > 0 ? 1 : 0;
  return by.ascending ? sign : -sign;
}

int CompareColumn(const OrderColumn& by, const ColumnBatch& a, std::size_t i, const ColumnBatch& b,
                  std::size_t j) {
  const ColumnData& left = a.columns[by.column];
  const ColumnData& right = b.columns[by.column];
  if (by.transform.kind != TransformKind::kIdentity) {
    return CompareTransformed(by, left, i, right, j);
  }
  const bool left_null = left.IsNull(i), right_null = right.IsNull(j);
  if (left_null || right_null) return CompareNulls(left_null, right_null, by.nulls_first);
  const int sign = CompareStored(left, i, right, j, by.type.kind == TypeKind::kDecimal);
  return by.ascending ? sign : -sign;
}

bool IsTime(TypeKind kind) {
  return kind == TypeKind::kTimestamp || kind == TypeKind::kTimestampTz ||
         kind == TypeKind::kTimestampNs || kind == TypeKind::kTimestampTzNs;
}

std::optional<std::size_t> PositionOf(const lake::Schema& schema, int field_id) {
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    if (schema.fields[i].id == field_id) return i;
  }
  return std::nullopt;
}

std::optional<RowOrder> OrderBy(const lake::Schema& schema, const lake::SortOrder& by) {
  RowOrder order;
  for (const lake::SortField& field : by.fields) {
    const auto position = PositionOf(schema, field.source_id);
    if (!position || field.transform.kind == TransformKind::kUnknown) return std::nullopt;
    const lake::Type& type = schema.fields[*position].type;
    if (!type.IsPrimitive() || type.kind == TypeKind::kOpaque) return std::nullopt;
    order.push_back({.column = *position,
                     .type = type,
                     .transform = field.transform,
                     .ascending = field.ascending,
                     .nulls_first = field.nulls_first});
  }
  return order;
}

}  // namespace

TableOrder OrderOfTable(const lake::TableMetadata& metadata) {
  const lake::SortOrder* const by = metadata.FindSortOrder(metadata.default_sort_order_id);
  if (by != nullptr && !by->fields.empty()) {
    if (auto order = OrderBy(metadata.CurrentSchema(), *by)) {
      return {.order = std::move(*order), .sort_order_id = by->id};
    }
  }
  return {.order = TimeOrderOf(metadata.CurrentSchema())};
}

RowOrder TimeOrderOf(const lake::Schema& schema) {
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    const lake::Type& type = schema.fields[i].type;
    if (IsTime(type.kind)) return {{.column = i, .type = type}};
  }
  return {};
}

RowOrder WholeOrderOf(const lake::Schema& schema) {
  RowOrder order = TimeOrderOf(schema);
  for (std::size_t i = 0; i < schema.fields.size(); ++i) {
    if (!order.empty() && order.front().column == i) continue;
    order.push_back({.column = i, .type = schema.fields[i].type});
  }
  return order;
}

int CompareRows(const RowOrder& order, const ColumnBatch& a, std::size_t i, const ColumnBatch& b,
                std::size_t j) {
  for (const OrderColumn& by : order) {
    if (const int sign = CompareColumn(by, a, i, b, j); sign != 0) return sign;
  }
  return 0;
}

std::vector<uint32_t> SortedPlaces(const RowOrder& order, const ColumnBatch& batch) {
  std::vector<uint32_t> places(batch.rows);
  std::iota(places.begin(), places.end(), 0U);
  std::ranges::stable_sort(
      places, [&](uint32_t a, uint32_t b) { return CompareRows(order, batch, a, batch, b) < 0; });
  return places;
}

}  // namespace tickhouse::app
