#include "tickhouse/io/fs/deferred/deferred_file_system.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <tuple>
#include <utility>

#include "tickhouse/core/parallel.h"

namespace tickhouse::io {

namespace {

constexpr int kMostThreads = 8;  // They wait for the disk or the network, not for a processor.

class DeferredReader : public ReadableFile {
 public:
  DeferredReader(std::string path, std::shared_ptr<const std::string> bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {}

  const std::string& path() const override { return path_; }
  int64_t size() const override { return static_cast<int64_t>(bytes_->size()); }

  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (offset < 0 || offset > size() || static_cast<int64_t>(out.size()) > size() - offset) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: reading {} bytes at {}, but it has {}", path_, out.size(),
                              offset, size()));
    }
    if (!out.empty()) std::memcpy(out.data(), bytes_->data() + offset, out.size());
    return {};
  }

 private:
  std::string path_;
  std::shared_ptr<const std::string> bytes_;
};

}  // namespace

// Holds the bytes until they are too many, and from then on writes through.
class DeferredFileSystem::Writer : public WritableFile {
 public:
  Writer(DeferredFileSystem* owner, std::string path, WriteOptions options)
      : owner_(owner), path_(std::move(path)), options_(options) {}

  int64_t size() const override { return through_ ? through_->size() : reserved_; }

  ~Writer() override { owner_->Release(reserved_); }

  Status Append(std::span<const std::byte> bytes) override {
    const auto more = static_cast<int64_t>(bytes.size());
    if (!through_ && (reserved_ + more > owner_->most_bytes_ || !owner_->Reserve(more))) {
      TICKHOUSE_ASSIGN(through_, owner_->inner_->Create(path_, options_));
      TICKHOUSE_TRY(through_->Append(std::as_bytes(std::span(bytes_))));
      bytes_ = {};
      owner_->Release(std::exchange(reserved_, 0));
    }
    if (through_) return through_->Append(bytes);
    bytes_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    reserved_ += more;
    return {};
  }

  Status Commit() override {
    if (through_) return through_->Commit();
    TICKHOUSE_TRY(owner_->Keep(path_, std::move(bytes_), options_));
    reserved_ = 0;  // What is kept holds it now.
    return {};
  }

 private:
  DeferredFileSystem* owner_;
  std::string path_;
  WriteOptions options_;
  std::string bytes_;
  int64_t reserved_ = 0;  // For `bytes_`.
  std::unique_ptr<WritableFile> through_;
};

DeferredFileSystem::~DeferredFileSystem() {
  std::ignore = Flush();
}

Status DeferredFileSystem::Flush() {
  const std::scoped_lock turn(flushing_);
  std::vector<std::pair<std::string, Deferred>> batch;
  {
    const std::scoped_lock lock(mutex_);
    batch.assign(deferred_.begin(), deferred_.end());
  }
  const int threads = std::min(kMostThreads, static_cast<int>(batch.size()));
  return ParallelFor(batch.size(), std::max(threads, 1), CancelToken(), [&](std::size_t i) {
    const auto& [path, file] = batch[i];
    Status written = inner_->WriteWhole(path, *file.bytes, file.options);
    if (!written) return written;
    const std::scoped_lock lock(mutex_);
    // It may have been removed, or written anew, meanwhile.
    const auto at = deferred_.find(path);
    if (at != deferred_.end() && at->second.bytes == file.bytes) Drop(at);
    return written;
  });
}

std::shared_ptr<const std::string> DeferredFileSystem::Find(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  const auto at = deferred_.find(path);
  return at == deferred_.end() ? nullptr : at->second.bytes;
}

Status DeferredFileSystem::Keep(const std::string& path, std::string bytes, WriteOptions options) {
  const std::scoped_lock lock(mutex_);
  const auto at = deferred_.find(path);
  if (at != deferred_.end()) {
    if (options.must_not_exist) {
      return Fail(ErrorKind::kAlreadyExists,
                  fmt::format("{}: exists already and is not replaced", path));
    }
    Drop(at);
  }
  deferred_.emplace(path, Deferred{std::make_shared<const std::string>(std::move(bytes)), options});
  return {};
}

bool DeferredFileSystem::Reserve(int64_t bytes) {
  const std::scoped_lock lock(mutex_);
  if (kept_bytes_ + bytes > most_kept_bytes_) return false;
  kept_bytes_ += bytes;
  return true;
}

void DeferredFileSystem::Release(int64_t bytes) {
  const std::scoped_lock lock(mutex_);
  kept_bytes_ -= bytes;
}

void DeferredFileSystem::Drop(std::map<std::string, Deferred>::iterator at) {
  kept_bytes_ -= static_cast<int64_t>(at->second.bytes->size());
  deferred_.erase(at);
}

Result<std::unique_ptr<ReadableFile>> DeferredFileSystem::OpenRead(const std::string& path) {
  if (auto bytes = Find(path)) return std::make_unique<DeferredReader>(path, std::move(bytes));
  return inner_->OpenRead(path);
}

Result<std::unique_ptr<WritableFile>> DeferredFileSystem::Create(const std::string& path,
                                                                 WriteOptions options) {
  if (!defers_(path)) return inner_->Create(path, options);
  return std::make_unique<Writer>(this, path, options);
}

Result<std::unique_ptr<FileSystem::AppendableFile>> DeferredFileSystem::OpenAppend(
    const std::string& path) {
  if (Find(path)) TICKHOUSE_TRY(Flush());
  return inner_->OpenAppend(path);
}

Result<FileInfo> DeferredFileSystem::Stat(const std::string& path) {
  const auto bytes = Find(path);
  if (!bytes) return inner_->Stat(path);
  FileInfo info;
  info.path = path;
  info.size = static_cast<int64_t>(bytes->size());
  return info;
}

Result<std::vector<FileInfo>> DeferredFileSystem::ListFiles(const std::string& folder) {
  return inner_->ListFiles(folder);
}

Status DeferredFileSystem::Remove(const std::string& path) {
  {
    const std::scoped_lock lock(mutex_);
    const auto at = deferred_.find(path);
    if (at != deferred_.end()) {
      Drop(at);
      return {};
    }
  }
  return inner_->Remove(path);
}

Status DeferredFileSystem::Rename(const std::string& from, const std::string& to) {
  if (Find(from) || Find(to)) TICKHOUSE_TRY(Flush());
  return inner_->Rename(from, to);
}

Status DeferredFileSystem::MakeFolders(const std::string& path) {
  return inner_->MakeFolders(path);
}

Result<std::unique_ptr<FileLock>> DeferredFileSystem::Lock(const std::string& path) {
  return inner_->Lock(path);
}

}  // namespace tickhouse::io
