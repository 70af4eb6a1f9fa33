#include "tickhouse/lake/update/file_changes.h"

#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::multiset<std::string>;

int YearOf(const DataFile& file) {
  return std::get<int32_t>(file.partition.at(0)->data);
}

/// year(datetime) = year, as metadata tells it; files whose name begins with "mixed" hold both.
BindFilter YearIs(int year) {
  return [year](const TableMetadata&) -> Result<FileFilter> {
    return FileFilter{
        .may_match = [year](const DataFile& file) -> Result<bool> { return YearOf(file) == year; },
        .must_match = [year](const DataFile& file) -> Result<bool> {
          return YearOf(file) == year && !io::BaseName(file.path).starts_with("mixed");
        }};
  };
}

std::vector<ManifestEntry> Entries(TestLake& lake, const std::set<std::string>& names) {
  const LoadedTable table = lake.Load();
  auto live = LiveEntries(*lake.files, *table.metadata, *table.metadata->CurrentSnapshot());
  EXPECT_OK(live);
  std::vector<ManifestEntry> found;
  for (const ManifestEntry& entry : *live) {
    const std::string name(io::BaseName(entry.file.path));
    if (names.contains(name.substr(0, name.find('.')))) found.push_back(entry);
  }
  return found;
}

class FileChangesTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK(
        AppendFiles(lake.session, lake.id,
                    {TestLake::File("a", 51), TestLake::File("b", 51), TestLake::File("c", 52)}));
    planned = PlannedOnHead(*lake.Load().metadata);
  }
  /// What another writer does before our commit.
  void Meanwhile(const std::function<void(UpdateSession&)>& change) {
    UpdateSession rival = lake.Rival();
    change(rival);
  }

  TestLake lake;
  PlannedOn planned;
};

TEST_F(FileChangesTest, OverwriteTakesOutWholeFilesAndAddsOthers) {
  ASSERT_OK_AND_ASSIGN(
      const auto outcome,
      OverwriteByFilter(lake.session, lake.id, YearIs(51), {TestLake::File("n", 51, 7)}, planned));
  EXPECT_EQ(lake.LiveNames(), (Names{"c", "n"}));
  const auto& summary = outcome.table.metadata->CurrentSnapshot()->summary;
  EXPECT_EQ(summary.at("operation"), "overwrite");
  EXPECT_EQ(summary.at("deleted-data-files"), "2");
  EXPECT_EQ(summary.at("deleted-records"), "20");
  EXPECT_EQ(summary.at("total-records"), "17");
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST_F(FileChangesTest, OverwriteRefusesAFileOfBothKinds) {
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("mixed", 51)}));
  EXPECT_THAT(OverwriteByFilter(lake.session, lake.id, YearIs(51), {},
                                PlannedOnHead(*lake.Load().metadata)),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "mixed"}));
}

TEST_F(FileChangesTest, HardCase3OfTwoOverwritesOfOnePartitionOneFails) {
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(ReplacePartitions(rival, lake.id, {TestLake::File("rival", 51)}, planned));
  });
  const auto outcome =
      ReplacePartitions(lake.session, lake.id, {TestLake::File("mine", 51)}, planned);
  EXPECT_THAT(outcome, IsError(ErrorKind::kConflict));
  EXPECT_EQ(lake.LiveNames(), (Names{"c", "rival"}));
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST_F(FileChangesTest, HardCase3OverwritesOfTwoPartitionsBothSurvive) {
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(ReplacePartitions(rival, lake.id, {TestLake::File("rival", 52)}, planned));
  });
  ASSERT_OK(ReplacePartitions(lake.session, lake.id, {TestLake::File("mine", 51)}, planned));
  EXPECT_EQ(lake.LiveNames(), (Names{"mine", "rival"}));
}

TEST_F(FileChangesTest, SnapshotIsolationLetsAnAppendStandThatSerializableRefuses) {
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(AppendFiles(rival, lake.id, {TestLake::File("rival", 51)}));
  });
  EXPECT_THAT(OverwriteByFilter(lake.session, lake.id, YearIs(51), {TestLake::File("m")}, planned),
              IsError(ErrorKind::kConflict));
  planned.isolation = Isolation::kSnapshot;
  ASSERT_OK(OverwriteByFilter(lake.session, lake.id, YearIs(51), {TestLake::File("m")}, planned));
}

