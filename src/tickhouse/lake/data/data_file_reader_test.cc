#include "tickhouse/lake/data/data_file_reader.h"

#include <cmath>
#include <limits>
#include <set>

#include "tickhouse/core/random.h"
#include "tickhouse/lake/data/data_testing.h"
#include "tickhouse/lake/data/deletes/position_delete_writer.h"

namespace tickhouse::lake {
namespace {

using testing::ElementsAre;

class DataFileReaderTest : public testing::Test {
 protected:
  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
};

Schema Plain() {
  return {.fields = {FieldOf(1, "id", "long"), FieldOf(2, "side", "string"),
                     FieldOf(3, "price", "double")}};
}

std::vector<TextRow> Rows() {
  return {{"1", "B", "1.5"}, {"2", "null", "2.5"}, {"3", "S", "null"}, {"4", "B", "nan"}};
}

TEST_F(DataFileReaderTest, ColumnsAreFoundByIdWhateverTheirNameAndPlace) {
  const DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Rows()));
  const Schema wanted{.fields = {FieldOf(3, "px", "double"), FieldOf(1, "number", "long")}};
  const auto rows = ReadText(*files, TableOf(wanted), data, {}, {.columns = wanted});
  ASSERT_OK(rows);
  EXPECT_THAT(*rows, ElementsAre(TextRow{"1.5", "1"}, TextRow{"2.5", "2"}, TextRow{"null", "3"},
                                 TextRow{"nan", "4"}));
}

io::ColumnBatch WithoutIds(io::ColumnBatch batch) {
  for (io::ColumnSchema& column : batch.schema) column.field_id.reset();
  return batch;
}

TEST_F(DataFileReaderTest, FilesWithoutIdsAreReadByNameMappingOrName) {
  const DataFile data =
      WriteTestFile(*files, "/a.parquet", WithoutIds(BatchOfText(Plain(), Rows())));
  const Schema wanted{.fields = {FieldOf(1, "id", "long"), FieldOf(2, "renamed", "string")}};
  TableMetadata metadata = TableOf(wanted);
  const auto by_name = ReadText(*files, metadata, data, {}, {.columns = wanted});
  ASSERT_OK(by_name);
  EXPECT_THAT((*by_name)[0], ElementsAre("1", "null"));
  metadata.properties["schema.name-mapping.default"] =
      R"([{"field-id": 1, "names": ["id"]}, {"field-id": 2, "names": ["renamed", "side"]}])";
  const auto mapped = ReadText(*files, metadata, data, {}, {.columns = wanted});
  ASSERT_OK(mapped);
  EXPECT_THAT((*mapped)[0], ElementsAre("1", "B"));
  metadata.properties["schema.name-mapping.default"] = "{";
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {.columns = wanted}),
              IsError(ErrorKind::kCorrupt));
}

TEST_F(DataFileReaderTest, MissingColumnsHoldPartitionThenDefaultThenNull) {
  DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Rows()));
  Schema wanted{.fields = {FieldOf(1, "id", "long"), FieldOf(7, "day", "date"),
                           FieldOf(8, "fee", "decimal(9, 2)"), FieldOf(9, "note", "string")}};
  wanted.fields[2].initial_default = "\"1.25\"";
  PartitionSpec spec;
  spec.fields = {{.source_id = 7, .field_id = 1000, .name = "day", .transform = {}}};
  data.partition = {Value{int32_t{18628}}};
  const TableMetadata metadata = TableOf(wanted, spec);
  const auto rows = ReadText(*files, metadata, data, {}, {.columns = wanted});
  ASSERT_OK(rows);
  EXPECT_THAT((*rows)[1], ElementsAre("2", "2021-01-01", "1.25", "null"));

  const auto filtered =
      ReadText(*files, metadata, data, {},
               {.columns = {.fields = {wanted.fields[0]}},
                .residual = Filter("fee = 1.25 and day = 2021-01-01 and id > 2", wanted)});
  ASSERT_OK(filtered);
  EXPECT_THAT(*filtered, ElementsAre(TextRow{"3"}, TextRow{"4"}));

  wanted.fields[3].required = true;
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {.columns = wanted}),
              HasErrorMessage("required field note is missing"));
}

