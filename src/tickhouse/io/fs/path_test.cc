#include <gtest/gtest.h>

#include "tickhouse/io/fs/file_system.h"

namespace tickhouse::io {
namespace {

TEST(Path, Joins) {
  EXPECT_EQ(JoinPath("a/b", "c"), "a/b/c");
  EXPECT_EQ(JoinPath("a/b/", "c"), "a/b/c");
  EXPECT_EQ(JoinPath("", "c"), "c");
  EXPECT_EQ(JoinPath("/", "c"), "/c");
  EXPECT_EQ(JoinPath("a", "/c"), "/c");
  EXPECT_EQ(JoinPath("a", "s3://b/c"), "s3://b/c");
  EXPECT_EQ(JoinPath("s3://b", "c"), "s3://b/c");
}

TEST(Path, NamesAndParents) {
  EXPECT_EQ(BaseName("a/b/c.csv"), "c.csv");
  EXPECT_EQ(BaseName("c.csv"), "c.csv");
  EXPECT_EQ(BaseName("a/GBPJPY/"), "GBPJPY");
  EXPECT_EQ(BaseName("/"), "");
  EXPECT_EQ(BaseName("s3://bucket"), "bucket");
  EXPECT_EQ(ParentPath("a/b/c.csv"), "a/b");
  EXPECT_EQ(ParentPath("a/b/"), "a");
  EXPECT_EQ(ParentPath("c.csv"), "");
  EXPECT_EQ(ParentPath("/c.csv"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(ParentPath("a//b"), "a");
  EXPECT_EQ(ParentPath("s3://bucket/key"), "s3://bucket");
  EXPECT_EQ(ParentPath("s3://bucket"), "s3://");
}

TEST(Path, ExtensionsAreLowerCase) {
  EXPECT_EQ(Extension("a/c.CSV"), "csv");
  EXPECT_EQ(Extension("a.b/c"), "");
  EXPECT_EQ(Extension("ticks.csv.gz"), "gz");
  EXPECT_EQ(Extension(".hidden"), "");
  EXPECT_EQ(Extension("dot."), "");
}

TEST(Path, RelativeToARoot) {
  EXPECT_EQ(RelativePath("a/b/c", "a"), "b/c");
  EXPECT_EQ(RelativePath("a/b/c", "a/"), "b/c");
  EXPECT_EQ(RelativePath("/b/c", "/"), "b/c");
  EXPECT_EQ(RelativePath("b/c", ""), "b/c");
  EXPECT_EQ(RelativePath("s3://bucket/k/x", "s3://bucket"), "k/x");
  EXPECT_EQ(RelativePath("ab/c", "a"), std::nullopt);
  EXPECT_EQ(RelativePath("a", "a"), std::nullopt);
  EXPECT_EQ(RelativePath("a/", "a"), std::nullopt);
  EXPECT_EQ(RelativePath("/b/c", ""), std::nullopt);
}

}  // namespace
}  // namespace tickhouse::io
