#include "tickhouse/lake/expression/metrics_filter.h"

#include <cmath>

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/expression/testing_rows.h"

namespace tickhouse::lake {
namespace {

Predicate Filter(const char* text) {
  auto bound = BindText(text, FilterTestSchema());
  TICKHOUSE_CHECK(bound.has_value(), text);
  return *bound;
}

template <typename T>
void Bounds(DataFile* file, int id, T lower, T upper) {
  file->lower_bounds = {{id, ValueToBytes({}, Value{lower})}};
  file->upper_bounds = {{id, ValueToBytes({}, Value{upper})}};
}

DataFile IntFile(int32_t lower, int32_t upper) {
  DataFile file{.record_count = 10};
  Bounds(&file, 1, lower, upper);
  file.value_counts = {{1, 10}};
  file.null_counts = {{1, 0}};
  return file;
}

TEST(MetricsFilter, PrunesByBounds) {
  const DataFile file = IntFile(3, 7);
  for (const char* none : {"i < 3", "i <= 2", "i > 7", "i >= 8", "i = 2", "i = 8", "i in (1, 2, 8)",
                           "i is null", "false"}) {
    EXPECT_FALSE(MayMatch(Filter(none), file)) << none;
  }
  for (const char* some : {"i < 4", "i <= 3", "i > 6", "i >= 7", "i = 3", "i in (1, 5)", "i != 3",
                           "i not in (3, 7)", "i is not null", "true"}) {
    EXPECT_TRUE(MayMatch(Filter(some), file)) << some;
    if (std::string_view(some) != "true" && std::string_view(some) != "i is not null") {
      EXPECT_FALSE(AllMatch(Filter(some), file)) << some;
    }
  }
  for (const char* all : {"i >= 3", "i > 2", "i <= 7", "i < 8", "i != 8", "i not in (1, 2, 8)",
                          "i is not null", "true", "i > 2 and i < 8", "i = 3 or i > 2"}) {
    EXPECT_TRUE(AllMatch(Filter(all), file)) << all;
  }
}

TEST(MetricsFilter, KnowsAFileOfOneValue) {
  const DataFile file = IntFile(5, 5);
  EXPECT_FALSE(MayMatch(Filter("i != 5"), file));
  EXPECT_FALSE(MayMatch(Filter("i not in (4, 5)"), file));
  EXPECT_TRUE(AllMatch(Filter("i = 5"), file));
  EXPECT_TRUE(AllMatch(Filter("i in (4, 5)"), file));
}

TEST(MetricsFilter, AssumesNothingThatIsNotSaid) {
  const DataFile file{.record_count = 10};
  for (const char* text : {"i < 3", "i = 3", "i != 3", "i is null", "i is not null", "d is nan",
                           "d is not nan", "s starts with 'a'", "s not starts with 'a'"}) {
    EXPECT_TRUE(MayMatch(Filter(text), file)) << text;
    EXPECT_FALSE(AllMatch(Filter(text), file)) << text;
  }
  const DataFile empty{.record_count = 0};
  EXPECT_FALSE(MayMatch(Filter("i < 3"), empty));
}

TEST(MetricsFilter, LetsNoNullRowCountAsAMatch) {
  DataFile file = IntFile(3, 7);
  file.null_counts = {{1, 1}};
  EXPECT_FALSE(AllMatch(Filter("i >= 3"), file));
  EXPECT_TRUE(MayMatch(Filter("i is null"), file));
  file.null_counts = {};
  EXPECT_FALSE(AllMatch(Filter("i >= 3"), file)) << "the count is not known";
  file = IntFile(0, 0);
  file.lower_bounds = file.upper_bounds = {};
  file.null_counts = {{1, 10}};
  for (const char* none : {"i < 3", "i != 3", "i is not null", "i not in (1)"}) {
    EXPECT_FALSE(MayMatch(Filter(none), file)) << none;
  }
  EXPECT_TRUE(AllMatch(Filter("i is null"), file));
}

TEST(MetricsFilter, KeepsFilesWithNanForWhatIsAboveTheirBounds) {
  DataFile file{.record_count = 10};
  Bounds(&file, 3, 1.0, 2.0);
  file.value_counts = {{3, 10}};
  file.null_counts = {{3, 0}};
  EXPECT_TRUE(MayMatch(Filter("d > 5"), file)) << "NaN is above 5, and nobody counted them";
  EXPECT_FALSE(MayMatch(Filter("d < 1"), file));
  EXPECT_FALSE(AllMatch(Filter("d <= 2"), file));
  EXPECT_TRUE(AllMatch(Filter("d >= 1"), file));
  file.nan_counts = {{3, 0}};
  EXPECT_FALSE(MayMatch(Filter("d > 5"), file));
  EXPECT_FALSE(MayMatch(Filter("d is nan"), file));
  EXPECT_TRUE(AllMatch(Filter("d <= 2"), file));
  file.nan_counts = {{3, 10}};
  file.lower_bounds = file.upper_bounds = {};
  EXPECT_FALSE(MayMatch(Filter("d < 5"), file));
  EXPECT_TRUE(AllMatch(Filter("d > 5 and d is nan"), file));
}

TEST(MetricsFilter, TrustsNoBoundThatIsNanCrossedOrBroken) {
  DataFile file{.record_count = 10};
  file.nan_counts = {{3, 0}};
  Bounds(&file, 3, std::nan(""), std::nan(""));
  EXPECT_TRUE(MayMatch(Filter("d = 5"), file));
  Bounds(&file, 3, 2.0, 1.0);
  EXPECT_TRUE(MayMatch(Filter("d = 5"), file));
  file.lower_bounds = file.upper_bounds = {{3, "short"}};
  EXPECT_TRUE(MayMatch(Filter("d = 5"), file));
}

TEST(MetricsFilter, TakesBothZerosForOne) {
  DataFile file{.record_count = 10};
  file.nan_counts = {{3, 0}};
  file.null_counts = {{3, 0}};
  Bounds(&file, 3, 0.0, 0.0);
  EXPECT_TRUE(MayMatch(Filter("d = -0.0"), file));
  EXPECT_TRUE(AllMatch(Filter("d = -0.0"), file));
  Bounds(&file, 3, -0.0, -0.0);
  EXPECT_TRUE(MayMatch(Filter("d >= 0"), file));
  EXPECT_FALSE(MayMatch(Filter("d < 0"), file));
}

TEST(MetricsFilter, ReadsTruncatedStringBoundsAsBounds) {
  DataFile file{.record_count = 10};
  file.null_counts = {{5, 0}};
  file.lower_bounds = {{5, "EURG"}};  // EURGBP
  file.upper_bounds = {{5, "EURV"}};  // EURUSD, cut and raised
  for (const char* some :
       {"s = 'EURUSD'", "s > 'EURUSD'", "s starts with 'EURUSD'", "s starts with 'E'",
        "s starts with 'EURGBP'", "s not starts with 'EURG'", "s != 'EURG'"}) {
    EXPECT_TRUE(MayMatch(Filter(some), file)) << some;
  }
  for (const char* none : {"s = 'EURAUD'", "s < 'EURA'", "s starts with 'EURA'",
                           "s starts with 'GBP'", "s > 'EURW'", "s not starts with 'EUR'"}) {
    EXPECT_FALSE(MayMatch(Filter(none), file)) << none;
  }
  EXPECT_TRUE(AllMatch(Filter("s starts with 'EUR'"), file));
  EXPECT_TRUE(AllMatch(Filter("s not starts with 'GBP'"), file));
  EXPECT_FALSE(AllMatch(Filter("s starts with 'EURG'"), file));
  file.upper_bounds = {};
  EXPECT_TRUE(MayMatch(Filter("s starts with 'GBP'"), file)) << "an upper bound nobody could raise";
}

TEST(MetricsFilter, WidensBoundsOfPromotedColumns) {
  DataFile file{.record_count = 10};
  file.null_counts = {{2, 0}, {3, 0}};
  file.nan_counts = {{3, 0}};
  file.lower_bounds = {{2, ValueToBytes({}, Value{int32_t{3}})},
                       {3, ValueToBytes({}, Value{1.5F})}};
  file.upper_bounds = {{2, ValueToBytes({}, Value{int32_t{7}})},
                       {3, ValueToBytes({}, Value{2.5F})}};
  EXPECT_FALSE(MayMatch(Filter("l > 7"), file));
  EXPECT_TRUE(AllMatch(Filter("l > 2 and d < 2.6"), file));
}

TEST(MetricsFilter, LosesNoRowOfRandomFiles) {
  const Schema schema = FilterTestSchema();
  int pruned = 0, whole = 0;
  for (uint64_t seed = 0; seed < 4'000; ++seed) {
    Random random(seed);
    std::vector<TestRow> rows;
    for (uint64_t i = 1 + random.Below(4); i > 0; --i) rows.push_back(RandomRow(schema, &random));
    const DataFile file = FileOf(schema, rows, &random);
    for (int i = 0; i < 8; ++i) {
      const Expression expression = RandomExpression(schema, &random, 2);
      ASSERT_OK_AND_ASSIGN(const Predicate filter, Bind(expression, schema));
      std::size_t matching = 0;
      for (const TestRow& row : rows) matching += JudgeRow(expression, schema, row) == true ? 1 : 0;
      if (!MayMatch(filter, file)) {
        ++pruned;
        ASSERT_EQ(matching, 0U) << "seed " << seed << ": " << ToText(expression);
      }
      if (AllMatch(filter, file)) {
        ++whole;
        ASSERT_EQ(matching, rows.size()) << "seed " << seed << ": " << ToText(expression);
      }
    }
  }
  EXPECT_GT(pruned, 5'000);
  EXPECT_GT(whole, 2'000);
}

}  // namespace
}  // namespace tickhouse::lake
