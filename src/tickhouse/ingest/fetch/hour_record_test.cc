#include "tickhouse/ingest/fetch/hour_record.h"

#include "tickhouse/core/testing.h"

namespace tickhouse::ingest {
namespace {

HourRecord Sample() {
  HourRecord r;
  r.feed = FeedKind::kBi5;
  r.hour_ns = 1'354'338'000'000'000'000;
  r.state = HourState::kTicks;
  r.ticks = 4711;
  r.bytes = 39'088;
  r.sha256 = std::string(64, 'a');
  r.file = "GBPJPY/2012/11/01/05h_ticks.bi5";
  r.source = "http://feed/GBPJPY/2012/11/01/05h_ticks.bi5";
  r.fetched_ns = 1'700'000'000'123'456'789;
  r.first_price = 132.7355;
  r.last_price = 0.1 + 0.2;
  r.volume = 900'000;
  r.detail = "two, \"quoted\" words";
  return r;
}

TEST(HourRecord, GoesThereAndBack) {
  ASSERT_OK_AND_ASSIGN(const HourRecord back, ParseHourRecord(FormatHourRecord(Sample())));
  EXPECT_EQ(back, Sample());
}

TEST(HourRecord, StaysOneLineWhateverTheDetailHolds) {
  HourRecord record = Sample();
  record.detail = "a\tb\nc\rd";
  const std::string line = FormatHourRecord(record);
  EXPECT_EQ(line.find('\n'), line.npos);
  ASSERT_OK_AND_ASSIGN(const HourRecord back, ParseHourRecord(line));
  EXPECT_EQ(back.detail, "a b c d");
}

TEST(HourRecord, OtherLinesAreCorrupt) {
  const std::string line = FormatHourRecord(Sample());
  EXPECT_THAT(ParseHourRecord(""), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParseHourRecord(line + "\tx"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParseHourRecord("h2" + line.substr(2)), IsError(ErrorKind::kCorrupt));
  for (const char* word : {"bi5", "ticks", "4711", "39088", "1354338000000000000", "900000"}) {
    std::string bad = line;
    bad.replace(bad.find(word), 1, "?");
    EXPECT_THAT(ParseHourRecord(bad), IsError(ErrorKind::kCorrupt)) << word;
  }
}

TEST(HourState, EveryStateHasAName) {
  for (const char* name :
       {"ticks", "proven-empty", "closed-market", "missing-at-source", "refused", "corrupt"}) {
    ASSERT_OK_AND_ASSIGN(const HourState state, ParseHourState(name));
    EXPECT_EQ(HourStateName(state), name);
  }
  EXPECT_THAT(ParseHourState("running"), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ParseFeedKind("csv"), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::ingest
