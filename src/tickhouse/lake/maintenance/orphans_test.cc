#include "tickhouse/lake/maintenance/orphans.h"

#include "tickhouse/lake/maintenance/expire.h"
#include "tickhouse/lake/maintenance/maintenance_testing.h"

namespace tickhouse::lake {
namespace {

constexpr OrphanRequest kAnyAge{.older_than_ms = int64_t{1} << 60, .any_age = true};

std::set<std::string> NamesOf(const Receipt& receipt) {
  std::set<std::string> names;
  for (const FileRemoval& removal : receipt.removals) {
    names.insert(std::string(io::BaseName(removal.path)));
  }
  return names;
}

TEST(RemoveOrphans, TakesWhatNothingRefersTo) {
  FiledLake lake;
  lake.Append("a");
  lake.Append("b");
  lake.Write("left");
  ASSERT_OK(lake.files->WriteWhole("/lake/gold/eurusd/metadata/left-m0.avro", "x"));
  ASSERT_OK(lake.files->WriteWhole("/lake/gold/eurusd/metadata/version-hint.text", "1"));
  OrphanRequest dry = kAnyAge;
  dry.dry_run = true;
  const auto before = lake.Paths();
  ASSERT_OK_AND_ASSIGN(const Receipt plan, RemoveOrphans(lake.session, lake.id, dry));
  EXPECT_EQ(NamesOf(plan), (std::set<std::string>{"left.parquet", "left-m0.avro"}));
  EXPECT_EQ(lake.Paths(), before);
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RemoveOrphans(lake.session, lake.id, kAnyAge));
  EXPECT_EQ(NamesOf(receipt), NamesOf(plan));
  EXPECT_TRUE(lake.Paths().contains("/lake/gold/eurusd/metadata/version-hint.text"));
  EXPECT_EQ(lake.LiveNames(), (std::multiset<std::string>{"a", "b"}));
  lake.ExpectWhole();
  ASSERT_OK_AND_ASSIGN(const Receipt again, RemoveOrphans(lake.session, lake.id, kAnyAge));
  EXPECT_TRUE(again.removals.empty());  // The receipt of the first run is none.
}

TEST(RemoveOrphans, LeavesTheYoungAlone) {
  FiledLake lake;
  lake.Append("a");
  lake.Write("old");
  lake.Write("young");
  ASSERT_OK_AND_ASSIGN(const auto young, lake.files->Stat(TestLake::File("young").path));
  const OrphanRequest request{.older_than_ms = ToNanos(young.modified) / kNanosPerMilli,
                              .any_age = true};
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RemoveOrphans(lake.session, lake.id, request));
  EXPECT_EQ(NamesOf(receipt), std::set<std::string>{"old.parquet"});
}

