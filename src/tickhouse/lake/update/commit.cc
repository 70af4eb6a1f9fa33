#include "tickhouse/lake/update/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/update/settle.h"

namespace tickhouse::lake {
namespace {

Result<int64_t> WholeProperty(const TableMetadata& metadata, const std::string& key,
                              int64_t fallback) {
  const auto found = metadata.properties.find(key);
  if (found == metadata.properties.end()) return fallback;
  const std::string& text = found->second;
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) {
    return Fail(
        ErrorKind::kInvalidArgument,
        fmt::format("table property {} is '{}': expected a whole number of at least 0", key, text));
  }
  return value;
}

struct RetryTimes {
  int* count;
  Nanos* min_wait;
  Nanos* max_wait;
  Nanos* total;
};

Status ReadTimes(const TableMetadata& metadata, const std::string& prefix, RetryTimes times) {
  TICKHOUSE_ASSIGN(const int64_t count,
                   WholeProperty(metadata, prefix + ".num-retries", *times.count));
  *times.count = static_cast<int>(std::min<int64_t>(count, 1'000'000));
  for (const auto& [name, target] :
       {std::pair(".min-wait-ms", times.min_wait), std::pair(".max-wait-ms", times.max_wait),
        std::pair(".total-timeout-ms", times.total)}) {
    const int64_t fallback = std::chrono::duration_cast<std::chrono::milliseconds>(*target).count();
    TICKHOUSE_ASSIGN(const int64_t value, WholeProperty(metadata, prefix + name, fallback));
    constexpr int64_t kYear = int64_t{366} * 24 * 3600 * 1000;
    *target = std::chrono::milliseconds(std::min(value, kYear));
  }
  return {};
}

/// Doubles with each attempt; between half and all of it, so that rivals part.
Nanos Backoff(Nanos min_wait, Nanos max_wait, int attempt, Random& random) {
  const double grown = static_cast<double>(min_wait.count()) *
                       static_cast<double>(uint64_t{1} << std::min(attempt, 30));
  const double capped = std::min(grown, static_cast<double>(max_wait.count()));
  return Nanos(static_cast<int64_t>(capped * (0.5 + 0.5 * random.Uniform())));
}

bool WorthRetrying(ErrorKind kind) {
  return kind == ErrorKind::kConflict || kind == ErrorKind::kUnavailable ||
         kind == ErrorKind::kBusy;
}

class CommitLoop {
 public:
  CommitLoop(UpdateSession& session, const TableIdentifier& identifier)
      : session_(session), identifier_(identifier) {}

  Result<CommitOutcome> Run(const ProduceChange& produce, const std::optional<LoadedTable>& known);

 private:
  /// What became of one swap. Without a table and with `unknown` nothing may be removed.
  struct Swapped {
    std::optional<LoadedTable> table = {};
    Error error = {ErrorKind::kConflict, ""};
    bool answer_was_lost = false;
  };

  Result<LoadedTable> Load();
  Swapped Swap(const LoadedTable& base, const TableChange& change);
  Swapped Settle(const LoadedTable& base, const TableChange& change, Error doubt);
  Swapped JudgeRefusal(const LoadedTable& base, Error refusal);
  bool Wait(Nanos min_wait, Nanos max_wait, int attempt);
  Error GiveUp(Error error);
  std::vector<std::string> RemoveWritten(const std::vector<std::string>& kept);
  CommitOutcome Done(Swapped swapped, const TableChange& change, int attempts);

