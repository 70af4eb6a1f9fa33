// What a folder of converted files remembers: which content was converted how, so that a later run
// skips it. Lives in OUT/.tickhouse/convert.journal.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/ingest/convert/convert_plan.h"
#include "tickhouse/io/fs/file_system.h"
#include "tickhouse/io/journal/journal.h"

namespace tickhouse::ingest {

struct OutputFile {
  std::string path;  ///< Relative to OUT.
  int64_t size = 0;
};

/// One item that was converted wholly.
struct DoneRecord {
  std::string item;        ///< ConvertItem::name.
  std::string options;     ///< OptionsFingerprint.
  int64_t bytes = 0;       ///< Of all sources.
  std::string stamp;       ///< SourceStamp at the time.
  std::string content;     ///< SHA-256 of the source, or of the list of sources' hashes.
  int64_t started_ns = 0;  ///< UTC; a source modified later than shortly before it needs a look.
  int64_t rows = 0;
  int64_t rejected = 0;
  std::vector<OutputFile> outputs;
};

/// All that changes the output of an item, as text.
std::string OptionsFingerprint(const ConvertItem& item, const ConvertOptions& options);

/// Names, sizes and times of the sources: equal stamps mean "not touched", without reading.
std::string SourceStamp(const ConvertItem& item);

/// The journal, read and appended. Records are written in groups: a killed run forgets at most the
/// last group and does it again with the same result. Safe for several threads.
class ConvertState {
 public:
  /// kCorrupt says which file to remove to begin anew.
  static Result<std::unique_ptr<ConvertState>> Open(io::FileSystem& files, const std::string& out);
  ~ConvertState();

  /// The newest record of that name; empty when there is none.
  const DoneRecord* FindItem(std::string_view item) const;
  /// A record with that content and options under any name.
  const DoneRecord* FindContent(const std::string& content, const std::string& options) const;
  /// True when some record has that many source bytes and those options: hashing may pay.
  bool MayKnow(int64_t bytes, const std::string& options) const;

  Status Add(DoneRecord record);
  Status Flush();

  static constexpr std::size_t kGroup = 64;

 private:
  ConvertState() = default;
  void Keep(DoneRecord record);
  Status FlushLocked();

  mutable std::mutex mutex_;
  std::unique_ptr<io::Journal> journal_;
  std::map<std::string, std::unique_ptr<DoneRecord>, std::less<>> by_item_;
  std::set<std::pair<int64_t, std::string>> sizes_;  ///< (bytes, options) seen.
  std::map<std::string, std::vector<std::string>, std::less<>> items_by_content_;
  std::vector<std::string> pending_;
  std::vector<std::unique_ptr<DoneRecord>> replaced_;  ///< Pointers handed out stay valid.
};

}  // namespace tickhouse::ingest
