// Dukascopy's .bi5: one hour of ticks, LZMA-alone over 20-byte big-endian records (formats.md 1.3).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
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
static_assert(sizeof(Bi5Record) == 20, "the layout of the stored record");

/// Unpacks files one after another, keeping its state and its memory: the fast way for a folder.
/// One thread at a time; each thread has its own.
class Bi5Decoder {
 public:
  Bi5Decoder();
  ~Bi5Decoder();
  Bi5Decoder(Bi5Decoder&&) noexcept;
  Bi5Decoder& operator=(Bi5Decoder&&) noexcept;

  /// As DecodeBi5 below. The span is valid until the next call or the decoder's end.
  Result<std::span<const Bi5Record>> Decode(std::span<const std::byte> bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Unpacks one file. No bytes at all means an hour without ticks. The header may state the unpacked
/// size or leave it open (then the stream ends by its own marker). kCorrupt says at which record:
/// truncated (also where all records could still be read), damaged, followed by trailing bytes, of
/// a length that is no multiple of 20, a ms beyond the hour, a volume that is no number.
/// kUnsupported: needs more than 256 MiB to unpack.
Result<std::vector<Bi5Record>> DecodeBi5(std::span<const std::byte> bytes);

/// Packs records as Dukascopy does (size in the header, no end marker); no records give no bytes.
/// DecodeBi5(EncodeBi5(r)) == r. The same records give the same bytes. kInvalidArgument: a record
/// that DecodeBi5 would refuse.
Result<std::string> EncodeBi5(std::span<const Bi5Record> records);

/// Millions as stored to units of the base currency: the whole number of units that float32 stands
/// for, where it stands for one (0.9f -> 900000), else the product. UnitsToBi5Volume is its
/// inverse.
double Bi5VolumeToUnits(float millions);
/// Units rounded to a whole one (half to even), divided by 10^6, as float32: the rule of
/// formats.md 1.4.
float UnitsToBi5Volume(double units);

/// Appends as ticks of the hour beginning at `hour_ns`; volumes as units when `with_volumes`.
/// `decimals` lies in [0, 9].
void AppendBi5Ticks(std::span<const Bi5Record> records, int64_t hour_ns, int decimals,
                    bool with_volumes, TickBatch* batch);

/// What a path such as GBPJPY/2012/11/01/00h_ticks.bi5 says (month zero-based there). The symbol is
/// in canonical form, whatever its case in the path.
struct Bi5Path {
  std::string symbol;
  int64_t hour_ns = 0;
};
/// Looks at the last five parts only. kInvalidArgument quotes the form expected.
Result<Bi5Path> ParseBi5Path(std::string_view path);
/// "GBPJPY/2012/11/01/00h_ticks.bi5" for 2012-12-01T00.
std::string MakeBi5Path(std::string_view symbol, int64_t hour_ns);

}  // namespace tickhouse::io
