// Dukascopy's .bi5: one hour of ticks, LZMA-alone over 20-byte big-endian records.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"

namespace tickhouse::io {

/// One record as stored. Price = points / 10^decimals of the instrument; volumes in millions.
struct Bi5Record {
  uint32_t ms = 0;  ///< Since the start of the hour.
  uint32_t ask_points = 0;
  uint32_t bid_points = 0;
  float ask_volume = 0;
  float bid_volume = 0;
  bool operator==(const Bi5Record&) const = default;
};

/// Unpacks one file. No bytes at all means an hour without ticks. kCorrupt (truncated, damaged, trailing
/// bytes, a length that is no multiple of 20, ms beyond the hour) says at which record.
Result<std::vector<Bi5Record>> DecodeBi5(std::span<const std::byte> bytes);

/// Packs records; no records give no bytes. DecodeBi5(EncodeBi5(r)) == r.
Result<std::string> EncodeBi5(std::span<const Bi5Record> records);

/// Appends as ticks of the hour beginning at `hour_ns`; volumes as units (x 10^6) when `with_volumes`.
void AppendBi5Ticks(std::span<const Bi5Record> records, int64_t hour_ns, int decimals,
                    bool with_volumes, TickBatch* batch);

/// What a path such as GBPJPY/2012/11/01/00h_ticks.bi5 says (month zero-based there).
struct Bi5Path {
  std::string symbol;
  int64_t hour_ns = 0;
};
Result<Bi5Path> ParseBi5Path(std::string_view path);
std::string MakeBi5Path(std::string_view symbol, int64_t hour_ns);

}  // namespace tickhouse::io
