#include "tickhouse/io/fs/local_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>

#include <atomic>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>

namespace tickhouse::io::local {

Descriptor Open(const std::string& path, int flags, mode_t mode) {
  while (true) {
    const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
    if (fd >= 0 || errno != EINTR) return Descriptor(fd);
  }
}

Status WriteAll(int fd, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return FailErrno(errno, fmt::format("{}: writing", path));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Status SyncFolder(const std::string& folder) {
  const Descriptor fd = Open(folder.empty() ? "." : folder, O_RDONLY | O_DIRECTORY);
  if (!fd.valid()) return FailErrno(errno, fmt::format("{}: opening the folder", folder));
  // Some file systems (FUSE, network) do not offer it; nothing more can be done there.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP && errno != EROFS) {
    return FailErrno(errno, fmt::format("{}: syncing the folder", folder));
  }
  return {};
}

Status MakeFolders(const std::string& path) {
  if (path.empty()) return {};
  if (::mkdir(path.c_str(), 0777) == 0) return SyncFolder(std::string(ParentPath(path)));
  const int error_number = errno;
  if (error_number == ENOENT) {
    const std::string parent(ParentPath(path));
    if (!parent.empty() && parent != path) {
      TICKHOUSE_TRY(MakeFolders(parent));
      if (::mkdir(path.c_str(), 0777) == 0) return SyncFolder(parent);
      if (errno != EEXIST) return FailErrno(errno, fmt::format("{}: making the folder", path));
      return {};
    }
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: is a file, not a folder", path));
  }
  if (error_number == ENOTDIR) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("{}: a part of this path is a file, not a folder", path));
  }
  return FailErrno(error_number, fmt::format("{}: making the folder", path));
}

FileInfo InfoOf(std::string path, const struct stat& status) {
  FileInfo info;
  info.path = std::move(path);
  info.size = status.st_size;
  const int64_t modified_ns = status.st_mtim.tv_sec * kNanosPerSecond + status.st_mtim.tv_nsec;
  info.modified = FromNanos(modified_ns);
  char etag[64];
  const int length = std::snprintf(
      etag, sizeof(etag), "%llx-%llx-%llx", static_cast<unsigned long long>(status.st_size),
      static_cast<unsigned long long>(modified_ns), static_cast<unsigned long long>(status.st_ino));
  info.etag.assign(etag, static_cast<std::size_t>(length));
  return info;
}

Status CheckPath(const std::string& path) {
  if (path.empty()) return Fail(ErrorKind::kInvalidArgument, "the path is empty");
  if (path.find('\0') != std::string::npos) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: a path cannot hold a NUL", path));
  }
  return {};
}

std::string TemporaryPath(const std::string& path) {
  static std::atomic<uint64_t> counter = 0;
  constexpr std::size_t kNameKept = 200;  // a name has 255 bytes at most
  const std::string name(BaseName(path).substr(0, kNameKept));
  return JoinPath(ParentPath(path),
                  fmt::format(".{}.{}-{}.tmp", name, ::getpid(), counter.fetch_add(1)));
}

pid_t TemporaryOwner(std::string_view name) {
  if (!name.starts_with('.') || !name.ends_with(".tmp")) return 0;
  name.remove_suffix(4);
  const std::size_t dot = name.rfind('.');
  const std::size_t dash = name.rfind('-');
  if (dot == 0 || dot == std::string_view::npos || dash == std::string_view::npos || dash < dot) {
    return 0;
  }
  const auto number = [](std::string_view text) -> int64_t {
    int64_t value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    return code == std::errc() && end == text.data() + text.size() && !text.empty() ? value : -1;
  };
  const int64_t pid = number(name.substr(dot + 1, dash - dot - 1));
  return pid > 0 && number(name.substr(dash + 1)) >= 0 ? static_cast<pid_t>(pid) : 0;
}

