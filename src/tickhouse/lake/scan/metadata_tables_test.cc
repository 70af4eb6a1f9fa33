#include "tickhouse/lake/scan/metadata_tables.h"

#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/evolution/snapshot_refs.h"
#include "tickhouse/lake/update/evolution/spec_update.h"
#include "tickhouse/lake/update/file_changes.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

class MetadataTablesTest : public testing::Test {
 protected:
  int64_t Append(std::vector<DataFile> files) {
    lake.clock.Advance(std::chrono::seconds(10));
    auto outcome = AppendFiles(lake.session, lake.id, std::move(files));
    EXPECT_OK(outcome);
    return outcome ? outcome->snapshot_id.value_or(0) : 0;
  }
  const TableMetadata& Metadata() {
    table = lake.Load();
    return *table.metadata;
  }
  TestLake lake;
  LoadedTable table;
};

TEST_F(MetadataTablesTest, AnEmptyTableHasNoRows) {
  const TableMetadata& metadata = Metadata();
  EXPECT_TRUE(HistoryOf(metadata).empty());
  EXPECT_TRUE(SnapshotsOf(metadata).empty());
  EXPECT_TRUE(RefsOf(metadata).empty());
  ASSERT_OK_AND_ASSIGN(const auto manifests, ManifestsOf(*lake.files, metadata, nullptr));
  ASSERT_OK_AND_ASSIGN(const auto entries, EntriesOf(*lake.files, metadata, nullptr));
  ASSERT_OK_AND_ASSIGN(const auto files, FilesOf(*lake.files, metadata, nullptr));
  ASSERT_OK_AND_ASSIGN(const auto partitions, PartitionsOf(*lake.files, metadata, nullptr));
  EXPECT_TRUE(manifests.empty() && entries.empty() && files.empty() && partitions.empty());
  const auto log = MetadataLogOf(metadata, table.metadata_location);
  ASSERT_EQ(log.size(), 1U);
  EXPECT_EQ(log[0].file, table.metadata_location);
  EXPECT_EQ(log[0].latest_snapshot_id, std::nullopt);
}

TEST_F(MetadataTablesTest, HistoryKnowsWhatWasRolledBack) {
  const int64_t first = Append({TestLake::File("a")});
  const int64_t second = Append({TestLake::File("b")});
  ASSERT_OK(RollbackTo(lake.session, lake.id, first));
  const auto rows = HistoryOf(Metadata());
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[1].snapshot_id, second);
  EXPECT_EQ(rows[1].parent_id, first);
  EXPECT_FALSE(rows[1].is_current_ancestor);
  EXPECT_TRUE(rows[0].is_current_ancestor);
  EXPECT_EQ(rows[2].snapshot_id, first);
  EXPECT_EQ(rows[2].parent_id, std::nullopt);
}

TEST_F(MetadataTablesTest, SnapshotsAndRefs) {
  const int64_t first = Append({TestLake::File("a", 51, 7)});
  const int64_t second = Append({TestLake::File("b")});
  ASSERT_OK(CreateTag(lake.session, lake.id, "eoy", first, {.max_ref_age_ms = 1000}));
  const TableMetadata& metadata = Metadata();
  const auto rows = SnapshotsOf(metadata);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].snapshot_id, first);
  EXPECT_EQ(rows[0].operation, "append");
  EXPECT_FALSE(rows[0].summary.contains("operation"));
  EXPECT_EQ(rows[0].summary.at("added-records"), "7");
  EXPECT_EQ(rows[1].parent_id, first);
  EXPECT_EQ(rows[1].committed_at_ms - rows[0].committed_at_ms, 10'000);
  const auto refs = RefsOf(metadata);
  ASSERT_EQ(refs.size(), 2U);
  EXPECT_EQ(refs[0].name, "eoy");
  EXPECT_FALSE(refs[0].is_branch);
  EXPECT_EQ(refs[0].max_ref_age_ms, 1000);
  EXPECT_EQ(refs[1].name, "main");
  EXPECT_EQ(refs[1].snapshot_id, second);
}

TEST_F(MetadataTablesTest, TheMetadataLogEndsWithTheCurrentFile) {
  const int64_t first = Append({TestLake::File("a")});
  const int64_t second = Append({TestLake::File("b")});
  const TableMetadata& metadata = Metadata();
  const auto rows = MetadataLogOf(metadata, table.metadata_location);
  ASSERT_EQ(rows.size(), 3U);
  EXPECT_EQ(rows[0].latest_snapshot_id, std::nullopt);
  EXPECT_EQ(rows[1].latest_snapshot_id, first);
  EXPECT_EQ(rows[2].latest_snapshot_id, second);
  EXPECT_EQ(rows[2].latest_sequence_number, 2);
  EXPECT_EQ(rows[2].latest_schema_id, 0);
  EXPECT_EQ(rows[2].file, table.metadata_location);
}

