// The pieces of the local file system: descriptors, open files, temporary names. Internal to io/fs.
#pragma once

#include <sys/stat.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io::local {

/// Owns one file descriptor; -1 is none.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    if (this != &other) Close();
    fd_ = std::exchange(other.fd_, -1);
    return *this;
  }
  ~Descriptor() { Close(); }
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_;
};

/// open(2) with O_CLOEXEC, repeated when a signal interrupts it. An errno is in errno.
Descriptor Open(const std::string& path, int flags, mode_t mode = 0666);

Status WriteAll(int fd, std::span<const std::byte> bytes, const std::string& path);

/// Makes names in `folder` ("" is the working directory) survive a power cut.
Status SyncFolder(const std::string& folder);

/// mkdir -p, each new name made durable.
Status MakeFolders(const std::string& path);

FileInfo InfoOf(std::string path, const struct stat& status);

/// kInvalidArgument for the names no call can be made with: empty, or holding a NUL.
Status CheckPath(const std::string& path);

/// `.NAME.PID-N.tmp`, a name beside `path` that no other call of this process gets.
std::string TemporaryPath(const std::string& path);
/// The pid in a name that `TemporaryPath` made; 0 for every other name.
pid_t TemporaryOwner(std::string_view name);
/// Removes temporary files in `folder` whose process died and whose lock nobody holds.
void RemoveStaleTemporaries(const std::string& folder);

Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path);
Result<std::unique_ptr<WritableFile>> CreateFile(const std::string& path, WriteOptions options);
Result<std::unique_ptr<FileSystem::AppendableFile>> OpenAppend(const std::string& path);
Result<std::unique_ptr<FileLock>> LockFile(const std::string& path);
Result<std::vector<FileInfo>> ListFiles(const std::string& folder);

}  // namespace tickhouse::io::local
