// An append-only file of records, each with a checksum: what was done, so that a killed run resumes.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// One writer at a time (the caller holds the run's lock). Safe for several threads within it.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Opens or makes the file and reads every whole record, oldest first. A torn or damaged tail is cut
  /// off and reported in `dropped_bytes()`; a damaged record with good ones after it is kCorrupt and
  /// nothing is changed.
  static Result<std::unique_ptr<Journal>> Open(FileSystem& fs, const std::string& path);

  virtual const std::vector<std::string>& records() const = 0;
  virtual int64_t dropped_bytes() const = 0;
  /// Durable when it returns.
  virtual Status Append(std::string_view record) = 0;
};

}  // namespace tickhouse::io