TEST(RemoveOrphans, RefusesAnAgeThatWritersAtWorkMayHave) {
  FiledLake lake;
  lake.Append("a");
  EXPECT_THAT(RemoveOrphans(lake.session, lake.id, {.older_than_ms = lake.Now() - kHourMs}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_OK(RemoveOrphans(lake.session, lake.id, {.older_than_ms = lake.Now() - 2 * kDayMs}));
}

/// Calls back after the first listing of files: a writer commits while we look.
class ListingWatch : public io::FileSystem {
 public:
  ListingWatch(io::FileSystem* base, std::function<void()> listed)
      : base_(base), listed_(std::move(listed)) {}
  Result<std::unique_ptr<io::ReadableFile>> OpenRead(const std::string& path) override {
    return base_->OpenRead(path);
  }
  Result<std::unique_ptr<io::WritableFile>> Create(const std::string& path,
                                                   io::WriteOptions options) override {
    return base_->Create(path, options);
  }
  Result<std::unique_ptr<AppendableFile>> OpenAppend(const std::string& path) override {
    return base_->OpenAppend(path);
  }
  Result<io::FileInfo> Stat(const std::string& path) override { return base_->Stat(path); }
  Result<std::vector<io::FileInfo>> ListFiles(const std::string& folder) override {
    auto files = base_->ListFiles(folder);
    if (const auto once = std::exchange(listed_, {})) once();
    return files;
  }
  Status Remove(const std::string& path) override { return base_->Remove(path); }
  Status Rename(const std::string& from, const std::string& to) override {
    return base_->Rename(from, to);
  }
  Status MakeFolders(const std::string& path) override { return base_->MakeFolders(path); }
  Result<std::unique_ptr<io::FileLock>> Lock(const std::string& path) override {
    return base_->Lock(path);
  }

 private:
  io::FileSystem* base_;
  std::function<void()> listed_;
};

TEST(RemoveOrphans, AFileThatIsCommittedWhileWeLookStays) {
  FiledLake lake;
  lake.Append("a");
  const DataFile slow = lake.Write("slow");
  ListingWatch watch(lake.files.get(), [&] {
    UpdateSession rival = lake.Rival();
    ASSERT_OK(AppendFiles(rival, lake.id, {slow}));
  });
  UpdateSession session = lake.MakeSession(&watch, &lake.plain_catalog(), &lake.random);
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RemoveOrphans(session, lake.id, kAnyAge));
  EXPECT_TRUE(receipt.removals.empty());
  EXPECT_EQ(lake.LiveNames(), (std::multiset<std::string>{"a", "slow"}));
}

TEST(RemoveOrphans, RefusesFoldersSharedWithAnotherTable) {
  FiledLake lake;
  lake.Append("a");
  const CreateTableRequest inside{.identifier = {{"gold"}, "inside"},
                                  .schema = lake.Load().metadata->CurrentSchema(),
                                  .location = "/lake/gold/eurusd/inside"};
  ASSERT_OK(lake.plain_catalog().CreateTable(inside));
  EXPECT_THAT(RemoveOrphans(lake.session, lake.id, kAnyAge), HasErrorMessage("gold.inside"));
  EXPECT_THAT(RemoveOrphans(lake.session, inside.identifier, kAnyAge),
              HasErrorMessage("gold.eurusd"));
}

TEST(RemoveOrphans, ANameThatOnlyBeginsAlikeIsAnotherFolder) {
  FiledLake lake;
  lake.Append("a");
  const CreateTableRequest beside{.identifier = {{"gold"}, "eurusd2"},
                                  .schema = lake.Load().metadata->CurrentSchema()};
  ASSERT_OK(lake.plain_catalog().CreateTable(beside));
  EXPECT_OK(RemoveOrphans(lake.session, lake.id, kAnyAge));
  EXPECT_OK(lake.plain_catalog().LoadTable(beside.identifier));
}

TEST(RemoveOrphans, RemovesNothingFromATableThatCannotBeRead) {
  FiledLake lake;
  lake.Append("a");
  lake.Write("left");
  ASSERT_OK(lake.files->WriteWhole(lake.Load().metadata->CurrentSnapshot()->manifest_list, "?"));
  EXPECT_THAT(RemoveOrphans(lake.session, lake.id, kAnyAge), IsError(ErrorKind::kCorrupt));
  EXPECT_TRUE(lake.Paths().contains(TestLake::File("left").path));
}

TEST(RemoveOrphans, WhatExpiryLeftBehindIsFoundLater) {
  FiledLake lake;
  lake.Append("a");
  lake.Append("b");
  ASSERT_OK(
      ExpireSnapshots(lake.session, lake.id, {.older_than_ms = lake.Now(), .remove_files = false}));
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RemoveOrphans(lake.session, lake.id, kAnyAge));
  EXPECT_EQ(receipt.removals.size(), 1U);  // The expired snapshot's list.
  EXPECT_EQ(receipt.removals[0].role, FileRole::kManifestList);
  lake.ExpectWhole();
}

}  // namespace
}  // namespace tickhouse::lake
