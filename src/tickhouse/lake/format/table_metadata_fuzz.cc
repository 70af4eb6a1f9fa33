// Any bytes at all as table metadata: refused, or read, printed and read again as the same.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tickhouse/core/check.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/format/table_update.h"

namespace tickhouse::lake {
namespace {

void TryMetadata(std::string_view text) {
  const auto table = ParseTableMetadata(text);
  if (!table) return;
  const std::string printed = TableMetadataToJson(*table);
  const auto again = ParseTableMetadata(printed);
  TICKHOUSE_CHECK(again.has_value(), "what is printed reads");
  TICKHOUSE_CHECK(TableMetadataToJson(*again) == printed, "and prints the same");
  (void)table->SnapshotAsOf(0);
  for (const Snapshot& snapshot : table->snapshots) (void)table->AncestorsOf(snapshot.id);
  for (const PartitionSpec& spec : table->specs) (void)spec.PartitionType(table->CurrentSchema());
}

void TryUpdate(std::string_view text) {
  const auto update = ParseUpdate(text);
  if (!update) return;
  const std::string printed = UpdateToJson(*update);
  const auto again = ParseUpdate(printed);
  TICKHOUSE_CHECK(again.has_value() && UpdateToJson(*again) == printed, "an update comes back");
  (void)ApplyUpdates(nullptr, {*update}, 0);
}

}  // namespace
}  // namespace tickhouse::lake

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  tickhouse::lake::TryMetadata(text);
  tickhouse::lake::TryUpdate(text);
  return 0;
}
