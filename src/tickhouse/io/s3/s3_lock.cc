#include "tickhouse/io/s3/s3_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "tickhouse/core/log.h"
#include "tickhouse/io/s3/lock_owner.h"
#include "tickhouse/io/s3/s3_client.h"

namespace tickhouse::io {

namespace {

constexpr int64_t kMostBytes = 4096;
constexpr int kMostTries = 100;

/// The lock object as it lies in the store.
struct Found {
  std::string etag;
  std::optional<LockOwner> owner = {};
  bool changed = false;  ///< While it was read.
};

std::string NameOf(const std::optional<LockOwner>& owner) {
  if (!owner) return "a process of another machine";
  return fmt::format("process {} of {}", owner->pid, owner->host);
}

bool IsPassing(const Error& error) {
  return error.kind == ErrorKind::kNotFound || error.kind == ErrorKind::kConflict;
}

}  // namespace

struct S3Locks::Shared {
  Shared(S3Config config, HttpClient* http, Clock* clock_in, CancelToken cancel_in)
      : client(std::move(config), http, clock_in), clock(clock_in), cancel(std::move(cancel_in)) {}

  S3Client client;  ///< Not interrupted: a lock must be let go of after Ctrl-C too.
  Clock* const clock;
  const CancelToken cancel;
  std::mutex mutex;
  std::vector<HeldS3Lock*> held;
  Status lost;  ///< Why nothing may be written any more.
};

/// One object of ours. A thread of its own renews it.
class HeldS3Lock {
 public:
  HeldS3Lock(S3Client* client, Clock* clock, std::string path, std::string bucket, std::string key,
             std::string etag)
      : client_(client),
        clock_(clock),
        path_(std::move(path)),
        bucket_(std::move(bucket)),
        key_(std::move(key)),
        etag_(std::move(etag)) {
    Stamp();
    thread_ = std::jthread([this] {
      while (clock_->Sleep(client_->config().lock_renewal, stop_)) {
        if (!Renew()) return;
      }
    });
  }

  ~HeldS3Lock() {
    stop_.Cancel();
    thread_.join();
    // Removing has no condition: only while nobody can have taken it over.
    if (Age() < client_->config().lock_lease / 2 && !lost_) {
      const Status removed = client_->Delete(bucket_, key_);
      if (!removed) LogWarn("{}: the lock stays behind: {}", path_, removed.error().message);
    }
  }
  HeldS3Lock(const HeldS3Lock&) = delete;
  HeldS3Lock& operator=(const HeldS3Lock&) = delete;

  Status Check() {
    if (Age() > client_->config().lock_lease / 2) (void)Renew();
    std::scoped_lock lock(mutex_);
    if (lost_) return Fail(*lost_);
    if (AgeLocked() <= client_->config().lock_lease) return {};
    return Fail(ErrorKind::kUnavailable,
                fmt::format("{}: the lock could not be renewed for {} s, another run may have it "
                            "by now; run again",
                            path_, AgeLocked() / std::chrono::seconds(1)));
  }

 private:
  // Both clocks: the steady one may stand still while the machine sleeps.
  void Stamp() {
    renewed_ns_ = clock_->MonotonicNanos();
    renewed_at_ = clock_->Now();
  }
  Nanos AgeLocked() const {
    const Nanos steady(clock_->MonotonicNanos() - renewed_ns_);
    return std::max(steady, Nanos(clock_->Now() - renewed_at_));
  }
  Nanos Age() {
    std::scoped_lock lock(mutex_);
    return AgeLocked();
  }

  // False: it is another's now. A store that does not answer is asked again the next time.
  bool Renew() {
    std::scoped_lock lock(mutex_);
    if (lost_) return false;
    const int64_t begin_ns = clock_->MonotonicNanos();
    const UtcTime begin = clock_->Now();
    // A text of its own each time: a store may give equal bytes equal ETags.
    const std::string text = FormatLockOwner(ThisProcess()) + fmt::format("beat {}\n", ++beat_);
    const auto etag = client_->Put(bucket_, key_, text, {.if_match = etag_});
    if (etag) {
      etag_ = *etag;
      renewed_ns_ = begin_ns;
      renewed_at_ = begin;
      return true;
    }
    if (!IsPassing(etag.error())) return true;
    lost_ = Error{ErrorKind::kConflict,
                  fmt::format("{}: another run took the lock, because this one did not renew it in "
                              "time; nothing more is written; run again when that one is done",
                              path_)};
    LogWarn("{}", lost_->message);
    return false;
  }

  S3Client* const client_;
  Clock* const clock_;
  const std::string path_;
  const std::string bucket_;
  const std::string key_;
  std::mutex mutex_;
  std::string etag_;
  int64_t renewed_ns_ = 0;
  UtcTime renewed_at_;
  int64_t beat_ = 0;
  std::optional<Error> lost_;
  CancelToken stop_;
  std::jthread thread_;
};

namespace {

class S3FileLock : public FileLock {
 public:
  S3FileLock(std::unique_ptr<HeldS3Lock> held, std::function<void(HeldS3Lock*)> forget)
      : forget_(std::move(forget)), held_(std::move(held)) {}
  ~S3FileLock() override { forget_(held_.get()); }

 private:
  // The function owns what the lock works with, so it goes last.
  std::function<void(HeldS3Lock*)> forget_;
  std::unique_ptr<HeldS3Lock> held_;
};

/// One try to get the lock.
class Claim {
 public:
  Claim(S3Client& client, Clock& clock, const CancelToken& cancel, const std::string& path,
        const std::string& bucket, const std::string& key)
      : client_(client), clock_(clock), cancel_(cancel), path_(path), bucket_(bucket), key_(key) {}

