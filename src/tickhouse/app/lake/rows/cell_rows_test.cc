#include "tickhouse/app/lake/rows/cell_rows.h"

#include "tickhouse/lake/data/data_testing.h"

namespace tickhouse::app {
namespace {

using lake::FieldOf;
using lake::Schema;

Schema EveryType() {
  return {.fields = {FieldOf(1, "flag", "boolean"), FieldOf(2, "i", "int"), FieldOf(3, "l", "long"),
                     FieldOf(4, "f", "float"), FieldOf(5, "d", "double"),
                     FieldOf(6, "p", "decimal(9,2)"), FieldOf(7, "q", "decimal(30,3)"),
                     FieldOf(8, "day", "date"), FieldOf(9, "at", "timestamp"),
                     FieldOf(10, "atz", "timestamptz"), FieldOf(11, "text", "string")}};
}

TEST(CellRows, EveryTypeAsItsText) {
  Schema schema = EveryType();
  io::ColumnBatch batch = lake::BatchOfText(
      schema, {{"true", "-7", "9007199254740993", "1.5", "0.1", "-1.05", "123.456", "1969-12-31",
                "2020-01-02T03:04:05.600000", "2020-01-02T03:04:05Z", "a,b"}});
  schema.fields.push_back(FieldOf(12, "id", "uuid"));
  schema.fields.push_back(FieldOf(13, "raw", "binary"));
  io::BytesValues id, raw;
  id.Append("0123456789abcdef");
  raw.Append("\x0A\xFF");
  batch.columns.push_back({.values = id});
  batch.columns.push_back({.values = raw});
  ASSERT_OK_AND_ASSIGN(const auto columns, CellColumnsOf(schema));
  EXPECT_EQ(columns.size(), 13U);
  EXPECT_EQ(columns[5].type, "DECIMAL(9,2)");
  const sql::RowBatch cells = CellsOf(schema, batch);
  const std::vector<std::string> expected = {"true",
                                             "-7",
                                             "9007199254740993",
                                             "1.5",
                                             "0.1",
                                             "-1.05",
                                             "123.456",
                                             "1969-12-31",
                                             "2020-01-02 03:04:05.6",
                                             "2020-01-02 03:04:05",
                                             "a,b",
                                             "30313233-3435-3637-3839-616263646566",
                                             "0aff"};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(cells.columns[i][0], expected[i]) << schema.fields[i].name;
  }
}

TEST(CellRows, NestedColumnsAreRefusedByName) {
  lake::Type list{.kind = lake::TypeKind::kList, .fields = {FieldOf(3, "element", "int")}};
  const Schema schema{.fields = {{.id = 2, .name = "tags", .type = list}}};
  EXPECT_THAT(CellColumnsOf(schema), HasErrorMessage("tags"));
}

TEST(CellRows, EndsAfterAsManyRowsAsWereAskedFor) {
  const Schema schema{.fields = {FieldOf(1, "n", "int")}};
  const lake::TableMetadata metadata = lake::TableOf(schema);
  const auto files = io::MakeMemoryFileSystem();
  std::vector<RowFile> inputs;
  for (const std::string name : {"a", "b", "c"}) {
    const auto rows = lake::BatchOfText(schema, {{"1"}, {"null"}, {"3"}});
    inputs.push_back({.data = lake::WriteTestFile(*files, "/" + name, rows), .deletes = {}});
  }
  const RowReading reading{.files = files.get(), .metadata = &metadata};
  for (const int64_t limit : {0, 1, 3, 4, 9, 100}) {
    ASSERT_OK_AND_ASSIGN(const auto rows, CellRows::Make(reading, schema, inputs, limit));
    int64_t count = 0;
    while (true) {
      ASSERT_OK_AND_ASSIGN(const auto batch, rows->Next());
      if (!batch) break;
      count += static_cast<int64_t>(batch->rows);
    }
    EXPECT_EQ(count, std::min<int64_t>(limit, 9));
    EXPECT_EQ(rows->files_opened(),
              static_cast<std::size_t>(std::min<int64_t>(3, (limit + 2) / 3)));
  }
}

}  // namespace
}  // namespace tickhouse::app
