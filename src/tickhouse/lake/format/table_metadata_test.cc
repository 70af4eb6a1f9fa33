#include "tickhouse/lake/format/table_metadata.h"

#include <fmt/format.h>
#include <zlib.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tickhouse/core/random.h"
#include "tickhouse/core/testing.h"
#include "tickhouse/lake/format/table_metadata_testing.h"

namespace tickhouse::lake {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;

std::string Replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

std::string Gzipped(const std::string& text) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string packed(text.size() + 128, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST(TableMetadata, ReadsEveryMemberOfV2) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(JavaStyleV2()));
  EXPECT_EQ(table.format_version, 2);
  EXPECT_EQ(table.location, "s3://datalakehouse/gold/eurusd");
  EXPECT_EQ(table.last_sequence_number, 3);
  EXPECT_EQ(table.last_column_id, 9);
  EXPECT_EQ(table.CurrentSchema().id, 1);
  EXPECT_EQ(table.CurrentSchema().fields[0].doc, "UTC \u00e9");
  EXPECT_EQ(table.CurrentSchema().fields[1].type.ToString(), "decimal(9,2)");
  EXPECT_EQ(table.CurrentSchema().fields[1].initial_default, "\"14.20\"");
  EXPECT_EQ(table.CurrentSchema().PathOf(9), "venue.value.a.b");
  EXPECT_EQ(table.CurrentSchema().identifier_field_ids, std::vector<int>{1});
  EXPECT_EQ(table.DefaultSpec().fields[0].transform.kind, TransformKind::kYear);
  EXPECT_EQ(table.DefaultSpec().fields[1].transform.kind, TransformKind::kUnknown);
  EXPECT_EQ(table.DefaultSpec().fields[1].source_id, 2);
  EXPECT_EQ(table.FindSortOrder(3)->fields[1].ascending, false);
  EXPECT_EQ(table.FindSortOrder(3)->fields[1].nulls_first, false);
  EXPECT_EQ(table.Property("owner", "nobody"), "root");
  EXPECT_EQ(table.Property("missing", "nobody"), "nobody");
  ASSERT_EQ(table.snapshots.size(), 3U);
  EXPECT_EQ(table.snapshots.front().summary.at("added-records"), "5");
  EXPECT_EQ(table.snapshots[1].operation(), "overwrite");
  EXPECT_EQ(table.CurrentSnapshot()->parent_id, 22);
  EXPECT_EQ(table.refs.at("v1").is_branch, false);
  EXPECT_EQ(table.refs.at("audit").min_snapshots_to_keep, 2);
  EXPECT_EQ(table.metadata_log[0].metadata_file, "s3://b/metadata/00000-a.metadata.json");
}

TEST(TableMetadata, KeepsMembersItDoesNotKnowAtEveryLevel) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(JavaStyleV2()));
  const json before = json::parse(JavaStyleV2());
  json after = json::parse(TableMetadataToJson(table));
  // What is written otherwise on purpose, and nothing else.
  EXPECT_EQ(after["location"], "s3://datalakehouse/gold/eurusd");
  after["location"] = before["location"];
  EXPECT_EQ(after["schemas"][1]["fields"][1]["type"], "decimal(9,2)");
  after["schemas"][1]["fields"][1]["type"] = "decimal(9, 2)";
  EXPECT_EQ(after["partition-specs"][1]["fields"][1]["source-id"], 2);
  after["partition-specs"][1]["fields"][1].erase("source-id");
  after["partition-specs"][1]["fields"][1]["source-ids"] = {2};
  after["partition-statistics"] = json::array();
  EXPECT_EQ(json::diff(before, after), json::array());
}

