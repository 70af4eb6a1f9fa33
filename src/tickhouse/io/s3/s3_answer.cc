#include "tickhouse/io/s3/s3_answer.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdio>
#include <pugixml.hpp>

namespace tickhouse::io::s3 {

namespace {

Result<pugi::xml_node> Load(pugi::xml_document& document, std::string_view xml) {
  // parse_full would keep declarations; entities and line ends are decoded, blanks kept.
  const auto result = document.load_buffer(xml.data(), xml.size(),
                                           pugi::parse_default | pugi::parse_ws_pcdata_single);
  if (!result || !document.document_element()) {
    return Fail(ErrorKind::kCorrupt, fmt::format("the store's answer is not XML: {} at offset {}",
                                                 result.description(), result.offset));
  }
  return document.document_element();
}

std::string UrlDecode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned value = 0;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, value, 16).ptr ==
            text.data() + i + 3) {
      decoded += static_cast<char>(value);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

std::string KeyOf(const pugi::xml_node& node, bool url_encoded) {
  const char* key = node.child_value("Key");
  return url_encoded ? UrlDecode(key) : std::string(key);
}

ErrorKind KindOf(int status, std::string_view code) {
  if (code == "NoSuchBucket" || code == "NoSuchKey" || code == "NoSuchUpload") {
    return ErrorKind::kNotFound;
  }
  // The Versity gateway answers an unknown key with 404.
  if (code == "InvalidAccessKeyId" || code == "XAdminUserNotFound") return ErrorKind::kPermission;
  if (code == "BucketAlreadyOwnedByYou" || code == "BucketAlreadyExists") {
    return ErrorKind::kAlreadyExists;
  }
  if (code == "NotImplemented" || code == "MethodNotAllowed") return ErrorKind::kUnsupported;
  if (code == "QuotaExceeded" || code == "XMinioStorageFull") return ErrorKind::kNoSpace;
  if (code == "BadDigest" || code == "XAmzContentSHA256Mismatch") return ErrorKind::kCorrupt;
  switch (status) {
    case 400: return ErrorKind::kInvalidArgument;
    case 401:
    case 403: return ErrorKind::kPermission;
    case 404: return ErrorKind::kNotFound;
    case 409:
    case 412: return ErrorKind::kConflict;
    case 416: return ErrorKind::kConflict;  // shorter than when it was looked at
    case 429:
    case 500:
    case 502:
    case 503:
    case 504: return ErrorKind::kUnavailable;
    case 501: return ErrorKind::kUnsupported;
    case 507: return ErrorKind::kNoSpace;
    default: break;
  }
  return status >= 300 && status < 400 ? ErrorKind::kInvalidArgument : ErrorKind::kIo;
}

std::string Advice(const HttpResponse& response, std::string_view code, UtcTime now) {
  if (code == "RequestTimeTooSkewed") {
    const auto server = ParseHttpDate(response.Header("Date"));
    if (!server) return "; set this machine's clock";
    const auto ahead = std::chrono::duration_cast<std::chrono::seconds>(now - *server).count();
    return fmt::format("; this machine's clock is {} s {} the store's: set it", std::abs(ahead),
                       ahead > 0 ? "ahead of" : "behind");
  }
  if (code == "SignatureDoesNotMatch") return "; check AWS_SECRET_ACCESS_KEY";
  if (code == "InvalidAccessKeyId" || code == "XAdminUserNotFound")
    return "; check AWS_ACCESS_KEY_ID";
  if (code == "ExpiredToken") return "; get a new AWS_SESSION_TOKEN";
  if (code.empty() && response.status == 403) {  // HEAD has no room for a reason
    return "; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and what they are allowed to do";
  }
  const std::string_view region = response.Header("x-amz-bucket-region");
  if (response.status == 301 || code == "AuthorizationHeaderMalformed" ||
      code == "PermanentRedirect") {
    return region.empty() ? "; check AWS_REGION and AWS_ENDPOINT_URL"
                          : fmt::format("; the bucket is in region {}: set AWS_REGION", region);
  }
  return "";
}

}  // namespace