TEST_F(FileChangesTest, ReplacePartitionsNeedsFiles) {
  EXPECT_THAT(ReplacePartitions(lake.session, lake.id, {}, planned),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(FileChangesTest, DeleteTakesWholeFilesByMetadataAlone) {
  ASSERT_OK_AND_ASSIGN(const auto outcome, DeleteByFilter(lake.session, lake.id, YearIs(51), {}));
  EXPECT_EQ(outcome.table.metadata->CurrentSnapshot()->operation(), "delete");
  EXPECT_EQ(lake.LiveNames(), Names{"c"});
  ASSERT_OK_AND_ASSIGN(const auto again, DeleteByFilter(lake.session, lake.id, YearIs(51), {}));
  EXPECT_FALSE(again.changed);
}

TEST_F(FileChangesTest, DeleteRewritesMixedFilesOnceHoweverManyAttempts) {
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("mixed", 51)}));
  int rewritten = 0;
  const RewriteRows rewrite =
      [&](const DataFile& data,
          const std::vector<DataFile>&) -> Result<std::optional<std::vector<DataFile>>> {
    ++rewritten;
    EXPECT_EQ(io::BaseName(data.path), "mixed.parquet");
    return std::vector<DataFile>{TestLake::File("rest", 51, 4)};
  };
  lake.catalog->before_commit = [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(AppendFiles(rival, lake.id, {TestLake::File("late", 51)}));
  };
  ASSERT_OK_AND_ASSIGN(const auto outcome,
                       DeleteByFilter(lake.session, lake.id, YearIs(51), rewrite));
  EXPECT_EQ(outcome.attempts, 2);
  EXPECT_EQ(rewritten, 1);
  EXPECT_EQ(outcome.table.metadata->CurrentSnapshot()->operation(), "overwrite");
  EXPECT_EQ(lake.LiveNames(), (Names{"c", "rest"}));
  EXPECT_EQ(lake.MetadataAvro(), lake.ReachableAvro());
}

TEST_F(FileChangesTest, DeleteWithoutARewriterRefusesMixedFiles) {
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("mixed", 51)}));
  EXPECT_THAT(DeleteByFilter(lake.session, lake.id, YearIs(51), {}),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(FileChangesTest, HardCase4DeletesForAFileThatWasCompactedAwayFail) {
  const auto both = Entries(lake, {"a", "b"});
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(RewriteFiles(
        rival, lake.id, {.removed_data = both, .added = {TestLake::File("ab", 51, 20)}}, planned));
  });
  RowDelta delta;
  delta.added_deletes = {TestLake::Deletes("d", 51, "a")};
  const auto outcome = CommitRowDelta(lake.session, lake.id, delta, planned);
  EXPECT_THAT(outcome, IsError(ErrorKind::kConflict));
  EXPECT_THAT(outcome, HasErrorMessage("a.parquet"));
  EXPECT_EQ(lake.LiveNames(), (Names{"ab", "c"}));
}

TEST_F(FileChangesTest, HardCase4DeletesOfAnotherFileGoWithARewrite) {
  const auto both = Entries(lake, {"a", "b"});
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(RewriteFiles(
        rival, lake.id, {.removed_data = both, .added = {TestLake::File("ab", 51, 20)}}, planned));
  });
  RowDelta delta;
  delta.added_deletes = {TestLake::Deletes("d", 52, "c")};
  ASSERT_OK(CommitRowDelta(lake.session, lake.id, delta, planned));
  EXPECT_EQ(lake.LiveNames(), (Names{"ab", "c", "d"}));
}

TEST_F(FileChangesTest, HardCase5NewDeletesForAFileDuringItsCompactionFailTheCompaction) {
  const auto both = Entries(lake, {"a", "b"});
  for (const bool referenced : {true, false}) {
    const std::string name = referenced ? "d1" : "d2";
    Meanwhile([&](UpdateSession& rival) {
      RowDelta delta;
      delta.added_deletes = {TestLake::Deletes(name, 51, referenced ? "a" : "")};
      ASSERT_OK(CommitRowDelta(rival, lake.id, delta, PlannedOnHead(*lake.Load().metadata)));
    });
    EXPECT_THAT(
        RewriteFiles(lake.session, lake.id,
                     {.removed_data = both, .added = {TestLake::File("ab", 51, 20)}}, planned),
        IsError(ErrorKind::kConflict));
  }
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "d1", "d2"}));
}

