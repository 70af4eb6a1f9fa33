#include "tickhouse/io/s3/s3_client.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstring>

namespace tickhouse::io {

namespace {

constexpr char kWriteIdHeader[] = "x-amz-meta-tickhouse-write";

bool MayPass(const HttpResponse& response) {
  switch (response.status) {
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: return true;
    case 400: return s3::ParseError(response.body).code == "RequestTimeout";
    case 409: return s3::ParseError(response.body).code == "ConditionalRequestConflict";
    default: return false;
  }
}

std::string Quote(const std::string& etag) {
  return "\"" + etag + "\"";
}

void AddCondition(HttpHeaders& headers, const S3Condition& condition) {
  if (condition.if_absent) headers.emplace_back("If-None-Match", "*");
  if (!condition.if_match.empty()) headers.emplace_back("If-Match", Quote(condition.if_match));
}

Status CheckBucket(const std::string& bucket) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  };
  if (bucket.size() < 3 || bucket.size() > 255 ||
      !std::all_of(bucket.begin(), bucket.end(), good)) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("s3://{}: not the name of a bucket", bucket));
  }
  return {};
}

}  // namespace

S3Client::S3Client(S3Config config, HttpClient* http, Clock* clock, CancelToken cancel)
    : config_(std::move(config)),
      http_(http),
      clock_(clock),
      cancel_(std::move(cancel)),
      random_(config_.seed) {}

std::string S3Client::NameOf(const Call& call) const {
  return call.key.empty() ? "s3://" + call.bucket
                          : fmt::format("s3://{}/{}", call.bucket, call.key);
}

std::string S3Client::UrlOf(const Call& call) const {
  std::string endpoint = config_.endpoint;
  if (endpoint.empty()) endpoint = fmt::format("https://s3.{}.amazonaws.com", config_.region);
  std::string url;
  if (config_.path_style) {
    url = fmt::format("{}/{}", endpoint, call.bucket);
  } else {
    const std::size_t host = endpoint.find("://") + 3;
    url = fmt::format("{}{}.{}", endpoint.substr(0, host), call.bucket, endpoint.substr(host));
  }
  url += '/';
  url += PercentEncode(call.key, /*keep_slash=*/true);
  char separator = '?';
  for (const auto& [name, value] : call.query) {
    url += fmt::format("{}{}={}", separator, PercentEncode(name), PercentEncode(value));
    separator = '&';
  }
  return url;
}

HttpRequest S3Client::RequestOf(Call& call) const {
  HttpRequest request;
  request.method = call.method;
  request.url = UrlOf(call);
  request.headers = call.headers;
  request.body = std::move(call.body);  // may be large: `Do` hands it back
  request.total_timeout = config_.request_timeout;
  request.max_response_bytes = call.max_bytes;
  return request;
}

bool S3Client::Wait(int attempt, std::string_view retry_after, const CancelToken& cancel) {
  const Nanos most =
      std::min(config_.longest_wait, config_.first_wait * (int64_t{1} << std::min(attempt, 20)));
  double share = 0;
  {
    std::scoped_lock lock(mutex_);
    share = random_.Uniform();
  }
  Nanos wait(static_cast<int64_t>(static_cast<double>(most.count()) * (0.1 + 0.9 * share)));
  int64_t seconds = 0;
  std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), seconds);
  if (seconds > 0) {
    wait = std::max(wait, Nanos(std::chrono::seconds(std::min<int64_t>(seconds, 60))));
  }
  return clock_->Sleep(wait, cancel);
}