TEST(TableMetadata, PrintsTheSameTextAgain) {
  for (const std::string& text : {JavaStyleV2(), OldV1(), RowLineageV3()}) {
    ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(text));
    const std::string printed = TableMetadataToJson(table);
    EXPECT_EQ(printed.find('\n'), std::string::npos);
    ASSERT_OK_AND_ASSIGN(const TableMetadata again, ParseTableMetadata(printed));
    EXPECT_EQ(again, table);
    EXPECT_EQ(TableMetadataToJson(again), printed);
  }
}

TEST(TableMetadata, ReadsOldV1) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(OldV1()));
  EXPECT_EQ(table.table_uuid, "");
  EXPECT_EQ(table.schemas.size(), 1U);
  EXPECT_EQ(table.DefaultSpec().fields[0].field_id, 1000);
  EXPECT_EQ(table.DefaultSpec().fields[1].field_id, 1001);
  EXPECT_EQ(table.last_partition_id, 1001);
  EXPECT_EQ(table.sort_orders.size(), 1U);
  EXPECT_EQ(table.snapshots[0].sequence_number, 0);
  EXPECT_THAT(table.snapshots[0].manifests,
              ElementsAre("s3://b/old/m0.avro", "s3://b/old/m1.avro"));
  EXPECT_EQ(table.FindRef("main"), table.CurrentSnapshot());
}

TEST(TableMetadata, WritesWhatV1ReadersLookFor) {
  ASSERT_OK_AND_ASSIGN(TableMetadata table, ParseTableMetadata(OldV1()));
  const json printed = json::parse(TableMetadataToJson(table));
  EXPECT_EQ(printed["schema"], printed["schemas"][0]);
  EXPECT_EQ(printed["partition-spec"], printed["partition-specs"][0]["fields"]);
  EXPECT_FALSE(printed.contains("last-sequence-number"));
  EXPECT_FALSE(printed.contains("table-uuid"));
  EXPECT_FALSE(printed["snapshots"][0].contains("sequence-number"));
  table.current_snapshot_id.reset();
  EXPECT_EQ(json::parse(TableMetadataToJson(table))["current-snapshot-id"], -1);
}

TEST(TableMetadata, ReadsV3) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(RowLineageV3()));
  EXPECT_EQ(table.next_row_id, 12);
  EXPECT_EQ(table.snapshots[0].added_rows, 12);
  EXPECT_EQ(table.CurrentSchema().fields[0].type.kind, TypeKind::kTimestampTzNs);
  EXPECT_EQ(table.CurrentSchema().fields[2].type.name, "geography(srid:4326, spherical)");
}

TEST(TableMetadata, ReadsGzip) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata plain, ParseTableMetadata(JavaStyleV2()));
  ASSERT_OK_AND_ASSIGN(const TableMetadata packed, ParseTableMetadata(Gzipped(JavaStyleV2())));
  EXPECT_EQ(packed, plain);
  std::string cut = Gzipped(JavaStyleV2());
  cut.resize(cut.size() / 2);
  EXPECT_THAT(ParseTableMetadata(cut), IsError(ErrorKind::kCorrupt));
}

TEST(TableMetadata, RefusesWhatItCannotHonour) {
  EXPECT_THAT(ParseTableMetadata(Replaced(OldV1(), "\"format-version\":1", "\"format-version\":4")),
              AllOf(IsError(ErrorKind::kUnsupported), HasErrorMessage("version 4")));
  EXPECT_THAT(ParseTableMetadata(Replaced(RowLineageV3(), "\"encryption-keys\":[]",
                                          "\"encryption-keys\":[{\"key-id\":\"k\"}]")),
              AllOf(IsError(ErrorKind::kUnsupported), HasErrorMessage("encrypted")));
  EXPECT_THAT(ParseTableMetadata(Replaced(JavaStyleV2(), "[ 2 ]", "[ 2, 1 ]")),
              AllOf(IsError(ErrorKind::kUnsupported), HasErrorMessage("source-ids")));
}

