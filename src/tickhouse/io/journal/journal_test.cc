#include "tickhouse/io/journal/journal.h"

#include <optional>
#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/local_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::size_t kHeader = 8;
constexpr std::size_t kFrame = 12;

const std::string& Path() {
  static const std::string path = "run/journal";
  return path;
}

Status AppendAll(FileSystem& fs, const std::vector<std::string>& records) {
  TICKHOUSE_ASSIGN(const auto journal, Journal::Open(fs, Path()));
  for (const std::string& record : records) TICKHOUSE_TRY(journal->Append(record));
  return {};
}

std::string Bytes(FileSystem& fs) {
  const Result<std::string> bytes = fs.ReadWhole(Path());
  EXPECT_THAT(bytes, IsOk());
  return bytes ? *bytes : "";
}

class JournalTest : public ::testing::Test {
 protected:
  std::unique_ptr<FileSystem> fs_ = MakeMemoryFileSystem();
};

TEST_F(JournalTest, KeepsRecordsInOrder) {
  ASSERT_OK(AppendAll(*fs_, {"one", "two"}));
  ASSERT_OK(AppendAll(*fs_, {"three"}));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_THAT(journal->records(), ElementsAre("one", "two", "three"));
  EXPECT_EQ(journal->dropped_bytes(), 0);
}

TEST_F(JournalTest, BeginsEmpty) {
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_THAT(journal->records(), IsEmpty());
  EXPECT_EQ(Bytes(*fs_).size(), kHeader);
}

