#include "tickhouse/io/fs/faulty_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <mutex>

namespace tickhouse::io {

namespace {

/// What is shared between the file system and the files it opened.
struct Faults {
  FileSystem* base = nullptr;
  std::function<std::optional<Error>(FsCall, const std::string&, int)> plan;
  std::mutex mutex;
  std::array<int, 16> counts{};
  std::atomic<int> crashes = 0;
  /// Bytes of each appended file that a power cut would leave.
  std::map<std::string, int64_t> durable;
  std::map<std::string, int64_t> length;
  std::map<int, std::unique_ptr<FileLock>> locks;
  int next_lock = 0;

  Status Ask(FsCall call, const std::string& path) {
    std::scoped_lock lock(mutex);
    auto error = plan ? plan(call, path, counts[static_cast<std::size_t>(call)]++) : std::nullopt;
    if (error) return Fail(std::move(*error));
    return {};
  }

  Status CheckAlive(int opened_at) {
    std::scoped_lock lock(mutex);
    if (opened_at == crashes) return {};
    return Fail(ErrorKind::kIo, "opened before the crash");
  }
};

using SharedFaults = std::shared_ptr<Faults>;

class FaultyReadableFile : public ReadableFile {
 public:
  FaultyReadableFile(SharedFaults faults, std::unique_ptr<ReadableFile> base)
      : faults_(std::move(faults)), base_(std::move(base)), opened_at_(faults_->crashes) {}
  const std::string& path() const override { return base_->path(); }
  int64_t size() const override { return base_->size(); }
  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    TICKHOUSE_TRY(faults_->CheckAlive(opened_at_));
    TICKHOUSE_TRY(faults_->Ask(FsCall::kRead, path()));
    return base_->ReadAt(offset, out);
  }

 private:
  SharedFaults faults_;
  std::unique_ptr<ReadableFile> base_;
  int opened_at_;
};

class FaultyWritableFile : public WritableFile {
 public:
  FaultyWritableFile(SharedFaults faults, std::string path, std::unique_ptr<WritableFile> base)
      : faults_(std::move(faults)),
        path_(std::move(path)),
        base_(std::move(base)),
        opened_at_(faults_->crashes) {}
  Status Append(std::span<const std::byte> bytes) override {
    TICKHOUSE_TRY(faults_->CheckAlive(opened_at_));
    if (auto asked = faults_->Ask(FsCall::kAppend, path_); !asked) {
      TICKHOUSE_TRY(base_->Append(bytes.first(bytes.size() / 2)));
      return asked;
    }
    return base_->Append(bytes);
  }
  int64_t size() const override { return base_->size(); }
  Status Commit() override {
    TICKHOUSE_TRY(faults_->CheckAlive(opened_at_));
    TICKHOUSE_TRY(faults_->Ask(FsCall::kCommit, path_));
    return base_->Commit();
  }

 private:
  SharedFaults faults_;
  std::string path_;
  std::unique_ptr<WritableFile> base_;
  int opened_at_;
};

class FaultyAppendableFile : public FileSystem::AppendableFile {
 public:
  FaultyAppendableFile(SharedFaults faults, std::string path,
                       std::unique_ptr<FileSystem::AppendableFile> base)
      : faults_(std::move(faults)),
        path_(std::move(path)),
        base_(std::move(base)),
        opened_at_(faults_->crashes) {}

  Status Append(std::span<const std::byte> bytes) override {
    TICKHOUSE_TRY(faults_->CheckAlive(opened_at_));
    const Status asked = faults_->Ask(FsCall::kAppend, path_);
    if (!asked) bytes = bytes.first(bytes.size() / 2);
    TICKHOUSE_TRY(base_->Append(bytes));
    std::scoped_lock lock(faults_->mutex);
    faults_->length[path_] += static_cast<int64_t>(bytes.size());
    return asked;
  }

  Status Sync() override {
    TICKHOUSE_TRY(faults_->CheckAlive(opened_at_));
    TICKHOUSE_TRY(faults_->Ask(FsCall::kSync, path_));
    TICKHOUSE_TRY(base_->Sync());
    std::scoped_lock lock(faults_->mutex);
    faults_->durable[path_] = faults_->length[path_];
    return {};
  }

  Status Truncate(int64_t size) override {
    TICKHOUSE_TRY(faults_->CheckAlive(opened_at_));
    TICKHOUSE_TRY(base_->Truncate(size));
    std::scoped_lock lock(faults_->mutex);
    faults_->length[path_] = size;
    faults_->durable[path_] = std::min(faults_->durable[path_], size);
    return {};
  }

