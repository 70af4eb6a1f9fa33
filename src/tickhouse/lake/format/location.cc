#include "tickhouse/lake/format/location.h"

#include <fmt/format.h>

#include <algorithm>

namespace tickhouse::lake {

namespace {

bool IsSchemeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '-' || c == '.';
}

// "s3" of "s3://bucket", "file" of "file:/a"; empty for a plain path, "a:b/c" and "/a:/b" included.
std::string SchemeOf(std::string_view location) {
  const std::size_t colon = location.find(':');
  if (colon == 0 || colon == std::string_view::npos) return "";
  if (!location.substr(colon + 1).starts_with('/')) return "";
  const std::string_view scheme = location.substr(0, colon);
  if (!std::ranges::all_of(scheme, IsSchemeCharacter)) return "";
  std::string lower(scheme);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

Result<std::string> LocalPath(std::string_view location, std::string_view rest) {
  if (!rest.starts_with("//")) return std::string(rest);
  const std::string_view after = rest.substr(2);
  const std::size_t slash = after.find('/');
  const std::string_view host = after.substr(0, slash);
  if (slash == std::string_view::npos || (!host.empty() && host != "localhost")) {
    return Fail(ErrorKind::kUnsupported,
                fmt::format("{}: a file of another host; write file:///path", location));
  }
  return std::string(after.substr(slash));
}

}  // namespace

Result<std::string> StoragePath(std::string_view location) {
  if (location.empty()) return Fail(ErrorKind::kInvalidArgument, "an empty location");
  const std::string scheme = SchemeOf(location);
  if (scheme.empty()) return std::string(location);
  const std::string_view rest = location.substr(scheme.size() + 1);
  if (scheme == "file") return LocalPath(location, rest);
  if ((scheme == "s3" || scheme == "s3a" || scheme == "s3n") && rest.starts_with("//")) {
    return fmt::format("s3:{}", rest);
  }
  return Fail(ErrorKind::kUnsupported,
              fmt::format("{}: no store is known for \"{}:\"; file, s3, s3a and s3n are", location,
                          scheme));
}

}  // namespace tickhouse::lake