void RemoveStaleTemporaries(const std::string& folder) {
  DIR* entries = ::opendir(folder.empty() ? "." : folder.c_str());
  if (entries == nullptr) return;
  while (const dirent* entry = ::readdir(entries)) {
    const pid_t owner = TemporaryOwner(entry->d_name);
    if (owner == 0 || ::kill(owner, 0) == 0 || errno != ESRCH) continue;
    // A writer in another pid namespace looks dead from here; its lock tells that it is not.
    const Descriptor file(::openat(::dirfd(entries), entry->d_name, O_RDONLY | O_CLOEXEC));
    if (file.valid() && ::flock(file.get(), LOCK_EX | LOCK_NB) == 0) {
      ::unlinkat(::dirfd(entries), entry->d_name, 0);
    }
  }
  ::closedir(entries);
}

namespace {

class LocalReadableFile : public ReadableFile {
 public:
  LocalReadableFile(std::string path, Descriptor fd, int64_t size)
      : path_(std::move(path)), fd_(std::move(fd)), size_(size) {}

  const std::string& path() const override { return path_; }
  int64_t size() const override { return size_; }

  Status ReadAt(int64_t offset, std::span<std::byte> out) const override {
    if (offset < 0 || offset > size_ || static_cast<int64_t>(out.size()) > size_ - offset) {
      return Fail(ErrorKind::kInvalidArgument,
                  fmt::format("{}: reading {} bytes at {}, but it has {}", path_, out.size(),
                              offset, size_));
    }
    while (!out.empty()) {
      const ssize_t got = ::pread(fd_.get(), out.data(), out.size(), offset);
      if (got < 0) {
        if (errno == EINTR) continue;
        return FailErrno(errno, fmt::format("{}: reading at offset {}", path_, offset));
      }
      if (got == 0) {
        return Fail(ErrorKind::kCorrupt,
                    fmt::format("{}: ends at offset {}, but had {} bytes when it was opened: it "
                                "shrank while being read",
                                path_, offset, size_));
      }
      offset += got;
      out = out.subspan(static_cast<std::size_t>(got));
    }
    return {};
  }

 private:
  std::string path_;
  Descriptor fd_;
  int64_t size_;
};

class LocalWritableFile : public WritableFile {
 public:
  LocalWritableFile(std::string path, std::string temporary, Descriptor fd, WriteOptions options)
      : path_(std::move(path)),
        temporary_(std::move(temporary)),
        fd_(std::move(fd)),
        options_(options) {}

  ~LocalWritableFile() override {
    if (!done_) ::unlink(temporary_.c_str());
  }

  int64_t size() const override { return size_; }

  Status Append(std::span<const std::byte> bytes) override {
    TICKHOUSE_TRY(WriteAll(fd_.get(), bytes, path_));
    size_ += static_cast<int64_t>(bytes.size());
    return {};
  }

  Status Commit() override {
    if (options_.read_only && ::fchmod(fd_.get(), 0444) != 0) {
      return FailErrno(errno, fmt::format("{}: making it read-only", path_));
    }
    if (::fsync(fd_.get()) != 0) return FailErrno(errno, fmt::format("{}: syncing", path_));
    TICKHOUSE_TRY(options_.must_not_exist ? MoveIfAbsent() : Move());
    done_ = true;
    // Network file systems report a full disk only here.
    if (::close(fd_.Release()) != 0 && errno != EINTR) {
      return FailErrno(errno, fmt::format("{}: closing", path_));
    }
    return SyncFolder(std::string(ParentPath(path_)));
  }

 private:
  Status Move() {
    if (::rename(temporary_.c_str(), path_.c_str()) == 0) return {};
    return FailErrno(errno, fmt::format("{}: putting the finished file in place", path_));
  }

  Status MoveIfAbsent() {
    if (::renameat2(AT_FDCWD, temporary_.c_str(), AT_FDCWD, path_.c_str(), RENAME_NOREPLACE) == 0) {
      return {};
    }
    if (errno == EINVAL || errno == ENOSYS) {  // the file system knows links only
      if (::link(temporary_.c_str(), path_.c_str()) == 0) {
        ::unlink(temporary_.c_str());
        return {};
      }
    }
    if (errno == EEXIST) {
      return Fail(ErrorKind::kAlreadyExists,
                  fmt::format("{}: exists already and is not replaced", path_));
    }
    return FailErrno(errno, fmt::format("{}: putting the finished file in place", path_));
  }

