#include "tickhouse/lake/data/partition/row_partitions.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "tickhouse/lake/data/column_values.h"

namespace tickhouse::lake {

namespace {

// Below this a stretch is not divided further.
constexpr std::size_t kFewRows = 16;

template <typename T>
std::optional<Value> ExtremeOf(const std::vector<T>& values, std::size_t begin, std::size_t end,
                               bool greatest) {
  const auto from = values.begin() + static_cast<std::ptrdiff_t>(begin);
  const auto to = values.begin() + static_cast<std::ptrdiff_t>(end);
  return Value{greatest ? *std::max_element(from, to) : *std::min_element(from, to)};
}

/// Least or greatest of a stretch of integers or instants without nulls; nothing otherwise.
std::optional<Value> Extreme(const Type& type, const io::ColumnData& column, std::size_t begin,
                             std::size_t end, bool greatest) {
  if (type.kind == TypeKind::kDecimal) return std::nullopt;
  if (!column.valid.empty()) {
    const auto from = column.valid.begin() + static_cast<std::ptrdiff_t>(begin);
    const auto to = column.valid.begin() + static_cast<std::ptrdiff_t>(end);
    if (std::find(from, to, uint8_t{0}) != to) return std::nullopt;
  }
  if (const auto* held = std::get_if<std::vector<int64_t>>(&column.values)) {
    return ExtremeOf(*held, begin, end, greatest);
  }
  if (const auto* held = std::get_if<std::vector<int32_t>>(&column.values)) {
    return ExtremeOf(*held, begin, end, greatest);
  }
  return std::nullopt;
}

}  // namespace

/// Numbers of the partitions met so far.
class PartitionNumbers {
 public:
  explicit PartitionNumbers(RowPartitions* out) : out_(out) {}
  uint32_t Of(PartitionTuple tuple) {
    if (!out_->partitions.empty() && out_->partitions[last_] == tuple) return last_;
    const auto next = static_cast<uint32_t>(out_->partitions.size());
    const auto [at, is_new] = numbers_.try_emplace(KeyOfPartition(tuple), next);
    if (is_new) out_->partitions.push_back(std::move(tuple));
    last_ = at->second;
    return last_;
  }

 private:
  RowPartitions* out_;
  std::unordered_map<std::string, uint32_t> numbers_;
  uint32_t last_ = 0;
};

std::string KeyOfPartition(const PartitionTuple& tuple) {
  std::string key;
  for (const auto& value : tuple) {
    key.push_back(value ? '1' : '0');
    if (!value) continue;
    std::visit(
        [&]<typename V>(const V& held) {
          if constexpr (std::is_same_v<V, std::string>) {
            key += fmt::format("{}:", held.size());
            key += held;
          } else {
            char bytes[sizeof(V)];
            std::memcpy(bytes, &held, sizeof(V));
            key.append(bytes, sizeof(V));
          }
        },
        value->data);
  }
  return key;
}

Result<RowPartitioner> RowPartitioner::Make(const Schema& schema, const PartitionSpec& spec) {
  RowPartitioner made;
  for (const PartitionField& field : spec.fields) {
    Part part{.source = {}, .transform = field.transform};
    part.constant = field.transform.kind == TransformKind::kVoid;
    const auto found =
        std::find_if(schema.fields.begin(), schema.fields.end(),
                     [&](const Field& candidate) { return candidate.id == field.source_id; });
    if (found == schema.fields.end() && !part.constant) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("partition field {} is not of a top-level column", field.name));
    }
    if (found != schema.fields.end()) {
      part.column = static_cast<std::size_t>(found - schema.fields.begin());
      part.source = found->type;
    }
    if (field.transform.kind == TransformKind::kUnknown ||
        (!part.constant && !field.transform.ResultType(part.source))) {
      return Fail(ErrorKind::kUnsupported, fmt::format("rows cannot be partitioned by {} of {}",
                                                       field.transform.ToString(), field.name));
    }
    made.parts_.push_back(std::move(part));
  }
  return made;
}

PartitionTuple RowPartitioner::TupleOf(const io::ColumnBatch& batch, std::size_t row) const {
  PartitionTuple tuple;
  for (const Part& part : parts_) {
    if (part.constant) {
      tuple.emplace_back();
      continue;
    }
    const auto value = ValueAt(part.source, batch.columns[part.column], row);
    tuple.push_back(part.transform.Apply(part.source, value));
  }
  return tuple;
}

std::optional<PartitionTuple> RowPartitioner::TupleOfAll(const io::ColumnBatch& batch,
                                                         std::size_t begin, std::size_t end) const {
  PartitionTuple tuple;
  for (const Part& part : parts_) {
    if (part.constant) {
      tuple.emplace_back();
      continue;
    }
    if (!part.transform.PreservesOrder()) return std::nullopt;
    const io::ColumnData& column = batch.columns[part.column];
    const auto least = Extreme(part.source, column, begin, end, false);
    if (!least) return std::nullopt;
    const auto greatest = Extreme(part.source, column, begin, end, true);
    auto low = part.transform.Apply(part.source, least);
    if (low != part.transform.Apply(part.source, greatest)) return std::nullopt;
    tuple.push_back(std::move(low));
  }
  return tuple;
}

void RowPartitioner::AssignRows(const io::ColumnBatch& batch, std::size_t begin, std::size_t end,
                                PartitionNumbers* numbers, RowPartitions* out) const {
  if (end - begin > kFewRows) {
    if (auto tuple = TupleOfAll(batch, begin, end)) {
      const uint32_t number = numbers->Of(std::move(*tuple));
      for (std::size_t row = begin; row < end; ++row) out->of_row[row] = number;
      return;
    }
    const std::size_t middle = begin + (end - begin) / 2;
    AssignRows(batch, begin, middle, numbers, out);
    AssignRows(batch, middle, end, numbers, out);
    return;
  }
  for (std::size_t row = begin; row < end; ++row) {
    out->of_row[row] = numbers->Of(TupleOf(batch, row));
  }
}

RowPartitions RowPartitioner::Assign(const io::ColumnBatch& batch) const {
  RowPartitions out;
  if (batch.rows == 0) return out;
  if (parts_.empty()) {
    out.partitions.emplace_back();
    return out;
  }
  PartitionNumbers numbers(&out);
  out.of_row.resize(batch.rows);
  AssignRows(batch, 0, batch.rows, &numbers, &out);
  if (out.partitions.size() == 1) out.of_row.clear();
  return out;
}

}  // namespace tickhouse::lake
