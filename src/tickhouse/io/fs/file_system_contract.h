// What every FileSystem promises, as tests. Included by one test file of each program that has an
// implementation; that file says INSTANTIATE_TEST_SUITE_P(..., FileSystemContract, ...). Tests
// only.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {

/// One implementation with an empty place to work in; made afresh for each test.
struct FileSystemUnderTest {
  virtual ~FileSystemUnderTest() = default;
  virtual FileSystem& fs() = 0;
  /// Paths of the test begin with it.
  virtual std::string root() = 0;
  /// Not empty: why this implementation cannot be tested here.
  virtual std::string skip() { return {}; }
  bool has_folders = true;
  bool can_append = true;
  bool any_bytes_in_names = true;
};

struct FileSystemCase {
  std::string name;
  std::function<std::unique_ptr<FileSystemUnderTest>()> make;
};

inline std::string CaseName(const testing::TestParamInfo<FileSystemCase>& info) {
  return info.param.name;
}
inline void PrintTo(const FileSystemCase& value, std::ostream* out) {
  *out << value.name;
}

class FileSystemContract : public testing::TestWithParam<FileSystemCase> {
 protected:
  void SetUp() override {
    subject_ = GetParam().make();
    if (const std::string why = subject_->skip(); !why.empty()) GTEST_SKIP() << why;
  }
  FileSystem& fs() { return subject_->fs(); }
  std::string Path(std::string_view name) { return JoinPath(subject_->root(), name); }

  std::vector<std::string> List(const std::string& folder) {
    const auto files = fs().ListFiles(folder);
    EXPECT_OK(files);
    std::vector<std::string> paths;
    if (files) {
      for (const FileInfo& file : *files) paths.push_back(file.path);
    }
    return paths;
  }
  std::string Text(const std::string& path) {
    auto text = fs().ReadWhole(path);
    EXPECT_OK(text);
    return text ? *text : "(unreadable)";
  }
  static std::span<const std::byte> Bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
  }

  std::unique_ptr<FileSystemUnderTest> subject_;
};
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FileSystemContract);

TEST_P(FileSystemContract, ReadsWhatWasWritten) {
  const std::string all_bytes = [] {
    std::string text;
    for (int i = 0; i < 256; ++i) text += static_cast<char>(i);
    return text;
  }();
  ASSERT_OK(fs().WriteWhole(Path("deep/er/file.bin"), all_bytes));
  EXPECT_EQ(Text(Path("deep/er/file.bin")), all_bytes);
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs().Stat(Path("deep/er/file.bin")));
  EXPECT_EQ(info.path, Path("deep/er/file.bin"));
  EXPECT_EQ(info.size, 256);
  EXPECT_GT(ToNanos(info.modified), 0);
}

TEST_P(FileSystemContract, KeepsAnEmptyFile) {
  ASSERT_OK(fs().WriteWhole(Path("empty"), ""));
  EXPECT_EQ(Text(Path("empty")), "");
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs().Stat(Path("empty")));
  EXPECT_EQ(info.size, 0);
  EXPECT_EQ(List(subject_->root()), std::vector{Path("empty")});
}

TEST_P(FileSystemContract, JoinsWhatIsAppended) {
  ASSERT_OK_AND_ASSIGN(auto file, fs().Create(Path("big")));
  std::string expected;
  for (int i = 0; i < 300; ++i) {
    const std::string piece(static_cast<std::size_t>(1 + (i * 7919) % 20000),
                            static_cast<char>('a' + i % 26));
    ASSERT_OK(file->Append(Bytes(piece)));
    expected += piece;
    ASSERT_EQ(file->size(), static_cast<int64_t>(expected.size()));
  }
  ASSERT_OK(file->Commit());
  EXPECT_TRUE(Text(Path("big")) == expected);
}