Result<ListPage> ParseListPage(std::string_view xml) {
  pugi::xml_document document;
  TICKHOUSE_ASSIGN(const pugi::xml_node root, Load(document, xml));
  if (std::string_view(root.name()) != "ListBucketResult") {
    return Fail(ErrorKind::kCorrupt, fmt::format("a listing was expected, not <{}>", root.name()));
  }
  const bool url_encoded = std::string_view(root.child_value("EncodingType")) == "url";
  ListPage page;
  for (const pugi::xml_node& node : root.children("Contents")) {
    S3Object object;
    object.key = KeyOf(node, url_encoded);
    object.size = node.child("Size").text().as_llong(-1);
    object.etag = Unquote(node.child_value("ETag"));
    const auto modified = ParseUtc(node.child_value("LastModified"));
    if (object.key.empty() || object.size < 0 || !modified) {
      return Fail(ErrorKind::kCorrupt,
                  fmt::format("a listing names '{}' without size or time", object.key));
    }
    object.modified = *modified;
    page.objects.push_back(std::move(object));
  }
  if (root.child("IsTruncated").text().as_bool()) {
    page.next_token = root.child_value("NextContinuationToken");
    if (page.next_token.empty()) {
      return Fail(ErrorKind::kCorrupt, "a listing is cut and does not say how to go on");
    }
  }
  return page;
}

Result<std::vector<S3Upload>> ParseUploads(std::string_view xml) {
  pugi::xml_document document;
  TICKHOUSE_ASSIGN(const pugi::xml_node root, Load(document, xml));
  const bool url_encoded = std::string_view(root.child_value("EncodingType")) == "url";
  std::vector<S3Upload> uploads;
  for (const pugi::xml_node& node : root.children("Upload")) {
    uploads.push_back({KeyOf(node, url_encoded), node.child_value("UploadId")});
  }
  return uploads;
}

Result<std::string> ParseField(std::string_view xml, const char* name) {
  pugi::xml_document document;
  TICKHOUSE_ASSIGN(const pugi::xml_node root, Load(document, xml));
  std::string value = root.child_value(name);
  if (value.empty()) {
    return Fail(ErrorKind::kCorrupt,
                fmt::format("the store's <{}> has no <{}>", root.name(), name));
  }
  return value;
}

Result<std::vector<std::string>> ParseDeleteErrors(std::string_view xml) {
  pugi::xml_document document;
  TICKHOUSE_ASSIGN(const pugi::xml_node root, Load(document, xml));
  std::vector<std::string> errors;
  for (const pugi::xml_node& node : root.children("Error")) {
    errors.push_back(fmt::format("{}: {}: {}", node.child_value("Key"), node.child_value("Code"),
                                 node.child_value("Message")));
  }
  return errors;
}

ErrorAnswer ParseError(std::string_view body) {
  if (body.find("<Error") == std::string_view::npos) return {};
  pugi::xml_document document;
  const auto root = Load(document, body);
  if (!root || std::string_view(root->name()) != "Error") return {};
  return {root->child_value("Code"), root->child_value("Message")};
}

Result<UtcTime> ParseHttpDate(std::string_view text) {
  constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  int day = 0;
  int year = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  char month[4] = "";
  const std::string copy(text);
  if (std::sscanf(copy.c_str(), "%*3[A-Za-z], %2d %3s %4d %2d:%2d:%2d GMT", &day, month, &year,
                  &hour, &minute, &second) == 6) {
    for (unsigned i = 0; i < kMonths.size(); ++i) {
      if (kMonths[i] != month) continue;
      const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(i + 1),
                                             std::chrono::day(static_cast<unsigned>(day))};
      if (!date.ok() || hour > 23 || minute > 59 || second > 60) break;
      return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
             std::chrono::seconds(second);
    }
  }
  return Fail(ErrorKind::kCorrupt, fmt::format("'{}' is not a time of HTTP", text));
}

Error ErrorOf(const HttpResponse& response, const std::string& what, UtcTime now) {
  const ErrorAnswer answer = ParseError(response.body);
  std::string code = answer.code;
  if (code.empty() && response.status == 404) code = "not found";
  if (code.empty() && response.status == 403) code = "access denied";
  return Error{KindOf(response.status, answer.code),
               fmt::format("{}: the store answered {} {}{}{}{}", what, response.status, code,
                           answer.message.empty() ? "" : ": ", answer.message,
                           Advice(response, answer.code, now))};
}

std::string Unquote(std::string_view etag) {
  if (etag.starts_with("W/")) etag.remove_prefix(2);
  if (etag.size() >= 2 && etag.starts_with('"') && etag.ends_with('"')) {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

std::string XmlEscape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&': escaped += "&amp;"; break;
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

}  // namespace tickhouse::io::s3
