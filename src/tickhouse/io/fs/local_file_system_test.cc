#include "tickhouse/io/fs/local_file_system.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/test_folder.h"

namespace tickhouse::io {
namespace {

class LocalFileSystem : public testing::Test {
 protected:
  std::string Path(std::string_view name) const { return folder_.File(name); }
  std::size_t NamesIn(const std::string& folder) const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
  std::vector<std::string> List() {
    std::vector<std::string> names;
    const auto files = fs_->ListFiles(folder_.path());
    EXPECT_OK(files);
    if (!files) return names;
    for (const FileInfo& file : *files) {
      names.push_back(RelativePath(file.path, folder_.path()).value_or("?"));
    }
    return names;
  }

  TemporaryFolder folder_;
  std::unique_ptr<FileSystem> fs_ = MakeLocalFileSystem();
};

/// Runs `work` in a child process; its answer is the exit status, -1 when it died of a signal.
template <typename Work>
int InChild(Work work) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(work());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/// A pid that no process has: that of a child that has ended.
pid_t DeadPid() {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return pid;
}

TEST_F(LocalFileSystem, ReadOnlyFilesAreReadOnlyAndCanBeReplaced) {
  ASSERT_OK(fs_->WriteWhole(Path("raw"), "1", {.read_only = true}));
  struct stat status{};
  ASSERT_EQ(::stat(Path("raw").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0444u);
  ASSERT_OK(fs_->WriteWhole(Path("raw"), "2"));
  ASSERT_EQ(::stat(Path("raw").c_str(), &status), 0);
  EXPECT_NE(status.st_mode & 0200, 0u);
}

TEST_F(LocalFileSystem, WritesThroughALink) {
  ASSERT_OK(fs_->WriteWhole(Path("real/file"), "old"));
  std::filesystem::create_symlink(Path("real/file"), Path("link"));
  ASSERT_OK(fs_->WriteWhole(Path("link"), "new"));
  EXPECT_TRUE(std::filesystem::is_symlink(Path("link")));
  EXPECT_EQ(fs_->ReadWhole(Path("real/file")).value(), "new");
}

TEST_F(LocalFileSystem, RefusesDevicesAndPipes) {
  ASSERT_EQ(::mkfifo(Path("pipe").c_str(), 0600), 0);
  for (const std::string& path : {Path("pipe"), std::string("/dev/null")}) {
    EXPECT_THAT(fs_->OpenRead(path), IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(fs_->Create(path), IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(fs_->OpenAppend(path), IsError(ErrorKind::kInvalidArgument));
  }
  EXPECT_TRUE(List().empty());
}

TEST_F(LocalFileSystem, AFileThatShrinksIsCorrupt) {
  ASSERT_OK(fs_->WriteWhole(Path("f"), std::string(10'000, 'x')));
  ASSERT_OK_AND_ASSIGN(const auto file, fs_->OpenRead(Path("f")));
  std::filesystem::resize_file(Path("f"), 5'000);
  std::string out(10'000, '?');
  const Status status = file->ReadAt(0, std::as_writable_bytes(std::span(out)));
  EXPECT_THAT(status, IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(status, HasErrorMessage("offset 5000"));
}

TEST_F(LocalFileSystem, AFileThatGrowsIsReadUpToItsSize) {
  ASSERT_OK(fs_->WriteWhole(Path("f"), "12345"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs_->OpenRead(Path("f")));
  std::ofstream(Path("f"), std::ios::app) << "678";
  EXPECT_EQ(file->size(), 5);
  std::string out(5, '?');
  ASSERT_OK(file->ReadAt(0, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "12345");
}

TEST_F(LocalFileSystem, AnUnlinkedFileIsStillRead) {
  ASSERT_OK(fs_->WriteWhole(Path("f"), "12345"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs_->OpenRead(Path("f")));
  ASSERT_OK(fs_->Remove(Path("f")));
  std::string out(5, '?');
  EXPECT_OK(file->ReadAt(0, std::as_writable_bytes(std::span(out))));
}

TEST_F(LocalFileSystem, NoPermissionIsSaid) {
  if (::geteuid() == 0) {
    // Root may do everything; a child without the right says it.
    ASSERT_OK(fs_->WriteWhole(Path("secret"), "x"));
    ::chmod(Path("secret").c_str(), 0600);
    ::chmod(folder_.path().c_str(), 0755);
    const int answer = InChild([&] {
      if (::setgid(65534) != 0 || ::setuid(65534) != 0) return 2;
      const auto read = fs_->OpenRead(Path("secret"));
      const auto written = fs_->Create(Path("other"));
      return !read && read.error().kind == ErrorKind::kPermission && !written &&
                     written.error().kind == ErrorKind::kPermission
                 ? 0
                 : 1;
    });
    if (answer == 2) GTEST_SKIP() << "this root may not become another user";
    EXPECT_EQ(answer, 0);
    return;
  }
  ASSERT_OK(fs_->WriteWhole(Path("secret"), "x"));
  ::chmod(Path("secret").c_str(), 0);
  EXPECT_THAT(fs_->OpenRead(Path("secret")), IsError(ErrorKind::kPermission));
}

TEST_F(LocalFileSystem, AFullDiskIsSaidAndLeavesNothing) {
  ASSERT_OK(fs_->MakeFolders(Path("disk")));
  if (::mount("tmpfs", Path("disk").c_str(), "tmpfs", 0, "size=64k") != 0) {
    GTEST_SKIP() << "no right to mount a small disk here";
  }
  const Status status = fs_->WriteWhole(Path("disk/big"), std::string(1 << 20, 'x'));
  EXPECT_THAT(status, IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(status, HasErrorMessage("disk/big"));
  EXPECT_EQ(NamesIn(Path("disk")), 0u);
  EXPECT_OK(fs_->WriteWhole(Path("disk/small"), "fits"));
  EXPECT_EQ(::umount(Path("disk").c_str()), 0);
}

TEST_F(LocalFileSystem, AQuotaIsAFullDisk) {
  const int answer = InChild([&] {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{64 * 1024, 64 * 1024};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) return 2;
    const Status status = fs_->WriteWhole(Path("big"), std::string(1 << 20, 'x'));
    return !status && status.error().kind == ErrorKind::kNoSpace ? 0 : 1;
  });
  if (answer == 2) GTEST_SKIP() << "limits cannot be set here";
  EXPECT_EQ(answer, 0);
  EXPECT_EQ(NamesIn(folder_.path()), 0u);
}

TEST_F(LocalFileSystem, RemovesWhatKilledWritersLeft) {
  const int answer = InChild([&] {
    auto file = fs_->Create(Path("out.parquet"));
    if (!file || !(*file)->Append(std::as_bytes(std::span("half", 4)))) return 1;
    return ::kill(::getpid(), SIGKILL);
  });
  ASSERT_EQ(answer, -1);
  ASSERT_EQ(NamesIn(folder_.path()), 1u);
  EXPECT_TRUE(List().empty());
  ASSERT_OK(fs_->WriteWhole(Path("out.parquet"), "whole"));
  EXPECT_EQ(NamesIn(folder_.path()), 1u);
  EXPECT_EQ(List(), std::vector<std::string>{"out.parquet"});
}

TEST_F(LocalFileSystem, KeepsWhatOthersStillWrite) {
  const std::string dead = "." + std::string("theirs.") + std::to_string(DeadPid()) + "-0.tmp";
  for (const char* name : {".notes.tmp", ".a.b-c.tmp", "plain.tmp", ".x.1-2.tmp.bak"}) {
    ASSERT_OK(fs_->WriteWhole(Path(name), "not ours"));
  }
  ASSERT_OK_AND_ASSIGN(auto running, fs_->Create(Path("mine")));
  std::ofstream(Path(dead)) << "x";
  const auto second = MakeLocalFileSystem();
  ASSERT_OK(second->WriteWhole(Path("new"), "x"));
  EXPECT_FALSE(std::filesystem::exists(Path(dead)));
  ASSERT_OK(running->Commit());
  EXPECT_EQ(List(), (std::vector<std::string>{".a.b-c.tmp", ".notes.tmp", ".x.1-2.tmp.bak", "mine",
                                              "new", "plain.tmp"}));
}

TEST_F(LocalFileSystem, TheLongestNameCanBeWritten) {
  const std::string name(255, 'n');
  ASSERT_OK(fs_->WriteWhole(Path(name), "x"));
  EXPECT_EQ(List(), std::vector{name});
  EXPECT_THAT(fs_->WriteWhole(Path(std::string(256, 'n')), "x"),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(LocalFileSystem, FollowsLinksAndLeavesLoops) {
  ASSERT_OK(fs_->WriteWhole(Path("data/x"), "1"));
  ASSERT_OK(fs_->WriteWhole(Path("data/sub/y"), "2"));
  const TemporaryFolder outside;
  ASSERT_OK(fs_->WriteWhole(outside.File("z"), "3"));
  std::filesystem::create_directory_symlink("..", Path("data/sub/up"));
  std::filesystem::create_directory_symlink(Path("data"), Path("alias"));
  std::filesystem::create_directory_symlink(outside.path(), Path("other"));
  std::filesystem::create_symlink(Path("data/x"), Path("linked file"));
  std::filesystem::create_symlink(Path("nowhere"), Path("broken"));
  std::filesystem::create_symlink(Path("circle"), Path("circle"));
  EXPECT_EQ(List(), (std::vector<std::string>{"data/sub/y", "data/x", "linked file", "other/z"}));
  // From inside the loop as well.
  ASSERT_OK_AND_ASSIGN(const auto inside, fs_->ListFiles(Path("data/sub")));
  EXPECT_EQ(inside.size(), 2u);  // y, and x by way of "up"
}

TEST_F(LocalFileSystem, RemovesFoldersWithoutFilesOnly) {
  ASSERT_OK(RemoveEmptyFolders(folder_.File("absent")));
  ASSERT_OK(fs_->MakeFolders(folder_.File("top/empty/deeper")));
  ASSERT_OK(fs_->MakeFolders(folder_.File("top/kept/empty too")));
  ASSERT_OK(fs_->MakeFolders(folder_.File("linked/empty")));
  ASSERT_OK(fs_->WriteWhole(folder_.File("top/kept/file"), "x"));
  std::filesystem::create_directory_symlink("../../linked", folder_.File("top/kept/link"));
  ASSERT_OK(RemoveEmptyFolders(folder_.File("top")));
  for (const char* gone : {"top/empty", "top/kept/empty too"}) {
    EXPECT_FALSE(std::filesystem::exists(folder_.File(gone))) << gone;
  }
  for (const char* kept : {"top/kept/file", "top/kept/link", "linked/empty"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_.File(kept))) << kept;
  }
  ASSERT_OK(RemoveEmptyFolders(folder_.File("linked")));
  EXPECT_FALSE(std::filesystem::exists(folder_.File("linked")));
}

TEST_F(LocalFileSystem, ListsTwentyThousandFiles) {
  constexpr int kFiles = 20'000;
  ASSERT_OK(fs_->WriteWhole(Path("f100000"), "small"));
  for (int i = 1; i < kFiles; ++i) {  // further names of one file are made much faster than files
    const std::string name = Path("f" + std::to_string(100'000 + i));
    ASSERT_EQ(::link(Path("f100000").c_str(), name.c_str()), 0);
  }
  ASSERT_OK_AND_ASSIGN(const auto files, fs_->ListFiles(folder_.path()));
  ASSERT_EQ(files.size(), static_cast<std::size_t>(kFiles));
  EXPECT_EQ(files.front().path, Path("f100000"));
  EXPECT_EQ(files.back().path, Path("f119999"));
}

TEST_F(LocalFileSystem, ListsTheWorkingDirectory) {
  ASSERT_OK_AND_ASSIGN(const auto named, fs_->ListFiles("."));
  for (const FileInfo& file : named) ASSERT_TRUE(file.path.starts_with("./")) << file.path;
}

TEST_F(LocalFileSystem, ALockedPathNamesTheOtherProcess) {
  int ready[2];
  int finish[2];
  ASSERT_EQ(::pipe(ready), 0);
  ASSERT_EQ(::pipe(finish), 0);
  const pid_t owner = ::fork();
  if (owner == 0) {
    ::close(finish[1]);
    const auto lock = fs_->Lock(Path("lock"));
    char byte = lock ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    if (::read(finish[0], &byte, 1) != 0) ::_exit(1);  // until the parent closes its end
    ::_exit(0);                                        // without letting go: as if killed
  }
  char byte = '?';
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  EXPECT_EQ(byte, 'y');
  const auto refused = fs_->Lock(Path("lock"));
  EXPECT_THAT(refused, IsError(ErrorKind::kBusy));
  EXPECT_THAT(refused, HasErrorMessage("process " + std::to_string(owner)));
  for (const int fd : {ready[0], ready[1], finish[0], finish[1]}) ::close(fd);
  int status = 0;
  ::waitpid(owner, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  // The owner is dead: its lock is taken over, though its file is still there.
  EXPECT_TRUE(std::filesystem::exists(Path("lock")));
  EXPECT_OK(fs_->Lock(Path("lock")));
  EXPECT_FALSE(std::filesystem::exists(Path("lock")));
}

TEST_F(LocalFileSystem, OneOfManyProcessesGetsTheLock) {
  int start[2];
  int results[2];
  ASSERT_EQ(::pipe(start), 0);
  ASSERT_EQ(::pipe(results), 0);
  constexpr int kProcesses = 8;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::close(start[1]);
      ::close(results[0]);
      const auto lock = fs_->Lock(Path("lock"));
      char answer = lock ? 'w' : 'b';
      if (!lock && lock.error().message.find("process ") == std::string::npos) answer = 'e';
      if (::write(results[1], &answer, 1) != 1) ::_exit(1);
      ::_exit(::read(start[0], &answer, 1) == 0 ? 0 : 1);
    }
    children.push_back(pid);
  }
  ::close(results[1]);
  int won = 0;
  int busy = 0;
  for (int i = 0; i < kProcesses; ++i) {
    char answer = '?';
    ASSERT_EQ(::read(results[0], &answer, 1), 1);
    won += answer == 'w' ? 1 : 0;
    busy += answer == 'b' ? 1 : 0;
  }
  ::close(start[1]);
  for (const pid_t pid : children) ::waitpid(pid, nullptr, 0);
  ::close(start[0]);
  ::close(results[0]);
  EXPECT_EQ(won, 1);
  EXPECT_EQ(busy, kProcesses - 1);
}

}  // namespace
}  // namespace tickhouse::io
