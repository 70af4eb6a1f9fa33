#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/fetch/fetch.h"
#include "tickhouse/ingest/fetch/symbol_fetch.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"

namespace tickhouse::ingest {

namespace {

Result<std::vector<std::string>> SymbolsOf(const FetchRequest& request,
                                           const FetchContext& context) {
  if (!request.symbols.empty()) return request.symbols;
  constexpr std::string_view kEnd = "/.fetch/manifest.journal";
  TICKHOUSE_ASSIGN(const auto files, context.files->ListFiles(request.out));
  std::vector<std::string> symbols;
  for (const io::FileInfo& file : files) {
    const auto below = io::RelativePath(file.path, request.out);
    if (!below || !below->ends_with(kEnd)) continue;
    symbols.push_back(below->substr(0, below->size() - kEnd.size()));
  }
  if (symbols.empty()) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("{}: no symbol was fetched into this folder", request.out));
  }
  return symbols;
}

bool InRange(const FetchRequest& request, int64_t hour_ns) {
  return !request.range || (hour_ns + kNanosPerHour > ToNanos(request.range->begin) &&
                            hour_ns < ToNanos(request.range->end));
}

// One symbol, checked.
struct Check {
  const FetchRequest& request;
  const FetchContext& context;
  const Instrument& instrument;
  const RawFolder& folder;
  std::vector<HourRecord> records;
  std::vector<std::string> damage;  ///< Beside each record.

  Status Read() {
    damage.resize(records.size());
    return ParallelFor(records.size(), request.threads, context.cancel,
                       [this](std::size_t i) -> Status {
                         context.progress->Advance(1);
                         if (records[i].file.empty()) return {};
                         auto what = WhatIsDamaged(folder, instrument, records[i]);
                         if (!what) return Fail(what.error());
                         damage[i] = std::move(*what);
                         return {};
                       });
  }

  void Report(FeedKind feed, FetchSummary* summary) const {
    FetchedSymbol out;
    out.symbol = instrument.symbol;
    out.feed = feed;
    for (std::size_t i = 0; i < records.size(); ++i) {
      const HourRecord& record = records[i];
      if (record.feed != feed) continue;
      ++out.hours[record.state];
      if (!record.file.empty()) {
        out.ticks += record.ticks;
        out.bytes += record.bytes;
        ++out.present;
      }
      std::string kind = damage[i].empty() ? std::string() : std::string("damaged");
      if (record.state == HourState::kRefused || record.state == HourState::kCorrupt) {
        kind = HourStateName(record.state);
      }
      if (kind.empty()) continue;
      summary->problems.push_back({instrument.symbol, feed, record.hour_ns, kind,
                                   damage[i].empty() ? record.detail : damage[i]});
    }
    if (!out.hours.empty()) summary->symbols.push_back(std::move(out));
  }

  void ReportUnrecorded(FetchSummary* summary) const {
    std::set<std::string> known;
    for (const HourRecord& record : records) known.insert(record.file);
    for (const auto& [file, size] : folder.sizes()) {
      if (known.contains(file)) continue;
      const auto bi5 = io::ParseBi5Path(file);
      const auto json = io::ParseDukascopyJsonPath(file);
      if (!bi5 && !json) continue;
      const int64_t hour_ns = bi5 ? bi5->hour_ns : json->hour_ns;
      if (!InRange(request, hour_ns)) continue;
      summary->problems.push_back({instrument.symbol, bi5 ? FeedKind::kBi5 : FeedKind::kJson,
                                   hour_ns, "unrecorded",
                                   fmt::format("{} ({} bytes) is in no manifest; fetch its hour to "
                                               "have it checked and recorded",
                                               file, size)});
    }
  }
};

Status VerifySymbol(const FetchRequest& request, const FetchContext& context,
                    const std::string& name, FetchSummary* summary) {
  InstrumentLookup lookup{context.files, context.http, request.out, {}, {}};
  TICKHOUSE_ASSIGN(const KnownInstrument known, FindKnownInstrument(lookup, name, context.cancel));
  const std::string symbol = known.instrument.symbol;
  const std::string folder_path = FetchFolder(request.out, symbol);
  TICKHOUSE_ASSIGN(const bool fetched,
                   context.files->Exists(io::JoinPath(folder_path, "manifest.journal")));
  if (!fetched) {
    return Fail(ErrorKind::kNotFound,
                fmt::format("{}: {} was never fetched into this folder", request.out, symbol));
  }
  TICKHOUSE_ASSIGN(const auto manifest, FetchManifest::Open(*context.files, folder_path));
  TICKHOUSE_ASSIGN(const RawFolder folder, RawFolder::Open(context.files, request.out, symbol));
  Check check{request, context, known.instrument, folder, manifest->Records(FeedKind::kJson), {}};
  for (HourRecord& record : manifest->Records(FeedKind::kBi5)) check.records.push_back(record);
  std::erase_if(check.records,
                [&request](const HourRecord& record) { return !InRange(request, record.hour_ns); });
  context.progress->Start("verify", static_cast<int64_t>(check.records.size()), "hours");
  TICKHOUSE_TRY(check.Read());
  context.progress->Finish();
  check.Report(FeedKind::kJson, summary);
  check.Report(FeedKind::kBi5, summary);
  check.ReportUnrecorded(summary);
  return {};
}

}  // namespace

Result<FetchSummary> RunFetchVerify(const FetchRequest& request, const FetchContext& context) {
  TICKHOUSE_ASSIGN(const auto names, SymbolsOf(request, context));
  TICKHOUSE_ASSIGN(const auto lock, context.files->Lock(io::JoinPath(request.out, ".fetch.lock")));
  FetchSummary summary;
  for (const std::string& name : names) {
    TICKHOUSE_TRY(VerifySymbol(request, context, name, &summary));
  }
  return summary;
}

}  // namespace tickhouse::ingest
