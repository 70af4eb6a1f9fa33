// The Parquet files of one symbol as the cleaning run reads them.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tickhouse/clean/symbol_run.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/tick.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/parquet_selective_reader.h"

namespace tickhouse::app {

/// Opens files by index and keeps the last few open, so that a footer is parsed once for the
/// segments of its file. Safe for several threads.
class CleanFiles {
 public:
  /// `files` is not owned.
  CleanFiles(io::FileSystem* files, std::vector<std::string> paths);

  /// Times first; prices only of the rows that `request.choose` picks, when it is there.
  Result<std::unique_ptr<TickReader>> Open(const clean::ReadRequest& request);

 private:
  using TickFile = std::shared_ptr<const io::ParquetTickFile>;
  Result<TickFile> Get(std::size_t index);

  static constexpr std::size_t kKeptOpen = 8;

  io::FileSystem* files_;
  std::vector<std::string> paths_;
  std::mutex mutex_;
  std::deque<std::pair<std::size_t, TickFile>> recent_;  // Newest last.
};

}  // namespace tickhouse::app
