#include "tickhouse/io/csv/csv_row_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#include "tickhouse/io/csv/csv_number.h"

// Every function of the kernel is compiled for AVX2 and called only where the machine has it.
#define TICKHOUSE_AVX2 __attribute__((target("avx2,bmi,bmi2,popcnt"), always_inline)) inline

namespace tickhouse::io {

namespace {

constexpr int kBlockRows = 512;
constexpr int kMaxPriceDigits = 9;
constexpr int kMaxVolumeDigits = 15;
constexpr int kNoPoint = 16;

struct Tables {
  /// [distance of the point from the end, kNoPoint: none]: gathers the digits to the right.
  alignas(16) uint8_t without_point[17][16];
  /// From byte n on: zero for all but the last n of 16 bytes.
  alignas(16) uint8_t last_bytes[32];
  int64_t scale[kMaxCsvDecimals + 1];
  double power[kMaxVolumeDigits + 1];
};

constexpr Tables MakeTables() {
  Tables tables = {};
  for (int point = 0; point <= kNoPoint; ++point) {
    for (int j = 0; j < 16; ++j) {
      const bool behind = point == kNoPoint || 15 - j < point;
      const int source = behind ? j : j - 1;
      tables.without_point[point][j] = static_cast<uint8_t>(source < 0 ? 0x80 : source);
    }
  }
  for (int i = 0; i < 32; ++i) tables.last_bytes[i] = i < 16 ? 0 : 0xFF;
  int64_t scale = 1;
  for (int i = 0; i <= kMaxCsvDecimals; ++i, scale *= 10) tables.scale[i] = scale;
  double power = 1;
  for (int i = 0; i <= kMaxVolumeDigits; ++i, power *= 10) tables.power[i] = power;
  return tables;
}

constexpr Tables kTables = MakeTables();

/// Rows on their way to the sink.
struct Block {
  int64_t time_us[kBlockRows];
  int32_t bid[kBlockRows];
  int32_t ask[kBlockRows];
  double volume[2][kBlockRows];  ///< In the order of the columns.
};

/// Where things are in the 64 bytes from the beginning of a row, a bit a byte.
struct Masks {
  uint64_t delimiters;
  uint64_t points;
  uint64_t digits;
  int end;     ///< Of the row, without '\r'.
  int length;  ///< With its line end; 0: no line end in sight.
};

/// A field of the row.
struct Field {
  int begin;
  int end;
  int length() const { return end - begin; }
};

TICKHOUSE_AVX2 uint64_t Join(__m256i low, __m256i high) {
  const auto bits_low = static_cast<uint32_t>(_mm256_movemask_epi8(low));
  const auto bits_high = static_cast<uint32_t>(_mm256_movemask_epi8(high));
  return bits_low | uint64_t{bits_high} << 32;
}

TICKHOUSE_AVX2 uint64_t Equal(__m256i low, __m256i high, char c) {
  const __m256i wanted = _mm256_set1_epi8(c);
  return Join(_mm256_cmpeq_epi8(low, wanted), _mm256_cmpeq_epi8(high, wanted));
}

TICKHOUSE_AVX2 Masks Look(const char* row, char delimiter) {
  const __m256i low = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row));
  const __m256i high = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(row + 32));
  Masks masks = {};
  const uint64_t newline = Equal(low, high, '\n');
  if (newline == 0) return masks;
  masks.end = __builtin_ctzll(newline);
  masks.length = masks.end + 1;
  const uint64_t inside = newline ^ (newline - 1);
  const __m256i zero = _mm256_set1_epi8('0');
  const __m256i nine = _mm256_set1_epi8(9);
  const __m256i low_value = _mm256_sub_epi8(low, zero);
  const __m256i high_value = _mm256_sub_epi8(high, zero);
  masks.digits = Join(_mm256_cmpeq_epi8(_mm256_min_epu8(low_value, nine), low_value),
                      _mm256_cmpeq_epi8(_mm256_min_epu8(high_value, nine), high_value));
  masks.points = Equal(low, high, '.');
  masks.delimiters = Equal(low, high, delimiter) & inside;
  if (masks.end > 0 && row[masks.end - 1] == '\r') --masks.end;
  return masks;
}

