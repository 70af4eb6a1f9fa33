// The common row of each dialect, many a microsecond. What it does not take is left to
// CsvLineParser, which defines what every line means; both give the same rows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "tickhouse/io/csv/csv_row_sink.h"

namespace tickhouse::io {

/// The column orders that are compiled in.
enum class CsvRowShape {
  kNone,           ///< No kernel: every row goes the slow way.
  kTimeBidAsk,     ///< Time, bid, ask and at most one volume.
  kIsoTimeBidAsk,  ///< The same with an ISO time.
  kTimeAskBid,     ///< Time, ask, bid and at most two volumes (the Dukascopy dialects).
  kSymbolTimeBidAsk,
  kDateTimeBidAsk,  ///< MetaTrader 5: seven columns, empty prices carry.
};

/// Everything the kernel knows beforehand.
struct CsvRowKernel {
  CsvRowShape shape = CsvRowShape::kNone;
  int columns = 0;
  char delimiter = ',';
  bool volumes_wanted = false;
  bool volumes_in_millions = false;
  bool epoch_millis = false;

  // A text time is `date_bytes` of day, which must equal `date`, then the clock: 16 bytes that
  // xored with `clock_text` may not exceed `clock_most`, and are gathered by `clock_digits` to hh
  // mm ss 0f ff.
  int date_bytes = 8;
  std::array<char, 16> date = {};
  int64_t date_base_us = 0;  ///< UTC microseconds of the day's 00:00 on the file's clock.
  std::array<uint8_t, 16> clock_text = {};
  std::array<uint8_t, 16> clock_most = {};
  std::array<uint8_t, 16> clock_digits = {};

  // ISO: what follows the clock up to the delimiter, its offset or nothing.
  int clock_bytes = 0;
  int suffix_bytes = 0;
  uint64_t suffix = 0;

  std::array<char, 8> symbol = {};  ///< With its delimiter.
  int decimals = 0;                 ///< The scale of the points.

  // MetaTrader 5: prices of the row before, at `decimals`.
  bool has_carry = false;
  int32_t carried_bid = 0;
  int32_t carried_ask = 0;
};

/// What became of a run of rows.
struct CsvRowRun {
  const char* at = nullptr;  ///< The first row not taken.
  int64_t rows = 0;
  bool other_day = false;  ///< It stopped at a row of another date, or of another style of time.
};

/// True when this machine can run it.
bool HasCsvRowKernel();

/// Takes rows from `at` on while they are common, into `sink`. At least 16 bytes before `at` and
/// all up to `end` are readable; rows closer than 64 bytes to `end` are not taken. Updates the
/// carried prices.
CsvRowRun RunCsvRowKernel(CsvRowKernel* kernel, const char* at, const char* end, CsvRowSink* sink);

}  // namespace tickhouse::io
