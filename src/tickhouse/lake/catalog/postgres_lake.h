// The PostgreSQL side of a lakehouse: everything its database needs to have.
#pragma once

#include <string>
#include <vector>

#include "tickhouse/core/error.h"

namespace tickhouse::lake {

struct PostgresLakeSettings {
  std::string catalog_name;  ///< "catalog-dw"
  std::string warehouse;     ///< A location: "s3://datalakehouse".
};

/// Makes what is missing, in one transaction: the tables of the JDBC catalog (layout V1; V0 is kept
/// as found), the informational tables, their indexes, schema `gold`, and namespace gold with its
/// location below the warehouse. What is there is looked at and left alone. Answers what was made,
/// in words; nothing the second time.
///
/// kUnsupported, and nothing was made: a server before 9.6, a table of one of the names that is not
/// laid out as this version knows it (the message says how and what to do). kPermission names the
/// right that is missing. kUnavailable; kUnknownOutcome: do it again.
Result<std::vector<std::string>> InitPostgresLake(const std::string& address,
                                                  const PostgresLakeSettings& settings);

}  // namespace tickhouse::lake
