// The raw files of one symbol on disk, and the side folder for what must not be among them.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "tickhouse/core/error.h"
#include "tickhouse/ingest/fetch/hour_record.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::ingest {

/// Safe for several threads. Paths given and returned are below `out`.
class RawFolder {
 public:
  /// Looks at what is there now.
  static Result<RawFolder> Open(io::FileSystem* files, std::string out, std::string symbol);

  /// Size of a file at the time of Open; -1 when it was not there.
  int64_t SizeOf(const std::string& file) const;
  const std::map<std::string, int64_t>& sizes() const { return sizes_; }

  Result<std::string> Read(const std::string& file) const;
  /// Atomic, mode 0444; kAlreadyExists rather than replace.
  Status Store(const std::string& file, std::string_view bytes) const;

  /// Moves a stored file aside, or puts `bytes` there. The reason lies beside it as text. A file
  /// that is gone already is no failure. Returns where it lies.
  Result<std::string> Quarantine(const HourRecord& hour, std::string_view reason) const;
  Result<std::string> QuarantineBytes(const HourRecord& hour, std::string_view bytes,
                                      std::string_view reason) const;

 private:
  RawFolder(io::FileSystem* files, std::string out, std::string symbol)
      : files_(files), out_(std::move(out)), symbol_(std::move(symbol)) {}
  std::string QuarantinePath(const HourRecord& hour) const;
  Status WriteReason(const std::string& path, const HourRecord& hour,
                     std::string_view reason) const;

  io::FileSystem* files_;
  std::string out_;
  std::string symbol_;
  std::map<std::string, int64_t> sizes_;
};

}  // namespace tickhouse::ingest
