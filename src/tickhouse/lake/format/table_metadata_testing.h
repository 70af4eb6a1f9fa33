// Table metadata as other writers make it. Tests only.
#pragma once

#include <string>

namespace tickhouse::lake {

inline std::string SchemasOfV2() {
  return R"json(
  "schemas" : [ {
    "type" : "struct", "schema-id" : 0,
    "fields" : [ { "id" : 1, "name" : "datetime", "required" : true, "type" : "timestamp" } ]
  }, {
    "type" : "struct", "schema-id" : 1, "identifier-field-ids" : [ 1 ],
    "x-schema" : {"a": [1, 2.5]},
    "fields" : [
      { "id" : 1, "name" : "datetime", "required" : true, "type" : "timestamp",
        "doc" : "UTC \u00e9" },
      { "id" : 2, "name" : "bid", "required" : false, "type" : "decimal(9, 2)",
        "initial-default" : "14.20", "write-default" : "1.00", "x-field" : null },
      { "id" : 3, "name" : "tags", "required" : false, "type" : {
        "type" : "list", "element-id" : 4, "element" : "string", "element-required" : true,
        "x-list" : true } },
      { "id" : 5, "name" : "venue", "required" : false, "type" : {
        "type" : "map", "key-id" : 6, "key" : "string", "value-id" : 7, "value-required" : false,
        "value" : { "type" : "struct", "x-struct" : 1, "fields" : [
          { "id" : 8, "name" : "code", "required" : false, "type" : "fixed[4]" },
          { "id" : 9, "name" : "a.b", "required" : false, "type" : "uuid" } ] } } }
    ]
  } ],)json";
}

/// v2 as Java writes it: two schemas, two specs, three snapshots, a tag and a branch, members that
/// this version does not know at every level.
inline std::string JavaStyleV2() {
  return std::string(R"json({
  "format-version" : 2,
  "table-uuid" : "9c12d441-03fe-4693-9a96-a0705ddf69c1",
  "location" : "s3://datalakehouse/gold/eurusd/",
  "last-sequence-number" : 3,
  "last-updated-ms" : 1602638573590,
  "last-column-id" : 9,
  "current-schema-id" : 1,
)json") + SchemasOfV2() +
         R"json(
  "default-spec-id" : 1,
  "partition-specs" : [ { "spec-id" : 0, "fields" : [ ] }, {
    "spec-id" : 1, "x-spec" : "kept",
    "fields" : [ { "name" : "datetime_year", "transform" : "year", "source-id" : 1,
                   "field-id" : 1000, "x-part" : [] },
                 { "name" : "odd", "transform" : "zorder[3]", "source-ids" : [ 2 ],
                   "field-id" : 1001 } ]
  } ],
  "last-partition-id" : 1001,
  "default-sort-order-id" : 3,
  "sort-orders" : [ { "order-id" : 0, "fields" : [] }, { "order-id" : 3, "x-order" : 7, "fields" : [
    { "transform" : "identity", "source-id" : 1, "direction" : "asc", "null-order" : "nulls-first",
      "x-sort" : 0 },
    { "transform" : "bucket[4]", "source-id" : 2, "direction" : "desc",
      "null-order" : "nulls-last" } ] } ],
  "properties" : { "owner" : "root", "write.parquet.compression-codec" : "zstd" },
  "current-snapshot-id" : 3055729675574597004,
  "refs" : {
    "main" : { "snapshot-id" : 3055729675574597004, "type" : "branch", "x-ref" : "y" },
    "audit" : { "snapshot-id" : 22, "type" : "branch", "max-ref-age-ms" : 10,
                "max-snapshot-age-ms" : 20, "min-snapshots-to-keep" : 2 },
    "v1" : { "snapshot-id" : 11, "type" : "tag", "max-ref-age-ms" : 10000000 } },
  "snapshots" : [
    { "snapshot-id" : 11, "timestamp-ms" : 1515100955770, "sequence-number" : 1,
      "summary" : { "operation" : "append", "added-records" : "5" },
      "manifest-list" : "s3://datalakehouse/gold/eurusd/metadata/snap-11.avro", "schema-id" : 0 },
    { "snapshot-id" : 22, "parent-snapshot-id" : 11, "timestamp-ms" : 1555100955770,
      "sequence-number" : 2, "summary" : { "operation" : "overwrite" }, "x-snapshot" : {"k": "v"},
      "manifest-list" : "s3://datalakehouse/gold/eurusd/metadata/snap-22.avro", "schema-id" : 1 },
    { "snapshot-id" : 3055729675574597004, "parent-snapshot-id" : 22,
      "timestamp-ms" : 1602638573590, "sequence-number" : 3,
      "summary" : { "operation" : "append" },
      "manifest-list" : "s3://datalakehouse/gold/eurusd/metadata/snap-33.avro", "schema-id" : 1 } ],
  "statistics" : [ { "snapshot-id" : 22, "statistics-path" : "s3://b/s.puffin",
    "file-size-in-bytes" : 413, "file-footer-size-in-bytes" : 42,
    "blob-metadata" : [ { "type" : "ndv", "fields" : [ 1 ] } ] } ],
  "partition-statistics" : [ ],
  "snapshot-log" : [ { "timestamp-ms" : 1515100955770, "snapshot-id" : 11, "x-log" : 1 },
    { "timestamp-ms" : 1555100955770, "snapshot-id" : 22 },
    { "timestamp-ms" : 1602638573590, "snapshot-id" : 3055729675574597004 } ],
  "metadata-log" : [ { "timestamp-ms" : 1515100,
    "metadata-file" : "s3://b/metadata/00000-a.metadata.json", "x-meta" : "z" } ],
  "x-top" : { "deep" : [ 1, { "er" : null } ] }
})json";
}

