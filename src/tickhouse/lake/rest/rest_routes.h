// Paths of the REST catalog API, taken apart. Belongs to rest_service.cc.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/io/http_server/http_server.h"

namespace tickhouse::lake {

/// Decoded segments after "/v1"; empty when the path does not begin so.
std::vector<std::string> RouteSegments(const io::HttpServerRequest& request);

/// The pages of a list: which part of `size` items the query asks for.
struct PageSpan {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::string next_page;  ///< Token of the page after; empty: there is none.
};
/// By pageSize and pageToken (a token of ours is the place in the list); without a pageSize all.
/// kInvalidArgument.
Result<PageSpan> PageOf(const io::HttpServerRequest& request, std::size_t size);

/// Whether If-None-Match names `etag` (or is "*").
bool MatchesEtag(std::string_view if_none_match, std::string_view etag);

/// As long as both are of one length, every byte is compared.
bool SameSecret(std::string_view a, std::string_view b);

}  // namespace tickhouse::lake