  /// The ETag of the object that is ours.
  Result<std::string> Run() {
    TICKHOUSE_ASSIGN(conditions_, Conditions());
    for (int i = 0; i < kMostTries; ++i) {
      TICKHOUSE_TRY(cancel_.Check());
      TICKHOUSE_ASSIGN(const std::optional<Found> found, Find());
      if (!found) {
        auto etag = Put({.if_absent = true});
        if (etag || !IsPassing(etag.error())) return etag;
        continue;
      }
      TICKHOUSE_ASSIGN(const bool free, IsFree(*found));
      if (!free) continue;
      auto etag = Put({.if_match = found->etag});
      if (etag || !IsPassing(etag.error())) return etag;
    }
    return Fail(ErrorKind::kBusy, fmt::format("{}: changes hands all the time; try again", path_));
  }

 private:
  Result<bool> Conditions() {
    switch (client_.config().conditional_writes) {
      case ConditionalWrites::kYes: return true;
      case ConditionalWrites::kNo: return false;
      case ConditionalWrites::kProbe: break;
    }
    TICKHOUSE_ASSIGN(const bool honours,
                     client_.HonoursConditions(bucket_, key_.substr(0, key_.rfind('/') + 1)));
    if (honours) return true;
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: this store ignores conditions of writes, so two runs could not "
                            "tell of each other; set TICKHOUSE_S3_CONDITIONAL_WRITES=no if there "
                            "is only one",
                            path_));
  }

  Result<std::string> Put(const S3Condition& condition) {
    return client_.Put(bucket_, key_, FormatLockOwner(ThisProcess()) + "beat 0\n",
                       conditions_ ? condition : S3Condition{});
  }

  // Renewed between the two requests, its owner is looked for again.
  Result<std::optional<Found>> Find() {
    std::optional<Found> found;
    for (int i = 0; i < kMostTries; ++i) {
      TICKHOUSE_ASSIGN(found, FindOnce());
      if (!found || found->owner || !found->changed) break;
    }
    return found;
  }

  Result<std::optional<Found>> FindOnce() {
    const auto object = client_.Head(bucket_, key_);
    if (!object) {
      if (object.error().kind != ErrorKind::kNotFound) return Fail(object.error());
      return std::optional<Found>();
    }
    Found found{.etag = object->etag};
    if (object->size > kMostBytes) return std::optional(std::move(found));
    std::string text(static_cast<std::size_t>(object->size), '\0');
    const Status read =
        client_.Get(bucket_, key_, 0, std::as_writable_bytes(std::span(text)), object->etag);
    if (!read && !IsPassing(read.error())) return Fail(read.error());
    if (read) found.owner = ParseLockOwner(text);
    found.changed = !read;
    return std::optional(std::move(found));
  }

  // May the object of that ETag be replaced? False: look again. kBusy: somebody works.
  Result<bool> IsFree(const Found& found) {
    const std::optional<bool> running =
        found.owner ? IsRunning(*found.owner) : std::optional<bool>();
    if (running) return *running ? Busy(found) : Result<bool>(true);
    LogInfo("{}: was locked by {}; waiting up to {} s for a sign of life", path_,
            NameOf(found.owner), client_.config().lock_lease / std::chrono::seconds(1));
    const int64_t begin_ns = clock_.MonotonicNanos();
    while (Nanos(clock_.MonotonicNanos() - begin_ns) < client_.config().lock_lease) {
      (void)clock_.Sleep(client_.config().lock_renewal / 2, cancel_);
      TICKHOUSE_TRY(cancel_.Check());
      const auto object = client_.Head(bucket_, key_);
      if (object && object->etag != found.etag) return Busy(found);
      if (object) continue;
      if (object.error().kind != ErrorKind::kNotFound) return Fail(object.error());
      return false;
    }
    return true;
  }

  std::unexpected<Error> Busy(const Found& found) const {
    return Fail(ErrorKind::kBusy, fmt::format("{}: {} works on it; wait for it to end, or stop it",
                                              path_, NameOf(found.owner)));
  }

  S3Client& client_;
  Clock& clock_;
  const CancelToken& cancel_;
  const std::string& path_;
  const std::string& bucket_;
  const std::string& key_;
  bool conditions_ = true;
};

}  // namespace

S3Locks::S3Locks(S3Config config, HttpClient* http, Clock* clock, CancelToken cancel) {
  config.attempts = std::min(config.attempts, 3);
  config.longest_wait = std::min(config.longest_wait, config.lock_renewal);
  config.request_timeout = std::min(config.request_timeout, config.lock_lease / 2);
  shared_ = std::make_shared<Shared>(std::move(config), http, clock, std::move(cancel));
}

S3Locks::~S3Locks() = default;

Result<std::unique_ptr<FileLock>> S3Locks::Lock(const std::string& path, const std::string& bucket,
                                                const std::string& key) {
  Claim claim(shared_->client, *shared_->clock, shared_->cancel, path, bucket, key);
  TICKHOUSE_ASSIGN(std::string etag, claim.Run());
  auto held = std::make_unique<HeldS3Lock>(&shared_->client, shared_->clock, path, bucket, key,
                                           std::move(etag));
  std::scoped_lock lock(shared_->mutex);
  shared_->held.push_back(held.get());
  return std::make_unique<S3FileLock>(std::move(held), [shared = shared_](HeldS3Lock* gone) {
    std::scoped_lock inner(shared->mutex);
    std::erase(shared->held, gone);
  });
}

Status S3Locks::CheckHeld() {
  std::scoped_lock lock(shared_->mutex);
  if (!shared_->lost) return shared_->lost;
  for (HeldS3Lock* held : shared_->held) {
    if (Status status = held->Check(); !status) {
      if (status.error().kind == ErrorKind::kConflict) shared_->lost = status;
      return status;
    }
  }
  return {};
}

}  // namespace tickhouse::io
