// S3's own operations over an HttpClient: signed, retried, and with honest outcomes.
#pragma once

#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/random.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/io/s3/s3_answer.h"
#include "tickhouse/io/s3/s3_config.h"

namespace tickhouse::io {

/// When a write may take place. A condition that fails is kConflict.
struct S3Condition {
  bool if_absent = false;     ///< If-None-Match: *
  std::string if_match = {};  ///< Only over the object with this ETag.
  bool any() const { return if_absent || !if_match.empty(); }
};

/// Safe for several threads. Failures of the store that may pass (500, 502, 503 SlowDown, 504, 429,
/// lost connections, time-outs) are tried again with random growing waits, `Retry-After` honoured,
/// where doing it twice is harmless; it is for every operation here, because conditional writes
/// carry an id by which a write whose answer was lost is recognised afterwards. A write that stays
/// in the dark is kUnknownOutcome, a read kUnavailable. kNotFound also stands for a missing bucket;
/// the text tells. kPermission: refused, or the clock is wrong (the text says by how much). Keys
/// are any UTF-8; ETags are without quotes.
class S3Client {
 public:
  /// Nothing is owned.
  S3Client(S3Config config, HttpClient* http, Clock* clock, CancelToken cancel = {});

  const S3Config& config() const { return config_; }

  /// The new ETag.
  Result<std::string> Put(const std::string& bucket, const std::string& key, std::string body,
                          const S3Condition& condition = {});
  /// Fills `out` from `offset`; with `etag`, of that content only (kConflict when it changed).
  Status Get(const std::string& bucket, const std::string& key, int64_t offset,
             std::span<std::byte> out, const std::string& etag = {});
  Result<S3Object> Head(const std::string& bucket, const std::string& key);
  /// A missing object is a success, as S3 has it.
  Status Delete(const std::string& bucket, const std::string& key);
  /// Any number of keys, 1,000 a request. The keys that stayed are named in the failure.
  Status DeleteMany(const std::string& bucket, std::span<const std::string> keys);
  /// Within the store, up to 5 GB; with `source_etag`, of that content only. The new ETag.
  Result<std::string> Copy(const std::string& from_bucket, const std::string& from_key,
                           const std::string& bucket, const std::string& key,
                           const std::string& source_etag = {});
  /// Every object whose key begins with `prefix`, in the store's order.
  Result<std::vector<S3Object>> List(const std::string& bucket, const std::string& prefix);
  Status CreateBucket(const std::string& bucket);

  /// An upload in parts: its id, and the id by which its completion is recognised.
  struct Upload {
    std::string bucket;
    std::string key;
    std::string upload_id;
    std::string write_id;
  };
  Result<Upload> StartUpload(const std::string& bucket, const std::string& key);
  /// Parts count from 1. The part's ETag. `sure`: set to false when an attempt was cut, so that the
  /// store may still be working on it.
  Result<std::string> UploadPart(const Upload& upload, int number, std::string body, bool* sure);
  /// The object's ETag.
  Result<std::string> CompleteUpload(const Upload& upload, std::span<const std::string> part_etags,
                                     const S3Condition& condition = {});
  /// Success when the store has forgotten the upload. Not interrupted by the cancel token. No part
  /// may be on its way: the store may keep it for ever (see MultipartUpload).
  Status AbortUpload(const Upload& upload);
  /// `AbortUpload` until the store knows the upload no more; not `sure`: a part was cut, so a few
  /// times in any case.
  Status AbortForGood(const Upload& upload, bool sure);
  Result<std::vector<S3Upload>> ListUploads(const std::string& bucket, const std::string& prefix);

  /// Does the store refuse a Put and a CompleteUpload whose condition fails? Writes, and removes
  /// again, an object `folder` + `.tickhouse-probe-*`. Once a bucket; later answers are remembered.
  Result<bool> HonoursConditions(const std::string& bucket, const std::string& folder);

 private:
  struct Call {
    std::string method;
    std::string bucket;
    std::string key = {};
    std::vector<std::pair<std::string, std::string>> query = {};
    HttpHeaders headers = {};
    std::string body = {};
    bool changes = false;  ///< A lost answer is kUnknownOutcome.
    bool cancellable = true;
    bool error_in_200 = false;    ///< A 200 may hold an error document.
    int64_t expected_bytes = -1;  ///< Of the body; -1: any.
    int64_t max_bytes = int64_t{64} << 20;
  };
  struct Reply {
    HttpResponse http;
    bool maybe_done = false;  ///< An earlier attempt may have taken effect.
    bool ok() const { return http.status >= 200 && http.status < 300; }
  };

  std::string UrlOf(const Call& call) const;
  std::string NameOf(const Call& call) const;
  HttpRequest RequestOf(Call& call) const;
  /// Leaves `call` as it was.
  Result<Reply> Do(Call& call);
  Result<bool> IsGone(const Upload& upload);
  bool Wait(int attempt, std::string_view retry_after, const CancelToken& cancel);
  Error ErrorOf(const Call& call, const Reply& reply) const;
  std::string NewWriteId();
  /// Was the object at this place written by the request with this id?
  Result<std::optional<std::string>> EtagIfWrittenBy(const std::string& bucket,
                                                     const std::string& key,
                                                     const std::string& write_id);
  /// The end of a conditional write: its ETag, kConflict, or the honest rest.
  Result<std::string> Settle(const Call& call, Result<Reply> reply, const std::string& write_id);
  Result<bool> Probe(const std::string& bucket, const std::string& key);

  const S3Config config_;
  HttpClient* const http_;
  Clock* const clock_;
  const CancelToken cancel_;
  std::mutex mutex_;
  Random random_;
  std::vector<std::pair<std::string, bool>> probed_;
};

}  // namespace tickhouse::io
