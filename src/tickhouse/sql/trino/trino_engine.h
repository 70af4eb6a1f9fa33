// Trino over HTTP: a client of its statement protocol, without a driver.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "tickhouse/core/clock.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

struct TrinoOptions {
  std::string url;  ///< "https://trino.example:8443"; the client verifies certificates.
  std::string user;
  std::string password = {};  ///< Basic; needs https, but for a loopback address.
  std::string token = {};     ///< Bearer (a JWT), instead of a password; likewise.
  std::string catalog = {};
  std::string schema = {};
  std::map<std::string, std::string> session = {};  ///< "query_max_run_time" -> "5m".
  /// How long a server that is busy (429, 502, 503, 504) or does not connect is asked again.
  Nanos retry_for = std::chrono::seconds(30);
};

/// What a session holds beside the options: `USE`, `SET SESSION` and `RESET SESSION` of one
/// statement count for the next.
struct TrinoSession {
  std::string catalog;
  std::string schema;
  std::map<std::string, std::string> properties;
};

/// One session; safe for several threads. Parameters go as a prepared statement with literals of
/// the types that Trino expects there. Instants come in UTC where Trino holds them so (Iceberg's
/// always are); one of another zone keeps its name. A statement that was sent and whose answer did
/// not arrive is kUnknownOutcome: it may have run. Everything after that is asked again safely.
class TrinoEngine : public Engine {
 public:
  /// Both outlive the engine and its streams.
  TrinoEngine(TrinoOptions options, io::HttpClient& http, Clock& clock);

  std::string name() const override { return "trino"; }
  /// Also kPermission: user, password or token are refused.
  Result<std::unique_ptr<RowStream>> Run(const Statement& statement,
                                         const CancelToken& cancel) override;
  TrinoSession session() const;

 private:
  friend class TrinoExchange;
  TrinoOptions options_;
  io::HttpClient& http_;
  Clock& clock_;
  mutable std::mutex mutex_;
  TrinoSession session_;
};

}  // namespace tickhouse::sql
