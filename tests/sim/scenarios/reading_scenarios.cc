// Cases 10 and 11: partitions and columns that changed, and values at the edges.
#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tick_table.h"
#include "tickhouse/lake/update/evolution/schema_update.h"
#include "tickhouse/lake/update/evolution/spec_update.h"

namespace tickhouse::sim {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kHour = 3600 * kSecond;
constexpr int64_t kDay = 24 * kHour;

/// Written out, for the product's own division is what is tested.
int64_t Floor(int64_t value, int64_t unit) {
  int64_t quotient = value / unit;
  if (quotient * unit > value) --quotient;
  return quotient;
}

int64_t PartitionNumber(const lake::DataFile& file) {
  if (file.partition.empty() || !file.partition[0]) return std::numeric_limits<int64_t>::min();
  return std::get<int32_t>(file.partition[0]->data);
}

/// Every comparison with every instant.
void ExpectEveryInstant(Stage& stage, TickTable& table, const std::vector<int64_t>& instants) {
  for (const int64_t edge : instants) {
    table.ExpectScan(AtFilter(">=", edge), [=](const Tick& t) { return t.time_us >= edge; });
    table.ExpectScan(AtFilter("<", edge), [=](const Tick& t) { return t.time_us < edge; });
    table.ExpectScan(AtFilter(">", edge), [=](const Tick& t) { return t.time_us > edge; });
    table.ExpectScan(AtFilter("<>", edge), [=](const Tick& t) { return t.time_us != edge; });
    const int64_t opened =
        table.ExpectScan(AtFilter("=", edge), [=](const Tick& t) { return t.time_us == edge; });
    stage.Expect(opened < table.files(),
                 fmt::format("{} opens some of {} files", AtFilter("=", edge), table.files()));
  }
}

// Case 10.

void ChangeSpec(Stage& stage, int actor, const std::string& from, lake::TransformKind to) {
  Process& process = stage.Actor(actor);
  const auto outcome = process.Commit({.name = "another spec"}, [&] {
    return lake::UpdateSpec(process.session(), kTable,
                            {lake::RemovePartitionField{from},
                             lake::AddPartitionField{.source = "at", .transform = {.kind = to}}});
  });
  stage.ExpectDone(outcome, "another partitioning");
}

void OneFilterOverThreeSpecs(Stage& stage) {
  TickTable table(stage);
  constexpr int64_t kNewYear = 19'723 * kDay;  // 2024-01-01
  const std::vector<int64_t> instants = {
      kNewYear - 40 * kDay, kNewYear - 1,    kNewYear,
      kNewYear + kDay - 1,  kNewYear + kDay, kNewYear + 31 * kDay};
  const auto add = [&] {
    for (const int64_t time : instants) table.Add({{.time_us = time, .bid = 1.5}});
  };
  add();
  ChangeSpec(stage, 1, "at_year", lake::TransformKind::kMonth);
  add();
  ChangeSpec(stage, 1, "at_month", lake::TransformKind::kDay);
  add();
  stage.Expect(stage.Table().metadata->specs.size() == 3, "three specs");
  ExpectEveryInstant(stage, table, instants);
  const int64_t opened = table.ExpectScan(
      AtFilter(">=", kNewYear) + " and " + AtFilter("<", kNewYear + kDay),
      [=](const Tick& t) { return t.time_us >= kNewYear && t.time_us < kNewYear + kDay; });
  stage.Expect(opened == 6, fmt::format("two files of each spec are opened, not {}", opened));
}

/// The spec changes between the writing of a file and its commit.
void ASpecThatChangesUnderAWriter(Stage& stage) {
  TickTable table(stage);
  const lake::DataFile file = table.Write({{.time_us = 7 * kHour, .bid = 1.0}});
  stage.On({.when = CallOf(1, CallKind::kSwap),
            .act = [&stage] { ChangeSpec(stage, 2, "at_year", lake::TransformKind::kDay); }});
  table.Append({file});
  table.Add({{.time_us = 7 * kHour + kDay, .bid = 2.0}});
  ExpectEveryInstant(stage, table, {7 * kHour, 7 * kHour + kDay});
}

void AColumnThatComesBackIsAnother(Stage& stage) {
  TickTable table(stage);
  table.Add({{.time_us = 1, .bid = 1.0, .note = "old"}});
  table.Add({{.time_us = 2, .bid = 2.0, .note = "x"}});
  Process& process = stage.Actor(1);
  lake::Type text;
  text.kind = lake::TypeKind::kString;
  const std::vector<lake::SchemaChange> steps[] = {{lake::DropColumn{"note"}},
                                                   {lake::AddColumn{.name = "note", .type = text}}};
  for (const auto& changes : steps) {
    stage.ExpectDone(
        process.Commit({.name = "another schema"},
                       [&] { return lake::UpdateSchema(process.session(), kTable, changes); }),
        "the change of schema");
  }
  table.ForgetNotes();
  table.Add({{.time_us = 3, .bid = 3.0, .note = "x"}, {.time_us = 4, .bid = 4.0}});
  const auto noted = [](const std::string& note) {
    return [note](const Tick& t) { return t.note == note; };
  };
  table.ExpectScan("note = 'x'", noted("x"));
  table.ExpectScan("note = 'old'", noted("old"));
  table.ExpectScan("note >= 'a'", [](const Tick& t) { return t.note && *t.note >= "a"; });
  table.ExpectScan("note is null", [](const Tick& t) { return !t.note; });
  table.ExpectScan("note is not null", [](const Tick& t) { return t.note.has_value(); });
  table.ExpectScan("bid > 0", [](const Tick&) { return true; });
}

// Case 11.

const std::vector<int64_t> kOldInstants = {
    -1,    0,         1,     -kSecond,  -kHour,   -kHour - 1,      kHour - 1,
    kHour, -kDay + 1, -kDay, -kDay - 1, kDay - 1, -365 * kDay - 1, -400 * 365 * kDay + 7};

template <lake::TransformKind kKind>
void BeforeTheEpoch(Stage& stage) {
  TickTable table(stage);
  for (const int64_t time : kOldInstants) {
    const lake::DataFile file = table.Add({{.time_us = time, .bid = 1.0}});
    if (kKind == lake::TransformKind::kHour || kKind == lake::TransformKind::kDay) {
      const int64_t unit = kKind == lake::TransformKind::kHour ? kHour : kDay;
      stage.Expect(PartitionNumber(file) == Floor(time, unit),
                   fmt::format("{} us lies in partition {}, not {}", time, Floor(time, unit),
                               PartitionNumber(file)));
    }
  }
  ExpectEveryInstant(stage, table, kOldInstants);
}

/// The same instant falls into the same partition in either unit, also within a microsecond.
void NanosecondsAndMicroseconds(Stage& stage) {
  lake::Type micros, nanos;
  micros.kind = lake::TypeKind::kTimestamp;
  nanos.kind = lake::TypeKind::kTimestampNs;
  for (const auto kind : {lake::TransformKind::kHour, lake::TransformKind::kDay,
                          lake::TransformKind::kMonth, lake::TransformKind::kYear}) {
    const lake::Transform transform{.kind = kind};
    for (const int64_t time : kOldInstants) {
      if (time < -200 * 365 * kDay) continue;  // Nanoseconds reach back to 1677 only.
      const auto coarse = transform.Apply(micros, lake::Value{time});
      for (const int64_t rest : {0, 1, 999}) {
        const auto fine = transform.Apply(nanos, lake::Value{time * 1000 + rest});
        stage.Expect(coarse && fine && *coarse == *fine,
                     fmt::format("{} of {} us and {} ns more", transform.ToString(), time, rest));
      }
    }
  }
}

/// SQL's order: NaN above every number and equal to itself, both zeros one.
bool Below(double a, double b) {
  if (std::isnan(a)) return false;
  return std::isnan(b) || a < b;
}
bool Same(double a, double b) {
  return (std::isnan(a) && std::isnan(b)) || a == b;
}

void NanAndBothZeros(Stage& stage) {
  TickTable table(stage);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::vector<std::vector<std::optional<double>>> files = {{kNan},
                                                                 {-0.0},
                                                                 {0.0},
                                                                 {1.0, kNan},
                                                                 {std::nullopt},
                                                                 {-1.0, -0.0},
                                                                 {kInfinity},
                                                                 {-kInfinity, kNan},
                                                                 {0.0, 2.5},
                                                                 {2.5},
                                                                 {std::nullopt, kNan},
                                                                 {-2.5}};
  for (const auto& bids : files) {
    std::vector<Tick> ticks;
    for (const auto& bid : bids) {
      ticks.push_back(
          {.time_us = table.files() * 10 + static_cast<int64_t>(ticks.size()), .bid = bid});
    }
    table.Add(ticks);
  }
  for (const double edge : {0.0, -0.0, 1.0, 2.5, -2.5, 1e308, -1e308}) {
    const std::string literal = fmt::format("{}", edge);
    const auto test = [&](const std::string& comparison, const std::function<bool(double)>& holds) {
      table.ExpectScan(fmt::format("bid {} {}", comparison, literal),
                       [&](const Tick& t) { return t.bid && holds(*t.bid); });
    };
    test("=", [=](double b) { return Same(b, edge); });
    test("<>", [=](double b) { return !Same(b, edge); });
    test("<", [=](double b) { return Below(b, edge); });
    test("<=", [=](double b) { return !Below(edge, b); });
    test(">", [=](double b) { return Below(edge, b); });
    test(">=", [=](double b) { return !Below(b, edge); });
  }
  table.ExpectScan("bid is nan", [](const Tick& t) { return t.bid && std::isnan(*t.bid); });
  table.ExpectScan("bid is null", [](const Tick& t) { return !t.bid; });
  const int64_t opened =
      table.ExpectScan("bid = 2.5", [](const Tick& t) { return t.bid && *t.bid == 2.5; });
  stage.Expect(opened < table.files(), "bounds leave files out");
}

void BoundsOfTextThatAreCut(Stage& stage) {
  TickTable table(stage);
  const std::string a16(16, 'a');
  std::string highest;  // Cannot be made greater: no upper bound at all.
  for (int i = 0; i < 17; ++i) highest += "\xF4\x8F\xBF\xBF";
  const std::vector<std::string> notes = {"",
                                          "a",
                                          a16,
                                          a16 + "a",
                                          a16 + "z",
                                          a16 + "zz",
                                          "a" + a16,
                                          highest,
                                          "\xC3\xA9" + a16 + "b",
                                          std::string(15, 'a') + "b"};
  for (const std::string& note : notes) {
    table.Add({{.time_us = table.files(), .bid = 1.0, .note = note}});
  }
  for (const std::string& edge : notes) {
    const auto test = [&](const std::string& comparison, const auto& holds) {
      return table.ExpectScan(fmt::format("note {} '{}'", comparison, edge),
                              [&](const Tick& t) { return t.note && holds(*t.note); });
    };
    const int64_t opened = test("=", [&](const std::string& n) { return n == edge; });
    stage.Expect(opened < table.files(), "bounds leave files out");
    test("<", [&](const std::string& n) { return n < edge; });
    test("<=", [&](const std::string& n) { return n <= edge; });
    test(">", [&](const std::string& n) { return n > edge; });
    test(">=", [&](const std::string& n) { return n >= edge; });
    test("starts with", [&](const std::string& n) { return n.starts_with(edge); });
    test("not starts with", [&](const std::string& n) { return !n.starts_with(edge); });
  }
}

}  // namespace

