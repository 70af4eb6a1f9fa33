#include "tickhouse/app/sql/spark_lake.h"

#include <fmt/format.h>

#include <utility>

#include "tickhouse/core/random.h"
#include "tickhouse/io/http_server/http_server.h"
#include "tickhouse/lake/rest/rest_service.h"
#include "tickhouse/sql/tables/pinned_catalog.h"

namespace tickhouse::app {

namespace {

constexpr uint64_t kTokenStream = 0x5370'61726B;

std::string NewToken(const Environment& environment) {
  Random random = Random(environment.seed).Fork(kTokenStream);
  const uint64_t first = random.Next();
  return fmt::format("{:016x}{:016x}", first, random.Next());
}

}  // namespace

struct SparkLake::State {
  State(lake::Catalog& catalog, const std::string& at, Environment& environment,
        std::function<void(const sql::TableRead&)> on_read)
      : token(NewToken(environment)),
        tables(catalog, at, std::move(on_read)),
        service({.catalog = &tables,
                 .files = environment.files,
                 .clock = environment.clock,
                 .token = token}) {}

  const std::string token;
  sql::PinnedCatalog tables;
  lake::RestService service;
  std::string uri;
  std::unique_ptr<io::HttpServer> server;  ///< The last one, the first to go.
};

Result<std::unique_ptr<SparkLake>> SparkLake::Serve(
    lake::Catalog& catalog, const std::string& at, Environment& environment,
    std::function<void(const sql::TableRead&)> on_read) {
  auto state = std::make_unique<State>(catalog, at, environment, std::move(on_read));
  TICKHOUSE_ASSIGN(state->server,
                   io::HttpServer::Start({}, [&state = *state](const io::HttpServerRequest& asked) {
                     return state.service.Handle(asked);
                   }));
  state->uri = fmt::format("http://127.0.0.1:{}", state->server->port());
  return std::unique_ptr<SparkLake>(new SparkLake(std::move(state)));
}

SparkLake::SparkLake(std::unique_ptr<State> state) : state_(std::move(state)) {}
SparkLake::~SparkLake() = default;

const std::string& SparkLake::uri() const {
  return state_->uri;
}
const std::string& SparkLake::token() const {
  return state_->token;
}
std::optional<Error> SparkLake::problem() const {
  return state_->tables.problem();
}

}  // namespace tickhouse::app