TEST_F(MetadataTablesTest, ManifestsTellTheirBoundsAsPeopleReadThem) {
  Append({TestLake::File("a", 51), TestLake::File("b", 49)});
  const TableMetadata& metadata = Metadata();
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       ManifestsOf(*lake.files, metadata, metadata.CurrentSnapshot()));
  ASSERT_EQ(rows.size(), 1U);
  ASSERT_EQ(rows[0].partitions.size(), 1U);
  EXPECT_EQ(rows[0].partitions[0].lower_bound, "2019");
  EXPECT_EQ(rows[0].partitions[0].upper_bound, "2021");
  EXPECT_FALSE(rows[0].partitions[0].contains_null);
  EXPECT_EQ(rows[0].manifest.added_files, 2);
}

TEST_F(MetadataTablesTest, EntriesHaveDeletedOnesAndFilesDoNot) {
  Append({TestLake::File("a", 51), TestLake::File("b", 52)});
  ASSERT_OK(ReplacePartitions(lake.session, lake.id, {TestLake::File("n", 51)},
                              PlannedOnHead(*lake.Load().metadata)));
  ASSERT_OK(CommitRowDelta(lake.session, lake.id, {.added_deletes = {TestLake::Deletes("p", 52)}},
                           PlannedOnHead(*lake.Load().metadata)));
  const TableMetadata& metadata = Metadata();
  const Snapshot* const current = metadata.CurrentSnapshot();
  ASSERT_OK_AND_ASSIGN(const auto entries, EntriesOf(*lake.files, metadata, current));
  EXPECT_EQ(entries.size(), 4U);
  ASSERT_OK_AND_ASSIGN(const auto all, FilesOf(*lake.files, metadata, current));
  EXPECT_EQ(all.size(), 3U);
  ASSERT_OK_AND_ASSIGN(const auto data,
                       FilesOf(*lake.files, metadata, current, ManifestContent::kData));
  EXPECT_EQ(data.size(), 2U);
  ASSERT_OK_AND_ASSIGN(const auto deletes,
                       FilesOf(*lake.files, metadata, current, ManifestContent::kDeletes));
  ASSERT_EQ(deletes.size(), 1U);
  EXPECT_EQ(deletes[0].content, FileContent::kPositionDeletes);
}

TEST_F(MetadataTablesTest, PartitionsCountRowsFilesAndDeletes) {
  const int64_t first = Append({TestLake::File("a", 51, 3), TestLake::File("b", 52, 4)});
  const int64_t second = Append({TestLake::File("c", 51, 5)});
  lake.clock.Advance(std::chrono::seconds(10));
  DataFile equality = TestLake::Deletes("e", 52);
  equality.content = FileContent::kEqualityDeletes;
  equality.equality_ids = {1};
  auto delta = CommitRowDelta(lake.session, lake.id,
                              {.added_deletes = {TestLake::Deletes("p", 52), equality}},
                              PlannedOnHead(*lake.Load().metadata));
  ASSERT_OK(delta);
  const TableMetadata& metadata = Metadata();
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       PartitionsOf(*lake.files, metadata, metadata.CurrentSnapshot()));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(PartitionText(metadata, rows[0].spec_id, rows[0].partition), "datetime_year=2021");
  EXPECT_EQ(rows[0].record_count, 8);
  EXPECT_EQ(rows[0].file_count, 2);
  EXPECT_EQ(rows[0].data_bytes, 2008);
  EXPECT_EQ(rows[0].last_updated_snapshot_id, second);
  EXPECT_EQ(rows[1].position_delete_records, 1);
  EXPECT_EQ(rows[1].position_delete_files, 1);
  EXPECT_EQ(rows[1].equality_delete_files, 1);
  EXPECT_EQ(rows[1].record_count, 4);
  EXPECT_EQ(rows[1].last_updated_snapshot_id, delta->snapshot_id);
  EXPECT_NE(first, second);
}

TEST_F(MetadataTablesTest, PartitionsOfSeveralSpecsStandBesideEachOther) {
  Append({TestLake::File("a", 51)});
  ASSERT_OK(UpdateSpec(lake.session, lake.id, {RemovePartitionField{"datetime_year"}}));
  DataFile bare = TestLake::File("b");
  bare.spec_id = lake.Load().metadata->default_spec_id;
  bare.partition.clear();
  Append({bare});
  const TableMetadata& metadata = Metadata();
  ASSERT_OK_AND_ASSIGN(const auto rows,
                       PartitionsOf(*lake.files, metadata, metadata.CurrentSnapshot()));
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(PartitionText(metadata, rows[0].spec_id, rows[0].partition), "datetime_year=2021");
  EXPECT_EQ(PartitionText(metadata, rows[1].spec_id, rows[1].partition), "");
  EXPECT_EQ(PartitionText(metadata, 0, {std::nullopt}), "datetime_year=null");
}

}  // namespace
}  // namespace tickhouse::lake
