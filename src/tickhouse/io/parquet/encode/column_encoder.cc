#include "tickhouse/io/parquet/encode/column_encoder.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "tickhouse/core/check.h"
#include "tickhouse/io/parquet/encode/chunk_builder.h"
#include "tickhouse/io/parquet/encode/dictionary_column.h"
#include "tickhouse/io/parquet/encode/point_table.h"
#include "tickhouse/io/parquet/format/delta_packing.h"
#include "tickhouse/io/parquet/format/page_writer.h"

namespace tickhouse::io {

namespace {

constexpr std::array<double, 23> kPowersOfTen = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                                 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                                 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
double PowerOfTen(int exponent) {
  return kPowersOfTen[static_cast<std::size_t>(exponent)];
}

constexpr uint32_t kNoIndex = ~uint32_t{0};
// Beyond this span of points a table by point would be larger than the column itself.
constexpr int64_t kMaxPointSpan = int64_t{1} << 22;

EncodedColumn PlainColumn(std::span<const double> values, bool required) {
  ChunkBuilder chunk(values.size(),
                     {.encoding = PageEncoding::kPlain, .zstd = true, .required = required});
  double column_min = std::numeric_limits<double>::infinity();
  double column_max = -column_min;
  bool any = false;
  std::vector<uint8_t> present(kPageRows);
  for (std::size_t row = 0; row < values.size(); row += kPageRows) {
    const std::span<const double> page =
        values.subspan(row, std::min(kPageRows, values.size() - row));
    std::size_t nulls = 0;
    for (std::size_t i = 0; i < page.size(); ++i) {
      present[i] = std::isnan(page[i]) ? 0 : 1;
      nulls += 1U - present[i];
    }
    std::span<const uint8_t> levels;
    if (nulls > 0) levels = {present.data(), page.size()};
    ByteBuffer* body = chunk.StartPage(page.size(), levels);
    double min = std::numeric_limits<double>::infinity();
    double max = -min;
    for (const double value : page) {
      if (std::isnan(value)) continue;
      min = std::min(min, value);
      max = std::max(max, value);
      if (nulls > 0) body->Append(&value, sizeof(value));
    }
    if (nulls == 0) body->Append(page.data(), page.size_bytes());
    EncodedStats stats;
    if (nulls < page.size()) {
      stats = DoubleStats(min, max, 0);
      column_min = std::min(column_min, min);
      column_max = std::max(column_max, max);
      any = true;
    }
    stats.nulls = static_cast<int64_t>(nulls);
    chunk.FinishPage(page.size(), std::move(stats));
  }
  EncodedColumn* column = chunk.column();
  if (any) column->stats = DoubleStats(column_min, column_max, column->stats.nulls);
  return std::move(*column);
}

EncodedColumn PlainPoints(std::span<const int32_t> points, int decimals, bool required) {
  std::vector<double> values(points.size());
  for (std::size_t i = 0; i < points.size(); ++i) values[i] = PointsToDouble(points[i], decimals);
  return PlainColumn(values, required);
}

// Distinct bit patterns of doubles in the order met, up to kMaxDictionary of them. Where the values
// are near whole points, neighbours in value are neighbours in the table, which the cache rewards.
class DistinctDoubles {
 public:
  explicit DistinctDoubles(int decimals_hint)
      : scale_(decimals_hint < 0 ? 0 : 4 * PowerOfTen(decimals_hint)), slots_(kFirstSlots) {}

  // The number of the value, or kNoIndex when there are too many.
  uint32_t Add(double value) {
    const auto bits = std::bit_cast<uint64_t>(value);
    Slot& slot = Find(value, bits);
    if (slot.bits == bits) return slot.id;
    if (values_.size() == kMaxDictionary) return kNoIndex;
    const auto id = static_cast<uint32_t>(values_.size());
    slot = {bits, id};
    values_.push_back(value);
    if (values_.size() * 2 > slots_.size()) Grow();
    return id;
  }
  const std::vector<double>& values() const { return values_; }

 private:
  static constexpr std::size_t kFirstSlots = 1024;
  static constexpr uint64_t kFree = 0x7FF8000000000001ULL;  // A NaN: never added.
  struct Slot {
    uint64_t bits = kFree;
    uint32_t id = 0;
  };

