#include "tickhouse/lake/format/table_update.h"

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tickhouse/core/testing.h"
#include "tickhouse/lake/format/table_metadata_testing.h"

namespace tickhouse::lake {
namespace {

using nlohmann::json;
using testing::AllOf;

constexpr int64_t kNow = 1'700'000'000'000;

Schema TickSchema() {
  return *ParseSchema(R"({"fields":[{"id":1,"name":"datetime","required":false,"type":"timestamp"},
      {"id":2,"name":"bid","required":false,"type":"double"}]})");
}

TableMetadata NewTable(int version = 2) {
  PartitionSpec spec;
  spec.fields = {{1, 0, "datetime_year", ParseTransform("year")}};
  const auto table = ApplyUpdates(
      nullptr,
      {AssignUuid{"u-1"}, UpgradeFormatVersion{version}, AddSchema{TickSchema()},
       SetCurrentSchema{}, AddPartitionSpec{spec}, SetDefaultSpec{}, AddSortOrder{},
       SetDefaultSortOrder{}, SetLocation{"/w/t/"}, SetProperties{{{"a", "1"}, {"b", "2"}}}},
      kNow);
  EXPECT_THAT(table, IsOk());
  return *table;
}

Snapshot MakeSnapshot(const TableMetadata& base, int64_t id) {
  Snapshot snapshot{.id = id, .parent_id = base.current_snapshot_id};
  snapshot.sequence_number = base.last_sequence_number + 1;
  snapshot.timestamp_ms = base.last_updated_ms + 10;
  snapshot.summary = {{"operation", "append"}};
  return snapshot;
}

TableMetadata WithSnapshot(const TableMetadata& base, int64_t id, const std::string& ref = "main") {
  const auto table = ApplyUpdates(
      &base, {AddSnapshot{MakeSnapshot(base, id)}, SetSnapshotRef{ref, {.snapshot_id = id}}},
      base.last_updated_ms + 10);
  EXPECT_THAT(table, IsOk());
  return *table;
}

Result<TableMetadata> Apply(const TableMetadata& base, TableUpdate update) {
  return ApplyUpdates(&base, {std::move(update)}, kNow + 1'000'000);
}

TEST(CheckRequirements, EachHoldsOrSaysWhy) {
  const TableMetadata table = WithSnapshot(NewTable(), 11);
  const std::vector<TableRequirement> hold = {AssertTableUuid{"U-1"},
                                              AssertRefSnapshotId{"main", 11},
                                              AssertRefSnapshotId{"other", std::nullopt},
                                              AssertLastAssignedFieldId{2},
                                              AssertCurrentSchemaId{0},
                                              AssertLastAssignedPartitionId{1000},
                                              AssertDefaultSpecId{0},
                                              AssertDefaultSortOrderId{0}};
  EXPECT_OK(CheckRequirements(hold, &table));
  const std::pair<TableRequirement, const char*> broken[] = {
      {AssertCreate{}, "exists already"},
      {AssertTableUuid{"u-2"}, "u-1"},
      {AssertRefSnapshotId{"main", 12}, "main is at snapshot 11"},
      {AssertRefSnapshotId{"main", std::nullopt}, "not at no snapshot"},
      {AssertRefSnapshotId{"other", 11}, "no snapshot"},
      {AssertLastAssignedFieldId{3}, "last column id is 2, not 3"},
      {AssertCurrentSchemaId{1}, "current schema"},
      {AssertLastAssignedPartitionId{1}, "last partition id"},
      {AssertDefaultSpecId{1}, "default partition spec"},
      {AssertDefaultSortOrderId{1}, "default sort order"},
  };
  for (const auto& [requirement, message] : broken) {
    EXPECT_THAT(CheckRequirements({requirement}, &table),
                AllOf(IsError(ErrorKind::kConflict), HasErrorMessage(message)));
  }
}

TEST(CheckRequirements, OfATableThatDoesNotExist) {
  EXPECT_OK(CheckRequirements({AssertCreate{}}, nullptr));
  EXPECT_THAT(CheckRequirements({AssertDefaultSpecId{0}}, nullptr), IsError(ErrorKind::kConflict));
}

