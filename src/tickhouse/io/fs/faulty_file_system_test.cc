#include "tickhouse/io/fs/faulty_file_system.h"

#include <gtest/gtest.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::io {
namespace {

std::span<const std::byte> Bytes(std::string_view text) {
  return std::as_bytes(std::span(text));
}

TEST(FaultyFileSystem, FailsTheCallThatIsNamed) {
  const auto memory = MakeMemoryFileSystem();
  const auto fs = MakeFaultyFileSystem(
      memory.get(), [](FsCall call, const std::string& path, int n) -> std::optional<Error> {
        if (call != FsCall::kCommit || n != 1) return std::nullopt;
        return Error{ErrorKind::kNoSpace, path + ": full"};
      });
  EXPECT_OK(fs->WriteWhole("a", "1"));
  const Status second = fs->WriteWhole("b", "2");
  EXPECT_THAT(second, IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(second, HasErrorMessage("b: full"));
  EXPECT_OK(fs->WriteWhole("c", "3"));
  EXPECT_THAT(memory->Stat("b"), IsError(ErrorKind::kNotFound));
}

TEST(FaultyFileSystem, EveryCallCanFail) {
  const auto memory = MakeMemoryFileSystem();
  ASSERT_OK(memory->WriteWhole("f", "text"));
  std::optional<FsCall> failing;
  const auto fs = MakeFaultyFileSystem(
      memory.get(), [&](FsCall call, const std::string&, int) -> std::optional<Error> {
        if (call != failing) return std::nullopt;
        return Error{ErrorKind::kIo, "as planned"};
      });
  const auto fails = [&](FsCall call, const auto& what) {
    failing = call;
    EXPECT_THAT(what(), IsError(ErrorKind::kIo)) << static_cast<int>(call);
    failing.reset();
  };
  fails(FsCall::kOpenRead, [&] { return fs->OpenRead("f"); });
  fails(FsCall::kRead, [&] { return fs->ReadWhole("f"); });
  fails(FsCall::kCreate, [&] { return fs->Create("g"); });
  fails(FsCall::kCreate, [&] { return fs->OpenAppend("g"); });
  fails(FsCall::kCreate, [&] { return fs->MakeFolders("g"); });
  fails(FsCall::kAppend, [&] { return fs->WriteWhole("g", "x"); });
  fails(FsCall::kCommit, [&] { return fs->WriteWhole("g", "x"); });
  fails(FsCall::kStat, [&] { return fs->Stat("f"); });
  fails(FsCall::kList, [&] { return fs->ListFiles(""); });
  fails(FsCall::kRemove, [&] { return fs->Remove("f"); });
  fails(FsCall::kRename, [&] { return fs->Rename("f", "g"); });
  fails(FsCall::kLock, [&] { return fs->Lock("l"); });
  EXPECT_EQ(memory->ReadWhole("f").value(), "text");
  EXPECT_THAT(memory->Stat("g"), IsError(ErrorKind::kNotFound));
}

TEST(FaultyFileSystem, AFailedAppendIsTorn) {
  const auto memory = MakeMemoryFileSystem();
  const auto fs = MakeFaultyFileSystem(
      memory.get(), [](FsCall call, const std::string&, int n) -> std::optional<Error> {
        if (call != FsCall::kAppend || n != 1) return std::nullopt;
        return Error{ErrorKind::kIo, "torn"};
      });
  ASSERT_OK_AND_ASSIGN(auto file, fs->OpenAppend("log"));
  ASSERT_OK(file->Append(Bytes("whole,")));
  EXPECT_THAT(file->Append(Bytes("abcdef")), IsError(ErrorKind::kIo));
  EXPECT_EQ(memory->ReadWhole("log").value(), "whole,abc");
}

TEST(FaultyFileSystem, ACrashForgetsWhatWasNotSynced) {
  const auto memory = MakeMemoryFileSystem();
  const auto fs = MakeFaultyFileSystem(memory.get());
  ASSERT_OK(fs->WriteWhole("done", "durable"));
  ASSERT_OK_AND_ASSIGN(auto file, fs->OpenAppend("log"));
  ASSERT_OK(file->Append(Bytes("synced,")));
  ASSERT_OK(file->Sync());
  ASSERT_OK(file->Append(Bytes("lost")));
  ASSERT_OK_AND_ASSIGN(auto half, fs->Create("half"));
  ASSERT_OK_AND_ASSIGN(auto lock, fs->Lock("lock"));

  ASSERT_OK(fs->Crash());

  EXPECT_EQ(fs->ReadWhole("log").value(), "synced,");
  EXPECT_EQ(fs->ReadWhole("done").value(), "durable");
  EXPECT_THAT(file->Append(Bytes("x")), IsError(ErrorKind::kIo));
  EXPECT_THAT(file->Sync(), IsError(ErrorKind::kIo));
  EXPECT_THAT(half->Commit(), IsError(ErrorKind::kIo));
  EXPECT_OK(fs->Lock("lock"));
}

TEST(FaultyFileSystem, ACrashFollowsARename) {
  const auto memory = MakeMemoryFileSystem();
  const auto fs = MakeFaultyFileSystem(memory.get());
  ASSERT_OK_AND_ASSIGN(auto file, fs->OpenAppend("old"));
  ASSERT_OK(file->Append(Bytes("never synced")));
  ASSERT_OK(fs->Rename("old", "new"));
  ASSERT_OK(fs->Crash());
  EXPECT_EQ(fs->ReadWhole("new").value(), "");
}

}  // namespace
}  // namespace tickhouse::io
