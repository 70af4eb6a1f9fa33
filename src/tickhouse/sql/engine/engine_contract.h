// What every engine must do, run over each of them with the same statements. Tests only.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

class EngineContract : public ::testing::TestWithParam<std::function<std::unique_ptr<Engine>()>> {
 protected:
  void SetUp() override { engine_ = GetParam()(); }
  Result<AllRows> Ask(const std::string& text, std::vector<Cell> parameters = {}) {
    return RunWhole(*engine_, {.text = text, .parameters = std::move(parameters)}, CancelToken());
  }
  std::unique_ptr<Engine> engine_;
};

TEST_P(EngineContract, GivesValuesInTheOneWayOfWritingThem) {
  ASSERT_OK_AND_ASSIGN(
      const AllRows all,
      Ask("select true as b, 42 as i, cast('1.50' as decimal(9,2)) as d, cast(0.1 as double) as r, "
          "date '2024-02-29' as day, timestamp '2024-02-29 01:02:03.250' as ts, "
          "'it' || chr(39) || 's' as t, cast(null as varchar(9)) as n"));
  ASSERT_EQ(all.rows.size(), 1U);
  EXPECT_EQ(all.rows[0], (std::vector<Cell>{"true", "42", "1.50", "0.1", "2024-02-29",
                                            "2024-02-29 01:02:03.25", "it's", std::nullopt}));
  std::vector<ColumnKind> kinds;
  for (const Column& column : all.columns) kinds.push_back(column.kind);
  EXPECT_EQ(kinds, (std::vector{ColumnKind::kBoolean, ColumnKind::kInteger, ColumnKind::kDecimal,
                                ColumnKind::kReal, ColumnKind::kDate, ColumnKind::kTimestamp,
                                ColumnKind::kText, ColumnKind::kText}));
  EXPECT_EQ(all.columns[4].name, "day");
}

TEST_P(EngineContract, TakesParametersWhateverTheyHold) {
  ASSERT_OK_AND_ASSIGN(const AllRows all,
                       Ask("select cast(? as varchar(99)) as a, cast(? as varchar(99)) as b",
                           {"o'clock; drop \"x\" \xC3\xA9", std::nullopt}));
  EXPECT_EQ(all.rows[0], (std::vector<Cell>{"o'clock; drop \"x\" \xC3\xA9", std::nullopt}));
}

TEST_P(EngineContract, SaysWhereAStatementIsWrong) {
  const auto wrong = Ask("select\n  1 +* 2");
  EXPECT_THAT(wrong, IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(wrong, HasErrorMessage("line 2, column "));
}

TEST_P(EngineContract, KnowsWhatIsNotThere) {
  EXPECT_THAT(Ask("select * from no_such_table"), IsError(ErrorKind::kNotFound));
}

TEST_P(EngineContract, StopsBeforeItStartsWhenCancelled) {
  const CancelToken cancel;
  cancel.Cancel();
  EXPECT_THAT(RunWhole(*engine_, {.text = "select 1"}, cancel), IsError(ErrorKind::kCancelled));
}

TEST_P(EngineContract, GivesNoRowsWithTheirColumns) {
  ASSERT_OK_AND_ASSIGN(const AllRows all, Ask("select 1 as a, 'x' as b where 1 = 0"));
  EXPECT_TRUE(all.rows.empty());
  ASSERT_EQ(all.columns.size(), 2U);
  EXPECT_EQ(all.columns[1].name, "b");
}

}  // namespace tickhouse::sql
