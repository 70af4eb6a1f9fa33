// What an S3 server says: its XML documents, its errors, its times. Internal to io/s3.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::io {

struct S3Object {
  std::string key;
  int64_t size = 0;
  UtcTime modified;
  std::string etag;  ///< Without quotes.
};

struct S3Upload {
  std::string key;
  std::string upload_id;
};

namespace s3 {

struct ListPage {
  std::vector<S3Object> objects;
  std::string next_token;  ///< Empty on the last page.
};

struct ErrorAnswer {
  std::string code;  ///< "NoSuchKey", or empty where the answer has no document.
  std::string message;
};

Result<ListPage> ParseListPage(std::string_view xml);
Result<std::vector<S3Upload>> ParseUploads(std::string_view xml);
/// The text of the child `name` of the document's root; kCorrupt when it is not there.
Result<std::string> ParseField(std::string_view xml, const char* name);
/// The `Error` elements of a DeleteResult, as "key: code: message".
Result<std::vector<std::string>> ParseDeleteErrors(std::string_view xml);
/// Empty code when `body` is no error document.
ErrorAnswer ParseError(std::string_view body);

/// "Fri, 27 Nov 2026 22:07:20 GMT", the only form HTTP/1.1 servers may send.
Result<UtcTime> ParseHttpDate(std::string_view text);

/// The failure that an answer other than 2xx stands for. `what` names the object.
Error ErrorOf(const HttpResponse& response, const std::string& what, UtcTime now);

std::string Unquote(std::string_view etag);
std::string XmlEscape(std::string_view text);

}  // namespace s3
}  // namespace tickhouse::io