  // Where the value stands, or the free slot that it would take.
  Slot& Find(double value, uint64_t bits) {
    const std::size_t mask = slots_.size() - 1;
    std::size_t at = 0;
    const double scaled = value * scale_;
    if (scale_ > 0 && std::fabs(scaled) < 1e15) {
      at = static_cast<std::size_t>(static_cast<int64_t>(scaled)) & mask;
    } else {
      at = ((bits * 0x9E3779B97F4A7C15ULL) >> 32) & mask;
    }
    while (slots_[at].bits != bits && slots_[at].bits != kFree) at = (at + 1) & mask;
    return slots_[at];
  }

  void Grow() {
    slots_.assign(slots_.size() * 4, Slot());
    for (uint32_t id = 0; id < values_.size(); ++id) {
      const auto bits = std::bit_cast<uint64_t>(values_[id]);
      Find(values_[id], bits) = {bits, id};
    }
  }

  double scale_;
  std::vector<Slot> slots_;
  std::vector<double> values_;
};

// By value, -0.0 before +0.0.
bool SortsBefore(double a, double b) {
  if (a != b) return a < b;
  return std::signbit(a) && !std::signbit(b);
}

EncodedColumn GenericDoubles(std::span<const double> values, int decimals_hint,
                             DictionaryForm form) {
  DistinctDoubles distinct(decimals_hint);
  std::vector<uint32_t> ids(values.size(), kNoIndex);
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (std::isnan(values[i])) continue;
    ids[i] = distinct.Add(values[i]);
    if (ids[i] == kNoIndex) return PlainColumn(values, form.required);
  }
  std::vector<uint32_t> order(distinct.values().size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return SortsBefore(distinct.values()[a], distinct.values()[b]);
  });
  std::vector<double> dictionary(order.size());
  std::vector<uint32_t> rank(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    dictionary[i] = distinct.values()[order[i]];
    rank[order[i]] = i;
  }
  return DictionaryColumn(
      dictionary, values.size(), form,
      [&](std::size_t row, std::size_t rows, uint32_t* indices, uint8_t* present) {
        std::size_t count = 0;
        for (std::size_t i = 0; i < rows; ++i) {
          const uint32_t id = ids[row + i];
          present[i] = id != kNoIndex ? 1 : 0;
          if (id != kNoIndex) indices[count++] = rank[id];
        }
        return count;
      });
}

}  // namespace

double PointsToDouble(int32_t points, int decimals) {
  return points / PowerOfTen(decimals);
}

EncodedColumn EncodeInt64(std::span<const int64_t> values, bool zstd) {
  ChunkBuilder chunk(values.size(), {.encoding = PageEncoding::kDeltaBinaryPacked, .zstd = zstd});
  std::vector<uint8_t> present(kPageRows);
  std::vector<int64_t> dense(kPageRows);
  int64_t column_min = std::numeric_limits<int64_t>::max();
  int64_t column_max = kNullTime;
  for (std::size_t row = 0; row < values.size(); row += kPageRows) {
    std::span<const int64_t> page = values.subspan(row, std::min(kPageRows, values.size() - row));
    const std::size_t rows = page.size();
    int64_t min = std::numeric_limits<int64_t>::max();
    int64_t max = kNullTime;
    for (const int64_t value : page) {
      min = std::min(min, value);
      max = std::max(max, value);
    }
    std::span<const uint8_t> levels;
    if (min == kNullTime) {
      std::size_t count = 0;
      min = std::numeric_limits<int64_t>::max();
      for (std::size_t i = 0; i < rows; ++i) {
        present[i] = page[i] != kNullTime ? 1 : 0;
        if (page[i] == kNullTime) continue;
        dense[count++] = page[i];
        min = std::min(min, page[i]);
      }
      page = {dense.data(), count};
      levels = {present.data(), rows};
    }
    ByteBuffer* body = chunk.StartPage(rows, levels);
    AppendDeltaPacked(page, body);
    EncodedStats stats;
    if (!page.empty()) stats = {EncodedMin(min), EncodedMax(max), 0};
    stats.nulls = static_cast<int64_t>(rows - page.size());
    column_min = std::min(column_min, min);
    column_max = std::max(column_max, max);
    chunk.FinishPage(rows, std::move(stats));
  }
  EncodedColumn* column = chunk.column();
  if (column_max != kNullTime) {
    column->stats.min = EncodedMin(column_min);
    column->stats.max = EncodedMax(column_max);
  }
  return std::move(*column);
}

