#include "tickhouse/io/fs/deferred/deferred_file_system.h"

#include <atomic>
#include <thread>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::io {
namespace {

bool IsAvro(std::string_view path) {
  return path.ends_with(".avro");
}

struct DeferredFiles : testing::Test {
  std::unique_ptr<FileSystem> inner = MakeMemoryFileSystem();
  DeferredFileSystem files{inner.get(), IsAvro, 100};
};

TEST_F(DeferredFiles, AreReadBeforeTheyAreFlushedAndSeenByOthersAfter) {
  ASSERT_OK(files.WriteWhole("f/a.avro", "abc"));
  ASSERT_OK(files.WriteWhole("f/b.avro", ""));
  ASSERT_OK_AND_ASSIGN(const std::string text, files.ReadWhole("f/a.avro"));
  EXPECT_EQ(text, "abc");
  ASSERT_OK_AND_ASSIGN(const FileInfo info, files.Stat("f/a.avro"));
  EXPECT_EQ(info.size, 3);
  EXPECT_THAT(inner->Stat("f/a.avro"), IsError(ErrorKind::kNotFound));
  ASSERT_OK(files.Flush());
  for (FileSystem* seen : {inner.get(), static_cast<FileSystem*>(&files)}) {
    ASSERT_OK_AND_ASSIGN(const std::string again, seen->ReadWhole("f/a.avro"));
    EXPECT_EQ(again, "abc");
    EXPECT_OK(seen->Stat("f/b.avro"));
  }
  ASSERT_OK(files.Flush());
}

TEST_F(DeferredFiles, AreThoseThatAreNamedAndSmall) {
  ASSERT_OK(files.WriteWhole("f/a.json", "abc"));
  EXPECT_OK(inner->Stat("f/a.json"));
  const std::string large(101, 'x');
  ASSERT_OK(files.WriteWhole("f/large.avro", large));
  ASSERT_OK_AND_ASSIGN(const std::string written, inner->ReadWhole("f/large.avro"));
  EXPECT_EQ(written, large);
  ASSERT_OK_AND_ASSIGN(const auto grows, files.Create("f/grows.avro", {}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(grows->Append(std::as_bytes(std::span(large.data(), 60))));
    EXPECT_EQ(grows->size(), 60 * (i + 1));
  }
  ASSERT_OK(grows->Commit());
  ASSERT_OK_AND_ASSIGN(const std::string grown, inner->ReadWhole("f/grows.avro"));
  EXPECT_EQ(grown, std::string(180, 'x'));
}

TEST_F(DeferredFiles, AreNeverMoreThanTheyMayBeTogether) {
  DeferredFileSystem few(inner.get(), IsAvro, 100, 150);
  const std::string text(60, 'x');
  for (const char* path : {"f/a.avro", "f/b.avro", "f/c.avro"})
    ASSERT_OK(few.WriteWhole(path, text));
  EXPECT_THAT(inner->Stat("f/b.avro"), IsError(ErrorKind::kNotFound));
  EXPECT_OK(inner->Stat("f/c.avro")) << "the third does not fit";
  ASSERT_OK(few.WriteWhole("f/b.avro", "short"));
  ASSERT_OK(few.Remove("f/a.avro"));
  {
    ASSERT_OK_AND_ASSIGN(const auto dropped, few.Create("f/dropped.avro", {}));
    ASSERT_OK(dropped->Append(std::as_bytes(std::span(text))));
    ASSERT_OK(few.WriteWhole("f/d.avro", text));
    ASSERT_OK(few.WriteWhole("f/beside.avro", text));
    EXPECT_OK(inner->Stat("f/beside.avro")) << "what is being written counts";
  }
  ASSERT_OK(few.WriteWhole("f/e.avro", text));
  EXPECT_THAT(inner->Stat("f/e.avro"), IsError(ErrorKind::kNotFound)) << "room was made";
  ASSERT_OK(few.Flush());
  for (const char* path : {"f/b.avro", "f/d.avro", "f/e.avro"}) EXPECT_OK(inner->Stat(path));
  ASSERT_OK(few.WriteWhole("f/a.avro", text));
  EXPECT_THAT(inner->Stat("f/a.avro"), IsError(ErrorKind::kNotFound)) << "a flush makes room";
}

TEST_F(DeferredFiles, LeaveNothingWhenTheyAreNotCommittedOrRemoved) {
  {
    ASSERT_OK_AND_ASSIGN(const auto dropped, files.Create("f/a.avro", {}));
    ASSERT_OK(dropped->Append(std::as_bytes(std::span("abc", 3))));
  }
  ASSERT_OK(files.WriteWhole("f/b.avro", "abc"));
  ASSERT_OK(files.Remove("f/b.avro"));
  EXPECT_THAT(files.OpenRead("f/b.avro"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(files.Remove("f/b.avro"), IsError(ErrorKind::kNotFound));
  ASSERT_OK(files.Flush());
  EXPECT_THAT(inner->Stat("f/a.avro"), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(inner->Stat("f/b.avro"), IsError(ErrorKind::kNotFound));
}

TEST_F(DeferredFiles, ReplaceNothingTheyPromisedNotTo) {
  ASSERT_OK(inner->WriteWhole("f/old.avro", "old"));
  ASSERT_OK(files.WriteWhole("f/a.avro", "a", {.must_not_exist = true}));
  EXPECT_THAT(files.WriteWhole("f/a.avro", "b", {.must_not_exist = true}),
              IsError(ErrorKind::kAlreadyExists));
  ASSERT_OK(files.WriteWhole("f/old.avro", "new", {.must_not_exist = true}));
  EXPECT_THAT(files.Flush(), IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(files.Flush(), IsError(ErrorKind::kAlreadyExists)) << "not durable the second time";
  ASSERT_OK_AND_ASSIGN(const std::string old, inner->ReadWhole("f/old.avro"));
  EXPECT_EQ(old, "old");
  ASSERT_OK(files.Remove("f/old.avro"));
  EXPECT_OK(files.Flush());
  EXPECT_OK(inner->Stat("f/old.avro")) << "what was removed is the one that was put off";
}

TEST_F(DeferredFiles, AreMovedAndFlushedAtTheEnd) {
  ASSERT_OK(files.WriteWhole("f/a.avro", "abc"));
  ASSERT_OK(files.Rename("f/a.avro", "f/b.txt"));
  EXPECT_OK(inner->Stat("f/b.txt"));
  {
    DeferredFileSystem other(inner.get(), IsAvro);
    ASSERT_OK(other.WriteWhole("f/c.avro", "abc"));
  }
  EXPECT_OK(inner->Stat("f/c.avro"));
}

// Each thread may rely on its own file once its flush is over, whoever wrote it.
TEST_F(DeferredFiles, AreThereForEveryThreadThatFlushed) {
  std::atomic<int> missing = 0;
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 6; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < 50; ++i) {
          const std::string path = "f/" + std::to_string(t) + "-" + std::to_string(i) + ".avro";
          if (!files.WriteWhole(path, path, {.must_not_exist = true})) ++missing;
          if (!files.Flush() || !inner->Stat(path)) ++missing;
        }
      });
    }
  }
  EXPECT_EQ(missing, 0);
}

}  // namespace
}  // namespace tickhouse::io
