// The files a user may name: local paths and s3://bucket/key.
#pragma once

#include <memory>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/net/http_client.h"

namespace tickhouse::app {

/// S3 is set up from the environment (docs/reference/configuration.md) when the first s3:// path is
/// used; until then nothing is read and nothing is needed. `http` and `clock` are not owned.
std::unique_ptr<io::FileSystem> MakeFiles(io::HttpClient* http, Clock* clock,
                                          const CancelToken& cancel);

}  // namespace tickhouse::app
