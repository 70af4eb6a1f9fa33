// What an act of maintenance did, told to people and programs.
#pragma once

#include <string>

#include "tickhouse/app/run_report.h"
#include "tickhouse/lake/format/table_metadata.h"
#include "tickhouse/lake/maintenance/receipt.h"

namespace tickhouse::app {

/// Counts: the receipt's figures, snapshots-removed, refs-removed, files-removed (planned ones in a
/// dry run). A file that could not be removed, and each note, is a problem. `summary` follows the
/// table's name in the text; the plan of a dry run follows it: groups, snapshots, files. `before`
/// is the table as it was.
RunReport ReceiptReport(const std::string& command, const lake::TableMetadata& before,
                        const lake::Receipt& receipt, const std::string& summary);

}  // namespace tickhouse::app
