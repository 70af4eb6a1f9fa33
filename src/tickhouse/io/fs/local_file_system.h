// The operating system's files.
#pragma once

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// Stateless and safe to share between threads. `Create` writes `.NAME.PID-N.tmp` beside the target;
/// such files left by a killed process are removed by the next `Create` for the same target.
std::unique_ptr<FileSystem> MakeLocalFileSystem();

}  // namespace tickhouse::io
