#include <curl/curl.h>
#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <mutex>
#include <optional>

#include "tickhouse/core/check.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

namespace {

constexpr int kPollMillis = 50;

// A peer that hangs up during a TLS write raises SIGPIPE, which would end the whole program.
class NoSigpipe {
 public:
  NoSigpipe() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoSigpipe() {
    if (!was_pending_) {
      const timespec at_once{0, 0};
      while (sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) {
      }
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoSigpipe(const NoSigpipe&) = delete;
  NoSigpipe& operator=(const NoSigpipe&) = delete;

 private:
  sigset_t pipe_;
  sigset_t before_;
  bool was_pending_ = false;
};

/// An easy handle with the multi handle that drives it and keeps its connections.
struct Handle {
  CURLM* multi = curl_multi_init();
  CURL* easy = curl_easy_init();
  Handle() { TICKHOUSE_CHECK(multi != nullptr && easy != nullptr, "libcurl has memory"); }
  ~Handle() {
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
};

struct HeaderList {
  curl_slist* list = nullptr;
  ~HeaderList() { curl_slist_free_all(list); }
  void Add(const std::string& line) { list = curl_slist_append(list, line.c_str()); }
};

struct Answer {
  HttpResponse response;
  int64_t max_bytes = 0;
  bool too_large = false;
};

std::string_view Trim(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::size_t OnHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // also after a "100 Continue": the last answer counts
    answer.response.headers.clear();
    return line.size();
  }
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    const std::string_view name = Trim(line.substr(0, colon));
    const std::string_view value = Trim(line.substr(colon + 1));
    if (SameHeaderName(name, "Content-Length")) {
      int64_t length = 0;
      std::from_chars(value.data(), value.data() + value.size(), length);
      if (length > 0 && length <= answer.max_bytes) {
        answer.response.body.reserve(static_cast<std::size_t>(std::min(length, int64_t{64} << 20)));
      }
    }
    answer.response.headers.emplace_back(name, value);
  }
  return line.size();
}

std::size_t OnBody(char* data, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  const std::size_t bytes = size * count;
  if (static_cast<int64_t>(answer.response.body.size() + bytes) > answer.max_bytes) {
    answer.too_large = true;
    return 0;
  }
  answer.response.body.append(data, bytes);
  return bytes;
}

long Millis(Nanos duration) {
  const auto millis = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
  return static_cast<long>(std::clamp<int64_t>(millis, 1, 1'000'000'000));
}

bool HasHeader(const HttpHeaders& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return SameHeaderName(header.first, name); });
}

bool MayHappenTwice(const HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD") return true;
  if (request.method == "POST" || request.method == "PATCH") return false;
  return !HasHeader(request.headers, "If-Match") && !HasHeader(request.headers, "If-None-Match");
}

Status CheckRequest(const HttpRequest& request) {
  if (!request.url.starts_with("http://") && !request.url.starts_with("https://")) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: not an http:// or https:// address", request.url));
  }
  for (const unsigned char c : request.url) {
    if (c <= ' ' || c == 127) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: a blank or control character in the address", request.url));
    }
  }
  for (const auto& [name, value] : request.headers) {
    if (name.empty() ||
        (name + value).find_first_of(std::string_view("\r\n\0", 3)) != std::string::npos) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: the header '{}' holds a line break", request.url, name));
    }
  }
  return {};
}

void FillHeaders(const HttpRequest& request, HeaderList& list) {
  for (const auto& [name, value] : request.headers) {
    list.Add(value.empty() ? name + ";" : name + ": " + value);
  }
  // What libcurl would add by itself and nobody asked for.
  if (!HasHeader(request.headers, "Content-Type")) list.Add("Content-Type:");
  if (!HasHeader(request.headers, "Expect")) list.Add("Expect:");
  if (!HasHeader(request.headers, "User-Agent")) list.Add("User-Agent: tickhouse");
}

void SetTrust(CURL* easy) {
  for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE"}) {
    const char* file = std::getenv(name);
    if (file != nullptr && *file != '\0') {
      curl_easy_setopt(easy, CURLOPT_CAINFO, file);
      return;
    }
  }
}

void SetMethod(CURL* easy, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
  } else if (request.method == "GET" && request.body.empty()) {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else if (request.body.empty() && request.method != "POST" && request.method != "PUT") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void SetOptions(CURL* easy, const HttpRequest& request, const HeaderList& headers, Answer& answer,
                char* error_text) {
  curl_easy_reset(easy);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error_text);
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L * 1024);
  curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, Millis(request.connect_timeout));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, Millis(request.total_timeout));
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.list);
  if (!MayHappenTwice(request)) curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
  SetTrust(easy);
  SetMethod(easy, request);
}

