// Where an S3 store is and how to speak to it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/s3/sigv4.h"

namespace tickhouse::io {

/// Does the store refuse a conditional write (If-None-Match, If-Match) whose condition fails?
enum class ConditionalWrites {
  kProbe,  ///< Found out once per bucket by writing `.tickhouse-probe-*` beside the target.
  kYes,
  kNo,  ///< Looked up first, then written: two writers at the same moment may both succeed.
};

struct S3Config {
  AwsCredentials credentials;
  std::string region = "us-east-1";
  /// "http://127.0.0.1:7070"; empty: AWS, https, of the region.
  std::string endpoint = {};
  /// `endpoint/bucket/key` rather than `bucket.endpoint/key`.
  bool path_style = true;
  ConditionalWrites conditional_writes = ConditionalWrites::kProbe;
  /// Every request is tried so often, with waits of up to `first_wait * 2^n` (random, at most
  /// `longest_wait`) between.
  int attempts = 6;
  Nanos first_wait = std::chrono::milliseconds(200);
  Nanos longest_wait = std::chrono::seconds(20);
  Nanos request_timeout = std::chrono::seconds(120);
  /// Files larger than this are uploaded in parts of it (5 MiB at least on AWS); the last parts of
  /// files beyond 1,000 parts are larger. Memory per file being written: (uploads + 1) parts.
  int64_t part_bytes = int64_t{8} << 20;
  /// Requests of one file under way at once.
  int uploads = 4;
  /// Keys a page when listing.
  int list_page = 1000;
  /// A lock is renewed so often, and may be taken over when it was not for so long.
  Nanos lock_renewal = std::chrono::seconds(5);
  Nanos lock_lease = std::chrono::seconds(30);
  /// Of the random waits.
  uint64_t seed = 1;
};

/// From AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION (or
/// AWS_DEFAULT_REGION), AWS_ENDPOINT_URL_S3 (or AWS_ENDPOINT_URL), TICKHOUSE_S3_PATH_STYLE (true,
/// false; default: true with an endpoint) and TICKHOUSE_S3_CONDITIONAL_WRITES (probe, yes, no).
/// `variable` answers nothing for what is not set; set and empty is the same.
/// kInvalidArgument names the variable that is missing or wrong.
Result<S3Config> S3ConfigFromEnvironment(
    const std::function<std::optional<std::string>(const std::string& name)>& variable);

}  // namespace tickhouse::io
