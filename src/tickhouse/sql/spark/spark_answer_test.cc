#include "tickhouse/sql/spark/spark_answer.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::sql {
namespace {

TEST(SparkAnswer, TellsColumns) {
  const std::string text =
      R"({"columns": [{"name": "t", "type": "timestamp_ntz", "kind": "timestamp"}, )"
      R"({"name": "a", "type": "array<int>", "kind": "other"}]})";
  ASSERT_OK_AND_ASSIGN(const auto columns, ReadSparkAnswer(text));
  EXPECT_EQ(columns, (std::vector<Column>{{"t", "timestamp_ntz", ColumnKind::kTimestamp},
                                          {"a", "array<int>", ColumnKind::kOther}}));
  ASSERT_OK_AND_ASSIGN(const auto none, ReadSparkAnswer(R"({"columns": []})"));
  EXPECT_TRUE(none.empty());
}

TEST(SparkAnswer, AnErrorIsOursWithItsPlace) {
  const std::string text = R"({"error": {"kind": "invalid-argument", "message": "no X", )"
                           R"("line": 2, "column": 7}})";
  const auto wrong = ReadSparkAnswer(text);
  EXPECT_THAT(wrong, IsError(ErrorKind::kInvalidArgument));
  EXPECT_EQ(wrong.error().message, "line 2, column 7: no X");
  EXPECT_THAT(ReadSparkAnswer(R"({"error": {"kind": "not-found", "message": "t"}})"),
              IsError(ErrorKind::kNotFound));
  EXPECT_THAT(ReadSparkAnswer(R"({"error": {"kind": "permission", "message": "t"}})"),
              IsError(ErrorKind::kPermission));
  const auto odd = ReadSparkAnswer(R"({"error": {"kind": 7}})");
  EXPECT_THAT(odd, IsError(ErrorKind::kIo));
  EXPECT_THAT(odd, HasErrorMessage("no reason"));
}

TEST(SparkAnswer, WhatIsNoneIsRefused) {
  for (const char* text :
       {"", "[]", "{", "null", R"({"columns": 1})", R"({"columns": [{"name": "a"}]})",
        R"({"columns": [{"name": 1, "kind": "text"}]})", R"({"columns": ["a"]})", "{}"}) {
    EXPECT_THAT(ReadSparkAnswer(text), IsError(ErrorKind::kCorrupt)) << text;
  }
}

}  // namespace
}  // namespace tickhouse::sql