/// v1 as the first writers made it: one schema, a spec without ids, no refs, no sort orders.
inline std::string OldV1() {
  return R"json({"format-version":1,"location":"s3://b/old","last-updated-ms":1602638573874,
"last-column-id":3,"schema":{"type":"struct","fields":[
{"id":1,"name":"x","required":true,"type":"long"},
{"id":2,"name":"y","required":true,"type":"long","doc":"comment"},
{"id":3,"name":"z","required":true,"type":"long"}]},
"partition-spec":[{"name":"x","transform":"identity","source-id":1},
{"name":"y_bucket","transform":"bucket[8]","source-id":2}],
"properties":{},"current-snapshot-id":7,
"snapshots":[{"snapshot-id":7,"timestamp-ms":1515100955770,
"manifests":["s3://b/old/m0.avro","s3://b/old/m1.avro"]}]})json";
}

/// v3 with row lineage, as Java 1.10 writes it.
inline std::string RowLineageV3() {
  return R"json({"format-version":3,"table-uuid":"t","location":"/warehouse/t",
"last-sequence-number":1,"last-updated-ms":5,"last-column-id":3,"current-schema-id":0,
"schemas":[{"type":"struct","schema-id":0,"fields":[
{"id":1,"name":"t","required":false,"type":"timestamptz_ns"},
{"id":2,"name":"v","required":false,"type":"variant"},
{"id":3,"name":"g","required":false,"type":"geography(srid:4326, spherical)"}]}],
"default-spec-id":0,"partition-specs":[{"spec-id":0,"fields":[]}],"last-partition-id":999,
"default-sort-order-id":0,"sort-orders":[{"order-id":0,"fields":[]}],"properties":{},
"current-snapshot-id":1,"next-row-id":12,"encryption-keys":[],"snapshots":[{"snapshot-id":1,
"timestamp-ms":5,"sequence-number":1,"summary":{"operation":"append"},"manifest-list":"/m",
"first-row-id":0,"added-rows":12}]})json";
}

}  // namespace tickhouse::lake
