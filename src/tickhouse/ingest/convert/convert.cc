#include "tickhouse/ingest/convert/convert.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/core/check.h"
#include "tickhouse/core/parallel.h"
#include "tickhouse/ingest/convert/convert_claims.h"
#include "tickhouse/ingest/convert/convert_state.h"

namespace tickhouse::ingest {

namespace {

// Below it, threads work on different files; above it, all of them on one.
constexpr int64_t kLargeItemBytes = int64_t{48} << 20;

bool EndsTheRun(const Error& error, bool strict) {
  return error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kNoSpace ||
         (strict && error.kind == ErrorKind::kCorrupt);
}

class Job {
 public:
  Job(const ConvertJob& job, const ConvertEngine* engine) : job_(job), engine_(engine) {}

  Result<ConvertSummary> Run() {
    TICKHOUSE_ASSIGN(plan_, PlanConversion(*job_.files, job_.in, job_.out, job_.options));
    TICKHOUSE_TRY(job_.files->MakeFolders(io::JoinPath(job_.out, ".tickhouse")));
    const std::string lock_path = io::JoinPath(job_.out, ".tickhouse/convert.lock");
    Result<std::unique_ptr<io::FileLock>> lock = job_.files->Lock(lock_path);
    if (!lock) {
      const bool busy = lock.error().kind == ErrorKind::kBusy;
      return Fail(lock.error().WithContext(
          fmt::format("{} {}", busy ? "another run converts into" : "claiming", job_.out)));
    }
    TICKHOUSE_ASSIGN(state_, ConvertState::Open(*job_.files, job_.out));
    TICKHOUSE_ASSIGN(claims_,
                     ClaimItems(plan_, job_.options, job_.out, *job_.files, *state_, job_.cancel));
    const Status status = RunClaimed();
    TICKHOUSE_TRY(state_->Flush());
    TICKHOUSE_TRY(status);
    return Summary();
  }

 private:
  Status RunClaimed() {
    outcomes_.resize(plan_.items.size());
    std::vector<std::size_t> small;
    std::vector<std::size_t> large;
    std::vector<std::size_t> submitted;
    int64_t total = 0;
    for (std::size_t i = 0; i < plan_.items.size(); ++i) {
      outcomes_[i].item = plan_.items[i].label();
      outcomes_[i].kind = plan_.items[i].kind;
      if (!claims_[i].todo) {
        outcomes_[i].state = ItemOutcome::State::kSkipped;
        outcomes_[i].note = claims_[i].note;
        continue;
      }
      const int64_t bytes = plan_.items[i].bytes();
      total += bytes;
      const bool submit = engine_ != nullptr && plan_.items[i].kind == InputKind::kCsv;
      (submit ? submitted : bytes < kLargeItemBytes ? small : large).push_back(i);
    }
    job_.progress->Start("convert", total, "bytes");
    // A few items of unlike size would leave threads idle; one after the other they do not.
    if (small.size() < 4 * static_cast<std::size_t>(job_.options.threads)) {
      large.insert(large.end(), small.begin(), small.end());
      small.clear();
    }
    // The largest first: nobody waits for one big file at the end.
    std::ranges::stable_sort(small, std::greater(),
                             [this](std::size_t i) { return plan_.items[i].bytes(); });
    Status status = RunSide(small);
    for (std::size_t k = 0; status && k < large.size(); ++k) {
      status = RunOne(large[k], job_.options.threads);
    }
    if (status && !submitted.empty()) status = RunSubmitted(submitted);
    job_.progress->Finish();
    return status;
  }

  // Many items side by side, one thread each.
  Status RunSide(const std::vector<std::size_t>& items) {
    return ParallelFor(items.size(), job_.options.threads, job_.cancel,
                       [&](std::size_t k) { return RunOne(items[k], 1); });
  }

  ConvertContext ContextOf(int threads) const {
    ConvertContext context;
    context.files = job_.files;
    context.progress = job_.progress;
    context.cancel = job_.cancel;
    context.out = job_.out;
    context.options = &job_.options;
    context.threads = threads;
    return context;
  }

