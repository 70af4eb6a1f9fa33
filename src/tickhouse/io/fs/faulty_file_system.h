// The harmful twin: a file system that fails where a test says, and forgets what was not synced.
#pragma once

#include <functional>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// The calls that can be made to fail.
enum class FsCall { kOpenRead, kRead, kCreate, kAppend, kSync, kCommit, kStat, kList, kRemove, kRename, kLock };

/// Forwards to `base` (not owned). Before each call asks `fault(call, path, n)`, n counting the calls
/// of that kind from 0; an error it returns is the answer. For kAppend the error is preceded by a torn
/// write: half of the bytes reach the file.
std::unique_ptr<FileSystem> MakeFaultyFileSystem(
    FileSystem* base,
    std::function<std::optional<Error>(FsCall call, const std::string& path, int n)> fault);

}  // namespace tickhouse::io
