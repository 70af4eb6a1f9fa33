#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>

#include "tickhouse/io/fs/local_file.h"
#include "tickhouse/io/fs/local_file_system.h"

namespace tickhouse::io::local {

namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

// Walks real folders first and links to folders last, in the order of their paths: so a folder that
// can be reached by several ways is listed once, by its real path if it has one below the root, and
// the answer does not depend on the order in which the disk holds names.
class Lister {
 public:
  Status Run(const std::string& root) {
    const std::string opened = root.empty() ? "." : root;
    TICKHOUSE_TRY(Walk(opened, root, /*may_vanish=*/false));
    while (!links_.empty()) {
      std::vector<std::string> links;
      links.swap(links_);
      std::sort(links.begin(), links.end());
      for (const std::string& link : links) TICKHOUSE_TRY(Walk(link, link, true));
    }
    std::sort(files_.begin(), files_.end(),
              [](const FileInfo& a, const FileInfo& b) { return a.path < b.path; });
    return {};
  }
  std::vector<FileInfo> Take() { return std::move(files_); }

 private:
  Status Walk(const std::string& opened, const std::string& shown, bool may_vanish) {
    TICKHOUSE_TRY(ListOne(opened, shown, may_vanish));
    while (!pending_.empty()) {
      const std::string folder = std::move(pending_.back());
      pending_.pop_back();
      TICKHOUSE_TRY(ListOne(folder, folder, true));
    }
    return {};
  }

  Status ListOne(const std::string& opened, const std::string& shown, bool may_vanish) {
    Descriptor fd = Open(opened, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    struct stat status{};
    if (!fd.valid() || ::fstat(fd.get(), &status) != 0) {
      if (errno == ENOENT && may_vanish) return {};
      if (errno == ENOTDIR && ::stat(opened.c_str(), &status) == 0) {
        return Fail(ErrorKind::kInvalidArgument,
                    fmt::format("{}: is a file, not a folder", opened));
      }
      return FailErrno(errno, fmt::format("{}: listing the folder", opened));
    }
    if (!seen_.emplace(status.st_dev, status.st_ino).second) return {};
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(fd.get()));
    if (directory == nullptr) return FailErrno(errno, fmt::format("{}: listing", opened));
    fd.Release();
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) {
        if (errno == 0) return {};
        return FailErrno(errno, fmt::format("{}: listing the folder", opened));
      }
      TICKHOUSE_TRY(AddEntry(::dirfd(directory.get()), shown, *entry));
    }
  }

  Status AddEntry(int folder_fd, const std::string& folder, const dirent& entry) {
    const std::string_view name = entry.d_name;
    if (name == "." || name == "..") return {};
    if (entry.d_type == DT_DIR) {
      pending_.push_back(JoinPath(folder, name));
      return {};
    }
    if (entry.d_type != DT_REG && entry.d_type != DT_LNK && entry.d_type != DT_UNKNOWN) return {};
    if (TemporaryOwner(name) != 0) return {};
    struct stat status{};
    if (::fstatat(folder_fd, entry.d_name, &status, 0) != 0) {
      // Gone meanwhile, or a link that leads nowhere or in a circle.
      if (errno == ENOENT || errno == ELOOP || errno == ENOTDIR) return {};
      return FailErrno(errno, fmt::format("{}: looking at it", JoinPath(folder, name)));
    }
    if (S_ISREG(status.st_mode)) files_.push_back(InfoOf(JoinPath(folder, name), status));
    if (S_ISDIR(status.st_mode)) {
      (entry.d_type == DT_LNK ? links_ : pending_).push_back(JoinPath(folder, name));
    }
    return {};
  }

  std::vector<FileInfo> files_;
  std::vector<std::string> pending_;
  std::vector<std::string> links_;
  std::set<std::pair<dev_t, ino_t>> seen_;
};

// Names of the real folders directly in `path`; none when it is gone.
Result<std::vector<std::string>> FoldersIn(const std::string& path) {
  std::vector<std::string> folders;
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (directory == nullptr) {
    if (errno == ENOENT) return folders;
    return FailErrno(errno, fmt::format("{}: listing the folder", path));
  }
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status{};
    constexpr int kNotThrough = AT_SYMLINK_NOFOLLOW;
    if (::fstatat(::dirfd(directory.get()), entry->d_name, &status, kNotThrough) == 0 &&
        S_ISDIR(status.st_mode)) {
      folders.push_back(JoinPath(path, name));
    }
  }
  return folders;
}

}  // namespace

Result<std::vector<FileInfo>> ListFiles(const std::string& folder) {
  if (!folder.empty()) TICKHOUSE_TRY(CheckPath(folder));
  Lister lister;
  TICKHOUSE_TRY(lister.Run(folder));
  return lister.Take();
}

}  // namespace tickhouse::io::local

namespace tickhouse::io {

Status RemoveEmptyFolders(const std::string& folder) {
  TICKHOUSE_TRY(local::CheckPath(folder));
  // Every folder after the one it lies in, so that the walk back meets the deepest first.
  std::vector<std::string> found = {folder};
  for (std::size_t i = 0; i < found.size(); ++i) {
    TICKHOUSE_ASSIGN(const std::vector<std::string> inner, local::FoldersIn(found[i]));
    found.insert(found.end(), inner.begin(), inner.end());
  }
  for (auto path = found.rbegin(); path != found.rend(); ++path) {
    if (::rmdir(path->c_str()) == 0) continue;
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOENT) continue;
    return FailErrno(errno, fmt::format("{}: removing the empty folder", *path));
  }
  return {};
}

}  // namespace tickhouse::io