TEST_F(JournalTest, KeepsAnyBytes) {
  const std::vector<std::string> records = {"", std::string(1, '\0'), "\xA7REC\x01",
                                            std::string(100'000, '\xFF'), "line\nline\r\n"};
  ASSERT_OK(AppendAll(*fs_, records));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_EQ(journal->records(), records);
}

TEST_F(JournalTest, DescribesItsBytesAsDocumented) {
  ASSERT_OK(AppendAll(*fs_, {"abc"}));
  const std::string bytes = Bytes(*fs_);
  ASSERT_EQ(bytes.size(), kHeader + kFrame + 3);
  EXPECT_EQ(bytes.substr(0, 8), "tickjrn1");
  EXPECT_EQ(bytes.substr(8, 4), "\xA7REC");
  EXPECT_EQ(bytes.substr(12, 4), std::string("\x03\0\0\0", 4));
  // From Python: zlib.crc32(struct.pack("<QI", 8, 3) + b"abc").
  EXPECT_EQ(bytes.substr(16, 4), "\x2D\x4D\xD7\xE3");
  EXPECT_EQ(bytes.substr(20), "abc");
}

TEST_F(JournalTest, RefusesRecordsBeyondTheLimit) {
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_OK(journal->Append(std::string(kMaxJournalRecord, 'x')));
  EXPECT_THAT(journal->Append(std::string(kMaxJournalRecord + 1, 'x')),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_OK(journal->Append("goes on"));
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs_, Path()));
  EXPECT_EQ(records.size(), 2u);
}

TEST_F(JournalTest, CutsATornTailWhereverItWasTorn) {
  ASSERT_OK(AppendAll(*fs_, {"one", "two and more"}));
  const std::string whole = Bytes(*fs_);
  const std::size_t first_end = kHeader + kFrame + 3;
  for (std::size_t size = 0; size < whole.size(); ++size) {
    ASSERT_OK(fs_->WriteWhole(Path(), whole.substr(0, size)));
    {
      ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
      const bool has_first = size >= first_end;
      EXPECT_EQ(journal->records().size(), has_first ? 1u : 0u) << size;
      const std::size_t good = has_first ? first_end : size >= kHeader ? kHeader : 0;
      EXPECT_EQ(journal->dropped_bytes(), static_cast<int64_t>(size - good)) << size;
      ASSERT_OK(journal->Append("after"));
    }
    ASSERT_OK_AND_ASSIGN(const auto again, Journal::Open(*fs_, Path()));
    EXPECT_EQ(again->records().back(), "after") << size;
    EXPECT_EQ(again->dropped_bytes(), 0) << size;
  }
}

TEST_F(JournalTest, CutsATailOfZerosAndOfNoise) {
  ASSERT_OK(AppendAll(*fs_, {"one"}));
  const std::string whole = Bytes(*fs_);
  for (const std::string& tail :
       {std::string(4'096, '\0'), std::string("\xA7REC\xA7REC\xA7REC"), std::string(50, '\xA7')}) {
    ASSERT_OK(fs_->WriteWhole(Path(), whole + tail));
    ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
    EXPECT_THAT(journal->records(), ElementsAre("one"));
    EXPECT_EQ(journal->dropped_bytes(), static_cast<int64_t>(tail.size()));
  }
}

TEST_F(JournalTest, RefusesDamageWithGoodRecordsAfterIt) {
  ASSERT_OK(AppendAll(*fs_, {"one", "two", "three"}));
  const std::string whole = Bytes(*fs_);
  const std::size_t last = whole.size() - (kFrame + 5);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x20);
    ASSERT_OK(fs_->WriteWhole(Path(), damaged));
    const auto journal = Journal::Open(*fs_, Path());
    if (at >= last) {
      ASSERT_THAT(journal, IsOk()) << at;
      EXPECT_THAT((*journal)->records(), ElementsAre("one", "two")) << at;
    } else if (at == kHeader - 1) {
      ASSERT_THAT(journal, IsError(ErrorKind::kUnsupported)) << at;
      EXPECT_EQ(Bytes(*fs_), damaged) << "nothing is changed";
    } else {
      ASSERT_THAT(journal, IsError(ErrorKind::kCorrupt)) << at;
      ASSERT_THAT(journal, HasErrorMessage(Path())) << at;
      EXPECT_EQ(Bytes(*fs_), damaged) << "nothing is changed";
    }
  }
}

TEST_F(JournalTest, TakesARecordOutOfItsPlaceForNoise) {
  ASSERT_OK(AppendAll(*fs_, {"one", "two", "three"}));
  const std::string whole = Bytes(*fs_);
  // The second record is gone; the third is whole, but not where it was written.
  const std::string holed = whole.substr(0, kHeader + kFrame + 3) + whole.substr(38);
  ASSERT_OK(fs_->WriteWhole(Path(), holed));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_THAT(journal->records(), ElementsAre("one"));
}

TEST_F(JournalTest, IsNotFooledByAJournalInsideATornRecord) {
  ASSERT_OK(AppendAll(*fs_, {"inner"}));
  const std::string inner = Bytes(*fs_);
  ASSERT_OK(fs_->Remove(Path()));
  ASSERT_OK(AppendAll(*fs_, {"one", inner + inner}));
  const std::string whole = Bytes(*fs_);
  ASSERT_OK(fs_->WriteWhole(Path(), whole.substr(0, whole.size() - 1)));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_THAT(journal->records(), ElementsAre("one"));
}

TEST_F(JournalTest, RefusesForeignFiles) {
  for (const char* text : {"DateTime,Bid,Ask\n", "tick", "x", "PAR1....PAR1"}) {
    ASSERT_OK(fs_->WriteWhole(Path(), text));
    const auto journal = Journal::Open(*fs_, Path());
    if (std::string(text) == "tick") {
      EXPECT_THAT(journal, IsOk()) << "the beginning of a header is a torn birth";
    } else {
      EXPECT_THAT(journal, IsError(ErrorKind::kCorrupt)) << text;
      EXPECT_EQ(Bytes(*fs_), text);
    }
  }
}

TEST_F(JournalTest, RefusesAnotherVersion) {
  ASSERT_OK(fs_->WriteWhole(Path(), "tickjrn2and what it may hold"));
  EXPECT_THAT(Journal::Open(*fs_, Path()), IsError(ErrorKind::kUnsupported));
}

TEST_F(JournalTest, ReadsWithoutChangingAnything) {
  ASSERT_OK(AppendAll(*fs_, {"one", "two"}));
  const std::string torn = Bytes(*fs_).substr(0, 30);
  ASSERT_OK(fs_->WriteWhole(Path(), torn));
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs_, Path()));
  EXPECT_THAT(records, ElementsAre("one"));
  EXPECT_EQ(Bytes(*fs_), torn);
  EXPECT_THAT(ReadJournal(*fs_, "elsewhere"), IsError(ErrorKind::kNotFound));
}

TEST_F(JournalTest, RefusesAFileThatGrowsWhileItIsOpened) {
  ASSERT_OK(AppendAll(*fs_, {"one"}));
  ASSERT_OK_AND_ASSIGN(const auto other, Journal::Open(*fs_, Path()));
  auto nosy = MakeFaultyFileSystem(
      fs_.get(), [&](FsCall call, const std::string&, int) -> std::optional<Error> {
        if (call == FsCall::kCreate) {
          EXPECT_OK(other->Append("two"));
        }
        return std::nullopt;
      });
  EXPECT_THAT(Journal::Open(*nosy, Path()), IsError(ErrorKind::kConflict));
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs_, Path()));
  EXPECT_THAT(records, ElementsAre("one", "two"));
}

