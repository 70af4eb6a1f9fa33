#include "tickhouse/lake/rest/rest_routes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

namespace tickhouse::lake {

namespace {

std::optional<std::size_t> NumberOf(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

std::vector<std::string> RouteSegments(const io::HttpServerRequest& request) {
  std::string_view path = request.RawPath();
  std::vector<std::string> segments;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const std::size_t end = std::min(path.find('/'), path.size());
    segments.push_back(io::PercentDecode(path.substr(0, end)));
    path.remove_prefix(end);
  }
  if (!segments.empty() && segments.back().empty()) segments.pop_back();
  if (segments.empty() || segments.front() != "v1") return {};
  segments.erase(segments.begin());
  return segments;
}

Result<PageSpan> PageOf(const io::HttpServerRequest& request, std::size_t size) {
  PageSpan span{.begin = 0, .end = size, .next_page = {}};
  if (const std::string token = request.Query("pageToken"); !token.empty()) {
    const auto begin = NumberOf(token);
    if (!begin) {
      return Fail(ErrorKind::kInvalidArgument, fmt::format("pageToken '{}' is not ours", token));
    }
    span.begin = std::min(*begin, size);
  }
  if (const std::string text = request.Query("pageSize"); !text.empty()) {
    const auto count = NumberOf(text);
    if (!count || *count == 0) {
      return Fail(ErrorKind::kInvalidArgument, fmt::format("pageSize '{}' is no number", text));
    }
    span.end = span.begin + std::min(*count, size - span.begin);
    if (span.end < size) span.next_page = fmt::to_string(span.end);
  }
  return span;
}

bool MatchesEtag(std::string_view if_none_match, std::string_view etag) {
  while (!if_none_match.empty()) {
    const std::size_t comma = std::min(if_none_match.find(','), if_none_match.size());
    std::string_view one = if_none_match.substr(0, comma);
    while (one.starts_with(' ')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == "*" || one == etag) return true;
    if_none_match.remove_prefix(std::min(comma + 1, if_none_match.size()));
  }
  return false;
}

bool SameSecret(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  }
  return difference == 0;
}

}  // namespace tickhouse::lake
