// A journal on a store that cannot append (S3): each record an object of its own. Internal to
// io/journal.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/journal/journal.h"

namespace tickhouse::io {

/// Objects `PATH/FIRST-LAST` hold the records of those numbers, from 1 on, as a small journal each.
/// They are whole or not there, so nothing is ever torn: kCorrupt when one is damaged or missing.
/// Many are made one when opening. Two writers cannot both write a number: the later is kConflict.
Result<std::unique_ptr<Journal>> OpenObjectJournal(FileSystem& fs, const std::string& path);

/// The records; kNotFound when there is none.
Result<std::vector<std::string>> ReadObjectJournal(FileSystem& fs, const std::string& path);

}  // namespace tickhouse::io
