// An append-only file of records, each with a checksum: what was done, so that a killed run
// resumes. The bytes are described in docs/reference/formats-on-disk.md, section Journal. Where the
// store cannot append (S3), each record is an object of its own below the path.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// The longest record; a longer one is kInvalidArgument.
inline constexpr std::size_t kMaxJournalRecord = std::size_t{16} << 20;

/// One writer at a time (the caller holds the run's lock). Safe for several threads within it.
class Journal {
 public:
  virtual ~Journal() = default;

  /// Opens or makes the file and reads every whole record, oldest first. A torn or damaged tail is
  /// cut off and reported in `dropped_bytes()`; a damaged record with good ones after it is
  /// kCorrupt and nothing is changed. kUnsupported: a later version of the format. kConflict:
  /// somebody else appends to the file at this moment.
  static Result<std::unique_ptr<Journal>> Open(FileSystem& fs, const std::string& path);

  /// The records found by Open; those appended since are not among them.
  virtual const std::vector<std::string>& records() const = 0;
  virtual int64_t dropped_bytes() const = 0;

  /// Durable when it returns. After a failure the file ends where it ended before, and another try
  /// may follow (kNoSpace); where not even that can be reached, every later call fails alike and
  /// the next Open cuts off what is torn.
  virtual Status Append(std::string_view record) = 0;
};

/// The whole records of a journal that somebody else may be writing; a torn tail is left out and
/// left alone. kNotFound when there is none.
Result<std::vector<std::string>> ReadJournal(FileSystem& fs, const std::string& path);

}  // namespace tickhouse::io
