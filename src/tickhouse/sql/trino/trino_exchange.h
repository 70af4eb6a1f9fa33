// The requests of one statement: headers, retries, time-out, and what the answers' headers change.
#pragma once

#include <string>
#include <string_view>

#include "tickhouse/sql/trino/trino_engine.h"
#include "tickhouse/sql/trino/trino_page.h"

namespace tickhouse::sql {

/// Base64 of RFC 4648 with padding.
std::string Base64(std::string_view bytes);

class TrinoExchange {
 public:
  TrinoExchange(TrinoEngine& engine, Nanos timeout, CancelToken cancel);

  /// `prepared`: the text of a statement that `text` executes under the name tickhouse; empty:
  /// none.
  Result<TrinoPage> Post(const std::string& text, const std::string& prepared);
  Result<TrinoPage> Get(const std::string& uri, const std::vector<Column>& columns);
  /// Ends a statement on the server, whatever happened here; failures are of no interest.
  void Delete(const std::string& uri);

  /// kInvalidArgument: credentials that would go over the open net.
  static Status CheckOptions(const TrinoOptions& options);

 private:
  Status CheckTime() const;
  Status CheckUri(const std::string& uri) const;
  io::HttpRequest RequestTo(std::string method, std::string uri) const;
  void AddSession(io::HttpHeaders* headers) const;
  Result<io::HttpResponse> Send(const io::HttpRequest& request, bool repeatable);
  void TakeSession(const io::HttpResponse& response);

  TrinoEngine& engine_;
  CancelToken cancel_;
  int64_t deadline_;  ///< Of the monotonic clock; 0: none.
};

}  // namespace tickhouse::sql
