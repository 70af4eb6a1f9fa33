#include "tickhouse/ingest/fetch/fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <memory>

#include "tickhouse/core/log.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/fetch/symbol_fetch.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"

namespace tickhouse::ingest {

namespace {

// So many hours refused in a row, after all their retries, and the feed has stopped working.
constexpr int kGiveUpAfter = 16;

struct Work {
  SymbolFetch* symbol;
  HourTask task;
};

Status CheckRequest(const FetchRequest& request) {
  if (request.symbols.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "name at least one symbol, such as EURUSD");
  }
  if (request.feed == FeedKind::kBi5 && request.root.empty()) {
    return Fail(ErrorKind::kInvalidArgument,
                "the public bi5 host stopped answering in July 2026; name an archive with --root "
                "URL, or use --feed json");
  }
  if (!request.range && !request.repair) {
    return Fail(ErrorKind::kInvalidArgument, "say from when to when: --from and --to");
  }
  if (request.range && request.range->end <= request.range->begin) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("--to {} is not after --from {}", FormatUtc(request.range->end),
                            FormatUtc(request.range->begin)));
  }
  return {};
}

Result<std::unique_ptr<io::FileLock>> LockFolder(const FetchRequest& request,
                                                 const FetchContext& context) {
  TICKHOUSE_TRY(context.files->MakeFolders(request.out));
  return context.files->Lock(io::JoinPath(request.out, ".fetch.lock"));
}

// Ends the run when the feed is plainly not there: at once when no request ever got an answer, else
// after many refusals in a row.
class Breaker {
 public:
  Status Note(const HourAnswer& answer) {
    if (answer.state != HourState::kRefused) {
      answered_ = true;
      in_a_row_ = 0;
      return {};
    }
    if (answer.reached) answered_ = true;
    const int refused = ++in_a_row_;
    if (answered_ && refused < kGiveUpAfter) return {};
    return Fail(ErrorKind::kUnavailable,
                fmt::format("the feed does not work at the moment ({}: {}); what was fetched is "
                            "kept, run again to continue",
                            answer.source, answer.detail));
  }

 private:
  std::atomic<bool> answered_ = false;
  std::atomic<int> in_a_row_ = 0;
};

Status Carry(const std::vector<Work>& work, const FetchRequest& request,
             const FetchContext& context, int64_t* retries) {
  AdaptiveThrottle::Options pace;
  pace.max_in_flight = request.threads;
  AdaptiveThrottle throttle(context.clock, pace);
  HourSource::Options options;
  options.feed = request.feed;
  options.root = request.root.empty() ? std::string(io::kDukascopyJsonRoot) : request.root;
  HourSource source(context.http, context.clock, &throttle, std::move(options));
  Breaker breaker;
  context.progress->Start("fetch", static_cast<int64_t>(work.size()), "hours");
  const auto carry = [&](std::size_t i) -> Status {
    TICKHOUSE_ASSIGN(const HourAnswer answer, work[i].symbol->Do(work[i].task, source));
    context.progress->Advance(1);
    return breaker.Note(answer);
  };
  // The first hour alone: a feed that is not there is found out by one thread, not by all of them.
  Status done = work.empty() ? Status() : carry(0);
  if (done && work.size() > 1) {
    done = ParallelFor(work.size() - 1, request.threads, context.cancel,
                       [&carry](std::size_t i) { return carry(i + 1); });
  }
  context.progress->Finish();
  *retries = source.retries();
  return done;
}

using Symbols = std::vector<std::unique_ptr<SymbolFetch>>;

Result<Symbols> OpenSymbols(const FetchRequest& request, const FetchContext& context) {
  Symbols symbols;
  for (const std::string& name : request.symbols) {
    const std::string canonical = CanonicalSymbol(name);
    const bool twice = std::any_of(symbols.begin(), symbols.end(), [&canonical](const auto& other) {
      return other->symbol() == canonical;
    });
    if (twice) continue;
    TICKHOUSE_ASSIGN(auto symbol, SymbolFetch::Open(request, context, name));
    symbols.push_back(std::move(symbol));
  }
  return symbols;
}

}  // namespace

Result<FetchSummary> RunFetch(const FetchRequest& request, const FetchContext& context) {
  TICKHOUSE_TRY(CheckRequest(request));
  TICKHOUSE_ASSIGN(const std::unique_ptr<io::FileLock> lock, LockFolder(request, context));
  TICKHOUSE_ASSIGN(const Symbols symbols, OpenSymbols(request, context));
  std::vector<Work> work;
  for (const auto& symbol : symbols) {
    TICKHOUSE_ASSIGN(const std::vector<HourTask> tasks, symbol->Plan());
    for (const HourTask& task : tasks) work.push_back({symbol.get(), task});
  }
  FetchSummary summary;
  Status done = Carry(work, request, context, &summary.retries);
  for (const auto& symbol : symbols) {
    if (done) done = symbol->Review();
    const Status exported = symbol->Export();
    if (done) done = exported;
  }
  if (!done) return Fail(done.error());
  for (const auto& symbol : symbols) symbol->Summarize(&summary);
  return summary;
}

}  // namespace tickhouse::ingest
