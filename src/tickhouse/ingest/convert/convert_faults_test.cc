// The conversion on files that fail, change and vanish.
#include <atomic>
#include <mutex>

#include "tickhouse/ingest/convert/convert.h"
#include "tickhouse/ingest/convert/convert_testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"

namespace tickhouse::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using State = ItemOutcome::State;
using io::FsCall;

class ConvertFaultsTest : public ConvertJobTest {
 protected:
  void FailWhen(std::function<std::optional<Error>(FsCall, const std::string&, int)> fault) {
    files_ = io::MakeFaultyFileSystem(store_.get(), std::move(fault));
  }

  static bool IsOutput(const std::string& path) {
    return path.starts_with("out/") && path.find("/.tickhouse/") == std::string::npos;
  }

  void PutThree() {
    Put("raw/EURUSD/a.csv", QdmText(3000) + "bad\n");
    Put("raw/EURUSD/b.csv", QdmText(500));
    Put("raw/GBPJPY/c.csv", QdmText(700));
    job_.options.chunk_bytes = 50'000;
  }
};

TEST_F(ConvertFaultsTest, KilledAtAnyCallTheNextRunEndsAsAnUndisturbedOne) {
  PutThree();
  ASSERT_OK(Run());
  const auto expected = OutBytes();
  ASSERT_THAT(expected, SizeIs(6));
  // A killed process is one whose calls all fail from some call on.
  for (int deadline = 0;; ++deadline) {
    store_ = io::MakeMemoryFileSystem();
    PutThree();
    job_.options.threads = deadline % 2 + 1;
    std::atomic<int> calls = 0;
    std::atomic<bool> reached = false;
    FailWhen([&](FsCall, const std::string&, int) -> std::optional<Error> {
      if (calls++ < deadline) return std::nullopt;
      reached = true;
      return Error{ErrorKind::kIo, "killed"};
    });
    (void)Run();
    files_.reset();
    if (!reached) break;
    ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
    ASSERT_EQ(OutBytes(), expected) << "killed at call " << deadline;
  }
}

TEST_F(ConvertFaultsTest, AFullDeviceEndsTheRunAndLeavesNoHalfFile) {
  PutThree();
  FailWhen([](FsCall call, const std::string& path, int) -> std::optional<Error> {
    if (call == FsCall::kAppend && IsOutput(path)) return Error{ErrorKind::kNoSpace, "full"};
    return std::nullopt;
  });
  EXPECT_THAT(Run(), IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(OutFiles(), IsEmpty());
  files_.reset();
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  EXPECT_EQ(summary.outcomes.at(0).state, State::kConverted);
}

TEST_F(ConvertFaultsTest, AnUnreadableFileIsNamedAndOthersGoOn) {
  PutThree();
  FailWhen([](FsCall call, const std::string& path, int) -> std::optional<Error> {
    if (call == FsCall::kOpenRead && path == "raw/EURUSD/b.csv") {
      return Error{ErrorKind::kPermission, path + ": permission denied"};
    }
    return std::nullopt;
  });
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  EXPECT_EQ(summary.outcomes.at(0).state, State::kConverted);
  EXPECT_EQ(summary.outcomes.at(1).state, State::kFailed);
  EXPECT_EQ(summary.outcomes.at(1).error.kind, ErrorKind::kPermission);
  EXPECT_EQ(summary.outcomes.at(2).state, State::kConverted);
}

TEST_F(ConvertFaultsTest, AFileThatVanishesIsNamed) {
  PutThree();
  FailWhen([this](FsCall call, const std::string& path, int) -> std::optional<Error> {
    if (call == FsCall::kOpenRead && path == "raw/EURUSD/b.csv") (void)store_->Remove(path);
    return std::nullopt;
  });
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  EXPECT_EQ(summary.outcomes.at(1).error.kind, ErrorKind::kNotFound);
  EXPECT_THAT(summary.outcomes.at(1).error.message, HasSubstr("b.csv"));
}

TEST_F(ConvertFaultsTest, AFileThatGrowsWhileReadIsLeftForTheNextRun) {
  PutThree();
  std::atomic<bool> grown = false;
  FailWhen([&](FsCall call, const std::string& path, int) -> std::optional<Error> {
    if (call == FsCall::kRead && path == "raw/EURUSD/b.csv" && !grown.exchange(true)) {
      (void)store_->WriteWhole(path, QdmText(600));
    }
    return std::nullopt;
  });
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  EXPECT_EQ(summary.outcomes.at(1).state, State::kFailed);
  EXPECT_EQ(summary.outcomes.at(1).error.kind, ErrorKind::kConflict);
  files_.reset();
  ASSERT_OK_AND_ASSIGN(const ConvertSummary next, Run());
  EXPECT_EQ(next.outcomes.at(1).result.rows, 600);
}

TEST_F(ConvertFaultsTest, CancelledKeepsWhatIsDone) {
  PutThree();
  job_.options.threads = 1;
  std::atomic<int> commits = 0;
  FailWhen([&](FsCall call, const std::string& path, int) -> std::optional<Error> {
    if (call == FsCall::kCommit && IsOutput(path) && ++commits == 5) job_.cancel.Cancel();
    return std::nullopt;
  });
  EXPECT_THAT(Run(), IsError(ErrorKind::kCancelled));
  files_.reset();
  job_.cancel = CancelToken();
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  // Four commits were of the first item; the one that was at work was finished.
  EXPECT_EQ(std::ranges::count(summary.outcomes, State::kSkipped, &ItemOutcome::state), 2);
}

TEST_F(ConvertFaultsTest, TwoRunsOnOneOutputTheSecondIsRefused) {
  PutThree();
  ASSERT_OK(store_->MakeFolders("out/.tickhouse"));
  ASSERT_OK_AND_ASSIGN(const auto lock, store_->Lock("out/.tickhouse/convert.lock"));
  EXPECT_THAT(Run(), IsError(ErrorKind::kBusy));
  EXPECT_THAT(Run(), HasErrorMessage("another run converts into out"));
}

TEST_F(ConvertFaultsTest, AnOldOutputStaysWhenTheNewOneFails) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  const auto before = OutBytes();
  Put("raw/EURUSD/a.csv", "no ticks at all\n");
  ASSERT_OK_AND_ASSIGN(const ConvertSummary summary, Run());
  EXPECT_EQ(summary.outcomes.at(0).state, State::kFailed);
  EXPECT_EQ(OutBytes(), before);
}

TEST_F(ConvertFaultsTest, ADamagedJournalNamesTheWayOut) {
  Put("raw/EURUSD/a.csv", QdmText(10));
  ASSERT_OK(Run());
  Put("raw/EURUSD/b.csv", QdmText(20));
  ASSERT_OK(Run());
  ASSERT_OK_AND_ASSIGN(std::string journal, store_->ReadWhole("out/.tickhouse/convert.journal"));
  journal[journal.size() / 4] = static_cast<char>(journal[journal.size() / 4] ^ 1);
  Put("out/.tickhouse/convert.journal", journal);
  EXPECT_THAT(Run(), HasErrorMessage("remove out/.tickhouse/convert.journal"));
}

}  // namespace
}  // namespace tickhouse::ingest
