#include "tickhouse/io/fs/memory_file_system.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>
#include <set>

namespace tickhouse::io {

namespace {

struct Entry {
  std::shared_ptr<std::string> bytes;
  int64_t version = 0;
};

struct Store {
  std::mutex mutex;
  std::map<std::string, Entry> files;
  std::set<std::string> folders{"", "/"};
  std::set<std::string> locks;
  int64_t version = 0;
};

// "./a//b/" and "a/b" are one file, as on disk.
std::string Normal(std::string_view path) {
  std::string normal = path.starts_with('/') ? "/" : "";
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") normal = JoinPath(normal, part);
    if (slash == std::string_view::npos) break;
    path.remove_prefix(slash + 1);
  }
  return normal;
}

std::unexpected<Error> FailMissing(const std::string& path) {
  return Fail(ErrorKind::kNotFound, fmt::format("{}: no such file", path));
}

Status MakeFoldersLocked(Store& store, const std::string& folder) {
  for (std::string part = folder; !part.empty(); part = std::string(ParentPath(part))) {
    if (store.files.contains(part)) {
      return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: is a file, not a folder", part));
    }
    if (!store.folders.insert(part).second) break;
  }
  return {};
}

Status PutLocked(Store& store, const std::string& path, std::string bytes) {
  TICKHOUSE_TRY(MakeFoldersLocked(store, std::string(ParentPath(path))));
  store.files[path] = {std::make_shared<std::string>(std::move(bytes)), ++store.version};
  return {};
}

FileInfo InfoOf(std::string path, const Entry& entry) {
  // No clock is handed in: versions count seconds, so later is later.
  return {std::move(path), static_cast<int64_t>(entry.bytes->size()),
          FromNanos(entry.version * kNanosPerSecond), std::to_string(entry.version)};
}

Status CheckName(const Store& store, const std::string& path) {
  if (path.empty() || path.ends_with('/') || path.find('\0') != std::string::npos ||
      store.folders.contains(Normal(path))) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: not the name of a file", path));
  }
  return {};
}

class MemoryReadableFile : public ReadableFile {
 public:
  MemoryReadableFile(std::string path, std::string bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {}
  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (offset < 0 || offset > size() || static_cast<int64_t>(out.size()) > size() - offset) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: reading {} bytes at {}, but it has {}", path_, out.size(),
                              offset, size()));
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  std::string path_;
  std::string bytes_;
};

class MemoryWritableFile : public WritableFile {
 public:
  MemoryWritableFile(std::shared_ptr<Store> store, std::string path, WriteOptions options)
      : store_(std::move(store)), path_(std::move(path)), options_(options) {}
  Status Append(std::span<const std::byte> bytes) override {
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return {};
  }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Status Commit() override {
    std::scoped_lock lock(store_->mutex);
    if (options_.must_not_exist && store_->files.contains(path_)) {
      return Fail(ErrorKind::kAlreadyExists,
                  fmt::format("{}: exists already and is not replaced", path_));
    }
    return PutLocked(*store_, path_, std::move(bytes_));
  }

 private:
  std::shared_ptr<Store> store_;
  std::string path_;
  WriteOptions options_;
  std::string bytes_;
};

class MemoryAppendableFile : public FileSystem::AppendableFile {
 public:
  MemoryAppendableFile(std::shared_ptr<Store> store, std::shared_ptr<std::string> bytes,
                       std::string path)
      : store_(std::move(store)), bytes_(std::move(bytes)), path_(std::move(path)) {}
  Status Append(std::span<const std::byte> bytes) override {
    std::scoped_lock lock(store_->mutex);
    bytes_->append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    Touch();
    return {};
  }
  Status Sync() override { return {}; }
  Status Truncate(int64_t size) override {
    if (size < 0) return Fail(ErrorKind::kInvalidArgument, "a file cannot have less than no bytes");
    std::scoped_lock lock(store_->mutex);
    bytes_->resize(static_cast<std::size_t>(size));
    Touch();
    return {};
  }