std::vector<Scenario> ReadingScenarios() {
  using enum lake::TransformKind;
  return {{10,
           "specs-and-columns-that-changed",
           "one filter over three partition specs; a dropped column added again is another",
           {{"three specs", OneFilterOverThreeSpecs, TickShape(kYear)},
            {"a spec that changes under a writer", ASpecThatChangesUnderAWriter, TickShape(kYear)},
            {"a column that comes back", AColumnThatComesBackIsAnother, TickShape(kYear)}},
           {{"tests/integration/test_sql_lake.py",
             "test_evolved_schemas_and_partitions_are_read_by_id"}}},
          {11,
           "values-at-the-edges",
           "instants before 1970, units of time, NaN, both zeros, text bounds that are cut",
           {{"hours before 1970", BeforeTheEpoch<kHour>, TickShape(kHour)},
            {"days before 1970", BeforeTheEpoch<kDay>, TickShape(kDay)},
            {"months before 1970", BeforeTheEpoch<kMonth>, TickShape(kMonth)},
            {"years before 1970", BeforeTheEpoch<kYear>, TickShape(kYear)},
            {"nanoseconds", NanosecondsAndMicroseconds},
            {"NaN and zeros", NanAndBothZeros, TickShape({})},
            {"text bounds", BoundsOfTextThatAreCut, TickShape({})}},
           {{"src/tickhouse/lake/data/data_file_reader_test.cc",
             "DataFileReaderTest.InstantsOfOtherUnitsAreFlooredOrRefused"},
            {"src/tickhouse/lake/data/parquet_metrics_test.cc",
             "Bound.RoundsInstantsOutwardsAndShortensDecimals"}}}};
}

}  // namespace tickhouse::sim
