#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/file.h>

#include <cerrno>
#include <charconv>
#include <chrono>

#include "tickhouse/core/clock.h"
#include "tickhouse/io/fs/local_file.h"

namespace tickhouse::io::local {

namespace {

class LocalFileLock : public FileLock {
 public:
  LocalFileLock(std::string path, Descriptor fd) : path_(std::move(path)), fd_(std::move(fd)) {}
  // Removed while still held: whoever opened it before finds that the name is gone and starts over.
  ~LocalFileLock() override { ::unlink(path_.c_str()); }

 private:
  std::string path_;
  Descriptor fd_;
};

bool SameFile(int fd, const std::string& path) {
  struct stat held{};
  struct stat named{};
  return ::fstat(fd, &held) == 0 && ::stat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

pid_t PidIn(int fd) {
  char text[32];
  const ssize_t length = ::pread(fd, text, sizeof(text), 0);
  pid_t pid = 0;
  if (length > 0) std::from_chars(text, text + length, pid);
  return pid;
}

// The owner writes its pid just after it took the lock, so a reader may come a moment too early.
pid_t OwnerOf(int fd) {
  pid_t pid = 0;
  for (int i = 0; i < 100; ++i) {
    pid = PidIn(fd);
    if (pid > 0 && (::kill(pid, 0) == 0 || errno != ESRCH)) break;
    SystemClock().Sleep(std::chrono::milliseconds(1), CancelToken());
  }
  return pid;
}

Status WritePid(int fd, const std::string& path) {
  if (::ftruncate(fd, 0) != 0) return FailErrno(errno, fmt::format("{}: writing the lock", path));
  const std::string text = fmt::format("{}\n", ::getpid());
  return WriteAll(fd, std::as_bytes(std::span(text)), path);
}

}  // namespace

Result<std::unique_ptr<FileLock>> LockFile(const std::string& path) {
  TICKHOUSE_TRY(CheckPath(path));
  TICKHOUSE_TRY(MakeFolders(std::string(ParentPath(path))));
  constexpr int kAttempts = 1000;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    Descriptor fd = Open(path, O_RDWR | O_CREAT, 0644);
    if (!fd.valid()) return FailErrno(errno, fmt::format("{}: opening the lock", path));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) {
      if (!SameFile(fd.get(), path)) continue;
      TICKHOUSE_TRY(WritePid(fd.get(), path));
      return std::make_unique<LocalFileLock>(path, std::move(fd));
    }
    if (errno == EINTR) continue;
    if (errno != EWOULDBLOCK) return FailErrno(errno, fmt::format("{}: locking", path));
    const pid_t owner = OwnerOf(fd.get());
    if (!SameFile(fd.get(), path)) continue;  // let go meanwhile
    return Fail(ErrorKind::kBusy,
                fmt::format("{}: process {} works on it; wait for it to end, or stop it", path,
                            owner > 0 ? std::to_string(owner) : "of another machine"));
  }
  return Fail(ErrorKind::kBusy, fmt::format("{}: changes hands all the time; try again", path));
}

}  // namespace tickhouse::io::local
