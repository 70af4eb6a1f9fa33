#include "tickhouse/sql/trino/trino_exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <utility>

namespace tickhouse::sql {

namespace {

constexpr Nanos kFirstWait = std::chrono::milliseconds(100);
constexpr Nanos kLongestWait = std::chrono::seconds(5);
// A server holds a request for a second or so; more means that it is lost.
constexpr Nanos kLongestRequest = std::chrono::seconds(60);

bool IsBusy(int status) {
  return status == 429 || status == 502 || status == 503 || status == 504;
}

// Only what says that nothing happened, unless asking twice does no harm.
bool MayAskAgain(ErrorKind kind, bool repeatable) {
  if (kind == ErrorKind::kUnavailable) return true;
  return repeatable && (kind == ErrorKind::kUnknownOutcome || kind == ErrorKind::kTimeout);
}

Nanos WaitAsked(const io::HttpResponse& response, Nanos otherwise) {
  const std::string_view text = response.Header("Retry-After");
  int seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0) {
    return otherwise;
  }
  return std::chrono::seconds(seconds);
}

std::string_view HostOf(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  std::string_view host = url.substr(scheme + 3);
  host = host.substr(0, host.find_first_of("/?"));
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

bool IsLoopback(std::string_view url) {
  const std::string_view host = HostOf(url);
  return host == "localhost" || host == "[::1]" || host.starts_with("127.");
}

bool IsHttps(std::string_view url) {
  return url.starts_with("https://");
}

std::string Decoded(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ec == std::errc()) {
      plain += static_cast<char>(byte);
      i += 2;
    } else {
      plain += text[i] == '+' ? ' ' : text[i];
    }
  }
  return plain;
}

Error RefusedAs(const io::HttpResponse& response, const std::string& url) {
  const std::string said = response.body.substr(0, 300);
  switch (response.status) {
    case 401:
      return {
          ErrorKind::kPermission,
          fmt::format("Trino at {} does not accept the user, password or token: {}", url, said)};
    case 403: return {ErrorKind::kPermission, fmt::format("Trino at {} refuses: {}", url, said)};
    case 404:
    case 410:
      return {ErrorKind::kIo,
              fmt::format("{} is not there (HTTP {}): no Trino, or the statement was given up", url,
                          response.status)};
    default:
      return {IsBusy(response.status) ? ErrorKind::kUnavailable : ErrorKind::kIo,
              fmt::format("Trino at {} answers HTTP {}: {}", url, response.status, said)};
  }
}

}  // namespace

std::string Base64(std::string_view bytes) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      group = group << 8 | (i + k < bytes.size() ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    }
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > bytes.size() ? '=' : kDigits[group >> (18 - 6 * k) & 63U];
    }
  }
  return text;
}

TrinoExchange::TrinoExchange(TrinoEngine& engine, Nanos timeout, CancelToken cancel)
    : engine_(engine),
      cancel_(std::move(cancel)),
      deadline_(timeout > Nanos::zero() ? engine.clock_.MonotonicNanos() + timeout.count() : 0) {}

Status TrinoExchange::CheckOptions(const TrinoOptions& options) {
  if (!IsHttps(options.url) && !options.url.starts_with("http://")) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("\"{}\" is no http:// or https:// address of Trino", options.url));
  }
  const bool secret = !options.password.empty() || !options.token.empty();
  if (secret && !IsHttps(options.url) && !IsLoopback(options.url)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("a password or token for {} needs https", options.url));
  }
  if (options.user.empty() && options.token.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "Trino wants a user");
  }
  return {};
}

Status TrinoExchange::CheckTime() const {
  TICKHOUSE_TRY(cancel_.Check());
  if (deadline_ != 0 && engine_.clock_.MonotonicNanos() >= deadline_) {
    return Fail(ErrorKind::kTimeout, "the statement took longer than allowed");
  }
  return {};
}

// Where the next page lies is the server's word; it must not lead out of TLS.
Status TrinoExchange::CheckUri(const std::string& uri) const {
  if (IsHttps(uri) || (!IsHttps(engine_.options_.url) && uri.starts_with("http://"))) return {};
  return Fail(ErrorKind::kCorrupt, fmt::format("Trino leads from {} to {}, which is not followed",
                                               engine_.options_.url, uri));
}

void TrinoExchange::AddSession(io::HttpHeaders* headers) const {
  const TrinoSession session = engine_.session();
  if (!session.catalog.empty()) headers->emplace_back("X-Trino-Catalog", session.catalog);
  if (!session.schema.empty()) headers->emplace_back("X-Trino-Schema", session.schema);
  for (const auto& [name, value] : session.properties) {
    headers->emplace_back("X-Trino-Session", fmt::format("{}={}", name, io::PercentEncode(value)));
  }
}

