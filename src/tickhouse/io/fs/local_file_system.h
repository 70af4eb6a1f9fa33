// The operating system's files.
#pragma once

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// Safe to share between threads. `Create` writes `.NAME.PID-N.tmp` beside the target; such files
/// left by a killed process are removed by the first `Create` in their folder. A target that is a
/// link is written through; a device or pipe is kInvalidArgument. `Rename` makes missing folders.
std::unique_ptr<FileSystem> MakeLocalFileSystem();

/// Removes the folders at and below `folder` that hold nothing but such folders; links are not
/// followed. Success when it is missing.
Status RemoveEmptyFolders(const std::string& folder);

}  // namespace tickhouse::io