Result<S3Client::Reply> S3Client::Do(Call& call) {
  TICKHOUSE_TRY(CheckBucket(call.bucket));
  const CancelToken cancel = call.cancellable ? cancel_ : CancelToken();
  bool maybe_done = false;
  for (int attempt = 0;; ++attempt) {
    HttpRequest request = RequestOf(call);
    SignV4(request, config_.credentials, config_.region, "s3", clock_->Now());
    auto response = http_->Send(request, cancel);
    call.body = std::move(request.body);
    const bool last = attempt + 1 >= config_.attempts;
    if (response) {
      const bool cut = response->status / 100 == 2 && call.expected_bytes >= 0 &&
                       static_cast<int64_t>(response->body.size()) < call.expected_bytes;
      const bool hidden_error = call.error_in_200 && response->status == 200 &&
                                !s3::ParseError(response->body).code.empty();
      if (hidden_error) response->status = 500;
      if (!cut && !MayPass(*response)) return Reply{std::move(*response), maybe_done};
      if (last && cut) {
        return Fail(ErrorKind::kUnavailable,
                    fmt::format("{}: the answer is cut after {} of {} bytes", NameOf(call),
                                response->body.size(), call.expected_bytes));
      }
      if (last) return Reply{std::move(*response), maybe_done};
      // Even a 503 may come from something in front of the store that gave up waiting for it.
      maybe_done = true;
    } else {
      const ErrorKind kind = response.error().kind;
      const bool unknown = kind == ErrorKind::kUnknownOutcome || kind == ErrorKind::kTimeout;
      if (unknown) maybe_done = true;
      if (!unknown && kind != ErrorKind::kUnavailable) {
        return Fail(response.error().WithContext(NameOf(call)));
      }
      if (last) {
        const ErrorKind told = call.changes && maybe_done           ? ErrorKind::kUnknownOutcome
                               : kind == ErrorKind::kUnknownOutcome ? ErrorKind::kUnavailable
                                                                    : kind;
        return Fail(told, fmt::format("{}: {} (tried {} times)", NameOf(call),
                                      response.error().message, config_.attempts));
      }
    }
    if (!Wait(attempt, response ? response->Header("Retry-After") : "", cancel)) {
      return Fail(ErrorKind::kCancelled, NameOf(call) + ": interrupted");
    }
  }
}

Error S3Client::ErrorOf(const Call& call, const Reply& reply) const {
  Error error = s3::ErrorOf(reply.http, NameOf(call), clock_->Now());
  if (error.kind == ErrorKind::kUnavailable) {
    error.message += fmt::format(" (tried {} times)", config_.attempts);
    if (call.changes) error.kind = ErrorKind::kUnknownOutcome;
    if (call.changes && reply.http.status == 503 && !reply.maybe_done) {
      error.kind = ErrorKind::kUnavailable;
    }
  }
  return error;
}

std::string S3Client::NewWriteId() {
  static std::atomic<uint64_t> counter = 0;
  std::scoped_lock lock(mutex_);
  return fmt::format("{:x}-{:x}-{:x}-{:x}", ToNanos(clock_->Now()), ::getpid(),
                     counter.fetch_add(1), random_.Next());
}

Result<std::optional<std::string>> S3Client::EtagIfWrittenBy(const std::string& bucket,
                                                             const std::string& key,
                                                             const std::string& write_id) {
  Call call{.method = "HEAD", .bucket = bucket, .key = key};
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (!reply.ok() || reply.http.Header(kWriteIdHeader) != write_id) return std::nullopt;
  return s3::Unquote(reply.http.Header("ETag"));
}

Result<std::string> S3Client::Settle(const Call& call, Result<Reply> reply,
                                     const std::string& write_id) {
  const bool dark = reply ? !reply->ok() && (reply->maybe_done || reply->http.status >= 500)
                          : reply.error().kind == ErrorKind::kUnknownOutcome;
  if (dark) {
    const auto etag = EtagIfWrittenBy(call.bucket, call.key, write_id);
    if (etag && *etag) return **etag;
    // It is not there (any more): a refusal that came last is believed, silence is not.
    if (!etag) {
      return Fail(ErrorKind::kUnknownOutcome,
                  fmt::format("{}: the write may or may not have taken effect: {}", NameOf(call),
                              etag.error().message));
    }
  }
  if (!reply) return Fail(reply.error());
  if (!reply->ok()) return Fail(ErrorOf(call, *reply));
  if (const auto etag = reply->http.Header("ETag"); !etag.empty()) return s3::Unquote(etag);
  TICKHOUSE_ASSIGN(const std::string etag, s3::ParseField(reply->http.body, "ETag"));
  return s3::Unquote(etag);
}

Result<std::string> S3Client::Put(const std::string& bucket, const std::string& key,
                                  std::string body, const S3Condition& condition) {
  Call call{.method = "PUT", .bucket = bucket, .key = key, .body = std::move(body)};
  call.changes = true;
  const std::string write_id = NewWriteId();
  if (condition.any()) call.headers.emplace_back(kWriteIdHeader, write_id);
  AddCondition(call.headers, condition);
  auto reply = Do(call);
  if (condition.any()) return Settle(call, std::move(reply), write_id);
  if (!reply) return Fail(reply.error());
  if (!reply->ok()) return Fail(ErrorOf(call, *reply));
  return s3::Unquote(reply->http.Header("ETag"));
}

