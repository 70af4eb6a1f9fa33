#include "tickhouse/ingest/convert/convert_plan.h"

#include <fmt/format.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::ingest {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class ConvertPlanTest : public ::testing::Test {
 protected:
  void Put(const std::string& path, const std::string& bytes = "x") {
    ASSERT_OK(files_->WriteWhole(path, bytes));
  }
  Result<ConvertPlan> Plan(const std::string& in = "raw") {
    return PlanConversion(*files_, in, out_, options_);
  }
  std::vector<std::string> Names(const ConvertPlan& plan) {
    std::vector<std::string> names;
    for (const ConvertItem& item : plan.items) names.push_back(item.name);
    return names;
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  ConvertOptions options_;
  std::string out_ = "out";
};

TEST_F(ConvertPlanTest, KeepsFoldersAndTakesTheSymbolFromTheNearest) {
  Put("raw/fx/GBPJPY/2012/ticks one.CSV");
  Put("raw/eurusd/a.csv.gz");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  EXPECT_THAT(Names(plan), ElementsAre("eurusd/a", "fx/GBPJPY/2012/ticks one"));
  EXPECT_EQ(plan.items[0].symbol, "EURUSD");
  EXPECT_EQ(plan.items[1].symbol, "GBPJPY");
  EXPECT_EQ(plan.items[1].sources[0].relative, "fx/GBPJPY/2012/ticks one.CSV");
}

TEST_F(ConvertPlanTest, FileNameTellsSymbolAndZoneWhereNoFolderDoes) {
  Put("raw/2026.1.4USSC2000IDXUSD_dukascopy_TICK_UTCPlus02-TICK-No Session.csv");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  ASSERT_THAT(plan.items, SizeIs(1));
  EXPECT_EQ(plan.items[0].symbol, "USSC2000IDXUSD");
  ASSERT_TRUE(plan.items[0].name_zone.has_value());
  EXPECT_EQ(plan.items[0].name_zone->name(), "UTC+02:00");
}

TEST_F(ConvertPlanTest, TheRootItselfMayBeTheSymbolsFolder) {
  Put("raw/GBPJPY/a.csv");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan folder, Plan("raw/GBPJPY/"));
  EXPECT_EQ(folder.items.at(0).symbol, "GBPJPY");
  EXPECT_EQ(folder.items.at(0).name, "a");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan file, Plan("raw/GBPJPY/a.csv"));
  EXPECT_EQ(file.items.at(0).symbol, "GBPJPY");
  EXPECT_EQ(file.items.at(0).sources.at(0).path, "raw/GBPJPY/a.csv");
}

TEST_F(ConvertPlanTest, OptionOverrulesEverything) {
  options_.symbol = "eur/usd";
  Put("raw/GBPJPY/a.csv");
  Put("raw/GBPJPY/2012/11/01/00h_ticks.bi5");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  ASSERT_THAT(plan.items, SizeIs(2));
  EXPECT_EQ(plan.items[0].symbol, "EURUSD");
  EXPECT_EQ(plan.items[1].symbol, "EURUSD");
}

TEST_F(ConvertPlanTest, HoursOfOneMonthAreOneItem) {
  Put("raw/bi5/GBPJPY/2012/11/20/23h_ticks.bi5");
  Put("raw/bi5/GBPJPY/2012/11/01/00h_ticks.bi5");
  Put("raw/bi5/GBPJPY/2013/00/01/05h_ticks.bi5");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  ASSERT_THAT(Names(plan),
              ElementsAre("bi5/GBPJPY/GBPJPY_bi5_2012-12", "bi5/GBPJPY/GBPJPY_bi5_2013-01"));
  ASSERT_THAT(plan.items[0].sources, SizeIs(2));
  EXPECT_EQ(plan.items[0].sources[0].relative, "bi5/GBPJPY/2012/11/01/00h_ticks.bi5");
  EXPECT_LT(plan.items[0].sources[0].hour_ns, plan.items[0].sources[1].hour_ns);
  EXPECT_THAT(plan.items[0].label(), HasSubstr("2 bi5 hours"));
}