TEST_F(DataFileReaderTest, NumbersWiden) {
  const Schema old{.fields = {FieldOf(1, "i", "int"), FieldOf(2, "f", "float"),
                              FieldOf(3, "d", "decimal(9, 2)"), FieldOf(4, "e", "decimal(18, 1)"),
                              FieldOf(5, "t", "date")}};
  const DataFile data = WriteTestFile(
      *files, "/a.parquet",
      BatchOfText(old, {{"-7", "1.5", "-1.25", "9.5", "1969-12-31"},
                        {"null", "null", "null", "null", "null"},
                        {"2147483647", "-0.25", "9999999.99", "-1.5", "2021-03-01"}}));
  const Schema wanted{.fields = {FieldOf(1, "i", "long"), FieldOf(2, "f", "double"),
                                 FieldOf(3, "d", "decimal(12, 2)"),
                                 FieldOf(4, "e", "decimal(38, 1)"), FieldOf(5, "t", "timestamp")}};
  const auto rows = ReadText(*files, TableOf(wanted), data, {}, {.columns = wanted});
  ASSERT_OK(rows);
  EXPECT_THAT((*rows)[0], ElementsAre("-7", "1.5", "-1.25", "9.5", "1969-12-31T00:00:00.000000"));
  EXPECT_THAT((*rows)[1], ElementsAre("null", "null", "null", "null", "null"));
  EXPECT_THAT((*rows)[2], ElementsAre("2147483647", "-0.25", "9999999.99", "-1.5",
                                      "2021-03-01T00:00:00.000000"));
}

io::ColumnBatch Instants(int64_t unit_ns, std::vector<int64_t> values) {
  io::ColumnBatch batch;
  batch.rows = values.size();
  batch.schema = {{.name = "at",
                   .type = {.logical = io::LogicalKind::kTimestamp, .unit_ns = unit_ns},
                   .field_id = 1}};
  batch.columns.push_back({.values = std::move(values)});
  return batch;
}

TEST_F(DataFileReaderTest, InstantsOfOtherUnitsAreFlooredOrRefused) {
  const Schema wanted{.fields = {FieldOf(1, "at", "timestamp")}};
  const auto read = [&](int64_t unit, std::vector<int64_t> values) {
    const DataFile data = WriteTestFile(*files, "/t.parquet", Instants(unit, std::move(values)));
    return ReadText(*files, TableOf(wanted), data, {}, {.columns = wanted});
  };
  const auto nanos = read(1, {-1, 1999});
  ASSERT_OK(nanos);
  EXPECT_THAT(*nanos, ElementsAre(TextRow{"1969-12-31T23:59:59.999999"},
                                  TextRow{"1970-01-01T00:00:00.000001"}));
  const auto millis = read(1'000'000, {1500});
  ASSERT_OK(millis);
  EXPECT_THAT(*millis, ElementsAre(TextRow{"1970-01-01T00:00:01.500000"}));
  EXPECT_THAT(read(1'000'000, {std::numeric_limits<int64_t>::max()}), IsError(ErrorKind::kCorrupt));
}

TEST_F(DataFileReaderTest, RefusesWhatItCannotRead) {
  DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Rows()));
  const TableMetadata metadata = TableOf(Plain());
  const Schema wrong{.fields = {FieldOf(2, "side", "int")}};
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {.columns = wrong}),
              HasErrorMessage("/a.parquet: column side is"));
  data.format = "ORC";
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {}), IsError(ErrorKind::kUnsupported));
  data = {.path = "/none.parquet"};
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {}), IsError(ErrorKind::kNotFound));
  ASSERT_OK(files->WriteWhole("/broken.parquet", "PAR1 this is none PAR1"));
  data = {.path = "/broken.parquet"};
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {}), IsError(ErrorKind::kCorrupt));
  data.content = FileContent::kEqualityDeletes;
  EXPECT_THAT(ReadText(*files, metadata, data, {}, {}), IsError(ErrorKind::kInvalidArgument));
}