Status S3Client::Get(const std::string& bucket, const std::string& key, int64_t offset,
                     std::span<std::byte> out, const std::string& etag) {
  if (out.empty()) return {};
  const auto length = static_cast<int64_t>(out.size());
  Call call{.method = "GET", .bucket = bucket, .key = key};
  call.headers.emplace_back("Range", fmt::format("bytes={}-{}", offset, offset + length - 1));
  if (!etag.empty()) call.headers.emplace_back("If-Match", Quote(etag));
  call.expected_bytes = length;
  call.max_bytes = length + (int64_t{1} << 20);  // room for an error document
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (reply.http.status == 412) {
    return Fail(ErrorKind::kConflict,
                fmt::format("{}: changed since it was opened; start again", NameOf(call)));
  }
  if (!reply.ok()) return Fail(ErrorOf(call, reply));
  const std::string& body = reply.http.body;
  if (!etag.empty() && s3::Unquote(reply.http.Header("ETag")) != etag) {
    return Fail(ErrorKind::kConflict,
                fmt::format("{}: changed since it was opened; start again", NameOf(call)));
  }
  // A server that knows no ranges sends everything; right only for a range from the start.
  const bool whole_range =
      static_cast<int64_t>(body.size()) == length && (reply.http.status == 206 || offset == 0);
  if (!whole_range) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("{}: asked for {} bytes at {}, got {} (status {})", NameOf(call),
                            length, offset, body.size(), reply.http.status));
  }
  std::memcpy(out.data(), body.data(), body.size());
  return {};
}

Result<S3Object> S3Client::Head(const std::string& bucket, const std::string& key) {
  Call call{.method = "HEAD", .bucket = bucket, .key = key};
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (!reply.ok()) return Fail(ErrorOf(call, reply));
  S3Object object;
  object.key = key;
  object.etag = s3::Unquote(reply.http.Header("ETag"));
  TICKHOUSE_ASSIGN(object.modified, s3::ParseHttpDate(reply.http.Header("Last-Modified")));
  const std::string_view size = reply.http.Header("Content-Length");
  const auto [end, code] = std::from_chars(size.data(), size.data() + size.size(), object.size);
  if (code != std::errc() || end != size.data() + size.size()) {
    return Fail(ErrorKind::kCorrupt, fmt::format("{}: the store names no size", NameOf(call)));
  }
  return object;
}

Status S3Client::Delete(const std::string& bucket, const std::string& key) {
  Call call{.method = "DELETE", .bucket = bucket, .key = key};
  call.changes = true;
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (reply.ok() ||
      (reply.http.status == 404 && s3::ParseError(reply.http.body).code == "NoSuchKey")) {
    return {};
  }
  return Fail(ErrorOf(call, reply));
}

Status S3Client::DeleteMany(const std::string& bucket, std::span<const std::string> keys) {
  constexpr std::size_t kMostKeys = 1000;
  std::vector<std::string> failures;
  for (std::size_t done = 0; done < keys.size();) {
    const auto batch = keys.subspan(done, std::min(kMostKeys, keys.size() - done));
    done += batch.size();
    std::string body =
        "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>";
    for (const std::string& key : batch) {
      const bool control =
          std::any_of(key.begin(), key.end(), [](unsigned char c) { return c < ' '; });
      if (control) {  // XML cannot name it
        TICKHOUSE_TRY(Delete(bucket, key));
      } else {
        body += fmt::format("<Object><Key>{}</Key></Object>", s3::XmlEscape(key));
      }
    }
    body += "</Delete>";
    if (body.find("<Object>") == std::string::npos) continue;
    Call call{.method = "POST", .bucket = bucket, .query = {{"delete", ""}}, .body = body};
    call.headers = {{"Content-MD5", Md5Base64(body)}, {"Content-Type", "application/xml"}};
    call.changes = true;
    call.error_in_200 = true;
    TICKHOUSE_ASSIGN(const Reply reply, Do(call));
    if (!reply.ok()) return Fail(ErrorOf(call, reply));
    if (reply.http.body.empty()) continue;
    TICKHOUSE_ASSIGN(const auto errors, s3::ParseDeleteErrors(reply.http.body));
    failures.insert(failures.end(), errors.begin(), errors.end());
  }
  if (failures.empty()) return {};
  std::string text;
  for (std::size_t i = 0; i < std::min<std::size_t>(failures.size(), 5); ++i) {
    text += "\n  " + failures[i];
  }
  return Fail(ErrorKind::kPermission, fmt::format("s3://{}: {} objects could not be removed:{}",
                                                  bucket, failures.size(), text));
}

