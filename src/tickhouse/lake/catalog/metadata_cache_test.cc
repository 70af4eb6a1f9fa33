#include "tickhouse/lake/catalog/metadata_cache.h"

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"

namespace tickhouse::lake {
namespace {

TableMetadata Metadata(const std::string& owner) {
  TableMetadata metadata;
  metadata.table_uuid = "9c12d441-03fe-4693-9a96-a0705ddf69c1";
  metadata.location = "/lake/t";
  metadata.schemas.emplace_back();
  metadata.specs.emplace_back();
  metadata.sort_orders.emplace_back();
  metadata.properties["owner"] = owner;
  return metadata;
}

class MetadataCacheTest : public testing::Test {
 protected:
  void Write(const std::string& path, const std::string& owner) {
    ASSERT_OK(files_->WriteWhole(path, TableMetadataToJson(Metadata(owner))));
  }
  std::string Owner(const std::string& path) {
    const auto loaded = cache_.Load(*files_, path);
    EXPECT_OK(loaded);
    return loaded ? (*loaded)->properties.at("owner") : "";
  }
  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  MetadataCache cache_{2};
};

TEST_F(MetadataCacheTest, ParsesAFileOnce) {
  Write("/a", "x");
  ASSERT_OK_AND_ASSIGN(const MetadataPtr first, cache_.Load(*files_, "/a"));
  ASSERT_OK_AND_ASSIGN(const MetadataPtr second, cache_.Load(*files_, "/a"));
  EXPECT_EQ(first, second);
}

TEST_F(MetadataCacheTest, GivesWhatWasJustWritten) {
  Write("/a", "x");
  ASSERT_OK_AND_ASSIGN(const io::FileInfo info, files_->Stat("/a"));
  const auto metadata = std::make_shared<const TableMetadata>(Metadata("kept"));
  cache_.Keep("/a", info.size, metadata);
  ASSERT_OK_AND_ASSIGN(const MetadataPtr loaded, cache_.Load(*files_, "/a"));
  EXPECT_EQ(loaded, metadata);
}

// A file that was damaged or replaced by hand must not look whole because we remember it.
TEST_F(MetadataCacheTest, SeesThatAFileIsAnother) {
  Write("/a", "x");
  EXPECT_EQ(Owner("/a"), "x");
  Write("/a", "longer");
  EXPECT_EQ(Owner("/a"), "longer");
  Write("/a", "shrink");
  EXPECT_EQ(Owner("/a"), "shrink") << "the same size, another etag";
  ASSERT_OK(files_->WriteWhole("/a", "rubbish"));
  EXPECT_THAT(cache_.Load(*files_, "/a"), IsError(ErrorKind::kCorrupt));
  ASSERT_OK(files_->Remove("/a"));
  EXPECT_THAT(cache_.Load(*files_, "/a"), IsError(ErrorKind::kNotFound));
}

TEST_F(MetadataCacheTest, KeepsTheFewUsedLast) {
  for (const char* path : {"/a", "/b", "/c"}) Write(path, path);
  ASSERT_OK_AND_ASSIGN(const MetadataPtr a, cache_.Load(*files_, "/a"));
  ASSERT_OK_AND_ASSIGN(const MetadataPtr b, cache_.Load(*files_, "/b"));
  ASSERT_OK(cache_.Load(*files_, "/a"));
  ASSERT_OK(cache_.Load(*files_, "/c"));  // takes the place of b
  ASSERT_OK_AND_ASSIGN(const MetadataPtr a_again, cache_.Load(*files_, "/a"));
  ASSERT_OK_AND_ASSIGN(const MetadataPtr b_again, cache_.Load(*files_, "/b"));
  EXPECT_EQ(a, a_again);
  EXPECT_NE(b, b_again);
}

}  // namespace
}  // namespace tickhouse::lake