std::vector<TextRow> Numbered(int rows) {
  std::vector<TextRow> made;
  for (int i = 0; i < rows; ++i) {
    made.push_back({std::to_string(i), i % 5 == 0 ? "null" : std::string(1, "ABCD"[i % 4]),
                    i % 7 == 0 ? "nan" : std::to_string(i * 0.5)});
  }
  return made;
}

TEST_F(DataFileReaderTest, RowGroupsThatCannotMatchAreNotRead) {
  const DataFile data =
      WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(1000)), 100);
  const TableMetadata metadata = TableOf(Plain());
  const auto reader = DataFileReader::Open(
      *files, metadata, data, {},
      {.columns = Plain(), .residual = Filter("id >= 250 and id < 310", Plain())});
  ASSERT_OK(reader);
  EXPECT_EQ((*reader)->row_groups_read(), 2U);
  // NaN is above every number: no bound tells of it.
  const auto all = DataFileReader::Open(*files, metadata, data, {},
                                        {.residual = Filter("price > 400", Plain())});
  ASSERT_OK(all);
  EXPECT_EQ((*all)->row_groups_read(), 10U);
}

TEST_F(DataFileReaderTest, FileAndPositionAreToldOfTheRowsThatAreLeft) {
  const DataFile data =
      WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(300)), 64);
  const Schema id{.fields = {FieldOf(1, "id", "long")}};
  const auto rows = ReadText(*files, TableOf(Plain()), data, {},
                             {.columns = id,
                              .residual = Filter("id in (3, 200, 299)", Plain()),
                              .file_column = true,
                              .position_column = true,
                              .batch_rows = 50});
  ASSERT_OK(rows);
  EXPECT_THAT(*rows,
              ElementsAre(TextRow{"3", "/a.parquet", "3"}, TextRow{"200", "/a.parquet", "200"},
                          TextRow{"299", "/a.parquet", "299"}));
}

TEST_F(DataFileReaderTest, CountsRowsWithoutAnyColumn) {
  const DataFile data =
      WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(300)), 64);
  const auto rows = ReadText(*files, TableOf(Plain()), data, {}, {});
  ASSERT_OK(rows);
  EXPECT_EQ(rows->size(), 300U);
}

std::vector<std::string> IdsOf(const Result<std::vector<TextRow>>& rows) {
  EXPECT_OK(rows);
  std::vector<std::string> ids;
  if (rows) {
    for (const TextRow& row : *rows) ids.push_back(row[0]);
  }
  return ids;
}

