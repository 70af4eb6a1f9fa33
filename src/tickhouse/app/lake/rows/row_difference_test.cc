#include "tickhouse/app/lake/rows/row_difference.h"

#include <algorithm>

#include "tickhouse/core/random.h"
#include "tickhouse/lake/data/column_values.h"
#include "tickhouse/lake/data/data_testing.h"

namespace tickhouse::app {
namespace {

using lake::FieldOf;
using lake::Schema;
using lake::TextRow;

/// Rows written down, a few a batch.
class GivenBatches : public RowSource {
 public:
  GivenBatches(Schema schema, std::vector<TextRow> rows, std::size_t batch_rows)
      : schema_(std::move(schema)), rows_(std::move(rows)), batch_rows_(batch_rows) {}
  Result<bool> Next(io::ColumnBatch* batch) override {
    if (next_ == rows_.size()) return false;
    const std::size_t end = std::min(rows_.size(), next_ + batch_rows_);
    *batch = lake::BatchOfText(schema_, {rows_.begin() + static_cast<std::ptrdiff_t>(next_),
                                         rows_.begin() + static_cast<std::ptrdiff_t>(end)});
    next_ = end;
    return true;
  }

 private:
  Schema schema_;
  std::vector<TextRow> rows_;
  std::size_t batch_rows_;
  std::size_t next_ = 0;
};

const Schema kTicks{.fields = {FieldOf(1, "at", "timestamp"), FieldOf(2, "bid", "double")}};

std::vector<TextRow> Ticks(const std::vector<std::pair<int, std::string>>& rows) {
  std::vector<TextRow> ticks;
  for (const auto& [second, bid] : rows) {
    ticks.push_back(
        {fmt::format("2020-01-01T00:{:02}:{:02}.000000", second / 60, second % 60), bid});
  }
  return ticks;
}

struct Answer {
  std::vector<std::string> rows;  ///< "+1.5" or "-1.5".
  int64_t same = 0;
};

Result<Answer> Differ(const std::vector<TextRow>& removed, const std::vector<TextRow>& added,
                      std::size_t batch_rows = 2, bool by_time = true,
                      std::size_t most_equal = 100) {
  const RowOrder whole = WholeOrderOf(kTicks);
  RowDifference difference(std::make_unique<GivenBatches>(kTicks, removed, batch_rows),
                           std::make_unique<GivenBatches>(kTicks, added, batch_rows + 1),
                           *lake::StoredColumnsOf(kTicks), by_time ? TimeOrderOf(kTicks) : whole,
                           whole, most_equal);
  Answer answer;
  io::ColumnBatch batch;
  std::vector<uint8_t> sides;
  while (true) {
    TICKHOUSE_ASSIGN(const bool more, difference.Next(&batch, &sides));
    if (!more) break;
    EXPECT_EQ(sides.size(), batch.rows);
    for (std::size_t row = 0; row < batch.rows; ++row) {
      answer.rows.push_back((sides[row] != 0 ? "+" : "-") +
                            lake::TextAt(kTicks.fields[1].type, batch.columns[1], row));
    }
  }
  answer.same = difference.same_rows();
  return answer;
}

using Rows = std::vector<std::string>;

TEST(RowDifference, RowsOfBothSidesCancelOut) {
  const auto before = Ticks({{1, "1"}, {2, "2"}, {3, "3"}, {4, "4"}});
  const auto after = Ticks({{1, "1"}, {3, "3"}, {4, "5"}, {9, "9"}});
  ASSERT_OK_AND_ASSIGN(const Answer answer, Differ(before, after));
  EXPECT_EQ(answer.rows, (Rows{"-2", "-4", "+5", "+9"}));
  EXPECT_EQ(answer.same, 2);
}

TEST(RowDifference, OneSideAlone) {
  const auto rows = Ticks({{1, "1"}, {1, "2"}, {2, "3"}});
  ASSERT_OK_AND_ASSIGN(const Answer added, Differ({}, rows));
  EXPECT_EQ(added.rows, (Rows{"+1", "+2", "+3"}));
  ASSERT_OK_AND_ASSIGN(const Answer removed, Differ(rows, {}));
  EXPECT_EQ(removed.rows, (Rows{"-1", "-2", "-3"}));
  ASSERT_OK_AND_ASSIGN(const Answer none, Differ({}, {}));
  EXPECT_TRUE(none.rows.empty());
  ASSERT_OK_AND_ASSIGN(const Answer same, Differ(rows, rows));
  EXPECT_TRUE(same.rows.empty());
  EXPECT_EQ(same.same, 3);
}

TEST(RowDifference, RowsOfOneInstantAreAMultiset) {
  const auto before = Ticks({{1, "3"}, {1, "1"}, {1, "1"}, {1, "null"}, {2, "nan"}});
  const auto after = Ticks({{1, "1"}, {1, "null"}, {1, "3"}, {1, "3"}, {2, "nan"}});
  for (const std::size_t batch_rows : {1, 2, 3, 9}) {
    ASSERT_OK_AND_ASSIGN(const Answer answer, Differ(before, after, batch_rows));
    EXPECT_EQ(answer.rows, (Rows{"-1", "+3"})) << batch_rows;
    EXPECT_EQ(answer.same, 4);
  }
}

TEST(RowDifference, TooManyRowsOfOneInstantAreRefused) {
  const std::vector<TextRow> many(12, Ticks({{1, "1"}}).front());
  EXPECT_THAT(Differ(many, many, 2, true, 10), HasErrorMessage("the same at"));
  ASSERT_OK_AND_ASSIGN(const Answer whole, Differ(many, many, 2, false, 10));
  EXPECT_EQ(whole.same, 12) << "by all columns there is no limit";
}

TEST(RowDifference, AgainstSetsOfRandomRows) {
  Random random(11);
  for (int round = 0; round < 50; ++round) {
    std::vector<TextRow> sides[2];
    for (auto& side : sides) {
      for (uint64_t i = 0; i < random.Below(40); ++i) {
        side.push_back(
            Ticks({{static_cast<int>(random.Below(9)), std::to_string(random.Below(3))}}).front());
      }
      std::ranges::stable_sort(side, {}, [](const TextRow& row) { return row[0]; });
    }
    std::multiset<TextRow> removed(sides[0].begin(), sides[0].end());
    std::multiset<TextRow> added;
    for (const TextRow& row : sides[1]) {
      const auto found = removed.find(row);
      if (found == removed.end()) {
        added.insert(row);
      } else {
        removed.erase(found);
      }
    }
    ASSERT_OK_AND_ASSIGN(const Answer answer, Differ(sides[0], sides[1], 1 + random.Below(5)));
    EXPECT_EQ(answer.rows.size(), removed.size() + added.size());
    EXPECT_EQ(std::ranges::count_if(answer.rows, [](auto& row) { return row[0] == '+'; }),
              static_cast<int64_t>(added.size()));
    EXPECT_EQ(answer.same, static_cast<int64_t>(sides[1].size() - added.size()));
  }
}

}  // namespace
}  // namespace tickhouse::app