TEST(TableMetadata, NamesThePathAtFault) {
  struct Fault {
    std::string from, to, path;
  };
  const std::vector<Fault> faults = {
      {"\"type\" : \"fixed[4]\"", "\"type\" : \"fixed[x]\"",
       "table metadata: schemas[1].fields[3].type.value.fields[0].type: \"fixed[x]\""},
      {"\"id\" : 8,", "", "schemas[1].fields[3].type.value.fields[0].id: missing"},
      {"\"id\" : 8,", "\"id\" : 9,", "schemas[1]: field id 9 is used twice"},
      {"\"required\" : true, \"type\" : \"timestamp\" }", "\"required\" : 1, \"type\" : \"date\" }",
       "schemas[0].fields[0].required: 1 is neither"},
      {"\"current-schema-id\" : 1", "\"current-schema-id\" : 5", "current-schema-id: no schema 5"},
      {"\"current-schema-id\" : 1", "\"current-schema-id\" : 1e0", "32 bits"},
      {"\"schema-id\" : 1, \"id", "\"schema-id\" : 0, \"id", "schemas: id 0 twice"},
      {"\"default-spec-id\" : 1", "\"default-spec-id\" : 2", "default-spec-id: no spec 2"},
      {"\"field-id\" : 1000,", "", "partition-specs: [1]: field datetime_year has no field-id"},
      {"\"asc\"", "\"up\"", "sort-orders[1].fields[0].direction: \"up\""},
      {"\"nulls-last\"", "\"last\"", "sort-orders[1].fields[1].null-order: \"last\""},
      {"\"default-sort-order-id\" : 3", "\"default-sort-order-id\" : 4", "no order 4"},
      {"\"owner\" : \"root\"", "\"owner\" : 7", "properties.owner: 7 is no string"},
      {"\"current-snapshot-id\" : 3055729675574597004", "\"current-snapshot-id\" : 4",
       "current-snapshot-id: no snapshot 4"},
      {"\"snapshot-id\" : 22, \"parent", "\"snapshot-id\" : 11, \"parent", "snapshot 11 is there"},
      {"\"snapshot-id\" : 22, \"type\"", "\"snapshot-id\" : 23, \"type\"",
       "refs.audit: no snapshot 23"},
      {"\"type\" : \"tag\"", "\"type\" : \"pin\"", "refs.v1.type: \"pin\""},
      {"\"snapshot-id\" : 3055729675574597004, \"type\"", "\"snapshot-id\" : 11, \"type\"",
       "refs: main is not the branch"},
      {"\"timestamp-ms\" : 1555100955770,\n", "\"timestamp-ms\" : \"now\",\n",
       "snapshots[1].timestamp-ms: \"now\" is no whole number"},
      {"\"metadata-file\"", "\"file\"", "metadata-log[0].metadata-file: missing"},
      {"\"statistics\" : [ {", "\"statistics\" : 1, \"x\" : [ {", "statistics: no array"},
      {"\"last-column-id\" : 9", "\"last-column-id\" : 99999999999", "last-column-id"},
      {"\"table-uuid\"", "\"uuid\"", "table-uuid: missing"},
  };
  for (const Fault& fault : faults) {
    EXPECT_THAT(ParseTableMetadata(Replaced(JavaStyleV2(), fault.from, fault.to)),
                AllOf(IsError(ErrorKind::kCorrupt), HasErrorMessage(fault.path)))
        << fault.from;
  }
}

TEST(TableMetadata, NamesWhereTheJsonBreaks) {
  EXPECT_THAT(ParseTableMetadata(""), HasErrorMessage("table metadata: empty"));
  EXPECT_THAT(ParseTableMetadata("[]"), HasErrorMessage("[] is no object"));
  EXPECT_THAT(ParseTableMetadata("{\"a\":\n tru}"), HasErrorMessage("line 2"));
  EXPECT_THAT(ParseTableMetadata("{\"a\":\"\xFF\"}"), IsError(ErrorKind::kCorrupt));
  const std::string whole = JavaStyleV2();
  for (std::size_t size = 0; size < whole.size(); size += 7) {
    EXPECT_THAT(ParseTableMetadata(whole.substr(0, size)), IsError(ErrorKind::kCorrupt)) << size;
  }
}

