#include "tickhouse/lake/maintenance/repair.h"

#include "tickhouse/lake/maintenance/maintenance_testing.h"

namespace tickhouse::lake {
namespace {

using Names = std::multiset<std::string>;

/// Data files are no Parquet here: footers are not what is broken.
class RepairTest : public testing::Test {
 protected:
  Result<RepairPlan> Plan() { return PlanRepair(lake.session, lake.id, /*footers=*/false); }
  Catalog& catalog() { return lake.plain_catalog(); }
  /// The pointer goes to a metadata file of the next version that holds `text`, or is not there.
  std::string Break(const std::optional<std::string>& text) {
    const std::string sound = lake.Load().metadata_location;
    const std::string broken = std::string(io::ParentPath(sound)) + "/00099-broken.metadata.json";
    if (text) {
      EXPECT_OK(lake.files->WriteWhole(broken, *text));
    }
    EXPECT_OK(catalog().MovePointer(lake.id, sound, broken));
    return broken;
  }
  FiledLake lake;
};

TEST_F(RepairTest, ASoundTableNeedsNothing) {
  lake.Append("a");
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_TRUE(plan.empty());
  EXPECT_TRUE(plan.notes.empty());
  EXPECT_THAT(RepairTable(lake.session, lake.id, plan), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(PlanRepair(lake.session, {{"gold"}, "none"}), IsError(ErrorKind::kNotFound));
}

TEST_F(RepairTest, APointerToNothingGoesToTheNewestSoundMetadata) {
  lake.Append("a");
  lake.Append("b");
  const std::string sound = lake.Load().metadata_location;
  const std::string broken = Break(std::nullopt);
  EXPECT_THAT(catalog().LoadTable(lake.id), IsError(ErrorKind::kNotFound));
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_EQ(plan.pointer_before, broken);
  EXPECT_EQ(plan.pointer_after, sound);
  EXPECT_THAT(catalog().LoadTable(lake.id), IsError(ErrorKind::kNotFound)) << "only planned";
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RepairTable(lake.session, lake.id, plan));
  EXPECT_EQ(receipt.action, "repair");
  EXPECT_EQ(receipt.metadata_before, broken);
  EXPECT_EQ(receipt.metadata_after, sound);
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b"}));
  // The table goes on as any other.
  lake.Append("c");
  EXPECT_EQ(lake.LiveNames(), (Names{"a", "b", "c"}));
  ASSERT_OK_AND_ASSIGN(const auto kept,
                       lake.files->ListFiles(ReceiptFolder(*lake.Load().metadata)));
  EXPECT_EQ(kept.size(), 1U);
}

TEST_F(RepairTest, MetadataThatIsCutIsLeftWhereItIs) {
  lake.Append("a");
  const std::string sound = lake.Load().metadata_location;
  const std::string broken = Break("{\"format-version\": 2, \"table-uu");
  EXPECT_THAT(catalog().LoadTable(lake.id), IsError(ErrorKind::kCorrupt));
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_EQ(plan.pointer_after, sound);
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RepairTable(lake.session, lake.id, plan));
  EXPECT_EQ(lake.Load().metadata_location, sound);
  EXPECT_OK(lake.files->Stat(broken));
  EXPECT_THAT(receipt.backup, testing::HasSubstr("/receipts/"));
  EXPECT_THAT(receipt.backup, testing::EndsWith("-backup-00099-broken.metadata.json.copy"));
  ASSERT_OK_AND_ASSIGN(const std::string copy, lake.files->ReadWhole(receipt.backup));
  EXPECT_EQ(copy, "{\"format-version\": 2, \"table-uu");
  EXPECT_THAT(ReceiptToJson(receipt), testing::HasSubstr("\"backup\""));
}

TEST_F(RepairTest, MetadataWhoseHeadIsBrokenIsPassedOver) {
  lake.Append("a");
  const std::string first = lake.Load().metadata_location;
  lake.Append("b");
  ASSERT_OK(lake.files->Remove(lake.Load().metadata->CurrentSnapshot()->manifest_list));
  Break(std::nullopt);
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_EQ(plan.pointer_after, first);
  EXPECT_EQ(plan.notes.size(), 2U);
}

TEST_F(RepairTest, NothingSoundBesideItIsSaid) {
  lake.Append("a");
  ASSERT_OK(lake.files->Remove(TestLake::File("a").path));
  const std::string folder(io::ParentPath(lake.Load().metadata_location));
  Break("?");
  ASSERT_OK_AND_ASSIGN(const auto listed, lake.files->ListFiles(folder));
  for (const io::FileInfo& info : listed) {
    if (io::BaseName(info.path).starts_with("00000")) {
      ASSERT_OK(lake.files->Remove(info.path));
    }
  }
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_TRUE(plan.empty());
  EXPECT_THAT(plan.notes.back(), testing::HasSubstr("no metadata file beside"));
}

TEST_F(RepairTest, MainGoesBackToTheLastSoundSnapshot) {
  const int64_t first = lake.Append("a");
  lake.Append("b");
  const int64_t third = lake.Append("c");
  ASSERT_OK(lake.files->Remove(TestLake::File("b").path));
  const std::string before = lake.Load().metadata_location;
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_EQ(plan.main_after, first);
  EXPECT_FALSE(plan.pointer_after);
  ASSERT_OK_AND_ASSIGN(const Receipt receipt, RepairTable(lake.session, lake.id, plan));
  EXPECT_EQ(receipt.metadata_before, before);
  ASSERT_OK_AND_ASSIGN(const std::string original, lake.files->ReadWhole(before));
  ASSERT_OK_AND_ASSIGN(const std::string copy, lake.files->ReadWhole(receipt.backup));
  EXPECT_EQ(copy, original);
  EXPECT_EQ(lake.Load().metadata->current_snapshot_id, first);
  EXPECT_EQ(lake.LiveNames(), Names{"a"});
  EXPECT_NE(lake.Load().metadata->FindSnapshot(third), nullptr) << "nothing is removed";
  ASSERT_OK_AND_ASSIGN(const RepairPlan again, Plan());
  EXPECT_TRUE(again.empty());
}

TEST_F(RepairTest, AHistoryThatIsBrokenThroughoutStays) {
  lake.Append("a");
  lake.Append("b");
  ASSERT_OK(lake.files->Remove(TestLake::File("a").path));
  ASSERT_OK_AND_ASSIGN(const RepairPlan plan, Plan());
  EXPECT_TRUE(plan.empty());
  EXPECT_THAT(plan.notes,
              testing::ElementsAre(testing::AllOf(testing::HasSubstr("every snapshot"),
                                                  testing::Not(testing::HasSubstr("rollback")))));
}

TEST_F(RepairTest, WhatSomebodyChangedSinceIsLeftAlone) {
  lake.Append("a");
  lake.Append("b");
  ASSERT_OK(lake.files->Remove(TestLake::File("b").path));
  ASSERT_OK_AND_ASSIGN(const RepairPlan main, Plan());
  const int64_t third = lake.Append("c");
  EXPECT_THAT(RepairTable(lake.session, lake.id, main), IsError(ErrorKind::kConflict));
  EXPECT_EQ(lake.Load().metadata->current_snapshot_id, third);
  const std::string sound = lake.Load().metadata_location;
  const std::string broken = Break(std::nullopt);
  ASSERT_OK_AND_ASSIGN(const RepairPlan pointer, Plan());
  ASSERT_OK(catalog().MovePointer(lake.id, broken, sound));
  EXPECT_THAT(RepairTable(lake.session, lake.id, pointer), IsError(ErrorKind::kConflict));
}

}  // namespace
}  // namespace tickhouse::lake