Result<std::string> S3Client::Copy(const std::string& from_bucket, const std::string& from_key,
                                   const std::string& bucket, const std::string& key,
                                   const std::string& source_etag) {
  Call call{.method = "PUT", .bucket = bucket, .key = key};
  call.headers.emplace_back("x-amz-copy-source",
                            "/" + from_bucket + "/" + PercentEncode(from_key, true));
  if (!source_etag.empty()) {
    call.headers.emplace_back("x-amz-copy-source-if-match", Quote(source_etag));
  }
  call.changes = true;
  call.error_in_200 = true;
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (!reply.ok()) return Fail(ErrorOf(call, reply));
  TICKHOUSE_ASSIGN(const std::string etag, s3::ParseField(reply.http.body, "ETag"));
  return s3::Unquote(etag);
}

Result<std::vector<S3Object>> S3Client::List(const std::string& bucket, const std::string& prefix) {
  std::vector<S3Object> objects;
  std::string token;
  while (true) {
    Call call{.method = "GET", .bucket = bucket};
    call.query = {{"list-type", "2"},
                  {"encoding-type", "url"},
                  {"max-keys", std::to_string(config_.list_page)},
                  {"prefix", prefix}};
    if (!token.empty()) call.query.emplace_back("continuation-token", token);
    TICKHOUSE_ASSIGN(const Reply reply, Do(call));
    if (!reply.ok()) return Fail(ErrorOf(call, reply));
    auto page = s3::ParseListPage(reply.http.body);
    if (!page) return Fail(page.error().WithContext(NameOf(call)));
    std::move(page->objects.begin(), page->objects.end(), std::back_inserter(objects));
    if (page->next_token.empty()) return objects;
    if (page->next_token == token) {
      return Fail(ErrorKind::kCorrupt, NameOf(call) + ": the store lists the same page for ever");
    }
    token = page->next_token;
  }
}

Status S3Client::CreateBucket(const std::string& bucket) {
  Call call{.method = "PUT", .bucket = bucket};
  if (config_.endpoint.empty() && config_.region != "us-east-1") {
    call.body = fmt::format(
        "<CreateBucketConfiguration><LocationConstraint>{}</LocationConstraint>"
        "</CreateBucketConfiguration>",
        config_.region);
  }
  call.changes = true;
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (reply.ok()) return {};
  return Fail(ErrorOf(call, reply));
}

Result<S3Client::Upload> S3Client::StartUpload(const std::string& bucket, const std::string& key) {
  Upload upload{bucket, key, {}, NewWriteId()};
  Call call{.method = "POST", .bucket = bucket, .key = key, .query = {{"uploads", ""}}};
  call.headers.emplace_back(kWriteIdHeader, upload.write_id);
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (!reply.ok()) return Fail(ErrorOf(call, reply));
  TICKHOUSE_ASSIGN(upload.upload_id, s3::ParseField(reply.http.body, "UploadId"));
  return upload;
}

Result<std::string> S3Client::UploadPart(const Upload& upload, int number, std::string body,
                                         bool* sure) {
  Call call{.method = "PUT", .bucket = upload.bucket, .key = upload.key, .body = std::move(body)};
  call.query = {{"partNumber", std::to_string(number)}, {"uploadId", upload.upload_id}};
  call.changes = true;
  // A part that is given up half-way may still arrive, after the abort that should remove it.
  call.cancellable = false;
  TICKHOUSE_TRY(cancel_.Check());
  const auto reply = Do(call);
  *sure = reply && !reply->maybe_done;
  if (!reply) return Fail(reply.error());
  if (!reply->ok()) return Fail(ErrorOf(call, *reply));
  std::string etag = s3::Unquote(reply->http.Header("ETag"));
  if (etag.empty()) {
    return Fail(ErrorKind::kCorrupt, NameOf(call) + ": the store gave a part no ETag");
  }
  return etag;
}