EncodedColumn EncodePoints(std::span<const int32_t> points, int decimals, bool required) {
  TICKHOUSE_CHECK(decimals >= 0 && decimals < static_cast<int>(kPowersOfTen.size()),
                  "a power of ten that a double holds exactly");
  if (points.empty())
    return DictionaryColumn({}, 0, {.required = required}, [](auto...) { return std::size_t{0}; });
  int32_t least = points[0];
  int32_t greatest = points[0];
  for (const int32_t value : points) {
    least = std::min(least, value);
    greatest = std::max(greatest, value);
  }
  const int64_t span = int64_t{greatest} - least + 1;
  if (span > kMaxPointSpan) {
    std::vector<double> values(points.size());
    for (std::size_t i = 0; i < points.size(); ++i) values[i] = PointsToDouble(points[i], decimals);
    return GenericDoubles(values, decimals, {.required = required});
  }
  std::vector<uint8_t> seen(static_cast<std::size_t>(span));
  for (const int32_t value : points) seen[static_cast<std::size_t>(value - least)] = 1;
  std::vector<uint32_t> rank(seen.size());
  std::vector<double> dictionary;
  for (std::size_t i = 0; i < seen.size(); ++i) {
    rank[i] = static_cast<uint32_t>(dictionary.size());
    if (seen[i] == 0) continue;
    dictionary.push_back(
        PointsToDouble(static_cast<int32_t>(least + static_cast<int64_t>(i)), decimals));
  }
  if (dictionary.size() > kMaxDictionary) return PlainPoints(points, decimals, required);
  return DictionaryColumn(dictionary, points.size(), {.required = required},
                          [&](std::size_t row, std::size_t rows, uint32_t* indices, uint8_t*) {
                            const int32_t* from = points.data() + row;
                            for (std::size_t i = 0; i < rows; ++i) {
                              indices[i] = rank[static_cast<std::size_t>(from[i] - least)];
                            }
                            return rows;
                          });
}

EncodedColumn EncodeDoubles(std::span<const double> values, int decimals_hint, bool required) {
  if (decimals_hint >= static_cast<int>(kPowersOfTen.size())) decimals_hint = -1;
  if (decimals_hint >= 0) {
    std::vector<int32_t> points;
    if (DoublesToPoints(values, decimals_hint, &points)) {
      return EncodePoints(points, decimals_hint, required);
    }
  }
  return GenericDoubles(values, decimals_hint, {.required = required});
}

EncodedColumn EncodeDoublesQuickly(std::span<const double> values, PointGrid grid) {
  std::optional<PointTable> table;
  if (grid.decimals >= 0 && grid.decimals < static_cast<int>(kPowersOfTen.size())) {
    const double points = PowerOfTen(grid.decimals);
    table = PointTable::Make(values, grid.means ? 2 * points : points, grid.means);
  }
  if (!table) return GenericDoubles(values, -1, {.quick = true});
  if (table->dictionary().size() > kMaxDictionary) return PlainColumn(values, false);
  return DictionaryColumn(table->dictionary(), values.size(), {.quick = true},
                          [&](std::size_t row, std::size_t rows, uint32_t* indices, uint8_t*) {
                            table->Indices(row, rows, indices);
                            return rows;
                          });
}

bool DoublesToPoints(std::span<const double> values, int decimals, std::vector<int32_t>* points) {
  // Adding and taking away 1.5 * 2^52 rounds to a whole number, and unlike rint it vectorises.
  constexpr double kRounder = 6755399441055744.0;
  const double scale = PowerOfTen(decimals);
  points->resize(values.size());
  constexpr std::size_t kStep = 1024;
  for (std::size_t begin = 0; begin < values.size(); begin += kStep) {
    const std::size_t end = std::min(values.size(), begin + kStep);
    uint64_t wrong = 0;
    for (std::size_t i = begin; i < end; ++i) {
      const double scaled = values[i] * scale;
      const bool fits = std::fabs(scaled) < 2147483647.0;
      const auto rounded = static_cast<int32_t>((fits ? scaled : 0.0) + kRounder - kRounder);
      (*points)[i] = rounded;
      wrong |= std::bit_cast<uint64_t>(rounded / scale) ^ std::bit_cast<uint64_t>(values[i]);
    }
    if (wrong != 0) return false;
  }
  return true;
}

}  // namespace tickhouse::io