TEST_F(FileChangesTest, HardCase5EqualityDeletesGoOnToApplyToCompactedRows) {
  const auto both = Entries(lake, {"a", "b"});
  Meanwhile([&](UpdateSession& rival) {
    RowDelta delta;
    delta.added_deletes = {TestLake::Deletes("eq", 51)};
    delta.added_deletes[0].content = FileContent::kEqualityDeletes;
    delta.added_deletes[0].equality_ids = {1};
    ASSERT_OK(CommitRowDelta(rival, lake.id, delta, planned));
  });
  ASSERT_OK(RewriteFiles(lake.session, lake.id,
                         {.removed_data = both, .added = {TestLake::File("ab", 51, 20)}}, planned));
  EXPECT_EQ(lake.LiveNames(), (Names{"ab", "c", "eq"}));
  const auto compacted = Entries(lake, {"ab"});
  const auto deletes = Entries(lake, {"eq"});
  ASSERT_EQ(compacted.size(), 1);
  EXPECT_EQ(compacted[0].sequence_number, 1);
  EXPECT_EQ(compacted[0].file_sequence_number, 3);
  EXPECT_GT(deletes[0].sequence_number, compacted[0].sequence_number);
}

TEST_F(FileChangesTest, HardCase5ADeletionVectorIsRefusedInVersion2) {
  RowDelta delta;
  delta.added_deletes = {TestLake::Deletes("dv", 51, "a")};
  delta.added_deletes[0].format = "PUFFIN";
  EXPECT_THAT(CommitRowDelta(lake.session, lake.id, delta, planned),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(FileChangesTest, ACompactedFileTakesItsOwnDeletesAlong) {
  RowDelta delta;
  delta.added_deletes = {TestLake::Deletes("d", 51, "a")};
  ASSERT_OK(CommitRowDelta(lake.session, lake.id, delta, planned));
  const PlannedOn now = PlannedOnHead(*lake.Load().metadata);
  ASSERT_OK(RewriteFiles(
      lake.session, lake.id,
      {.removed_data = Entries(lake, {"a"}), .added = {TestLake::File("a2", 51, 9)}}, now));
  EXPECT_EQ(lake.LiveNames(), (Names{"a2", "b", "c"}));
}

TEST_F(FileChangesTest, TwoCompactionsOfOneFileDoNotDoubleItsRows) {
  const auto both = Entries(lake, {"a", "b"});
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(RewriteFiles(
        rival, lake.id, {.removed_data = both, .added = {TestLake::File("ab", 51, 20)}}, planned));
  });
  EXPECT_THAT(
      RewriteFiles(lake.session, lake.id,
                   {.removed_data = both, .added = {TestLake::File("ab2", 51, 20)}}, planned),
      IsError(ErrorKind::kConflict));
  EXPECT_EQ(lake.LiveNames(), (Names{"ab", "c"}));
}

TEST_F(FileChangesTest, ARewriteThatRemovesNothingIsRefused) {
  EXPECT_THAT(RewriteFiles(lake.session, lake.id, {.added = {TestLake::File("x")}}, planned),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(FileChangesTest, AnUpdateConflictsWithRowsAddedToWhatItRead) {
  Meanwhile([&](UpdateSession& rival) {
    ASSERT_OK(AppendFiles(rival, lake.id, {TestLake::File("rival", 51)}));
  });
  RowDelta delta;
  delta.added_data = {TestLake::File("new", 51, 1)};
  delta.added_deletes = {TestLake::Deletes("d", 51, "a")};
  delta.checks_reads = true;
  delta.read_filter = YearIs(51);
  EXPECT_THAT(CommitRowDelta(lake.session, lake.id, delta, planned), IsError(ErrorKind::kConflict));
  delta.read_filter = YearIs(52);
  ASSERT_OK(CommitRowDelta(lake.session, lake.id, delta, planned));
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c", "d", "new", "rival"}));
}

}  // namespace
}  // namespace tickhouse::lake
