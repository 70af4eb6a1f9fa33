#include "tickhouse/io/fs/routing_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>

namespace tickhouse::io {

namespace {

bool IsS3(std::string_view path) {
  return path.starts_with("s3://");
}

// A drive-like or odd name such as "a:b" is a file; only letters followed by "://" are a scheme.
bool HasScheme(std::string_view path) {
  const std::size_t end = path.find("://");
  return end != std::string_view::npos && end > 0 &&
         std::all_of(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(end),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}

class RoutingFileSystem : public FileSystem {
 public:
  RoutingFileSystem(std::unique_ptr<FileSystem> local,
                    std::function<Result<std::unique_ptr<FileSystem>>()> make_s3)
      : local_(std::move(local)), make_s3_(std::move(make_s3)) {}

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->OpenRead(path);
  }
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                               WriteOptions options) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->Create(path, options);
  }
  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->OpenAppend(path);
  }
  Result<FileInfo> Stat(const std::string& path) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->Stat(path);
  }
  Result<std::vector<FileInfo>> ListFiles(const std::string& folder) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(folder));
    return fs->ListFiles(folder);
  }
  Status Remove(const std::string& path) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->Remove(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(from));
    TICKHOUSE_ASSIGN(const FileSystem* target, For(to));
    if (fs != target) {
      return Fail(ErrorKind::kUnsupported,
                  fmt::format("{}: cannot be renamed to {}, in another store", from, to));
    }
    return fs->Rename(from, to);
  }
  Status MakeFolders(const std::string& path) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->MakeFolders(path);
  }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    TICKHOUSE_ASSIGN(FileSystem * fs, For(path));
    return fs->Lock(path);
  }

 private:
  Result<FileSystem*> For(const std::string& path) {
    if (!HasScheme(path)) return local_.get();
    if (!IsS3(path)) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: name a local path or s3://bucket/key", path));
    }
    std::scoped_lock lock(mutex_);
    if (s3_ == nullptr) {
      auto made = make_s3_();
      if (!made) return Fail(made.error().WithContext(path));
      s3_ = std::move(*made);
    }
    return s3_.get();
  }

  std::unique_ptr<FileSystem> local_;
  std::function<Result<std::unique_ptr<FileSystem>>()> make_s3_;
  std::mutex mutex_;
  std::unique_ptr<FileSystem> s3_;
};

}  // namespace

std::unique_ptr<FileSystem> MakeRoutingFileSystem(
    std::unique_ptr<FileSystem> local,
    std::function<Result<std::unique_ptr<FileSystem>>()> make_s3) {
  return std::make_unique<RoutingFileSystem>(std::move(local), std::move(make_s3));
}

}  // namespace tickhouse::io
