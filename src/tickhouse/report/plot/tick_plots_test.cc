#include "tickhouse/report/plot/tick_plots.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/report/plot/axis.h"

namespace tickhouse::report {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::size_t CountOf(const std::string& part, const std::string& text) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1))
    ++count;
  return count;
}

// Ticks at 07:55 and 13:55 UTC of the given days of January 2021.
quality::TickStatistics OnDays(const std::vector<int>& days) {
  quality::DailyCounter counter(DefaultWindows(), Zone(), 5);
  for (const int day : days) {
    CivilDay civil;
    EXPECT_TRUE(MakeCivilDay(2021, 1, day, &civil));
    TickBatch batch;
    for (const int64_t minute : {7 * 60 + 55, 7 * 60 + 56, 13 * 60 + 55}) {
      batch.time_ns.push_back(civil.days_since_epoch * kNanosPerDay +
                              minute * 60 * kNanosPerSecond);
      batch.bid.push_back(1.1);
      batch.ask.push_back(1.10002);
    }
    counter.Add(batch);
  }
  return counter.Finish();
}

TEST(WindowCountsPlotTest, HasTitleUnitsLegendAndBars) {
  const std::string svg = DrawSvg(WindowCountsPlot("EURUSD", OnDays({4, 5})));
  for (const char* part :
       {"EURUSD: ticks per day and trading window", ">ticks a day<", ">07:50–08:00<",
        ">13:50–14:00<", "2021-01-04 to 2021-01-05", "days in UTC",
        "Mon 2021-01-04, 07:50–08:00: 2 ticks", ">Jan 2021<", "median 2"}) {
    EXPECT_THAT(svg, HasSubstr(part));
  }
}

TEST(WindowCountsPlotTest, ShowsAMissingWeekdayAndLeavesWeekendsAlone) {
  // 2021-01-06 was a Wednesday; the 9th and 10th a weekend.
  const std::string svg = DrawSvg(WindowCountsPlot("EURUSD", OnDays({4, 5, 7, 8, 11})));
  EXPECT_EQ(CountOf("Wed 2021-01-06, 07:50–08:00: no ticks", svg), 1u);
  EXPECT_EQ(CountOf("Wed 2021-01-06, 13:50–14:00: no ticks", svg), 1u);
  EXPECT_THAT(svg, Not(HasSubstr("Sat 2021-01-09")));
}

TEST(WindowCountsPlotTest, TextIsAboveEveryCanvasEdge) {
  const Plot plot = WindowCountsPlot("EURUSD", OnDays({4}));
  EXPECT_GT(plot.height, 400);
  EXPECT_GT(plot.width, 1000);
}

TEST(PlotsTest, EveryPlotDrawsNothingAtAllWithoutComplaint) {
  for (const Plot& plot :
       PlotsOf("<x>", quality::DailyCounter(DefaultWindows(), Zone(), 5).Finish())) {
    const std::string svg = DrawSvg(plot);
    EXPECT_THAT(svg, HasSubstr("no ticks to draw")) << plot.name;
    EXPECT_THAT(svg, Not(HasSubstr("<x>"))) << plot.name;
  }
}

TEST(PlotsTest, NamesAndFormatsAreThoseOfTheFiles) {
  const std::vector<Plot> plots = PlotsOf("EURUSD", OnDays({4, 5, 6}));
  std::vector<std::string> names;
  for (const Plot& plot : plots) {
    names.push_back(plot.name);
    EXPECT_THAT(DrawSvg(plot), StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\""));
    EXPECT_EQ(DrawSvg(plot), DrawSvg(plot));
  }
  EXPECT_THAT(names, ElementsAre("daily_window_counts", "spread", "volatility", "ticks_per_hour"));
}

TEST(PlotsTest, ThePngHasTheSizeOfThePlot) {
  const Plot plot = TicksPerHourPlot("EURUSD", OnDays({4, 5, 6}));
  const Result<std::string> png = DrawPng(plot, 1);
  if (!png && png.error().kind == ErrorKind::kUnavailable) GTEST_SKIP() << png.error().message;
  ASSERT_OK(png);
  EXPECT_THAT(*png, StartsWith("\x89PNG\r\n"));
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>((*png)[i]); };
  EXPECT_EQ(byte(18) << 8 | byte(19), static_cast<int>(plot.width));
}

TEST(SpreadPlotTest, SaysWhatAPointIs) {
  const std::string svg = DrawSvg(SpreadPlot("EURUSD", OnDays({4, 5})));
  EXPECT_THAT(svg, HasSubstr("1 point = 0.00001"));
  EXPECT_THAT(svg, HasSubstr("median 2, mean 2, 95 % up to 2 points"));
  EXPECT_THAT(svg, HasSubstr("spread in points"));
}

TEST(NiceTicksTest, AreRoundAndInside) {
  EXPECT_THAT(NiceTicks(0, 100, 4), ElementsAre(0, 50, 100));
  EXPECT_THAT(NiceTicks(0, 3, 4), ElementsAre(0, 1, 2, 3));
  EXPECT_EQ(NiceCeiling(171, 4), 200);
  EXPECT_EQ(NiceCeiling(0, 4), 1);
  EXPECT_EQ(TickLabel(0.30000000000000004, {0, 0.1, 0.2, 0.3}), "0.3");
  EXPECT_EQ(TickLabel(20000, {0, 20000}), "20k");
}

TEST(DayTicksTest, PickDaysMondaysMonthsOrYears) {
  const auto labels = [](const char* first, const char* last, int most) {
    const auto day = [](const char* text) {
      return CivilDay{static_cast<int32_t>(FloorDiv(ToNanos(*ParseUtc(text)), kNanosPerDay))};
    };
    std::string joined;
    for (const DayTick& tick : DayTicks(day(first), day(last), most)) {
      joined += tick.label + (tick.second.empty() ? "" : "/" + tick.second) + " ";
    }
    return joined;
  };
  EXPECT_EQ(labels("2021-01-30", "2021-02-02", 10), "30/Jan 2021 31 1/Feb 2 ");
  EXPECT_EQ(labels("2021-01-01", "2021-01-31", 5), "4/Jan 2021 11 18 25 ");
  EXPECT_EQ(labels("2020-11-15", "2021-03-15", 5), "Dec/2020 Jan/2021 Feb Mar ");
  EXPECT_EQ(labels("2010-06-01", "2020-06-01", 10),
            "2011 2012 2013 2014 2015 2016 2017 2018 2019 2020 ");
}

}  // namespace
}  // namespace tickhouse::report