ErrorKind KindOf(CURLcode code, bool sent, bool too_large) {
  switch (code) {
    case CURLE_URL_MALFORMAT: return ErrorKind::kInvalidArgument;
    case CURLE_UNSUPPORTED_PROTOCOL:  // "HTTP/0.9 when not allowed": an answer without a head
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_FILESIZE_EXCEEDED: return ErrorKind::kCorrupt;
    case CURLE_WRITE_ERROR: return too_large ? ErrorKind::kCorrupt : ErrorKind::kIo;
    case CURLE_OPERATION_TIMEDOUT: return sent ? ErrorKind::kTimeout : ErrorKind::kUnavailable;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_FAILED_INIT: return ErrorKind::kIo;
    default: return sent ? ErrorKind::kUnknownOutcome : ErrorKind::kUnavailable;
  }
}

// nullopt: cancelled.
std::optional<CURLcode> Drive(Handle& handle, const CancelToken& cancel) {
  curl_multi_add_handle(handle.multi, handle.easy);
  std::optional<CURLcode> outcome;
  while (!cancel.cancelled()) {
    int running = 0;
    if (curl_multi_perform(handle.multi, &running) != CURLM_OK) {
      outcome = CURLE_FAILED_INIT;
      break;
    }
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(handle.multi, &left)) {
      if (message->msg == CURLMSG_DONE) outcome = message->data.result;
    }
    if (outcome) break;
    curl_multi_poll(handle.multi, nullptr, 0, kPollMillis, nullptr);
  }
  curl_multi_remove_handle(handle.multi, handle.easy);
  return outcome;
}

class CurlHttpClient : public HttpClient {
 public:
  CurlHttpClient() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_ALL);
    TICKHOUSE_CHECK(started == CURLE_OK, "libcurl starts");
  }

  ~CurlHttpClient() override {
    const NoSigpipe no_sigpipe;  // closing a TLS connection writes to it
    idle_.clear();
  }

  Result<HttpResponse> Send(const HttpRequest& request, const CancelToken& cancel) override {
    TICKHOUSE_TRY(CheckRequest(request));
    TICKHOUSE_TRY(cancel.Check());
    const NoSigpipe no_sigpipe;
    std::unique_ptr<Handle> handle = Take();
    auto result = SendWith(*handle, request, cancel);
    Give(std::move(handle));
    return result;
  }

 private:
  static Result<HttpResponse> SendWith(Handle& handle, const HttpRequest& request,
                                       const CancelToken& cancel) {
    char error_text[CURL_ERROR_SIZE] = "";
    Answer answer;
    answer.max_bytes = request.max_response_bytes;
    HeaderList headers;
    FillHeaders(request, headers);
    SetOptions(handle.easy, request, headers, answer, error_text);
    const std::optional<CURLcode> code = Drive(handle, cancel);
    long status = 0;
    long request_bytes = 0;
    curl_easy_getinfo(handle.easy, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(handle.easy, CURLINFO_REQUEST_SIZE, &request_bytes);
    curl_easy_reset(handle.easy);  // it points at this frame's buffers
    if (!code) return Fail(ErrorKind::kCancelled, request.url + ": interrupted");
    if (*code == CURLE_OK) {
      answer.response.status = static_cast<int>(status);
      return std::move(answer.response);
    }
    if (answer.too_large) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("{} {}: the answer has more than {} bytes", request.method,
                              request.url, request.max_response_bytes));
    }
    return Fail(KindOf(*code, request_bytes > 0, answer.too_large),
                fmt::format("{} {}: {}", request.method, request.url,
                            error_text[0] != '\0' ? error_text : curl_easy_strerror(*code)));
  }

  std::unique_ptr<Handle> Take() {
    std::scoped_lock lock(mutex_);
    if (idle_.empty()) return std::make_unique<Handle>();
    auto handle = std::move(idle_.back());
    idle_.pop_back();
    return handle;
  }

  void Give(std::unique_ptr<Handle> handle) {
    std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(handle));
  }

  std::mutex mutex_;
  std::vector<std::unique_ptr<Handle>> idle_;
};

}  // namespace

std::unique_ptr<HttpClient> MakeCurlHttpClient() {
  return std::make_unique<CurlHttpClient>();
}

}  // namespace tickhouse::io
