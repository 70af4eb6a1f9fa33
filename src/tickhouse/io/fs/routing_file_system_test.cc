#include "tickhouse/io/fs/routing_file_system.h"

#include <gtest/gtest.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::io {
namespace {

/// Says which store was asked, in the text of its failures.
class NamedFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<ReadableFile>> OpenRead(const std::string& path) override {
    return Asked(path);
  }
  Result<std::unique_ptr<WritableFile>> Create(const std::string& path, WriteOptions) override {
    return Asked(path);
  }
  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    return Asked(path);
  }
  Result<FileInfo> Stat(const std::string& path) override { return Asked(path); }
  Result<std::vector<FileInfo>> ListFiles(const std::string& path) override { return Asked(path); }
  Status Remove(const std::string& path) override { return Asked(path); }
  Status Rename(const std::string& from, const std::string&) override { return Asked(from); }
  Status MakeFolders(const std::string& path) override { return Asked(path); }
  Result<std::unique_ptr<FileLock>> Lock(const std::string& path) override { return Asked(path); }

 private:
  static std::unexpected<Error> Asked(const std::string& path) {
    return Fail(ErrorKind::kIo, "S3 was asked for " + path);
  }
};

TEST(RoutingFileSystem, SendsEveryCallWhereItsPathSays) {
  int made = 0;
  const auto fs =
      MakeRoutingFileSystem(MakeMemoryFileSystem(), [&]() -> Result<std::unique_ptr<FileSystem>> {
        ++made;
        return std::make_unique<NamedFileSystem>();
      });
  ASSERT_OK(fs->WriteWhole("a/s3:/b", "local"));
  ASSERT_OK(fs->WriteWhole("odd:name", "local"));
  EXPECT_EQ(fs->ReadWhole("a/s3:/b").value(), "local");
  EXPECT_OK(fs->Rename("odd:name", "b"));
  EXPECT_OK(fs->ListFiles("a"));
  EXPECT_OK(fs->OpenAppend("log"));
  EXPECT_OK(fs->Lock("lock"));
  EXPECT_OK(fs->MakeFolders("folder"));
  EXPECT_OK(fs->Stat("b"));
  EXPECT_OK(fs->Remove("b"));
  EXPECT_EQ(made, 0) << "made on first use only";

  const std::string path = "s3://bucket/key";
  const auto asked = [&](const auto& result) {
    EXPECT_THAT(result, HasErrorMessage("S3 was asked for " + path));
  };
  asked(fs->OpenRead(path));
  asked(fs->Create(path));
  asked(fs->OpenAppend(path));
  asked(fs->Stat(path));
  asked(fs->ListFiles(path));
  asked(fs->Remove(path));
  asked(fs->Rename(path, path));
  asked(fs->MakeFolders(path));
  asked(fs->Lock(path));
  EXPECT_EQ(made, 1);
}

TEST(RoutingFileSystem, RefusesWhatLiesNowhere) {
  const auto fs = MakeRoutingFileSystem(
      MakeMemoryFileSystem(),
      []() -> Result<std::unique_ptr<FileSystem>> { return std::make_unique<NamedFileSystem>(); });
  EXPECT_THAT(fs->Stat("gs://bucket/key"), IsError(ErrorKind::kInvalidArgument));
  ASSERT_OK(fs->WriteWhole("a", "x"));
  EXPECT_THAT(fs->Rename("a", "s3://bucket/key"), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(fs->Rename("s3://bucket/key", "a"), IsError(ErrorKind::kUnsupported));
}

TEST(RoutingFileSystem, TellsWhyThereIsNoS3AndTriesAgain) {
  int made = 0;
  const auto fs =
      MakeRoutingFileSystem(MakeMemoryFileSystem(), [&]() -> Result<std::unique_ptr<FileSystem>> {
        if (++made == 1) return Fail(ErrorKind::kInvalidArgument, "no key is set");
        return std::make_unique<NamedFileSystem>();
      });
  const auto first = fs->Stat("s3://bucket/key");
  EXPECT_THAT(first, IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(first, HasErrorMessage("s3://bucket/key: no key is set"));
  EXPECT_THAT(fs->Stat("s3://bucket/key"), HasErrorMessage("S3 was asked"));
}

}  // namespace
}  // namespace tickhouse::io
