// One file system for all paths a user may name: the scheme says where each lies.
#pragma once

#include <functional>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// `s3://bucket/key` goes to the file system that `make_s3` answers, made on first use; everything
/// else is local, except that another scheme (`gs://`, `http://`) is kInvalidArgument. `Rename`
/// between the two is kUnsupported. A failure of `make_s3` (missing credentials, say) is told by
/// every call that needs it, and is tried again by the next.
std::unique_ptr<FileSystem> MakeRoutingFileSystem(
    std::unique_ptr<FileSystem> local,
    std::function<Result<std::unique_ptr<FileSystem>>()> make_s3);

}  // namespace tickhouse::io
