// Ticks as one raw file an hour, as the fetched feed lies on disk: bi5 or JSON (formats.md 1.3
// and 1.4).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::synth {

enum class HourForm { kBi5, kJson };

/// `FOLDER/SYMBOL/2019/01/04/08h_ticks.bi5` (month from zero), or the JSON path of io/dukascopy.
/// Every hour of `range` in which the instrument may trade gets a file, without ticks an empty one
/// of its form. Batches come in order of time and carry both volumes. One thread at a time.
class HourFolderWriter {
 public:
  virtual ~HourFolderWriter() = default;

  /// `fs` outlives the writer; `range` begins on an hour.
  static std::unique_ptr<HourFolderWriter> Make(io::FileSystem& fs, std::string folder,
                                                HourForm form, const Instrument& instrument,
                                                UtcRange range);

  virtual Status Write(const TickBatch& batch) = 0;
  virtual Status Close() = 0;
  virtual const std::vector<std::string>& outputs() const = 0;
};

}  // namespace tickhouse::synth