TICKHOUSE_AVX2 uint64_t BitsOf(Field field) {
  return _bzhi_u64(~uint64_t{0}, static_cast<unsigned>(field.end)) &
         ~_bzhi_u64(~uint64_t{0}, static_cast<unsigned>(field.begin));
}

/// Digits with at most one point, and their number.
struct Shape {
  int decimals;
  int digits;
  int table;  ///< For Tables::without_point.
};

TICKHOUSE_AVX2 Shape ShapeOf(const Masks& masks, Field field) {
  const uint64_t point = masks.points & BitsOf(field);
  const bool has_point = point != 0;
  const int decimals = has_point ? field.end - 1 - __builtin_ctzll(point) : 0;
  return {decimals, field.length() - (has_point ? 1 : 0), has_point ? decimals : kNoPoint};
}

TICKHOUSE_AVX2 bool IsPlain(const Masks& masks, Field field) {
  const uint64_t bits = BitsOf(field);
  const uint64_t point = masks.points & bits;
  return ((masks.digits | point) & bits) == bits && (point & (point - 1)) == 0 &&
         (masks.digits & bits) != 0;
}

TICKHOUSE_AVX2 __m128i EndingAt(const char* end) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(end - 16));
}

TICKHOUSE_AVX2 __m128i Table(const uint8_t* table) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(table));
}

/// Sixteen digits in each half to two numbers of eight digits each: low and high 32 bits.
TICKHOUSE_AVX2 __m256i EightDigitNumbers(__m256i digits) {
  const __m256i two = _mm256_maddubs_epi16(digits, _mm256_set1_epi16(0x010A));
  const __m256i four = _mm256_madd_epi16(two, _mm256_set1_epi32(0x00010064));
  const __m256i packed = _mm256_packus_epi32(four, four);
  return _mm256_madd_epi16(packed, _mm256_set1_epi32(0x00012710));
}

TICKHOUSE_AVX2 int64_t Number(int64_t high_and_low) {
  constexpr int64_t kEightDigits = 100'000'000;
  const auto bits = static_cast<uint64_t>(high_and_low);
  return static_cast<int64_t>(bits & 0xFFFFFFFF) * kEightDigits + static_cast<int64_t>(bits >> 32);
}

/// Two numbers of at most 15 digits, their points left out. False: something else is in them.
TICKHOUSE_AVX2 bool TwoNumbers(const char* row, Field a, Shape shape_a, Field b, Shape shape_b,
                               int64_t* number_a, int64_t* number_b) {
  const __m256i text = _mm256_set_m128i(EndingAt(row + b.end), EndingAt(row + a.end));
  const __m256i gather = _mm256_set_m128i(Table(kTables.without_point[shape_b.table]),
                                          Table(kTables.without_point[shape_a.table]));
  const __m256i keep = _mm256_set_m128i(Table(kTables.last_bytes + shape_b.digits),
                                        Table(kTables.last_bytes + shape_a.digits));
  const __m256i values = _mm256_sub_epi8(text, _mm256_set1_epi8('0'));
  const __m256i digits = _mm256_and_si256(_mm256_shuffle_epi8(values, gather), keep);
  const __m256i too_much = _mm256_subs_epu8(digits, _mm256_set1_epi8(9));
  if (_mm256_testz_si256(too_much, too_much) == 0) return false;
  const __m256i numbers = EightDigitNumbers(digits);
  *number_a = Number(_mm256_extract_epi64(numbers, 0));
  *number_b = Number(_mm256_extract_epi64(numbers, 2));
  return true;
}

TICKHOUSE_AVX2 bool Usable(Shape shape, int decimals) {
  return static_cast<unsigned>(shape.digits - 1) < static_cast<unsigned>(kMaxPriceDigits) &&
         shape.decimals <= decimals;
}

