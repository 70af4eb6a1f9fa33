#include "tickhouse/ingest/fetch/symbol_fetch.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/fetch/hour_review.h"
#include "tickhouse/io/dukascopy/dukascopy_address.h"
#include "tickhouse/lineage/sha256.h"

namespace tickhouse::ingest {

namespace {

std::string RootOf(const FetchRequest& request) {
  if (!request.root.empty() || request.feed == FeedKind::kBi5) return request.root;
  return std::string(io::kDukascopyJsonRoot);
}

InstrumentLookup LookupOf(const FetchRequest& request, const FetchContext& context) {
  InstrumentLookup lookup{context.files, context.http, request.out, {}, request.instruments};
  if (request.feed == FeedKind::kJson) lookup.root = RootOf(request);
  return lookup;
}

bool HasFile(const HourRecord& record) {
  return !record.file.empty() &&
         (record.state == HourState::kTicks || record.state == HourState::kProvenEmpty);
}

}  // namespace

Result<std::string> WhatIsDamaged(const RawFolder& folder, const Instrument& instrument,
                                  const HourRecord& record) {
  if (folder.SizeOf(record.file) < 0) return "the file is gone";
  auto bytes = folder.Read(record.file);
  if (!bytes && bytes.error().kind == ErrorKind::kNotFound) return "the file is gone";
  if (!bytes) return Fail(bytes.error());
  if (lineage::Sha256Of(*bytes) != record.sha256) return "the content changed since it was stored";
  const auto facts = ReadHourFacts(record.feed, record.hour_ns, instrument, *bytes);
  if (!facts) return facts.error().message;
  if (facts->ticks != record.ticks) {
    return fmt::format("{} ticks instead of {}", facts->ticks, record.ticks);
  }
  return std::string();
}

SymbolFetch::SymbolFetch(const FetchRequest& request, const FetchContext& context,
                         KnownInstrument known, std::unique_ptr<FetchManifest> manifest,
                         RawFolder folder)
    : request_(request),
      context_(context),
      known_(std::move(known)),
      manifest_(std::move(manifest)),
      folder_(std::move(folder)) {}

Result<std::unique_ptr<SymbolFetch>> SymbolFetch::Open(const FetchRequest& request,
                                                       const FetchContext& context,
                                                       const std::string& name) {
  TICKHOUSE_ASSIGN(KnownInstrument known,
                   FindKnownInstrument(LookupOf(request, context), name, context.cancel));
  const std::string symbol = known.instrument.symbol;
  TICKHOUSE_ASSIGN(auto manifest,
                   FetchManifest::Open(*context.files, FetchFolder(request.out, symbol)));
  TICKHOUSE_ASSIGN(RawFolder folder, RawFolder::Open(context.files, request.out, symbol));
  return std::unique_ptr<SymbolFetch>(
      new SymbolFetch(request, context, std::move(known), std::move(manifest), std::move(folder)));
}

// Of the records whose file is there with the right size, those whose content is not right.
Result<std::map<int64_t, std::string>> SymbolFetch::DamagedFiles() {
  std::vector<HourRecord> records = manifest_->Records(request_.feed);
  std::erase_if(records, [](const HourRecord& record) { return !HasFile(record); });
  std::mutex mutex;
  std::map<int64_t, std::string> damaged;
  TICKHOUSE_TRY(
      ParallelFor(records.size(), request_.threads, context_.cancel, [&](std::size_t i) -> Status {
        TICKHOUSE_ASSIGN(const std::string what,
                         WhatIsDamaged(folder_, known_.instrument, records[i]));
        std::scoped_lock lock(mutex);
        if (!what.empty()) damaged[records[i].hour_ns] = what;
        return {};
      }));
  return damaged;
}

Result<std::vector<HourTask>> SymbolFetch::Plan() {
  const std::vector<HourRecord> recorded = manifest_->Records(request_.feed);
  UtcRange range{FromNanos(0), FromNanos(0)};
  if (request_.range) {
    range = *request_.range;
  } else if (!recorded.empty()) {
    range = {FromNanos(recorded.front().hour_ns),
             FromNanos(recorded.back().hour_ns + kNanosPerHour)};
  }
  plan_ = PlanHours(range, context_.clock->Now(), TradingCalendar(known_.instrument.session),
                    known_.holidays, known_.instrument);
  std::map<int64_t, std::string> damaged;
  if (request_.repair) {
    TICKHOUSE_ASSIGN(damaged, DamagedFiles());
  }
  std::vector<HourTask> tasks;
  std::vector<HourRecord> closed;
  for (const PlannedHour& hour : plan_.hours) {
    const auto found = damaged.find(hour.hour_ns);
    const auto task = TaskFor(hour, found == damaged.end() ? std::string() : found->second);
    if (task) tasks.push_back(*task);
    if (task || hour.closed.empty() || manifest_->Find(request_.feed, hour.hour_ns)) continue;
    HourRecord record;
    record.feed = request_.feed;
    record.hour_ns = hour.hour_ns;
    record.state = HourState::kClosedMarket;
    record.detail = hour.closed;
    closed.push_back(std::move(record));
  }
  TICKHOUSE_TRY(manifest_->Put(closed));
  asked_ = std::count_if(tasks.begin(), tasks.end(), [](const HourTask& task) {
    return task.action == HourTask::Action::kAsk;
  });
  return tasks;
}

std::optional<HourTask> SymbolFetch::TaskFor(const PlannedHour& hour, const std::string& damage) {
  const auto record = manifest_->Find(request_.feed, hour.hour_ns);
  const int64_t size =
      folder_.SizeOf(HourFile(request_.feed, known_.instrument.symbol, hour.hour_ns));
  const bool wanted = hour.closed.empty() || request_.ask_closed;
  HourTask ask{hour.hour_ns, HourTask::Action::kAsk, {}};
  if (size >= 0 && (!record || !HasFile(*record))) {
    return HourTask{hour.hour_ns, HourTask::Action::kAdopt, {}};
  }
  if (!record) return wanted ? std::optional(ask) : std::nullopt;
  if (HasFile(*record)) {
    if (damage.empty() && size == record->bytes) {
      ++present_;
      return std::nullopt;
    }
    if (size >= 0) {
      ask.aside = !damage.empty()
                      ? damage
                      : fmt::format("{} bytes on disk instead of {}", size, record->bytes);
    }
    return ask;
  }
  switch (record->state) {
    case HourState::kClosedMarket: return wanted ? std::optional(ask) : std::nullopt;
    case HourState::kRefused: return ask;
    case HourState::kMissingAtSource:
    case HourState::kCorrupt: return request_.repair ? std::optional(ask) : std::nullopt;
    case HourState::kTicks:
    case HourState::kProvenEmpty: break;
  }
  return std::nullopt;
}

HourRecord SymbolFetch::NewRecord(int64_t hour_ns, const HourAnswer& answer) const {
  HourRecord record;
  record.feed = request_.feed;
  record.hour_ns = hour_ns;
  record.state = answer.state;
  record.ticks = answer.facts.ticks;
  record.source = answer.source;
  record.fetched_ns = ToNanos(context_.clock->Now());
  record.first_price = answer.facts.first_price;
  record.last_price = answer.facts.last_price;
  record.volume = answer.facts.volume;
  record.detail = answer.detail;
  if (answer.has_file || !answer.bytes.empty()) {
    record.bytes = static_cast<int64_t>(answer.bytes.size());
    record.sha256 = lineage::Sha256Of(answer.bytes);
  }
  if (answer.has_file) {
    record.file = HourFile(request_.feed, known_.instrument.symbol, hour_ns);
  }
  return record;
}

Status SymbolFetch::Keep(const HourTask& task, const HourAnswer& answer) {
  HourRecord record = NewRecord(task.hour_ns, answer);
  if (answer.state == HourState::kCorrupt) {
    TICKHOUSE_ASSIGN(const std::string aside,
                     folder_.QuarantineBytes(record, answer.bytes, answer.detail));
    record.detail += "; see " + aside;
  }
  // The record first: a file without one would be taken for somebody else's.
  TICKHOUSE_TRY(manifest_->Put(record));
  if (!answer.has_file) return {};
  return folder_.Store(record.file, answer.bytes);
}

Result<HourAnswer> SymbolFetch::Adopt(const HourTask& task, bool* adopted) {
  const std::string file = HourFile(request_.feed, known_.instrument.symbol, task.hour_ns);
  HourAnswer answer;
  answer.source = "found in the folder";
  TICKHOUSE_ASSIGN(answer.bytes, folder_.Read(file));
  const auto facts = ReadHourFacts(request_.feed, task.hour_ns, known_.instrument, answer.bytes);
  *adopted = facts.has_value();
  if (!facts) {
    answer.detail = facts.error().message;
    return answer;
  }
  answer.has_file = true;
  answer.facts = *facts;
  answer.state = facts->ticks > 0 ? HourState::kTicks : HourState::kProvenEmpty;
  TICKHOUSE_TRY(manifest_->Put(NewRecord(task.hour_ns, answer)));
  return answer;
}

Result<HourAnswer> SymbolFetch::Do(const HourTask& task, HourSource& source) {
  std::string aside = task.aside;
  if (task.action == HourTask::Action::kAdopt) {
    bool adopted = false;
    TICKHOUSE_ASSIGN(HourAnswer answer, Adopt(task, &adopted));
    if (adopted) return answer;
    aside = answer.detail;
  }
  if (!aside.empty()) {
    HourRecord found;
    found.feed = request_.feed;
    found.hour_ns = task.hour_ns;
    found.source = "found in the folder";
    TICKHOUSE_TRY(folder_.Quarantine(found, aside));
  }
  TICKHOUSE_ASSIGN(HourAnswer answer, source.Ask(known_.instrument, task.hour_ns, context_.cancel));
  TICKHOUSE_TRY(Keep(task, answer));
  answer.bytes.clear();
  return answer;
}

Status SymbolFetch::Review() {
  std::vector<HourRecord> hours = manifest_->Records(request_.feed);
  std::erase_if(hours, [](const HourRecord& hour) { return hour.state != HourState::kTicks; });
  for (const HourFinding& finding : ReviewHours(hours, known_.instrument)) {
    HourRecord record = hours[finding.index];
    TICKHOUSE_ASSIGN(const std::string aside, folder_.Quarantine(record, finding.reason));
    record.state = HourState::kCorrupt;
    record.file.clear();
    record.detail = finding.reason + "; see " + aside;
    TICKHOUSE_TRY(manifest_->Put(record));
  }
  return {};
}

Status SymbolFetch::Export() {
  return manifest_->Export(*context_.files);
}

void SymbolFetch::Summarize(FetchSummary* summary) const {
  FetchedSymbol out;
  out.symbol = symbol();
  out.feed = request_.feed;
  out.asked = asked_;
  out.present = present_;
  out.running = plan_.running;
  for (const PlannedHour& hour : plan_.hours) {
    const auto record = manifest_->Find(request_.feed, hour.hour_ns);
    if (!record) continue;
    ++out.hours[record->state];
    if (HasFile(*record)) {
      out.ticks += record->ticks;
      out.bytes += record->bytes;
    }
    if (record->state == HourState::kRefused || record->state == HourState::kCorrupt) {
      summary->problems.push_back({symbol(), request_.feed, hour.hour_ns,
                                   std::string(HourStateName(record->state)), record->detail});
    }
  }
  out.present =
      static_cast<int64_t>(plan_.hours.size()) - out.asked - out.hours[HourState::kClosedMarket];
  summary->symbols.push_back(std::move(out));
  summary->outputs.push_back(io::JoinPath(FetchFolder(request_.out, symbol()), "manifest.csv"));
}

}  // namespace tickhouse::ingest
