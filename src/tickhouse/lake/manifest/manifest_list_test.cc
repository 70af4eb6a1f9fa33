#include <fmt/format.h>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/avro/avro_file.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/manifest/manifest_testing.h"

namespace tickhouse::lake {
namespace {

constexpr const char* kList = "/lake/metadata/snap-1.avro";

ManifestFile TestManifest(int number) {
  ManifestFile manifest{.path = fmt::format("s3://lake/metadata/m{}.avro", number),
                        .length = 7000 + number,
                        .spec_id = number,
                        .sequence_number = kAssignedByList,
                        .min_sequence_number = 3,
                        .added_snapshot_id = 77};
  manifest.added_files = 1;
  manifest.existing_files = 2;
  manifest.deleted_files = 3;
  manifest.added_rows = 10;
  manifest.existing_rows = 20;
  manifest.deleted_rows = 30;
  manifest.partitions = {{.contains_null = true,
                          .contains_nan = false,
                          .lower_bound = std::string("\x33\0\0\0", 4),
                          .upper_bound = std::string("\x35\0\0\0", 4)},
                         {}};
  return manifest;
}

Snapshot TestSnapshot() {
  return {.id = 77, .parent_id = 76, .sequence_number = 9, .manifest_list = kList};
}

class ManifestList : public testing::TestWithParam<int> {
 protected:
  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
};

INSTANTIATE_TEST_SUITE_P(Versions, ManifestList, testing::Values(1, 2, 3));

TEST_P(ManifestList, GivesBackEveryField) {
  std::vector<ManifestFile> manifests = {TestManifest(0), TestManifest(1)};
  manifests[1].key_metadata = "key";
  if (GetParam() >= 2) manifests[1].content = ManifestContent::kDeletes;
  ASSERT_OK(WriteManifestList(*files, TestSnapshot(), GetParam(), manifests));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(*files, TestSnapshot()));
  ASSERT_EQ(read.size(), 2U);
  for (std::size_t i = 0; i < read.size(); ++i) {
    EXPECT_EQ(read[i].path, manifests[i].path);
    EXPECT_EQ(read[i].length, manifests[i].length);
    EXPECT_EQ(read[i].spec_id, manifests[i].spec_id);
    EXPECT_EQ(read[i].content, manifests[i].content);
    EXPECT_EQ(read[i].sequence_number, GetParam() == 1 ? 0 : 9);
    EXPECT_EQ(read[i].min_sequence_number, GetParam() == 1 ? 0 : 3);
    EXPECT_EQ(read[i].added_snapshot_id, 77);
    EXPECT_EQ(read[i].added_files, 1);
    EXPECT_EQ(read[i].existing_files, 2);
    EXPECT_EQ(read[i].deleted_files, 3);
    EXPECT_EQ(read[i].added_rows, 10);
    EXPECT_EQ(read[i].existing_rows, 20);
    EXPECT_EQ(read[i].deleted_rows, 30);
    EXPECT_EQ(read[i].key_metadata, manifests[i].key_metadata);
    ASSERT_EQ(read[i].partitions.size(), 2U);
    EXPECT_TRUE(read[i].partitions[0].contains_null);
    EXPECT_EQ(read[i].partitions[0].contains_nan, false);
    EXPECT_EQ(read[i].partitions[0].upper_bound, manifests[i].partitions[0].upper_bound);
    EXPECT_EQ(read[i].partitions[1].contains_nan, std::nullopt);
    EXPECT_EQ(read[i].partitions[1].lower_bound, std::nullopt);
  }
}

TEST_P(ManifestList, NamesItsSnapshot) {
  Snapshot snapshot = TestSnapshot();
  snapshot.parent_id.reset();
  ASSERT_OK(WriteManifestList(*files, snapshot, GetParam(), {}));
  ASSERT_OK_AND_ASSIGN(std::string bytes, files->ReadWhole(kList));
  ASSERT_OK_AND_ASSIGN(const AvroFileReader file, AvroFileReader::Open(std::move(bytes), kList));
  EXPECT_EQ(file.metadata().at("snapshot-id"), "77");
  EXPECT_EQ(file.metadata().at("parent-snapshot-id"), "null");
  EXPECT_EQ(file.metadata().at("format-version"), fmt::to_string(GetParam()));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(*files, snapshot));
  EXPECT_TRUE(read.empty());
}

