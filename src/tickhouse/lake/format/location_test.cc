#include "tickhouse/lake/format/location.h"

#include <utility>

#include "tickhouse/core/testing.h"

namespace tickhouse::lake {
namespace {

TEST(StoragePath, NamesTheStoreAsOursDo) {
  const std::pair<const char*, const char*> cases[] = {
      {"file:///a/b", "/a/b"},
      {"file:/a/b", "/a/b"},
      {"file://localhost/a", "/a"},
      {"FILE:///A", "/A"},
      {"s3://bucket/a b", "s3://bucket/a b"},
      {"s3a://bucket/k", "s3://bucket/k"},
      {"s3n://bucket/k", "s3://bucket/k"},
      {"/plain/path", "/plain/path"},
      {"relative/path", "relative/path"},
      {"/a:/b", "/a:/b"},
      {"year=2021:x", "year=2021:x"},
      {"file:///a%20b", "/a%20b"},
  };
  for (const auto& [location, path] : cases) {
    ASSERT_OK_AND_ASSIGN(const std::string found, StoragePath(location));
    EXPECT_EQ(found, path);
  }
}

TEST(StoragePath, RefusesOtherStores) {
  for (const char* location :
       {"local:///warehouse/t", "gs://b/k", "hdfs://h:8020/t", "abfss://c@a/t", "s3:/bucket/k"}) {
    EXPECT_THAT(StoragePath(location), IsError(ErrorKind::kUnsupported)) << location;
    EXPECT_THAT(StoragePath(location), HasErrorMessage(location));
  }
  EXPECT_THAT(StoragePath("file://host/a"), HasErrorMessage("another host"));
  EXPECT_THAT(StoragePath("file://host"), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(StoragePath(""), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::lake
