#include "tickhouse/lake/update/evolution/spec_update.h"

#include "tickhouse/lake/update/append.h"
#include "tickhouse/lake/update/update_testing.h"

namespace tickhouse::lake {
namespace {

Transform By(TransformKind kind, int parameter = 0) {
  return {.kind = kind, .parameter = parameter};
}

TEST(UpdateSpec, AFieldThatWasThereBeforeGetsItsIdBack) {
  TestLake lake;
  ASSERT_OK(UpdateSpec(lake.session, lake.id,
                       {RemovePartitionField{"datetime_year"},
                        AddPartitionField{"datetime", By(TransformKind::kMonth)}}));
  LoadedTable table = lake.Load();
  ASSERT_EQ(table.metadata->DefaultSpec().fields.size(), 1);
  EXPECT_EQ(table.metadata->DefaultSpec().fields[0].name, "datetime_month");
  EXPECT_EQ(table.metadata->DefaultSpec().fields[0].field_id, 1001);
  ASSERT_OK(UpdateSpec(lake.session, lake.id,
                       {RemovePartitionField{"datetime_month"},
                        AddPartitionField{"bid", By(TransformKind::kIdentity)},
                        AddPartitionField{"datetime", By(TransformKind::kYear)}}));
  table = lake.Load();
  EXPECT_EQ(table.metadata->DefaultSpec().fields[0].field_id, 1002);
  EXPECT_EQ(table.metadata->DefaultSpec().fields[1].field_id, 1000);
  EXPECT_EQ(table.metadata->last_partition_id, 1002);
  ASSERT_OK(UpdateSpec(lake.session, lake.id, {RemovePartitionField{"bid"}}));
  EXPECT_EQ(lake.Load().metadata->default_spec_id, 0) << "the first spec is used again";
}

TEST(UpdateSpec, FilesOfSeveralSpecsLiveInOneTable) {
  TestLake lake;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  ASSERT_OK(UpdateSpec(lake.session, lake.id, {RemovePartitionField{"datetime_year"}}));
  DataFile unpartitioned = TestLake::File("b");
  unpartitioned.partition.clear();
  unpartitioned.spec_id = lake.Load().metadata->default_spec_id;
  ASSERT_OK(AppendFiles(lake.session, lake.id, {unpartitioned, TestLake::File("c")}));
  EXPECT_EQ(lake.LiveNames(), (std::multiset<std::string>{"a", "b", "c"}));
}

TEST(UpdateSpec, Version1KeepsRemovedFieldsAsVoid) {
  TestLake lake(Properties(), 1);
  ASSERT_OK(UpdateSpec(lake.session, lake.id,
                       {RemovePartitionField{"datetime_year"},
                        AddPartitionField{"datetime", By(TransformKind::kDay)}}));
  const LoadedTable table = lake.Load();
  const auto& fields = table.metadata->DefaultSpec().fields;
  ASSERT_EQ(fields.size(), 2);
  EXPECT_EQ(fields[0].transform.kind, TransformKind::kVoid);
  EXPECT_EQ(fields[0].field_id, 1000);
  EXPECT_EQ(fields[1].field_id, 1001);
}

TEST(UpdateSpec, RefusesWhatCannotBe) {
  TestLake lake;
  const std::vector<SpecChange> wrong = {
      RemovePartitionField{"none"},
      RenamePartitionField{"datetime_year", "bid"},
      RenamePartitionField{"datetime_year", ""},
      AddPartitionField{"none", By(TransformKind::kIdentity)},
      AddPartitionField{"datetime", By(TransformKind::kYear)},
      AddPartitionField{"datetime", By(TransformKind::kDay)},
      AddPartitionField{"bid", By(TransformKind::kYear)},
      AddPartitionField{"bid", By(TransformKind::kVoid)},
      AddPartitionField{"ask", By(TransformKind::kIdentity), "bid"},
  };
  for (const SpecChange& change : wrong) {
    EXPECT_THAT(UpdateSpec(lake.session, lake.id, {change}), IsError(ErrorKind::kInvalidArgument));
  }
}

TEST(ReplaceSortOrder, SetsAndUnsets) {
  TestLake lake;
  ASSERT_OK(ReplaceSortOrder(lake.session, lake.id, {{.source = "datetime"}}));
  LoadedTable table = lake.Load();
  const SortOrder* order = table.metadata->FindSortOrder(table.metadata->default_sort_order_id);
  ASSERT_NE(order, nullptr);
  EXPECT_EQ(order->fields.at(0).source_id, 1);
  ASSERT_OK_AND_ASSIGN(const auto again,
                       ReplaceSortOrder(lake.session, lake.id, {{.source = "datetime"}}));
  EXPECT_FALSE(again.changed);
  ASSERT_OK(ReplaceSortOrder(lake.session, lake.id, {}));
  EXPECT_EQ(lake.Load().metadata->default_sort_order_id, 0);
  EXPECT_THAT(ReplaceSortOrder(lake.session, lake.id, {{.source = "none"}}),
              IsError(ErrorKind::kInvalidArgument));
}

TEST(UpdateProperties, SetsRemovesAndRefusesReserved) {
  TestLake lake;
  ASSERT_OK(UpdateProperties(lake.session, lake.id, {{"owner", "me"}, {"x", "1"}}, {}));
  ASSERT_OK(UpdateProperties(lake.session, lake.id, {{"owner", "you"}}, {"x", "never there"}));
  const LoadedTable table = lake.Load();
  EXPECT_EQ(table.metadata->Property("owner", ""), "you");
  EXPECT_EQ(table.metadata->Property("x", "gone"), "gone");
  ASSERT_OK_AND_ASSIGN(const auto same,
                       UpdateProperties(lake.session, lake.id, {{"owner", "you"}}, {"x"}));
  EXPECT_FALSE(same.changed);
  EXPECT_THAT(UpdateProperties(lake.session, lake.id, {{"uuid", "1"}}, {}),
              IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(UpdateProperties(lake.session, lake.id, {{"a", "1"}}, {"a"}),
              IsError(ErrorKind::kInvalidArgument));
}

TEST(UpgradeTable, ToVersion2AndItsManifestsStayReadable) {
  TestLake lake(Properties(), 1);
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("a")}));
  ASSERT_OK(UpgradeTable(lake.session, lake.id, 2));
  ASSERT_OK(AppendFiles(lake.session, lake.id, {TestLake::File("b")}));
  EXPECT_EQ(lake.LiveNames(), (std::multiset<std::string>{"a", "b"}));
  EXPECT_THAT(UpgradeTable(lake.session, lake.id, 1), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(UpgradeTable(lake.session, lake.id, 3), IsError(ErrorKind::kUnsupported));
}

}  // namespace
}  // namespace tickhouse::lake