TEST_F(ManifestList, AssignsTheSnapshotsNumberToItsOwnManifestsOnly) {
  ManifestFile own = TestManifest(0);
  own.min_sequence_number = kAssignedByList;
  ManifestFile old = TestManifest(1);
  old.added_snapshot_id = 50;
  old.sequence_number = 4;
  ASSERT_OK(WriteManifestList(*files, TestSnapshot(), 2, {own, old}));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(*files, TestSnapshot()));
  EXPECT_EQ(read[0].sequence_number, 9);
  EXPECT_EQ(read[0].min_sequence_number, 9);
  EXPECT_EQ(read[1].sequence_number, 4);
  old.sequence_number = kAssignedByList;
  EXPECT_THAT(WriteManifestList(*files, TestSnapshot(), 2, {old}),
              IsError(ErrorKind::kInvalidArgument));
}

TEST_F(ManifestList, GivesRowNumbersInVersion3) {
  Snapshot snapshot = TestSnapshot();
  snapshot.first_row_id = 1000;
  ManifestFile known = TestManifest(1);
  known.first_row_id = 5;
  ManifestFile deletes = TestManifest(2);
  deletes.content = ManifestContent::kDeletes;
  ASSERT_OK(
      WriteManifestList(*files, snapshot, 3, {TestManifest(0), known, deletes, TestManifest(3)}));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(*files, snapshot));
  EXPECT_EQ(read[0].first_row_id, 1000);
  EXPECT_EQ(read[1].first_row_id, 5);
  EXPECT_EQ(read[2].first_row_id, std::nullopt);
  EXPECT_EQ(read[3].first_row_id, 1030);
}

TEST_F(ManifestList, RefusesWhatAVersionCannotSay) {
  ManifestFile deletes = TestManifest(0);
  deletes.content = ManifestContent::kDeletes;
  EXPECT_THAT(WriteManifestList(*files, TestSnapshot(), 1, {deletes}),
              HasErrorMessage("format version 2"));
  ManifestFile unknown = TestManifest(0);
  unknown.added_rows.reset();
  EXPECT_THAT(WriteManifestList(*files, TestSnapshot(), 2, {unknown}),
              HasErrorMessage("counts are not known"));
  EXPECT_THAT(WriteManifestList(*files, TestSnapshot(), 4, {}), IsError(ErrorKind::kUnsupported));
  EXPECT_THAT(files->Stat(kList), IsError(ErrorKind::kNotFound));
  ASSERT_OK(WriteManifestList(*files, TestSnapshot(), 1, {unknown}));
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(*files, TestSnapshot()));
  EXPECT_EQ(read[0].added_rows, std::nullopt);
  EXPECT_THAT(WriteManifestList(*files, TestSnapshot(), 1, {}), IsError(ErrorKind::kAlreadyExists));
}

TEST_F(ManifestList, ServesOldSnapshotsWithoutAList) {
  const TableMetadata table = TestTable(1);
  const ManifestContext context{
      .schema = &table.schemas[0], .spec = &table.specs[2], .format_version = 1};
  ManifestEntry entry = TestEntry(0);
  entry.file.partition.clear();
  ASSERT_OK(WriteManifest(*files, "/m.avro", context, 5, {entry}));
  Snapshot snapshot{.id = 5, .manifests = {"/m.avro"}};
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifestList(*files, snapshot));
  ASSERT_EQ(read.size(), 1U);
  EXPECT_EQ(read[0].spec_id, 2);
  EXPECT_EQ(read[0].added_files, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const auto entries, ReadManifest(*files, read[0], table));
  EXPECT_EQ(entries[0].snapshot_id, 5);
  EXPECT_EQ(entries[0].sequence_number, 0);
  snapshot.manifests.push_back("/lost.avro");
  EXPECT_THAT(ReadManifestList(*files, snapshot), IsError(ErrorKind::kNotFound));
}

TEST_F(ManifestList, AnswersCutsAndFlippedBitsWithoutHarm) {
  ASSERT_OK(WriteManifestList(*files, TestSnapshot(), 2, {TestManifest(0), TestManifest(1)}));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, files->ReadWhole(kList));
  int whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_OK(files->WriteWhole(kList, bytes.substr(0, size)));
    const auto read = ReadManifestList(*files, TestSnapshot());
    if (read) {
      ++whole;
      continue;
    }
    ASSERT_THAT(read, IsError(ErrorKind::kCorrupt)) << size;
    ASSERT_THAT(read, HasErrorMessage("snap-1.avro")) << size;
  }
  EXPECT_LE(whole, 1);
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 3) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_OK(files->WriteWhole(kList, flipped));
    (void)ReadManifestList(*files, TestSnapshot());
  }
}

}  // namespace
}  // namespace tickhouse::lake
