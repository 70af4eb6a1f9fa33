#include "tickhouse/io/dukascopy/dukascopy_hour.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/dukascopy/java_number.h"

namespace tickhouse::io {
namespace {

constexpr int64_t kHourMs = 1'783'944'000'000;  // 2026-07-13T12:00:00Z
constexpr std::string_view kThreeTicks =
    R"({"timestamp":1783944000000,"multiplier":1.0E-5,"ask":1.14277,"bid":1.14273,)"
    R"("times":[93,104,154],"asks":[0,-2,-2],"bids":[0,-2,1],)"
    R"("askVolumes":[1800000.0,900000.0,1.449E7],"bidVolumes":[2700000.0,0.5,900000.0]})";

std::string Replaced(std::string_view from, std::string_view to) {
  std::string text(kThreeTicks);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, text.npos) << from;
  return text.replace(at, from.size(), to);
}

std::string ReadShared(const std::string& name) {
  std::ifstream in("../shared/data/dukascopy/json/" + name, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(ParseDukascopyHour, AddsUpDeltasToExactPointsAndTimes) {
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(kThreeTicks));
  EXPECT_EQ(hour.timestamp_ms, kHourMs);
  EXPECT_EQ(hour.decimals, 5);
  EXPECT_EQ(hour.time_ms, (std::vector<int64_t>{kHourMs + 93, kHourMs + 197, kHourMs + 351}));
  EXPECT_EQ(hour.ask_points, (std::vector<int32_t>{114'277, 114'275, 114'273}));
  EXPECT_EQ(hour.bid_points, (std::vector<int32_t>{114'273, 114'271, 114'272}));
  EXPECT_EQ(hour.ask_volume, (std::vector<double>{1.8e6, 9e5, 1.449e7}));
  EXPECT_EQ(hour.bid_volume, (std::vector<double>{2.7e6, 0.5, 9e5}));
}

TEST(ParseDukascopyHour, WritesTheFeedsOwnText) {
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(kThreeTicks));
  EXPECT_EQ(FormatDukascopyHour(hour), kThreeTicks);
}

TEST(ParseDukascopyHour, MembersInAnyOrderAndUnknownOnes) {
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(R"({
    "bidVolumes":[1], "askVolumes":[2], "new":{"a":[1,{}]}, "bids":[3.0], "asks":[-1],
    "times":[0], "bid":100, "ask":101.5, "multiplier":0.1, "timestamp":7200000})"));
  EXPECT_EQ(hour.decimals, 1);
  EXPECT_EQ(hour.bid_points, std::vector<int32_t>{1003});
  EXPECT_EQ(hour.ask_points, std::vector<int32_t>{1014});
}

TEST(ParseDukascopyHour, EveryMultiplierThatIsAPowerOfTen) {
  const char* const texts[] = {"1",      "0.1",    "0.01",   "0.001",  "1.0E-4",
                               "1.0E-5", "1.0e-6", "1.0E-7", "1.0E-8", "1.0E-9"};
  for (int decimals = 0; decimals <= 9; ++decimals) {
    const std::string json =
        std::string(R"({"timestamp":0,"multiplier":)") + texts[decimals] +
        R"(,"ask":1,"bid":1,"times":[0],"asks":[1],"bids":[0],"askVolumes":[0],"bidVolumes":[0]})";
    ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(json));
    EXPECT_EQ(hour.decimals, decimals);
    EXPECT_EQ(hour.ask_points[0] - hour.bid_points[0], 1);
  }
  EXPECT_THAT(ParseDukascopyHour(Replaced("1.0E-5", "2.5E-5")), HasErrorMessage("multiplier"));
  EXPECT_THAT(ParseDukascopyHour(Replaced("1.0E-5", "0")), HasErrorMessage("multiplier"));
}

TEST(ParseDukascopyHour, AnHourWithoutTicks) {
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour,
                       ParseDukascopyHour(R"({"timestamp":3600000,"times":[],"asks":[],"bids":[],)"
                                          R"("askVolumes":[],"bidVolumes":[]})"));
  EXPECT_TRUE(hour.empty());
  ASSERT_OK_AND_ASSIGN(const DukascopyHour back, ParseDukascopyHour(FormatDukascopyHour(hour)));
  EXPECT_EQ(back, hour);
}

TEST(ParseDukascopyHour, ArraysOfDifferentLengthAreCorrupt) {
  for (const std::string& json :
       {Replaced("[93,104,154]", "[93,104]"), Replaced("[0,-2,-2]", "[0,-2,-2,1]"),
        Replaced("[0,-2,1]", "[]"), Replaced(",1.449E7]", "]"),
        Replaced("[2700000.0,0.5,900000.0]", "[]")}) {
    const auto hour = ParseDukascopyHour(json);
    EXPECT_THAT(hour, IsError(ErrorKind::kCorrupt)) << json;
    EXPECT_THAT(hour, HasErrorMessage("arrays of different length")) << json;
  }
}

TEST(ParseDukascopyHour, SaysWhatIsWrongAndWhere) {
  const auto expect = [](const std::string& json, const std::string& message) {
    const auto hour = ParseDukascopyHour(json);
    EXPECT_THAT(hour, IsError(ErrorKind::kCorrupt)) << json;
    EXPECT_THAT(hour, HasErrorMessage(message)) << json;
  };
  expect("", "no JSON object");
  expect("[]", "no JSON object");
  expect("<html>503</html>", "begins \"<html>503");
  expect(std::string(kThreeTicks.substr(0, 150)), "no JSON object");
  expect(std::string(kThreeTicks) + "}", "no JSON object");
  expect(std::string(kThreeTicks) + "\xff", "no JSON object");
  expect(Replaced("\"timestamp\":1783944000000,", ""), "\"timestamp\" is missing");
  expect(Replaced("1783944000000", "-5"), "timestamp -5");
  expect(Replaced("\"times\"", "\"time\""), "\"times\"");
  expect(Replaced("[93,104,154]", "[93,1.5,154]"), "\"times\"[1] is no whole number");
  expect(Replaced("[93,104,154]", "[93,104,-1000]"), "\"times\"[2]");
  expect(Replaced("[0,-2,-2]", "[0,\"x\",-2]"), "\"asks\"[1] is no whole number");
  expect(Replaced("[0,-2,-2]", "[0,9223372036854775807,-2]"), "\"asks\"[1]");
  expect(Replaced("[0,-2,-2]", "[0,18446744073709551615,-2]"), "\"asks\"[1]");
  expect(Replaced("[0,-2,1]", "[0,-2,3000000000]"), "\"bids\"[2]");
  expect(Replaced("1.14277", "1.142775"), "no whole number of points");
  expect(Replaced("1.14277", "1e300"), "no whole number of points");
  expect(Replaced("1.14277", "null"), "\"ask\"");
  expect(Replaced("0.5", "-0.5"), "\"bidVolumes\"[1] is no volume");
  expect(Replaced("0.5", "null"), "\"bidVolumes\"[1] is no volume");
}

TEST(ParseDukascopyHour, EveryCutOfTheTextIsCorrupt) {
  for (std::size_t size = 0; size < kThreeTicks.size(); ++size) {
    EXPECT_THAT(ParseDukascopyHour(kThreeTicks.substr(0, size)), IsError(ErrorKind::kCorrupt));
  }
}

TEST(DukascopyHour, GivesTicksWithCorrectlyRoundedPrices) {
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(kThreeTicks));
  TickBatch batch;
  AppendDukascopyTicks(hour, true, &batch);
  EXPECT_EQ(batch.ask, (std::vector<double>{1.14277, 1.14275, 1.14273}));
  EXPECT_EQ(batch.bid, (std::vector<double>{1.14273, 1.14271, 1.14272}));
  EXPECT_EQ(batch.time_ns[2], (kHourMs + 351) * kNanosPerMilli);
  EXPECT_EQ(batch.ask_volume[2], 1.449e7);
}

TEST(DukascopyHour, HasTheSameTimesAndPricesAsBi5) {
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(kThreeTicks));
  ASSERT_OK_AND_ASSIGN(const auto records, ToBi5Records(hour));
  EXPECT_EQ(records[1], (Bi5Record{197, 114'275, 114'271, 0.9f, 0.0f}));  // 0.5 rounds to even.
  TickBatch from_json;
  TickBatch from_bi5;
  AppendDukascopyTicks(hour, false, &from_json);
  AppendBi5Ticks(records, kHourMs * kNanosPerMilli, 5, false, &from_bi5);
  EXPECT_EQ(from_json.time_ns, from_bi5.time_ns);
  EXPECT_EQ(from_json.bid, from_bi5.bid);
  EXPECT_EQ(from_json.ask, from_bi5.ask);
}

TEST(DukascopyHour, WhatBi5CannotHoldIsNamed) {
  ASSERT_OK_AND_ASSIGN(DukascopyHour hour, ParseDukascopyHour(kThreeTicks));
  hour.time_ms[2] = kHourMs + 3'600'000;
  EXPECT_THAT(ToBi5Records(hour), HasErrorMessage("tick 2 has no bi5 form"));
}

TEST(JavaNumber, IsLaidOutAsJavaDoes) {
  EXPECT_EQ(FormatJavaDouble(0), "0.0");
  EXPECT_EQ(FormatJavaDouble(900'000), "900000.0");
  EXPECT_EQ(FormatJavaDouble(9'999'999), "9999999.0");
  EXPECT_EQ(FormatJavaDouble(1e7), "1.0E7");
  EXPECT_EQ(FormatJavaDouble(14'490'000), "1.449E7");
  EXPECT_EQ(FormatJavaDouble(0.001), "0.001");
  EXPECT_EQ(FormatJavaDouble(1e-5), "1.0E-5");
  EXPECT_EQ(FormatJavaDouble(-2.5e-12), "-2.5E-12");
  EXPECT_EQ(FormatJavaDouble(1.14277), "1.14277");
}

TEST(DukascopyRealData, TheStoredAnswerIsReadWhollyAndWrittenBackByteForByte) {
  const std::string json = ReadShared("ticks-EUR-USD-2026-7-13-12.json");
  if (json.empty()) GTEST_SKIP() << "no shared data beside the checkout";
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(json));
  EXPECT_EQ(hour.size(), 3551u);
  EXPECT_EQ(hour.time_ms.back(), kHourMs + 3'597'150);
  EXPECT_EQ(FormatDukascopyHour(hour), json);
}

TEST(DukascopyRealData, TheStoredAnswerSurvivesTheWayThroughBi5) {
  const std::string json = ReadShared("ticks-EUR-USD-2026-7-13-12.json");
  if (json.empty()) GTEST_SKIP() << "no shared data beside the checkout";
  ASSERT_OK_AND_ASSIGN(const DukascopyHour hour, ParseDukascopyHour(json));
  ASSERT_OK_AND_ASSIGN(const auto records, ToBi5Records(hour));
  ASSERT_OK_AND_ASSIGN(const std::string packed, EncodeBi5(records));
  ASSERT_OK_AND_ASSIGN(const auto back, DecodeBi5(std::as_bytes(std::span(packed))));
  // Every volume of this hour is a whole unit below 2^24, so even those come back.
  EXPECT_EQ(FromBi5Records(back, kHourMs * kNanosPerMilli, 5), hour);
}

}  // namespace
}  // namespace tickhouse::io
