#include "tickhouse/io/s3/multipart_upload.h"

#include <fmt/format.h>

#include <algorithm>

#include "tickhouse/core/log.h"

namespace tickhouse::io {

Result<std::unique_ptr<MultipartUpload>> MultipartUpload::Start(S3Client* client,
                                                                const std::string& bucket,
                                                                const std::string& key) {
  TICKHOUSE_ASSIGN(auto upload, client->StartUpload(bucket, key));
  return std::unique_ptr<MultipartUpload>(new MultipartUpload(client, std::move(upload)));
}

MultipartUpload::~MultipartUpload() {
  if (finished_) return;
  if (const Status aborted = Abort(); !aborted) {
    LogWarn("{}; parts of an unfinished upload may remain stored there", aborted.error().message);
  }
}

void MultipartUpload::TakeOldest() {
  PartResult part = under_way_.front().get();
  under_way_.pop_front();
  sure_ = sure_ && part.sure;
  if (part.etag) {
    etags_.push_back(std::move(*part.etag));
  } else if (failure_) {
    failure_ = Fail(std::move(part.etag.error()));
  }
}

Status MultipartUpload::Add(std::string part) {
  const auto most = static_cast<std::size_t>(std::max(1, client_->config().uploads));
  while (under_way_.size() >= most) TakeOldest();
  if (!failure_) return failure_;
  const int number = static_cast<int>(etags_.size() + under_way_.size()) + 1;
  under_way_.push_back(
      std::async(std::launch::async, [this, number, part = std::move(part)]() mutable {
        PartResult result{std::string(), true};
        result.etag = client_->UploadPart(upload_, number, std::move(part), &result.sure);
        return result;
      }));
  return {};
}

Status MultipartUpload::Complete(const S3Condition& condition) {
  while (!under_way_.empty()) TakeOldest();
  TICKHOUSE_TRY(failure_);
  const auto etag = client_->CompleteUpload(upload_, etags_, condition);
  if (!etag) {
    // In the dark the parts may just be becoming the object: nothing is cleaned up on a guess.
    if (etag.error().kind == ErrorKind::kUnknownOutcome) finished_ = true;
    return Fail(etag.error());
  }
  finished_ = true;
  return {};
}

Status MultipartUpload::Abort() {
  while (!under_way_.empty()) TakeOldest();
  finished_ = true;
  return client_->AbortForGood(upload_, sure_);
}

}  // namespace tickhouse::io
