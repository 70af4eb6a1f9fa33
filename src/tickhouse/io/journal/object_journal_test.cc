#include "tickhouse/io/journal/object_journal.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::io {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string kPath = "run/journal";

/// A store that cannot append, as S3.
class ObjectJournalTest : public ::testing::Test {
 protected:
  static std::optional<Error> Refuse(FsCall call, const std::string& path, int) {
    if (call != FsCall::kCreate || !path.ends_with("/journal")) return std::nullopt;
    return Error{ErrorKind::kUnsupported, "objects cannot be appended to"};
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto files = fs_->ListFiles(kPath);
    if (!files) return names;
    for (const FileInfo& file : *files) names.emplace_back(BaseName(file.path));
    return names;
  }
  Status AppendAll(const std::vector<std::string>& records) {
    TICKHOUSE_ASSIGN(const auto journal, Journal::Open(*fs_, kPath));
    for (const std::string& record : records) TICKHOUSE_TRY(journal->Append(record));
    return {};
  }

  std::unique_ptr<FileSystem> memory_ = MakeMemoryFileSystem();
  std::unique_ptr<FaultyFileSystem> fs_ = MakeFaultyFileSystem(memory_.get(), Refuse);
};

TEST_F(ObjectJournalTest, KeepsRecordsInOrderOverReopening) {
  ASSERT_OK(AppendAll({"one", std::string(1, '\0'), ""}));
  ASSERT_OK(AppendAll({"four"}));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, kPath));
  EXPECT_THAT(journal->records(), ElementsAre("one", std::string(1, '\0'), "", "four"));
  EXPECT_EQ(Names().size(), 4);
  EXPECT_EQ(Names()[3], "0000000004-0000000004");
  ASSERT_OK_AND_ASSIGN(const auto records, ReadJournal(*fs_, kPath));
  EXPECT_EQ(records, journal->records());
}

TEST_F(ObjectJournalTest, BeginsEmptyAndMissing) {
  EXPECT_THAT(ReadJournal(*fs_, kPath), IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, kPath));
  EXPECT_THAT(journal->records(), IsEmpty());
  EXPECT_THAT(Names(), IsEmpty());
}

TEST_F(ObjectJournalTest, ManyObjectsAreMadeOne) {
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) records.push_back(std::to_string(i));
  ASSERT_OK(AppendAll(records));
  EXPECT_EQ(Names().size(), 40);
  ASSERT_OK(AppendAll({"last"}));
  EXPECT_THAT(Names(), ElementsAre("0000000001-0000000040", "0000000041-0000000041"));
  records.push_back("last");
  ASSERT_OK_AND_ASSIGN(const auto read, ReadJournal(*fs_, kPath));
  EXPECT_EQ(read, records);
}

TEST_F(ObjectJournalTest, AMergeKilledHalfwayIsFinishedByTheNext) {
  std::vector<std::string> records;
  for (int i = 0; i < 40; ++i) records.push_back(std::to_string(i));
  ASSERT_OK(AppendAll(records));
  int removed = 0;
  const auto dying = MakeFaultyFileSystem(
      memory_.get(), [&](FsCall call, const std::string& path, int n) -> std::optional<Error> {
        if (call == FsCall::kRemove && ++removed > 20) return Error{ErrorKind::kIo, "killed"};
        return Refuse(call, path, n);
      });
  EXPECT_THAT(Journal::Open(*dying, kPath), IsError(ErrorKind::kIo));
  EXPECT_EQ(Names().size(), 21);
  ASSERT_OK_AND_ASSIGN(const auto read, ReadJournal(*fs_, kPath));
  EXPECT_EQ(read, records);
  ASSERT_OK(Journal::Open(*fs_, kPath));
  EXPECT_THAT(Names(), ElementsAre("0000000001-0000000040"));
}

TEST_F(ObjectJournalTest, OfTwoWritersTheLaterIsAConflict) {
  ASSERT_OK_AND_ASSIGN(const auto first, Journal::Open(*fs_, kPath));
  ASSERT_OK_AND_ASSIGN(const auto second, Journal::Open(*fs_, kPath));
  ASSERT_OK(first->Append("first"));
  EXPECT_THAT(second->Append("second"), IsError(ErrorKind::kConflict));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadJournal(*fs_, kPath));
  EXPECT_THAT(read, ElementsAre("first"));
}

TEST_F(ObjectJournalTest, DamagedAndMissingObjectsAreCorrupt) {
  ASSERT_OK(AppendAll({"one", "two", "three"}));
  const std::string second = kPath + "/0000000002-0000000002";
  ASSERT_OK_AND_ASSIGN(const std::string good, fs_->ReadWhole(second));
  std::string flipped = good;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  for (const std::string& bad : {flipped, good.substr(0, good.size() - 1), good + "x",
                                 std::string(), std::string("no journal")}) {
    ASSERT_OK(fs_->WriteWhole(second, bad));
    EXPECT_THAT(Journal::Open(*fs_, kPath), IsError(ErrorKind::kCorrupt)) << bad;
  }
  ASSERT_OK(fs_->Remove(second));
  EXPECT_THAT(Journal::Open(*fs_, kPath), HasErrorMessage("record 2 is missing"));
  ASSERT_OK(fs_->WriteWhole(second, good));
  ASSERT_OK(fs_->WriteWhole(kPath + "/notes.txt", "left alone"));
  EXPECT_OK(Journal::Open(*fs_, kPath));
}

TEST_F(ObjectJournalTest, RefusesRecordsBeyondTheLimit) {
  ASSERT_OK_AND_ASSIGN(const auto journal, Journal::Open(*fs_, kPath));
  const std::string longest(kMaxJournalRecord + 1, 'x');
  EXPECT_THAT(journal->Append(longest), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::io
