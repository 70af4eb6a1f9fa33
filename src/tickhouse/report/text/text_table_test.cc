#include "tickhouse/report/text/text_table.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/report/text/csv_text.h"

namespace tickhouse::report {
namespace {

TextTable Files() {
  return TextTable({{"file", false, true}, {"rows", true}, {"error"}});
}

TEST(TextTableTest, AlignsAndLeavesOutEmptyColumns) {
  TextTable table = Files();
  table.AddRow({"a.parquet", "7", ""});
  table.AddRow({"long-name.parquet", "1,234", ""});
  EXPECT_EQ(table.ToString(80),
            "file                rows\n"
            "------------------------\n"
            "a.parquet              7\n"
            "long-name.parquet  1,234\n");
}

TEST(TextTableTest, ShortensTheColumnThatMayShrink) {
  TextTable table = Files();
  table.AddRow({"a-very-long-folder/and-a-very-long-name.parquet", "7", "cut"});
  const std::string text = table.ToString(40);
  EXPECT_THAT(text, testing::HasSubstr("…"));
  EXPECT_THAT(text, testing::HasSubstr("7  cut"));
  EXPECT_EQ(text.find('\n', text.find('\n') + 1) - text.find('\n') - 1, 40u);
}

TEST(TextTableTest, OddNamesStayOnTheirLine) {
  TextTable table = Files();
  table.AddRow({"two\nlines \xff.parquet", "7", ""});
  EXPECT_THAT(table.ToString(80), testing::HasSubstr("two\\nlines \\xff.parquet     7"));
}

TEST(TextTableTest, NoRowsNoTable) {
  EXPECT_EQ(Files().ToString(80), "");
}

TEST(CsvTest, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(CsvRow({"a", "", "b c", "d,e", "f\"g", "h\ni", " j"}),
            "a,,b c,\"d,e\",\"f\"\"g\",\"h\ni\",\" j\"\n");
  EXPECT_EQ(CsvRow({"\xff"}), "\\xff\n");
  EXPECT_EQ(CsvRow({""}), "\"\"\n");
}

}  // namespace
}  // namespace tickhouse::report
