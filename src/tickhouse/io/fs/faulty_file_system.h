// The harmful twin: a file system that fails where a test says, and forgets what was not synced.
#pragma once

#include <functional>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// The calls that can be made to fail. kCreate stands for all that make a name: Create, OpenAppend,
/// MakeFolders.
enum class FsCall {
  kOpenRead,
  kRead,
  kCreate,
  kAppend,
  kSync,
  kCommit,
  kStat,
  kList,
  kRemove,
  kRename,
  kLock
};

class FaultyFileSystem : public FileSystem {
 public:
  /// The power fails: bytes appended (OpenAppend) since the last good `Sync` are lost, every open
  /// file answers kIo from now on, files not committed are gone once destroyed, locks are free.
  virtual Status Crash() = 0;
};

/// Forwards to `base` (not owned). Before each call asks `fault(call, path, n)` (may be empty), n
/// counting the calls of that kind from 0; an error it returns is the answer. For kAppend the error
/// is preceded by a torn write: half of the bytes reach the file. `fault` is called by one thread
/// at a time and must not call the file system.
std::unique_ptr<FaultyFileSystem> MakeFaultyFileSystem(
    FileSystem* base,
    std::function<std::optional<Error>(FsCall call, const std::string& path, int n)> fault = {});

}  // namespace tickhouse::io
