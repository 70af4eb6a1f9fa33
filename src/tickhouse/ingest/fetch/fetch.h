// Raw ticks from a feed into a folder: every hour once, read-only, hashed, in one named state.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/core/time.h"
#include "tickhouse/ingest/fetch/hour_record.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::ingest {

/// Nothing is owned.
struct FetchContext {
  io::FileSystem* files = nullptr;
  io::HttpClient* http = nullptr;
  Clock* clock = nullptr;
  Progress* progress = nullptr;
  CancelToken cancel;
};

struct FetchRequest {
  std::vector<std::string> symbols;  ///< For verify empty means every symbol of the folder.
  std::optional<UtcRange> range;     ///< Verify and repair: empty means every hour recorded.
  FeedKind feed = FeedKind::kJson;
  std::string root;  ///< Empty: the public feed (JSON only).
  std::string out = "raw";
  bool repair = false;      ///< Ask again for what is missing, corrupt, refused or damaged on disk.
  bool ask_closed = false;  ///< Ask for hours that the calendar calls closed, too.
  std::string instruments;  ///< See InstrumentLookup::description.
  int threads = 8;          ///< Requests in flight at most.
};

/// One hour that needs a word.
struct FetchProblem {
  std::string symbol;
  FeedKind feed = FeedKind::kJson;
  int64_t hour_ns = 0;
  std::string kind;  ///< "refused", "corrupt", or of verify "damaged", "unrecorded", ...
  std::string message;
};

struct FetchedSymbol {
  std::string symbol;
  FeedKind feed = FeedKind::kJson;
  std::map<HourState, int64_t> hours;  ///< Of the range.
  int64_t ticks = 0;
  int64_t bytes = 0;
  int64_t asked = 0;             ///< Hours asked for in this run.
  int64_t present = 0;           ///< Hours that were complete before.
  std::vector<int64_t> running;  ///< Not over yet: nothing is stored for them.
};

struct FetchSummary {
  std::vector<FetchedSymbol> symbols;  ///< In the order asked.
  std::vector<FetchProblem> problems;  ///< By symbol, then hour.
  std::vector<std::string> outputs;    ///< Manifests.
  int64_t retries = 0;
};

/// Fetches. At the end the hours of each symbol are held against each other (ReviewHours); what
/// cannot be right is moved to `.fetch/quarantine` with the reason beside it. kBusy names the
/// process that works on the folder; kUnavailable: the feed stopped answering (run again to
/// continue); kCancelled: state is safe. The manifest is exported in every case.
Result<FetchSummary> RunFetch(const FetchRequest& request, const FetchContext& context);

/// Re-hashes and decodes every recorded hour (of both feeds), names files that no record knows, and
/// changes nothing. Uses symbols, range, out, instruments, threads.
Result<FetchSummary> RunFetchVerify(const FetchRequest& request, const FetchContext& context);

}  // namespace tickhouse::ingest
