#include "tickhouse/lake/expression/partition_filter.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/expression/bind.h"
#include "tickhouse/lake/expression/projection.h"
#include "tickhouse/lake/expression/row_filter.h"
#include "tickhouse/lake/expression/testing_rows.h"

namespace tickhouse::lake {
namespace {

PartitionSpec Spec(int source_id, const char* transform) {
  PartitionSpec spec;
  spec.fields = {{.source_id = source_id,
                  .field_id = 1000,
                  .name = "part",
                  .transform = ParseTransform(transform)}};
  return spec;
}

struct Projection {
  int source_id;
  const char* transform;
  const char* filter;
  const char* inclusive;
  const char* strict;
};
class ProjectionOf : public testing::TestWithParam<Projection> {};

TEST_P(ProjectionOf, IsTrueOfThePartitionsItMustBe) {
  const Projection& given = GetParam();
  ASSERT_OK_AND_ASSIGN(const Predicate filter, BindText(given.filter, FilterTestSchema()));
  const PartitionSpec spec = Spec(given.source_id, given.transform);
  EXPECT_EQ(ToText(ProjectInclusive(filter, spec)), given.inclusive);
  EXPECT_EQ(ToText(ProjectStrict(filter, spec)), given.strict);
}

INSTANTIATE_TEST_SUITE_P(
    Time, ProjectionOf,
    testing::Values(
        Projection{6, "day", "t < '2021-01-04'", "part <= '2021-01-03'", "part < '2021-01-04'"},
        Projection{6, "day", "t <= '2021-01-04'", "part <= '2021-01-04'", "part < '2021-01-04'"},
        Projection{6, "day", "t >= '2021-01-04'", "part >= '2021-01-04'", "part > '2021-01-03'"},
        Projection{6, "day", "t > '2021-01-04'", "part >= '2021-01-04'", "part > '2021-01-04'"},
        Projection{6, "day", "t = '2021-01-04'", "part = '2021-01-04'", "false"},
        Projection{6, "day", "t != '2021-01-04'", "true", "part != '2021-01-04'"},
        Projection{6, "year", "t >= '2021-01-01'", "part >= 51", "part > 50"},
        Projection{6, "month", "t < '2021-02-01'", "part <= 612", "part < 613"},
        Projection{6, "hour", "t in ('2021-01-04T07:50', '2021-01-04T07:55', '2021-01-04T08:00')",
                   "part in (447151, 447152)", "false"},
        // Before 1970: floored, and one unit up for old writers that rounded towards 1970.
        Projection{6, "hour", "t = '1969-12-31T23:30'", "part in (-1, 0)", "false"},
        Projection{6, "day", "t <= '1969-12-31T12:00'", "part <= '1970-01-01'",
                   "part < '1969-12-31'"},
        Projection{6, "day", "t > '1969-12-31T12:00'", "part >= '1969-12-31'",
                   "part > '1970-01-01'"},
        Projection{7, "year", "day >= '1969-06-01'", "part >= -1", "part > 0"},
        Projection{10, "hour", "n < '1970-01-01T02:00'", "part <= 1", "part < 2"},
        Projection{6, "hour", "t < '+290000-01-01'", "true", "false"}));

INSTANTIATE_TEST_SUITE_P(
    Others, ProjectionOf,
    testing::Values(
        Projection{1, "identity", "i > 5", "part > 5", "part > 5"},
        Projection{3, "identity", "d is nan", "part is nan", "part is nan"},
        Projection{1, "bucket[16]", "i = 34", "part = 3", "false"},
        Projection{1, "bucket[16]", "i != 34", "true", "part != 3"},
        Projection{1, "bucket[16]", "i > 34", "true", "false"},
        Projection{1, "bucket[16]", "i is null", "part is null", "part is null"},
        Projection{1, "truncate[10]", "i > 9", "part >= 10", "part > 0 and part != 2147483646"},
        Projection{1, "truncate[10]", "i < -9", "part <= -10 or part = 2147483646", "part < -10"},
        Projection{5, "truncate[2]", "s starts with 'a'", "part starts with 'a'",
                   "part starts with 'a'"},
        Projection{5, "truncate[2]", "s starts with 'abc'", "part starts with 'ab'",
                   "part starts with 'abc'"},
        Projection{5, "truncate[2]", "s not starts with 'abc'", "part not starts with 'abc'",
                   "part not starts with 'ab'"},
        Projection{5, "truncate[2]", "s < 'abc'", "part <= 'ab'", "part < 'ab'"},
        Projection{8, "truncate[50]", "p > 1.25", "part >= 1.00", "part > 1.00"},
        Projection{1, "void", "i = 5", "true", "false"},
        Projection{1, "zorder[4]", "i = 5", "true", "false"},
        Projection{2, "identity", "i = 5", "true", "false"},
        Projection{1, "day", "i = 5", "true", "false"},
        Projection{1, "identity", "i > 5 or l > 5", "true", "part > 5"},
        Projection{1, "identity", "i > 5 and l > 5", "part > 5", "false"}));

TEST(PartitionFilter, UsesEveryFieldOfTheSameColumn) {
  PartitionSpec spec = Spec(6, "day");
  spec.fields.push_back(
      {.source_id = 6, .field_id = 1001, .name = "hour", .transform = ParseTransform("hour")});
  ASSERT_OK_AND_ASSIGN(const Predicate filter,
                       BindText("t >= '2021-01-04T08:00'", FilterTestSchema()));
  EXPECT_EQ(ToText(ProjectInclusive(filter, spec)), "part >= '2021-01-04' and hour >= 447152");
  const PartitionFilter partitions(filter, spec);
  EXPECT_TRUE(partitions.AllMatch({Value{int32_t{18631}}, Value{int32_t{447152}}}));
  EXPECT_FALSE(partitions.MayMatch({Value{int32_t{18631}}, Value{int32_t{447151}}}));
}

TEST(PartitionFilter, DoesNotReadSummariesThatItDoesNotUnderstand) {
  ASSERT_OK_AND_ASSIGN(const Predicate filter, BindText("i = 5", FilterTestSchema()));
  const PartitionFilter partitions(filter, Spec(1, "identity"));
  const auto bytes = [](int32_t value) { return ValueToBytes({}, Value{value}); };
  ManifestFile manifest;
  manifest.partitions = {{.lower_bound = bytes(6), .upper_bound = bytes(9)}};
  EXPECT_FALSE(partitions.MayMatch(manifest));
  manifest.partitions = {{.lower_bound = bytes(5), .upper_bound = bytes(9)}};
  EXPECT_TRUE(partitions.MayMatch(manifest));
  manifest.partitions = {{}};
  EXPECT_TRUE(partitions.MayMatch(manifest));
  manifest.partitions = {{.lower_bound = "x", .upper_bound = bytes(2)}};
  EXPECT_FALSE(partitions.MayMatch(manifest)) << "the upper bound alone tells";
  manifest.partitions = {};
  EXPECT_TRUE(partitions.MayMatch(manifest)) << "no summaries";
}

TEST(PartitionFilter, ReadsPartitionsPromotedSinceAndBefore) {
  ASSERT_OK_AND_ASSIGN(const Predicate filter, BindText("l = 5", FilterTestSchema()));
  const PartitionFilter wide(filter, Spec(2, "identity"));
  EXPECT_TRUE(wide.MayMatch({Value{int32_t{5}}}));
  EXPECT_FALSE(wide.MayMatch({Value{int32_t{6}}}));
  ASSERT_OK_AND_ASSIGN(const Predicate older, BindText("i = 5", FilterTestSchema()));
  const PartitionFilter narrow(older, Spec(1, "identity"));
  EXPECT_TRUE(narrow.MayMatch({Value{int64_t{6}}})) << "not comparable: kept";
  EXPECT_FALSE(narrow.AllMatch({Value{int64_t{5}}}));
  EXPECT_TRUE(narrow.MayMatch(PartitionValues{})) << "too few values: kept";
}

// The heart of a scan: over random specs, rows, files and filters nothing is lost, and the residual
// chooses the same rows as the filter.
class RandomPartitions : public testing::TestWithParam<uint64_t> {
 protected:
  PartitionSpec RandomSpec() {
    constexpr const char* kTransforms[] = {"identity", "bucket[4]",   "truncate[3]", "year",
                                           "month",    "day",         "hour",        "void",
                                           "unknown9", "truncate[1]", "bucket[1]"};
    PartitionSpec spec;
    while (spec.fields.empty() || random_.Below(2) == 0) {
      const Field& field = schema_.fields[random_.Below(schema_.fields.size())];
      const Transform transform = ParseTransform(kTransforms[random_.Below(11)]);
      if (!transform.ResultType(field.type)) continue;
      spec.fields.push_back({.source_id = field.id,
                             .field_id = 1000 + static_cast<int>(spec.fields.size()),
                             .name = fmt::format("p{}", spec.fields.size()),
                             .transform = transform});
    }
    return spec;
  }

