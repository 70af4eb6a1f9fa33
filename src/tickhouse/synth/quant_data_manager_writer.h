// Ticks as the CSV that Quant Data Manager exports (formats.md 1.1).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/core/zone.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::synth {

struct QuantDataManagerOptions {
  std::string symbol;
  int decimals = 5;
  Zone zone;                  ///< In which `DateTime` is written; named in the file name.
  CivilDay export_day;        ///< The date the file names begin with.
  bool split_by_day = false;  ///< One file a local day, named by it.
  int64_t max_bytes = 0;  ///< A new numbered file where the next row would pass this; 0: no limit.
};

/// `FOLDER/SYMBOL/2026.1.4SYMBOL_dukascopy_TICK_UTCPlus02-TICK-No Session.csv`; further parts end
/// in ` 001.csv` and so on. Prices have all decimals of the instrument, `Volume` is bid plus ask
/// volume in millions with two decimals (or the single volume column as it is). One thread at a
/// time.
class QuantDataManagerWriter {
 public:
  virtual ~QuantDataManagerWriter() = default;

  /// `fs` outlives the writer.
  static std::unique_ptr<QuantDataManagerWriter> Make(io::FileSystem& fs, const std::string& folder,
                                                      QuantDataManagerOptions options);

  virtual Status Write(const TickBatch& batch) = 0;
  /// Makes the last file visible; a stream without rows leaves one file with a header.
  virtual Status Close() = 0;
  /// Paths of the files that are complete.
  virtual const std::vector<std::string>& outputs() const = 0;
};

/// "UTCPlus02", "UTCMinus0330", "UTC"; of an IANA zone its name with '-' for '/'.
std::string ZoneInFileName(const Zone& zone);

}  // namespace tickhouse::synth
