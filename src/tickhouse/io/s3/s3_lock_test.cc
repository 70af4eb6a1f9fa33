#include "tickhouse/io/s3/s3_lock.h"

#include <sys/wait.h>
#include <unistd.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/s3/lock_owner.h"
#include "tickhouse/io/s3/s3_client.h"
#include "tickhouse/io/s3/s3_file_system.h"
#include "tickhouse/io/s3/test_versitygw.h"

namespace tickhouse::io {
namespace {

using testing::HasSubstr;

TEST(LockOwner, ComesBackAsItWasWritten) {
  const std::string text = FormatLockOwner(ThisProcess());
  const auto owner = ParseLockOwner(text + "beat 7\n");
  ASSERT_TRUE(owner);
  EXPECT_EQ(FormatLockOwner(*owner), text);
  EXPECT_EQ(owner->pid, ::getpid());
  EXPECT_EQ(IsRunning(*owner), true);
}

TEST(LockOwner, TellsTheDeadTheReusedAndTheDistant) {
  LockOwner owner = ThisProcess();
  owner.started += 1;
  EXPECT_EQ(IsRunning(owner), false) << "the pid was used again";
  owner.pid = int64_t{1} << 40;
  EXPECT_EQ(IsRunning(owner), false) << "no such process";
  owner.machine += "x";
  EXPECT_EQ(IsRunning(owner), std::nullopt) << "another machine";
  owner.machine = "/";
  EXPECT_EQ(IsRunning(owner), std::nullopt) << "a machine that does not tell";
}

TEST(LockOwner, RefusesOtherTexts) {
  const std::string text = FormatLockOwner(ThisProcess());
  for (const std::string& bad : {std::string(), std::string("tickhouse-lock 2\n"),
                                 text.substr(0, text.find("process")), "x" + text}) {
    EXPECT_FALSE(ParseLockOwner(bad)) << bad;
  }
}

class S3LockTest : public testing::Test {
 protected:
  void SetUp() override {
    if (SharedVersitygw() == nullptr) GTEST_SKIP() << Versitygw::kMissing;
    config_ = SharedVersitygw()->config();
    config_.lock_renewal = std::chrono::milliseconds(100);
    config_.lock_lease = std::chrono::seconds(2);
    ASSERT_OK(Client().CreateBucket(bucket_));
  }

  S3Client Client() { return S3Client(config_, http_.get(), &clock_); }
  std::unique_ptr<FileSystem> Files() {
    return MakeS3FileSystem(config_, http_.get(), &clock_, cancel_);
  }
  std::string Path(const std::string& name) const { return "s3://" + bucket_ + "/" + name; }
  Status Plant(const std::string& text) {
    const auto etag = Client().Put(bucket_, "run.lock", text);
    return etag ? Status() : Fail(etag.error());
  }
  static LockOwner Distant() {
    LockOwner owner = ThisProcess();
    owner.machine += "-other";
    owner.host = "far-away";
    return owner;
  }