TEST_F(DataFileReaderTest, PositionDeletesOfThisFileAloneApply) {
  const DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(8)), 3);
  const TableMetadata metadata = TableOf(Plain());
  const auto deletes =
      WritePositionDeletes(*files, metadata, 0, {}, "x",
                           {{"/a.parquet", {6, 0, 6, 5'000}}, {"/b.parquet", {1}}, {"/", {2}}});
  ASSERT_OK(deletes);
  const auto rows = ReadText(*files, metadata, data, {{*deletes}}, {.columns = Plain()});
  EXPECT_THAT(IdsOf(rows), ElementsAre("1", "2", "3", "4", "5", "7"));
  DataFile other = *deletes;
  other.referenced_data_file = "/b.parquet";
  EXPECT_EQ(IdsOf(ReadText(*files, metadata, data, {{other}}, {.columns = Plain()})).size(), 8U);
  other.format = "AVRO";
  other.referenced_data_file.reset();
  EXPECT_THAT(ReadText(*files, metadata, data, {{other}}, {.columns = Plain()}),
              IsError(ErrorKind::kUnsupported));
}

DataFile Equality(io::FileSystem& files, const std::string& path, const Schema& schema,
                  const std::vector<TextRow>& rows) {
  DataFile file = WriteTestFile(files, path, BatchOfText(schema, rows));
  file.content = FileContent::kEqualityDeletes;
  for (const Field& field : schema.fields) file.equality_ids.push_back(field.id);
  return file;
}

TEST_F(DataFileReaderTest, EqualityDeletesKnowNullsNanAndPromotedNumbers) {
  const DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(16)), 5);
  const TableMetadata metadata = TableOf(Plain());
  const Schema id{.fields = {FieldOf(1, "id", "int")}};
  const Schema pair{.fields = {FieldOf(3, "price", "float"), FieldOf(2, "side", "string")}};
  const std::vector<DataFile> deletes = {
      Equality(*files, "/d1.parquet", id, {{"3"}, {"1000"}}),
      Equality(*files, "/d2.parquet", id, {{"4"}}),
      // Row 0 is null and NaN, row 7 is D and NaN, row 8 is A and 4.0, row 9 is B and 4.5.
      Equality(*files, "/d3.parquet", pair, {{"nan", "null"}, {"4", "A"}, {"4.5", "A"}})};
  const Schema only_id{.fields = {FieldOf(1, "id", "long")}};
  const auto rows = ReadText(*files, metadata, data, deletes, {.columns = only_id});
  EXPECT_THAT(IdsOf(rows),
              ElementsAre("1", "2", "5", "6", "7", "9", "10", "11", "12", "13", "14", "15"));
}

TEST_F(DataFileReaderTest, EqualityDeletesByADroppedColumnStillApply) {
  const DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(4)));
  TableMetadata metadata = TableOf(Plain());
  Schema now{.id = 1, .fields = {FieldOf(1, "id", "long")}};
  metadata.schemas.push_back(now);
  metadata.current_schema_id = 1;
  const Schema side{.fields = {FieldOf(2, "side", "string")}};
  const std::vector<DataFile> deletes = {Equality(*files, "/d.parquet", side, {{"B"}, {"C"}})};
  EXPECT_THAT(IdsOf(ReadText(*files, metadata, data, deletes, {.columns = now})),
              ElementsAre("0", "3"));
  std::vector<DataFile> unknown = deletes;
  unknown[0].equality_ids = {77};
  EXPECT_THAT(ReadText(*files, metadata, data, unknown, {.columns = now}),
              HasErrorMessage("deletes by field 77"));
  unknown[0].equality_ids = {};
  EXPECT_THAT(ReadText(*files, metadata, data, unknown, {.columns = now}),
              IsError(ErrorKind::kCorrupt));
}

// Deletes of every sort and a filter, against what a loop over the rows says.
TEST_F(DataFileReaderTest, AnyDeletesAndFilterLeaveTheRowsThatALoopLeaves) {
  Random random(11);
  const Schema id_schema{.fields = {FieldOf(1, "id", "long")}};
  for (int round = 0; round < 40; ++round) {
    const int count = static_cast<int>(1 + random.Below(700));
    const DataFile data = WriteTestFile(*files, "/a.parquet", BatchOfText(Plain(), Numbered(count)),
                                        1 + static_cast<int64_t>(random.Below(300)));
    std::vector<int64_t> positions;
    std::vector<TextRow> keys;
    std::set<int> gone;
    for (int i = 0; i < count; ++i) {
      const uint64_t pick = random.Below(6);
      if (pick == 0) positions.push_back(i);
      if (pick == 1) keys.push_back({std::to_string(i)});
      if (pick < 2) gone.insert(i);
    }
    std::vector<DataFile> deletes;
    const TableMetadata metadata = TableOf(Plain());
    if (!positions.empty()) {
      const auto written = WritePositionDeletes(*files, metadata, 0, {}, std::to_string(round),
                                                {{"/a.parquet", positions}});
      ASSERT_OK(written);
      deletes.push_back(*written);
    }
    if (!keys.empty()) deletes.push_back(Equality(*files, "/e.parquet", id_schema, keys));
    const int from = static_cast<int>(random.Below(700));
    std::vector<std::string> expected;
    for (int i = 0; i < count; ++i) {
      const bool matches = i >= from || (i % 5 != 0 && i % 4 == 1);
      if (matches && !gone.contains(i)) expected.push_back(std::to_string(i));
    }
    const auto rows =
        ReadText(*files, metadata, data, deletes,
                 {.columns = id_schema,
                  .residual = Filter(fmt::format("id >= {} or side = 'B'", from), Plain()),
                  .batch_rows = 1 + random.Below(200)});
    ASSERT_EQ(IdsOf(rows), expected) << round;
  }
}

}  // namespace
}  // namespace tickhouse::lake
