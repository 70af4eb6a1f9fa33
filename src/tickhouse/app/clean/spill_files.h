// Sorted runs of ticks in files, for cleaning what memory does not hold.
#pragma once

#include <memory>
#include <string>

#include "tickhouse/clean/sorted_tick_reader.h"
#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::app {

/// Runs in files below `folder` (made when the first is needed), each removed with its reader. The
/// file system must be able to append (kUnsupported otherwise). Safe for several threads.
std::unique_ptr<clean::SpillStore> MakeSpillFiles(io::FileSystem* files, std::string folder);

/// Removes what an earlier run left in `folder`, which may be missing; the caller holds the run's
/// lock.
Status RemoveFilesBelow(io::FileSystem& files, const std::string& folder);

}  // namespace tickhouse::app