TEST(TableMetadata, RefusesBottomlessTypes) {
  std::string type = "\"int\"";
  for (int level = 0; level < 120; ++level) {
    type = fmt::format(R"({{"type":"list","element-id":{},"element-required":true,"element":{}}})",
                       level + 2, type);
  }
  EXPECT_THAT(ParseSchema(fmt::format(
                  R"({{"fields":[{{"id":1,"name":"a","required":true,"type":{}}}]}})", type)),
              HasErrorMessage("nested deeper"));
  EXPECT_THAT(ParseTableMetadata(std::string(100'000, '[')), IsError(ErrorKind::kCorrupt));
}

TEST(TableMetadata, TellsThePast) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(JavaStyleV2()));
  EXPECT_EQ(table.SnapshotAsOf(1515100955769), nullptr);
  EXPECT_EQ(table.SnapshotAsOf(1515100955770)->id, 11);
  EXPECT_EQ(table.SnapshotAsOf(1602638573589)->id, 22);
  EXPECT_EQ(table.SnapshotAsOf(INT64_MAX), table.CurrentSnapshot());
  EXPECT_THAT(table.AncestorsOf(22), ElementsAre(22, 11));
  EXPECT_THAT(table.AncestorsOf(404), ElementsAre());
  EXPECT_EQ(table.FindRef("audit")->id, 22);
  EXPECT_EQ(table.FindRef("nobody"), nullptr);
}

TEST(TableMetadata, AncestryInACircleEnds) {
  TableMetadata table;
  table.snapshots.push_back({.id = 1, .parent_id = 2});
  table.snapshots.push_back({.id = 2, .parent_id = 1});
  EXPECT_THAT(table.AncestorsOf(1), ElementsAre(1, 2));
}

TEST(TableMetadata, PartitionTypeOfADroppedColumn) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(JavaStyleV2()));
  PartitionSpec spec = table.DefaultSpec();
  ASSERT_OK_AND_ASSIGN(const Type type, spec.PartitionType(table.CurrentSchema()));
  EXPECT_EQ(type.ToString(),
            "struct<1000: datetime_year: optional int, 1001: odd: optional string>");
  spec.fields[0].source_id = 77;
  spec.fields[1] = {78, 1001, "gone", ParseTransform("identity")};
  ASSERT_OK_AND_ASSIGN(const Type dropped, spec.PartitionType(table.CurrentSchema()));
  EXPECT_EQ(dropped.ToString(),
            "struct<1000: datetime_year: optional int, 1001: gone: optional unknown>");
  spec.fields[0] = {2, 1000, "bad", ParseTransform("year")};
  EXPECT_THAT(spec.PartitionType(table.CurrentSchema()), HasErrorMessage("partition field bad"));
}

TEST(SnapshotList, CopiesShareAndDoNotChangeEachOther) {
  SnapshotList list;
  for (int64_t id = 1; id <= 5; ++id) list.push_back({.id = id});
  SnapshotList copy = list;
  EXPECT_EQ(&copy[2], &list[2]);
  EXPECT_EQ(copy, list);
  copy.push_back({.id = 6});
  copy.EraseIf([](const Snapshot& s) { return s.id % 2 == 1; });
  EXPECT_EQ(copy.size(), 3U);
  EXPECT_EQ(copy.Find(5), nullptr);
  EXPECT_EQ(copy.Find(6), &copy.back());
  EXPECT_EQ(list.size(), 5U);
  EXPECT_EQ(list.Find(5), &list.back());
  EXPECT_EQ(list.rbegin()->id, 5);
  std::string text;
  copy.AppendJson(&text);
  EXPECT_EQ(json::parse(text).size(), 3U);
}

