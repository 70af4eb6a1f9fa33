// Table metadata that was read or written a moment ago, so that it need not be parsed again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>

#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/lake/format/table_metadata.h"

namespace tickhouse::lake {

/// Metadata files never change once written, so the location alone names what is in one; the file
/// is still looked at each time (size and etag), and read again when it is not the one that was
/// kept. The few used last are kept. Safe for several threads.
class MetadataCache {
 public:
  explicit MetadataCache(std::size_t capacity = 16) : capacity_(capacity) {}

  /// The metadata at `location`. Errors as ReadWhole and ParseTableMetadata, without context.
  Result<MetadataPtr> Load(io::FileSystem& files, const std::string& location);
  /// `metadata` was just written to `location`, in `bytes` bytes.
  void Keep(const std::string& location, int64_t bytes, MetadataPtr metadata);

 private:
  struct Entry {
    std::string location;
    int64_t bytes = 0;
    std::string etag;  ///< Empty: not looked at since it was written.
    MetadataPtr metadata;
  };

  MetadataPtr Find(const std::string& location, const io::FileInfo& info);
  void Put(Entry entry);

  const std::size_t capacity_;
  std::mutex mutex_;
  std::list<Entry> entries_;  // The one used last first.
};

}  // namespace tickhouse::lake
