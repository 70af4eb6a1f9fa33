// AWS Signature Version 4, as "Authenticating Requests (AWS Signature Version 4)" of the S3 API
// reference defines it.
#pragma once

#include <string>
#include <string_view>

#include "tickhouse/core/time.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

struct AwsCredentials {
  std::string access_key;
  std::string secret_key;
  std::string session_token;  ///< Empty for long-lived keys.
};

/// Adds the headers x-amz-date, x-amz-content-sha256 (service s3 only), x-amz-security-token (with
/// a session) and Authorization. Signs the method, the URL (whose path and query must be
/// percent-encoded already, as PercentEncode does), every header present, the host and the body.
void SignV4(HttpRequest& request, const AwsCredentials& credentials, std::string_view region,
            std::string_view service, UtcTime now);

/// Lower-case hexadecimal digits.
std::string Sha256Hex(std::string_view bytes);
/// Base64, for Content-MD5.
std::string Md5Base64(std::string_view bytes);

}  // namespace tickhouse::io
