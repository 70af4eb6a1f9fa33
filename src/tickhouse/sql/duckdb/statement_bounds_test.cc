#include "tickhouse/sql/duckdb/statement_bounds.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::sql {
namespace {

using Names = std::vector<std::string>;

TEST(NameParts, KnowsQuotes) {
  EXPECT_EQ(NameParts("gold.eurusd"), (Names{"gold", "eurusd"}));
  EXPECT_EQ(NameParts(R"(lake."a.b"."c""d")"), (Names{"lake", "a.b", "c\"d"}));
  EXPECT_EQ(NameParts("gold.eurusd AS e"), (Names{"gold", "eurusd"}));
  EXPECT_EQ(NameParts(""), Names{""});
}

TEST(TablesOf, GivesNothingForWhatItCannotRead) {
  for (const char* text : {"", "{", "[]", "null", "3", R"({"error":true})", R"({"error":false})",
                           R"({"error":false,"statements":[{"node":{"type":"SELECT_NODE"}}]})",
                           R"({"error":false,"type":"SELECT_NODE","from_table":5})"}) {
    EXPECT_TRUE(TablesOf(text, {}).empty()) << text;
  }
}

TEST(TableSelect, ReadsFilesOfOneShapeTogether) {
  const ResolvedTable table{{{"ts", "TIMESTAMP"}, {"bid", "DOUBLE"}},
                            {{"/a.parquet", {"ts", "bid"}, {}},
                             {"/b[1].parquet", {"ts", "bid"}, {}},
                             {"/c.parquet", {"ts", std::nullopt}, {}},
                             {"/d.parquet", {"ts", "old"}, {7, 1}}}};
  EXPECT_EQ(TableSelect(table),
            "SELECT CAST(\"ts\" AS TIMESTAMP) AS \"ts\", CAST(\"old\" AS DOUBLE) AS \"bid\" FROM "
            "read_parquet('/d.parquet', hive_partitioning = false, file_row_number = true) WHERE "
            "true AND file_row_number NOT IN (SELECT unnest([7,1]::BIGINT[])) UNION ALL "
            "SELECT CAST(\"ts\" AS TIMESTAMP) AS \"ts\", CAST(\"bid\" AS DOUBLE) AS \"bid\" FROM "
            "read_parquet(['/a.parquet', '/b[[]1].parquet'], hive_partitioning = false) UNION ALL "
            "SELECT CAST(\"ts\" AS TIMESTAMP) AS \"ts\", CAST(NULL AS DOUBLE) AS \"bid\" FROM "
            "read_parquet(['/c.parquet'], hive_partitioning = false)");
}

}  // namespace
}  // namespace tickhouse::sql