// Any values at all, unpleasant strings included, come back as they were.
class RandomMetadata {
 public:
  explicit RandomMetadata(uint64_t seed) : random_(seed) {}

  TableMetadata Make() {
    TableMetadata table;
    table.format_version = 1 + Below(3);
    table.table_uuid = "u" + Text();
    table.location = "/w" + Text() + "x";
    table.last_sequence_number = table.format_version == 1 ? 0 : Long();
    table.last_updated_ms = Long();
    table.last_column_id = Below(1000);
    const int schemas = 1 + Below(3);
    for (int id = 0; id < schemas; ++id) table.schemas.push_back(MakeSchema(id));
    table.current_schema_id = Below(schemas);
    const int specs = 1 + Below(3);
    for (int id = 0; id < specs; ++id) table.specs.push_back(MakeSpec(id));
    table.default_spec_id = Below(specs);
    table.last_partition_id = 1000 + Below(100);
    table.sort_orders = {{},
                         {1, {{1, ParseTransform("truncate[7]"), Below(2) == 0, Below(2) == 0}}}};
    table.default_sort_order_id = Below(2);
    for (int i = Below(4); i > 0; --i) table.properties[Text()] = Text();
    const int snapshots = Below(5);
    for (int id = 0; id < snapshots; ++id) table.snapshots.push_back(MakeSnapshot(id));
    if (snapshots > 0) {
      table.current_snapshot_id = Below(snapshots);
      table.refs["main"] = {.snapshot_id = *table.current_snapshot_id, .max_ref_age_ms = Long()};
      table.refs[Text() + "t"] = {.snapshot_id = Below(snapshots), .is_branch = false};
      table.snapshot_log.push_back({Long(), Long(), Unknown()});
    }
    for (int i = Below(3); i > 0; --i) table.metadata_log.push_back({Long(), Text(), Unknown()});
    if (table.format_version == 3) table.next_row_id = Long();
    table.unknown_members = Unknown();
    return table;
  }

 private:
  int Below(int bound) { return static_cast<int>(random_.Below(static_cast<uint64_t>(bound))); }
  int64_t Long() { return static_cast<int64_t>(random_.Next() >> (random_.Next() % 63)); }
  std::string Text() {
    static const std::vector<std::string> kPieces = {
        "a", "\"", "\\", "\n",   std::string(1, '\0'), "\x1f", "\u00e9", "\U0001F4C8",
        ".", "/",  "{",  "u0041"};
    std::string text;
    for (int i = Below(6); i > 0; --i) text += kPieces[static_cast<std::size_t>(Below(12))];
    return text;
  }
  std::string Unknown() { return Below(3) > 0 ? "" : R"({"x-new":[1,-2.5,"\u0001",null,{}]})"; }

