#include "tickhouse/lake/data/copy_on_write.h"

#include <set>

#include "tickhouse/lake/data/data_testing.h"
#include "tickhouse/lake/data/deletes/position_delete_writer.h"
#include "tickhouse/lake/expression/metrics_filter.h"
#include "tickhouse/lake/expression/partition_filter.h"
#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/file_changes.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Ticks of gold.eurusd, by year, through a catalog in memory.
class CopyOnWriteTest : public testing::Test {
 protected:
  MetadataPtr Table() { return lake.Load().metadata; }

  std::vector<DataFile> WriteFiles(const std::vector<TextRow>& rows) {
    auto writer = DataFileWriter::Open(*lake.files, *Table(), lake.random, {.row_group_rows = 3});
    EXPECT_OK(writer);
    EXPECT_OK((*writer)->Write(BatchOfText(Table()->CurrentSchema(), rows)));
    return *(*writer)->Close();
  }
  void Append(const std::vector<TextRow>& rows) {
    EXPECT_OK(AppendFiles(lake.session, lake.id, WriteFiles(rows)));
  }
  static BindFilter Binder(std::string text) {
    return [text](const TableMetadata& metadata) -> Result<FileFilter> {
      TICKHOUSE_ASSIGN(const Predicate filter, BindText(text, metadata.CurrentSchema()));
      return FileFilter{
          .may_match = [filter](const DataFile& file) { return MayMatch(filter, file); },
          .must_match = [filter](const DataFile& file) { return AllMatch(filter, file); }};
    };
  }
  Result<CommitOutcome> Delete(const std::string& text) {
    const MetadataPtr table = Table();
    return DeleteByFilter(
        lake.session, lake.id, Binder(text),
        MakeCopyOnWrite(*lake.files, table, Filter(text, table->CurrentSchema()), lake.random));
  }
  // Live files, and the position deletes that apply to each by sequence number.
  std::multiset<TextRow> Rows() {
    std::multiset<TextRow> all;
    const MetadataPtr table = Table();
    const auto entries = LiveEntries(*lake.files, *table, *table->CurrentSnapshot());
    EXPECT_OK(entries);
    for (const ManifestEntry& data : *entries) {
      if (data.file.content != FileContent::kData) continue;
      std::vector<DataFile> deletes;
      for (const ManifestEntry& entry : *entries) {
        if (entry.file.content == FileContent::kPositionDeletes &&
            *entry.sequence_number >= *data.sequence_number) {
          deletes.push_back(entry.file);
        }
      }
      const auto rows =
          ReadText(*lake.files, *table, data.file, deletes, {.columns = table->CurrentSchema()});
      EXPECT_OK(rows);
      all.insert(rows->begin(), rows->end());
    }
    return all;
  }
  std::size_t DataFilesOnDisk() {
    std::size_t count = 0;
    const auto found = lake.files->ListFiles("/lake");
    EXPECT_OK(found);
    for (const io::FileInfo& info : *found) {
      count += info.path.ends_with(".parquet") ? 1U : 0U;
    }
    return count;
  }

  TestLake lake;
  const std::vector<TextRow> ticks = {{"2020-12-31T23:59:59.000000", "1", "2"},
                                      {"2021-01-01T00:00:00.000000", "3", "null"},
                                      {"2021-01-02T00:00:00.000000", "null", "5"},
                                      {"2021-01-03T00:00:00.000000", "7", "8"},
                                      {"2022-01-03T00:00:00.000000", "9", "10"}};
  std::multiset<TextRow> Without(std::set<std::size_t> gone) const {
    std::multiset<TextRow> rows;
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      if (!gone.contains(i)) rows.insert(ticks[i]);
    }
    return rows;
  }
};

TEST_F(CopyOnWriteTest, RowsOfWhichTheFilterIsUnknownStay) {
  Append(ticks);
  EXPECT_EQ(Rows(), Without({}));
  const auto done = Delete("bid < 5");
  ASSERT_OK(done);
  EXPECT_TRUE(done->changed);
  EXPECT_EQ(Rows(), Without({0, 1}));
}

TEST_F(CopyOnWriteTest, NothingIsWrittenWhenNoRowMatches) {
  Append(ticks);
  const std::size_t files = DataFilesOnDisk();
  const auto done = Delete("bid = 4");
  ASSERT_OK(done);
  EXPECT_FALSE(done->changed);
  EXPECT_EQ(DataFilesOnDisk(), files);
}

TEST_F(CopyOnWriteTest, APartitionOfWhichNoRowStaysLosesItsFile) {
  Append(ticks);
  ASSERT_OK(Delete("bid = 9 or ask = 8"));
  EXPECT_EQ(Rows(), Without({3, 4}));
  EXPECT_EQ(lake.LiveNames().size(), 2U);
}