io::HttpRequest TrinoExchange::RequestTo(std::string method, std::string uri) const {
  const TrinoOptions& options = engine_.options_;
  io::HttpRequest request{.method = std::move(method), .url = std::move(uri)};
  request.total_timeout = kLongestRequest;
  if (deadline_ != 0) {
    const Nanos left(deadline_ - engine_.clock_.MonotonicNanos());
    request.total_timeout = std::clamp(left, Nanos(std::chrono::milliseconds(1)), kLongestRequest);
  }
  if (!options.user.empty()) request.headers.emplace_back("X-Trino-User", options.user);
  request.headers.emplace_back("X-Trino-Source", "tickhouse");
  if (!options.token.empty()) {
    request.headers.emplace_back("Authorization", "Bearer " + options.token);
  } else if (!options.password.empty()) {
    request.headers.emplace_back("Authorization",
                                 "Basic " + Base64(options.user + ":" + options.password));
  }
  return request;
}

Result<io::HttpResponse> TrinoExchange::Send(const io::HttpRequest& request, bool repeatable) {
  const int64_t last = engine_.clock_.MonotonicNanos() + engine_.options_.retry_for.count();
  for (Nanos wait = kFirstWait;; wait = std::min(2 * wait, kLongestWait)) {
    TICKHOUSE_TRY(CheckTime());
    Result<io::HttpResponse> response = engine_.http_.Send(request, cancel_);
    TICKHOUSE_TRY(CheckTime());
    Nanos pause = wait;
    if (response) {
      if (!IsBusy(response->status)) return response;
      pause = WaitAsked(*response, wait);
    } else if (!MayAskAgain(response.error().kind, repeatable)) {
      return response;
    }
    if (engine_.clock_.MonotonicNanos() + pause.count() > last) return response;
    engine_.clock_.Sleep(pause, cancel_);
  }
}

Result<TrinoPage> TrinoExchange::Post(const std::string& text, const std::string& prepared) {
  std::string url = engine_.options_.url;
  while (url.ends_with('/')) url.pop_back();
  io::HttpRequest request = RequestTo("POST", url + "/v1/statement");
  request.body = text;
  AddSession(&request.headers);
  request.headers.emplace_back("X-Trino-Time-Zone", "UTC");
  // Else times come rounded to milliseconds.
  request.headers.emplace_back("X-Trino-Client-Capabilities", "PARAMETRIC_DATETIME");
  if (!prepared.empty()) {
    request.headers.emplace_back("X-Trino-Prepared-Statement",
                                 "tickhouse=" + io::PercentEncode(prepared));
  }
  TICKHOUSE_ASSIGN(const io::HttpResponse response, Send(request, false));
  if (response.status != 200) return Fail(RefusedAs(response, url));
  TakeSession(response);
  return ReadTrinoPage(response.body, {});
}

Result<TrinoPage> TrinoExchange::Get(const std::string& uri, const std::vector<Column>& columns) {
  TICKHOUSE_TRY(CheckUri(uri));
  TICKHOUSE_ASSIGN(const io::HttpResponse response, Send(RequestTo("GET", uri), true));
  if (response.status != 200) return Fail(RefusedAs(response, uri));
  TakeSession(response);
  return ReadTrinoPage(response.body, columns);
}

void TrinoExchange::Delete(const std::string& uri) {
  if (!CheckUri(uri)) return;
  io::HttpRequest request = RequestTo("DELETE", uri);
  request.connect_timeout = std::chrono::seconds(1);
  request.total_timeout = std::chrono::seconds(2);
  // The statement's own token has fired, maybe; a server that forgets us tidies up by itself.
  [[maybe_unused]] const auto answer = engine_.http_.Send(request, CancelToken());
}

void TrinoExchange::TakeSession(const io::HttpResponse& response) {
  const std::scoped_lock lock(engine_.mutex_);
  TrinoSession& session = engine_.session_;
  for (const auto& [name, value] : response.headers) {
    const std::size_t equals = value.find('=');
    if (io::SameHeaderName(name, "X-Trino-Set-Catalog")) session.catalog = value;
    if (io::SameHeaderName(name, "X-Trino-Set-Schema")) session.schema = value;
    if (io::SameHeaderName(name, "X-Trino-Clear-Session")) session.properties.erase(value);
    if (io::SameHeaderName(name, "X-Trino-Set-Session") && equals != std::string::npos) {
      session.properties[value.substr(0, equals)] = Decoded(value.substr(equals + 1));
    }
  }
}

}  // namespace tickhouse::sql
