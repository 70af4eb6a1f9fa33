// Entries read by choice: the same as those of a whole reading, and nothing lost on the way.
#include <algorithm>

#include "tickhouse/core/testing.h"
#include "tickhouse/io/fs/memory_file_system.h"
#include "tickhouse/lake/manifest/manifest.h"
#include "tickhouse/lake/manifest/manifest_testing.h"

namespace tickhouse::lake {
namespace {

constexpr const char* kPath = "/lake/m0.avro";

class ChosenEntries : public testing::TestWithParam<int> {
 protected:
  /// 300 entries, one in three added, existing, deleted.
  void SetUp() override {
    table_.format_version = GetParam();
    std::vector<ManifestEntry> entries;
    for (int i = 0; i < 300; ++i) {
      ManifestEntry& entry = entries.emplace_back(TestEntry(i));
      entry.status = static_cast<EntryStatus>(i % 3);
      if (entry.status != EntryStatus::kAdded) {
        entry.snapshot_id = 5;
        entry.sequence_number = entry.file_sequence_number = 2;
      }
      if (i % 7 == 0) entry.file.null_counts.clear();
      if (i % 5 == 0) entry.file.lower_bounds.clear();
      if (i % 11 == 0) entry.file.partition = {std::nullopt};
    }
    const ManifestContext context{
        .schema = &table_.schemas[0], .spec = &table_.specs[0], .format_version = GetParam()};
    auto written = WriteManifest(*files_, kPath, context, 9, entries);
    ASSERT_OK(written);
    manifest_ = std::move(*written);
    if (manifest_.sequence_number == kAssignedByList) manifest_.sequence_number = 6;
    if (GetParam() == 3) manifest_.first_row_id = 1'000;
    auto whole = ReadManifest(*files_, manifest_, table_);
    ASSERT_OK(whole);
    whole_ = std::move(*whole);
  }

  Result<std::vector<ManifestEntry>> Read(const EntryChoice& choice) {
    return ReadChosenEntries(*files_, manifest_, table_, choice);
  }