TEST_F(CopyOnWriteTest, DeletedRowsStayDeletedWhenTheirFileIsRewritten) {
  Append(ticks);
  const MetadataPtr table = Table();
  DataFile of_2021;
  const auto entries = LiveEntries(*lake.files, *table, *table->CurrentSnapshot());
  ASSERT_OK(entries);
  for (const ManifestEntry& entry : *entries) {
    if (entry.file.partition[0] == Value{int32_t{51}}) of_2021 = entry.file;
  }
  const auto deletes =
      WritePositionDeletes(*lake.files, *table, 0, of_2021.partition, "d", {{of_2021.path, {0}}});
  ASSERT_OK(deletes);
  EXPECT_EQ(deletes->referenced_data_file, of_2021.path);
  EXPECT_EQ(*FindByFieldId(deletes->lower_bounds, 2147483546), of_2021.path);
  ASSERT_OK(CommitRowDelta(lake.session, lake.id,
                           {.added_deletes = {*deletes}, .referenced_files = {of_2021.path}},
                           PlannedOnHead(*table)));
  EXPECT_EQ(Rows(), Without({1}));
  ASSERT_OK(Delete("ask = 8"));
  EXPECT_EQ(Rows(), Without({1, 3}));
}

TEST_F(CopyOnWriteTest, AFailedRewriteLeavesNoFile) {
  const std::vector<DataFile> written = WriteFiles(ticks);
  const std::size_t files = DataFilesOnDisk();
  const MetadataPtr table = Table();
  std::string bytes = *lake.files->ReadWhole(written[1].path);
  for (std::size_t i = bytes.size() / 3; i < bytes.size() / 2; ++i) bytes[i] = '\x7F';
  ASSERT_OK(lake.files->WriteWhole(written[1].path, bytes));
  const RowRewriter rewrite =
      MakeCopyOnWrite(*lake.files, table, Filter("bid = 3", table->CurrentSchema()), lake.random);
  EXPECT_FALSE(rewrite(written[1], {}).has_value());
  EXPECT_EQ(DataFilesOnDisk(), files);
}

TEST_F(CopyOnWriteTest, AnswersTheRowsThatStayWithTheirMetrics) {
  const std::vector<DataFile> written = WriteFiles(ticks);
  const MetadataPtr table = Table();
  const auto rewriter = [&](const std::string& text) {
    return MakeCopyOnWrite(*lake.files, table, Filter(text, table->CurrentSchema()), lake.random);
  };
  const auto some = rewriter("bid = 3")(written[1], {});
  ASSERT_OK(some);
  ASSERT_TRUE(*some);
  ASSERT_EQ((*some)->size(), 1U);
  EXPECT_EQ((**some)[0].record_count, 2);
  EXPECT_EQ((**some)[0].partition, written[1].partition);
  const auto all = rewriter("datetime is not null")(written[1], {});
  ASSERT_OK(all);
  ASSERT_TRUE(*all);
  EXPECT_THAT(**all, IsEmpty());
  const auto none = rewriter("bid = 100")(written[1], {});
  ASSERT_OK(none);
  EXPECT_FALSE(*none);
}

TEST(PositionDeletes, AreSortedAndEachOnce) {
  const auto files = io::MakeMemoryFileSystem();
  const TableMetadata metadata = TableOf({.fields = {FieldOf(1, "x", "long")}});
  const auto written = WritePositionDeletes(*files, metadata, 0, {}, "d",
                                            {{"/b", {5, 1, 5}}, {"/a", {9}}, {"/c", {}}});
  ASSERT_OK(written);
  EXPECT_EQ(written->path, "/table/data/d-deletes.parquet");
  EXPECT_EQ(written->record_count, 3);
  EXPECT_EQ(written->content, FileContent::kPositionDeletes);
  EXPECT_FALSE(written->referenced_data_file);
  const Schema columns{
      .fields = {FieldOf(2147483546, "file_path", "string"), FieldOf(2147483545, "pos", "long")}};
  DataFile as_data = *written;
  as_data.content = FileContent::kData;
  const auto rows = ReadText(*files, metadata, as_data, {}, {.columns = columns});
  ASSERT_OK(rows);
  EXPECT_THAT(*rows, ElementsAre(TextRow{"/a", "9"}, TextRow{"/b", "1"}, TextRow{"/b", "5"}));
  EXPECT_THAT(WritePositionDeletes(*files, metadata, 0, {}, "e", {{"/c", {}}}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(WritePositionDeletes(*files, metadata, 0, {}, "e", {{"/c", {-1}}}),
              HasErrorMessage("negative"));
  EXPECT_THAT(WritePositionDeletes(*files, metadata, 0, {}, "d", {{"/c", {1}}}),
              IsError(ErrorKind::kAlreadyExists));
}

}  // namespace
}  // namespace tickhouse::lake
