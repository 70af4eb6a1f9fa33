#include "tickhouse/lake/rest/rest_session.h"

#include <fmt/format.h>

#include <utility>

#include "tickhouse/core/time.h"
#include "tickhouse/lake/rest/rest_wire.h"

namespace tickhouse::lake {

namespace {

constexpr int kAttempts = 3;  // Of an idempotent request.
constexpr Nanos kPause = std::chrono::milliseconds(200);

RestEffect EffectOf(const RestRequest& request) {
  return request.method == "GET" || request.method == "HEAD" ? RestEffect::kReads
                                                             : RestEffect::kChanges;
}

}  // namespace

// RFC 9562, version 7: the time in front keeps keys of one moment together on the server.
std::string RestSession::NewKey() {
  const std::scoped_lock lock(mutex_);
  const auto ms = static_cast<uint64_t>(ToNanos(settings_.clock->Now()) / kNanosPerMilli);
  const uint64_t low = settings_.random.Next();
  const uint64_t high = (ms << 16) | 0x7000 | (settings_.random.Next() & 0xFFF);
  const uint64_t tail = (low & ~(uint64_t{3} << 62)) | (uint64_t{1} << 63);
  return fmt::format("{:08x}-{:04x}-{:04x}-{:04x}-{:012x}", high >> 32, (high >> 16) & 0xFFFF,
                     high & 0xFFFF, tail >> 48, tail & 0xFFFF'FFFF'FFFF);
}

Result<RestSession::Token> RestSession::FetchToken() {
  const std::size_t colon = settings_.credential.find(':');
  const bool has_id = colon != std::string::npos;
  std::string form = "grant_type=client_credentials";
  if (has_id) {
    form += "&client_id=" + io::PercentEncode(settings_.credential.substr(0, colon));
  }
  form += "&client_secret=" +
          io::PercentEncode(has_id ? settings_.credential.substr(colon + 1) : settings_.credential);
  if (!settings_.scope.empty()) form += "&scope=" + io::PercentEncode(settings_.scope);
  const io::HttpRequest request{.method = "POST",
                                .url = settings_.token_url,
                                .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                .body = std::move(form),
                                .total_timeout = settings_.timeout};
  const auto response = settings_.http->Send(request, settings_.cancel);
  // A token that was given out in vain does no harm: nothing is in doubt.
  if (!response) return Fail(ErrorFromSending(response.error(), RestEffect::kReads));
  if (response->status >= 400) {
    Error error = ErrorFromAnswer(*response, RestEffect::kReads);
    if (response->status == 400) error.kind = ErrorKind::kPermission;
    return Fail(error.WithContext("no token from " + settings_.token_url));
  }
  TICKHOUSE_ASSIGN(const TokenAnswer answer, ParseTokenAnswer(response->body));
  Token token{.text = answer.access_token};
  if (answer.expires_in_s > 0) {
    constexpr int64_t kLongest = int64_t{366} * 24 * 3600;
    const int64_t lifetime_s = std::min(answer.expires_in_s, kLongest);
    token.renew_at_ns = settings_.clock->MonotonicNanos() + lifetime_s * kNanosPerSecond / 10 * 9;
  }
  return token;
}

// `refused`: the token that the server no longer takes; another thread may have renewed it already.
Result<std::string> RestSession::BearerToken(const std::string& refused) {
  if (settings_.credential.empty()) return settings_.token;
  const std::scoped_lock lock(mutex_);
  const bool late =
      token_.renew_at_ns != 0 && settings_.clock->MonotonicNanos() >= token_.renew_at_ns;
  if (token_.text.empty() || late || token_.text == refused) {
    TICKHOUSE_ASSIGN(token_, FetchToken());
  }
  return token_.text;
}

Result<io::HttpResponse> RestSession::SendOnce(const RestRequest& request, const std::string& key,
                                               const std::string& token) {
  io::HttpRequest sent{.method = request.method,
                       .url = request.url,
                       .headers = settings_.headers,
                       .body = request.body,
                       .total_timeout = settings_.timeout};
  sent.headers.emplace_back("Accept", "application/json");
  if (!request.body.empty()) sent.headers.emplace_back("Content-Type", "application/json");
  if (!key.empty()) sent.headers.emplace_back("Idempotency-Key", key);
  sent.headers.insert(sent.headers.end(), request.headers.begin(), request.headers.end());
  if (!token.empty()) {
    sent.headers.emplace_back(settings_.sign ? "Original-Authorization" : "Authorization",
                              "Bearer " + token);
  }
  if (settings_.sign) {
    io::SignV4(sent, settings_.credentials, settings_.signing_region, settings_.signing_name,
               settings_.clock->Now());
  }
  return settings_.http->Send(sent, settings_.cancel);
}

Result<io::HttpResponse> RestSession::SendAuthorized(const RestRequest& request,
                                                     const std::string& key) {
  TICKHOUSE_ASSIGN(const std::string token, BearerToken(""));
  auto response = SendOnce(request, key, token);
  const bool refused = response && (response->status == 401 || response->status == 419);
  if (refused && !settings_.credential.empty()) {
    // Refused before it was looked at: sending it again does it once.
    TICKHOUSE_ASSIGN(const std::string renewed, BearerToken(token));
    response = SendOnce(request, key, renewed);
  }
  if (!response) {
    if (response.error().kind == ErrorKind::kCancelled) return response;
    return Fail(ErrorFromSending(response.error(), EffectOf(request)));
  }
  if (response->status >= 400) return Fail(ErrorFromAnswer(*response, EffectOf(request)));
  return response;
}

Result<io::HttpResponse> RestSession::Send(const RestRequest& request) {
  const std::string key = request.idempotent ? NewKey() : "";
  bool in_doubt = false;
  for (int attempt = 1;; ++attempt) {
    auto response = SendAuthorized(request, key);
    const bool lost = !response && response.error().kind == ErrorKind::kUnknownOutcome;
    in_doubt = in_doubt || lost;
    // This attempt was refused, perhaps because an earlier one was done: only success settles it.
    if (!response && in_doubt) {
      response = Fail(ErrorKind::kUnknownOutcome, response.error().message);
    }
    const bool again = lost && request.idempotent && attempt < kAttempts;
    if (!again || !settings_.clock->Sleep(kPause, settings_.cancel)) return response;
  }
}

}  // namespace tickhouse::lake