 private:
  SharedFaults faults_;
  std::string path_;
  std::unique_ptr<FileSystem::AppendableFile> base_;
  int opened_at_;
};

class FaultyLock : public FileLock {
 public:
  FaultyLock(SharedFaults faults, int number) : faults_(std::move(faults)), number_(number) {}
  ~FaultyLock() override {
    std::scoped_lock lock(faults_->mutex);
    faults_->locks.erase(number_);
  }

 private:
  SharedFaults faults_;
  int number_;
};

class FaultyFileSystemImpl : public FaultyFileSystem {
 public:
  explicit FaultyFileSystemImpl(SharedFaults faults) : faults_(std::move(faults)) {}

  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kOpenRead, path));
    TICKHOUSE_ASSIGN(auto file, faults_->base->OpenRead(path));
    return std::make_unique<FaultyReadableFile>(faults_, std::move(file));
  }

  Result<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                               WriteOptions options) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kCreate, path));
    TICKHOUSE_ASSIGN(auto file, faults_->base->Create(path, options));
    return std::make_unique<FaultyWritableFile>(faults_, path, std::move(file));
  }

  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kCreate, path));
    TICKHOUSE_ASSIGN(auto file, faults_->base->OpenAppend(path));
    TICKHOUSE_ASSIGN(const FileInfo info, faults_->base->Stat(path));
    std::scoped_lock lock(faults_->mutex);
    faults_->length[path] = info.size;
    faults_->durable.try_emplace(path, info.size);
    return std::make_unique<FaultyAppendableFile>(faults_, path, std::move(file));
  }

  Result<FileInfo> Stat(const std::string& path) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kStat, path));
    return faults_->base->Stat(path);
  }

  Result<std::vector<FileInfo>> ListFiles(const std::string& folder) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kList, folder));
    return faults_->base->ListFiles(folder);
  }

  Status Remove(const std::string& path) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kRemove, path));
    TICKHOUSE_TRY(faults_->base->Remove(path));
    std::scoped_lock lock(faults_->mutex);
    faults_->durable.erase(path);
    faults_->length.erase(path);
    return {};
  }

  Status Rename(const std::string& from, const std::string& to) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kRename, from));
    TICKHOUSE_TRY(faults_->base->Rename(from, to));
    std::scoped_lock lock(faults_->mutex);
    for (auto* sizes : {&faults_->durable, &faults_->length}) {
      sizes->erase(to);
      if (auto node = sizes->extract(from)) {
        node.key() = to;
        sizes->insert(std::move(node));
      }
    }
    return {};
  }

  Status MakeFolders(const std::string& path) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kCreate, path));
    return faults_->base->MakeFolders(path);
  }

  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override {
    TICKHOUSE_TRY(faults_->Ask(FsCall::kLock, path));
    TICKHOUSE_ASSIGN(auto held, faults_->base->Lock(path));
    std::scoped_lock lock(faults_->mutex);
    const int number = faults_->next_lock++;
    faults_->locks[number] = std::move(held);
    return std::make_unique<FaultyLock>(faults_, number);
  }

  Status Crash() override {
    std::map<std::string, int64_t> durable;
    {
      std::scoped_lock lock(faults_->mutex);
      ++faults_->crashes;
      faults_->locks.clear();
      durable.swap(faults_->durable);
      for (const auto& [path, size] : durable) {
        if (faults_->length[path] <= size) faults_->length.erase(path);
      }
      std::erase_if(durable,
                    [&](const auto& file) { return !faults_->length.contains(file.first); });
      faults_->length.clear();
    }
    for (const auto& [path, size] : durable) {
      TICKHOUSE_ASSIGN(auto file, faults_->base->OpenAppend(path));
      TICKHOUSE_TRY(file->Truncate(size));
    }
    return {};
  }

 private:
  SharedFaults faults_;
};

}  // namespace

std::unique_ptr<FaultyFileSystem> MakeFaultyFileSystem(
    FileSystem* base,
    std::function<std::optional<Error>(FsCall call, const std::string& path, int n)> fault) {
  auto faults = std::make_shared<Faults>();
  faults->base = base;
  faults->plan = std::move(fault);
  return std::make_unique<FaultyFileSystemImpl>(std::move(faults));
}

}  // namespace tickhouse::io