TEST_F(JournalTest, TakesItsTimeWhenTheDiskIsFullAndGoesOn) {
  int full = 0;
  auto faulty = MakeFaultyFileSystem(
      fs_.get(), [&](FsCall call, const std::string&, int) -> std::optional<Error> {
        if (call == FsCall::kAppend && full > 0) return Error{ErrorKind::kNoSpace, "disk full"};
        return std::nullopt;
      });
  {
    ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*faulty, Path()));
    ASSERT_OK(journal->Append("one"));
    full = 1;
    EXPECT_THAT(journal->Append("never written"), IsError(ErrorKind::kNoSpace));
    EXPECT_THAT(journal->Append("nor this"), HasErrorMessage(Path()));
    full = 0;
    ASSERT_OK(journal->Append("two"));
  }
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
  EXPECT_THAT(journal->records(), ElementsAre("one", "two"));
  EXPECT_EQ(journal->dropped_bytes(), 0);
}

TEST_F(JournalTest, StaysFailedAfterAFailedSync) {
  auto faulty = MakeFaultyFileSystem(
      fs_.get(), [&](FsCall call, const std::string&, int n) -> std::optional<Error> {
        if (call == FsCall::kSync && n == 2) return Error{ErrorKind::kIo, "device gone"};
        return std::nullopt;
      });
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*faulty, Path()));
  ASSERT_OK(journal->Append("one"));
  EXPECT_THAT(journal->Append("two"), IsError(ErrorKind::kIo));
  EXPECT_THAT(journal->Append("three"), HasErrorMessage("device gone"));
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs_, Path()));
  EXPECT_THAT(records, ElementsAre("one"));
}

TEST_F(JournalTest, KeepsWhatItPromisedThroughAPowerCut) {
  auto faulty = MakeFaultyFileSystem(
      fs_.get(), [](FsCall, const std::string&, int) -> std::optional<Error> { return {}; });
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*faulty, Path()));
  ASSERT_OK(journal->Append("one"));
  ASSERT_OK(journal->Append("two"));
  ASSERT_OK(faulty->Crash());
  EXPECT_FALSE(journal->Append("after the cut"));
  ASSERT_OK_AND_ASSIGN(const auto again, Journal::Open(*faulty, Path()));
  EXPECT_THAT(again->records(), ElementsAre("one", "two"));
}

TEST_F(JournalTest, PassesOnWhatTheFileSystemRefuses) {
  for (const FsCall failing : {FsCall::kOpenRead, FsCall::kCreate, FsCall::kSync}) {
    auto faulty = MakeFaultyFileSystem(
        fs_.get(), [&](FsCall call, const std::string&, int) -> std::optional<Error> {
          if (call == failing) return Error{ErrorKind::kPermission, "no"};
          return std::nullopt;
        });
    ASSERT_OK(fs_->WriteWhole(Path(), "tick"));
    EXPECT_THAT(Journal::Open(*faulty, Path()), IsError(ErrorKind::kPermission));
  }
}

TEST_F(JournalTest, TakesRecordsFromSeveralThreads) {
  constexpr int kThreads = 4;
  constexpr int kEach = 50;
  {
    ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, Path()));
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kEach; ++i) {
          EXPECT_OK(journal->Append(std::to_string(t) + ":" + std::to_string(i)));
        }
      });
    }
  }
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs_, Path()));
  ASSERT_EQ(records.size(), static_cast<std::size_t>(kThreads * kEach));
  std::vector<int> next(kThreads, 0);
  for (const std::string& record : records) {
    const int thread = record[0] - '0';
    EXPECT_EQ(record.substr(2), std::to_string(next[thread]++)) << "each thread's order is kept";
  }
}

TEST(JournalOnDisk, SurvivesReopening) {
  TemporaryFolder folder;
  const auto fs = MakeLocalFileSystem();
  const std::string path = folder.File("state/a journal");
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs, path));
    EXPECT_EQ(journal->records().size(), static_cast<std::size_t>(i));
    ASSERT_OK(journal->Append("record " + std::to_string(i)));
  }
  ASSERT_OK(fs->WriteWhole(path, "tickjrn1\xA7RE"));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs, path));
  EXPECT_EQ(journal->dropped_bytes(), 3);
  ASSERT_OK(journal->Append("again"));
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs, path));
  EXPECT_THAT(records, ElementsAre("again"));
}

}  // namespace
}  // namespace tickhouse::io