TEST(ApplyUpdates, MakesANewTable) {
  const TableMetadata table = NewTable();
  EXPECT_EQ(table.table_uuid, "u-1");
  EXPECT_EQ(table.location, "/w/t");
  EXPECT_EQ(table.last_updated_ms, kNow);
  EXPECT_EQ(table.last_column_id, 2);
  EXPECT_EQ(table.last_partition_id, 1000);
  EXPECT_EQ(table.DefaultSpec().fields[0].field_id, 1000);
  EXPECT_EQ(table.current_snapshot_id, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const TableMetadata read, ParseTableMetadata(TableMetadataToJson(table)));
  EXPECT_EQ(read, table);
  EXPECT_THAT(ApplyUpdates(nullptr, {AssignUuid{"u"}, SetLocation{"/t"}}, kNow),
              AllOf(IsError(ErrorKind::kInvalidArgument), HasErrorMessage("add-schema")));
  EXPECT_THAT(ApplyUpdates(nullptr, {AddSchema{TickSchema()}}, kNow), HasErrorMessage("uuid"));
}

TEST(ApplyUpdates, MovesMainAndItsLog) {
  const TableMetadata first = WithSnapshot(NewTable(), 11);
  const TableMetadata second = WithSnapshot(first, 12);
  EXPECT_EQ(second.current_snapshot_id, 12);
  EXPECT_EQ(second.last_sequence_number, 2);
  ASSERT_EQ(second.snapshot_log.size(), 2U);
  EXPECT_EQ(second.snapshot_log[1].timestamp_ms, second.CurrentSnapshot()->timestamp_ms);
  // Back to 11: the log tells when, not the snapshot's own time.
  ASSERT_OK_AND_ASSIGN(const TableMetadata back,
                       Apply(second, SetSnapshotRef{"main", {.snapshot_id = 11}}));
  EXPECT_EQ(back.CurrentSnapshot()->id, 11);
  EXPECT_EQ(back.snapshot_log.back().timestamp_ms, kNow + 1'000'000);
  EXPECT_EQ(back.SnapshotAsOf(INT64_MAX)->id, 11);
  EXPECT_EQ(back.SnapshotAsOf(second.last_updated_ms)->id, 12);
  EXPECT_EQ(first.snapshots.size(), 1U);
}

TEST(ApplyUpdates, ABranchLeavesMainAlone) {
  const TableMetadata table = WithSnapshot(WithSnapshot(NewTable(), 11), 12, "audit");
  EXPECT_EQ(table.current_snapshot_id, 11);
  EXPECT_EQ(table.FindRef("audit")->id, 12);
  EXPECT_EQ(table.snapshot_log.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const TableMetadata without, Apply(table, RemoveSnapshotRef{"audit"}));
  EXPECT_EQ(without.refs.size(), 1U);
  ASSERT_OK_AND_ASSIGN(const TableMetadata no_main, Apply(table, RemoveSnapshotRef{"main"}));
  EXPECT_EQ(no_main.CurrentSnapshot(), nullptr);
  EXPECT_TRUE(no_main.snapshot_log.empty());
}

TEST(ApplyUpdates, RemovedSnapshotsLeaveNoTrace) {
  TableMetadata table = WithSnapshot(WithSnapshot(WithSnapshot(NewTable(), 1), 2), 3);
  table.statistics = R"([{"snapshot-id":1,"z":1,"a":2},{"snapshot-id":3,"z":1,"a":2}])";
  ASSERT_OK_AND_ASSIGN(const TableMetadata after, Apply(table, RemoveSnapshots{{1, 2, 99}}));
  EXPECT_EQ(after.snapshots.size(), 1U);
  EXPECT_EQ(after.statistics, R"([{"snapshot-id":3,"z":1,"a":2}])");
  ASSERT_EQ(after.snapshot_log.size(), 1U);
  EXPECT_EQ(after.snapshot_log[0].snapshot_id, 3);
  EXPECT_THAT(Apply(table, RemoveSnapshots{{3}}), HasErrorMessage("current snapshot"));
}

