#include "tickhouse/io/s3/sigv4.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <vector>

#include "tickhouse/core/check.h"

namespace tickhouse::io {

namespace {

std::string Digest(const EVP_MD* kind, std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  TICKHOUSE_CHECK(
      EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, kind, nullptr) == 1,
      "OpenSSL has this digest");
  return {reinterpret_cast<const char*>(digest.data()), length};
}

std::string Hmac(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned int length = 0;
  TICKHOUSE_CHECK(HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                       reinterpret_cast<const unsigned char*>(text.data()), text.size(),
                       digest.data(), &length) != nullptr,
                  "OpenSSL has HMAC-SHA256");
  return {reinterpret_cast<const char*>(digest.data()), length};
}

std::string Hex(std::string_view bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  });
  return lower;
}

// Blanks at the ends removed, those within folded to one.
std::string Squeeze(std::string_view text) {
  std::string squeezed;
  for (const char c : text) {
    if (c == ' ' && (squeezed.empty() || squeezed.back() == ' ')) continue;
    squeezed += c;
  }
  while (squeezed.ends_with(' ')) squeezed.pop_back();
  return squeezed;
}

struct SplitUrl {
  std::string host;
  std::string path;
  std::string query;
};

SplitUrl Split(std::string_view url) {
  SplitUrl split;
  const bool tls = url.starts_with("https://");
  url.remove_prefix(std::min(url.size(), url.find("://") + 3));
  const std::size_t path = std::min(url.find_first_of("/?"), url.size());
  split.host = Lower(url.substr(0, path));
  // libcurl leaves the scheme's own port out of the Host header.
  const std::string_view own_port = tls ? ":443" : ":80";
  if (split.host.ends_with(own_port)) split.host.resize(split.host.size() - own_port.size());
  url.remove_prefix(path);
  const std::size_t query = std::min(url.find('?'), url.size());
  split.path = query == 0 ? "/" : url.substr(0, query);
  if (query < url.size()) split.query = url.substr(query + 1);
  return split;
}

std::string CanonicalQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    const std::size_t equals = std::min(one.find('='), one.size());
    parameters.emplace_back(one.substr(0, equals),
                            equals < one.size() ? one.substr(equals + 1) : std::string_view());
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  std::sort(parameters.begin(), parameters.end());
  std::string canonical;
  for (const auto& [name, value] : parameters) {
    canonical += fmt::format("{}{}={}", canonical.empty() ? "" : "&", name, value);
  }
  return canonical;
}

std::string AmzDate(UtcTime now) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(now);
  const auto day = std::chrono::floor<std::chrono::days>(seconds);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(seconds - day);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count());
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  return Hex(Digest(EVP_sha256(), bytes));
}

std::string Md5Base64(std::string_view bytes) {
  const std::string digest = Digest(EVP_md5(), bytes);
  std::array<unsigned char, 32> text;
  const int length =
      EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(digest.data()),
                      static_cast<int>(digest.size()));
  return {reinterpret_cast<const char*>(text.data()), static_cast<std::size_t>(length)};
}

void SignV4(HttpRequest& request, const AwsCredentials& credentials, std::string_view region,
            std::string_view service, UtcTime now) {
  const std::string payload_hash = Sha256Hex(request.body);
  const std::string date = AmzDate(now);
  const std::string scope =
      fmt::format("{}/{}/{}/aws4_request", date.substr(0, 8), region, service);
  request.headers.emplace_back("x-amz-date", date);
  if (service == "s3") request.headers.emplace_back("x-amz-content-sha256", payload_hash);
  if (!credentials.session_token.empty()) {
    request.headers.emplace_back("x-amz-security-token", credentials.session_token);
  }

  const SplitUrl url = Split(request.url);
  std::vector<std::pair<std::string, std::string>> headers{{"host", url.host}};
  for (const auto& [name, value] : request.headers) {
    headers.emplace_back(Lower(name), Squeeze(value));
  }
  std::stable_sort(headers.begin(), headers.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string canonical_headers;
  std::string signed_names;
  for (const auto& [name, value] : headers) {
    canonical_headers += fmt::format("{}:{}\n", name, value);
    signed_names += fmt::format("{}{}", signed_names.empty() ? "" : ";", name);
  }
  const std::string canonical =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, url.path, CanonicalQuery(url.query),
                  canonical_headers, signed_names, payload_hash);
  const std::string to_sign =
      fmt::format("AWS4-HMAC-SHA256\n{}\n{}\n{}", date, scope, Sha256Hex(canonical));

  std::string key = Hmac("AWS4" + credentials.secret_key, date.substr(0, 8));
  key = Hmac(Hmac(Hmac(key, region), service), "aws4_request");
  request.headers.emplace_back(
      "Authorization",
      fmt::format("AWS4-HMAC-SHA256 Credential={}/{}, SignedHeaders={}, Signature={}",
                  credentials.access_key, scope, signed_names, Hex(Hmac(key, to_sign))));
}

}  // namespace tickhouse::io