/// Bid and ask as points of the kernel's scale.
TICKHOUSE_AVX2 bool Prices(const CsvRowKernel& kernel, const char* row, const Masks& masks,
                           Field bid, Field ask, int32_t* bid_points, int32_t* ask_points) {
  const Shape bid_shape = ShapeOf(masks, bid);
  const Shape ask_shape = ShapeOf(masks, ask);
  if (!Usable(bid_shape, kernel.decimals) || !Usable(ask_shape, kernel.decimals)) return false;
  int64_t b = 0;
  int64_t a = 0;
  if (!TwoNumbers(row, bid, bid_shape, ask, ask_shape, &b, &a)) return false;
  b *= kTables.scale[kernel.decimals - bid_shape.decimals];
  a *= kTables.scale[kernel.decimals - ask_shape.decimals];
  if (b > kMaxCsvPoints || a > kMaxCsvPoints) return false;
  *bid_points = static_cast<int32_t>(b);
  *ask_points = static_cast<int32_t>(a);
  return true;
}

/// The volume as a double; the field is plain.
TICKHOUSE_AVX2 bool Volume(const CsvRowKernel& kernel, const char* row, const Masks& masks,
                           Field field, double* volume) {
  const Shape shape = ShapeOf(masks, field);
  if (shape.digits > kMaxVolumeDigits) return false;
  int64_t number = 0;
  int64_t same = 0;
  if (!TwoNumbers(row, field, shape, field, shape, &number, &same)) return false;
  const auto mantissa = static_cast<double>(number);
  constexpr int kMillion = 6;
  const int decimals = shape.decimals - (kernel.volumes_in_millions ? kMillion : 0);
  *volume =
      decimals >= 0 ? mantissa / kTables.power[decimals] : mantissa * kTables.power[-decimals];
  return true;
}

/// Microseconds of the day from the 16 bytes behind the date; negative: not a clock.
template <bool kMicros>
TICKHOUSE_AVX2 int64_t ClockMicros(const CsvRowKernel& kernel, const char* clock) {
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(clock));
  const __m128i values = _mm_xor_si128(text, Table(kernel.clock_text.data()));
  const __m128i too_much = _mm_subs_epu8(values, Table(kernel.clock_most.data()));
  if (_mm_testz_si128(too_much, too_much) == 0) return -1;
  const __m128i digits = _mm_shuffle_epi8(values, Table(kernel.clock_digits.data()));
  const __m128i pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
  // hh*3600 + mm*60, ss*1000 + f*100, ff, uu*10 + u
  const __m128i sums = _mm_madd_epi16(pairs, _mm_setr_epi16(3600, 60, 1000, 100, 1, 0, 10, 1));
  const auto first_two = static_cast<uint64_t>(_mm_cvtsi128_si64(sums));
  const auto seconds = static_cast<int64_t>(first_two & 0xFFFFFFFF);
  if (seconds >= 86'400) return -1;
  const int64_t millis =
      seconds * 1'000 + static_cast<int64_t>(first_two >> 32) + _mm_extract_epi32(sums, 2);
  return millis * 1'000 + (kMicros ? _mm_extract_epi32(sums, 3) : 0);
}

enum class Took { kRow, kNothing, kOtherDay };

/// The suffix of the kernel, its delimiter included.
TICKHOUSE_AVX2 bool HasSuffix(const CsvRowKernel& kernel, const char* at) {
  uint64_t found = 0;
  std::memcpy(&found, at, 8);
  return _bzhi_u64(found, static_cast<unsigned>(kernel.suffix_bytes) * 8) == kernel.suffix;
}

/// Date and clock from `begin` on, with the delimiter behind them.
template <bool kIso>
TICKHOUSE_AVX2 Took Time(const CsvRowKernel& kernel, const char* row, int begin, int64_t* time_us) {
  uint64_t found = 0;
  uint64_t wanted = 0;
  std::memcpy(&found, row + begin, 8);
  std::memcpy(&wanted, kernel.date.data(), 8);
  bool same = found == wanted;
  if (kernel.date_bytes > 8) same &= std::memcmp(row + begin + 8, kernel.date.data() + 8, 2) == 0;
  if (!same) return Took::kOtherDay;
  if (kIso && !HasSuffix(kernel, row + begin + kernel.date_bytes + kernel.clock_bytes)) {
    return Took::kOtherDay;
  }
  const int64_t micros = ClockMicros<kIso>(kernel, row + begin + kernel.date_bytes);
  if (micros < 0) return Took::kNothing;
  *time_us = kernel.date_base_us + micros;
  return Took::kRow;
}

