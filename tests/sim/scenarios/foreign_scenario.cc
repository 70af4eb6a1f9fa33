// Case 12: tables of other engines. Those engines do not run in this world: it has what their
// metadata is known to bring along, and the list says where the engines themselves are asked.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "scenario.h"

namespace tickhouse::sim {
namespace {

using Json = nlohmann::ordered_json;

/// Moves the table to a metadata file as another writer would leave it.
void Replant(Stage& stage, const std::string& name, const std::function<void(Json*)>& change,
             int indent) {
  const lake::LoadedTable table = stage.Table();
  Json json = Json::parse(*stage.world.files->ReadWhole(table.metadata_location));
  change(&json);
  const std::string path = "/lake/gold/eurusd/metadata/" + name;
  stage.Expect(stage.world.files->WriteWhole(path, json.dump(indent)).has_value(), "it is written");
  stage.Expect(stage.world.rows->Swap(kTable, table.metadata_location, path).has_value(),
               "the pointer moves");
}

Json Current(Stage& stage) {
  return Json::parse(*stage.world.files->ReadWhole(stage.Table().metadata_location));
}

void WhatIsNotKnownIsKept(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first rows");
  Replant(
      stage, "v7.metadata.json",
      [](Json* json) {
        (*json)["x-of-another-engine"] = {{"deep", {1, 2.5, "three", nullptr}}};
        (*json)["snapshots"][0]["x-of-a-snapshot"] = {{"kept", true}};
        (*json)["schemas"][0]["fields"][0]["x-of-a-field"] = "kept";
        (*json)["properties"]["owner"] = "somebody else";
      },
      2);
  stage.ExpectDone(stage.Actor(2).Append(52, {"52:b"}), "an append of ours");
  stage.ExpectRows({"51:a", "52:b"});
  const Json json = Current(stage);
  stage.Expect(
      json.value("x-of-another-engine", Json()) == Json({{"deep", {1, 2.5, "three", nullptr}}}),
      "an unknown member of the table is kept");
  stage.Expect(json["snapshots"][0].contains("x-of-a-snapshot"), "one of a snapshot is kept");
  stage.Expect(json["schemas"][0]["fields"][0].contains("x-of-a-field"), "one of a field is kept");
  stage.Expect(json["properties"].value("owner", "") == "somebody else", "properties are kept");
  stage.Expect(
      json["metadata-log"].back()["metadata-file"] == "/lake/gold/eurusd/metadata/v7.metadata.json",
      "the log names the file that was taken over");
}

/// Optional members are left out by some writers, or written as null or -1.
void MembersThatAreMissing(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first rows");
  Replant(
      stage, "00012-of-another.metadata.json",
      [](Json* json) {
        for (const char* name :
             {"refs", "metadata-log", "snapshot-log", "statistics", "partition-statistics"}) {
          json->erase(name);
        }
        (*json)["snapshots"][0].erase("schema-id");
        (*json)["snapshots"][0]["summary"] = {{"operation", "append"}};
      },
      -1);
  stage.ExpectDone(stage.Actor(2).Append(51, {"51:b"}), "an append of ours");
  stage.ExpectRows({"51:a", "51:b"});
  stage.ExpectDone(stage.Actor(2).Replace(51, {"51:c"}), "a replacement of ours");
  stage.ExpectRows({"51:c"});
  stage.Expect(Current(stage)["refs"].contains("main"), "main is named again");
}

void AVersionThatIsNotKnownIsRefused(Stage& stage) {
  stage.ExpectDone(stage.Actor(1).Append(51, {"51:a"}), "the first rows");
  const std::string before = stage.Table().metadata_location;
  Replant(stage, "v4.metadata.json", [](Json* json) { (*json)["format-version"] = 4; }, -1);
  const std::size_t calls = stage.calls.size();
  const auto outcome = stage.Actor(2).Append(51, {"51:b"});
  stage.ExpectError(outcome, ErrorKind::kUnsupported, "an append to a table of version 4");
  stage.ExpectNo(CallOf(2, CallKind::kSwap), "swapped", calls);
  stage.Expect(stage.world.rows->Swap(kTable, "/lake/gold/eurusd/metadata/v4.metadata.json", before)
                   .has_value(),
               "the pointer goes back");
}

}  // namespace

Scenario ForeignScenario() {
  return {12,
          "metadata-of-others",
          "tables of Java, Trino, Spark, PyIceberg and DuckDB are read and written further",
          {{"members that are not known", WhatIsNotKnownIsKept},
           {"members that are missing", MembersThatAreMissing},
           {"a version that is not known", AVersionThatIsNotKnownIsRefused}},
          {{"tests/golden/test_engines_exchange.py", "test_tables_are_read_by_everybody"},
           {"tests/golden/test_lake_manifest.py", "test_pyiceberg_and_we_read_the_same_both_ways"},
           {"tests/golden/test_lake_manifest.py",
            "test_a_scan_over_our_manifests_answers_the_same_rows"},
           {"tests/golden/test_lake_rows.py", "test_our_table_is_read_by_pyiceberg"},
           {"tests/golden/test_lake_rows.py", "test_rows_of_an_evolved_table"},
           {"tests/golden/test_lake_tables.py", "test_tables_agree"},
           {"tests/integration/test_lake.py",
            "test_migrate_loads_each_file_once_and_pyiceberg_reads_every_row"}}};
}

}  // namespace tickhouse::sim
