// The tables of the workspace for a Spark that runs one statement.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tickhouse/app/environment.h"
#include "tickhouse/lake/catalog/catalog.h"
#include "tickhouse/sql/tables/lake_tables.h"

namespace tickhouse::app {

/// A REST catalog on a free port of this machine, for whoever has its token, until destroyed. Spark
/// so reads tables of any catalog of ours without its driver or password, as of `at`, and cannot
/// change one (sql/tables/pinned_catalog.h).
class SparkLake {
 public:
  /// `catalog` and what `environment` points to outlive it.
  static Result<std::unique_ptr<SparkLake>> Serve(
      lake::Catalog& catalog, const std::string& at, Environment& environment,
      std::function<void(const sql::TableRead&)> on_read);
  ~SparkLake();
  SparkLake(const SparkLake&) = delete;
  SparkLake& operator=(const SparkLake&) = delete;

  const std::string& uri() const;
  const std::string& token() const;
  /// What went wrong here, other than that a table does not exist.
  std::optional<Error> problem() const;

 private:
  struct State;
  explicit SparkLake(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace tickhouse::app