  PartitionValues PartitionOf(const PartitionSpec& spec, const TestRow& row) const {
    PartitionValues values;
    for (const PartitionField& field : spec.fields) {
      const auto at = static_cast<std::size_t>(field.source_id - 1);
      values.push_back(field.transform.Apply(schema_.fields[at].type, row[at]));
    }
    return values;
  }

  /// One row, and others of the same partition where chance finds them.
  std::vector<TestRow> RowsOfOnePartition(const PartitionSpec& spec) {
    std::vector<TestRow> rows = {RandomRow(schema_, &random_)};
    const PartitionValues partition = PartitionOf(spec, rows[0]);
    for (int i = 0; i < 6; ++i) {
      TestRow row = RandomRow(schema_, &random_);
      if (PartitionOf(spec, row) == partition) rows.push_back(std::move(row));
    }
    return rows;
  }

  ManifestFile SummaryOf(const PartitionSpec& spec, const PartitionValues& partition) const {
    ManifestFile manifest;
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
      const auto at = static_cast<std::size_t>(spec.fields[i].source_id - 1);
      const auto type = spec.fields[i].transform.ResultType(schema_.fields[at].type);
      PartitionSummary& summary = manifest.partitions.emplace_back();
      summary.contains_null = !partition[i];
      summary.contains_nan = partition[i] && partition[i]->IsNan();
      if (!partition[i] || partition[i]->IsNan()) continue;
      summary.lower_bound = summary.upper_bound = ValueToBytes(*type, *partition[i]);
    }
    return manifest;
  }

