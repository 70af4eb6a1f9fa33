// Ticks to the CSV text of Quant Data Manager.
#pragma once

#include <string>
#include <string_view>

#include "tickhouse/core/tick.h"
#include "tickhouse/core/zone.h"

namespace tickhouse::io {

struct CsvWriteOptions {
  int decimals = 5;         ///< Digits after the point of every price, 0 to 15.
  Zone zone = {};           ///< Times are written as its clocks show them.
  bool with_volume = true;  ///< A Volume column from `TickBatch::volume`, which must then be there.
};

/// "DateTime,Bid,Ask,Volume\n", or without volume "DateTime,Bid,Ask\n".
std::string_view CsvHeader(bool with_volume);

/// Appends a line a row, such as "20210104 05:50:00.252,1.22531,1.22534,3.37\n": times to the
/// millisecond (finer parts are dropped, downwards), prices rounded to the decimals, volumes with
/// as many digits as they need. NaN is an empty field. Text that came in this form with fixed
/// decimals and a millisecond clock goes out as it came (but for zeros at the end of volumes, and
/// readings that the zone skips).
void AppendCsvRows(const TickBatch& ticks, const CsvWriteOptions& options, std::string* out);

}  // namespace tickhouse::io
