// One symbol of a run: what there is, what to do, hour by hour.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/ingest/fetch/fetch.h"
#include "tickhouse/ingest/fetch/fetch_manifest.h"
#include "tickhouse/ingest/fetch/fetch_plan.h"
#include "tickhouse/ingest/fetch/hour_source.h"
#include "tickhouse/ingest/fetch/instrument_lookup.h"
#include "tickhouse/ingest/fetch/raw_folder.h"

namespace tickhouse::ingest {

/// What an hour needs.
struct HourTask {
  enum class Action { kAsk, kAdopt };
  int64_t hour_ns = 0;
  Action action = Action::kAsk;
  std::string
      aside;  ///< Why the file that lies there is to be moved aside first; empty: none lies.
};

/// `Do` is safe for several threads, one hour each; the rest belongs to one.
class SymbolFetch {
 public:
  static Result<std::unique_ptr<SymbolFetch>> Open(const FetchRequest& request,
                                                   const FetchContext& context,
                                                   const std::string& name);

  /// Decides, and records the hours that need no asking (closed-market).
  Result<std::vector<HourTask>> Plan();

  /// Carries one task out. The state the hour ended in; kCancelled and failures of the disk.
  Result<HourAnswer> Do(const HourTask& task, HourSource& source);

  /// Holds the hours against each other and moves aside what cannot be right.
  Status Review();
  Status Export();

  /// Counts and problems of the range as they stand.
  void Summarize(FetchSummary* summary) const;

  const std::string& symbol() const { return known_.instrument.symbol; }

 private:
  SymbolFetch(const FetchRequest& request, const FetchContext& context, KnownInstrument known,
              std::unique_ptr<FetchManifest> manifest, RawFolder folder);
  Result<std::map<int64_t, std::string>> DamagedFiles();
  std::optional<HourTask> TaskFor(const PlannedHour& hour, const std::string& damage);
  HourRecord NewRecord(int64_t hour_ns, const HourAnswer& answer) const;
  Result<HourAnswer> Adopt(const HourTask& task, bool* adopted);
  Status Keep(const HourTask& task, const HourAnswer& answer);

  const FetchRequest& request_;
  const FetchContext& context_;
  const KnownInstrument known_;
  const std::unique_ptr<FetchManifest> manifest_;
  const RawFolder folder_;
  HourPlan plan_;
  int64_t asked_ = 0;
  int64_t present_ = 0;
};

/// What is wrong with the stored file of a record; empty when it hashes and decodes as recorded.
Result<std::string> WhatIsDamaged(const RawFolder& folder, const Instrument& instrument,
                                  const HourRecord& record);

}  // namespace tickhouse::ingest
