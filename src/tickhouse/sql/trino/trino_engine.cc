#include "tickhouse/sql/trino/trino_engine.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>
#include <vector>

#include "tickhouse/sql/trino/trino_exchange.h"

namespace tickhouse::sql {

namespace {

// Beyond that servers refuse the header it travels in.
constexpr std::size_t kLongestPrepared = 4'000;

std::string Literal(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') quoted += c;
    quoted += c;
  }
  return quoted + "'";
}

// Trino wants no semicolon.
std::string WithoutEnd(const std::string& text) {
  return text.substr(0, text.find_last_not_of("; \t\r\n") + 1);
}

class TrinoStream : public RowStream {
 public:
  TrinoStream(TrinoEngine& engine, Nanos timeout, const CancelToken& cancel)
      : exchange_(engine, timeout, cancel) {}
  ~TrinoStream() override { End(); }
  TrinoStream(const TrinoStream&) = delete;
  TrinoStream& operator=(const TrinoStream&) = delete;

  /// Until the columns are known, or the end.
  Status Start(const std::string& text, const std::string& prepared) {
    TICKHOUSE_TRY(Take(exchange_.Post(text, prepared)));
    while (columns_.empty() && !next_uri_.empty()) TICKHOUSE_TRY(Advance());
    return {};
  }

  const std::vector<Column>& columns() const override { return columns_; }

  Result<std::optional<RowBatch>> Next() override {
    while (waiting_.rows == 0) {
      if (next_uri_.empty()) return std::nullopt;
      TICKHOUSE_TRY(Advance());
    }
    return std::exchange(waiting_, RowBatch());
  }

  std::optional<int64_t> rows_changed() const override { return changed_; }

 private:
  Status Advance() { return Take(exchange_.Get(next_uri_, columns_)); }

  Status Take(Result<TrinoPage> page) {
    if (!page) {
      End();
      return Fail(page.error());
    }
    if (page->error) {
      next_uri_.clear();
      return Fail(*page->error);
    }
    next_uri_ = std::move(page->next_uri);
    if (columns_.empty()) columns_ = std::move(page->columns);
    if (page->update_count) changed_ = page->update_count;
    waiting_ = std::move(page->rows);
    return {};
  }

  void End() {
    if (!next_uri_.empty()) exchange_.Delete(std::exchange(next_uri_, ""));
  }

  TrinoExchange exchange_;
  std::vector<Column> columns_;
  std::string next_uri_;
  RowBatch waiting_;
  std::optional<int64_t> changed_;
};

Result<AllRows> AskWhole(TrinoEngine& engine, const Statement& statement, const std::string& text,
                         const std::string& prepared, const CancelToken& cancel) {
  TrinoStream stream(engine, statement.timeout, cancel);
  TICKHOUSE_TRY(stream.Start(text, prepared));
  AllRows all;
  while (true) {
    TICKHOUSE_ASSIGN(const std::optional<RowBatch> batch, stream.Next());
    if (!batch) return all;
    for (std::size_t row = 0; row < batch->rows; ++row) {
      std::vector<Cell>& cells = all.rows.emplace_back();
      for (const std::vector<Cell>& column : batch->columns) cells.push_back(column[row]);
    }
  }
}

// Trino casts no text to what it needs: each literal says its type.
Result<std::string> ValuesFor(TrinoEngine& engine, const Statement& statement,
                              const std::string& text, const CancelToken& cancel) {
  TICKHOUSE_ASSIGN(const AllRows inputs,
                   AskWhole(engine, statement, "DESCRIBE INPUT tickhouse", text, cancel));
  // One row without a position says that there is none.
  std::vector<std::string> types;
  for (const std::vector<Cell>& row : inputs.rows) {
    if (row.size() == 2 && row[0] && row[1]) types.push_back(*row[1]);
  }
  if (types.size() != statement.parameters.size()) {
    return Fail(ErrorKind::kInvalidArgument,
                fmt::format("the statement has {} parameters; {} values were given", types.size(),
                            statement.parameters.size()));
  }
  std::vector<std::string> values;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const Cell& value = statement.parameters[i];
    const bool text_will_do = types[i] == "unknown" || types[i].starts_with("varchar");
    if (!value) {
      values.emplace_back("NULL");
    } else {
      values.push_back(text_will_do ? Literal(*value)
                                    : fmt::format("CAST({} AS {})", Literal(*value), types[i]));
    }
  }
  return fmt::format("{}", fmt::join(values, ", "));
}

}  // namespace

TrinoEngine::TrinoEngine(TrinoOptions options, io::HttpClient& http, Clock& clock)
    : options_(std::move(options)),
      http_(http),
      clock_(clock),
      session_{options_.catalog, options_.schema, options_.session} {}

TrinoSession TrinoEngine::session() const {
  const std::scoped_lock lock(mutex_);
  return session_;
}

Result<std::unique_ptr<RowStream>> TrinoEngine::Run(const Statement& statement,
                                                    const CancelToken& cancel) {
  TICKHOUSE_TRY(cancel.Check());
  TICKHOUSE_TRY(TrinoExchange::CheckOptions(options_));
  const std::string text = WithoutEnd(statement.text);
  if (text.empty()) {
    return Fail(ErrorKind::kInvalidArgument, "there is no statement in the text");
  }
  auto stream = std::make_unique<TrinoStream>(*this, statement.timeout, cancel);
  if (statement.parameters.empty()) {
    TICKHOUSE_TRY(stream->Start(text, ""));
    return stream;
  }
  if (io::PercentEncode(text).size() > kLongestPrepared) {
    return Fail(
        ErrorKind::kUnsupported,
        "the statement is too long to have parameters with Trino: write the values into it");
  }
  TICKHOUSE_ASSIGN(const std::string values, ValuesFor(*this, statement, text, cancel));
  TICKHOUSE_TRY(stream->Start("EXECUTE tickhouse USING " + values, text));
  return stream;
}

}  // namespace tickhouse::sql