Result<std::string> S3Client::CompleteUpload(const Upload& upload,
                                             std::span<const std::string> part_etags,
                                             const S3Condition& condition) {
  Call call{.method = "POST", .bucket = upload.bucket, .key = upload.key};
  call.query = {{"uploadId", upload.upload_id}};
  call.body = "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">";
  for (std::size_t i = 0; i < part_etags.size(); ++i) {
    call.body += fmt::format("<Part><PartNumber>{}</PartNumber><ETag>&quot;{}&quot;</ETag></Part>",
                             i + 1, s3::XmlEscape(part_etags[i]));
  }
  call.body += "</CompleteMultipartUpload>";
  call.headers.emplace_back("Content-Type", "application/xml");
  AddCondition(call.headers, condition);
  call.changes = true;
  call.error_in_200 = true;
  return Settle(call, Do(call), upload.write_id);
}

Status S3Client::AbortUpload(const Upload& upload) {
  Call call{.method = "DELETE", .bucket = upload.bucket, .key = upload.key};
  call.query = {{"uploadId", upload.upload_id}};
  call.changes = true;
  call.cancellable = false;
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (reply.ok() || reply.http.status == 404) return {};
  return Fail(ErrorOf(call, reply));
}

Status S3Client::AbortForGood(const Upload& upload, bool sure) {
  constexpr int kRounds = 5;
  // A cut part may still be in the store's hands for a moment: a few more looks, at growing
  // distance.
  const int least = sure ? 1 : 3;
  Status aborted;
  for (int round = 0; round < kRounds; ++round) {
    if (round > 0) Wait(round, "", CancelToken());
    aborted = AbortUpload(upload);
    if (!aborted) continue;
    const auto gone = IsGone(upload);
    if (gone && *gone && round + 1 >= least) return {};
    if (!gone) aborted = Fail(gone.error());
  }
  if (!aborted) return aborted;
  return Fail(ErrorKind::kUnknownOutcome,
              fmt::format("s3://{}/{}: the store keeps the aborted upload {}", upload.bucket,
                          upload.key, upload.upload_id));
}

Result<bool> S3Client::IsGone(const Upload& upload) {
  Call call{.method = "GET", .bucket = upload.bucket, .key = upload.key};
  call.query = {{"uploadId", upload.upload_id}};
  call.cancellable = false;
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (reply.ok() || reply.http.status == 404) return reply.http.status == 404;
  return Fail(ErrorOf(call, reply));
}

Result<std::vector<S3Upload>> S3Client::ListUploads(const std::string& bucket,
                                                    const std::string& prefix) {
  Call call{.method = "GET", .bucket = bucket, .query = {{"uploads", ""}, {"prefix", prefix}}};
  TICKHOUSE_ASSIGN(const Reply reply, Do(call));
  if (!reply.ok()) return Fail(ErrorOf(call, reply));
  return s3::ParseUploads(reply.http.body);
}

Result<bool> S3Client::HonoursConditions(const std::string& bucket, const std::string& folder) {
  {
    std::scoped_lock lock(mutex_);
    for (const auto& [name, honours] : probed_) {
      if (name == bucket) return honours;
    }
  }
  const std::string key = folder + ".tickhouse-probe-" + NewWriteId();
  const auto honours = Probe(bucket, key);
  const Status removed = Delete(bucket, key);
  if (!honours) return honours;
  TICKHOUSE_TRY(removed);
  std::scoped_lock lock(mutex_);
  probed_.emplace_back(bucket, *honours);
  return *honours;
}

Result<bool> S3Client::Probe(const std::string& bucket, const std::string& key) {
  const auto refused = [](const Result<std::string>& result) -> Result<bool> {
    if (result) return false;
    if (result.error().kind == ErrorKind::kConflict) return true;
    if (result.error().kind == ErrorKind::kUnsupported) return false;
    return Fail(result.error());
  };
  TICKHOUSE_TRY(Put(bucket, key, "probe"));
  TICKHOUSE_ASSIGN(const bool absent, refused(Put(bucket, key, "probe", {.if_absent = true})));
  if (!absent) return false;
  const std::string other = "00000000000000000000000000000000";
  TICKHOUSE_ASSIGN(const bool match, refused(Put(bucket, key, "probe", {.if_match = other})));
  if (!match) return false;
  TICKHOUSE_ASSIGN(const Upload upload, StartUpload(bucket, key));
  bool sure = true;
  const auto part = UploadPart(upload, 1, "probe", &sure);
  auto completed = part ? refused(CompleteUpload(upload, std::span(&*part, 1), {.if_absent = true}))
                        : Result<bool>(std::unexpected(part.error()));
  TICKHOUSE_TRY(AbortUpload(upload));
  return completed;
}

}  // namespace tickhouse::io
