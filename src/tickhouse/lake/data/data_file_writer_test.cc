#include "tickhouse/lake/data/data_file_writer.h"

#include <algorithm>
#include <set>

#include "tickhouse/lake/data/data_testing.h"
#include "tickhouse/lake/data/partition/data_location.h"
#include "tickhouse/lake/expression/metrics_filter.h"

namespace tickhouse::lake {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Schema Ticks() {
  return {.fields = {FieldOf(1, "at", "timestamp"), FieldOf(2, "side", "string"),
                     FieldOf(3, "bid", "double")}};
}

PartitionField By(int source, TransformKind kind, std::string name, int parameter = 0) {
  return {.source_id = source,
          .field_id = 1000 + source,
          .name = std::move(name),
          .transform = {.kind = kind, .parameter = parameter}};
}

TableMetadata Partitioned(std::vector<PartitionField> fields) {
  return TableOf(Ticks(), {.id = 0, .fields = std::move(fields)});
}

std::vector<TextRow> SomeTicks(int count, int hours_apart = 7) {
  std::vector<TextRow> rows;
  for (int i = 0; i < count; ++i) {
    const Type timestamp = TypeOfText("timestamp");
    const Value at{int64_t{1'609'450'000'000'000} + int64_t{3'600'000'000} * hours_apart * i};
    rows.push_back({ValueToText(timestamp, at), i % 9 == 4 ? "null" : std::string(1, "BS"[i % 2]),
                    i % 11 == 3 ? "nan" : std::to_string(i) + ".5"});
  }
  return rows;
}

class DataFileWriterTest : public testing::Test {
 protected:
  std::unique_ptr<DataFileWriter> Open(const TableMetadata& metadata,
                                       DataWriteOptions options = {}) {
    auto writer = DataFileWriter::Open(*files, metadata, random, options);
    EXPECT_OK(writer);
    return std::move(*writer);
  }
  std::vector<DataFile> WriteAll(const TableMetadata& metadata, const std::vector<TextRow>& rows,
                                 DataWriteOptions options = {}) {
    const auto writer = Open(metadata, options);
    EXPECT_OK(writer->Write(BatchOfText(metadata.CurrentSchema(), rows)));
    auto written = writer->Close();
    EXPECT_OK(written);
    return written ? *written : std::vector<DataFile>();
  }
  std::vector<TextRow> ReadAll(const TableMetadata& metadata,
                               const std::vector<DataFile>& written) {
    std::vector<TextRow> all;
    for (const DataFile& file : written) {
      const auto rows = ReadText(*files, metadata, file, {}, {.columns = metadata.CurrentSchema()});
      EXPECT_OK(rows);
      EXPECT_EQ(static_cast<int64_t>(rows->size()), file.record_count);
      all.insert(all.end(), rows->begin(), rows->end());
    }
    return all;
  }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    const auto found = files->ListFiles("/table");
    if (!found) return names;  // Not a folder yet.
    for (const io::FileInfo& info : *found) names.push_back(info.path);
    return names;
  }

  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  Random random{4};
};

std::multiset<TextRow> Sorted(const std::vector<TextRow>& rows) {
  return {rows.begin(), rows.end()};
}

TEST_F(DataFileWriterTest, UnpartitionedRowsKeepTheirOrderInOneFile) {
  const TableMetadata metadata = Partitioned({});
  const std::vector<TextRow> rows = SomeTicks(500);
  const std::vector<DataFile> written = WriteAll(metadata, rows, {.sort_order_id = 1});
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(ReadAll(metadata, written), rows);
  EXPECT_THAT(written[0].path, AllOf(StartsWith("/table/data/00000-"), HasSubstr(".parquet")));
  EXPECT_EQ(written[0].sort_order_id, 1);
  EXPECT_EQ(written[0].file_size, files->Stat(written[0].path)->size);
}