TEST_F(ConvertPlanTest, HoursBelowARootInsideTheSymbol) {
  Put("raw/GBPJPY/2012/11/01/00h_ticks.bi5");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan("raw/GBPJPY/2012/11"));
  EXPECT_THAT(Names(plan), ElementsAre("GBPJPY_bi5_2012-12"));
}

TEST_F(ConvertPlanTest, JsonHoursByTheirNameOrByHand) {
  Put("raw/EURUSD/2026/2026-07-13/EURUSD_2026-07-13T12Z.json");
  Put("raw/EURUSD/2026/2026-07-14/EURUSD_2026-07-14T12Z.json");
  Put("raw/ticks-EUR-USD-2026-7-13-12.json");
  Put("raw/instrument-EUR-USD.json");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  EXPECT_THAT(Names(plan), ElementsAre("EURUSD/EURUSD_json_2026-07", "ticks-EUR-USD-2026-7-13-12"));
  EXPECT_THAT(plan.items[0].sources, SizeIs(2));
  EXPECT_EQ(plan.items[1].symbol, "EURUSD");
  EXPECT_EQ(plan.ignored_files, 1);
}

TEST_F(ConvertPlanTest, WhatNobodyNamesIsRefusedByNameAndOthersGoOn) {
  Put("raw/odd/00h_ticks.bi5");
  Put("raw/odd/answer.json");
  Put("raw/GBPJPY/a.csv");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  EXPECT_THAT(plan.items, SizeIs(1));
  ASSERT_THAT(plan.refused, SizeIs(2));
  EXPECT_EQ(plan.refused[0].item, "odd/00h_ticks.bi5");
  EXPECT_EQ(plan.refused[1].item, "odd/answer.json");
  EXPECT_THAT(plan.refused[1].error.message, HasSubstr("--symbol"));
}

TEST_F(ConvertPlanTest, TwoInputsForOneOutputAreNotMixed) {
  Put("raw/GBPJPY/a.csv");
  Put("raw/GBPJPY/a.csv.gz");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  EXPECT_THAT(plan.items, SizeIs(1));
  ASSERT_THAT(plan.refused, SizeIs(1));
  EXPECT_EQ(plan.refused[0].item, "GBPJPY/a.csv.gz");
  EXPECT_EQ(plan.refused[0].error.kind, ErrorKind::kConflict);
  EXPECT_THAT(plan.refused[0].error.message, HasSubstr("GBPJPY/a.csv"));
}

TEST_F(ConvertPlanTest, LeavesAloneWhatIsNotInput) {
  out_ = "raw/parquet";
  Put("raw/GBPJPY/a.csv");
  Put("raw/GBPJPY/a.rejects.csv");
  Put("raw/GBPJPY/notes.md");
  Put("raw/.hidden/b.csv");
  Put("raw/parquet/GBPJPY/c.csv");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  EXPECT_THAT(Names(plan), ElementsAre("GBPJPY/a"));
  EXPECT_EQ(plan.ignored_files, 1);
}

TEST_F(ConvertPlanTest, OddNamesStayAsTheyAre) {
  Put("raw/GBPJPY/new\nline \xC3\xA9 \xFF%s.csv");
  ASSERT_OK_AND_ASSIGN(const ConvertPlan plan, Plan());
  EXPECT_THAT(Names(plan), ElementsAre("GBPJPY/new\nline \xC3\xA9 \xFF%s"));
}

TEST_F(ConvertPlanTest, MissingOrUselessInput) {
  EXPECT_THAT(Plan("nowhere"), IsError(ErrorKind::kNotFound));
  Put("raw/readme.md");
  EXPECT_THAT(Plan(), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(Plan("raw/readme.md"), IsError(ErrorKind::kUnsupported));
}

TEST(SymbolOfFolderTest, KnowsInstrumentsAndCapitals) {
  EXPECT_EQ(SymbolOfFolder("EUR-USD"), "EURUSD");
  EXPECT_EQ(SymbolOfFolder("gbpjpy"), "GBPJPY");
  EXPECT_EQ(SymbolOfFolder("USSC2000IDXUSD"), "USSC2000IDXUSD");
  for (const char* name : {"data", "2019", "11", "RAW", "CSV", "my ticks", "", "Ticks"}) {
    EXPECT_EQ(SymbolOfFolder(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace tickhouse::ingest
