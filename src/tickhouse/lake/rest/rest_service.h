// The Iceberg REST catalog API (v1) over any catalog: one request in, one answer out.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "tickhouse/core/clock.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/http_server/http_server.h"
#include "tickhouse/lake/catalog/catalog.h"

namespace tickhouse::lake {

/// Nothing is owned; everything outlives the service.
struct RestServiceSettings {
  Catalog* catalog = nullptr;
  io::FileSystem* files = nullptr;  ///< Of the warehouse; read and emptied by DROP with purge.
  Clock* clock = nullptr;
  /// Asked for as a bearer token in every request; also given out to clients that name it as their
  /// OAuth2 client secret. Empty: everybody is served.
  std::string token = {};
  std::string warehouse = {};  ///< Told to clients when not empty.
};

/// Config, namespaces, tables (create, stage-create, register, load, commit, rename, drop with
/// purge), commits of several tables, ETags, idempotency keys. Views are not offered. Errors are
/// bodies as the specification has them; what happened in doubt is 500 CommitStateUnknownException.
/// Safe for several threads.
class RestService {
 public:
  explicit RestService(RestServiceSettings settings);
  ~RestService();
  RestService(const RestService&) = delete;
  RestService& operator=(const RestService&) = delete;

  io::HttpResponse Handle(const io::HttpServerRequest& request);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::lake
