#include "tickhouse/lake/expression/predicate_parser.h"

#include <string>

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/expression/testing_rows.h"

namespace tickhouse::lake {
namespace {

struct Reading {
  const char* written;
  const char* read;
};
class FilterText : public testing::TestWithParam<Reading> {};

TEST_P(FilterText, ReadsAsMeant) {
  ASSERT_OK_AND_ASSIGN(const Expression expression, ParseExpression(GetParam().written));
  EXPECT_EQ(ToText(expression), GetParam().read);
  ASSERT_OK_AND_ASSIGN(const Expression again, ParseExpression(ToText(expression)));
  EXPECT_EQ(again, expression);
}

INSTANTIATE_TEST_SUITE_P(
    All, FilterText,
    testing::Values(
        Reading{"datetime >= '2021-01-04' and datetime < '2021-01-05T07:50' and bid > 1.25",
                "datetime >= '2021-01-04' and datetime < '2021-01-05T07:50' and bid > 1.25"},
        Reading{"bid>1.25", "bid > 1.25"}, Reading{"bid>-1.25", "bid > -1.25"},
        Reading{"bid == 1", "bid = 1"}, Reading{"bid <> 1", "bid != 1"},
        Reading{"1.25 < bid", "bid > 1.25"}, Reading{"'a' >= side", "side <= 'a'"},
        Reading{"a = 1 OR b = 2 AND c = 3", "a = 1 or (b = 2 and c = 3)"},
        Reading{"(a = 1 Or b = 2) aNd c = 3", "(a = 1 or b = 2) and c = 3"},
        Reading{"NOT a = 1 and b = 2", "not (a = 1) and b = 2"},
        Reading{"not not a = 1", "not (not (a = 1))"},
        Reading{"side IN ('B', 'S')", "side in ('B', 'S')"},
        Reading{"side not in ('it''s')", "side not in ('it''s')"}, Reading{"a in ()", "a in ()"},
        Reading{"a is null or a IS NOT NULL", "a is null or a is not null"},
        Reading{"a is nan and a is not nan", "a is nan and a is not nan"},
        Reading{"s starts with 'EUR'", "s starts with 'EUR'"},
        Reading{"s Not Starts With 'EUR'", "s not starts with 'EUR'"},
        Reading{"a between 1 and 2 and b = 3", "(a >= 1 and a <= 2) and b = 3"},
        Reading{"a not between 1 and 2", "not (a >= 1 and a <= 2)"},
        Reading{"\"the \"\"one\"\"\" = 1", "\"the \"\"one\"\"\" = 1"},
        Reading{"`and` = 1", "\"and\" = 1"}, Reading{"pos.x = 1", "pos.x = 1"},
        Reading{"t < 2021-01-05T07:50:00.5", "t < '2021-01-05T07:50:00.5'"},
        Reading{"t < timestamp '2021-01-05' and d > DATE '2021-01-05'",
                "t < '2021-01-05' and d > '2021-01-05'"},
        Reading{"flag = true and x < inf", "flag = 'true' and x < 'inf'"}, Reading{"true", "true"},
        Reading{"not false", "not (false)"}, Reading{"prix\xC3\xA9_ = 1", "prix\xC3\xA9_ = 1"}));

struct Mistake {
  const char* written;
  const char* told;
};
class FilterMistake : public testing::TestWithParam<Mistake> {};

TEST_P(FilterMistake, IsToldWithItsColumn) {
  const auto result = ParseExpression(GetParam().written);
  EXPECT_THAT(result, IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(result, HasErrorMessage(GetParam().told));
}

INSTANTIATE_TEST_SUITE_P(
    All, FilterMistake,
    testing::Values(
        Mistake{"", "filter, column 1: the filter is empty"},
        Mistake{"bid >", "filter, column 6: expected a value, found the end"},
        Mistake{"bid > ask",
                "filter, column 7: expected a value (a text stands in 'single quotes')"},
        Mistake{"bid > 1 ask", "filter, column 9: expected and, or or the end, found \"ask\""},
        Mistake{"bid = null", "filter, column 7: expected a value (for null write: is null)"},
        Mistake{"bid", "column 4: expected a comparison after bid"},
        Mistake{"(bid > 1", "column 9: expected ), found the end"},
        Mistake{"bid > 1)", "column 8: expected and, or or the end"},
        Mistake{"side = 'B", "column 8: the ' opened here is never closed"},
        Mistake{"\xC3\xA9 = 'B", "column 5: the ' opened here"},
        Mistake{"side in 'B'", "column 9: expected (, found 'B'"},
        Mistake{"side in ('B',)", "column 14: expected a value"},
        Mistake{"side in ('B' 'S')", "column 14: expected , or )"},
        Mistake{"a is 5", "column 6: expected null or nan"},
        Mistake{"a not = 5", "column 7: expected in, between or starts with after not"},
        Mistake{"a starts 'x'", "column 10: expected with"},
        Mistake{"a between 1 or 2", "column 13: expected and"},
        Mistake{"and = 1", "column 1: expected a column, found \"and\""},
        Mistake{"a = 1 and", "column 10: expected a column, found the end"},
        Mistake{"5", "column 2: expected a comparison after the value"},
        Mistake{"a ; b", "column 3: \";\" has no meaning here"},
        Mistake{"a = date 5", "column 10: expected a text in single quotes"}));

TEST(FilterParser, RefusesBottomlessNestingAndHugeText) {
  const std::string deep = std::string(100'000, '(') + "a = 1";
  EXPECT_THAT(ParseExpression(deep), HasErrorMessage("nested deeper than 200 levels"));
  std::string nots;
  for (int i = 0; i < 10'000; ++i) nots += "not ";
  EXPECT_THAT(ParseExpression(nots + "a = 1"), HasErrorMessage("nested deeper"));
  EXPECT_THAT(ParseExpression(std::string(2'000'000, ' ')), HasErrorMessage("at most 1048576"));
}

TEST(FilterParser, TakesLongChainsWithoutNesting) {
  std::string chain = "a = 0";
  for (int i = 1; i < 20'000; ++i) chain += fmt::format(" or a = {}", i);
  ASSERT_OK_AND_ASSIGN(const Expression expression, ParseExpression(chain));
  EXPECT_EQ(expression.children.size(), 20'000U);
}

TEST(FilterParser, ReadsBackWhatItPrints) {
  const Schema schema = FilterTestSchema();
  Random random(11);
  for (int i = 0; i < 3'000; ++i) {
    const Expression expression = RandomExpression(schema, &random);
    ASSERT_OK_AND_ASSIGN(const Expression again, ParseExpression(ToText(expression)));
    ASSERT_EQ(again, expression) << ToText(expression);
  }
}

}  // namespace
}  // namespace tickhouse::lake
