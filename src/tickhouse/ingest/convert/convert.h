// A folder of raw ticks to a folder of Parquet: what is already done is left alone, the rest is
// done item by item, and a killed run is continued by the next.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/ingest/convert/convert_item.h"
#include "tickhouse/ingest/convert/convert_plan.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::ingest {

/// How one item ended.
struct ItemOutcome {
  enum class State {
    kConverted,
    kSkipped,  ///< Done by an earlier run, or the same content as another item; `note` says which.
    kEmpty,    ///< Read wholly, and there is no row in it.
    kFailed,   ///< `error` says why; an older output of that name is left as it was.
  };
  std::string item;  ///< ConvertItem::label.
  State state = State::kFailed;
  ConvertedItem result;
  std::string note;
  Error error{ErrorKind::kIo, ""};
  InputKind kind = InputKind::kCsv;
};

struct ConvertSummary {
  std::vector<ItemOutcome> outcomes;  ///< Sorted as the plan.
  int64_t source_bytes = 0;           ///< Of what was converted.
  int64_t ignored_files = 0;
};

/// Nothing is owned.
struct ConvertJob {
  io::FileSystem* files = nullptr;
  Clock* clock = nullptr;
  Progress* progress = nullptr;
  CancelToken cancel;
  std::string in;
  std::string out;
  ConvertOptions options;
};

/// Runs the whole job. Fails as a whole only when nothing can be done at all: wrong input or
/// output, another run on the same output (kBusy, with its pid), a damaged journal (kCorrupt), a
/// full device (kNoSpace), the user's wish (kCancelled), and with `strict` the first refused row
/// (kCorrupt). What was finished until then is done for good.
Result<ConvertSummary> Convert(const ConvertJob& job);

/// Converts items by other means than this process; see sql/spark_convert.h. Answers one result an
/// item, in order; an error of its own is the end of the run.
using ConvertEngine = std::function<Result<std::vector<Result<ConvertedItem>>>(
    const std::vector<const ConvertItem*>& items, const ConvertContext& context)>;

/// The same, but what is not yet done is handed to `engine` (CSV only; hours stay here).
Result<ConvertSummary> ConvertWith(const ConvertJob& job, const ConvertEngine& engine);

}  // namespace tickhouse::ingest
