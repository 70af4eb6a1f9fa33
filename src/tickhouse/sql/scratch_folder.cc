#include "tickhouse/sql/scratch_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <ftw.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <memory>

namespace tickhouse::sql {

namespace {

Result<std::string> AbsolutePath(const std::string& path) {
  const std::unique_ptr<char, void (*)(void*)> resolved(::realpath(path.c_str(), nullptr),
                                                        &std::free);
  if (!resolved) return FailErrno(errno, path);
  return std::string(resolved.get());
}

int RemoveOne(const char* path, const struct stat*, int, struct FTW*) {
  // What cannot be removed stays: a scratch folder is not worth failing for.
  (void)std::remove(path);
  return 0;
}

}  // namespace

Result<ScratchFolder> ScratchFolder::Make(const std::string& base) {
  TICKHOUSE_ASSIGN(std::string path, AbsolutePath(base));
  path += "/tickhouse-spark-XXXXXX";
  if (::mkdtemp(path.data()) == nullptr) {
    return FailErrno(errno, fmt::format("{}: making a temporary folder", base));
  }
  return ScratchFolder(std::move(path));
}

ScratchFolder::~ScratchFolder() {
  if (!path_.empty()) (void)::nftw(path_.c_str(), &RemoveOne, 16, FTW_DEPTH | FTW_PHYS);
}

Status ScratchFolder::Link(const std::string& target, std::string_view name) const {
  TICKHOUSE_ASSIGN(const std::string absolute, AbsolutePath(target));
  if (::symlink(absolute.c_str(), File(name).c_str()) != 0) {
    return FailErrno(errno, fmt::format("{}: linking to {}", File(name), target));
  }
  return {};
}

Status ScratchFolder::WritePrivate(std::string_view name, std::string_view bytes) const {
  const std::string path = File(name);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return FailErrno(errno, path);
  int problem = 0;
  while (!bytes.empty() && problem == 0) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      problem = errno;
    }
  }
  if (::close(fd) != 0 && problem == 0) problem = errno;
  if (problem != 0) return FailErrno(problem, path);
  return {};
}

}  // namespace tickhouse::sql
