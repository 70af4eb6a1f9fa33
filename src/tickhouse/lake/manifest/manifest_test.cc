#include "tickhouse/lake/manifest/manifest.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/faulty_file_system.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/avro/avro_file.h"
#include "tickhouse/lake/manifest/manifest_testing.h"

namespace tickhouse::lake {
namespace {

constexpr const char* kPath = "file:/lake/metadata/m0.avro";
constexpr const char* kStored = "/lake/metadata/m0.avro";
constexpr int64_t kSnapshot = 3'051'729'675'574'597'004;

class Manifest : public testing::Test {
 protected:
  ManifestContext Context(std::size_t spec = 0,
                          ManifestContent content = ManifestContent::kData) const {
    return {.schema = &table.schemas[0],
            .spec = &table.specs[spec],
            .format_version = table.format_version,
            .content = content};
  }

  /// Written, listed with sequence number 5, read back.
  Result<std::vector<ManifestEntry>> RoundTrip(const ManifestContext& context,
                                               const std::vector<ManifestEntry>& entries) {
    TICKHOUSE_ASSIGN(manifest, WriteManifest(*files, kPath, context, kSnapshot, entries));
    if (manifest.sequence_number == kAssignedByList) manifest.sequence_number = 5;
    return ReadManifest(*files, manifest, table);
  }

