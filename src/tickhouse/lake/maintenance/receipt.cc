#include "tickhouse/lake/maintenance/receipt.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "tickhouse/lake/format/location.h"
#include "tickhouse/lake/format/uuid.h"
#include "tickhouse/lake/update/manifest_change.h"

namespace tickhouse::lake {
namespace {

using Json = nlohmann::ordered_json;

std::string NewPath(const std::string& folder, const Receipt& receipt, Random& random) {
  return fmt::format("{}/{}-{}-{}.json", folder, receipt.time_ms, receipt.action,
                     MakeUuid(random).substr(0, 8));
}

Result<std::string> NewReceiptPath(UpdateSession& session, const TableMetadata& metadata,
                                   const Receipt& receipt) {
  TICKHOUSE_ASSIGN(const std::string folder, StoragePath(ReceiptFolder(metadata)));
  return NewPath(folder, receipt, *session.random);
}

void RemoveOne(io::FileSystem& files, FileRemoval* removal, std::vector<std::string>* notes) {
  const Status removed = files.Remove(removal->path);
  if (removed) {
    removal->state = RemovalState::kRemoved;
  } else if (removed.error().kind == ErrorKind::kNotFound) {
    removal->state = RemovalState::kWasGone;
  } else {
    removal->state = RemovalState::kFailed;
    notes->push_back(removed.error().ToString());
  }
}

}  // namespace

std::string_view RemovalStateName(RemovalState state) {
  switch (state) {
    case RemovalState::kPlanned: return "planned";
    case RemovalState::kRemoved: return "removed";
    case RemovalState::kWasGone: return "was gone";
    case RemovalState::kFailed: return "failed";
  }
  return "";
}

int64_t Receipt::Count(RemovalState state) const {
  return std::ranges::count(removals, state, &FileRemoval::state);
}

std::string ReceiptToJson(const Receipt& receipt) {
  Json json = {{"action", receipt.action},
               {"table", receipt.table.ToString()},
               {"table-uuid", receipt.table_uuid},
               {"time-ms", receipt.time_ms},
               {"dry-run", receipt.dry_run},
               {"metadata-before", receipt.metadata_before},
               {"metadata-after", receipt.metadata_after},
               {"snapshots-removed", receipt.snapshots_removed},
               {"refs-removed", receipt.refs_removed},
               {"figures", receipt.figures},
               {"files", Json::array()},
               {"notes", receipt.notes}};
  if (!receipt.backup.empty()) json["backup"] = receipt.backup;
  for (const ReceiptGroup& group : receipt.groups) {
    json["groups"].push_back({{"partition", group.partition},
                              {"files", group.files},
                              {"bytes", group.bytes},
                              {"rows", group.rows},
                              {"deletes", group.deletes}});
  }
  for (const FileRemoval& removal : receipt.removals) {
    json["files"].push_back({{"path", removal.path},
                             {"role", FileRoleName(removal.role)},
                             {"proof", removal.proof},
                             {"state", RemovalStateName(removal.state)}});
  }
  // Paths may hold bytes that are no UTF-8; a receipt that cannot be written helps nobody.
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ReceiptFolder(const TableMetadata& metadata) {
  return MetadataFolder(metadata) + "/receipts";
}

Receipt BeginReceipt(std::string action, UpdateSession& session, const LoadedTable& table) {
  Receipt receipt;
  receipt.action = std::move(action);
  receipt.table = table.identifier;
  receipt.table_uuid = table.metadata->table_uuid;
  receipt.time_ms = NowMillis(*session.clock);
  receipt.metadata_before = table.metadata_location;
  return receipt;
}

Result<std::string> KeepReceipt(UpdateSession& session, const TableMetadata& metadata,
                                const Receipt& receipt) {
  TICKHOUSE_ASSIGN(std::string path, NewReceiptPath(session, metadata, receipt));
  TICKHOUSE_TRY(session.files->WriteWhole(path, ReceiptToJson(receipt)));
  return path;
}

Result<std::string> RemoveFiles(UpdateSession& session, const TableMetadata& metadata,
                                Receipt* receipt) {
  TICKHOUSE_ASSIGN(std::string path, NewReceiptPath(session, metadata, *receipt));
  TICKHOUSE_TRY(session.files->WriteWhole(path, ReceiptToJson(*receipt)));
  Status stopped;
  for (FileRemoval& removal : receipt->removals) {
    stopped = session.cancel.Check();
    if (!stopped) break;
    RemoveOne(*session.files, &removal, &receipt->notes);
  }
  TICKHOUSE_TRY(session.files->WriteWhole(path, ReceiptToJson(*receipt)));
  TICKHOUSE_TRY(stopped);
  return path;
}

}  // namespace tickhouse::lake