/// 12 to 13 digits: from 1973 to 2286, of which the range of nanoseconds cuts off a part.
TICKHOUSE_AVX2 Took Epoch(const char* row, Field field, int64_t* time_us) {
  constexpr int64_t kMostMillis = 9'000'000'000'000;
  if (field.length() < 12 || field.length() > 13) return Took::kNothing;
  const Shape shape = {0, field.length(), kNoPoint};
  int64_t millis = 0;
  int64_t same = 0;
  if (!TwoNumbers(row, field, shape, field, shape, &millis, &same)) return Took::kNothing;
  if (millis > kMostMillis) return Took::kNothing;
  *time_us = millis * 1'000;
  return Took::kRow;
}

/// The next field of the row, the delimiter behind it taken off `delimiters`.
TICKHOUSE_AVX2 Field NextField(uint64_t* delimiters, int begin, int row_end) {
  const int end = *delimiters == 0 ? row_end : __builtin_ctzll(*delimiters);
  *delimiters &= *delimiters - 1;
  return {begin, end};
}

/// Empty prices stand for those of the row before.
TICKHOUSE_AVX2 bool CarriedPrices(const CsvRowKernel& kernel, const char* row, const Masks& masks,
                                  Field bid, Field ask, int32_t* bid_points, int32_t* ask_points) {
  if (bid.length() > 0 && ask.length() > 0) {
    return Prices(kernel, row, masks, bid, ask, bid_points, ask_points);
  }
  if (!kernel.has_carry) return false;
  *bid_points = kernel.carried_bid;
  *ask_points = kernel.carried_ask;
  int32_t same = 0;
  if (bid.length() > 0) return Prices(kernel, row, masks, bid, bid, bid_points, &same);
  if (ask.length() > 0) return Prices(kernel, row, masks, ask, ask, &same, ask_points);
  return true;
}

template <CsvRowShape kShape>
TICKHOUSE_AVX2 Took TakeRow(const CsvRowKernel& kernel, const char* row, const Masks& masks, int at,
                            Block* block) {
  constexpr bool kSymbol = kShape == CsvRowShape::kSymbolTimeBidAsk;
  constexpr bool kCarries = kShape == CsvRowShape::kDateTimeBidAsk;
  constexpr bool kAskFirst = kShape == CsvRowShape::kTimeAskBid;
  constexpr bool kIso = kShape == CsvRowShape::kIsoTimeBidAsk;
  uint64_t delimiters = masks.delimiters;
  if (_mm_popcnt_u64(delimiters) != kernel.columns - 1) return Took::kNothing;
  int begin = 0;
  if constexpr (kSymbol) {
    if (std::memcmp(row, kernel.symbol.data(), 8) != 0) return Took::kNothing;
    begin = NextField(&delimiters, 0, masks.end).end + 1;
  }
  if constexpr (kCarries) (void)NextField(&delimiters, 0, masks.end);
  const Field time = NextField(&delimiters, begin, masks.end);
  const Took took = kernel.epoch_millis ? Epoch(row, time, &block->time_us[at])
                                        : Time<kIso>(kernel, row, begin, &block->time_us[at]);
  if (took != Took::kRow) return took;
  const Field first = NextField(&delimiters, time.end + 1, masks.end);
  const Field second = NextField(&delimiters, first.end + 1, masks.end);
  const Field bid = kAskFirst ? second : first;
  const Field ask = kAskFirst ? first : second;
  const bool priced =
      kCarries ? CarriedPrices(kernel, row, masks, bid, ask, &block->bid[at], &block->ask[at])
               : Prices(kernel, row, masks, bid, ask, &block->bid[at], &block->ask[at]);
  if (!priced) return Took::kNothing;
  int before = second.end;
  for (int column = 0; before < masks.end; ++column) {
    const Field field = NextField(&delimiters, before + 1, masks.end);
    before = field.end;
    const bool is_volume = !kCarries || column == 1;
    double* const target = &block->volume[kCarries ? 0 : column & 1][at];
    if (kCarries && field.length() == 0) {
      if (is_volume) *target = CsvRow::kNone;
      continue;
    }
    if (!IsPlain(masks, field)) return Took::kNothing;
    if (kernel.volumes_wanted && is_volume && !Volume(kernel, row, masks, field, target)) {
      return Took::kNothing;
    }
  }
  return Took::kRow;
}

