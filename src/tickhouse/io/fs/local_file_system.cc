#include "tickhouse/io/fs/local_file_system.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <mutex>
#include <set>

#include "tickhouse/io/fs/local_file.h"

namespace tickhouse::io {

namespace {

class LocalFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    return local::OpenRead(path);
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                               WriteOptions options) override {
    SweepOnce(std::string(ParentPath(path)));
    return local::CreateFile(path, options);
  }

  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    return local::OpenAppend(path);
  }

  Result<FileInfo> Stat(const std::string& path) override {
    TICKHOUSE_TRY(local::CheckPath(path));
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) {
      return FailErrno(errno, fmt::format("{}: looking at it", path));
    }
    if (S_ISDIR(status.st_mode)) {
      return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: is a folder, not a file", path));
    }
    return local::InfoOf(path, status);
  }

  Result<std::vector<FileInfo>> ListFiles(const std::string& folder) override {
    return local::ListFiles(folder);
  }

  Status Remove(const std::string& path) override {
    TICKHOUSE_TRY(local::CheckPath(path));
    if (::unlink(path.c_str()) == 0) return {};
    return FailErrno(errno, fmt::format("{}: removing", path));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    TICKHOUSE_TRY(local::CheckPath(to));
    TICKHOUSE_TRY(Stat(from));
    const std::string folder(ParentPath(to));
    TICKHOUSE_TRY(local::MakeFolders(folder));
    if (::rename(from.c_str(), to.c_str()) != 0) {
      return FailErrno(errno, fmt::format("{}: renaming to {}", from, to));
    }
    return local::SyncFolder(folder);
  }

  Status MakeFolders(const std::string& path) override {
    TICKHOUSE_TRY(local::CheckPath(path));
    return local::MakeFolders(path);
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    return local::LockFile(path);
  }

 private:
  // Once a folder: looking through 20,000 names at each of 20,000 files would cost minutes.
  void SweepOnce(const std::string& folder) {
    {
      std::scoped_lock lock(mutex_);
      if (!swept_.insert(folder).second) return;
    }
    local::RemoveStaleTemporaries(folder);
  }

  std::mutex mutex_;
  std::set<std::string> swept_;
};

}  // namespace

std::unique_ptr<FileSystem> MakeLocalFileSystem() {
  return std::make_unique<LocalFileSystem>();
}

}  // namespace tickhouse::io