TEST_F(DataFileWriterTest, RowsGoToTheirPartitionsInTheirOrder) {
  const TableMetadata metadata =
      Partitioned({By(1, TransformKind::kDay, "at_day"), By(2, TransformKind::kIdentity, "si de")});
  const std::vector<TextRow> rows = SomeTicks(60);
  const std::vector<DataFile> written = WriteAll(metadata, rows);
  EXPECT_EQ(Sorted(ReadAll(metadata, written)), Sorted(rows));
  std::set<std::string> folders;
  for (const DataFile& file : written) {
    ASSERT_EQ(file.partition.size(), 2U);
    const auto content = ReadAll(metadata, {file});
    EXPECT_TRUE(std::is_sorted(content.begin(), content.end()));
    const std::string side =
        file.partition[1] ? std::get<std::string>(file.partition[1]->data) : "null";
    for (const TextRow& row : content) {
      EXPECT_THAT(file.path, HasSubstr("/at_day=" + row[0].substr(0, 10) + "/si+de=" + row[1]));
      EXPECT_EQ(row[1], side);
    }
    EXPECT_TRUE(folders.insert(std::string(io::ParentPath(file.path))).second);
  }
}

TEST_F(DataFileWriterTest, EveryTransformAgreesWithItselfRowByRow) {
  const TableMetadata metadata =
      Partitioned({By(1, TransformKind::kMonth, "m"), By(2, TransformKind::kBucket, "b", 4),
                   By(3, TransformKind::kVoid, "v")});
  const PartitionSpec& spec = metadata.specs[0];
  std::vector<TextRow> rows = SomeTicks(400, 20);
  for (std::size_t i = 0; i < rows.size(); i += 3) std::swap(rows[i], rows[rows.size() - 1 - i]);
  const io::ColumnBatch batch = BatchOfText(Ticks(), rows);
  const auto partitioner = RowPartitioner::Make(Ticks(), spec);
  ASSERT_OK(partitioner);
  const RowPartitions got = partitioner->Assign(batch);
  for (std::size_t row = 0; row < batch.rows; ++row) {
    PartitionTuple expected;
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
      const Type type = Ticks().fields[i].type;
      expected.push_back(
          spec.fields[i].transform.Apply(type, ValueAt(type, batch.columns[i], row)));
    }
    ASSERT_TRUE(got.partitions[got.of_row[row]] == expected) << row;
  }
}

TEST_F(DataFileWriterTest, FewFilesAreOpenAtOnce) {
  const TableMetadata metadata = Partitioned({By(1, TransformKind::kDay, "d")});
  std::vector<TextRow> rows = SomeTicks(300, 24);
  const std::vector<DataFile> written = WriteAll(metadata, rows, {.most_open = 3});
  EXPECT_EQ(written.size(), 300U);
  EXPECT_EQ(Sorted(ReadAll(metadata, written)), Sorted(rows));
}