 private:
  void Touch() {
    const auto found = store_->files.find(path_);
    if (found != store_->files.end() && found->second.bytes == bytes_) {
      found->second.version = ++store_->version;
    }
  }
  std::shared_ptr<Store> store_;
  std::shared_ptr<std::string> bytes_;
  std::string path_;
};

class MemoryLock : public FileLock {
 public:
  MemoryLock(std::shared_ptr<Store> store, std::string path)
      : store_(std::move(store)), path_(std::move(path)) {}
  ~MemoryLock() override {
    std::scoped_lock lock(store_->mutex);
    store_->locks.erase(path_);
  }

 private:
  std::shared_ptr<Store> store_;
  std::string path_;
};

class MemoryFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, path));
    const auto found = store_->files.find(Normal(path));
    if (found == store_->files.end()) return FailMissing(path);
    return std::make_unique<MemoryReadableFile>(path, *found->second.bytes);
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                               WriteOptions options) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, path));
    TICKHOUSE_TRY(MakeFoldersLocked(*store_, std::string(ParentPath(Normal(path)))));
    return std::make_unique<MemoryWritableFile>(store_, Normal(path), options);
  }

  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, path));
    const std::string normal = Normal(path);
    if (!store_->files.contains(normal)) TICKHOUSE_TRY(PutLocked(*store_, normal, ""));
    return std::make_unique<MemoryAppendableFile>(store_, store_->files[normal].bytes, normal);
  }

  Result<FileInfo> Stat(const std::string& path) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, path));
    const auto found = store_->files.find(Normal(path));
    if (found == store_->files.end()) return FailMissing(path);
    return InfoOf(path, found->second);
  }

  Result<std::vector<FileInfo>> ListFiles(const std::string& folder) override {
    std::scoped_lock lock(store_->mutex);
    const std::string normal = Normal(folder);
    if (!store_->folders.contains(normal)) {
      if (!store_->files.contains(normal)) return FailMissing(folder);
      return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: is a file, not a folder", folder));
    }
    std::vector<FileInfo> files;
    for (const auto& [path, entry] : store_->files) {
      const auto relative = RelativePath(path, normal);
      if (relative) files.push_back(InfoOf(JoinPath(folder, *relative), entry));
    }
    return files;
  }

  Status Remove(const std::string& path) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, path));
    if (store_->files.erase(Normal(path)) == 0) return FailMissing(path);
    return {};
  }

  Status Rename(const std::string& from, const std::string& to) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, from));
    TICKHOUSE_TRY(CheckName(*store_, to));
    const auto found = store_->files.find(Normal(from));
    if (found == store_->files.end()) return FailMissing(from);
    if (Normal(from) == Normal(to)) return {};
    TICKHOUSE_TRY(MakeFoldersLocked(*store_, std::string(ParentPath(Normal(to)))));
    store_->files[Normal(to)] = found->second;
    store_->files.erase(found);
    return {};
  }

  Status MakeFolders(const std::string& path) override {
    std::scoped_lock lock(store_->mutex);
    return MakeFoldersLocked(*store_, Normal(path));
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    std::scoped_lock lock(store_->mutex);
    TICKHOUSE_TRY(CheckName(*store_, path));
    if (!store_->locks.insert(Normal(path)).second) {
      return Fail(ErrorKind::kBusy,
                  fmt::format("{}: process {} works on it; wait for it to end", path, ::getpid()));
    }
    return std::make_unique<MemoryLock>(store_, Normal(path));
  }

 private:
  std::shared_ptr<Store> store_ = std::make_shared<Store>();
};

}  // namespace

std::unique_ptr<FileSystem> MakeMemoryFileSystem() {
  return std::make_unique<MemoryFileSystem>();
}

}  // namespace tickhouse::io