TEST_P(FileSystemContract, MissingIsNotFoundAndNamed) {
  const std::string path = Path("absent/file.csv");
  EXPECT_THAT(fs().OpenRead(path), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(fs().OpenRead(path), HasErrorMessage("absent/file.csv"));
  EXPECT_THAT(fs().Stat(path), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(fs().Remove(path), IsError(ErrorKind::kNotFound));
  EXPECT_THAT(fs().Remove(path), HasErrorMessage("absent/file.csv"));
  EXPECT_THAT(fs().Rename(path, Path("other")), IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const bool exists, fs().Exists(path));
  EXPECT_FALSE(exists);
}

TEST_P(FileSystemContract, ShowsNothingBeforeCommit) {
  ASSERT_OK_AND_ASSIGN(auto file, fs().Create(Path("half/done")));
  ASSERT_OK(file->Append(Bytes("first")));
  EXPECT_THAT(fs().Stat(Path("half/done")), IsError(ErrorKind::kNotFound));
  EXPECT_TRUE(List(subject_->root()).empty());
  ASSERT_OK(file->Commit());
  EXPECT_EQ(Text(Path("half/done")), "first");
}

TEST_P(FileSystemContract, LeavesNothingWithoutCommit) {
  ASSERT_OK(fs().WriteWhole(Path("kept"), "old"));
  for (const char* name : {"kept", "new"}) {
    ASSERT_OK_AND_ASSIGN(auto file, fs().Create(Path(name)));
    ASSERT_OK(file->Append(Bytes("never seen")));
  }
  EXPECT_EQ(Text(Path("kept")), "old");
  EXPECT_EQ(List(subject_->root()), std::vector{Path("kept")});
}

TEST_P(FileSystemContract, ReplacesAndTellsByEtag) {
  ASSERT_OK(fs().WriteWhole(Path("f"), "one"));
  ASSERT_OK_AND_ASSIGN(const FileInfo before, fs().Stat(Path("f")));
  ASSERT_OK(fs().WriteWhole(Path("f"), "two!"));
  ASSERT_OK_AND_ASSIGN(const FileInfo after, fs().Stat(Path("f")));
  EXPECT_EQ(Text(Path("f")), "two!");
  EXPECT_FALSE(before.etag.empty());
  EXPECT_NE(before.etag, after.etag);
}

TEST_P(FileSystemContract, MustNotExistKeepsWhatIsThere) {
  ASSERT_OK(fs().WriteWhole(Path("f"), "first", {.must_not_exist = true}));
  const Status second = fs().WriteWhole(Path("f"), "second", {.must_not_exist = true});
  EXPECT_THAT(second, IsError(ErrorKind::kAlreadyExists));
  EXPECT_THAT(second, HasErrorMessage("f"));
  EXPECT_EQ(Text(Path("f")), "first");
}

TEST_P(FileSystemContract, OneOfManyCreatorsWins) {
  constexpr int kCreators = 4;
  std::atomic<int> won = 0;
  std::atomic<int> lost = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < kCreators; ++i) {
      threads.emplace_back([&, i] {
        const Status status =
            fs().WriteWhole(Path("prize"), std::to_string(i), {.must_not_exist = true});
        if (status) ++won;
        if (!status && status.error().kind == ErrorKind::kAlreadyExists) ++lost;
        // A store may answer two at once with "conflict": nobody lost anything by it.
        if (!status && status.error().kind == ErrorKind::kConflict) ++lost;
      });
    }
  }
  EXPECT_EQ(won, 1);
  EXPECT_EQ(lost, kCreators - 1);
}