TEST(ApplyUpdates, ATaggedSnapshotIsNotRemovedBeforeItsTag) {
  TableMetadata table = WithSnapshot(WithSnapshot(NewTable(), 1), 2);
  table.refs["old"] = {.snapshot_id = 1, .is_branch = false};
  EXPECT_THAT(Apply(table, RemoveSnapshots{{1}}), HasErrorMessage("tag 'old' points"));
  ASSERT_OK_AND_ASSIGN(const TableMetadata untagged, Apply(table, RemoveSnapshotRef{"old"}));
  ASSERT_OK_AND_ASSIGN(const TableMetadata after, Apply(untagged, RemoveSnapshots{{1}}));
  EXPECT_EQ(after.snapshots.size(), 1U);
}

TEST(ApplyUpdates, SchemasAndSpecsAreAddedOnce) {
  const TableMetadata table = NewTable();
  Schema wider = TickSchema();
  wider.fields.push_back({.id = 3, .name = "ask", .required = false, .type = {}});
  ASSERT_OK_AND_ASSIGN(const TableMetadata evolved,
                       ApplyUpdates(&table, {AddSchema{wider}, SetCurrentSchema{}}, kNow));
  EXPECT_EQ(evolved.current_schema_id, 1);
  EXPECT_EQ(evolved.last_column_id, 3);
  ASSERT_OK_AND_ASSIGN(const TableMetadata back,
                       ApplyUpdates(&evolved, {AddSchema{TickSchema()}, SetCurrentSchema{}}, kNow));
  EXPECT_EQ(back.schemas.size(), 2U);
  EXPECT_EQ(back.current_schema_id, 0);
  EXPECT_EQ(back.last_column_id, 3);
  PartitionSpec monthly;
  monthly.fields = {{1, 0, "datetime_month", ParseTransform("month")},
                    {1, 0, "datetime_year", ParseTransform("year")}};
  ASSERT_OK_AND_ASSIGN(const TableMetadata spec,
                       ApplyUpdates(&table, {AddPartitionSpec{monthly}, SetDefaultSpec{}}, kNow));
  EXPECT_EQ(spec.default_spec_id, 1);
  EXPECT_EQ(spec.DefaultSpec().fields[0].field_id, 1001);
  EXPECT_EQ(spec.DefaultSpec().fields[1].field_id, 1000);  // As in the spec before.
  EXPECT_THAT(Apply(spec, RemovePartitionSpecs{{1}}), HasErrorMessage("default spec stays"));
  ASSERT_OK_AND_ASSIGN(const TableMetadata fewer, Apply(spec, RemovePartitionSpecs{{0}}));
  EXPECT_EQ(fewer.specs.size(), 1U);
}

