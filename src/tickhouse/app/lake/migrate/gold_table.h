// The table of a symbol: made when missing, else looked at for whether ticks fit.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/error.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/lake/format/value.h"
#include "tickhouse/lake/update/commit.h"

namespace tickhouse::app {

inline constexpr std::string_view kNameMappingKey = "schema.name-mapping.default";

/// A table that takes ticks.
struct GoldTable {
  lake::LoadedTable loaded = {};
  int datetime_id = 0;
  int bid_id = 0;
  int ask_id = 0;
  std::optional<int> sort_order_id = {};  ///< When the default order is by datetime alone.

  const lake::TableMetadata& metadata() const { return *loaded.metadata; }
  /// The partition that an instant belongs to, by the default spec.
  std::vector<std::optional<lake::Value>> PartitionOf(int64_t time_us) const;
  /// "datetime_year=2021/"; empty for an unpartitioned table.
  std::string PartitionPath(const std::vector<std::optional<lake::Value>>& partition) const;
};

/// `partition`: "year", "month", "day", "hour" or "none"; empty: as the table is, or year. Makes
/// namespace and table (datetime timestamp, bid double, ask double; sorted by datetime; a name
/// mapping for files without field ids) when missing. kConflict when it is partitioned otherwise
/// than asked for; kUnsupported when ticks do not fit its columns or partitioning.
Result<GoldTable> OpenGoldTable(lake::Catalog& catalog, const lake::TableIdentifier& identifier,
                                const std::string& partition);

/// Tells `loaded` apart again, after it changed.
Result<GoldTable> DescribeGoldTable(lake::LoadedTable loaded);

/// What the name mapping has to be for columns of these names to be read as datetime, bid and ask;
/// empty when it is so already. kCorrupt; kConflict when a name stands for another column.
struct TickColumnNames {
  std::string datetime, bid, ask;
};
Result<std::optional<std::string>> ExtendedNameMapping(const GoldTable& table,
                                                       const std::vector<TickColumnNames>& names);

}  // namespace tickhouse::app