  UpdateSession& session_;
  const TableIdentifier& identifier_;
  CommitPolicy policy_;
  WrittenFiles written_;
};

Result<LoadedTable> CommitLoop::Load() {
  for (int attempt = 0;; ++attempt) {
    auto table = session_.catalog->LoadTable(identifier_);
    if (table || table.error().kind == ErrorKind::kConflict || !WorthRetrying(table.error().kind) ||
        attempt >= policy_.retries) {
      return table;
    }
    if (!Wait(policy_.min_wait, policy_.max_wait, attempt)) return table;
  }
}

bool CommitLoop::Wait(Nanos min_wait, Nanos max_wait, int attempt) {
  const Nanos wait = Backoff(min_wait, max_wait, attempt, *session_.random);
  return session_.clock->Sleep(wait, session_.cancel) && !session_.cancel.cancelled();
}

std::vector<std::string> CommitLoop::RemoveWritten(const std::vector<std::string>& kept) {
  const std::set<std::string> keep(kept.begin(), kept.end());
  std::vector<std::string> left;
  for (const std::string& location : std::set<std::string>(written_.begin(), written_.end())) {
    if (keep.contains(location)) continue;
    const auto path = StoragePath(location);
    const Status removed = path ? session_.files->Remove(*path) : Status();
    if (!removed && removed.error().kind != ErrorKind::kNotFound) left.push_back(location);
  }
  return left;
}

Error CommitLoop::GiveUp(Error error) {
  const auto left = RemoveWritten({});
  if (!left.empty()) {
    error.message += fmt::format(" ({} files of the attempt could not be removed, such as {})",
                                 left.size(), left.front());
  }
  return error.WithContext(identifier_.ToString());
}

CommitLoop::Swapped CommitLoop::JudgeRefusal(const LoadedTable& base, Error refusal) {
  // What looks like a wrong request may be a right one made from an old state: a sequence number
  // that another branch's commit has used, say.
  if (refusal.kind == ErrorKind::kInvalidArgument) {
    const auto now = session_.catalog->LoadTable(identifier_);
    if (now && now->metadata_location != base.metadata_location) {
      refusal.kind = ErrorKind::kConflict;
    }
  }
  return {.error = std::move(refusal)};
}

CommitLoop::Swapped CommitLoop::Swap(const LoadedTable& base, const TableChange& change) {
  auto done = session_.catalog->CommitTable(identifier_, change.requirements, change.updates);
  if (done) return {.table = std::move(*done)};
  if (done.error().kind == ErrorKind::kUnknownOutcome || done.error().kind == ErrorKind::kTimeout) {
    return Settle(base, change, std::move(done).error());
  }
  return JudgeRefusal(base, std::move(done).error());
}

CommitLoop::Swapped CommitLoop::Settle(const LoadedTable& base, const TableChange& change,
                                       Error doubt) {
  const int64_t begin = session_.clock->MonotonicNanos();
  for (int check = 0; check <= policy_.checks; ++check) {
    if (check > 0 && !Wait(policy_.check_min_wait, policy_.check_max_wait, check - 1)) break;
    if (session_.clock->MonotonicNanos() - begin > policy_.check_total_timeout.count()) break;
    auto now = session_.catalog->LoadTable(identifier_);
    if (!now) continue;
    if (ShowsChange(*now->metadata, change)) {
      return {.table = std::move(*now), .answer_was_lost = true};
    }
    // A request under way swaps from a state in which its requirements held: once they do not, it
    // is too late for it. While they do, whoever else moved the pointer, the same request again
    // settles it: of the two at most one can succeed.
    if (!CheckRequirements(change.requirements, now->metadata.get())) {
      if (!DisprovesChange(*base.metadata, *now->metadata, change)) break;
      return {.error = {ErrorKind::kConflict, "another writer was first"}};
    }
    auto again = session_.catalog->CommitTable(identifier_, change.requirements, change.updates);
    if (again) return {.table = std::move(*again), .answer_was_lost = true};
  }
  const auto id = AddedSnapshotId(change);
  doubt.kind = ErrorKind::kUnknownOutcome;
  doubt.message += id ? fmt::format("; whether snapshot {} is in the table must be looked up", *id)
                      : "; whether the change is in the table must be looked up";
  doubt.message += "; nothing was removed";
  return {.error = std::move(doubt)};
}

CommitOutcome CommitLoop::Done(Swapped swapped, const TableChange& change, int attempts) {
  CommitOutcome outcome{.table = std::move(*swapped.table), .attempts = attempts};
  outcome.answer_was_lost = swapped.answer_was_lost;
  outcome.snapshot_id = AddedSnapshotId(change);
  outcome.left_behind = RemoveWritten(change.kept_files);
  return outcome;
}

Result<CommitOutcome> CommitLoop::Run(const ProduceChange& produce,
                                      const std::optional<LoadedTable>& known) {
  const int64_t begin = session_.clock->MonotonicNanos();
  policy_ = session_.policy.value_or(CommitPolicy());
  LoadedTable base;
  if (known) {
    base = *known;
  } else {
    TICKHOUSE_ASSIGN(base, Load());
  }
  if (!session_.policy) {
    TICKHOUSE_ASSIGN(policy_, ParseCommitPolicy(*base.metadata));
  }
  for (int attempt = 0;; ++attempt) {
    auto change = produce(base, written_);
    if (!change) {
      Error error = std::move(change).error();
      // A manifest whose writing is in doubt is not a commit in doubt.
      if (error.kind == ErrorKind::kUnknownOutcome) error.kind = ErrorKind::kIo;
      return Fail(GiveUp(std::move(error)));
    }
    if (change->updates.empty()) {
      return CommitOutcome{
          .table = base, .changed = false, .attempts = attempt, .left_behind = RemoveWritten({})};
    }
    Swapped swapped = Swap(base, *change);
    if (swapped.table) return Done(std::move(swapped), *change, attempt + 1);
    Error error = std::move(swapped.error);
    if (error.kind == ErrorKind::kUnknownOutcome) {
      return Fail(error.WithContext(identifier_.ToString()));
    }
    if (!WorthRetrying(error.kind)) return Fail(GiveUp(std::move(error)));
    const bool late = session_.clock->MonotonicNanos() - begin > policy_.total_timeout.count();
    if (attempt >= policy_.retries || late) {
      error.message += fmt::format("; gave up after {} attempts", attempt + 1);
      return Fail(GiveUp(std::move(error)));
    }
    if (!Wait(policy_.min_wait, policy_.max_wait, attempt)) {
      return Fail(GiveUp({ErrorKind::kCancelled, "interrupted before the change was made"}));
    }
    auto fresh = Load();
    if (!fresh) return Fail(GiveUp(std::move(fresh).error()));
    base = std::move(*fresh);
  }
}

}  // namespace

Result<CommitPolicy> ParseCommitPolicy(const TableMetadata& metadata) {
  CommitPolicy policy;
  TICKHOUSE_TRY(
      ReadTimes(metadata, "commit.retry",
                {&policy.retries, &policy.min_wait, &policy.max_wait, &policy.total_timeout}));
  TICKHOUSE_TRY(ReadTimes(metadata, "commit.status-check",
                          {&policy.checks, &policy.check_min_wait, &policy.check_max_wait,
                           &policy.check_total_timeout}));
  return policy;
}

Result<CommitOutcome> CommitChange(UpdateSession& session, const TableIdentifier& identifier,
                                   const ProduceChange& produce,
                                   const std::optional<LoadedTable>& known) {
  return CommitLoop(session, identifier).Run(produce, known);
}

int64_t NowMillis(Clock& clock) {
  return FloorDiv(ToNanos(clock.Now()), kNanosPerMilli);
}

}  // namespace tickhouse::lake
