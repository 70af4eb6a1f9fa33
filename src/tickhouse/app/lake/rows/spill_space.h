// Where sorted rows wait that memory does not hold.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/parquet/table/column_batch.h"
#include "tickhouse/sql/scratch_folder.h"

namespace tickhouse::app {

/// Files in a folder of our own below the machine's folder for temporary ones (TMPDIR, else /tmp),
/// made when the first is needed and gone with this. One thread; outlives the files' readers.
class SpillSpace {
 public:
  explicit SpillSpace(io::FileSystem& files);
  ~SpillSpace();
  SpillSpace(const SpillSpace&) = delete;
  SpillSpace& operator=(const SpillSpace&) = delete;

  /// The path of a file that holds the rows.
  Result<std::string> Write(const io::ColumnBatch& rows);
  /// A path for a file yet to be written.
  Result<std::string> NextPath();
  /// It was read, or is not needed after all.
  void Remove(const std::string& path);
  int64_t files_written() const { return written_; }

 private:
  io::FileSystem* files_;
  std::optional<sql::ScratchFolder> folder_;
  std::vector<std::string> paths_;
  int64_t written_ = 0;
};

}  // namespace tickhouse::app
