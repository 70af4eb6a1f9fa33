// Use case `lake serve`: the workspace's catalog for other engines, by the Iceberg REST API.
#pragma once

#include <cstdint>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/app/lake/workspace.h"
#include "tickhouse/app/run_report.h"

namespace tickhouse::app {

struct ServeRequest {
  WorkspaceRequest workspace;
  std::string host = "127.0.0.1";  ///< An IP address of this machine, or localhost.
  int port = 8181;                 ///< 0: any free one.
  std::string token = {};          ///< Asked for in every request; empty: everybody is served.
  std::string token_file = {};     ///< Holds the token; one of the two.
  std::string port_file = {};      ///< Gets the port once it listens; taken away at the end.
  bool insecure = false;           ///< Other addresses than loopback, though nothing is encrypted.
};

/// Serves until it is cancelled: kCancelled then, after the requests under way were answered. Each
/// request is a debug line of the log, without its headers. kInvalidArgument: a host, port or token
/// that cannot be, or an address that others reach without `insecure`. kBusy: the port is taken.
Result<RunReport> LakeServe(const ServeRequest& request, Environment& environment);

}  // namespace tickhouse::app
