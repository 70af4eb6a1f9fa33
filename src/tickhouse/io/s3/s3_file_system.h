// Objects of an S3 store as files.
#pragma once

#include <memory>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/clock.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/io/s3/s3_config.h"

namespace tickhouse::io {

/// Paths are `bucket/key` or `s3://bucket/key`, answered in the form they were asked in. There are
/// no folders: MakeFolders does nothing, a missing one lists as empty; a missing bucket is
/// kNotFound. OpenAppend is kUnsupported. Lock writes an object at its path and renews it; one that
/// a killed run left is taken over, from this machine at once, from another after `lock_lease`; who
/// lost a lock cannot commit, remove or rename any more (kConflict). An open file reads the content
/// of the moment of opening, or fails with kConflict when it was replaced. Large reads and writes
/// travel in several requests at once. `must_not_exist` is atomic where the store honours
/// conditional writes; where a probe shows that it does not, Commit is kUnsupported unless the
/// configuration says kNo. `http` and `clock` are not owned. Errors as S3Client's.
std::unique_ptr<FileSystem> MakeS3FileSystem(S3Config config, HttpClient* http, Clock* clock,
                                             CancelToken cancel = {});

}  // namespace tickhouse::io
