// Asking the feed for one hour until the answer is final.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/market/instrument.h"
#include "tickhouse/ingest/fetch/adaptive_throttle.h"
#include "tickhouse/ingest/fetch/hour_content.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::ingest {

struct HourAnswer {
  HourState state = HourState::kRefused;
  std::string bytes;      ///< The body of kTicks, kProvenEmpty and kCorrupt.
  bool has_file = false;  ///< False where a status alone is the answer.
  HourFacts facts;
  std::string source;
  std::string detail;   ///< Why, where the state needs a word.
  bool reached = true;  ///< False: no server answered any attempt.
};

/// Retries what may pass: 429, 5xx, time-outs, lost and cut answers, no connection; a body that
/// does not decode is asked for once more. Waits through the clock, twice as long each time, and as
/// long as `Retry-After` says (seconds or an HTTP date). Safe for several threads.
class HourSource {
 public:
  struct Options {
    FeedKind feed = FeedKind::kJson;
    std::string root;
    int attempts = 6;
    int attempts_unreached = 3;  ///< While no request of this source ever got an answer.
    Nanos first_wait = std::chrono::milliseconds(500);
    Nanos longest_wait = std::chrono::seconds(30);
    /// A `Retry-After` beyond this ends the hour as refused.
    Nanos longest_retry_after = std::chrono::minutes(5);
    Nanos total_timeout = std::chrono::seconds(60);
  };

  /// Nothing is owned.
  HourSource(io::HttpClient* http, Clock* clock, AdaptiveThrottle* throttle, Options options);

  /// kCancelled, and kInvalidArgument for an address that is none; every other trouble is a state.
  Result<HourAnswer> Ask(const Instrument& instrument, int64_t hour_ns, const CancelToken& cancel);

  /// Requests beyond the first of each hour.
  int64_t retries() const { return retries_; }

 private:
  struct Attempt;
  Result<Attempt> Try(const Instrument& instrument, int64_t hour_ns, const std::string& url,
                      const CancelToken& cancel);
  Attempt Judge(const Instrument& instrument, int64_t hour_ns, io::HttpResponse response);
  Attempt JudgeBody(const Instrument& instrument, int64_t hour_ns, std::string body);

  io::HttpClient* http_;
  Clock* clock_;
  AdaptiveThrottle* throttle_;
  const Options options_;
  std::atomic<int64_t> retries_ = 0;
  std::atomic<bool> ever_reached_ = false;
};

/// "120" or "Fri, 31 Dec 1999 23:59:59 GMT" as a wait from `now`; zero for anything else or the
/// past.
Nanos ParseRetryAfter(std::string_view text, UtcTime now);

}  // namespace tickhouse::ingest
