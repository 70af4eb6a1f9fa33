// DuckDB's vectors as text.
#pragma once

#include <cstdint>
#include <string>

#include "tickhouse/sql/duckdb/duckdb_library.h"
#include "tickhouse/sql/engine/engine.h"

namespace tickhouse::sql {

/// A column of a result: what it is called here, and how its vectors are stored.
struct DuckColumn {
  Column column;
  int type = 0;           ///< DuckDB's number of the type; for decimals that of their storage.
  int scale = 0;          ///< Of a decimal.
  bool readable = false;  ///< False: only a cast to VARCHAR shows its values.
};

DuckColumn DuckColumnOf(const DuckLibrary& library, DuckResult* result, uint64_t index);

/// The cells of a vector of a readable column.
std::vector<Cell> DuckCells(const DuckLibrary& library, const DuckColumn& column, void* vector,
                            std::size_t rows);

/// The text at `row` of the data of a VARCHAR vector.
std::string DuckText(const void* data, std::size_t row);

}  // namespace tickhouse::sql