TEST_P(FileSystemContract, ConcurrentReplacersLeaveOneWhole) {
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&, i] {
        const std::string text(10'000, static_cast<char>('a' + i));
        for (int n = 0; n < 5; ++n) EXPECT_OK(fs().WriteWhole(Path("shared"), text));
      });
    }
  }
  const std::string text = Text(Path("shared"));
  ASSERT_EQ(text.size(), 10'000u);
  EXPECT_EQ(text, std::string(10'000, text[0]));
  EXPECT_EQ(List(subject_->root()).size(), 1u);
}

TEST_P(FileSystemContract, ReadsAnyRangeAndNoMore) {
  ASSERT_OK(fs().WriteWhole(Path("digits"), "0123456789"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs().OpenRead(Path("digits")));
  EXPECT_EQ(file->size(), 10);
  EXPECT_EQ(file->path(), Path("digits"));
  std::string out(4, '?');
  ASSERT_OK(file->ReadAt(3, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "3456");
  ASSERT_OK(file->ReadAt(10, {}));
  EXPECT_THAT(file->ReadAt(7, std::as_writable_bytes(std::span(out))),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(file->ReadAt(-1, std::as_writable_bytes(std::span(out))),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(file->ReadAt(11, {}), IsError(ErrorKind::kInvalidArgument));
}

TEST_P(FileSystemContract, ReadsFromSeveralThreads) {
  std::string text;
  for (int i = 0; i < 20'000; ++i) text += static_cast<char>('a' + i * 31 % 26);
  ASSERT_OK(fs().WriteWhole(Path("f"), text));
  ASSERT_OK_AND_ASSIGN(const auto file, fs().OpenRead(Path("f")));
  std::vector<std::jthread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < 10; ++i) {
        std::string out(1000, '?');
        const std::size_t offset = (t * 10 + i) * 400;
        EXPECT_OK(
            file->ReadAt(static_cast<int64_t>(offset), std::as_writable_bytes(std::span(out))));
        EXPECT_EQ(out, text.substr(offset, 1000));
      }
    });
  }
}

TEST_P(FileSystemContract, AnOpenFileNeverMixesOldAndNew) {
  ASSERT_OK(fs().WriteWhole(Path("f"), "old old old"));
  ASSERT_OK_AND_ASSIGN(const auto file, fs().OpenRead(Path("f")));
  ASSERT_OK(fs().WriteWhole(Path("f"), "new new new"));
  std::string out(11, '?');
  const Status status = file->ReadAt(0, std::as_writable_bytes(std::span(out)));
  if (status) {
    EXPECT_EQ(out, "old old old");
  } else {
    EXPECT_THAT(status, IsError(ErrorKind::kConflict));
  }
}

TEST_P(FileSystemContract, ListsEveryDepthInByteOrder) {
  for (const char* name : {"t/b.csv", "t/a/z.csv", "t/a.csv", "t/a/deep/er/x", "tt/other", "u"}) {
    ASSERT_OK(fs().WriteWhole(Path(name), name));
  }
  const std::vector<std::string> expected{Path("t/a.csv"), Path("t/a/deep/er/x"), Path("t/a/z.csv"),
                                          Path("t/b.csv")};
  EXPECT_EQ(List(Path("t")), expected);
  ASSERT_OK_AND_ASSIGN(const auto files, fs().ListFiles(Path("t")));
  EXPECT_EQ(files[0].size, 7);
  ASSERT_OK_AND_ASSIGN(const FileInfo info, fs().Stat(Path("t/a.csv")));
  EXPECT_EQ(files[0].etag, info.etag);
}

TEST_P(FileSystemContract, ListingAMissingFolder) {
  const auto files = fs().ListFiles(Path("absent"));
  if (subject_->has_folders) {
    EXPECT_THAT(files, IsError(ErrorKind::kNotFound));
  } else {
    ASSERT_OK(files);
    EXPECT_TRUE(files->empty());
  }
}

TEST_P(FileSystemContract, FoldersAreNotFiles) {
  ASSERT_OK(fs().MakeFolders(Path("a/b/c")));
  ASSERT_OK(fs().MakeFolders(Path("a/b/c")));
  if (!subject_->has_folders) return;
  EXPECT_TRUE(List(Path("a")).empty());
  EXPECT_THAT(fs().OpenRead(Path("a/b")), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(fs().Stat(Path("a/b")), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(fs().Create(Path("a/b")), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(fs().Remove(Path("a/b")), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK(fs().WriteWhole(Path("file"), "x"));
  EXPECT_THAT(fs().MakeFolders(Path("file/below")), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(fs().ListFiles(Path("file")), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK_AND_ASSIGN(const bool exists, fs().Exists(Path("a/b")));
  EXPECT_FALSE(exists);
}

TEST_P(FileSystemContract, OddNamesComeBackAsTheyWent) {
  std::vector<std::string> names{"with space",    "plus+and%25 percent", "Zürich-Привет-数据",
                                 "quote'\"&<>;$", "#hash?query=1",       "trailing.",
                                 "-dash",         "a=b,c(d)[e]{f}!~*|^`"};
  if (subject_->any_bytes_in_names) {
    names.push_back("new\nline\ttab");
    names.push_back("broken \xff\xfe utf-8");
  }
  std::vector<std::string> expected;
  for (const std::string& name : names) {
    ASSERT_OK(fs().WriteWhole(Path("odd/" + name), name));
    EXPECT_EQ(Text(Path("odd/" + name)), name);
    expected.push_back(Path("odd/" + name));
  }
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(List(Path("odd")), expected);
  for (const std::string& path : expected) EXPECT_OK(fs().Remove(path));
  EXPECT_OK(fs().ListFiles(subject_->root()));
}

TEST_P(FileSystemContract, NamesThatCannotBe) {
  for (const std::string& path : {std::string(), Path(std::string("nul\0l", 5))}) {
    EXPECT_THAT(fs().OpenRead(path), IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(fs().Create(path), IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(fs().Stat(path), IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(fs().Remove(path), IsError(ErrorKind::kInvalidArgument));
  }
}

TEST_P(FileSystemContract, RenamesOverTheTarget) {
  ASSERT_OK(fs().WriteWhole(Path("a"), "moved"));
  ASSERT_OK(fs().WriteWhole(Path("b"), "replaced"));
  ASSERT_OK(fs().Rename(Path("a"), Path("b")));
  EXPECT_EQ(Text(Path("b")), "moved");
  ASSERT_OK(fs().Rename(Path("b"), Path("new folder/c")));
  EXPECT_EQ(List(subject_->root()), std::vector{Path("new folder/c")});
  ASSERT_OK(fs().Rename(Path("new folder/c"), Path("new folder/c")));
  EXPECT_EQ(Text(Path("new folder/c")), "moved");
}

TEST_P(FileSystemContract, RefusesToReadMoreThanExpected) {
  ASSERT_OK(fs().WriteWhole(Path("f"), "12345"));
  EXPECT_OK(fs().ReadWhole(Path("f"), 5));
  EXPECT_THAT(fs().ReadWhole(Path("f"), 4), IsError(ErrorKind::kInvalidArgument));
}

TEST_P(FileSystemContract, AppendsCutsAndGoesOn) {
  if (!subject_->can_append) {
    EXPECT_THAT(fs().OpenAppend(Path("log")), IsError(ErrorKind::kUnsupported));
    return;
  }
  ASSERT_OK_AND_ASSIGN(auto file, fs().OpenAppend(Path("logs/log")));
  EXPECT_EQ(Text(Path("logs/log")), "");
  ASSERT_OK(file->Append(Bytes("one,")));
  ASSERT_OK(file->Append(Bytes("two,torn")));
  ASSERT_OK(file->Sync());
  EXPECT_EQ(Text(Path("logs/log")), "one,two,torn");
  ASSERT_OK(file->Truncate(8));
  ASSERT_OK(file->Append(Bytes("three,")));
  file.reset();
  ASSERT_OK_AND_ASSIGN(file, fs().OpenAppend(Path("logs/log")));
  ASSERT_OK(file->Append(Bytes("four")));
  EXPECT_EQ(Text(Path("logs/log")), "one,two,three,four");
}

TEST_P(FileSystemContract, LocksOnceAtATime) {
  ASSERT_OK_AND_ASSIGN(auto lock, fs().Lock(Path("run/lock")));
  const auto second = fs().Lock(Path("run/lock"));
  EXPECT_THAT(second, IsError(ErrorKind::kBusy));
  EXPECT_THAT(second, HasErrorMessage("process " + std::to_string(::getpid())));
  EXPECT_OK(fs().Lock(Path("run/another lock")));
  lock.reset();
  EXPECT_OK(fs().Lock(Path("run/lock")));
}

}  // namespace tickhouse::io
