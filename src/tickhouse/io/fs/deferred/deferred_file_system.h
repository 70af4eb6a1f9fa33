// Small files that nobody needs on the disk yet, put there together when somebody does.
//
// A commit writes a data file or two, a manifest, a list and the table's metadata, and only then
// moves a pointer to them. Each by itself costs a sync of the file and one of its folder; together
// they cost about one of each, for the disk serves syncs that come at the same time in one go.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// As the file system underneath, but for the files that `defers` names by their path: `Commit`
/// keeps them in memory, where `OpenRead`, `Stat` and `Remove` find them; others see them after
/// `Flush`, and `kAlreadyExists` is answered only then. One that grows beyond `most_bytes`, or
/// would make all together more than `most_kept_bytes`, is written at once. `ListFiles` leaves them
/// out: they are still being written. Safe for several threads.
class DeferredFileSystem : public FileSystem {
 public:
  static constexpr int64_t kMostBytes = int64_t{4} << 20;
  static constexpr int64_t kMostKeptBytes = int64_t{32} << 20;

  /// `inner` is not owned.
  DeferredFileSystem(FileSystem* inner, std::function<bool(std::string_view path)> defers,
                     int64_t most_bytes = kMostBytes, int64_t most_kept_bytes = kMostKeptBytes)
      : inner_(inner),
        defers_(std::move(defers)),
        most_bytes_(most_bytes),
        most_kept_bytes_(most_kept_bytes) {}
  /// Flushes; a failure then is lost, as is what a killed process did not flush.
  ~DeferredFileSystem() override;
  DeferredFileSystem(const DeferredFileSystem&) = delete;
  DeferredFileSystem& operator=(const DeferredFileSystem&) = delete;

  /// When it returns success, every file whose `Commit` returned before is durable and seen by
  /// all. Otherwise the first failure; the file it is about stays deferred, so that the next flush
  /// fails as well, until it is removed.
  Status Flush();

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override;
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                               WriteOptions options) override;
  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override;
  Result<FileInfo> Stat(const std::string& path) override;
  Result<std::vector<FileInfo>> ListFiles(const std::string& folder) override;
  Status Remove(const std::string& path) override;
  Status Rename(const std::string& from, const std::string& to) override;
  Status MakeFolders(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override;

 private:
  class Writer;
  struct Deferred {
    std::shared_ptr<const std::string> bytes;
    WriteOptions options;
  };

  std::shared_ptr<const std::string> Find(const std::string& path);
  Status Keep(const std::string& path, std::string bytes, WriteOptions options);
  bool Reserve(int64_t bytes);
  void Release(int64_t bytes);
  void Drop(std::map<std::string, Deferred>::iterator at);

  FileSystem* const inner_;
  const std::function<bool(std::string_view path)> defers_;
  const int64_t most_bytes_, most_kept_bytes_;
  std::mutex flushing_;  // One flush at a time: the next one waits for files it may need as well.
  std::mutex mutex_;     // Guards what follows.
  std::map<std::string, Deferred> deferred_;
  int64_t kept_bytes_ = 0;  // Of all in `deferred_` and of those being written.
};

}  // namespace tickhouse::io