/// Hands a block to the sink.
void Flush(const CsvRowKernel& kernel, const Block& block, int rows, CsvRowSink* sink) {
  const auto count = static_cast<std::size_t>(rows);
  std::span<const double> first;
  std::span<const double> second;
  if (kernel.volumes_wanted) {
    first = {block.volume[0], count};
    second = {block.volume[1], count};
  }
  const bool sides = kernel.shape == CsvRowShape::kTimeAskBid;
  const std::span<const double> none;
  sink->AddPoints({block.time_us, count}, {block.bid, count}, {block.ask, count},
                  sides ? second : none, sides ? first : none, sides ? none : first);
}

template <CsvRowShape kShape>
__attribute__((target("avx2,bmi,bmi2,popcnt"))) CsvRowRun Run(CsvRowKernel* kernel, const char* at,
                                                              const char* end, CsvRowSink* sink) {
  constexpr bool kCarries = kShape == CsvRowShape::kDateTimeBidAsk;
  CsvRowRun run;
  Block block;
  int rows = 0;
  while (end - at >= 64) {
    const Masks masks = Look(at, kernel->delimiter);
    if (masks.length == 0) break;
    const Took took = TakeRow<kShape>(*kernel, at, masks, rows, &block);
    run.other_day = took == Took::kOtherDay;
    if (took != Took::kRow) break;
    if constexpr (kCarries) {
      kernel->has_carry = true;
      kernel->carried_bid = block.bid[rows];
      kernel->carried_ask = block.ask[rows];
    }
    at += masks.length;
    if (++rows == kBlockRows) {
      Flush(*kernel, block, rows, sink);
      run.rows += rows;
      rows = 0;
    }
  }
  if (rows > 0) Flush(*kernel, block, rows, sink);
  run.rows += rows;
  run.at = at;
  return run;
}

}  // namespace

bool HasCsvRowKernel() {
  static const bool has =
      __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("bmi") != 0 &&
      __builtin_cpu_supports("bmi2") != 0 && __builtin_cpu_supports("popcnt") != 0;
  return has;
}

CsvRowRun RunCsvRowKernel(CsvRowKernel* kernel, const char* at, const char* end, CsvRowSink* sink) {
  switch (kernel->shape) {
    case CsvRowShape::kNone: break;
    case CsvRowShape::kTimeBidAsk: return Run<CsvRowShape::kTimeBidAsk>(kernel, at, end, sink);
    case CsvRowShape::kIsoTimeBidAsk:
      return Run<CsvRowShape::kIsoTimeBidAsk>(kernel, at, end, sink);
    case CsvRowShape::kTimeAskBid: return Run<CsvRowShape::kTimeAskBid>(kernel, at, end, sink);
    case CsvRowShape::kSymbolTimeBidAsk:
      return Run<CsvRowShape::kSymbolTimeBidAsk>(kernel, at, end, sink);
    case CsvRowShape::kDateTimeBidAsk:
      return Run<CsvRowShape::kDateTimeBidAsk>(kernel, at, end, sink);
  }
  return {at, 0, false};
}

}  // namespace tickhouse::io

#else  // Machines without AVX2: the slow path reads every row.

namespace tickhouse::io {

bool HasCsvRowKernel() {
  return false;
}

CsvRowRun RunCsvRowKernel(CsvRowKernel*, const char* at, const char*, CsvRowSink*) {
  return {at, 0, false};
}

}  // namespace tickhouse::io

#endif
