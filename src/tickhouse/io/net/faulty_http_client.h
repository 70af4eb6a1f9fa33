// The harmful twin of the network: wraps a client and spoils the requests a test picks. Tests only.
#pragma once

#include <functional>
#include <mutex>
#include <utility>

#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

enum class HttpFault {
  kNone,
  kNoConnection,  ///< Nothing is sent: kUnavailable.
  kAnswerLost,    ///< It is sent and takes effect; the answer is lost: kUnknownOutcome.
  kSlow,          ///< It is sent and takes effect; the time runs out: kTimeout.
  kCutBody,       ///< The answer arrives with half of its body and no sign of it.
  kBusyStatus,    ///< Nothing is sent; 503 with Retry-After: 1.
  kServerError,   ///< Nothing is sent; 500.
};

/// Forwards to `base` (not owned). `fault(request, n)` is asked before each request, n counting
/// from 0.
class FaultyHttpClient : public HttpClient {
 public:
  using Plan = std::function<HttpFault(const HttpRequest& request, int n)>;

  FaultyHttpClient(HttpClient* base, Plan plan) : base_(base), plan_(std::move(plan)) {}

  Result<HttpResponse> Send(const HttpRequest& request, const CancelToken& cancel) override {
    HttpFault fault = HttpFault::kNone;
    {
      std::scoped_lock lock(mutex_);
      fault = plan_(request, count_++);
    }
    if (fault == HttpFault::kNoConnection) {
      return Fail(ErrorKind::kUnavailable, request.url + ": no connection (a test's fault)");
    }
    if (fault == HttpFault::kBusyStatus) return HttpResponse{503, {{"Retry-After", "1"}}, "busy"};
    if (fault == HttpFault::kServerError) return HttpResponse{500, {}, "broken"};
    auto response = base_->Send(request, cancel);
    if (!response) return response;
    if (fault == HttpFault::kAnswerLost) {
      return Fail(ErrorKind::kUnknownOutcome, request.url + ": answer lost (a test's fault)");
    }
    if (fault == HttpFault::kSlow) {
      return Fail(ErrorKind::kTimeout, request.url + ": too slow (a test's fault)");
    }
    if (fault == HttpFault::kCutBody) response->body.resize(response->body.size() / 2);
    return response;
  }

 private:
  HttpClient* base_;
  std::mutex mutex_;
  Plan plan_;
  int count_ = 0;
};

}  // namespace tickhouse::io
