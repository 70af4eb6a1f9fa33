// Bytes at rest, behind one interface: local disk, S3, memory, and a faulty twin for tests.
//
// Paths are UTF-8 byte strings with '/' between parts; whatever bytes the store holds are kept.
// Local paths are relative to the working directory or absolute; the S3 implementation takes
// `bucket/key`. Every implementation passes io/fs/file_system_contract.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse::io {

struct FileInfo {
  std::string path;  ///< As the call can be repeated with: prefix given + relative part.
  int64_t size = 0;  ///< Bytes.
  UtcTime modified;
  std::string etag;  ///< Changes when the content does; may be empty (local: size, time and inode).
};

/// An open file, read at any offset. The content is that of the moment of opening where the store
/// can promise it (S3: by ETag); on local disk a file that shrinks meanwhile answers kCorrupt, one
/// that grows is read up to `size()`. Safe for several threads at once.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;
  virtual const std::string& path() const = 0;
  /// Bytes at the time of opening.
  virtual int64_t size() const = 0;
  /// Fills `out` wholly from `offset`, or fails; reading past `size()` is kInvalidArgument.
  virtual Status ReadAt(int64_t offset, std::span<std::byte> out) const = 0;
};

/// A file being written. Nothing is visible under its path until `Commit` returned success; then
/// all of it is, durably (local: written beside, synced, renamed, folder synced). Destroying it
/// without `Commit` leaves nothing behind. After a failed call only destruction is allowed. One
/// thread.
class WritableFile {
 public:
  virtual ~WritableFile() = default;
  virtual Status Append(std::span<const std::byte> bytes) = 0;
  /// Bytes appended so far.
  virtual int64_t size() const = 0;
  virtual Status Commit() = 0;
};

struct WriteOptions {
  /// Commit fails with kAlreadyExists when the path exists by then; otherwise it is replaced.
  bool must_not_exist = false;
  /// Local: mode 0444 afterwards; other stores ignore it.
  bool read_only = false;
};

/// A claim on a path by one process, held until destroyed or the process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

/// Safe for several threads. Errors carry the path in their text.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  /// kNotFound, kPermission, kInvalidArgument (a folder).
  virtual Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) = 0;

  /// Makes missing parent folders.
  virtual Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                       WriteOptions options = {}) = 0;

  /// Opens for appending at the end (made if missing): a journal's file. Bytes are visible as they
  /// are appended; `Sync` makes them durable. kUnsupported where the store cannot (S3).
  class AppendableFile {
   public:
    virtual ~AppendableFile() = default;
    virtual Status Append(std::span<const std::byte> bytes) = 0;
    virtual Status Sync() = 0;
    /// Cuts the file to `size` bytes; later appends go there.
    virtual Status Truncate(int64_t size) = 0;
  };
  virtual Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) = 0;

  /// kNotFound; a folder is kInvalidArgument (kNotFound on stores without folders).
  virtual Result<FileInfo> Stat(const std::string& path) = 0;

  /// Files (not folders) at any depth below `folder`, sorted by path bytes. A missing folder is
  /// kNotFound locally and an empty list on stores without folders. Symbolic links are followed; a
  /// folder reached in several ways (a loop, say) is listed once. Files still being written by
  /// `Create` are not listed.
  virtual Result<std::vector<FileInfo>> ListFiles(const std::string& folder) = 0;

  /// kNotFound when it does not exist.
  virtual Status Remove(const std::string& path) = 0;

  /// Moves a file, replacing the target. Atomic locally; copy and remove on S3.
  virtual Status Rename(const std::string& from, const std::string& to) = 0;

  virtual Status MakeFolders(const std::string& path) = 0;

  /// kBusy when another process (or another lock in this one) holds it; the text names its pid.
  /// A lock left by a dead process is taken over. kUnsupported where the store cannot.
  virtual Result<std::unique_ptr<FileLock>> Lock(const std::string& path) = 0;

  /// True when `path` exists as a file.
  Result<bool> Exists(const std::string& path);
  /// The whole file; refuses with kInvalidArgument beyond `max_bytes`.
  Result<std::string> ReadWhole(const std::string& path, int64_t max_bytes = int64_t{1} << 30);
  /// Create, Append, Commit.
  Status WriteWhole(const std::string& path, std::string_view bytes, WriteOptions options = {});
};

/// "a/b" + "c" = "a/b/c"; no doubled or missing separator; an absolute second part wins.
std::string JoinPath(std::string_view folder, std::string_view name);
/// "a/b/c.csv" -> "c.csv"
std::string_view BaseName(std::string_view path);
/// "a/b/c.csv" -> "a/b"; "" when there is no folder part.
std::string_view ParentPath(std::string_view path);
/// "c.CSV" -> "csv": lower case without the dot; "" when there is none.
std::string Extension(std::string_view path);
/// `path` below `root`, without a leading separator; empty when it is not below.
std::optional<std::string> RelativePath(std::string_view path, std::string_view root);

}  // namespace tickhouse::io
