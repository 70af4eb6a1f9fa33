#include "tickhouse/io/parquet/table/value_encoder.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "tickhouse/io/parquet/encode/bound_order.h"
#include "tickhouse/io/parquet/encode/chunk_builder.h"
#include "tickhouse/io/parquet/encode/column_encoder.h"
#include "tickhouse/io/parquet/format/delta_packing.h"
#include "tickhouse/io/parquet/table/distinct_values.h"

namespace tickhouse::io {

namespace {

constexpr std::size_t kPageBytes = std::size_t{1} << 20;
constexpr std::size_t kMaxDictionaryBytes = std::size_t{1} << 20;
constexpr std::size_t kSample = 1024;
constexpr std::size_t kDecimalsSample = 256;
constexpr int kMostDecimals = 9;

/// What a column is encoded from, and how.
struct Task {
  const ColumnSchema& column;
  const std::vector<uint8_t>& valid;
  std::size_t rows;
  std::size_t bound_bytes;

  bool IsNull(std::size_t row) const { return !valid.empty() && valid[row] == 0; }
  bool is_decimal() const { return column.type.logical == LogicalKind::kDecimal; }
};

template <typename Held>
using ValueOf = std::decay_t<decltype(std::declval<const Held&>()[0])>;

template <typename T>
bool IsNan(const T& value) {
  if constexpr (std::is_floating_point_v<T>) {
    return std::isnan(value);
  } else {
    return false;
  }
}

/// Less, as the format orders the type. Of NaN nothing is said.
template <typename T>
class Order {
 public:
  explicit Order(const ColumnType& type) : is_decimal_(type.logical == LogicalKind::kDecimal) {
    if constexpr (std::is_integral_v<T>) {
      if (type.logical == LogicalKind::kUnsigned) flip_ = std::numeric_limits<T>::min();
    }
  }
  bool operator()(const T& a, const T& b) const {
    if constexpr (std::is_same_v<T, std::string_view>) {
      return is_decimal_ ? CompareBigEndian(a, b) < 0 : a < b;
    } else if constexpr (std::is_integral_v<T>) {
      return static_cast<T>(a ^ flip_) < static_cast<T>(b ^ flip_);
    } else {
      return a < b;
    }
  }