TEST_F(DataFileWriterTest, FilesEndNearTheirTargetSize) {
  TableMetadata metadata = Partitioned({});
  metadata.properties["write.target-file-size-bytes"] = "20000";
  const std::vector<TextRow> rows = SomeTicks(30'000);
  const std::vector<DataFile> written = WriteAll(metadata, rows, {.row_group_rows = 1'000});
  EXPECT_GT(written.size(), 2U);
  for (std::size_t i = 0; i < written.size(); ++i) EXPECT_LT(written[i].file_size, 400'000);
  EXPECT_EQ(ReadAll(metadata, written), rows);
  metadata.properties["write.target-file-size-bytes"] = "much";
  EXPECT_THAT(DataFileWriter::Open(*files, metadata, random),
              HasErrorMessage("write.target-file-size-bytes"));
}

TEST_F(DataFileWriterTest, BufferedRowsOfManyPartitionsStayBounded) {
  const TableMetadata metadata = Partitioned({By(1, TransformKind::kDay, "d")});
  const std::vector<TextRow> rows = SomeTicks(2'000, 1);
  const auto writer = Open(metadata, {.most_buffered_bytes = 4'000});
  for (std::size_t i = 0; i < rows.size(); i += 100) {
    const std::vector<TextRow> some(rows.begin() + static_cast<std::ptrdiff_t>(i),
                                    rows.begin() + static_cast<std::ptrdiff_t>(i + 100));
    ASSERT_OK(writer->Write(BatchOfText(Ticks(), some)));
  }
  const auto written = writer->Close();
  ASSERT_OK(written);
  EXPECT_EQ(Sorted(ReadAll(metadata, *written)), Sorted(rows));
}

TEST_F(DataFileWriterTest, MetricsAreThoseOfTheRows) {
  const std::vector<DataFile> written = WriteAll(Partitioned({}), SomeTicks(100));
  ASSERT_EQ(written.size(), 1U);
  const DataFile& file = written[0];
  EXPECT_EQ(*FindByFieldId(file.value_counts, 3), 100);
  EXPECT_EQ(*FindByFieldId(file.null_counts, 2), 11);
  EXPECT_EQ(*FindByFieldId(file.nan_counts, 3), 9);
  EXPECT_EQ(FindByFieldId(file.nan_counts, 1), nullptr);
  EXPECT_EQ(*FindByFieldId(file.lower_bounds, 2), "B");
  EXPECT_EQ(file.split_offsets, std::vector<int64_t>{4});
  EXPECT_TRUE(MayMatch(Filter("bid = 99.5", Ticks()), file));
  EXPECT_FALSE(MayMatch(Filter("bid < 0", Ticks()), file));
}

TEST_F(DataFileWriterTest, NothingHasANameBeforeItIsWhole) {
  const TableMetadata metadata = Partitioned({By(2, TransformKind::kIdentity, "side")});
  {
    const auto writer = Open(metadata, {.row_group_rows = 10});
    ASSERT_OK(writer->Write(BatchOfText(Ticks(), SomeTicks(200))));
  }  // As if killed.
  EXPECT_THAT(Names(), ElementsAre());
  const auto writer = Open(metadata, {.most_open = 1});
  ASSERT_OK(writer->Write(BatchOfText(Ticks(), SomeTicks(20))));
  EXPECT_EQ(Names().size(), 2U);
  ASSERT_OK(writer->Abandon());
  EXPECT_THAT(Names(), ElementsAre());
}

TEST_F(DataFileWriterTest, RefusesRowsAndTablesThatItCannotWrite) {
  const TableMetadata metadata = Partitioned({});
  const Schema other{
      .fields = {FieldOf(1, "at", "long"), FieldOf(2, "s", "string"), FieldOf(3, "b", "double")}};
  const auto writer = Open(metadata);
  EXPECT_THAT(writer->Write(BatchOfText(other, {{"1", "B", "1"}})), HasErrorMessage("column at"));
  EXPECT_THAT(writer->Write(BatchOfText({.fields = {other.fields[0]}}, {{"1"}})),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(writer->WritePartition({std::nullopt}, BatchOfText(Ticks(), SomeTicks(1))),
              HasErrorMessage("1 partition values"));
  EXPECT_THAT(DataFileWriter::Open(*files, metadata, random, {.spec_id = 9}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(DataFileWriter::Open(*files, Partitioned({By(77, TransformKind::kDay, "x")}), random),
              HasErrorMessage("partition field x"));
  EXPECT_THAT(writer->Close(), IsOk());
}

TEST(DataLocation, EscapesAndHonoursTheDataPath) {
  TableMetadata metadata = TableOf({.fields = {FieldOf(1, "s", "string")}});
  const PartitionSpec spec{.fields = {By(1, TransformKind::kIdentity, "a/b")}};
  EXPECT_EQ(*DataLocation(metadata, spec, {Value{std::string("x=1 \u00e9%")}}, "f.parquet"),
            "/table/data/a%2Fb=x%3D1+%C3%A9%25/f.parquet");
  EXPECT_EQ(*DataLocation(metadata, spec, {std::nullopt}, "f"), "/table/data/a%2Fb=null/f");
  metadata.properties["write.data.path"] = "s3://other/place/";
  EXPECT_EQ(*DataLocation(metadata, {}, {}, "f"), "s3://other/place/f");
}

}  // namespace
}  // namespace tickhouse::lake
