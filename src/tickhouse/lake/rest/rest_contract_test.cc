// The contract of catalogs over our own client and our own server, with a real connection between.
#include "tickhouse/io/net/http_client.h"
#include "tickhouse/lake/catalog/catalog_contract.h"
#include "tickhouse/lake/rest/rest_catalog.h"
#include "tickhouse/lake/rest/rest_service.h"

namespace tickhouse::lake {
namespace {

struct RestUnderTest : CatalogUnderTest {
  RestUnderTest() {
    auto inner = OpenSqliteCatalog(folder() + "/c.db", Settings(7));
    EXPECT_OK(inner);
    inner_ = std::move(*inner);
    service_ = std::make_unique<RestService>(RestServiceSettings{
        .catalog = inner_.get(), .files = &files(), .clock = &clock(), .token = "s3cret"});
    auto server = io::HttpServer::Start(
        {}, [this](const io::HttpServerRequest& request) { return service_->Handle(request); });
    EXPECT_OK(server);
    server_ = std::move(*server);
  }

  Result<std::unique_ptr<Catalog>> Open(uint64_t seed) override {
    RestCatalogSettings settings{.uri = "http://127.0.0.1:" + std::to_string(server_->port())};
    settings.session.http = http_.get();
    settings.session.clock = &clock();
    settings.session.random = Random(seed);
    settings.session.credential = "tickhouse:s3cret";
    return OpenRestCatalog(std::move(settings));
  }

  std::unique_ptr<Catalog> inner_;
  std::unique_ptr<RestService> service_;
  std::unique_ptr<io::HttpClient> http_ = io::MakeCurlHttpClient();
  std::unique_ptr<io::HttpServer> server_;  // Ends before what its handlers use.
};

INSTANTIATE_TEST_SUITE_P(Rest, CatalogContract,
                         testing::Values(CatalogCase{
                             "OverSqlite", [] { return std::make_unique<RestUnderTest>(); }}),
                         CatalogCaseName);

}  // namespace
}  // namespace tickhouse::lake