  std::string path_;
  std::string temporary_;
  Descriptor fd_;
  WriteOptions options_;
  int64_t size_ = 0;
  bool done_ = false;
};

class LocalAppendableFile : public FileSystem::AppendableFile {
 public:
  LocalAppendableFile(std::string path, Descriptor fd)
      : path_(std::move(path)), fd_(std::move(fd)) {}

  Status Append(std::span<const std::byte> bytes) override {
    return WriteAll(fd_.get(), bytes, path_);
  }
  Status Sync() override {
    if (::fdatasync(fd_.get()) == 0) return {};
    return FailErrno(errno, fmt::format("{}: syncing", path_));
  }
  Status Truncate(int64_t size) override {
    if (::ftruncate(fd_.get(), size) == 0) return {};
    return FailErrno(errno, fmt::format("{}: cutting to {} bytes", path_, size));
  }

 private:
  std::string path_;
  Descriptor fd_;
};

Status RefuseNonFile(const std::string& path, const struct stat& status) {
  if (S_ISREG(status.st_mode)) return {};
  return Fail(ErrorKind::kInvalidArgument,
              fmt::format("{}: is {}, not a file", path,
                          S_ISDIR(status.st_mode) ? "a folder" : "a device or pipe"));
}

// A link is written through, so that it stays a link.
Result<std::string> ResolveTarget(const std::string& path) {
  TICKHOUSE_TRY(CheckPath(path));
  if (path.ends_with('/')) {
    return Fail(ErrorKind::kInvalidArgument, fmt::format("{}: names a folder, not a file", path));
  }
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return path;
  TICKHOUSE_TRY(RefuseNonFile(path, status));
  struct stat link_status{};
  if (::lstat(path.c_str(), &link_status) != 0 || !S_ISLNK(link_status.st_mode)) return path;
  char* real = ::realpath(path.c_str(), nullptr);
  if (real == nullptr) return FailErrno(errno, fmt::format("{}: following the link", path));
  std::string target(real);
  std::free(real);
  return target;
}

}  // namespace

Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) {
  TICKHOUSE_TRY(CheckPath(path));
  Descriptor fd = Open(path, O_RDONLY | O_NONBLOCK);  // or a pipe would wait for its writer
  struct stat status{};
  if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
    return FailErrno(errno, fmt::format("{}: opening", path));
  }
  TICKHOUSE_TRY(RefuseNonFile(path, status));
  return std::make_unique<LocalReadableFile>(path, std::move(fd), status.st_size);
}

Result<std::unique_ptr<WritableFile>> CreateFile(const std::string& path, WriteOptions options) {
  TICKHOUSE_ASSIGN(std::string target, ResolveTarget(path));
  TICKHOUSE_TRY(MakeFolders(std::string(ParentPath(target))));
  while (true) {
    std::string temporary = TemporaryPath(target);
    Descriptor fd = Open(temporary, O_WRONLY | O_CREAT | O_EXCL);
    if (!fd.valid() && errno == EEXIST) continue;  // left by an earlier process of our pid
    if (!fd.valid()) return FailErrno(errno, fmt::format("{}: creating", path));
    ::flock(fd.get(), LOCK_EX | LOCK_NB);
    return std::make_unique<LocalWritableFile>(std::move(target), std::move(temporary),
                                               std::move(fd), options);
  }
}

Result<std::unique_ptr<FileSystem::AppendableFile>> OpenAppend(const std::string& path) {
  TICKHOUSE_ASSIGN(const std::string target, ResolveTarget(path));
  TICKHOUSE_TRY(MakeFolders(std::string(ParentPath(target))));
  Descriptor fd = Open(target, O_WRONLY | O_APPEND);
  if (!fd.valid() && errno == ENOENT) {
    fd = Open(target, O_WRONLY | O_APPEND | O_CREAT);
    if (fd.valid()) TICKHOUSE_TRY(SyncFolder(std::string(ParentPath(target))));
  }
  if (!fd.valid()) return FailErrno(errno, fmt::format("{}: opening to append", path));
  return std::make_unique<LocalAppendableFile>(path, std::move(fd));
}

}  // namespace tickhouse::io::local