  Status RunOne(std::size_t i, int threads) {
    const ConvertItem& item = plan_.items[i];
    const int64_t started_ns = ToNanos(job_.clock->Now());
    const ConvertContext context = ContextOf(threads);
    return Settle(
        i, started_ns,
        item.kind == InputKind::kCsv ? ConvertCsv(item, context) : ConvertHours(item, context));
  }

  Status RunSubmitted(const std::vector<std::size_t>& indexes) {
    const int64_t started_ns = ToNanos(job_.clock->Now());
    std::vector<const ConvertItem*> items;
    for (const std::size_t i : indexes) items.push_back(&plan_.items[i]);
    TICKHOUSE_ASSIGN(std::vector<Result<ConvertedItem>> results,
                     (*engine_)(items, ContextOf(job_.options.threads)));
    TICKHOUSE_CHECK(results.size() == items.size(), "an engine answers every item");
    Status first;
    for (std::size_t k = 0; k < indexes.size(); ++k) {
      Status status = Settle(indexes[k], started_ns, std::move(results[k]));
      if (first && !status) first = std::move(status);
    }
    return first;
  }

  // Notes how the item ended; fails only when the run must end.
  Status Settle(std::size_t i, int64_t started_ns, Result<ConvertedItem> converted) {
    const ConvertItem& item = plan_.items[i];
    ItemOutcome& outcome = outcomes_[i];
    if (!converted) {
      if (EndsTheRun(converted.error(), job_.options.strict)) {
        return std::unexpected(std::move(converted).error());
      }
      outcome.error = std::move(converted).error();
      return {};
    }
    outcome.result = std::move(*converted);
    const ConvertedItem& result = outcome.result;
    if (result.rows == 0 && result.rejected > 0) {
      outcome.error = {ErrorKind::kCorrupt,
                       fmt::format("not one of {} rows could be read; see {}", result.rejected,
                                   io::JoinPath(job_.out, result.rejects_path))};
      return {};
    }
    outcome.state = result.rows > 0 ? ItemOutcome::State::kConverted : ItemOutcome::State::kEmpty;
    // Hours without ticks are facts to remember; a CSV without rows is more likely a failed copy.
    if (result.rows == 0 && item.kind == InputKind::kCsv) return {};
    DoneRecord record;
    record.item = item.name;
    record.options = OptionsFingerprint(item, job_.options);
    record.bytes = item.bytes();
    record.stamp = SourceStamp(item);
    record.content = result.content;
    record.started_ns = started_ns;
    record.rows = result.rows;
    record.rejected = result.rejected;
    record.outputs = result.outputs;
    return state_->Add(std::move(record));
  }

  ConvertSummary Summary() {
    ConvertSummary summary;
    summary.ignored_files = plan_.ignored_files;
    for (std::size_t i = 0; i < outcomes_.size(); ++i) {
      if (outcomes_[i].state == ItemOutcome::State::kConverted) {
        summary.source_bytes += plan_.items[i].bytes();
      }
    }
    summary.outcomes = std::move(outcomes_);
    for (Refusal& refusal : plan_.refused) {
      ItemOutcome outcome;
      outcome.item = std::move(refusal.item);
      outcome.error = std::move(refusal.error);
      summary.outcomes.push_back(std::move(outcome));
    }
    return summary;
  }

  const ConvertJob& job_;
  const ConvertEngine* const engine_;
  ConvertPlan plan_;
  std::unique_ptr<ConvertState> state_;
  std::vector<Claim> claims_;
  std::vector<ItemOutcome> outcomes_;
};

}  // namespace

Result<ConvertSummary> Convert(const ConvertJob& job) {
  return Job(job, nullptr).Run();
}

Result<ConvertSummary> ConvertWith(const ConvertJob& job, const ConvertEngine& engine) {
  return Job(job, &engine).Run();
}

}  // namespace tickhouse::ingest
