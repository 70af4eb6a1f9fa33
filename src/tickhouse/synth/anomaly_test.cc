#include "tickhouse/synth/anomaly.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::synth {
namespace {

using ::testing::ElementsAre;

TEST(ParseAnomalies, ReadsCountsRatesAndSizes) {
  ASSERT_OK_AND_ASSIGN(const auto requests,
                       ParseAnomalies("spike=3,flash,gap=2@3600,burst=0.5/day"));
  EXPECT_THAT(
      requests,
      ElementsAre(
          AnomalyRequest{.kind = AnomalyKind::kSpike, .count = 3, .per_day = false, .size = 40},
          AnomalyRequest{.kind = AnomalyKind::kFlash, .count = 1, .per_day = false, .size = 1},
          AnomalyRequest{.kind = AnomalyKind::kGap, .count = 2, .per_day = false, .size = 3'600},
          AnomalyRequest{.kind = AnomalyKind::kBurst, .count = 0.5, .per_day = true, .size = 30}));
}

TEST(ParseAnomalies, RefusesWhatItCannotMean) {
  for (const char* text :
       {"", ",", "spike=3,", "spikes=3", "spike=", "spike=x", "spike=-1", "spike=1.5", "spike=1@",
        "spike=1@0", "spike=1@1e9", "gap=1@1", "spike=1e3", "spike=nan", "spike=inf/day",
        "spike=1 ", "=3", "spike=2000000"}) {
    EXPECT_THAT(ParseAnomalies(text), IsError(ErrorKind::kInvalidArgument)) << "'" << text << "'";
  }
  EXPECT_THAT(ParseAnomalies("spikes=3"), HasErrorMessage("the kinds are spike flash stale"));
  EXPECT_THAT(ParseAnomalies("gap=1@1"), HasErrorMessage("between 60 and 43200"));
}

TEST(DefaultAnomalies, HoldEveryKind) {
  EXPECT_EQ(DefaultAnomalies().size(), 7u);
  for (const AnomalyRequest& request : DefaultAnomalies()) {
    ASSERT_OK_AND_ASSIGN(const auto parsed, ParseAnomalies(AnomalyKindName(request.kind)));
    EXPECT_EQ(parsed[0].size, request.size);
  }
}

TEST(FormatAnomalyLabels, WritesCsv) {
  AnomalyLabel label;
  label.symbol = "EURUSD";
  label.kind = AnomalyKind::kGap;
  label.begin_ns = 1'705'276'800'250 * kNanosPerMilli;
  label.end_ns = label.begin_ns + 60 * kNanosPerSecond;
  label.first_row = 17;
  label.size = 60;
  EXPECT_EQ(FormatAnomalyLabels({{label}}),
            "symbol,kind,begin,end,first_row,rows,size\n"
            "EURUSD,gap,2024-01-15T00:00:00.250Z,2024-01-15T00:01:00.250Z,17,0,60\n");
  EXPECT_EQ(FormatAnomalyLabels({}), "symbol,kind,begin,end,first_row,rows,size\n");
}

}  // namespace
}  // namespace tickhouse::synth