TEST(ApplyUpdates, RefusesWhatCannotBe) {
  const TableMetadata table = WithSnapshot(NewTable(), 11);
  Snapshot stale = MakeSnapshot(table, 12);
  stale.sequence_number = 1;
  Snapshot early = MakeSnapshot(table, 12);
  early.timestamp_ms = table.last_updated_ms - 60'001;
  Schema without_time = TickSchema();
  without_time.fields.erase(without_time.fields.begin());
  Schema nanos = TickSchema();
  nanos.fields[1].type = {.kind = TypeKind::kTimestampNs};
  Schema no_identity = TickSchema();
  no_identity.identifier_field_ids = {9};
  PartitionSpec no_column, wrong_type, twice, column_name;
  no_column.fields = {{9, 0, "x", ParseTransform("year")}};
  wrong_type.fields = {{2, 0, "x", ParseTransform("year")}};
  twice.fields = {{1, 0, "x", ParseTransform("day")}, {1, 0, "y", ParseTransform("day")}};
  column_name.fields = {{1, 0, "bid", ParseTransform("day")}};
  SortOrder no_sort_column;
  no_sort_column.fields = {{9, ParseTransform("identity")}};
  const std::pair<std::vector<TableUpdate>, const char*> cases[] = {
      {{AssignUuid{"other"}}, "keeps its uuid"},
      {{UpgradeFormatVersion{1}}, "cannot go back"},
      {{UpgradeFormatVersion{4}}, "v4"},
      {{AddSchema{}}, "no column"},
      {{AddSchema{nanos}}, "needs format v3"},
      {{AddSchema{no_identity}}, "identifier field 9"},
      {{SetCurrentSchema{-1}}, "nothing was added"},
      {{SetCurrentSchema{7}}, "no schema 7"},
      {{AddSchema{without_time}, SetCurrentSchema{}}, "datetime_year"},
      {{AddPartitionSpec{no_column}}, "no column with id 9"},
      {{AddPartitionSpec{wrong_type}}, "does not take a double"},
      {{AddPartitionSpec{twice}}, "partitions as another"},
      {{AddPartitionSpec{column_name}}, "name of a column"},
      {{SetDefaultSpec{7}}, "no spec 7"},
      {{AddSortOrder{no_sort_column}}, "no column with id 9"},
      {{SetDefaultSortOrder{7}}, "no sort order 7"},
      {{AddSnapshot{MakeSnapshot(NewTable(), 11)}}, "exists already"},
      {{AddSnapshot{stale}}, "sequence number 1 is not above"},
      {{AddSnapshot{early}}, "before the table's last change"},
      {{SetSnapshotRef{"x", {.snapshot_id = 5}}}, "no snapshot 5"},
      {{SetSnapshotRef{"main", {.snapshot_id = 11, .is_branch = false}}}, "must be a branch"},
      {{RemoveSchemas{{0}}}, "current schema stays"},
      {{ChangeStatistics{"set-statistics", "{}"}}, "snapshot-id is missing"},
  };
  for (const auto& [updates, message] : cases) {
    EXPECT_THAT(ApplyUpdates(&table, updates, kNow), HasErrorMessage(message));
  }
}

TEST(ApplyUpdates, PropertiesStatisticsAndTime) {
  const TableMetadata table = WithSnapshot(NewTable(), 11);
  ASSERT_OK_AND_ASSIGN(
      const TableMetadata changed,
      ApplyUpdates(
          &table,
          {SetProperties{{{"a", "3"}}}, RemoveProperties{{"b", "missing"}},
           ChangeStatistics{"set-statistics", R"({"statistics":{"snapshot-id":11,"path":"p"}})"}},
          1));
  EXPECT_EQ(changed.properties, (std::map<std::string, std::string>{{"a", "3"}}));
  EXPECT_EQ(changed.statistics, R"([{"snapshot-id":11,"path":"p"}])");
  EXPECT_EQ(changed.last_updated_ms, table.last_updated_ms);  // Never backwards.
  ASSERT_OK_AND_ASSIGN(
      const TableMetadata removed,
      Apply(changed, ChangeStatistics{"remove-statistics", R"({"snapshot-id":11})"}));
  EXPECT_EQ(removed.statistics, "");
}

TEST(ApplyUpdates, CountsRowIdsFromV3On) {
  const TableMetadata table = NewTable(3);
  EXPECT_EQ(table.next_row_id, 0);
  Snapshot snapshot = MakeSnapshot(table, 11);
  EXPECT_THAT(Apply(table, AddSnapshot{snapshot}), HasErrorMessage("first-row-id"));
  snapshot.first_row_id = 0;
  snapshot.added_rows = 5;
  ASSERT_OK_AND_ASSIGN(const TableMetadata after, Apply(table, AddSnapshot{snapshot}));
  EXPECT_EQ(after.next_row_id, 5);
  ASSERT_OK_AND_ASSIGN(const TableMetadata upgraded, Apply(NewTable(2), UpgradeFormatVersion{3}));
  EXPECT_EQ(upgraded.next_row_id, 0);
}

TEST(RequirementJson, ComesBack) {
  for (const char* text :
       {R"({"type":"assert-create"})", R"({"type":"assert-table-uuid","uuid":"u"})",
        R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":5})",
        R"({"type":"assert-ref-snapshot-id","ref":"main","snapshot-id":null})",
        R"({"type":"assert-last-assigned-field-id","last-assigned-field-id":1})",
        R"({"type":"assert-current-schema-id","current-schema-id":2})",
        R"({"type":"assert-last-assigned-partition-id","last-assigned-partition-id":3})",
        R"({"type":"assert-default-spec-id","default-spec-id":4})",
        R"({"type":"assert-default-sort-order-id","default-sort-order-id":5})"}) {
    ASSERT_OK_AND_ASSIGN(const TableRequirement requirement, ParseRequirement(text));
    EXPECT_EQ(RequirementToJson(requirement), text);
  }
}