  Schema MakeSchema(int id) {
    Schema schema{.id = id, .unknown_members = Unknown()};
    int next = 1;
    for (int i = 1 + Below(4); i > 0; --i) schema.fields.push_back(MakeField(Text(), &next, 3));
    if (Below(2) == 0) schema.identifier_field_ids = {1};
    return schema;
  }
  Field MakeField(std::string name, int* next, int levels) {
    Field field;
    field.id = (*next)++;
    field.name = std::move(name);
    field.required = field.name == "key" || Below(2) == 0;
    field.type = MakeType(next, levels);
    return field;
  }
  Type MakeType(int* next, int levels) {
    const int kind = Below(levels > 0 ? 8 : 5);
    if (kind == 0) return {.kind = TypeKind::kDecimal, .precision = 9, .scale = Below(10)};
    if (kind == 1) return {.kind = TypeKind::kFixed, .length = 1 + Below(9)};
    if (kind == 2) return {.kind = TypeKind::kOpaque, .name = "variant"};
    if (kind < 5) return {.kind = kind == 3 ? TypeKind::kTimestampNs : TypeKind::kString};
    Type type{.kind = kind == 5   ? TypeKind::kStruct
                      : kind == 6 ? TypeKind::kList
                                  : TypeKind::kMap,
              .unknown_members = Unknown()};
    if (kind == 5) {
      for (int i = Below(3); i > 0; --i) type.fields.push_back(MakeField(Text(), next, levels - 1));
    } else if (kind == 6) {
      type.fields.push_back(MakeField("element", next, levels - 1));
    } else {
      type.fields.push_back(MakeField("key", next, 0));
      type.fields.push_back(MakeField("value", next, levels - 1));
    }
    return type;
  }
  PartitionSpec MakeSpec(int id) {
    PartitionSpec spec{.id = id, .fields = {}, .unknown_members = Unknown()};
    for (int i = Below(3); i > 0; --i) {
      spec.fields.push_back({Below(9), 1000 + i, Text(), ParseTransform("bucket[16]"), Unknown()});
    }
    return spec;
  }
  Snapshot MakeSnapshot(int64_t id) {
    Snapshot snapshot{.id = id, .sequence_number = Long(), .timestamp_ms = Long()};
    if (Below(2) == 0) snapshot.parent_id = Long();
    if (Below(2) == 0) snapshot.schema_id = Below(9);
    if (Below(2) == 0) snapshot.first_row_id = Long();
    for (int i = Below(4); i > 0; --i) snapshot.summary[Text()] = Text();
    snapshot.manifest_list = Text();
    if (Below(3) == 0) snapshot.manifests = {Text(), Text()};
    snapshot.unknown_members = Unknown();
    return snapshot;
  }

  Random random_;
};

TEST(TableMetadata, WhatIsPrintedReadsTheSame) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    const TableMetadata table = RandomMetadata(seed).Make();
    const std::string text = TableMetadataToJson(table);
    const auto again = ParseTableMetadata(text);
    ASSERT_THAT(again, IsOk()) << seed << " " << text;
    ASSERT_EQ(*again == table, true) << seed << " " << text << "\n" << TableMetadataToJson(*again);
  }
}

TEST(TableMetadata, WritesNoBrokenUtf8) {
  TableMetadata table = RandomMetadata(1).Make();
  table.properties = {{"k", "a\xFF\xC3(b\xE2\x82"}};
  ASSERT_OK_AND_ASSIGN(const TableMetadata again, ParseTableMetadata(TableMetadataToJson(table)));
  EXPECT_EQ(again.properties.at("k"), "a\uFFFD\uFFFD(b\uFFFD\uFFFD");
}

TEST(Parts, StandAlone) {
  ASSERT_OK_AND_ASSIGN(const TableMetadata table, ParseTableMetadata(JavaStyleV2()));
  ASSERT_OK_AND_ASSIGN(const Schema schema, ParseSchema(SchemaToJson(table.CurrentSchema())));
  EXPECT_EQ(schema, table.CurrentSchema());
  ASSERT_OK_AND_ASSIGN(const PartitionSpec spec,
                       ParsePartitionSpec(PartitionSpecToJson(table.DefaultSpec())));
  EXPECT_EQ(spec, table.DefaultSpec());
  ASSERT_OK_AND_ASSIGN(const SortOrder order,
                       ParseSortOrder(SortOrderToJson(table.sort_orders[1])));
  EXPECT_EQ(order, table.sort_orders[1]);
  ASSERT_OK_AND_ASSIGN(const Snapshot snapshot, ParseSnapshot(SnapshotToJson(table.snapshots[1])));
  EXPECT_EQ(snapshot, table.snapshots[1]);
  ASSERT_OK_AND_ASSIGN(const SnapshotRef ref,
                       ParseSnapshotRef(SnapshotRefToJson(table.refs.at("audit"))));
  EXPECT_EQ(ref, table.refs.at("audit"));
  EXPECT_THAT(ParseSnapshot("{}"), HasErrorMessage("snapshot: snapshot-id: missing"));
}

}  // namespace
}  // namespace tickhouse::lake