  TableMetadata table = TestTable();
  std::unique_ptr<io::FileSystem> files = io::MakeMemoryFileSystem();
  ManifestFile manifest;
};

class ManifestVersion : public Manifest, public testing::WithParamInterface<int> {
 protected:
  void SetUp() override { table.format_version = GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Versions, ManifestVersion, testing::Values(1, 2, 3));

TEST_P(ManifestVersion, GivesBackEveryFieldOfADataFile) {
  ManifestEntry entry = TestEntry(7);
  entry.file.key_metadata = "key";
  ASSERT_OK_AND_ASSIGN(const auto read, RoundTrip(Context(), {entry}));
  ASSERT_EQ(read.size(), 1U);
  const DataFile& file = read[0].file;
  EXPECT_EQ(read[0].status, EntryStatus::kAdded);
  EXPECT_EQ(read[0].snapshot_id, kSnapshot);
  EXPECT_EQ(file.content, FileContent::kData);
  EXPECT_EQ(file.path, entry.file.path);
  EXPECT_EQ(file.format, "PARQUET");
  EXPECT_EQ(file.partition, entry.file.partition);
  EXPECT_EQ(file.record_count, 1007);
  EXPECT_EQ(file.file_size, 54'328);
  EXPECT_EQ(file.column_sizes, entry.file.column_sizes);
  EXPECT_EQ(file.value_counts, entry.file.value_counts);
  EXPECT_EQ(file.null_counts, entry.file.null_counts);
  EXPECT_EQ(file.nan_counts, entry.file.nan_counts);
  EXPECT_EQ(file.lower_bounds, entry.file.lower_bounds);
  EXPECT_EQ(file.upper_bounds, entry.file.upper_bounds);
  EXPECT_EQ(file.key_metadata, "key");
  EXPECT_EQ(file.split_offsets, entry.file.split_offsets);
  EXPECT_EQ(file.sort_order_id, 1);
}

TEST_P(ManifestVersion, SaysOfItselfWhatTheSpecificationAsks) {
  ASSERT_OK(RoundTrip(Context(), {TestEntry(0)}));
  ASSERT_OK_AND_ASSIGN(std::string bytes, files->ReadWhole(kStored));
  ASSERT_OK_AND_ASSIGN(const AvroFileReader file, AvroFileReader::Open(std::move(bytes), kPath));
  const AvroMetadata& metadata = file.metadata();
  EXPECT_EQ(metadata.at("schema-id"), "0");
  EXPECT_EQ(metadata.at("partition-spec-id"), "0");
  EXPECT_EQ(metadata.at("format-version"), fmt::to_string(GetParam()));
  ASSERT_OK(ParseSchema(metadata.at("schema")));
  EXPECT_THAT(metadata.at("partition-spec"), testing::StartsWith("[{"));
  EXPECT_EQ(metadata.count("content"), GetParam() == 1 ? 0U : 1U);
  const AvroField* partition = file.schema().FindField(2)->type.FindField(102);
  ASSERT_NE(partition, nullptr);
  EXPECT_EQ(partition->type.name, "r102");
  EXPECT_NE(partition->type.FindField(1000), nullptr);
}

TEST_P(ManifestVersion, InheritsNumbersOfTheListEntry) {
  ManifestEntry existing = TestEntry(1);
  existing.status = EntryStatus::kExisting;
  existing.snapshot_id = 11;
  existing.sequence_number = 2;
  existing.file_sequence_number = 1;
  ASSERT_OK_AND_ASSIGN(const auto read, RoundTrip(Context(), {TestEntry(0), existing}));
  const int64_t own = GetParam() == 1 ? 0 : 5;
  EXPECT_EQ(read[0].sequence_number, own);
  EXPECT_EQ(read[0].file_sequence_number, own);
  EXPECT_EQ(read[1].snapshot_id, 11);
  EXPECT_EQ(read[1].sequence_number, GetParam() == 1 ? 0 : 2);
  EXPECT_EQ(read[1].file_sequence_number, GetParam() == 1 ? 0 : 1);
  EXPECT_EQ(manifest.min_sequence_number, GetParam() == 1 ? 0 : 2);
}

TEST_F(Manifest, CountsAndSummarizesWhatItHolds) {
  std::vector<ManifestEntry> entries = {TestEntry(0), TestEntry(1), TestEntry(2), TestEntry(3)};
  entries[1].status = EntryStatus::kExisting;
  entries[1].snapshot_id = 1;
  entries[1].sequence_number = 3;
  entries[2].status = EntryStatus::kDeleted;
  entries[2].sequence_number = 1;
  entries[3].file.partition = {std::nullopt};
  ASSERT_OK(RoundTrip(Context(), entries));
  EXPECT_EQ(manifest.path, kPath);
  ASSERT_OK_AND_ASSIGN(const auto stat, files->Stat(kStored));
  EXPECT_EQ(manifest.length, stat.size);
  EXPECT_EQ(manifest.added_files, 2);
  EXPECT_EQ(manifest.existing_files, 1);
  EXPECT_EQ(manifest.deleted_files, 1);
  EXPECT_EQ(manifest.added_rows, 1000 + 1003);
  EXPECT_EQ(manifest.existing_rows, 1001);
  EXPECT_EQ(manifest.deleted_rows, 1002);
  EXPECT_EQ(manifest.min_sequence_number, 3);
  EXPECT_EQ(manifest.added_snapshot_id, kSnapshot);
  ASSERT_EQ(manifest.partitions.size(), 1U);
  EXPECT_TRUE(manifest.partitions[0].contains_null);
  EXPECT_EQ(manifest.partitions[0].contains_nan, std::nullopt);
  EXPECT_EQ(manifest.partitions[0].lower_bound, std::string("\x33\0\0\0", 4));
  EXPECT_EQ(manifest.partitions[0].upper_bound, std::string("\x35\0\0\0", 4));
}

TEST_F(Manifest, KeepsPartitionValuesOfEveryType) {
  ManifestEntry entry = TestEntry(0);
  entry.file.partition = {Value{std::string("BUY")}, Value{int32_t{-1}},
                          Value{Int128{-1'234'567}}, Value{std::string("0123456789abcdef")},
                          Value{int64_t{1} << 40},   Value{-0.0},
                          Value{int32_t{18'628}}};
  ManifestEntry nulls = TestEntry(1);
  nulls.file.partition.assign(7, std::nullopt);
  ManifestEntry nan = entry;
  nan.file.partition[5] = Value{std::numeric_limits<double>::quiet_NaN()};
  ASSERT_OK_AND_ASSIGN(const auto read, RoundTrip(Context(1), {entry, nulls, nan}));
  EXPECT_EQ(read[0].file.partition, entry.file.partition);
  EXPECT_EQ(read[1].file.partition, nulls.file.partition);
  EXPECT_TRUE(read[2].file.partition[5]->IsNan());
  EXPECT_EQ(read[0].file.spec_id, 1);
  EXPECT_EQ(manifest.partitions[0].lower_bound, "BUY");
  EXPECT_EQ(manifest.partitions[5].contains_nan, true);
  EXPECT_EQ(manifest.partitions[5].lower_bound, manifest.partitions[5].upper_bound);
}

TEST_F(Manifest, ReadsWhatWasWrittenBeforeAColumnWasPromoted) {
  table.schemas[0].fields[7].type.kind = TypeKind::kInt;
  ManifestEntry entry = TestEntry(0);
  entry.file.partition.assign(7, std::nullopt);
  entry.file.partition[4] = Value{int32_t{42}};
  ASSERT_OK(RoundTrip(Context(1), {entry}));
  table.schemas[0].fields[7].type.kind = TypeKind::kLong;
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifest(*files, manifest, table));
  EXPECT_EQ(read[0].file.partition[4], Value{int64_t{42}});
}

TEST_F(Manifest, ReadsPartitionsByADroppedColumnAsTheFileSays) {
  ManifestEntry entry = TestEntry(0);
  entry.file.partition.assign(7, std::nullopt);
  const std::optional<Value> buy = Value{std::string("BUY")};
  entry.file.partition.front() = buy;
  ASSERT_OK(RoundTrip(Context(1), {entry}));
  table.schemas[0].fields.erase(table.schemas[0].fields.begin() + 3);
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifest(*files, manifest, table));
  EXPECT_EQ(read[0].file.partition[0], buy);
}

TEST_F(Manifest, MayBeUnpartitionedOrEmpty) {
  ManifestEntry entry = TestEntry(0);
  entry.file.partition.clear();
  ASSERT_OK_AND_ASSIGN(const auto one, RoundTrip(Context(2), {entry}));
  EXPECT_EQ(one.size(), 1U);
  EXPECT_TRUE(manifest.partitions.empty());
  ASSERT_OK(files->Remove(kStored));
  ASSERT_OK_AND_ASSIGN(const auto none, RoundTrip(Context(2), {}));
  EXPECT_TRUE(none.empty());
}

TEST_F(Manifest, KeepsDeleteFilesAndVectors) {
  table.format_version = 3;
  ManifestEntry deletes = TestEntry(0);
  deletes.file.content = FileContent::kEqualityDeletes;
  deletes.file.equality_ids = {1, 2};
  ManifestEntry vector = TestEntry(1);
  vector.file.content = FileContent::kPositionDeletes;
  vector.file.format = "PUFFIN";
  vector.file.referenced_data_file = "s3://lake/a.parquet";
  vector.file.content_offset = 4;
  vector.file.content_size = 99;
  ASSERT_OK_AND_ASSIGN(const auto read,
                       RoundTrip(Context(0, ManifestContent::kDeletes), {deletes, vector}));
  EXPECT_EQ(read[0].file.content, FileContent::kEqualityDeletes);
  EXPECT_EQ(read[0].file.equality_ids, deletes.file.equality_ids);
  EXPECT_TRUE(read[1].file.IsDeletionVector());
  EXPECT_EQ(read[1].file.referenced_data_file, "s3://lake/a.parquet");
  EXPECT_EQ(read[1].file.content_offset, 4);
  EXPECT_EQ(read[1].file.content_size, 99);
  EXPECT_EQ(manifest.content, ManifestContent::kDeletes);
}

TEST_F(Manifest, NumbersRowsFromThatOfTheListEntry) {
  table.format_version = 3;
  ManifestEntry known = TestEntry(1);
  known.file.first_row_id = 7;
  ASSERT_OK(RoundTrip(Context(), {TestEntry(0), known, TestEntry(2)}));
  manifest.first_row_id = 100;
  ASSERT_OK_AND_ASSIGN(const auto read, ReadManifest(*files, manifest, table));
  EXPECT_EQ(read[0].file.first_row_id, 100);
  EXPECT_EQ(read[1].file.first_row_id, 7);
  EXPECT_EQ(read[2].file.first_row_id, 100 + 1000);
}

TEST_F(Manifest, RefusesEntriesItCannotHold) {
  const auto refuses = [this](const ManifestEntry& entry, const char* why) {
    EXPECT_THAT(RoundTrip(Context(), {entry}), IsError(ErrorKind::kInvalidArgument));
    EXPECT_THAT(RoundTrip(Context(), {entry}), HasErrorMessage(why));
    EXPECT_THAT(files->Stat(kStored), IsError(ErrorKind::kNotFound));
  };
  ManifestEntry entry = TestEntry(0);
  entry.file.content = FileContent::kPositionDeletes;
  refuses(entry, "manifests of their own");
  entry = TestEntry(0);
  entry.file.content_offset = 1;
  refuses(entry, "format version 3");
  entry = TestEntry(0);
  entry.file.partition.clear();
  refuses(entry, "0 partition values for a spec of 1");
  entry.file.partition = {Value{int64_t{51}}};
  refuses(entry, "datetime_year is no int");
  entry = TestEntry(0);
  entry.status = EntryStatus::kDeleted;
  refuses(entry, "may inherit");
  entry.status = EntryStatus::kExisting;
  refuses(entry, "snapshot that added it");
}

TEST_F(Manifest, IsNeverReplacedAndLeavesNothingHalfDone) {
  ASSERT_OK(RoundTrip(Context(), {TestEntry(0)}));
  EXPECT_THAT(RoundTrip(Context(), {TestEntry(1)}), IsError(ErrorKind::kAlreadyExists));
  const auto faulty = io::MakeFaultyFileSystem(
      files.get(), [](io::FsCall call, const std::string&, int) -> std::optional<Error> {
        if (call != io::FsCall::kCommit) return std::nullopt;
        return Error{ErrorKind::kNoSpace, "full"};
      });
  EXPECT_THAT(WriteManifest(*faulty, "/lake/other.avro", Context(), 1, {TestEntry(0)}),
              IsError(ErrorKind::kNoSpace));
  EXPECT_THAT(files->Stat("/lake/other.avro"), IsError(ErrorKind::kNotFound));
}

TEST_F(Manifest, SaysWhatIsMissing) {
  manifest.path = kPath;
  EXPECT_THAT(ReadManifest(*files, manifest, table), IsError(ErrorKind::kNotFound));
  manifest.spec_id = 9;
  EXPECT_THAT(ReadManifest(*files, manifest, table), HasErrorMessage("partition spec 9"));
}

TEST_F(Manifest, NoticesEveryCutAndNamesTheByte) {
  ASSERT_OK(RoundTrip(Context(), {TestEntry(0), TestEntry(1)}));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, files->ReadWhole(kStored));
  int whole = 0;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ASSERT_OK(files->WriteWhole(kStored, bytes.substr(0, size)));
    const auto read = ReadManifest(*files, manifest, table);
    if (read) {
      EXPECT_TRUE(read->empty());
      ++whole;  // Cut after the header: what an empty manifest looks like.
      continue;
    }
    ASSERT_THAT(read, IsError(ErrorKind::kCorrupt)) << size;
    ASSERT_THAT(read, HasErrorMessage("m0.avro")) << size;
    ASSERT_THAT(read, HasErrorMessage("byte ")) << size;
  }
  EXPECT_LE(whole, 1);
}

TEST_F(Manifest, AnswersAnyFlippedBitWithoutHarm) {
  ASSERT_OK(RoundTrip(Context(), {TestEntry(0), TestEntry(1)}));
  ASSERT_OK_AND_ASSIGN(const std::string bytes, files->ReadWhole(kStored));
  for (std::size_t bit = 0; bit < bytes.size() * 8; bit += 3) {
    std::string flipped = bytes;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_OK(files->WriteWhole(kStored, flipped));
    const auto read = ReadManifest(*files, manifest, table);
    if (!read) {
      EXPECT_TRUE(read.error().kind == ErrorKind::kCorrupt ||
                  read.error().kind == ErrorKind::kUnsupported)
          << read.error().ToString();
    }
  }
}

TEST_F(Manifest, RefusesOtherAvroFilesAndNewerVersions) {
  ASSERT_OK(RoundTrip(Context(), {TestEntry(0)}));
  AvroFileWriter newer(R"("long")", {{"format-version", "4"}}, AvroCodec::kNull);
  ASSERT_OK(files->WriteWhole(kStored, newer.Finish()));
  EXPECT_THAT(ReadManifest(*files, manifest, table), IsError(ErrorKind::kUnsupported));
  AvroFileWriter other(R"("long")", {}, AvroCodec::kNull);
  ASSERT_OK(files->WriteWhole(kStored, other.Finish()));
  EXPECT_THAT(ReadManifest(*files, manifest, table), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadManifest(*files, manifest, table), HasErrorMessage("m0.avro"));
}

}  // namespace
}  // namespace tickhouse::lake
