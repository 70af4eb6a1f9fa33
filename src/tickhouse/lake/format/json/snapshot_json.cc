#include <fmt/format.h>

#include "tickhouse/lake/format/json/parts.h"

namespace tickhouse::lake {

Status ReadSnapshot(JsonElement element, const JsonPath& path, Snapshot* snapshot) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  TICKHOUSE_TRY(object.Read("snapshot-id", &snapshot->id));
  TICKHOUSE_TRY(object.ReadIfThere("parent-snapshot-id", &snapshot->parent_id));
  TICKHOUSE_TRY(object.ReadIfThere("sequence-number", &snapshot->sequence_number));
  TICKHOUSE_TRY(object.Read("timestamp-ms", &snapshot->timestamp_ms));
  TICKHOUSE_TRY(object.ReadIfThere("manifest-list", &snapshot->manifest_list));
  TICKHOUSE_TRY(object.ReadIfThere("manifests", &snapshot->manifests));
  TICKHOUSE_TRY(object.ReadIfThere("summary", &snapshot->summary));
  TICKHOUSE_TRY(object.ReadIfThere("schema-id", &snapshot->schema_id));
  TICKHOUSE_TRY(object.ReadIfThere("first-row-id", &snapshot->first_row_id));
  TICKHOUSE_TRY(object.ReadIfThere("added-rows", &snapshot->added_rows));
  snapshot->unknown_members = object.UnknownMembers();
  return {};
}

Status ReadSnapshotRef(JsonObject* object, SnapshotRef* ref) {
  TICKHOUSE_TRY(object->Read("snapshot-id", &ref->snapshot_id));
  std::string type;
  TICKHOUSE_TRY(object->Read("type", &type));
  ref->is_branch = type == "branch" || type == "BRANCH";
  if (!ref->is_branch && type != "tag" && type != "TAG") {
    return JsonFault(object->At("type"), fmt::format("\"{}\" is not branch or tag", type));
  }
  TICKHOUSE_TRY(object->ReadIfThere("max-ref-age-ms", &ref->max_ref_age_ms));
  TICKHOUSE_TRY(object->ReadIfThere("max-snapshot-age-ms", &ref->max_snapshot_age_ms));
  TICKHOUSE_TRY(object->ReadIfThere("min-snapshots-to-keep", &ref->min_snapshots_to_keep));
  ref->unknown_members = object->UnknownMembers();
  return {};
}

Status ReadSnapshotRef(JsonElement element, const JsonPath& path, SnapshotRef* ref) {
  TICKHOUSE_ASSIGN(JsonObject object, JsonObject::Of(element, path));
  return ReadSnapshotRef(&object, ref);
}

// The same text for every format version, so that it can be kept: a sequence number of 0, which v1
// does not know, is what a missing one means.
void PrintSnapshot(const Snapshot& snapshot, JsonText* json) {
  json->BeginObject();
  if (snapshot.sequence_number != 0) json->Member("sequence-number", snapshot.sequence_number);
  json->Member("snapshot-id", snapshot.id);
  json->Member("parent-snapshot-id", snapshot.parent_id);
  json->Member("timestamp-ms", snapshot.timestamp_ms);
  if (!snapshot.summary.empty()) json->Member("summary", snapshot.summary);
  if (!snapshot.manifest_list.empty()) json->Member("manifest-list", snapshot.manifest_list);
  if (!snapshot.manifests.empty()) json->ArrayMember("manifests", snapshot.manifests);
  json->Member("schema-id", snapshot.schema_id);
  json->Member("first-row-id", snapshot.first_row_id);
  json->Member("added-rows", snapshot.added_rows);
  json->MembersOf(snapshot.unknown_members);
  json->EndObject();
}

void PrintSnapshotRefMembers(const SnapshotRef& ref, JsonText* json) {
  json->Member("snapshot-id", ref.snapshot_id);
  json->Member("type", std::string_view(ref.is_branch ? "branch" : "tag"));
  json->Member("max-ref-age-ms", ref.max_ref_age_ms);
  json->Member("max-snapshot-age-ms", ref.max_snapshot_age_ms);
  json->Member("min-snapshots-to-keep", ref.min_snapshots_to_keep);
  json->MembersOf(ref.unknown_members);
}

void PrintSnapshotRef(const SnapshotRef& ref, JsonText* json) {
  json->BeginObject();
  PrintSnapshotRefMembers(ref, json);
  json->EndObject();
}

std::string SnapshotToJson(const Snapshot& snapshot) {
  return PrintPart(snapshot, PrintSnapshot);
}

Result<Snapshot> ParseSnapshot(std::string_view text) {
  return ParsePart<Snapshot>(text, "snapshot", ReadSnapshot);
}

std::string SnapshotRefToJson(const SnapshotRef& ref) {
  return PrintPart(ref, PrintSnapshotRef);
}

Result<SnapshotRef> ParseSnapshotRef(std::string_view text) {
  return ParsePart<SnapshotRef>(text, "snapshot ref", ReadSnapshotRef);
}

}  // namespace tickhouse::lake
