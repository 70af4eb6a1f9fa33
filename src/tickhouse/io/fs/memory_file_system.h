// Files in memory: the quick twin of the local disk for tests.
#pragma once

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

std::unique_ptr<FileSystem> MakeMemoryFileSystem();

}  // namespace tickhouse::io
