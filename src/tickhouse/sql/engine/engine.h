// A place where a statement is run: DuckDB inside, Trino over HTTP, Spark as a job. One interface,
// one contract suite (engine_contract.h).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tickhouse/core/cancel.h"
#include "tickhouse/core/error.h"
#include "tickhouse/core/time.h"

namespace tickhouse::sql {

/// What the values of a column are, whatever the engine calls the type.
enum class ColumnKind {
  kBoolean,
  kInteger,
  kDecimal,
  kReal,
  kDate,
  kTimestamp,    ///< No zone.
  kTimestampTz,  ///< An instant, shown in UTC.
  kText,
  kOther,  ///< Lists, structs, intervals, times: the engine's own text.
};

struct Column {
  std::string name;
  std::string type;  ///< The engine's own word.
  ColumnKind kind = ColumnKind::kText;
  bool operator==(const Column&) const = default;
};

/// Nothing is NULL. Text is the same from every engine (cell_text.h).
using Cell = std::optional<std::string>;

struct RowBatch {
  std::size_t rows = 0;
  std::vector<std::vector<Cell>> columns;  ///< One vector of `rows` cells a column.
};

struct Statement {
  std::string text;                   ///< Exactly one; a semicolon at its end is allowed.
  std::vector<Cell> parameters = {};  ///< For `?`, as text that the engine casts to what it needs.
  Nanos timeout = Nanos::zero();      ///< From start to last row; zero: none.
};

/// The rows of one statement, in the engine's order. One thread at a time. Destroying it ends the
/// statement.
class RowStream {
 public:
  virtual ~RowStream() = default;
  virtual const std::vector<Column>& columns() const = 0;
  /// Nothing at the end. Errors as of `Engine::Run`.
  virtual Result<std::optional<RowBatch>> Next() = 0;
  /// Rows that INSERT, DELETE and the like changed, known at the end.
  virtual std::optional<int64_t> rows_changed() const { return std::nullopt; }
};

/// kInvalidArgument: the statement is wrong (message begins "line L, column C: " where the engine
/// tells the place); kNotFound: no such table; kPermission; kUnavailable: the engine does not
/// answer; kTimeout; kCancelled within a second of `cancel` firing, the statement is ended there
/// too; kIo: it failed at work. `cancel` holds for the stream as well.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual std::string name() const = 0;
  virtual Result<std::unique_ptr<RowStream>> Run(const Statement& statement,
                                                 const CancelToken& cancel) = 0;
};

struct AllRows {
  std::vector<Column> columns;
  std::vector<std::vector<Cell>> rows;
  std::optional<int64_t> rows_changed;
};

/// Everything at once, for results known to be small.
Result<AllRows> RunWhole(Engine& engine, const Statement& statement, const CancelToken& cancel);

/// "line 2, column 5: " of the byte at `offset` of `text`.
std::string PlaceOf(const std::string& text, std::size_t offset);

}  // namespace tickhouse::sql
