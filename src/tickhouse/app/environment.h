// What use cases are handed instead of reaching for it: files, network, clock, terminal.
#pragma once

#include <cstdint>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/core/progress.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::app {

/// Nothing is owned; everything outlives the call. `files` takes local paths and `s3://bucket/key`.
struct Environment {
  io::FileSystem* files = nullptr;
  io::HttpClient* http = nullptr;
  Clock* clock = nullptr;
  Progress* progress = nullptr;
  CancelToken cancel;
  int threads = 1;
  /// Of names that no other process may choose (metadata files, uuids): differs in each run.
  uint64_t seed = 0;
};

}  // namespace tickhouse::app
