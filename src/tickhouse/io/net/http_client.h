// HTTP requests, behind one interface: libcurl for real, scripted and faulty twins for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {

/// Names compare without case; repeated names are kept in order.
using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method = "GET";
  std::string url;  ///< Already percent-encoded.
  HttpHeaders headers = {};
  std::string body = {};
  Nanos connect_timeout = std::chrono::seconds(10);
  Nanos total_timeout = std::chrono::seconds(120);
  int64_t max_response_bytes = int64_t{1} << 30;
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers = {};
  std::string body = {};
  /// The first header of that name, or empty.
  std::string_view Header(std::string_view name) const;
};

/// Safe for several threads; connections are kept and reused. Any status the server sends is a
/// success here (404 and 503 included). Failures say whether the request can have reached the
/// server: kUnavailable: no connection, so nothing happened there. kUnknownOutcome: it was sent,
/// and the answer did not arrive whole. kTimeout: the time ran out after sending began (also
/// unknown). kCancelled. kCorrupt: the answer is not HTTP, or larger than allowed.
/// kInvalidArgument: bad URL. Redirects are not followed. Certificates are verified against the
/// system's store or `CURL_CA_BUNDLE` / `SSL_CERT_FILE`; `http_proxy`, `https_proxy`, `no_proxy`
/// are honoured.
class HttpClient {
 public:
  virtual ~HttpClient() = default;
  virtual Result<HttpResponse> Send(const HttpRequest& request, const CancelToken& cancel) = 0;
};

/// Environment read when a request is sent. Cancelling takes effect within 50 ms. A request that
/// must not happen twice unseen (POST, PATCH, conditional writes) always opens its own connection:
/// libcurl would silently repeat it when a kept one turns out to be dead.
std::unique_ptr<HttpClient> MakeCurlHttpClient();

/// Header names are equal without case.
bool SameHeaderName(std::string_view a, std::string_view b);

/// Percent-encodes everything but unreserved characters (RFC 3986); '/' kept when `keep_slash`.
std::string PercentEncode(std::string_view text, bool keep_slash = false);

}  // namespace tickhouse::io