 private:
  bool is_decimal_;
  T flip_ = {};
};

template <typename T>
struct Range {
  bool any = false;
  T min = {};
  T max = {};
  void Add(const Order<T>& less, const T& value) {
    if (!any) {
      min = max = value;
      any = true;
    } else if (less(value, min)) {
      min = value;
    } else if (less(max, value)) {
      max = value;
    }
  }
  void Add(const Order<T>& less, const Range& other) {
    if (!other.any) return;
    Add(less, other.min);
    Add(less, other.max);
  }
};

template <typename T>
EncodedStats StatsOf(const Task& task, const Range<T>& range, int64_t nulls) {
  EncodedStats stats;
  stats.nulls = nulls;
  if (!range.any) return stats;
  if constexpr (std::is_same_v<T, std::string_view>) {
    const ColumnType& type = task.column.type;
    const bool whole = type.physical == PhysicalType::kFixedBytes || task.is_decimal();
    const std::size_t most = whole ? ~std::size_t{0} : task.bound_bytes;
    const bool is_text = type.logical == LogicalKind::kString;
    stats.min = CutLower(range.min, most, is_text);
    stats.max = CutUpper(range.max, most, is_text);
    stats.exact_min = range.min.size() <= most;
    stats.exact_max = range.max.size() <= most;
  } else {
    stats.min = EncodedMin(range.min);
    stats.max = EncodedMax(range.max);
  }
  return stats;
}

/// Rows [begin, end) and which of them are there.
struct PageRows {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::size_t nulls = 0;
  std::span<const uint8_t> present = {};  ///< Empty: all.
  std::size_t size() const { return end - begin; }
};

PageRows TakeRows(const Task& task, std::size_t begin, std::size_t end) {
  PageRows page{.begin = begin, .end = end};
  if (task.valid.empty()) return page;
  const std::span<const uint8_t> present(task.valid.data() + begin, end - begin);
  for (const uint8_t is_there : present) page.nulls += is_there == 0 ? 1U : 0U;
  if (page.nulls > 0) page.present = present;
  return page;
}

template <typename Held>
std::size_t PageEnd(const Held& values, std::size_t begin, std::size_t rows) {
  const std::size_t end = std::min(rows, begin + kPageRows);
  if constexpr (std::is_same_v<Held, BytesValues>) {
    const int64_t most = values.offsets[begin] + static_cast<int64_t>(kPageBytes);
    const auto at =
        std::upper_bound(values.offsets.begin() + static_cast<std::ptrdiff_t>(begin) + 1,
                         values.offsets.begin() + static_cast<std::ptrdiff_t>(end) + 1, most);
    const auto fitting = static_cast<std::size_t>(at - values.offsets.begin()) - 1;
    return std::max(begin + 1, fitting);
  }
  return end;
}

/// Calls `use(row)` for each row that is not null.
template <typename Use>
void ForEach(const PageRows& page, Use use) {
  if (page.present.empty()) {
    for (std::size_t row = page.begin; row < page.end; ++row) use(row);
  } else {
    for (std::size_t i = 0; i < page.size(); ++i) {
      if (page.present[i] != 0) use(page.begin + i);
    }
  }
}

void AppendBits(const std::vector<uint8_t>& values, const PageRows& page, ByteBuffer* body) {
  const std::size_t bytes = (page.size() - page.nulls + 7) / 8;
  uint8_t* bits = body->Extend(bytes);
  std::fill_n(bits, bytes, uint8_t{0});
  std::size_t at = 0;
  ForEach(page, [&](std::size_t row) {
    bits[at / 8] = static_cast<uint8_t>(bits[at / 8] | ((values[row] != 0 ? 1 : 0) << (at % 8)));
    ++at;
  });
}

template <typename Held>
void AppendPlain(const Task& task, const Held& values, const PageRows& page, ByteBuffer* body) {
  if constexpr (std::is_same_v<Held, BytesValues>) {
    const bool fixed = task.column.type.physical == PhysicalType::kFixedBytes;
    ForEach(page, [&](std::size_t row) {
      const std::string_view value = values[row];
      const auto length = static_cast<uint32_t>(value.size());
      if (!fixed) body->Append(&length, sizeof(length));
      body->Append(value.data(), value.size());
    });
  } else if constexpr (std::is_same_v<Held, std::vector<uint8_t>>) {
    AppendBits(values, page, body);
  } else {
    using T = ValueOf<Held>;
    if (page.present.empty()) {
      body->Append(values.data() + page.begin, page.size() * sizeof(T));
      return;
    }
    auto* out = body->Extend((page.size() - page.nulls) * sizeof(T));
    ForEach(page, [&](std::size_t row) {
      std::memcpy(out, &values[row], sizeof(T));
      out += sizeof(T);
    });
  }
}

template <typename T>
void AppendDelta(const std::vector<T>& values, const PageRows& page, std::vector<int64_t>* scratch,
                 ByteBuffer* body) {
  if constexpr (std::is_same_v<T, int64_t>) {
    if (page.present.empty()) {
      return AppendDeltaPacked({values.data() + page.begin, page.size()}, body);
    }
  }
  scratch->clear();
  ForEach(page, [&](std::size_t row) { scratch->push_back(int64_t{values[row]}); });
  AppendDeltaPacked(*scratch, body);
}

template <typename Held>
Range<ValueOf<Held>> RangeOf(const Held& values, const PageRows& page,
                             const Order<ValueOf<Held>>& less, int64_t* nans) {
  Range<ValueOf<Held>> range;
  ForEach(page, [&](std::size_t row) {
    const ValueOf<Held> value = values[row];
    if (IsNan(value)) {
      ++*nans;
    } else {
      range.Add(less, value);
    }
  });
  return range;
}

/// Pages of plain or delta-packed values.
template <typename Held>
EncodedValues EncodeDirect(const Task& task, const Held& values, ChunkBuilder::Form form) {
  using T = ValueOf<Held>;
  const Order<T> less(task.column.type);
  ChunkBuilder chunk(task.rows, form);
  EncodedValues out;
  Range<T> all;
  std::vector<int64_t> scratch;
  for (std::size_t begin = 0; begin < task.rows;) {
    const PageRows page = TakeRows(task, begin, PageEnd(values, begin, task.rows));
    ByteBuffer* body = chunk.StartPage(page.size(), page.present);
    if constexpr (std::is_same_v<T, int32_t> || std::is_same_v<T, int64_t>) {
      if (form.encoding == PageEncoding::kDeltaBinaryPacked) {
        AppendDelta(values, page, &scratch, body);
      } else {
        AppendPlain(task, values, page, body);
      }
    } else {
      AppendPlain(task, values, page, body);
    }
    const Range<T> range = RangeOf(values, page, less, &out.nans);
    all.Add(less, range);
    chunk.FinishPage(page.size(), StatsOf(task, range, static_cast<int64_t>(page.nulls)));
    begin = page.end;
  }
  out.column = std::move(*chunk.column());
  out.column.stats = StatsOf(task, all, out.column.stats.nulls);
  return out;
}

/// Values in order (NaN last), and each row's place among them.
template <typename T>
struct Dictionary {
  std::vector<T> values;
  std::size_t numbers = 0;       ///< Those before the first NaN.
  std::vector<uint32_t> places;  ///< Of null rows: anything.
};

template <typename T>
Dictionary<T> Sorted(const DistinctValues<T>& distinct, std::vector<uint32_t>&& ids,
                     const ColumnType& type) {
  const Order<T> less(type);
  const std::vector<T>& found = distinct.values();
  std::vector<uint32_t> order(found.size());
  for (uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    if (IsNan(found[a]) || IsNan(found[b])) return !IsNan(found[a]) && IsNan(found[b]);
    if constexpr (std::is_floating_point_v<T>) {
      if (found[a] == found[b]) return std::signbit(found[a]) && !std::signbit(found[b]);
    }
    return less(found[a], found[b]);
  });
  Dictionary<T> dictionary{.values = {}, .places = std::move(ids)};
  std::vector<uint32_t> place(order.size());
  for (uint32_t i = 0; i < order.size(); ++i) {
    dictionary.values.push_back(found[order[i]]);
    dictionary.numbers += IsNan(found[order[i]]) ? 0U : 1U;
    place[order[i]] = i;
  }
  for (uint32_t& id : dictionary.places) id = place.empty() ? 0 : place[id];
  return dictionary;
}

/// By rows spread over the column: whether few values come again and again, and not in order (then
/// integers pack better as differences).
template <typename Held>
bool LooksRepetitive(const Task& task, const Held& values) {
  using T = ValueOf<Held>;
  const Order<T> less(task.column.type);
  const std::size_t step = std::max<std::size_t>(1, task.rows / kSample);
  DistinctValues<T> distinct(kSample * 2);
  std::size_t seen = 0;
  bool ascending = std::is_integral_v<T>;
  std::optional<T> last;
  for (std::size_t row = 0; row < task.rows; row += step) {
    if (task.IsNull(row)) continue;
    const T value = values[row];
    ++seen;
    distinct.Add(value);
    ascending = ascending && !(last && less(value, *last));
    last = value;
  }
  return seen >= 16 && !ascending && distinct.values().size() * 2 <= seen;
}

template <typename Held>
std::optional<Dictionary<ValueOf<Held>>> MakeDictionary(const Task& task, const Held& values) {
  using T = ValueOf<Held>;
  if (!LooksRepetitive(task, values)) return std::nullopt;
  DistinctValues<T> distinct(std::min(kMaxDictionary, task.rows / 2 + 1));
  std::vector<uint32_t> ids(task.rows);
  std::size_t bytes = 0;
  for (std::size_t row = 0; row < task.rows; ++row) {
    if (task.IsNull(row)) continue;
    const T value = values[row];
    const std::size_t before = distinct.values().size();
    ids[row] = distinct.Add(value);
    if (ids[row] == DistinctValues<T>::kNoId) return std::nullopt;
    if (distinct.values().size() == before) continue;
    if constexpr (std::is_same_v<T, std::string_view>) bytes += value.size() + 4;
    if (bytes > kMaxDictionaryBytes) return std::nullopt;
  }
  return Sorted(distinct, std::move(ids), task.column.type);
}

template <typename T>
void AppendDictionary(const Task& task, const std::vector<T>& values, ChunkBuilder* chunk) {
  if constexpr (std::is_same_v<T, std::string_view>) {
    ByteBuffer plain;
    const bool fixed = task.column.type.physical == PhysicalType::kFixedBytes;
    for (const std::string_view value : values) {
      const auto length = static_cast<uint32_t>(value.size());
      if (!fixed) plain.Append(&length, sizeof(length));
      plain.Append(value.data(), value.size());
    }
    chunk->Dictionary(plain.bytes(), values.size());
  } else {
    chunk->Dictionary({reinterpret_cast<const uint8_t*>(values.data()), values.size() * sizeof(T)},
                      values.size());
  }
}

template <typename T>
EncodedValues EncodeByPlaces(const Task& task, const Dictionary<T>& dictionary) {
  ChunkBuilder chunk(
      task.rows,
      {.encoding = PageEncoding::kRleDictionary, .zstd = true, .required = task.column.required});
  AppendDictionary(task, dictionary.values, &chunk);
  EncodedValues out;
  std::vector<uint32_t> indices(kPageRows + 32);
  for (std::size_t begin = 0; begin < task.rows; begin += kPageRows) {
    const PageRows page = TakeRows(task, begin, std::min(task.rows, begin + kPageRows));
    std::size_t count = 0;
    uint32_t least = ~uint32_t{0};
    uint32_t greatest = 0;  // Of all.
    uint32_t top = 0;       // Of those that are no NaN.
    ForEach(page, [&](std::size_t row) {
      const uint32_t place = dictionary.places[row];
      indices[count++] = place;
      least = std::min(least, place);
      greatest = std::max(greatest, place);
      if (place < dictionary.numbers) {
        top = std::max(top, place);
      } else {
        ++out.nans;
      }
    });
    AppendIndices(indices.data(), count, WidthInBytes(greatest),
                  chunk.StartPage(page.size(), page.present));
    Range<T> range;
    if (least < dictionary.numbers) {
      range = {.any = true, .min = dictionary.values[least], .max = dictionary.values[top]};
    }
    chunk.FinishPage(page.size(), StatsOf(task, range, static_cast<int64_t>(page.nulls)));
  }
  Range<T> all;
  if (dictionary.numbers > 0) {
    all = {
        .any = true, .min = dictionary.values[0], .max = dictionary.values[dictionary.numbers - 1]};
  }
  out.column = std::move(*chunk.column());
  out.column.stats = StatsOf(task, all, out.column.stats.nulls);
  return out;
}

/// With how many digits the values print, -1 for more than nine.
int GuessDecimals(std::span<const double> values) {
  const std::size_t step = std::max<std::size_t>(1, values.size() / kDecimalsSample);
  std::vector<double> sample;
  for (std::size_t i = 0; i < values.size(); i += step) {
    if (!std::isnan(values[i])) sample.push_back(values[i]);
  }
  std::vector<int32_t> points;
  for (int decimals = 0; decimals <= kMostDecimals; ++decimals) {
    if (DoublesToPoints(sample, decimals, &points)) return decimals;
  }
  return -1;
}

/// As ticks are encoded, where no NaN is a value: there NaN is how nulls are told.
std::optional<EncodedValues> EncodeAsPrices(const Task& task, const std::vector<double>& values) {
  std::vector<double> marked;
  std::span<const double> all = values;
  bool any_nan = false;
  if (task.valid.empty()) {
    for (const double value : values) any_nan |= std::isnan(value);
  } else {
    marked = values;
    for (std::size_t row = 0; row < task.rows; ++row) {
      any_nan |= !task.IsNull(row) && std::isnan(values[row]);
      if (task.IsNull(row)) marked[row] = std::numeric_limits<double>::quiet_NaN();
    }
    all = marked;
  }
  if (any_nan) return std::nullopt;
  const int decimals = GuessDecimals(all);
  if (decimals < 0 && !LooksRepetitive(task, values)) return std::nullopt;
  return EncodedValues{.column = EncodeDoubles(all, decimals, task.column.required)};
}

// In 32 bits differences must not wrap: readers disagree on what that would mean.
bool PacksAsDelta(const Task& task, const std::vector<int32_t>& values) {
  int32_t least = std::numeric_limits<int32_t>::max();
  int32_t greatest = std::numeric_limits<int32_t>::min();
  for (std::size_t row = 0; row < task.rows; ++row) {
    if (task.IsNull(row)) continue;
    least = std::min(least, values[row]);
    greatest = std::max(greatest, values[row]);
  }
  return int64_t{greatest} - least <= std::numeric_limits<int32_t>::max();
}

template <typename Held>
EncodedValues Encode(const Task& task, const Held& values) {
  ChunkBuilder::Form form{.zstd = true, .required = task.column.required};
  if constexpr (!std::is_same_v<Held, std::vector<uint8_t>>) {
    if constexpr (std::is_same_v<Held, std::vector<double>>) {
      if (auto prices = EncodeAsPrices(task, values)) return std::move(*prices);
    }
    if (auto dictionary = MakeDictionary(task, values)) return EncodeByPlaces(task, *dictionary);
    bool delta = std::is_same_v<Held, std::vector<int64_t>>;
    if constexpr (std::is_same_v<Held, std::vector<int32_t>>) delta = PacksAsDelta(task, values);
    if (delta) {
      form.encoding = PageEncoding::kDeltaBinaryPacked;
      form.zstd = false;
    }
  }
  return EncodeDirect(task, values, form);
}

}  // namespace

EncodedValues EncodeColumn(const ColumnSchema& column, const ColumnData& data,
                           std::size_t bound_bytes) {
  const Task task{
      .column = column, .valid = data.valid, .rows = data.size(), .bound_bytes = bound_bytes};
  return std::visit([&](const auto& values) { return Encode(task, values); }, data.values);
}

}  // namespace tickhouse::io
