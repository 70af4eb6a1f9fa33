// One REST server as a client sees it: who we are to it, how requests are sent, when they are sent
// again.
#pragma once

#include <mutex>
#include <string>

#include "tickhouse/core/clock.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/io/s3/sigv4.h"
#include "tickhouse/lake/rest/rest_error.h"

namespace tickhouse::lake {

/// Nothing is owned. Without token, credential and signing, requests go out as they are.
struct RestSessionSettings {
  io::HttpClient* http = nullptr;
  Clock* clock = nullptr;
  CancelToken cancel = {};
  /// Differs in each process: idempotency keys come from it.
  Random random{0};
  /// A bearer token, as given; not renewed.
  std::string token = {};
  /// OAuth2 client credentials, "id:secret" or "secret": a token is fetched, and again before it
  /// ends or when it is refused.
  std::string credential = {};
  std::string token_url = {};
  std::string scope = "catalog";
  /// Signed with Signature Version 4 where the server asks for it. A bearer token then travels as
  /// Original-Authorization.
  bool sign = false;
  std::string signing_name = "execute-api";
  std::string signing_region = {};
  io::AwsCredentials credentials = {};
  io::HttpHeaders headers = {};  ///< Sent with every request.
  Nanos timeout = std::chrono::seconds(120);
};

struct RestRequest {
  std::string method = "GET";
  std::string url = {};
  std::string body = {};
  io::HttpHeaders headers = {};
  /// Sent with an idempotency key and, when the answer is lost, again under the same key.
  bool idempotent = false;
};

/// Safe for several threads.
class RestSession {
 public:
  explicit RestSession(RestSessionSettings settings) : settings_(std::move(settings)) {}

  /// An answer below 400, or the error that it means (see rest_error.h). kCancelled.
  Result<io::HttpResponse> Send(const RestRequest& request);

 private:
  struct Token {
    std::string text = {};
    int64_t renew_at_ns = 0;  ///< By the monotonic clock; 0: never.
  };

  Result<std::string> BearerToken(const std::string& refused);
  Result<Token> FetchToken();
  Result<io::HttpResponse> SendOnce(const RestRequest& request, const std::string& key,
                                    const std::string& token);
  Result<io::HttpResponse> SendAuthorized(const RestRequest& request, const std::string& key);
  std::string NewKey();

  RestSessionSettings settings_;
  std::mutex mutex_;  ///< Guards the token and the random numbers.
  Token token_;
};

}  // namespace tickhouse::lake