TEST(UpdateJson, ComesBack) {
  for (const char* text :
       {R"({"action":"assign-uuid","uuid":"u"})",
        R"({"action":"upgrade-format-version","format-version":3})",
        R"({"action":"set-current-schema","schema-id":-1})",
        R"({"action":"set-default-spec","spec-id":-1})",
        R"({"action":"set-default-sort-order","sort-order-id":2})",
        R"({"action":"set-snapshot-ref","ref-name":"t","snapshot-id":5,"type":"tag",)"
        R"("max-ref-age-ms":7})",
        R"({"action":"remove-snapshot-ref","ref-name":"t"})",
        R"({"action":"remove-snapshots","snapshot-ids":[1,2]})",
        R"({"action":"set-location","location":"s3://b/t"})",
        R"({"action":"set-properties","updates":{"a":"b"}})",
        R"({"action":"remove-properties","removals":["a"]})",
        R"({"action":"remove-partition-specs","spec-ids":[0]})",
        R"({"action":"remove-schemas","schema-ids":[0,1]})",
        R"({"action":"set-statistics","snapshot-id":1,"statistics":{"snapshot-id":1}})",
        R"({"action":"remove-partition-statistics","snapshot-id":1})",
        R"({"action":"add-spec","spec":{"spec-id":0,"fields":[]}})",
        R"({"action":"add-sort-order","sort-order":{"order-id":0,"fields":[]}})",
        R"({"action":"add-snapshot","snapshot":{"snapshot-id":1,"timestamp-ms":2,"x":3}})"}) {
    ASSERT_OK_AND_ASSIGN(const TableUpdate update, ParseUpdate(text));
    EXPECT_EQ(UpdateToJson(update), text);
  }
  const std::string schema = UpdateToJson(AddSchema{TickSchema()});
  EXPECT_EQ(json::parse(schema)["last-column-id"], 2);
  ASSERT_OK_AND_ASSIGN(const TableUpdate update, ParseUpdate(schema));
  EXPECT_EQ(std::get<AddSchema>(update).schema, TickSchema());
}

TEST(UpdateJson, ReadsTheWordsOfOlderClients) {
  ASSERT_OK_AND_ASSIGN(const TableUpdate set,
                       ParseUpdate(R"({"action":"set-properties","updated":{"a":"b"}})"));
  EXPECT_EQ(std::get<SetProperties>(set).updates.at("a"), "b");
  ASSERT_OK_AND_ASSIGN(const TableUpdate remove,
                       ParseUpdate(R"({"action":"remove-properties","removed":["a"]})"));
  EXPECT_EQ(std::get<RemoveProperties>(remove).removals.size(), 1U);
}

TEST(UpdateJson, IgnoresNothing) {
  EXPECT_THAT(ParseUpdate(R"({"action":"add-encryption-key"})"),
              AllOf(IsError(ErrorKind::kInvalidArgument), HasErrorMessage("add-encryption-key")));
  EXPECT_THAT(ParseRequirement(R"({"type":"assert-view-uuid"})"),
              AllOf(IsError(ErrorKind::kInvalidArgument), HasErrorMessage("assert-view-uuid")));
  EXPECT_THAT(ParseUpdate(R"({"action":"add-schema","schema":{"fields":[{"id":1}]}})"),
              AllOf(IsError(ErrorKind::kInvalidArgument),
                    HasErrorMessage("update: schema.fields[0].name: missing")));
  EXPECT_THAT(ParseUpdate(R"({"action":"set-location"})"), HasErrorMessage("location: missing"));
  EXPECT_THAT(ParseUpdate("{"), IsError(ErrorKind::kInvalidArgument));
  EXPECT_THAT(ParseRequirement("[]"), IsError(ErrorKind::kInvalidArgument));
}

}  // namespace
}  // namespace tickhouse::lake
