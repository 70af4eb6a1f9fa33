// The tame twin of the network: a test says what each request is answered with. Tests only.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

/// Safe for several threads; `answer` is called by one at a time.
class ScriptedHttpClient : public HttpClient {
 public:
  using Answer = std::function<Result<HttpResponse>(const HttpRequest& request)>;

  /// Every request is answered by the function.
  explicit ScriptedHttpClient(Answer answer) : answer_(std::move(answer)) {}

  /// The requests are answered in this order; one too many is kUnavailable.
  explicit ScriptedHttpClient(std::vector<Result<HttpResponse>> answers)
      : answer_([answers = std::move(answers), next = std::size_t{0}](
                    const HttpRequest& request) mutable -> Result<HttpResponse> {
          if (next < answers.size()) return answers[next++];
          return Fail(ErrorKind::kUnavailable, request.url + ": the script has ended");
        }) {}

  Result<HttpResponse> Send(const HttpRequest& request, const CancelToken& cancel) override {
    TICKHOUSE_TRY(cancel.Check());
    std::scoped_lock lock(mutex_);
    requests_.push_back(request);
    auto response = answer_(request);
    if (response && static_cast<int64_t>(response->body.size()) > request.max_response_bytes) {
      return Fail(ErrorKind::kCorrupt, fmt::format("{}: the answer has more than {} bytes",
                                                   request.url, request.max_response_bytes));
    }
    return response;
  }

  /// Everything that was asked so far.
  std::vector<HttpRequest> requests() const {
    std::scoped_lock lock(mutex_);
    return requests_;
  }

 private:
  mutable std::mutex mutex_;
  Answer answer_;
  std::vector<HttpRequest> requests_;
};

}  // namespace tickhouse::io
