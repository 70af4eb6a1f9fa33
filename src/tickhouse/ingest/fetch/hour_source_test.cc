#include "tickhouse/ingest/fetch/hour_source.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/bi5/bi5.h"
#include "tickhouse/io/net/scripted_http_client.h"

namespace tickhouse::ingest {
namespace {

using io::HttpResponse;
using Answers = std::vector<Result<HttpResponse>>;

constexpr int64_t kHour = int64_t{1'783'944'000} * kNanosPerSecond;  // 2026-07-13T12:00:00Z

std::string GoodBody() {
  const io::Bi5Record record{10, 114'277, 114'273, 0.9f, 1.8f};
  const auto packed = io::EncodeBi5(std::span(&record, 1));
  EXPECT_OK(packed);
  return *packed;
}

Result<HttpResponse> Broken(ErrorKind kind) {
  return Fail(kind, "no good");
}

class HourSourceTest : public testing::Test {
 protected:
  HourAnswer Ask(Answers answers) {
    io::ScriptedHttpClient http(std::move(answers));
    AdaptiveThrottle throttle(&clock, {});
    HourSource::Options options;
    options.feed = FeedKind::kBi5;
    options.root = "http://feed";
    HourSource source(&http, &clock, &throttle, options);
    Instrument instrument;
    instrument.symbol = "EURUSD";
    auto answer = source.Ask(instrument, kHour, cancel);
    EXPECT_OK(answer);
    asked = http.requests().size();
    return answer ? std::move(*answer) : HourAnswer{};
  }

  ManualClock clock{FromNanos(kHour + 5 * kNanosPerDay)};
  CancelToken cancel;
  std::size_t asked = 0;
};

TEST_F(HourSourceTest, TicksEmptyAndMissingAreThreeDifferentFacts) {
  HourAnswer answer = Ask({HttpResponse{200, {}, GoodBody()}});
  EXPECT_EQ(answer.state, HourState::kTicks);
  EXPECT_TRUE(answer.has_file);
  EXPECT_EQ(answer.facts.ticks, 1);
  EXPECT_EQ(answer.source, "http://feed/EURUSD/2026/06/13/12h_ticks.bi5");

  answer = Ask({HttpResponse{200, {}, ""}});
  EXPECT_EQ(answer.state, HourState::kProvenEmpty);
  EXPECT_TRUE(answer.has_file);

  answer = Ask({HttpResponse{204, {}, ""}});
  EXPECT_EQ(answer.state, HourState::kProvenEmpty);
  EXPECT_FALSE(answer.has_file);

  for (const int status : {404, 410}) {
    answer = Ask({HttpResponse{status, {}, "nothing here"}});
    EXPECT_EQ(answer.state, HourState::kMissingAtSource);
    EXPECT_FALSE(answer.has_file);
    EXPECT_EQ(asked, 1u);
  }
}

TEST_F(HourSourceTest, RefusalsForGoodAreNotRetried) {
  for (const int status : {400, 401, 403}) {
    const HourAnswer answer = Ask({HttpResponse{status, {}, ""}});
    EXPECT_EQ(answer.state, HourState::kRefused);
    EXPECT_EQ(answer.detail, "HTTP " + std::to_string(status));
    EXPECT_EQ(asked, 1u);
  }
  const HourAnswer moved = Ask({HttpResponse{301, {{"Location", "http://new/"}}, ""}});
  EXPECT_EQ(moved.state, HourState::kRefused);
  EXPECT_NE(moved.detail.find("http://new/"), std::string::npos);
}

TEST_F(HourSourceTest, WhatMayPassIsRetriedUntilItDoes) {
  const Answers passing = {HttpResponse{429, {}, ""},       HttpResponse{503, {}, ""},
                           Broken(ErrorKind::kTimeout),     Broken(ErrorKind::kUnknownOutcome),
                           Broken(ErrorKind::kUnavailable), HttpResponse{200, {}, GoodBody()}};
  EXPECT_EQ(Ask(passing).state, HourState::kTicks);
  EXPECT_EQ(asked, 6u);
}

TEST_F(HourSourceTest, RetriesAreBounded) {
  const HourAnswer answer = Ask(Answers(50, HttpResponse{429, {}, ""}));
  EXPECT_EQ(answer.state, HourState::kRefused);
  EXPECT_EQ(answer.detail, "HTTP 429, 6 times");
  EXPECT_TRUE(answer.reached);
  EXPECT_EQ(asked, 6u);
}

TEST_F(HourSourceTest, SaysWhetherAnybodyWasThere) {
  EXPECT_FALSE(Ask(Answers(6, Broken(ErrorKind::kUnavailable))).reached);
  EXPECT_EQ(asked, 3u);  // Nobody has ever answered: that is known sooner.
  EXPECT_FALSE(Ask(Answers(6, Broken(ErrorKind::kTimeout))).reached);
  Answers mixed(6, Broken(ErrorKind::kUnavailable));
  mixed[2] = HttpResponse{503, {}, ""};
  EXPECT_TRUE(Ask(mixed).reached);
}

TEST_F(HourSourceTest, RetryAfterIsKept) {
  const int64_t before = clock.MonotonicNanos();
  EXPECT_EQ(Ask({HttpResponse{429, {{"retry-after", "90"}}, ""}, HttpResponse{200, {}, ""}}).state,
            HourState::kProvenEmpty);
  EXPECT_GE(clock.MonotonicNanos() - before, 90 * kNanosPerSecond);
}

TEST_F(HourSourceTest, ARetryAfterWithoutEndEndsTheHour) {
  const HourAnswer answer = Ask({HttpResponse{503, {{"Retry-After", "7200"}}, ""}});
  EXPECT_EQ(answer.state, HourState::kRefused);
  EXPECT_NE(answer.detail.find("7200 s"), std::string::npos);
  EXPECT_EQ(asked, 1u);
}

TEST_F(HourSourceTest, ABodyThatDoesNotDecodeIsAskedForOnceMore) {
  const std::string cut = GoodBody().substr(0, 20);
  EXPECT_EQ(Ask({HttpResponse{200, {}, cut}, HttpResponse{200, {}, GoodBody()}}).state,
            HourState::kTicks);
  const HourAnswer answer = Ask(Answers(9, HttpResponse{200, {}, cut}));
  EXPECT_EQ(answer.state, HourState::kCorrupt);
  EXPECT_EQ(answer.bytes, cut);
  EXPECT_FALSE(answer.has_file);
  EXPECT_EQ(asked, 2u);
}

TEST_F(HourSourceTest, StopsWhenAsked) {
  cancel.Cancel();
  io::ScriptedHttpClient http(Answers{});
  AdaptiveThrottle throttle(&clock, {});
  HourSource source(&http, &clock, &throttle, {});
  EXPECT_THAT(source.Ask({}, kHour, cancel), IsError(ErrorKind::kCancelled));
}

TEST(ParseRetryAfter, ReadsSecondsAndDates) {
  const UtcTime now = FromNanos(int64_t{946'684'700} * kNanosPerSecond);  // 1999-12-31T23:58:20
  EXPECT_EQ(ParseRetryAfter("120", now), std::chrono::seconds(120));
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 1999 23:59:59 GMT", now), std::chrono::seconds(99));
  EXPECT_EQ(ParseRetryAfter("Fri, 31 Dec 1999 23:00:00 GMT", now), Nanos::zero());
  EXPECT_EQ(ParseRetryAfter("99999999999", now), std::chrono::seconds(1'000'000));
  for (const char* text : {"", "soon", "-5", "1.5", "Fri, 31 Foo 1999 23:59:59 GMT"}) {
    EXPECT_EQ(ParseRetryAfter(text, now), Nanos::zero()) << text;
  }
}

}  // namespace
}  // namespace tickhouse::ingest
