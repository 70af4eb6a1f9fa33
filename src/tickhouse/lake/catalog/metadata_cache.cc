#include "tickhouse/lake/catalog/metadata_cache.h"

#include <algorithm>
#include <utility>

#include "tickhouse/lake/format/location.h"

namespace tickhouse::lake {

Result<MetadataPtr> MetadataCache::Load(io::FileSystem& files, const std::string& location) {
  TICKHOUSE_ASSIGN(const std::string path, StoragePath(location));
  TICKHOUSE_ASSIGN(const io::FileInfo info, files.Stat(path));
  if (MetadataPtr known = Find(location, info)) return known;
  TICKHOUSE_ASSIGN(const std::string text, files.ReadWhole(path));
  TICKHOUSE_ASSIGN(TableMetadata parsed, ParseTableMetadata(text));
  auto metadata = std::make_shared<const TableMetadata>(std::move(parsed));
  Put({location, info.size, info.etag, metadata});
  return metadata;
}

void MetadataCache::Keep(const std::string& location, int64_t bytes, MetadataPtr metadata) {
  Put({location, bytes, {}, std::move(metadata)});
}

MetadataPtr MetadataCache::Find(const std::string& location, const io::FileInfo& info) {
  const std::scoped_lock lock(mutex_);
  const auto entry = std::ranges::find(entries_, location, &Entry::location);
  if (entry == entries_.end() || entry->bytes != info.size) return nullptr;
  if (entry->etag.empty()) entry->etag = info.etag;
  if (entry->etag != info.etag) return nullptr;
  entries_.splice(entries_.begin(), entries_, entry);
  return entry->metadata;
}

void MetadataCache::Put(Entry entry) {
  const std::scoped_lock lock(mutex_);
  std::erase_if(entries_, [&](const Entry& old) { return old.location == entry.location; });
  entries_.push_front(std::move(entry));
  if (entries_.size() > capacity_) entries_.pop_back();
}

}  // namespace tickhouse::lake
