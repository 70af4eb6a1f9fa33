#include "tickhouse/io/fs/local_file_system.h"

#include <gtest/gtest.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/temporary_folder.h"

namespace tickhouse::io {
namespace {

TEST(LocalFileSystem, WritesAndReads) {
  const TemporaryFolder folder;
  const auto fs = MakeLocalFileSystem();
  ASSERT_OK(fs->WriteWhole(folder.File("a/b/c.txt"), "hello"));
  ASSERT_OK_AND_ASSIGN(const std::string text, fs->ReadWhole(folder.File("a/b/c.txt")));
  EXPECT_EQ(text, "hello");
  ASSERT_OK_AND_ASSIGN(const auto files, fs->ListFiles(folder.path()));
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(files[0].path, folder.File("a/b/c.txt"));
}

}  // namespace
}  // namespace tickhouse::io
