#include "tickhouse/ingest/fetch/hour_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "tickhouse/core/check.h"
#include "tickhouse/core/log.h"

namespace tickhouse::ingest {

namespace {

// Far more than the busiest hour known (some 3 MB of JSON).
constexpr int64_t kMaxBodyBytes = int64_t{64} << 20;
constexpr int kAttemptsForBadBody = 2;

bool ParseInt(std::string_view text, int64_t* out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

// "Fri, 31 Dec 1999 23:59:59 GMT", the only form HTTP lets a server write.
bool ParseHttpDate(std::string_view text, UtcTime* out) {
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || !text.ends_with(" GMT")) return false;
  const std::size_t month = kMonths.find(text.substr(8, 3));
  std::array<int64_t, 5> n{};
  if (month == kMonths.npos || !ParseInt(text.substr(5, 2), &n[0]) ||
      !ParseInt(text.substr(12, 4), &n[1]) || !ParseInt(text.substr(17, 2), &n[2]) ||
      !ParseInt(text.substr(20, 2), &n[3]) || !ParseInt(text.substr(23, 2), &n[4])) {
    return false;
  }
  const std::chrono::year_month_day date(std::chrono::year(static_cast<int>(n[1])),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(static_cast<unsigned>(n[0])));
  if (!date.ok() || n[1] < 1970 || n[1] > 2200) return false;
  *out = std::chrono::sys_days(date) + std::chrono::hours(n[2]) + std::chrono::minutes(n[3]) +
         std::chrono::seconds(n[4]);
  return true;
}

}  // namespace

Nanos ParseRetryAfter(std::string_view text, UtcTime now) {
  int64_t seconds = 0;
  if (ParseInt(text, &seconds)) {
    return std::chrono::seconds(std::clamp<int64_t>(seconds, 0, 1'000'000));
  }
  UtcTime until;
  if (!ParseHttpDate(text, &until)) return Nanos::zero();
  return std::max(Nanos::zero(), until - now);
}

// One request and what follows from it.
struct HourSource::Attempt {
  HourAnswer answer;
  bool try_again = false;
  bool bad_body = false;
  Nanos retry_after = Nanos::zero();
};

HourSource::HourSource(io::HttpClient* http, Clock* clock, AdaptiveThrottle* throttle,
                       Options options)
    : http_(http), clock_(clock), throttle_(throttle), options_(std::move(options)) {
  TICKHOUSE_CHECK(options_.attempts > 0, "an hour is asked for at least once");
}

HourSource::Attempt HourSource::JudgeBody(const Instrument& instrument, int64_t hour_ns,
                                          std::string body) {
  Attempt attempt;
  const auto facts = ReadHourFacts(options_.feed, hour_ns, instrument, body);
  attempt.answer.bytes = std::move(body);
  if (!facts) {
    attempt.answer.state = HourState::kCorrupt;
    attempt.answer.detail = facts.error().message;
    attempt.try_again = attempt.bad_body = true;
    return attempt;
  }
  attempt.answer.has_file = true;
  attempt.answer.facts = *facts;
  attempt.answer.state = facts->ticks > 0 ? HourState::kTicks : HourState::kProvenEmpty;
  return attempt;
}

HourSource::Attempt HourSource::Judge(const Instrument& instrument, int64_t hour_ns,
                                      io::HttpResponse response) {
  const int status = response.status;
  if (status == 200) return JudgeBody(instrument, hour_ns, std::move(response.body));
  Attempt attempt;
  attempt.answer.detail = fmt::format("HTTP {}", status);
  if (status == 204) {
    attempt.answer.state = HourState::kProvenEmpty;
  } else if (status == 404 || status == 410) {
    attempt.answer.state = HourState::kMissingAtSource;
  } else if (status >= 300 && status < 400) {
    attempt.answer.detail += fmt::format(", it points to {}; name that address with --root",
                                         response.Header("Location"));
  } else if (status == 408 || status == 429 || status >= 500) {
    attempt.try_again = true;
    attempt.retry_after = ParseRetryAfter(response.Header("Retry-After"), clock_->Now());
    if (attempt.retry_after > options_.longest_retry_after) {
      attempt.try_again = false;
      attempt.answer.detail += fmt::format(", it asks to wait {} s; run again after that",
                                           attempt.retry_after / std::chrono::seconds(1));
      attempt.retry_after = Nanos::zero();
    }
  }
  return attempt;
}

Result<HourSource::Attempt> HourSource::Try(const Instrument& instrument, int64_t hour_ns,
                                            const std::string& url, const CancelToken& cancel) {
  TICKHOUSE_TRY(throttle_->Acquire(cancel));
  io::HttpRequest request;
  request.url = url;
  request.headers = {{"Accept", "*/*"}, {"User-Agent", "tickhouse"}};
  request.total_timeout = options_.total_timeout;
  request.max_response_bytes = kMaxBodyBytes;
  auto response = http_->Send(request, cancel);
  Attempt attempt;
  if (response) {
    attempt = Judge(instrument, hour_ns, std::move(*response));
  } else {
    const Error& error = response.error();
    if (error.kind == ErrorKind::kCancelled || error.kind == ErrorKind::kInvalidArgument) {
      throttle_->Ended();
      return Fail(error);
    }
    attempt.answer.detail = error.message;
    attempt.answer.reached =
        error.kind != ErrorKind::kUnavailable && error.kind != ErrorKind::kTimeout;
    attempt.try_again = true;
  }
  attempt.answer.source = url;
  const bool overload = attempt.try_again && !attempt.bad_body;
  if (overload) {
    throttle_->Refused(attempt.retry_after);
  } else if (attempt.answer.state == HourState::kRefused) {
    throttle_->Ended();
  } else {
    throttle_->Succeeded();
  }
  return attempt;
}

Result<HourAnswer> HourSource::Ask(const Instrument& instrument, int64_t hour_ns,
                                   const CancelToken& cancel) {
  const std::string url = HourUrl(options_.feed, options_.root, instrument, hour_ns);
  Nanos wait = options_.first_wait;
  bool reached = false;
  int bad_bodies = 0;
  for (int number = 1;; ++number) {
    TICKHOUSE_ASSIGN(Attempt attempt, Try(instrument, hour_ns, url, cancel));
    reached = reached || attempt.answer.reached;
    if (reached) ever_reached_ = true;
    attempt.answer.reached = reached;
    bad_bodies += attempt.bad_body ? 1 : 0;
    if (!attempt.try_again || bad_bodies == kAttemptsForBadBody) {
      return std::move(attempt.answer);
    }
    if (number == options_.attempts || (!ever_reached_ && number == options_.attempts_unreached)) {
      attempt.answer.detail += fmt::format(", {} times", number);
      return std::move(attempt.answer);
    }
    LogDebug("{}: {}; trying again", url, attempt.answer.detail);
    ++retries_;
    if (!clock_->Sleep(wait, cancel)) TICKHOUSE_TRY(cancel.Check());
    wait = std::min(wait * 2, options_.longest_wait);
  }
}

}  // namespace tickhouse::ingest