  const std::string bucket_ = NewBucketName();
  S3Config config_;
  SystemClock clock_;
  CancelToken cancel_;
  std::unique_ptr<HttpClient> http_ = MakeCurlHttpClient();
};

TEST_F(S3LockTest, IsGoneWhenLetGoOf) {
  const auto fs = Files();
  {
    ASSERT_OK_AND_ASSIGN(const auto lock, fs->Lock(Path("run.lock")));
    EXPECT_OK(fs->Stat(Path("run.lock")));
  }
  EXPECT_THAT(fs->Stat(Path("run.lock")), IsError(ErrorKind::kNotFound));
}

TEST_F(S3LockTest, OneOfManyGetsIt) {
  std::atomic<int> got = 0;
  {
    std::vector<std::unique_ptr<FileSystem>> files;
    std::vector<std::jthread> threads;
    std::mutex mutex;
    std::vector<std::unique_ptr<FileLock>> locks;
    for (int i = 0; i < 4; ++i) {
      files.push_back(Files());
      threads.emplace_back([&, fs = files.back().get()] {
        auto lock = fs->Lock(Path("run.lock"));
        EXPECT_TRUE(lock || lock.error().kind == ErrorKind::kBusy) << lock.error().message;
        if (!lock) return;
        ++got;
        std::scoped_lock guard(mutex);
        locks.push_back(std::move(*lock));
      });
    }
    for (std::jthread& thread : threads) thread.join();
  }
  EXPECT_EQ(got, 1);
}

TEST_F(S3LockTest, OneOfADeadProcessIsTakenOverAtOnce) {
  config_.lock_lease = std::chrono::hours(1);
  LockOwner dead = ThisProcess();
  dead.pid = ::fork();
  if (dead.pid == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(static_cast<pid_t>(dead.pid), nullptr, 0), dead.pid);
  ASSERT_OK(Plant(FormatLockOwner(dead)));
  const auto fs = Files();
  ASSERT_OK(fs->Lock(Path("run.lock")));
}

TEST_F(S3LockTest, ASilentOneOfAnotherMachineIsTakenOverAfterTheLease) {
  config_.lock_lease = std::chrono::milliseconds(300);
  ASSERT_OK(Plant(FormatLockOwner(Distant())));
  const auto fs = Files();
  ASSERT_OK(fs->Lock(Path("run.lock")));
  ASSERT_OK(Plant("not a lock of ours"));
  ASSERT_OK(fs->Lock(Path("run.lock")));
}

TEST_F(S3LockTest, ARunningOneOfAnotherMachineIsBusyAndNamed) {
  config_.lock_lease = std::chrono::hours(1);
  ASSERT_OK(Plant(FormatLockOwner(Distant())));
  std::atomic<bool> done = false;
  std::jthread beats([&] {
    for (int beat = 1; !done; ++beat) {
      EXPECT_OK(Plant(FormatLockOwner(Distant()) + "beat " + std::to_string(beat) + "\n"));
    }
  });
  const auto lock = Files()->Lock(Path("run.lock"));
  done = true;
  EXPECT_THAT(lock, IsError(ErrorKind::kBusy));
  EXPECT_THAT(lock, HasErrorMessage("far-away"));
}

TEST_F(S3LockTest, WaitingForAnotherMachineCanBeInterrupted) {
  config_.lock_lease = std::chrono::hours(1);
  ASSERT_OK(Plant(FormatLockOwner(Distant())));
  const auto fs = Files();
  cancel_.Cancel();
  EXPECT_THAT(fs->Lock(Path("run.lock")), IsError(ErrorKind::kCancelled));
}

TEST_F(S3LockTest, WhoLostItWritesNoMore) {
  const auto fs = Files();
  ASSERT_OK(fs->WriteWhole(Path("before"), "x"));
  ASSERT_OK_AND_ASSIGN(auto lock, fs->Lock(Path("run.lock")));
  ASSERT_OK(fs->WriteWhole(Path("while"), "x"));
  ASSERT_OK(Plant(FormatLockOwner(Distant())));
  // The thread that renews finds out; nothing tells when.
  Status written;
  for (int i = 0; written && i < 1000; ++i) written = fs->WriteWhole(Path("after"), "x");
  EXPECT_THAT(written, IsError(ErrorKind::kConflict));
  EXPECT_THAT(fs->Remove(Path("before")), IsError(ErrorKind::kConflict));
  EXPECT_THAT(fs->Rename(Path("before"), Path("b")), IsError(ErrorKind::kConflict));
  lock.reset();
  EXPECT_OK(fs->Stat(Path("run.lock"))) << "the other's lock is left alone";
}

TEST_F(S3LockTest, AfterASleepItIsRenewedBeforeAnythingIsWritten) {
  // A clock that jumps an hour stands for a machine that slept; its Sleep would wake at once.
  config_.lock_renewal = std::chrono::hours(10);
  config_.lock_lease = std::chrono::seconds(60);
  struct JumpingClock : SystemClock {
    std::atomic<int64_t> ahead_ns = 0;
    int64_t MonotonicNanos() override { return SystemClock::MonotonicNanos() + ahead_ns; }
  } clock;
  const auto fs = MakeS3FileSystem(config_, http_.get(), &clock, cancel_);
  ASSERT_OK_AND_ASSIGN(const auto lock, fs->Lock(Path("run.lock")));
  clock.ahead_ns = kNanosPerSecond * 3600;
  EXPECT_OK(fs->WriteWhole(Path("still mine"), "x"));
  clock.ahead_ns = kNanosPerSecond * 7200;
  ASSERT_OK(Plant(FormatLockOwner(Distant())));
  EXPECT_THAT(fs->WriteWhole(Path("not mine"), "x"), IsError(ErrorKind::kConflict));
  EXPECT_THAT(fs->Stat(Path("not mine")), IsError(ErrorKind::kNotFound));
}

}  // namespace
}  // namespace tickhouse::io
