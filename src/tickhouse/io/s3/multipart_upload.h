// One object on its way to S3 in parts, several at once.
#pragma once

#include <deque>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "tickhouse/io/s3/s3_client.h"

namespace tickhouse::io {

/// One thread calls; the parts travel on threads of their own. Destroying it without `Complete`
/// aborts.
class MultipartUpload {
 public:
  /// `client` is not owned and outlives it.
  static Result<std::unique_ptr<MultipartUpload>> Start(S3Client* client, const std::string& bucket,
                                                        const std::string& key);
  ~MultipartUpload();
  MultipartUpload(const MultipartUpload&) = delete;
  MultipartUpload& operator=(const MultipartUpload&) = delete;

  /// Sends the next part; waits while as many as allowed are under way. An earlier part's failure
  /// may be told here.
  Status Add(std::string part);

  /// Waits for the parts, then makes them the object. After a failure only destruction is allowed.
  Status Complete(const S3Condition& condition);

  /// Waits until no part is under way, whatever becomes of it, and only then asks the store to
  /// forget the upload: a part that arrives after the abort would stay stored, unseen and paid for.
  /// Where a part was cut, the store may still be working on it, so the abort is repeated until the
  /// store lists the upload no more. Not interrupted by the cancel token.
  Status Abort();

 private:
  struct PartResult {
    Result<std::string> etag;
    bool sure = true;
  };

  MultipartUpload(S3Client* client, S3Client::Upload upload)
      : client_(client), upload_(std::move(upload)) {}
  void TakeOldest();

  S3Client* client_;
  S3Client::Upload upload_;
  std::deque<std::future<PartResult>> under_way_;
  std::vector<std::string> etags_;
  Status failure_;
  bool sure_ = true;
  bool finished_ = false;
};

}  // namespace tickhouse::io