  std::unique_ptr<io::FileSystem> files_ = io::MakeMemoryFileSystem();
  TableMetadata table_ = TestTable();
  ManifestFile manifest_;
  std::vector<ManifestEntry> whole_;
};

INSTANTIATE_TEST_SUITE_P(Versions, ChosenEntries, testing::Values(1, 2, 3));

void ExpectSame(const ManifestEntry& a, const ManifestEntry& b) {
  EXPECT_EQ(a.status, b.status);
  EXPECT_EQ(a.snapshot_id, b.snapshot_id);
  EXPECT_EQ(a.sequence_number, b.sequence_number);
  EXPECT_EQ(a.file_sequence_number, b.file_sequence_number);
  EXPECT_EQ(a.file.path, b.file.path);
  EXPECT_EQ(a.file.format, b.file.format);
  EXPECT_EQ(a.file.spec_id, b.file.spec_id);
  EXPECT_EQ(a.file.partition, b.file.partition);
  EXPECT_EQ(a.file.record_count, b.file.record_count);
  EXPECT_EQ(a.file.column_sizes, b.file.column_sizes);
  EXPECT_EQ(a.file.null_counts, b.file.null_counts);
  EXPECT_EQ(a.file.lower_bounds, b.file.lower_bounds);
  EXPECT_EQ(a.file.upper_bounds, b.file.upper_bounds);
  EXPECT_EQ(a.file.split_offsets, b.file.split_offsets);
  EXPECT_EQ(a.file.first_row_id, b.file.first_row_id);
}

template <typename T>
ByFieldId<T> Only(const ByFieldId<T>& values, int id) {
  const T* found = FindByFieldId(values, id);
  return found == nullptr ? ByFieldId<T>{} : ByFieldId<T>{{id, *found}};
}

TEST_P(ChosenEntries, AreWholeAndInherit) {
  ASSERT_OK_AND_ASSIGN(const auto all, Read({.keep = [](const ManifestEntry&) { return true; }}));
  std::erase_if(whole_, [](const ManifestEntry& e) { return e.status == EntryStatus::kDeleted; });
  ASSERT_EQ(all.size(), 200U);
  ASSERT_EQ(whole_.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) ExpectSame(all[i], whole_[i]);
  EXPECT_EQ(all.back().file.first_row_id.has_value(), GetParam() == 3);
}

TEST_P(ChosenEntries, AreJudgedByWhatTheColumnsSay) {
  std::size_t at = 0;
  std::vector<std::string> chosen;
  ASSERT_OK_AND_ASSIGN(
      const auto kept,
      Read({.columns = {2}, .keep = [&](const ManifestEntry& glance) {
              while (whole_[at].status == EntryStatus::kDeleted) ++at;
              const ManifestEntry& entry = whole_[at++];
              EXPECT_EQ(glance.status, entry.status);
              EXPECT_EQ(glance.snapshot_id, entry.snapshot_id);
              EXPECT_EQ(glance.sequence_number, entry.sequence_number);
              EXPECT_EQ(glance.file.spec_id, entry.file.spec_id);
              EXPECT_EQ(glance.file.partition, entry.file.partition);
              EXPECT_EQ(glance.file.record_count, entry.file.record_count);
              EXPECT_EQ(glance.file.file_size, entry.file.file_size);
              EXPECT_EQ(glance.file.first_row_id, entry.file.first_row_id);
              EXPECT_EQ(glance.file.value_counts, Only(entry.file.value_counts, 2));
              EXPECT_EQ(glance.file.null_counts, Only(entry.file.null_counts, 2));
              EXPECT_EQ(glance.file.nan_counts, Only(entry.file.nan_counts, 2));
              EXPECT_EQ(glance.file.lower_bounds, Only(entry.file.lower_bounds, 2));
              EXPECT_EQ(glance.file.upper_bounds, Only(entry.file.upper_bounds, 2));
              EXPECT_TRUE(glance.file.path.empty());
              if (at % 10 != 0) return false;
              chosen.push_back(entry.file.path);
              return true;
            }}));
  ASSERT_EQ(kept.size(), chosen.size());
  ASSERT_FALSE(kept.empty());
  for (std::size_t i = 0; i < kept.size(); ++i) EXPECT_EQ(kept[i].file.path, chosen[i]);
}

TEST_P(ChosenEntries, DamageIsFoundThoughNothingIsKept) {
  ASSERT_OK_AND_ASSIGN(const std::string bytes, files_->ReadWhole(kPath));
  const EntryChoice nothing{.keep = [](const ManifestEntry&) { return false; }};
  for (const std::size_t size : {std::size_t{0}, std::size_t{20}, bytes.size() / 2}) {
    ASSERT_OK(files_->WriteWhole(kPath, bytes.substr(0, size)));
    const auto read = Read(nothing);
    EXPECT_THAT(read, IsError(ErrorKind::kCorrupt));
    EXPECT_THAT(read, HasErrorMessage(kPath));
  }
  manifest_.spec_id = 77;
  EXPECT_THAT(Read(nothing), IsError(ErrorKind::kCorrupt));
}

TEST(ChosenEntriesOfAList, ALiveEntryNeedsASequenceNumber) {
  const auto files = io::MakeMemoryFileSystem();
  TableMetadata table = TestTable(1);
  ManifestEntry entry = TestEntry(0);
  entry.status = EntryStatus::kExisting;
  entry.snapshot_id = 3;
  const ManifestContext context{
      .schema = &table.schemas[0], .spec = &table.specs[0], .format_version = 1};
  ASSERT_OK_AND_ASSIGN(ManifestFile manifest, WriteManifest(*files, kPath, context, 9, {entry}));
  manifest.sequence_number = 4;  // A list of version 2 over a manifest that has no numbers.
  const EntryChoice all{.keep = [](const ManifestEntry&) { return true; }};
  EXPECT_THAT(ReadChosenEntries(*files, manifest, table, all), IsError(ErrorKind::kCorrupt));
  EXPECT_THAT(ReadManifest(*files, manifest, table), IsError(ErrorKind::kCorrupt));
}

}  // namespace
}  // namespace tickhouse::lake