  Schema schema_ = FilterTestSchema();
  Random random_{GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPartitions, testing::Range(uint64_t{0}, uint64_t{40}));

TEST_P(RandomPartitions, LoseNoRow) {
  for (int round = 0; round < 120; ++round) {
    const PartitionSpec spec = RandomSpec();
    const std::vector<TestRow> rows = RowsOfOnePartition(spec);
    DataFile file = FileOf(schema_, rows, &random_);
    file.partition = PartitionOf(spec, rows[0]);
    const ManifestFile manifest = SummaryOf(spec, file.partition);
    const io::ColumnBatch batch = BatchOf(schema_, rows);
    for (int i = 0; i < 6; ++i) {
      const Expression expression = RandomExpression(schema_, &random_, 2);
      ASSERT_OK_AND_ASSIGN(const Predicate filter, Bind(expression, schema_));
      const PartitionFilter partitions(filter, spec);
      const Predicate residual = partitions.Residual(file);
      std::vector<uint8_t> chosen, left;
      ASSERT_OK(FilterRows(filter, batch, &chosen));
      ASSERT_OK(FilterRows(residual, batch, &left));
      for (std::size_t row = 0; row < rows.size(); ++row) {
        const bool matches = JudgeRow(expression, schema_, rows[row]) == true;
        ASSERT_EQ(chosen[row] != 0, matches) << ToText(expression) << " row " << row;
        ASSERT_EQ(left[row] != 0, matches) << ToText(expression) << " left " << ToText(residual);
        if (matches) {
          ASSERT_TRUE(partitions.MayMatch(manifest)) << ToText(expression);
          ASSERT_TRUE(partitions.MayMatch(file.partition)) << ToText(expression);
        } else {
          ASSERT_FALSE(partitions.AllMatch(file.partition)) << ToText(expression);
        }
      }
    }
  }
}

}  // namespace
}  // namespace tickhouse::lake
